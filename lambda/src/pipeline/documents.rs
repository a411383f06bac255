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
//! | `budget` | sink | how many messages it had in this minute |

use std::collections::BTreeMap;

use logq::alert::{Alert, identity};
use logq::severity::Severity;
use logq::state::Key;
use logq::time::Timestamp;
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

/// How many events a memory knows again; of a storm beyond that, what is delivered twice is counted twice.
const KNOWN_AGAIN: usize = 4096;
/// How many characters of an identity are kept.
const IDENTITY: usize = 12;

/// Returns the instant so many milliseconds after another.
pub(crate) fn after(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp(at.as_millis().saturating_add(millis))
}

/// What is known of a task, or of a stream that names none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskDocument {
    /// The log streams of its containers.
    pub(crate) streams: Vec<StreamSeen>,
    /// The last ECS event, as it was written.
    pub(crate) ecs: Option<String>,
    /// The stage whose group the ECS event was written to.
    pub(crate) stage: String,
    /// How bad what each rule found in it was; none for what went well.
    pub(crate) judged: BTreeMap<String, Option<Severity>>,
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
    },
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
    /// Beginnings of the identities of the events that were counted last, one behind the other.
    #[serde(default)]
    counted: String,
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

impl MemoryDocument {
    /// Counts an event; false when it was counted before.
    pub(crate) fn count(&mut self, identity: &str) -> bool {
        let short = &identity[..IDENTITY.min(identity.len())];
        let known = self.counted.as_bytes().chunks(IDENTITY);
        if known.into_iter().any(|known| known == short.as_bytes()) {
            return false;
        }
        if self.counted.len() >= KNOWN_AGAIN * IDENTITY {
            self.counted.drain(..IDENTITY * KNOWN_AGAIN / 8);
        }
        self.counted.push_str(short);
        true
    }
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
}

/// A sink that does not have an alert yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Its name.
    pub(crate) sink: String,
    /// When it may be asked again.
    #[serde(default)]
    pub(crate) not_before: Option<Timestamp>,
}

impl Waiting {
    pub(crate) fn new(sink: &str) -> Self {
        Self {
            sink: sink.to_owned(),
            not_before: None,
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
    fn an_event_is_counted_once_among_the_last() {
        let mut document = MemoryDocument::default();
        let identity = |number: usize| format!("{number:032}").chars().rev().collect::<String>();
        let mut count = |number| document.count(&identity(number));
        assert!(count(1) && count(2));
        assert!(!count(1) && !count(2));
        assert!((3..9000).all(&mut count));
        assert!(!count(8999), "of the last ones each is known again");
        assert!(count(1), "of the first ones none is");
        assert!(document.counted.len() <= KNOWN_AGAIN * IDENTITY);
    }

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
