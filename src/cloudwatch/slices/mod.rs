//! Cuts a window into slices and decides which call comes next, so that as many calls as the quota allows are under
//! way, few of them for less than a page, and the pages that wait for an earlier one fit into memory.
//!
//! Pages of a slice come one after the other, so slices are what is done at the same time. There are a few at first.
//! When a call could be made and no slice needs one, the widest of those that are being read is cut, by what is
//! known of its density: the pager that is under way stops there, and another begins. Once that is known to work, those
//! that were not begun are one. Only slices near the front
//! are read, near enough that what they hold fits into the memory there is. Sparse windows end before any cut, and
//! dense ones are cut only as often as calls would otherwise be left out.
//!
//! Everything here is a state machine: it makes no call and knows no clock. Times of its own are since the beginning.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::lines::Packed;
use super::service::{LogEvent, Page};
use super::shelf::Piece;
use super::{CallError, Direction, Kind};

mod slice;

use slice::Slice;

/// After so many pages what is there is handed out, so that it is seen, and kept, before a long slice ends.
const PIECE: usize = 4;
/// How many pages the near part of a slice that is cut has at most: what waits behind it must fit into memory.
const NEAR: f64 = 12.0;
/// What is expected to have fewer pages than this is not cut.
const WORTH: f64 = 1.5;
/// How many pages a cut must gain for each page that is read again.
const DOUBT: f64 = 8.0;
/// How often the same call is made that failed; one that is not answered at all takes long, and counts thrice.
const TRIES: u32 = 10;
const SILENT: u32 = 3;
/// How long the second try waits; each later one waits twice as long, up to the last.
const BACK_OFF: Duration = Duration::from_millis(200);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);
/// How often a page may lead back to itself.
const REPEATS: u32 = 10;
/// How many pages may come after each other without the events moving: tokens may lead in a circle.
const STANDING: u32 = 10_000;

/// A call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Which slice it is for.
    pub(super) slice: u32,
    /// Which group it asks.
    pub(super) lane: usize,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) token: Option<String>,
}

/// What came of a call.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What can be handed out.
    pub(super) pieces: Vec<Piece>,
    /// Whether something is given up, which the person has to be told.
    pub(super) is_given_up: bool,
}

/// The slices that are not done.
pub(super) struct Slices {
    direction: Direction,
    room: usize,
    open: BTreeMap<u32, Slice>,
    next: u32,
    stretches: u32,
    lanes: BTreeMap<usize, Lane>,
    calls: u32,
    packed: usize,
}

/// What is known of a group.
#[derive(Default)]
struct Lane {
    group: Arc<str>,
    /// How many calls were answered.
    calls: u32,
    /// How many of them brought the events on.
    moved: u32,
    /// How many had a page behind theirs, and how many milliseconds these covered.
    full: u32,
    covered: i64,
}

impl Slices {
    /// Creates the state for no groups; `room` is how many bytes of packed pages may wait.
    pub(super) fn new(direction: Direction, room: usize) -> Self {
        Self {
            direction,
            room,
            open: BTreeMap::new(),
            next: 0,
            stretches: 0,
            lanes: BTreeMap::new(),
            calls: 0,
            packed: 0,
        }
    }

    /// Adds a stretch of a group's window, cut into at most so many slices of the same length.
    ///
    /// For the newest first the slices are the shorter the nearer: what is wanted is likely in the first.
    pub(super) fn add(
        &mut self,
        lane: usize,
        group: &Arc<str>,
        start: i64,
        end: i64,
        count: usize,
    ) {
        self.lanes.entry(lane).or_insert_with(|| Lane {
            group: Arc::clone(group),
            ..Lane::default()
        });
        let length = end - start;
        if length <= 0 {
            return;
        }
        let cuts: Vec<i64> = match self.direction {
            Direction::OldestFirst => {
                let count = (count as i64).clamp(1, length.max(1));
                (1..count).map(|nth| start + length / count * nth).collect()
            }
            Direction::NewestFirst => {
                let halves = (0..count.max(1) - 1).map(|nth| end - (length >> (count - 1 - nth)));
                let mut cuts: Vec<i64> = halves.collect();
                cuts.reverse();
                cuts
            }
        };
        self.stretches += 1;
        let mut from = start;
        for to in cuts.into_iter().chain([end]) {
            if from < to {
                self.insert(Slice::new(lane, self.stretches, from, to));
                from = to;
            }
        }
    }

