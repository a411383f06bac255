//! One slice: a stretch of a group's window that one pager reads from its beginning on.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::time::Duration;

use super::{BACK_OFF, LONGEST_BACK_OFF, LogEvent, Packed, Page, Piece};

/// Tells ids apart; a fixed seed, so that runs are alike.
type Hashes = foldhash::fast::FixedState;

/// What is wanted, and how far it has come.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) lane: usize,
    /// Which of the stretches that were added it is a part of.
    pub(super) stretch: u32,
    pub(super) start: i64,
    pub(super) end: i64,
    /// What was logged before this instant is here.
    pub(super) at: i64,
    pub(super) token: Option<String>,
    pub(super) failures: u32,
    /// The window that the token belongs to: the slice may have become shorter since.
    asked: Option<(i64, i64)>,
    /// How many calls were answered for it since it stood at this instant.
    calls: u32,
    counted_from: i64,
    is_under_way: bool,
    not_before: Duration,
    pages: Vec<Packed>,
    /// The ids of the last pages: a page may come twice.
    seen: [HashSet<u64>; 2],
    repeats: u32,
    /// How many pages came since the events moved.
    standing: u32,
}

impl Slice {
    pub(super) fn new(lane: usize, stretch: u32, start: i64, end: i64) -> Self {
        Self {
            lane,
            stretch,
            start,
            end,
            at: start,
            token: None,
            failures: 0,
            asked: None,
            calls: 0,
            counted_from: start,
            is_under_way: false,
            not_before: Duration::ZERO,
            pages: Vec::new(),
            seen: [HashSet::new(), HashSet::new()],
            repeats: 0,
            standing: 0,
        }
    }

    /// Returns whether no call was made for it.
    pub(super) fn is_new(&self) -> bool {
        self.asked.is_none() && self.at == self.start && self.calls == 0 && self.failures == 0
    }

    /// Returns whether the last page brought the events on.
    pub(super) fn has_moved(&self) -> bool {
        self.calls > 0 && self.standing == 0
    }

    /// Returns whether a call may be made for it.
    pub(super) fn is_ready(&self, now: Duration) -> bool {
        !self.is_under_way && self.not_before <= now
    }

    /// Returns when a call may be made for it that has to wait.
    pub(super) fn not_before(&self, now: Duration) -> Option<Duration> {
        (!self.is_under_way && self.not_before > now).then_some(self.not_before)
    }

    /// Takes note of a call that is made; returns the window to ask for.
    ///
    /// A token goes on to the end that was asked for at first, and where few events match nothing tells when it is past
    /// a cut: what is left of a slice that was cut is asked for anew.
    pub(super) fn begin(&mut self) -> (i64, i64) {
        self.is_under_way = true;
        if self.asked.is_some_and(|(_, end)| end > self.end) {
            self.token = None;
            self.asked = None;
        }
        *self.asked.get_or_insert((self.at, self.end))
    }

    /// Returns how many calls a millisecond takes, as far as events tell how far it has come.
    pub(super) fn density(&self) -> Option<f64> {
        let covered = self.at - self.counted_from;
        let calls = self.calls.saturating_sub(self.standing);
        (covered > 0 && calls > 0).then(|| f64::from(calls) / covered as f64)
    }

    /// Returns how many pages are read again when it is cut: those since the events moved, and the one under way.
    ///
    /// Where every page has events, the next one goes on where they end, and nothing is.
    pub(super) fn read_again(&self) -> f64 {
        match self.standing {
            0 => 0.0,
            pages => f64::from(pages + u32::from(self.is_under_way)),
        }
    }

    /// Takes a page; returns whether it was the last.
    pub(super) fn take(&mut self, group: &str, page: Page) -> bool {
        self.is_under_way = false;
        self.failures = 0;
        self.calls += 1;
        let is_past = page.events.iter().any(|event| event.timestamp >= self.end);
        let is_repeat = page.token.is_some() && page.token == self.token;
        self.repeats = if is_repeat { self.repeats + 1 } else { 0 };
        self.token = page.token;
        self.standing += 1;
        let events = self.own(page.events);
        if let Some(packed) = Packed::of(group, events) {
            if packed.last > self.at {
                self.at = packed.last;
                self.standing = 0;
            }
            self.pages.push(packed);
        }
        is_past || self.token.is_none()
    }

