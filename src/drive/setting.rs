//! What every pass over a source is given from above.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::config::Config;
use crate::decode::stamp::Clock;
use crate::drive::scope::{Admission, Scope};
use crate::record::Broken;
use crate::scan::{Asctimes, Need, Scanner};
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
    /// The instant as of which is asked: what was logged later is not known yet; `None` when all is.
    pub as_of: Option<Timestamp>,
    /// How many threads work; with one, everything happens in the caller's.
    pub threads: usize,
    /// Set from outside to stop reading: what there is by then is the answer, marked incomplete.
    pub stop: &'a AtomicBool,
    /// Where to say what was seen so far, beside the answer.
    pub seen: Option<&'a Seen>,
}

/// What whoever watches a pass is told while it goes on.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How many events were looked at so far, for a progress bar.
    pub events: Arc<AtomicU64>,
    /// How the `asctime`s of some records stand to the events' own times.
    pub asctimes: Arc<Asctimes>,
}

/// What a pass has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that were looked at; those that a raw-byte test ruled out are not counted.
    pub events: u64,
    /// Records that were broken and read as far as they go; of those whose fields were looked for.
    pub broken: Broken,
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
        let mut scanner = Scanner::new(need, self.clock());
        if let Some(seen) = self.seen {
            scanner = scanner.comparing(Arc::clone(&seen.asctimes));
        }
        match tasks_group(self.config) {
            Some(group) => scanner.tasks_group(&group),
            None => scanner,
        }
    }

    /// Returns what gives times that lines say their place.
    fn clock(&self) -> Clock {
        Clock::new(self.zone.rules().clone()).until(self.latest)
    }

    /// Returns whether something logged at that instant is known by then; what has no time is.
    pub fn knows(&self, at: Timestamp) -> bool {
        self.as_of.is_none_or(|as_of| at <= as_of)
    }

    /// Creates the decision about each event.
    pub fn admission(&self) -> Admission<'a> {
        Admission::new(self.scope, self.config)
    }

    /// Says how many events were looked at so far.
    pub(super) fn tell_seen(&self, events: u64) {
        if let Some(seen) = self.seen {
            seen.events.store(events, Ordering::Relaxed);
        }
    }

    /// Says whether to go on reading: a source that hands over what is there ends by itself when somebody asks to stop.
    pub(super) fn goes_on(&self, hands_over: bool) -> ControlFlow<()> {
        if self.stopped() && !hands_over {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Returns whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Returns the log group of ECS events in files whose path names none, where only one is possible: the same in every
/// stage, or that of the only stage.
fn tasks_group(config: &Config) -> Option<String> {
    if let Some(group) = config.groups.stageless("tasks") {
        return Some(group.to_owned());
    }
    let mut stages = config.stage_names();
    match (stages.next(), stages.next()) {
        (Some(only), None) => config.groups.group("tasks", only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let mut config = Config::default();
        let read = config.read(text, std::path::Path::new("logq.toml"));
        assert!(read.is_ok(), "{text}");
        assert_eq!(tasks_group(&config).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_group_of_task_events_is_known_where_only_one_is_possible() {
        check(
            "[groups]\ntasks = \"/ecs/all-tasks\"\n",
            Some("/ecs/all-tasks"),
        );
        check(
            "[groups]\ntasks = \"/x/{stage}/tasks\"\n[stages.staging]\n",
            Some("/x/staging/tasks"),
        );
        check("[groups]\ntasks = \"/x/{stage}/tasks\"\n", None);
        check("[stages.staging]\n[stages.production]\n", None);
    }
}
