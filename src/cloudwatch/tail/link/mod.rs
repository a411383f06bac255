//! What joins the parts of one stream that is followed: sessions of live tail, the gaps before and between them, and
//! the polls where there is no session. A state machine that knows no clock and makes no call.
//!
//! ```text
//! opened ─▶ shows ─▶ shows ─▶ broke ─▶ opened ─▶ ...       a session, and the next one
//!    └─▶ look, look, look                └─▶ look, ...      what was taken in before a session began
//! polls ─▶ look ─▶ look ─▶ ...                              no session at all
//! ```
//!
//! A session shows what the service takes in while it is open. What was taken in before, since the floor, is read
//! with a look: a reading of everything from an instant on. An event cannot be read at the moment in which it is taken
//! in, so a look is repeated until the gap has settled. What comes by more than one way is handed out once ([`Join`]).

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::LogEvent;
use super::join::{Join, ingestion};

const SECOND: i64 = 1000;
/// How late an event may be shown or become readable after it was taken in, with what clocks differ by.
pub(super) const MARGIN: i64 = 60 * SECOND;
/// How much older than the gap events may be that a quick look finds.
const NEAR: i64 = 60 * SECOND;
/// How long after the beginning of a session the looks at the gap before it are due.
const SETTLING: [i64; 3] = [0, 10 * SECOND, MARGIN];
/// How long a session's events wait for those of the gap before them.
const PATIENCE: i64 = 10 * SECOND;
/// How often polling looks as far back as events may be late.
const DEEP_EVERY: i64 = 60 * SECOND;
/// How long polling remembers events.
const REMEMBERED: i64 = 300 * SECOND;
/// How many events of a look wait to be sorted.
const SORTED: usize = 10_000;
/// How far the floor rises before memory is given back.
const FORGET_EVERY: i64 = 30 * SECOND;

/// An event, and the log group that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) group: Arc<str>,
    pub(super) event: LogEvent,
}

/// Where following begins, and how late events may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    /// What was taken in before this instant is known, or not wanted.
    pub(super) floor: i64,
    /// Events with earlier timestamps are not looked for.
    pub(super) earliest: i64,
    /// How long after its timestamp an event may be taken in.
    pub(super) late: i64,
    /// Whether what came before was read: then a gap may hold late events from before it.
    pub(super) has_history: bool,
}

