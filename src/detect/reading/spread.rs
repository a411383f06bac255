//! Takes the records that are spread over lines out of what is kept of a stream.

use crate::decode::indented::{Fit, Indented};
use crate::detect::order::Place;
use crate::detect::transcript::Entry;
use crate::event::{Event, Origin};
use crate::record::Record;

/// A record that was found in lines.
pub(super) struct Spread<'a> {
    /// Where its first line stands.
    pub(super) first: &'a Place,
    last: &'a Place,
    text: String,
}

impl Spread<'_> {
    /// Reads it as the record of one event.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> T {
        let origin = Origin::default();
        read(&Record::new(Event {
            timestamp: self.first.timestamp,
            ingestion: None,
            message: self.text.as_bytes(),
            origin: &origin,
            id: None,
        }))
    }

    /// Hands on the record and where its last line stands.
    pub(super) fn each(&self, each: impl FnOnce(&Record<'_>, &Place, &Place)) {
        self.read(|record| each(record, self.first, self.last));
    }
}

/// Takes the lines of records out of the entries; those of objects that are no records stay.
pub(super) fn take<'a>(entries: &mut Vec<(&'a Place, Entry<'a>)>) -> Vec<Spread<'a>> {
    let mut taken = vec![false; entries.len()];
    let mut found = Vec::new();
    for at in 0..entries.len() {
        if taken[at] {
            continue;
        }
        if let Some((spread, lines)) = find(entries, at, &taken) {
            found.push(spread);
            for line in lines {
                taken[line] = true;
            }
        }
    }
    let mut taken = taken.into_iter();
    entries.retain(|_| !taken.next().unwrap_or_default());
    found
}

/// Returns the record that the line at `from` begins, and which entries its lines are.
fn find<'a>(
    entries: &[(&'a Place, Entry<'a>)],
    from: usize,
    taken: &[bool],
) -> Option<(Spread<'a>, Vec<usize>)> {
    let (first, Entry::Text(line)) = entries[from] else {
        return None;
    };
    let mut object = Indented::begin(line, first.timestamp)?;
    let mut lines = vec![from];
    for (at, (place, entry)) in entries.iter().enumerate().skip(from + 1) {
        let Entry::Text(line) = entry else {
            if object.pass(place.timestamp) {
                continue;
            }
            return None;
        };
        if taken[at] {
            continue;
        }
        match object.push(line, place.timestamp) {
            Fit::Foreign => {}
            Fit::Over => return None,
            Fit::Inside => lines.push(at),
            Fit::Last => {
                lines.push(at);
                let text = object.text().to_owned();
                let spread = Spread {
                    first,
                    last: place,
                    text,
                };
                return spread
                    .read(|record| record.logged().is_some())
                    .then_some((spread, lines));
            }
        }
    }
    None
}
