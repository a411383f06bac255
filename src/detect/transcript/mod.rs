//! What is kept of one log stream to tell how its run ended.
//!
//! A transcript is a set, not a log: it can be fed in any order and more than once, and two of them can be merged.
//! Its size is bounded. Records below ERROR are only counted; lines of plain text, which is where a crash shows,
//! are kept from both ends of the stream, and lines about migrations by themselves, so that much output
//! between them cannot push them out.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use crate::decode::json::{Json, Malformed};
use crate::decode::level::Level;
use crate::decode::text_line::Format;
use crate::decode::traceback::without_colours;
use crate::detect::kept::{End, Kept};
use crate::detect::migration::is_migration_line;
use crate::detect::order::Place;
use crate::record::Record;

/// How many event ids are remembered to know a repeat; a longer run counts repeats of its later events.
const REMEMBERED_IDS: usize = 1 << 16;
/// A line is kept up to this many bytes.
const MAX_LINE: usize = 32 * 1024;
/// A record's exception is kept up to this many bytes of its end: what counts is printed last.
const MAX_EXCEPTION: usize = 32 * 1024;
/// A record's message, and a name, are kept up to this many bytes.
const MAX_MESSAGE: usize = 4 * 1024;

/// What is kept of one stream.
#[derive(Clone, Debug)]
pub struct Transcript {
    counts: Counts,
    arrivals: u64,
    /// Hashes of event ids, the lowest bits replaced by what the event was counted as.
    seen: HashSet<u64, foldhash::fast::FixedState>,
    first: Option<Place>,
    last: Option<Place>,
    last_record: Option<Place>,
    last_cut: Option<Place>,
    named: Option<(Place, String)>,
    text: Ends<Box<str>>,
    migrations: Ends<Box<str>>,
    errors: Ends<Box<ErrorRecord>>,
    /// Where records stand, so that text on both sides of one is not taken for one block.
    records: Ends<()>,
}

/// How many events there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub events: u64,
    /// Those of level ERROR and CRITICAL.
    pub errors: u64,
    /// Those of level WARNING.
    pub warnings: u64,
}

/// What is kept of a log record of level ERROR or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRecord {
    /// Its level.
    pub level: Level,
    /// The name of its logger.
    pub logger: String,
    /// Its message.
    pub message: String,
    /// The text of its `exc_info`.
    pub exception: Option<String>,
}

/// One piece of what is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Entry<'a> {
    /// A line of plain text, colours taken off.
    Text(&'a str),
    /// An ERROR or CRITICAL record.
    Error(&'a ErrorRecord),
    /// Any other record.
    Record,
}

/// A store for each end of the stream.
#[derive(Clone, Debug)]
struct Ends<T> {
    first: Kept<T>,
    last: Kept<T>,
}

impl Default for Transcript {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            arrivals: 0,
            seen: HashSet::default(),
            first: None,
            last: None,
            last_record: None,
            last_cut: None,
            named: None,
            text: Ends::new(64 * 1024, 384 * 1024),
            migrations: Ends::new(64 * 1024, 384 * 1024),
            errors: Ends::new(64 * 1024, 192 * 1024),
            records: Ends::new(8 * 1024, 32 * 1024),
        }
    }
}

impl Transcript {
    /// Takes an event of the stream; `name_field` is the field of a record that names the batch.
    pub fn observe(&mut self, record: &Record<'_>, name_field: Option<&str>) {
        let place = Place::of(&record.event, self.arrivals);
        self.arrivals += u64::from(record.event.id.is_none());
        self.count(record.event.id, record.level());
        if record.is_record() {
            self.observe_record(record, &place, name_field);
        } else {
            self.observe_text(record, &place);
        }
        raise(&mut self.last, &place);
        if self.first.as_ref().is_none_or(|first| place < *first) {
            self.first = Some(place);
        }
    }

    fn count(&mut self, id: Option<&str>, level: Option<Level>) {
        let class = match level {
            Some(Level::Error | Level::Critical) => 2,
            Some(Level::Warning) => 1,
            _ => 0,
        };
        if let Some(id) = id.filter(|_| self.seen.len() < REMEMBERED_IDS) {
            let hash = self.seen.hasher().hash_one(id);
            if !self.seen.insert(hash & !3 | class) {
                return;
            }
        }
        self.counts.add(class, 1);
    }

