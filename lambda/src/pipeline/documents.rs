//! The documents of the pipeline: what is remembered of tasks, of kinds of failures, and of alerts on their way.
//!
//! | partition | one for each | what for |
//! | --- | --- | --- |
//! | `task#ID` | ECS task, or stream without one | its streams, the last ECS event, how it was judged |
//! | `due` | task or stream that waits | what a tick looks at |
//! | `memory#KEY` | key of a rule | the policy's memory, and which events it has counted |
//! | `outbox` | alert on its way | written before it is sent, removed when every sink has it |
//! | `posted` | message of a sink on a key | where to edit and to reply |
//! | `batch` | batch of a stage | when it last went well, and last failed |
//! | `budget` | sink | how many messages it had in this minute, and until when it asked for none |

use std::collections::BTreeMap;

use logq::alert::{Alert, Log, Subject, identity};
use logq::decode::ecs::TaskEvent;
use logq::detect::Outcome;
use logq::severity::Severity;
use logq::state::Key;
use logq::time::Timestamp;
use logq::watch::live::EventIdentity;
use logq::watch::policy::Memory;
use serde::{Deserialize, Serialize};

/// A longer name of a batch is not part of a key, which has at most 1,024 bytes.
const LONGEST_NAME: usize = 400;
const DAY: i64 = 24 * 3_600_000;

/// How long a task is remembered after its last event: longer than any retry of a delivery.
pub(crate) const TASK_KEPT: i64 = 14 * DAY;
/// How long a kind of failure is remembered after it was last seen.
pub(crate) const MEMORY_KEPT: i64 = 60 * DAY;
/// How long an alert that no sink takes is kept.
pub(crate) const OUTBOX_KEPT: i64 = 14 * DAY;
/// How long a message is edited and replied to.
pub(crate) const POSTED_KEPT: i64 = 14 * DAY;
/// How long a batch's last success is remembered.
pub(crate) const BATCH_KEPT: i64 = 400 * DAY;

/// How many errors that wait for more lines are kept of one stream, as they look up to now.
const MOST_AS_IS: usize = 10;

/// Returns the instant so many milliseconds after another.
pub(crate) fn after(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp(at.as_millis().saturating_add(millis))
}

/// What is known of a task, or of a stream that names none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskDocument {
    /// The log streams of its containers.
    pub(crate) streams: Vec<StreamSeen>,
    /// The last ECS event, as far as it is needed: the environment that a task was given may hold secrets.
    #[serde(default)]
    pub(crate) event: Option<TaskEvent>,
    /// The stage whose group the ECS event was written to.
    pub(crate) stage: String,
    /// How bad what each rule found in it was; none for what went well.
    pub(crate) judged: BTreeMap<String, Option<Severity>>,
    /// The key that each rule has counted it as.
    #[serde(default)]
    pub(crate) counted_as: BTreeMap<String, String>,
    /// How each of its runs ended, as it was counted.
    #[serde(default)]
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    /// When it was judged with its end known, unless ECS has said something new since.
    #[serde(default)]
    pub(crate) settled: Option<Timestamp>,
    /// How often a stream could not be read.
    #[serde(default)]
    pub(crate) tries: u32,
}

/// One log stream of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StreamSeen {
    pub(crate) group: String,
    pub(crate) stream: String,
    /// The time of the last event that was delivered.
    pub(crate) last: Timestamp,
}

impl TaskDocument {
    /// Returns how bad the worst that was told of it is.
    pub(crate) fn worst(&self) -> Option<Severity> {
        // Severities are ordered from the worst.
        self.judged.values().copied().flatten().min()
    }

    /// Notes that a stream has events until `last`; returns whether that is news.
    pub(crate) fn note_stream(&mut self, group: &str, stream: &str, last: Timestamp) -> bool {
        let known = |one: &&mut StreamSeen| one.group == group && one.stream == stream;
        if let Some(seen) = self.streams.iter_mut().find(known) {
            let is_news = last > seen.last;
            seen.last = seen.last.max(last);
            return is_news;
        }
        self.streams.push(StreamSeen {
            group: group.to_owned(),
            stream: stream.to_owned(),
            last,
        });
        true
    }

    /// Returns the time of the last event that was delivered.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.streams.iter().map(|seen| seen.last).max()
    }
}

/// Something that has to be looked at when its time comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Due {
    /// A task whose end is known, or that has been quiet for long enough.
    Task {
        /// When.
        at: Timestamp,
        /// Its id.
        id: String,
    },
    /// A stream whose last delivery ended in the middle of an error.
    Open {
        /// When.
        at: Timestamp,
        group: String,
        stream: String,
        /// Where the error begins.
        since: Timestamp,
        /// The time of the last event that was delivered.
        until: Timestamp,
        /// How often the stream could not be read.
        #[serde(default)]
        tries: u32,
        /// What is told if it never can be.
        #[serde(default)]
        as_is: Vec<AsIs>,
    },
}

