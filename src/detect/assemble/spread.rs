//! A record that is spread over lines, while they come.

use crate::decode::indented::{Fit, Indented};
use crate::event::{Event, Origin};
use crate::record::Record;
use crate::time::Timestamp;

/// The lines so far, each with its event, in case they turn out to be no record.
#[derive(Debug)]
pub(super) struct Spread {
    object: Indented,
    lines: Vec<(u64, String, Timestamp)>,
}

impl Spread {
    /// Begins with a line that opens an object.
    pub(super) fn begin(index: u64, line: &str, at: Timestamp) -> Option<Self> {
        Some(Self {
            object: Indented::begin(line, at)?,
            lines: vec![(index, line.to_owned(), at)],
        })
    }

    /// Takes the next line, if it is one of the object's.
    pub(super) fn push(&mut self, index: u64, line: &str, at: Timestamp) -> Fit {
        let fit = self.object.push(line, at);
        if matches!(fit, Fit::Inside | Fit::Last) {
            self.lines.push((index, line.to_owned(), at));
        }
        fit
    }

    /// Takes notice of an event that is no text; returns whether the object can still go on.
    pub(super) fn pass(&mut self, at: Timestamp) -> bool {
        self.object.pass(at)
    }

    /// Returns whether nothing stands in front of the object.
    pub(super) fn is_bare(&self) -> bool {
        self.object.is_bare()
    }

    /// Returns the first line's event.
    pub(super) fn first(&self) -> u64 {
        self.lines.first().map_or(0, |(index, ..)| *index)
    }

    /// Reads the object as the record of one event, if it is a record.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> Option<T> {
        let origin = Origin::default();
        let record = Record::new(Event {
            timestamp: Timestamp::default(),
            ingestion: None,
            message: self.object.text().as_bytes(),
            origin: &origin,
            id: None,
        });
        record.is_record().then(|| read(&record))
    }

    /// Returns the lines with their events.
    pub(super) fn into_lines(self) -> Vec<(u64, String, Timestamp)> {
        self.lines
    }
}
