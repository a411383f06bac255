//! Following log groups: what comes from now on, or from an instant on, as blocks of lines without end.
//!
//! ```text
//! history ─▶ Source ───────────────────────────────┐
//! sessions of live tail ─▶ follow ─ link ─▶ queue ─┴─▶ blocks of lines
//! looks, polls ─▶ pace ─▶ FilterLogEvents ─┘
//! ```
//!
//! `follow` opens sessions and reads the gaps between them, or polls; `link` says what is new of what comes, and is
//! the only one to know why. [`Tail`] hands out the lines in the form in which a [`Source`](super::Source) does, and tells whoever has
//! opened it what happens on the way.

mod blocks;
mod follow;
mod join;
mod link;
mod look;
mod queue;
mod service;
mod setup;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Cache, CallError, Quotas};

pub use blocks::Tail;
pub use service::{Group, LiveTail, LiveTailCall, Refusal, Session, Update, Why};

/// What time it is, in milliseconds since 1970: by the clock of the service, which says when events were taken in.
///
/// It may be some seconds early: then a little is shown of what was logged before. Of a clock that is late, events are
/// lost in the gaps between sessions.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What is to be followed.
#[derive(Clone)]
pub struct Request {
    /// Since when; nothing for what comes from now on.
    pub since: Option<i64>,
    /// The filter pattern.
    pub pattern: Option<Arc<str>>,
    /// Only streams whose names begin with one of these; all when there is none.
    pub prefixes: Vec<Arc<str>>,
    /// Log groups that need not be there.
    pub optional: BTreeSet<Arc<str>>,
    /// How late events may come.
    pub late: Duration,
    /// Whether to poll though there may be a live tail.
    pub polls: bool,
    /// How long to follow.
    pub time_out: Option<Duration>,
    /// How many calls may be made.
    pub quotas: Quotas,
    /// Where history that cannot change any more is kept.
    pub cache: Option<Cache>,
    /// What time it is.
    pub clock: Clock,
    /// How many calls were made just before.
    pub spent: u64,
}

/// Something that happens on the way.
#[derive(Clone, Debug)]
pub enum Notice {
    /// There is no live tail, so that the groups are polled.
    Polling {
        /// What was refused.
        error: CallError,
        /// How often.
        every: Duration,
    },
    /// A log group is of a class that has no live tail, and is polled.
    NoLiveTail(Arc<str>),
    /// A session has ended, for a reason, and the next one begins.
    Reopening(String),
    /// More comes than a session shows.
    Sampled,
    /// Calls fail, and are made again until they do not.
    Trouble(CallError),
    /// A log group that need not be there is not there.
    Absent(CallError),
    /// Something cannot be read.
    Problem(CallError),
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many calls were made.
    pub calls: u64,
    /// How many sessions there were.
    pub sessions: u64,
    /// How many updates were samples.
    pub sampled: u64,
    /// How many things could not be read.
    pub problems: u64,
    /// Whether it ended since it had lasted as long as it may.
    pub is_over: bool,
    /// Whether that was before all of history was there.
    pub is_cut: bool,
}
