//! What is kept of one log stream to tell how its run ended.
//!
//! A transcript is a set, not a log: it can be fed in any order and more than once, and two of them can be merged.
//! Its size is bounded. Records below ERROR are only counted; lines of plain text, which is where a crash shows,
//! are kept from both ends of the stream, and lines about migrations by themselves, so that much output
//! between them cannot push them out.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::decode::json::{Json, Malformed};
use crate::decode::level::Level;
use crate::decode::text_line::Format;
use crate::decode::traceback::without_colours;
use crate::detect::kept::{Ends, Item};
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
///
/// All of it stands at places: the first and the last event, and the last record, are those of the stores.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    counts: Counts,
    arrivals: u64,
    /// Hashes of event ids, the lowest bits replaced by what the event was counted as.
    seen: HashTable<u64>,
    named: Option<Box<(Place, Box<str>)>>,
    text: Ends<Box<str>>,
    /// Where records stand, so that text on both sides of one is not taken for one block.
    records: Ends<()>,
    rare: Option<Box<Rare>>,
}

/// What most streams have nothing of.
#[derive(Clone, Debug, Default)]
struct Rare {
    migrations: Ends<Box<str>>,
    errors: Ends<Box<ErrorRecord>>,
    /// Where lines of an access log stand, which are nobody's sign of life.
    accesses: Ends<()>,
    last_cut: Option<Place>,
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

impl Item for Box<str> {
    const FIRST: u32 = 64 * 1024;
    const LAST: u32 = 384 * 1024;

    fn size(&self) -> u32 {
        self.len() as u32
    }
}

impl Item for Box<ErrorRecord> {
    const FIRST: u32 = 64 * 1024;
    const LAST: u32 = 192 * 1024;

    fn size(&self) -> u32 {
        MAX_MESSAGE as u32
    }
}

impl Item for () {
    const FIRST: u32 = 8 * 1024;
    const LAST: u32 = 32 * 1024;

    fn size(&self) -> u32 {
        0
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
    }

    fn count(&mut self, id: Option<&str>, level: Option<Level>) {
        let class = match level {
            Some(Level::Error | Level::Critical) => 2,
            Some(Level::Warning) => 1,
            _ => 0,
        };
        let id = id.filter(|_| self.seen.len() < REMEMBERED_IDS);
        if id.is_some_and(|id| !self.remember(hash_of(id) & !3 | class)) {
            return;
        }
        self.counts.add(class, 1);
    }

    /// Notes an event's hash; returns whether it is new.
    fn remember(&mut self, hash: u64) -> bool {
        let is_new = !self.has_seen(hash);
        if is_new {
            self.seen.insert_unique(hash, hash, |hash| *hash);
        }
        is_new
    }