    fn observe_record(&mut self, record: &Record<'_>, place: &Place, name_field: Option<&str>) {
        raise(&mut self.last_record, place);
        if let Some(text) = record.text_before_record() {
            self.keep_text(&text, place);
        }
        if record.logged().is_some_and(|logged| !logged.whole) && is_cut(record) {
            raise(&mut self.last_cut, place);
        }
        if let Some(name) = name_field {
            self.observe_name(record, place, name);
        }
        match record.level() {
            Some(level @ (Level::Error | Level::Critical)) => self.errors.insert(
                place,
                |_| MAX_MESSAGE,
                || Box::new(ErrorRecord::read(record, level)),
            ),
            _ => self.records.insert(place, |()| 0, || ()),
        }
    }

    fn observe_text(&mut self, record: &Record<'_>, place: &Place) {
        match record.line() {
            // An access line is nobody's sign of life: a server may write them until its pipe closes.
            Some(line) if line.format == Format::Access => {
                self.records.insert(place, |()| 0, || ());
            }
            Some(_) => self.observe_log_line(record, place),
            None => self.keep_text(&record.text(), place),
        }
    }

    fn observe_log_line(&mut self, record: &Record<'_>, place: &Place) {
        raise(&mut self.last_record, place);
        match record.level() {
            Some(level @ (Level::Error | Level::Critical)) => self.errors.insert(
                place,
                |_| MAX_MESSAGE,
                || Box::new(ErrorRecord::read(record, level)),
            ),
            _ => self.records.insert(place, |()| 0, || ()),
        }
    }

    fn keep_text(&mut self, text: &str, place: &Place) {
        let text = without_colours(text);
        let line = || head(&text, MAX_LINE).into();
        if is_migration_line(&text) {
            self.migrations.insert(place, |line| line.len(), line);
        }
        self.text.insert(place, |line| line.len(), line);
    }

    /// Takes the name from the first record that has one.
    fn observe_name(&mut self, record: &Record<'_>, place: &Place, field: &str) {
        if self.named.as_ref().is_some_and(|(first, _)| first <= place) {
            return;
        }
        let value = record.object().and_then(|object| object.get(field));
        if let Some(name) = value.and_then(Json::as_str).filter(|name| !name.is_empty()) {
            self.named = Some((place.clone(), head(&name, MAX_MESSAGE).to_owned()));
        }
    }

    /// Adds all that another transcript of the same stream holds; events without ids stand behind this one's.
    pub fn merge(&mut self, mut other: Self) {
        other.shift(self.arrivals);
        self.arrivals = other.arrivals;
        self.merge_counts(&other);
        for (mine, theirs) in [
            (&mut self.last, &other.last),
            (&mut self.last_record, &other.last_record),
            (&mut self.last_cut, &other.last_cut),
        ] {
            if let Some(place) = theirs {
                raise(mine, place);
            }
        }
        self.first = [self.first.take(), other.first].into_iter().flatten().min();
        self.named = [self.named.take(), other.named].into_iter().flatten().min();
        self.text.merge(other.text, |line| line.len());
        self.migrations.merge(other.migrations, |line| line.len());
        self.errors.merge(other.errors, |_| MAX_MESSAGE);
        self.records.merge(other.records, |()| 0);
    }

    fn merge_counts(&mut self, other: &Self) {
        self.counts.events += other.counts.events;
        self.counts.errors += other.counts.errors;
        self.counts.warnings += other.counts.warnings;
        for id in &other.seen {
            if self.seen.contains(id) {
                self.counts.add(id & 3, -1);
            } else if self.seen.len() < REMEMBERED_IDS {
                self.seen.insert(*id);
            }
        }
    }

    fn shift(&mut self, by: u64) {
        self.arrivals += by;
        let named = self.named.as_mut().map(|(place, _)| place);
        let places = [
            &mut self.first,
            &mut self.last,
            &mut self.last_record,
            &mut self.last_cut,
        ];
        for place in places.into_iter().flatten().chain(named) {
            place.shift(by);
        }
        self.text.shift(by);
        self.migrations.shift(by);
        self.errors.shift(by);
        self.records.shift(by);
    }

