//! Runs from CloudWatch Logs: first which streams can hold one that is wanted, then these alone, each as a whole.
//!
//! ```text
//! ECS events, events that mean something (FilterLogEvents) ─┐
//! streams by their last event (DescribeLogStreams) ─────────┴▶ cases ─▶ reads ─▶ blocks of lines
//! ```
//!
//! `evidence` and `listing` are what is asked for first, `cases` decides by it what can be wanted, `read` reads streams,
//! by `GetLogEvents` or a hundred at a time by `FilterLogEvents`, and `conduct` is the way from one to the next. Where
//! most streams are wanted, the window is read as a whole, and of streams that reach beyond it the rest.
//!
//! Whatever is not known counts as wanted: the runs are those that a reading of everything gives.

mod calls;
mod cases;
mod conduct;
mod evidence;
mod listing;
mod plan;
mod read;
mod runs;
mod service;
mod source;
mod task;

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Request;
use crate::detect::{Groups, Outcome, RunKind};
use crate::event::Origin;

pub use service::{DescribeCall, GetCall, NamesCall, StreamFacts, StreamService, StreamsPage};
pub use source::{RunReport, RunSource, Stages};

/// How inexact the ends of a window are: a stream's own times and those of its task's events differ by moments.
const LEEWAY: i64 = 10 * 60_000;

/// How long calls count against a quota, with what the pace adds to that.
pub const SECOND: Duration = Duration::from_millis(1_050);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The first instant of the window.
    pub start: i64,
    /// The first instant after it.
    pub end: i64,
    /// The last instant at which anything can have been logged, and one more.
    pub last: i64,
    /// The instant after which nothing is known yet, where one was asked for.
    pub as_of: Option<i64>,
    /// What is wanted.
    pub wanted: Wanted,
    /// What the log groups hold.
    pub groups: Groups,
    /// The container that speaks for a task, where the configuration names it.
    pub main_container: Option<String>,
    /// Whether events must come with their ids.
    pub with_ids: bool,
    /// How long calls count against a quota: so long a pass waits behind another one.
    pub second: Duration,
    /// How calls are made, and what is kept; its window and pattern do not count.
    pub request: Request,
}

/// Which runs are wanted.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Those of the window that can be so.
    Runs(Runs),
    /// Those of one task.
    Task(Task),
}

/// Tells whether a run can be wanted, by its kind, outcome, and name where that is known.
type MayBe = dyn Fn(RunKind, Outcome, Option<&str>) -> bool + Send + Sync;

/// Which runs of a window are wanted.
#[derive(Clone)]
pub struct Runs {
    /// Whether one of that kind and outcome, and of that name where it is known, can be wanted.
    pub may_be: Arc<MayBe>,
}

/// Which task is wanted.
#[derive(Clone)]
pub struct Task {
    /// As it was written.
    pub written: String,
    /// Its id, or the beginning of it.
    pub id: String,
    /// Whether a stream is one of it.
    pub is_of: Arc<dyn Fn(&Origin) -> bool + Send + Sync>,
}

impl Runs {
    /// Returns whether runs can be wanted that nothing bad is known of: then all logs count.
    pub fn wants_quiet_ones(&self) -> bool {
        Outcome::QUIET
            .into_iter()
            .any(|outcome| (self.may_be)(RunKind::Batch, outcome, None))
    }
}

impl fmt::Debug for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runs(…)")
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.written)
    }
}