    /// Keeps the events of a page that belong to the slice and were not handed out before.
    ///
    /// The service sorts by time. What it still returns for a time that was handed out already came late, or is a
    /// page that came twice. What came late is handed out with a piece that begins behind it: the cache knows that.
    fn own(&mut self, mut events: Vec<LogEvent>) -> Vec<LogEvent> {
        let hashes = Hashes::default();
        let hash = |event: &LogEvent| hashes.hash_one((&event.stream, &event.id));
        let all: HashSet<u64> = events.iter().map(hash).collect();
        let from = self.asked.map_or(self.start, |(from, _)| from);
        let is_known = |id: &u64| self.seen.iter().any(|page| page.contains(id));
        let comes_again = all.iter().any(is_known);
        events.retain(|event| {
            (from..self.end).contains(&event.timestamp)
                && (event.timestamp >= self.start || !is_known(&hash(event)))
        });
        // As long as pages come again, what is known must not be forgotten.
        if comes_again {
            self.seen[0].extend(all);
        } else if !all.is_empty() {
            self.seen.swap(0, 1);
            self.seen[0] = all;
        }
        events
    }

    /// Returns whether the last page led back to itself.
    pub(super) fn is_repeating(&self) -> bool {
        self.repeats > 0
    }

    /// Returns whether the pages lead back to themselves again and again, one at a time or in a circle.
    pub(super) fn is_stuck(&self) -> bool {
        self.repeats > super::REPEATS || self.standing > super::STANDING
    }

    /// Returns how many pages are held.
    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Returns how much memory the pages take.
    pub(super) fn held(&self) -> usize {
        self.pages.iter().map(Packed::held).sum()
    }

    /// Returns how much memory the last page takes.
    pub(super) fn held_last(&self) -> usize {
        self.pages.last().map_or(0, Packed::held)
    }

    /// Hands out what was logged before the instant up to which all is here; nothing when that is none of it.
    pub(super) fn release(&mut self) -> Option<Piece> {
        if self.at <= self.start {
            return None;
        }
        let mut due = Vec::new();
        for page in std::mem::take(&mut self.pages) {
            let (before, behind) = page.split_at(self.at);
            due.extend(before);
            self.pages.extend(behind);
        }
        let piece = Piece {
            lane: self.lane,
            start: self.start,
            end: self.at,
            pages: due,
            complete: true,
        };
        self.start = self.at;
        Some(piece)
    }

    /// Forgets the pager and what it read behind the start: what is left is asked for anew.
    pub(super) fn forget(&mut self) {
        self.pages.clear();
        self.token = None;
        self.asked = None;
        self.at = self.start;
        self.standing = 0;
        self.count_anew();
    }

    fn count_anew(&mut self) {
        self.calls = 0;
        self.counted_from = self.at;
    }

    /// Hands out everything.
    pub(super) fn into_piece(self, complete: bool) -> Piece {
        Piece {
            lane: self.lane,
            start: self.start,
            end: self.end,
            pages: self.pages,
            complete,
        }
    }

    /// Makes the same call again as soon as one may be made.
    pub(super) fn retry(&mut self, now: Duration) {
        self.is_under_way = false;
        self.not_before = now;
    }

    /// Makes the same call again after a while; the failure weighs as so many.
    pub(super) fn back_off(&mut self, weight: u32, now: Duration) {
        self.is_under_way = false;
        let wait = BACK_OFF * 2_u32.saturating_pow(self.failures);
        self.failures += weight;
        self.not_before = now + wait.min(LONGEST_BACK_OFF);
    }

    /// Asks anew for what was logged from the last instant on; what is here already is known by its ids.
    pub(super) fn begin_again(&mut self, now: Duration) {
        self.is_under_way = false;
        self.failures += 1;
        self.not_before = now;
        self.token = None;
        self.asked = None;
        self.count_anew();
    }
}
