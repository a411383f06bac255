//! The recorded log streams of `tests/data/corpus`, and what is known about each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use logq::event::{Event, Origin};
use logq::record::Record;
use logq::time::Timestamp;
use serde::Deserialize;

/// What the manifest says about a stream.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stream {
    pub(crate) file: String,
    #[serde(rename = "logGroup")]
    pub(crate) group: String,
    #[serde(rename = "logStream")]
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) command: String,
    pub(crate) exit_code: i64,
    pub(crate) outcome: String,
    pub(crate) evident: String,
    pub(crate) migrations_applied: Vec<String>,
    pub(crate) migrations_unapplied: Vec<String>,
    #[serde(default)]
    pub(crate) migrations_applied_replica: Vec<String>,
    pub(crate) failed_migration: Option<String>,
    pub(crate) started: i64,
    pub(crate) ended: i64,
    pub(crate) levels: BTreeMap<String, u64>,
    pub(crate) error_type: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) error_event: Option<u64>,
}

/// Something that a stream of `worker/` or `webapp/` tells: a failed task or request, a crash, memory run out.
#[derive(Debug, Deserialize)]
pub(crate) struct Fact {
    pub(crate) file: String,
    pub(crate) event: u64,
}

#[derive(Deserialize)]
struct Line {
    timestamp: i64,
    message: String,
}

/// The events of one stream.
pub(crate) struct Events {
    origin: Origin,
    lines: Vec<Line>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus")
}

/// Reads the lines of a file at `\n` only: messages hold other separators.
fn lines<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let text = std::fs::read_to_string(folder().join(file)).expect("the corpus is there");
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// Returns all streams of the manifest.
pub(crate) fn streams() -> Vec<Stream> {
    lines("manifest.jsonl")
}

/// Returns the facts that were found by reading the services' streams.
pub(crate) fn facts() -> Vec<Fact> {
    lines("../service-facts.jsonl")
}

impl Stream {
    /// Reads the stream's events.
    pub(crate) fn events(&self) -> Events {
        Events {
            origin: Origin::new(self.group.as_str(), self.name.as_str()),
            lines: lines(&self.file),
        }
    }
}

impl Events {
    /// Returns the events as records.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.lines.iter().map(|line| {
            Record::new(Event {
                timestamp: Timestamp(line.timestamp),
                ingestion: None,
                message: line.message.as_bytes(),
                origin: &self.origin,
                id: None,
            })
        })
    }
}