/// The state.
#[derive(Debug)]
pub(super) struct Link {
    join: Join,
    beginning: Beginning,
    /// What was taken in before this instant has been handed out.
    floor: i64,
    forgotten: i64,
    mode: Mode,
    /// How many sessions there were.
    sessions: u64,
    /// The looks to come, the next one first.
    looks: VecDeque<Due>,
    looking: Option<Looking>,
    /// Events of the session that wait for those before it.
    held: Vec<Found>,
    /// New events of the look that goes on.
    found: Vec<Found>,
    ready: Vec<Found>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// There is no session at the moment.
    Idle,
    Session {
        opened: i64,
        /// When it last said something.
        last: i64,
        /// Whether its events wait for those before it.
        holds: bool,
    },
    Polling {
        every: i64,
        /// When the last complete look began.
        reached: i64,
        /// When the last one that looked far back began: what comes later than usual is known from before it only.
        deep: i64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Due {
    at: i64,
    deep: bool,
}

/// A look that goes on.
#[derive(Clone, Copy, Debug)]
struct Looking {
    due: Due,
    began: i64,
    /// Whether the state is still the one in which it began.
    counts: bool,
}

impl Link {
    /// Begins to follow.
    pub(super) fn new(beginning: Beginning) -> Self {
        Self {
            join: Join::new(),
            beginning,
            floor: beginning.floor,
            forgotten: beginning.floor,
            mode: Mode::Idle,
            sessions: 0,
            looks: VecDeque::new(),
            looking: None,
            held: Vec::new(),
            found: Vec::new(),
            ready: Vec::new(),
        }
    }

    /// Takes note of an event that was handed out before following began.
    pub(super) fn knows(&mut self, found: &Found) {
        if ingestion(&found.event) >= self.floor {
            self.join.read(&found.group, &found.event);
        }
    }

    /// A session has begun.
    pub(super) fn opened(&mut self, now: i64) {
        self.sessions += 1;
        self.mode = Mode::Session {
            opened: now,
            last: now,
            holds: true,
        };
        // What was logged long before is late in a gap of any length, but not worth a reading where nothing was before.
        let is_first = self.sessions == 1 && !self.beginning.has_history;
        self.plan(SETTLING.map(|after| Due {
            at: now + after,
            deep: after == MARGIN && !is_first,
        }));
    }

    /// The session shows events; that there are none is worth a call as well.
    pub(super) fn shows(&mut self, found: Vec<Found>, now: i64) {
        let Mode::Session {
            opened,
            last,
            holds,
        } = &mut self.mode
        else {
            return;
        };
        *last = now;
        if *holds && now < *opened + PATIENCE {
            self.held.extend(found);
            return;
        }
        *holds = false;
        self.held.extend(found);
        self.release();
        if self.looks.is_empty() && self.looking.is_none() {
            self.raise(now - MARGIN);
        }
    }

    /// The session has ended.
    pub(super) fn broke(&mut self) {
        self.release();
        self.mode = Mode::Idle;
        self.plan([]);
    }

    /// There will be no session: from now on there are only looks.
    pub(super) fn polls(&mut self, every: i64, now: i64) {
        self.release();
        self.mode = Mode::Polling {
            every,
            reached: self.floor.min(now),
            deep: self.floor.min(now),
        };
        self.plan([Due {
            at: now,
            deep: self.sessions > 0,
        }]);
    }

    /// Returns when the next look is due; nothing while one goes on.
    pub(super) fn next_look(&self) -> Option<i64> {
        let next = self.looks.front().map(|due| due.at);
        next.filter(|_| self.looking.is_none())
    }

    /// Begins the look that is due, and returns the timestamp from which on to read.
    pub(super) fn begin_look(&mut self, now: i64) -> i64 {
        let due = self.looks.pop_front().unwrap_or(Due {
            at: now,
            deep: false,
        });
        self.looking = Some(Looking {
            due,
            began: now,
            counts: true,
        });
        let late = NEAR.max(self.beginning.late);
        let from = match (self.mode, due.deep) {
            (Mode::Polling { reached, .. }, false) => reached - NEAR,
            (Mode::Polling { deep, .. }, true) => deep - late - MARGIN,
            (Mode::Idle | Mode::Session { .. }, false) => self.floor - NEAR,
            (Mode::Idle | Mode::Session { .. }, true) => self.floor - late,
        };
        from.max(self.beginning.earliest)
    }

    /// The look has read events.
    pub(super) fn reads(&mut self, found: Vec<Found>) {
        for one in found {
            let is_before = ingestion(&one.event) < self.floor;
            if !is_before && self.join.read(&one.group, &one.event) {
                self.found.push(one);
            }
        }
        if self.found.len() > SORTED {
            self.hand_out_found();
        }
    }

    /// The look has read everything.
    pub(super) fn end_look(&mut self) {
        let Some(look) = self.looking.take() else {
            return;
        };
        if let (Mode::Session { holds, .. }, true) = (&mut self.mode, look.counts) {
            *holds = false;
            self.release();
        }
        self.hand_out_found();
        if !look.counts {
            return;
        }
        if let Mode::Polling {
            every,
            reached,
            deep,
        } = &mut self.mode
        {
            *reached = look.began;
            if look.due.deep {
                *deep = look.began;
            }
            let next = Due {
                at: look.began + *every,
                deep: look.began - *deep >= DEEP_EVERY,
            };
            let settled = *deep - REMEMBERED;
            self.looks.push_back(next);
            self.raise(settled);
        }
    }

    /// The look could not be ended: it is due again at an instant, or left out when there is none.
    pub(super) fn fail_look(&mut self, again: Option<i64>) {
        let Some(look) = self.looking.take() else {
            return;
        };
        match (again, &mut self.mode) {
            (Some(at), _) if look.counts => self.looks.push_front(Due { at, ..look.due }),
            // Nothing can be read of the gap: what the session shows has nothing to wait for.
            (None, Mode::Session { holds, .. }) if look.counts => {
                *holds = false;
                self.release();
            }
            _ => {}
        }
        self.hand_out_found();
    }

    /// Takes the events that are to be handed out now, those of one time in the order of time.
    pub(super) fn take(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.ready)
    }

    fn plan(&mut self, looks: impl IntoIterator<Item = Due>) {
        self.looks = looks.into_iter().collect();
        if let Some(looking) = &mut self.looking {
            looking.counts = false;
        }
    }

    /// Hands on what the session has shown; together with what a look has found, so that both are sorted.
    fn release(&mut self) {
        for one in std::mem::take(&mut self.held) {
            if self.join.shown(self.sessions, &one.group, &one.event) {
                self.found.push(one);
            }
        }
        self.hand_out_found();
    }

    fn hand_out_found(&mut self) {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|one, other| {
            let key = |found: &Found| (found.event.timestamp, Arc::clone(&found.event.stream));
            key(one).cmp(&key(other))
        });
        self.ready.extend(found);
    }

    /// Says that everything that was taken in before an instant has been handed out.
    fn raise(&mut self, floor: i64) {
        self.floor = self.floor.max(floor);
        if self.floor - self.forgotten >= FORGET_EVERY {
            self.forgotten = self.floor;
            self.join.forget(self.floor);
        }
    }
}

#[cfg(test)]
mod tests;
