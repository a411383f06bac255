//! Puts the events of all groups into one order, timestamp, stream, event id, and drops those that came twice.
//!
//! Of each group it is known up to which instant all events are there. What was logged before the earliest of these
//! instants is handed out; the rest waits. So little is held: a page of each group, and what was logged at the
//! instant where a page ends.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::Direction;
use super::lines::{Line, Packed};
use super::shelf::{Piece, Shelf};

/// Joins the groups' pieces.
pub(super) struct Merge {
    direction: Direction,
    lanes: Vec<Lane>,
    /// Whether a piece was not complete.
    pub(super) gaps: bool,
}

/// One group.
struct Lane {
    /// Up to here pieces were taken.
    front: i64,
    /// Up to here there will be pieces.
    back: i64,
    /// Pages of the last piece taken that are not unpacked yet.
    packed: VecDeque<Packed>,
    /// Lines that were not handed out, sorted.
    lines: Vec<Line>,
}

/// What comes next.
pub(super) enum Next {
    /// These lines.
    Lines(Vec<Line>),
    /// Nothing yet.
    Later,
    /// Nothing more.
    End,
}

impl Merge {
    /// Joins so many groups over one window, which ends before `end`.
    pub(super) fn new(lanes: usize, start: i64, end: i64, direction: Direction) -> Self {
        let (front, back) = match direction {
            Direction::OldestFirst => (start, end),
            Direction::NewestFirst => (end, start),
        };
        let lane = |_| Lane {
            front,
            back,
            packed: VecDeque::new(),
            lines: Vec::new(),
        };
        Self {
            direction,
            lanes: (0..lanes).map(lane).collect(),
            gaps: false,
        }
    }

    /// Returns the next lines in order, as far as they are known.
    pub(super) fn next(&mut self, pieces: &Shelf) -> Next {
        loop {
            let Some(slowest) = self.slowest() else {
                return match self.release(None) {
                    lines if lines.is_empty() => Next::End,
                    lines => Next::Lines(lines),
                };
            };
            let known = self.lanes[slowest].known(self.direction);
            let lines = self.release(Some(known));
            if !lines.is_empty() {
                return Next::Lines(lines);
            }
            if !self.advance(slowest, pieces) {
                return Next::Later;
            }
        }
    }

    /// Returns the group of which least is known; nothing when all is known of all.
    fn slowest(&self) -> Option<usize> {
        let open = self
            .lanes
            .iter()
            .enumerate()
            .filter(|(_, lane)| !lane.is_done());
        let known = |(_, lane): &(usize, &Lane)| lane.known(self.direction);
        let found = match self.direction {
            Direction::OldestFirst => open.min_by_key(known),
            Direction::NewestFirst => open.max_by_key(known),
        };
        found.map(|(at, _)| at)
    }

    /// Unpacks the next page of a group; false when it is not there yet.
    fn advance(&mut self, lane: usize, pieces: &Shelf) -> bool {
        let direction = self.direction;
        let compare = self.compare();
        let at = &mut self.lanes[lane];
        if at.packed.is_empty() {
            let Some(piece) = pieces.take(lane, at.front, direction) else {
                return false;
            };
            self.gaps |= !piece.complete;
            at.open(piece, direction);
        }
        let page = match direction {
            Direction::OldestFirst => at.packed.pop_front(),
            Direction::NewestFirst => at.packed.pop_back(),
        };
        if let Some(page) = page {
            match page.lines() {
                Ok(lines) => at.lines.extend(lines),
                // No memory to unpack what was packed here.
                Err(_) => self.gaps = true,
            }
            at.lines.sort_by(compare);
        }
        true
    }

    /// Takes the lines of all groups that lie before `known`, sorted, each once.
    fn release(&mut self, known: Option<i64>) -> Vec<Line> {
        let direction = self.direction;
        let is_due = |line: &Line| match (known, direction) {
            (None, _) => true,
            (Some(known), Direction::OldestFirst) => line.timestamp < known,
            (Some(known), Direction::NewestFirst) => line.timestamp >= known,
        };
        let mut due = Vec::new();
        for lane in &mut self.lanes {
            let count = lane.lines.partition_point(is_due);
            due.extend(lane.lines.drain(..count));
        }
        if self.lanes.len() > 1 {
            due.sort_by(self.compare());
        }
        due.dedup_by(|line, before| line.is_same(before));
        due
    }

    fn compare(&self) -> fn(&Line, &Line) -> Ordering {
        match self.direction {
            Direction::OldestFirst => |one, other| one.cmp(other),
            Direction::NewestFirst => |one, other| other.cmp(one),
        }
    }
}

impl Lane {
    fn is_done(&self) -> bool {
        self.front == self.back && self.packed.is_empty()
    }

    /// Returns the instant before which, or for the newest first from which on, all lines are unpacked.
    fn known(&self, direction: Direction) -> i64 {
        let known = match direction {
            Direction::OldestFirst => self.packed.iter().map(|page| page.first).min(),
            Direction::NewestFirst => self.packed.iter().map(|page| page.last + 1).max(),
        };
        known.unwrap_or(self.front)
    }

    fn open(&mut self, piece: Piece, direction: Direction) {
        self.front = match direction {
            Direction::OldestFirst => piece.end,
            Direction::NewestFirst => piece.start,
        };
        self.packed = piece.pages.into();
    }
}
