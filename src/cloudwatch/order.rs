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
    /// Whether nothing behind a gap is wanted.
    stops_at_gaps: bool,
    /// Where the first gap begins, if nothing behind one is wanted.
    cut: Option<i64>,
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
            stops_at_gaps: false,
            cut: None,
        }
    }

    /// Ends before the first gap that comes from now on.
    pub(super) fn stop_at_gaps(&mut self) {
        self.stops_at_gaps = true;
    }

    /// Returns the next lines in order, as far as they are known.
    pub(super) fn next(&mut self, pieces: &Shelf) -> Next {
        loop {
            let slowest = self.slowest();
            let known = slowest.map(|lane| self.lanes[lane].known(self.direction));
            let is_over = self.is_cut_before(known);
            let lines = self.release(if is_over { self.cut } else { known });
            if !lines.is_empty() {
                return Next::Lines(lines);
            }
            match slowest.filter(|_| !is_over) {
                None => return Next::End,
                Some(slowest) if self.advance(slowest, pieces) => {}
                Some(_) => return Next::Later,
            }
        }
    }

    /// Returns whether all is known up to the first gap.
    fn is_cut_before(&self, known: Option<i64>) -> bool {
        let Some(cut) = self.cut else {
            return false;
        };
        match self.direction {
            Direction::OldestFirst => known.is_none_or(|known| known >= cut),
            Direction::NewestFirst => known.is_none_or(|known| known <= cut),
        }
    }

    /// Takes note of where a piece that is not complete has its gap.
    fn cut(&mut self, piece: &Piece) {
        let cut = match self.direction {
            // The next page may have more of the instant at which this one ends.
            Direction::OldestFirst => piece.pages.iter().map(|page| page.last).max(),
            // The pages of a piece come the oldest first, so that the newest are missing.
            Direction::NewestFirst => Some(piece.end),
        };
        let cut = cut.unwrap_or(piece.start);
        self.cut = Some(self.cut.map_or(cut, |before| match self.direction {
            Direction::OldestFirst => before.min(cut),
            Direction::NewestFirst => before.max(cut),
        }));
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
        if self.lanes[lane].packed.is_empty() {
            let Some(piece) = pieces.take(lane, self.lanes[lane].front, direction) else {
                return false;
            };
            match (piece.complete, self.stops_at_gaps) {
                (true, _) => {}
                (false, true) => self.cut(&piece),
                (false, false) => self.gaps = true,
            }
            self.lanes[lane].open(piece, direction);
        }
        let at = &mut self.lanes[lane];
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