    fn insert(&mut self, slice: Slice) -> u32 {
        let id = self.next;
        self.next += 1;
        self.open.insert(id, slice);
        id
    }

    /// Returns whether all is done.
    pub(super) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Returns the instant nearest to the front that is not fetched.
    pub(super) fn front(&self) -> Option<i64> {
        match self.direction {
            Direction::OldestFirst => self.open.values().map(|slice| slice.start).min(),
            Direction::NewestFirst => self.open.values().map(|slice| slice.end).max(),
        }
    }

    /// Returns the call to make now, when one may be made; `held` is how many bytes wait to be handed out. The nearest
    /// slice goes on whatever is held when it is waited for.
    pub(super) fn next(&mut self, now: Duration, held: usize, is_waited_for: bool) -> Option<Call> {
        let mut ahead = held as f64;
        let mut widest: Option<(u32, f64)> = None;
        for (nth, id) in self.in_order().into_iter().enumerate() {
            if ahead > self.room as f64 && (nth > 0 || !is_waited_for) {
                break;
            }
            let slice = self.open.get(&id)?;
            if slice.is_ready(now) {
                self.join(id);
                return self.begin(id);
            }
            let left = self.pages_left(slice);
            // A cut costs the pages that came without an event, and few events tell little of what it gains.
            if let Some(pages) = left.filter(|pages| *pages - DOUBT * slice.read_again() >= WORTH)
                && widest.is_none_or(|(_, most)| pages > most)
            {
                widest = Some((id, pages));
            }
            ahead += slice.held() as f64 + left.unwrap_or(0.0) * self.page_bytes();
        }
        let (id, pages) = widest?;
        let new = self.cut(id, pages)?;
        self.begin(new)
    }

    /// Returns how long to wait for the first slice that may be tried again.
    pub(super) fn pause(&self, now: Duration) -> Option<Duration> {
        let waiting = self.open.values().filter_map(|slice| slice.not_before(now));
        waiting.min().map(|at| at.saturating_sub(now))
    }