/// An error as it looks without the lines that stand around it; secrets are taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AsIs {
    /// The rule that is about it, by name.
    pub(crate) rule: String,
    /// What it is one more of.
    pub(crate) key: String,
    pub(crate) at: Timestamp,
    pub(crate) identity: EventIdentity,
    pub(crate) subject: Subject,
    /// Where its lines are, which is no part of a subject's document.
    pub(crate) log: Log,
}

impl Due {
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Task { at, .. } | Self::Open { at, .. } => *at,
        }
    }

    /// Returns the same for a later time, since it could not be done now.
    pub(crate) fn put_off(&self, later: Timestamp) -> Self {
        let mut due = self.clone();
        match &mut due {
            Self::Task { at, .. } => *at = later,
            Self::Open { at, tries, .. } => {
                *at = later;
                *tries += 1;
            }
        }
        due
    }

    /// Adds what was noted of the same stream before.
    pub(crate) fn with_before(mut self, before: Option<Self>) -> Self {
        if let Self::Open {
            since,
            until,
            tries,
            as_is,
            ..
        } = &mut self
            && let Some(Self::Open {
                since: known_since,
                until: known_until,
                tries: known_tries,
                as_is: mut known,
                ..
            }) = before
        {
            *since = known_since.min(*since);
            *until = known_until.max(*until);
            *tries = known_tries;
            as_is.retain(|one| !known.contains(one));
            known.append(as_is);
            known.truncate(MOST_AS_IS);
            *as_is = known;
        }
        self
    }

    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Task { id, .. } => due_task_key(id),
            Self::Open { group, stream, .. } => due_open_key(group, stream),
        }
    }
}

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MemoryDocument {
    /// The policy's memory.
    pub(crate) memory: Option<Memory>,
    /// The events that were counted last, as [`super::counted`] writes them.
    #[serde(default)]
    pub(crate) seen: String,
    /// How many were not told because of a silence, and why.
    #[serde(default)]
    pub(crate) silenced: Option<Silenced>,
}

/// What a silence kept from being told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Silenced {
    pub(crate) count: u64,
    pub(crate) reason: String,
}

/// An alert on its way to the sinks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) alert: Alert,
    /// The key that it tells of: what its messages are edited and replied to by.
    pub(crate) key: String,
    /// The sinks that do not have it yet.
    pub(crate) waiting: Vec<Waiting>,
    /// Until when another invocation has it in hand.
    #[serde(default)]
    pub(crate) claimed: Option<Timestamp>,
    /// How often a sink did not take it.
    #[serde(default)]
    pub(crate) tries: u32,
}

/// A sink that does not have an alert yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Its name.
    pub(crate) sink: String,
}

impl Waiting {
    pub(crate) fn new(sink: &str) -> Self {
        Self {
            sink: sink.to_owned(),
        }
    }
}

/// When a batch last ended, by how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastRuns {
    pub(crate) success: Option<Timestamp>,
    pub(crate) failure: Option<Timestamp>,
}

/// How many messages a sink had in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Budget {
    /// Minutes since 1970.
    pub(crate) minute: i64,
    pub(crate) sent: u32,
    pub(crate) storms: u32,
    /// Until when the sink has asked not to be sent anything.
    #[serde(default)]
    pub(crate) paused: Option<Timestamp>,
}

pub(crate) const DUE: &str = "due";
pub(crate) const OUTBOX: &str = "outbox";

pub(crate) fn task_key(id: &str) -> Key {
    Key::new(format!("task#{id}"), "task")
}

pub(crate) fn due_task_key(id: &str) -> Key {
    Key::new(DUE, format!("task#{id}"))
}

pub(crate) fn due_open_key(group: &str, stream: &str) -> Key {
    // The two names may be longer together than the second part of a key may be.
    Key::new(DUE, format!("open#{}", identity(&[group, stream])))
}

pub(crate) fn memory_key(key: &str) -> Key {
    Key::new(format!("memory#{key}"), "memory")
}

pub(crate) fn outbox_key(alert: &str) -> Key {
    Key::new(OUTBOX, alert)
}

pub(crate) fn posted_key(sink: &str, key: &str) -> Key {
    Key::new("posted", format!("{sink}#{key}"))
}

pub(crate) fn batch_key(stage: &str, name: &str) -> Key {
    let name = if name.len() > LONGEST_NAME {
        identity(&[name])
    } else {
        name.to_owned()
    };
    Key::new("batch", format!("{stage}#{name}"))
}

pub(crate) fn budget_key(sink: &str) -> Key {
    Key::new("budget", sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_noted_once() {
        let mut task = TaskDocument::default();
        assert!(task.note_stream("g", "s", Timestamp(5)));
        assert!(!task.note_stream("g", "s", Timestamp(4)));
        assert!(task.note_stream("g", "s", Timestamp(6)));
        assert!(task.note_stream("g", "sidecar", Timestamp(1)));
        assert_eq!((task.streams.len(), task.last()), (2, Some(Timestamp(6))));
    }
}
