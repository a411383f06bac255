//! Looks at a delivery while it is unpacked, and keeps of it only what may tell an error.
//!
//! Most events are records that a search over the bytes rules out: these are counted where they stand, and neither
//! taken apart nor copied. What is found is what a reading of every event finds, or nothing: where that takes the
//! whole delivery, there is no [`Skim`] of it, and [`Batch::of_delivery`] has to read it.

use crate::decode::json::Members;
use crate::decode::subscription::pieces::{self, Pieces, Step, Written};
use crate::decode::subscription::{Packed, Poison};
use crate::decode::traceback::AppRoots;
use crate::detect::assemble::{self, Assembler, Attached};
use crate::detect::{Site, is_migration_line};
use crate::event::Origin;
use crate::record::Record;
use crate::time::Timestamp;
use crate::watch::batch::{Batch, Lines};
use crate::watch::live::{self, ErrorSeen};
use crate::watch::rule::{Rule, Rules};

/// What a delivery holds.
#[derive(Clone, Debug)]
pub struct Skim {
    /// Where its events were written.
    pub origin: Origin,
    /// How many events it has.
    pub events: u64,
    /// How many items of it are no events, for want of a time or a message.
    pub strange: u64,
    /// What kinds of lines it has.
    pub lines: Lines,
    /// The time of its first event.
    pub first: Timestamp,
    /// The time of its last event.
    pub last: Timestamp,
    /// Whether it holds lines of `manage.py migrate`.
    pub has_migration: bool,
    /// The events that were read, and what they carry.
    kept: Batch,
    attached: Vec<Attached>,
}

/// What is looked for in a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// How much there is of it.
    Count,
    /// Errors as well, and migrations.
    Errors,
    /// Each event, so that it is not skimmed.
    Whole,
}

impl Skim {
    /// Looks at a delivery; `look` says what for, once it is known where its events were written.
    ///
    /// Nothing when it has to be read as a whole.
    pub fn read(
        packed: &Packed<'_>,
        roots: &AppRoots,
        look: impl FnOnce(&Origin) -> Look,
    ) -> Result<Option<Self>, Poison> {
        let Some(mut pieces) = Pieces::open(packed)? else {
            return Ok(None);
        };
        let origin = Origin::new(pieces.group.as_str(), pieces.stream.as_str());
        let mut reader = Reader::new(origin, roots);
        reader.look = look(&reader.seen.origin);
        let mut goes_on = reader.look != Look::Whole;
        while goes_on {
            goes_on = match pieces.step()? {
                Step::Events(piece) => reader.piece(piece),
                Step::End => return Ok(reader.finish()),
                Step::Unusual => false,
            };
        }
        pieces.measure().map(|()| None)
    }

    /// Returns the errors that rules are about.
    pub fn errors(&self, rules: &mut Rules, site: &Site) -> Vec<ErrorSeen> {
        live::seen(rules, &self.kept, &self.attached, site)
    }
}

impl Rules {
    /// Returns what has to be looked for in the deliveries of a service.
    pub fn look(&self, service: &str) -> Look {
        let mut own = self
            .events
            .iter()
            .filter(|rule| rule.reads(service))
            .peekable();
        if own.peek().is_none() {
            return Look::Count;
        }
        if own.all(Rule::is_about_errors) {
            Look::Errors
        } else {
            Look::Whole
        }
    }
}

/// Goes through the events.
struct Reader {
    look: Look,
    assembler: Assembler,
    seen: Skim,
}

impl Reader {
    fn new(origin: Origin, roots: &AppRoots) -> Self {
        Self {
            look: Look::Whole,
            assembler: Assembler::new(roots.clone()),
            seen: Skim {
                kept: Batch::new(origin.clone()),
                origin,
                events: 0,
                strange: 0,
                lines: Lines::default(),
                first: Timestamp::default(),
                last: Timestamp::default(),
                has_migration: false,
                attached: Vec::new(),
            },
        }
    }

    /// Takes some events; false when the delivery has to be read as a whole.
    fn piece(&mut self, piece: &[u8]) -> bool {
        let mut next = self.search(piece, 0);
        for range in pieces::events(piece) {
            if next < range.start {
                next = self.search(piece, range.start);
            }
            let is_hit = next < range.end;
            let event = &piece[range];
            let taken = match Written::read(event) {
                Some(written) if self.can_skip(&written, is_hit) => self.count_unread(&written),
                _ => self.read(event),
            };
            if !taken {
                return false;
            }
        }
        true
    }

    fn search(&self, piece: &[u8], from: usize) -> usize {
        let found = match self.look {
            Look::Errors => assemble::find_in_json(piece, from),
            Look::Count | Look::Whole => None,
        };
        found.unwrap_or(piece.len())
    }

    /// Returns whether an event changes nothing: a whole record without a hit, or text that nobody wants.
    fn can_skip(&self, written: &Written<'_>, is_hit: bool) -> bool {
        match written.message.first() {
            Some(b'{') => written.message.ends_with(b"}") && !is_hit && self.assembler.is_idle(),
            // Behind an escape there can be a brace.
            Some(b'\\') => false,
            _ => self.look == Look::Count,
        }
    }

    fn count_unread(&mut self, written: &Written<'_>) -> bool {
        self.seen.lines.records += u64::from(written.message.starts_with(b"{"));
        self.count(Timestamp(written.at))
    }

    /// Counts an event; false for one that is out of order.
    fn count(&mut self, at: Timestamp) -> bool {
        if self.seen.events == 0 {
            self.seen.first = at;
        }
        self.seen.events += 1;
        let in_order = self.seen.events == 1 || at >= self.seen.last;
        self.seen.last = at;
        in_order
    }

    /// Reads an event, and keeps it if it can matter; false when it cannot be read.
    fn read(&mut self, event: &[u8]) -> bool {
        let kept = &mut self.seen.kept;
        let mut members = Members::new(event);
        let Ok(is_event) = kept.push_delivered(&mut members) else {
            return false;
        };
        if !event[members.position()..].trim_ascii().is_empty() {
            return false;
        }
        if !is_event {
            self.seen.strange += 1;
            return true;
        }
        let index = kept.len() - 1;
        let event = kept.event(index);
        let (at, message) = (event.timestamp, event.message);
        self.seen.lines.add(message);
        let is_idle = self.assembler.is_idle();
        // What an error that began before goes on with is not all here.
        let is_torn = self.seen.events == 0 && live::goes_on(message);
        if self.look == Look::Errors {
            self.seen.has_migration |= is_migration(message);
        }
        if self.look == Look::Errors && (!is_idle || assemble::may_matter(message)) {
            let record = Record::new(event);
            self.assembler
                .push(index as u64, &record, &mut self.seen.attached);
        } else {
            self.seen.kept.pop();
        }
        self.count(at) && !(is_torn && self.look == Look::Errors)
    }

    /// Returns what was found; nothing when the delivery ends in the middle of an error.
    fn finish(self) -> Option<Skim> {
        (self.assembler.held() == 0 && self.seen.events > 0).then_some(self.seen)
    }
}

/// Returns whether a message is a line of `manage.py migrate`. A record is none, also where its beginning looks like one.
pub(super) fn is_migration(message: &[u8]) -> bool {
    let beginning = &message[..message.len().min(LONGEST_MIGRATION)];
    message.first() != Some(&b'{') && is_migration_line(&String::from_utf8_lossy(beginning))
}

/// No line of a migration is longer.
const LONGEST_MIGRATION: usize = 200;

#[cfg(test)]
mod tests;