    fn has_seen(&self, hash: u64) -> bool {
        self.seen.find(hash, |seen| *seen == hash).is_some()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn observe_record(&mut self, record: &Record<'_>, place: &Place, name_field: Option<&str>) {
        if let Some(text) = record.text_before_record() {
            self.keep_text(&text, place);
        } else if let Some(text) = record.text_below() {
            self.keep_text(&text, place);
        }
        if record.logged().is_some_and(|logged| !logged.whole) && is_cut(record) {
            raise(&mut self.rare().last_cut, place);
        }
        if let Some(name) = name_field {
            self.observe_name(record, place, name);
        }
        self.keep_logged(record, place);
    }

    fn observe_text(&mut self, record: &Record<'_>, place: &Place) {
        match record.line() {
            // A server may write these until its pipe closes.
            Some(line) if line.format == Format::Access => {
                self.rare().accesses.insert(place, || ());
            }
            Some(_) => {
                self.keep_logged(record, place);
                if let Some(text) = record.text_below() {
                    self.keep_text(&text, place);
                }
            }
            None => self.keep_text(&record.text(), place),
        }
    }

    fn keep_logged(&mut self, record: &Record<'_>, place: &Place) {
        match record.level() {
            Some(level @ (Level::Error | Level::Critical)) => {
                let error = || Box::new(ErrorRecord::read(record, level));
                self.rare().errors.insert(place, error);
            }
            _ => self.records.insert(place, || ()),
        }
    }

    fn keep_text(&mut self, text: &str, place: &Place) {
        let text = without_colours(text);
        let line = || head(&text, MAX_LINE).into();
        if is_migration_line(&text) {
            self.rare().migrations.insert(place, line);
        }
        self.text.insert(place, line);
    }

    /// Takes the name from the first record that has one.
    fn observe_name(&mut self, record: &Record<'_>, place: &Place, field: &str) {
        if self.named.as_ref().is_some_and(|named| named.0 <= *place) {
            return;
        }
        let value = record.object().and_then(|object| object.get(field));
        if let Some(name) = value.and_then(Json::as_str).filter(|name| !name.is_empty()) {
            let name = head(&name, MAX_MESSAGE).into();
            self.named = Some(Box::new((place.clone(), name)));
        }
    }

    /// Adds all that another transcript of the same stream holds; events without ids stand behind this one's.
    pub fn merge(&mut self, mut other: Self) {
        other.shift(self.arrivals);
        self.arrivals = other.arrivals;
        self.merge_counts(&other);
        self.named = [self.named.take(), other.named].into_iter().flatten().min();
        self.text.merge(other.text);
        self.records.merge(other.records);
        match (&mut self.rare, other.rare) {
            (Some(mine), Some(others)) => mine.merge(*others),
            (mine, others) => *mine = mine.take().or(others),
        }
    }

    fn merge_counts(&mut self, other: &Self) {
        self.counts.events += other.counts.events;
        self.counts.errors += other.counts.errors;
        self.counts.warnings += other.counts.warnings;
        for id in &other.seen {
            if self.has_seen(*id) {
                self.counts.add(id & 3, -1);
            } else if self.seen.len() < REMEMBERED_IDS {
                self.remember(*id);
            }
        }
    }

    fn shift(&mut self, by: u64) {
        self.arrivals += by;
        if let Some(named) = &mut self.named {
            named.0.shift(by);
        }
        self.text.shift(by);
        self.records.shift(by);
        if let Some(rare) = &mut self.rare {
            rare.shift(by);
        }
    }

    /// Returns how many events there were.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the first event's place.
    pub fn first(&self) -> Option<&Place> {
        let rare = self.rare.iter();
        let rare = rare.flat_map(|rare| [rare.errors.first(), rare.accesses.first()]);
        let common = [self.text.first(), self.records.first()];
        common.into_iter().chain(rare).flatten().min()
    }

    /// Returns the last event's place.
    pub fn last(&self) -> Option<&Place> {
        let accesses = self.rare.as_ref().and_then(|rare| rare.accesses.last());
        let last = self.text.last().max(accesses);
        last.max(self.last_record())
    }

    /// Returns the place of the last log record.
    pub fn last_record(&self) -> Option<&Place> {
        let errors = self.rare.as_ref().and_then(|rare| rare.errors.last());
        self.records.last().max(errors)
    }

    /// Returns whether the stream ends in the middle of a record.
    pub fn ends_in_a_record(&self) -> bool {
        let cut = self.rare.as_ref().and_then(|rare| rare.last_cut.as_ref());
        cut.is_some() && cut == self.last()
    }

    /// Returns the name that a record gives the batch.
    pub fn name(&self) -> Option<&str> {
        self.named.as_ref().map(|named| &*named.1)
    }

    /// Walks what is kept, in the stream's order; text in front of a record comes before it.
    pub fn entries(&self) -> impl Iterator<Item = (&Place, Entry<'_>)> {
        let rare = || self.rare.iter();
        let migrations = rare().flat_map(|rare| rare.migrations.iter());
        let errors = rare().flat_map(|rare| rare.errors.iter());
        let accesses = rare().flat_map(|rare| rare.accesses.iter());
        let lines = self.text.iter().chain(migrations);
        let records = self.records.iter().chain(accesses);
        let mut entries: Vec<((&Place, u8), Entry<'_>)> = Vec::new();
        entries.extend(lines.map(|(place, line)| ((place, 0), Entry::Text(line))));
        entries.extend(errors.map(|(place, error)| ((place, 1), Entry::Error(error))));
        entries.extend(records.map(|(place, ())| ((place, 1), Entry::Record)));
        entries.sort_by_key(|(key, _)| *key);
        // A line may be in two stores, and at both ends of one.
        entries.dedup_by_key(|(key, _)| *key);
        entries
            .into_iter()
            .map(|((place, _), entry)| (place, entry))
    }
}

impl Rare {
    fn merge(&mut self, other: Self) {
        self.migrations.merge(other.migrations);
        self.errors.merge(other.errors);
        self.accesses.merge(other.accesses);
        if let Some(place) = &other.last_cut {
            raise(&mut self.last_cut, place);
        }
    }

    fn shift(&mut self, by: u64) {
        self.migrations.shift(by);
        self.errors.shift(by);
        self.accesses.shift(by);
        if let Some(place) = &mut self.last_cut {
            place.shift(by);
        }
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
    /// Keeps what counts of a record.
    pub(crate) fn read(record: &Record<'_>, level: Level) -> Self {
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

/// The same in every process, since transcripts of several are merged.
fn hash_of(id: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(id)
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
