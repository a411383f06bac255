//! What every pass over a source is given from above.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Config;
use crate::decode::stamp::Clock;
use crate::drive::scope::{Admission, Scope};
use crate::scan::{Need, Scanner};
use crate::time::{Timestamp, Zone};

/// How to read, whatever is asked.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Group names, and what runs are told by.
    pub config: &'a Config,
    /// Which events count.
    pub scope: &'a Scope,
    /// The zone of times that name none.
    pub zone: &'a Zone,
    /// The last instant at which a line can have been logged; a later time is not believed.
    pub latest: Timestamp,
    /// How many threads work; with one, everything happens in the caller's.
    pub threads: usize,
    /// Set from outside to stop reading: what there is by then is the answer, marked incomplete.
    pub stop: &'a AtomicBool,
}

/// What a pass has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that were looked at; those that a raw-byte test ruled out are not counted.
    pub events: u64,
    /// Records that were broken and read as far as they go; of those whose fields were looked for.
    pub broken: u64,
    /// Events that the window left out since they have no time; of those that were looked at.
    pub timeless: u64,
    /// Events or rows that fit what was asked.
    pub matches: u64,
    /// Whether reading was stopped from outside.
    pub interrupted: bool,
    /// Whether there is more than was handed out.
    pub truncated: bool,
}

impl<'a> Setting<'a> {
    /// Creates a scanner for the lines that can matter.
    pub fn scanner(&self, need: &Need) -> Scanner {
        Scanner::new(need, self.clock())
    }

    /// Returns what gives times that lines say their place.
    fn clock(&self) -> Clock {
        Clock::new(self.zone.rules().clone()).until(self.latest)
    }

    /// Creates the decision about each event.
    pub fn admission(&self) -> Admission<'a> {
        Admission::new(self.scope, self.config)
    }

    /// Returns whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