    /// Returns how many events there were.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the first event's place.
    pub fn first(&self) -> Option<&Place> {
        self.first.as_ref()
    }

    /// Returns the last event's place.
    pub fn last(&self) -> Option<&Place> {
        self.last.as_ref()
    }

    /// Returns the place of the last log record.
    pub fn last_record(&self) -> Option<&Place> {
        self.last_record.as_ref()
    }

    /// Returns whether the stream ends in the middle of a record.
    pub fn ends_in_a_record(&self) -> bool {
        self.last_cut.is_some() && self.last_cut == self.last
    }

    /// Returns the name that a record gives the batch.
    pub fn name(&self) -> Option<&str> {
        self.named.as_ref().map(|(_, name)| name.as_str())
    }

    /// Walks what is kept, in the stream's order; text in front of a record comes before it.
    pub fn entries(&self) -> impl Iterator<Item = (&Place, Entry<'_>)> {
        let mut entries: BTreeMap<(&Place, u8), Entry<'_>> = BTreeMap::new();
        for store in [&self.text, &self.migrations] {
            entries.extend(
                store
                    .iter()
                    .map(|(place, line)| ((place, 0), Entry::Text(line))),
            );
        }
        entries.extend(
            self.records
                .iter()
                .map(|(place, ())| ((place, 1), Entry::Record)),
        );
        entries.extend(
            self.errors
                .iter()
                .map(|(place, error)| ((place, 1), Entry::Error(error))),
        );
        entries
            .into_iter()
            .map(|((place, _), entry)| (place, entry))
    }
}

impl Counts {
    fn add(&mut self, class: u64, number: i64) {
        let add = |count: &mut u64| *count = count.saturating_add_signed(number);
        add(&mut self.events);
        match class {
            2 => add(&mut self.errors),
            1 => add(&mut self.warnings),
            _ => {}
        }
    }
}

impl ErrorRecord {
    fn read(record: &Record<'_>, level: Level) -> Self {
        Self {
            level,
            logger: record.logger().unwrap_or_default().into_owned(),
            message: head(&record.message(), MAX_MESSAGE).to_owned(),
            exception: record
                .exception_text()
                .map(|text| last_part(&text, MAX_EXCEPTION).to_owned()),
        }
    }
}

impl<T: Clone> Ends<T> {
    fn new(first: usize, last: usize) -> Self {
        Self {
            first: Kept::new(End::First, first),
            last: Kept::new(End::Last, last),
        }
    }

    fn insert(&mut self, place: &Place, size: impl Fn(&T) -> usize + Copy, item: impl Fn() -> T) {
        for store in [&mut self.first, &mut self.last] {
            if store.wants(place) {
                store.insert(place, size, item());
            }
        }
    }

    fn merge(&mut self, other: Self, size: impl Fn(&T) -> usize + Copy) {
        self.first.merge(other.first, size);
        self.last.merge(other.last, size);
    }

    fn shift(&mut self, by: u64) {
        self.first.shift(by);
        self.last.shift(by);
    }

    fn iter(&self) -> impl Iterator<Item = (&Place, &T)> {
        self.first.iter().chain(self.last.iter())
    }
}

fn raise(highest: &mut Option<Place>, place: &Place) {
    if highest.as_ref().is_none_or(|highest| place > highest) {
        *highest = Some(place.clone());
    }
}

/// Returns whether the record's text stops before its closing brace, as that of a killed process does.
fn is_cut(record: &Record<'_>) -> bool {
    let end = record.members().last();
    matches!(end, Some(Err(Malformed { cut: true, .. })))
}

/// Returns as much of the beginning as fits, in whole characters.
fn head(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Returns as much of an exception's text as fits: the end, or where its message alone is longer than that, the
/// beginning of the last traceback.
fn last_part(text: &str, most: usize) -> &str {
    let end = tail(text, most);
    let has_frames = |text: &str| text.contains("\n  File \"");
    if end.len() == text.len() || has_frames(end) {
        return end;
    }
    let from = text.rfind("Traceback (most recent call last):");
    let last = from.map(|from| head(&text[from..], most));
    last.filter(|last| has_frames(last)).unwrap_or(end)
}

/// Returns as much of the end as fits, in whole characters.
fn tail(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

#[cfg(test)]
mod tests;