    /// Returns the slices, nearest first.
    fn in_order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = self.open.keys().copied().collect();
        order.sort_by_key(|id| {
            self.open.get(id).map(|slice| match self.direction {
                Direction::OldestFirst => slice.start,
                Direction::NewestFirst => -slice.end,
            })
        });
        order
    }

    /// Gives a slice that was not begun all those behind it that were not either.
    ///
    /// Each slice costs half a page at its end. Where most pages have events a cut costs nothing, so that one can be
    /// made when it is needed; elsewhere the slices there are at first are all that can be read at the same time.
    fn join(&mut self, id: u32) {
        let Some(slice) = self.open.get(&id).filter(|slice| slice.is_new()) else {
            return;
        };
        let lane = self.lanes.get(&slice.lane);
        let can_be_cut = lane.is_some_and(|lane| lane.moved > 0 && lane.moved * 2 >= lane.calls);
        if self.direction == Direction::NewestFirst || !can_be_cut {
            return;
        }
        let (stretch, mut end) = (slice.stretch, slice.end);
        let follows = |end: i64| {
            move |(_, next): &(&u32, &Slice)| {
                next.is_new() && next.stretch == stretch && next.start == end
            }
        };
        while let Some((&next, behind)) = self.open.iter().find(follows(end)) {
            end = behind.end;
            self.open.remove(&next);
        }
        if let Some(slice) = self.open.get_mut(&id) {
            slice.end = end;
        }
    }

    fn begin(&mut self, id: u32) -> Option<Call> {
        let slice = self.open.get_mut(&id)?;
        let (start, end) = slice.begin();
        Some(Call {
            slice: id,
            lane: slice.lane,
            start,
            end,
            token: slice.token.clone(),
        })
    }

    /// Returns how many more pages a slice is expected to have, as far as that can be told.
    fn pages_left(&self, slice: &Slice) -> Option<f64> {
        let lane = self.lanes.get(&slice.lane);
        let of_lane = lane
            .filter(|lane| lane.covered > 0)
            .map(|lane| f64::from(lane.full) / lane.covered as f64);
        let density = slice.density().or(of_lane)?;
        Some(density * (slice.end - slice.at) as f64)
    }

    fn page_bytes(&self) -> f64 {
        self.packed as f64 / f64::from(self.calls.max(1))
    }

    /// Cuts what is left of a slice in two; returns the part that another pager is to read.
    fn cut(&mut self, id: u32, pages: f64) -> Option<u32> {
        let direction = self.direction;
        let slice = self.open.get_mut(&id)?;
        let near = (pages / 2.0).min(NEAR) / pages;
        let left = (slice.end - slice.at) as f64;
        let at = match direction {
            Direction::OldestFirst => slice.at + (left * near) as i64,
            Direction::NewestFirst => slice.end - (left * near) as i64,
        };
        if at <= slice.at || at >= slice.end {
            return None;
        }
        let behind = Slice::new(slice.lane, slice.stretch, at, slice.end);
        slice.end = at;
        Some(self.insert(behind))
    }

    /// Takes the answer to a call.
    pub(super) fn answer(&mut self, id: u32, page: Page) -> Outcome {
        let Some(slice) = self.open.get_mut(&id) else {
            return Outcome::default();
        };
        let before = slice.at;
        let lane = self.lanes.entry(slice.lane).or_default();
        let is_done = slice.take(&lane.group, page);
        self.calls += 1;
        self.packed += slice.held_last();
        lane.calls += 1;
        lane.moved += u32::from(slice.has_moved());
        // How much of the last page was used is not known.
        if !is_done {
            lane.full += 1;
            lane.covered += slice.at - before;
        }
        if is_done || slice.is_stuck() {
            return self.finish(id, is_done);
        }
        let piece = match self.direction {
            Direction::OldestFirst if slice.pages() < PIECE || slice.is_repeating() => None,
            Direction::OldestFirst => slice.release(),
            Direction::NewestFirst => self.turn(id),
        };
        Outcome {
            pieces: piece.into_iter().collect(),
            is_given_up: false,
        }
    }

    /// Hands out all that a slice has.
    fn finish(&mut self, id: u32, complete: bool) -> Outcome {
        let slice = self.open.remove(&id);
        let piece = slice.map(|slice| slice.into_piece(complete));
        Outcome {
            pieces: piece.into_iter().collect(),
            is_given_up: !complete,
        }
    }

    /// Leaves a slice whose newest events are still far: what is left of it is cut, and begun from the other end.
    fn turn(&mut self, id: u32) -> Option<Piece> {
        let pages = self.pages_left(self.open.get(&id)?)?;
        if pages < WORTH {
            return None;
        }
        let slice = self.open.get_mut(&id)?;
        let piece = slice.release()?;
        slice.forget();
        self.cut(id, pages);
        Some(piece)
    }

    /// Takes note of a call that failed.
    pub(super) fn fail(&mut self, id: u32, error: &CallError, now: Duration) -> Outcome {
        if error.kind.concerns_all() {
            return self.give_up(|_| true);
        }
        let Some(slice) = self.open.get_mut(&id) else {
            return Outcome::default();
        };
        let lane = slice.lane;
        match error.kind {
            Kind::Throttled => slice.retry(now),
            Kind::Unavailable if slice.failures + 1 < TRIES => slice.back_off(1, now),
            Kind::Silent if slice.failures + SILENT < TRIES => slice.back_off(SILENT, now),
            Kind::TokenLost if slice.failures + 1 < TRIES => slice.begin_again(now),
            Kind::Unavailable | Kind::Silent | Kind::TokenLost => return self.finish(id, false),
            _ => return self.give_up(|slice| slice.lane == lane),
        }
        Outcome::default()
    }

    /// Gives up all slices of a kind; what they have is handed out.
    fn give_up(&mut self, is_lost: impl Fn(&Slice) -> bool) -> Outcome {
        let (lost, kept) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|(_, slice)| is_lost(slice));
        self.open = kept;
        let lost: BTreeMap<u32, Slice> = lost;
        Outcome {
            is_given_up: !lost.is_empty(),
            pieces: lost
                .into_values()
                .map(|slice| slice.into_piece(false))
                .collect(),
        }
    }

    /// Gives everything up; what is there is handed out.
    pub(super) fn end(&mut self) -> Vec<Piece> {
        self.give_up(|_| true).pieces
    }
}
