//! A run: one execution of a batch or migration, as it is reported.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decode::exception::ErrorInfo;
use crate::detect::migration::Migration;
use crate::detect::note::Note;
use crate::detect::order::Place;
use crate::detect::transcript::Counts;
use crate::event::Origin;
use crate::time::Timestamp;
use crate::value::Value;

/// One execution, from all that is known about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What was executed.
    pub kind: RunKind,
    /// What a person calls it.
    pub name: String,
    /// Whether the name tells what ran, so that runs of that name are runs of one thing.
    pub is_named: bool,
    /// The command, where the ECS event has one.
    pub command: Option<String>,
    /// The stage; empty when unknown.
    pub stage: String,
    /// The service whose log it wrote, or would have written; empty when unknown.
    pub service: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, when it did not end well.
    pub cause: Option<Cause>,
    /// What the outcome was told by, in words, the strongest first.
    pub evidence: Vec<String>,
    /// Whether a program of it crashed, however the task ended.
    pub crash_seen: bool,
    /// A fact beside the outcome that somebody should know.
    pub note: Option<Note>,
    /// Whether the end is known, and no event that could change the outcome is to be expected.
    pub settled: bool,
    /// When it started: as ECS says, else its first event.
    pub started: Option<Timestamp>,
    /// When it ended: as ECS says, else its last event; `None` while it runs.
    pub ended: Option<Timestamp>,
    /// When its last event was logged.
    pub last_seen: Timestamp,
    /// The exit code of the main container.
    pub exit_code: Option<i64>,
    /// What ECS says about the stop, in its own words.
    pub stop_reason: Option<String>,
    /// The error that ended it, or the last one it logged.
    pub error: Option<ErrorInfo>,
    /// Where the event stands that names the error.
    pub error_at: Option<Place>,
    /// How many events it wrote.
    pub counts: Counts,
    /// What it did to the database's schema.
    pub migration: Option<Migration>,
    /// The ECS task id.
    pub task: Option<String>,
    /// The ECS cluster, where an ECS event was seen.
    pub cluster: Option<String>,
    /// The region, where an ECS event was seen.
    pub region: Option<String>,
    /// The log stream.
    pub origin: Origin,
    /// Where its first event stands.
    pub first: Option<Place>,
    /// Where its last event stands.
    pub last: Option<Place>,
    /// The address of a page that shows it; whoever knows the region fills it in.
    pub link: Option<String>,
}

/// What was executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunKind {
    /// A task of the batch service.
    #[default]
    Batch,
    /// `manage.py migrate`
    Migration,
    /// Another task.
    Task,
}

/// How a run ended.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Well.
    Succeeded,
    /// Not at all well.
    Failed,
    /// Well, as far as is known, but it logged errors.
    Errored,
    /// It has not ended yet.
    #[default]
    Running,
    /// What is known contradicts itself, or does not tell.
    Unknown,
}

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The exit code was not 0, and nothing more is known.
    ExitCode,
    /// An exception left the program.
    Exception,
    /// The command refused its work, or was not called rightly.
    CommandError,
    /// The container had too little memory.
    Oom,
    /// A signal ended it.
    Signal,
    /// No process of it ever ran.
    NeverStarted,
    /// Its capacity was taken back.
    Spot,
    /// It was told to stop.
    Stopped,
}

impl RunKind {
    /// Returns the name in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Migration => "migration",
            Self::Task => "task",
        }
    }
}

impl Outcome {
    /// Those that a run may have of which no line tells anything bad.
    pub const QUIET: [Self; 3] = [Self::Succeeded, Self::Running, Self::Unknown];

    /// Returns the name in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Running => "running",
            Self::Unknown => "unknown",
        }
    }
}

impl Cause {
    /// Returns the name in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExitCode => "exit_code",
            Self::Exception => "exception",
            Self::CommandError => "command_error",
            Self::Oom => "oom",
            Self::Signal => "signal",
            Self::NeverStarted => "never_started",
            Self::Spot => "spot",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Run {
    /// The fields of the table `runs`, in the order in which they are documented.
    pub const COLUMNS: &'static [&'static str] = crate::row::RUNS;

    /// Returns when the run ended, or its last event: what the table is sorted by.
    pub fn timestamp(&self) -> Timestamp {
        self.ended.unwrap_or(self.last_seen)
    }

    /// Returns how long it took, in seconds.
    pub fn duration(&self) -> Option<f64> {
        let millis = self.ended?.0.checked_sub(self.started?.0)?;
        Some(millis.max(0) as f64 / 1000.0)
    }

    /// Returns what the run is known by: its task, else its stream.
    pub fn id(&self) -> String {
        match &self.task {
            Some(task) => task.clone(),
            None => format!("{}:{}", self.origin.group, self.origin.stream),
        }
    }

    /// Returns the value of a field of the table; `Null` where the run has none, and for other names.
    pub fn field(&self, name: &str) -> Value<'_> {
        match name {
            "kind" => text(self.kind.as_str()),
            "name" => text(&self.name),
            "command" => maybe(self.command.as_deref()),
            "stage" => text(&self.stage),
            "outcome" => text(self.outcome.as_str()),
            "cause" => maybe(self.cause.map(Cause::as_str)),
            "@timestamp" => time(self.timestamp().known()),
            "started" => time(self.started),
            "ended" => time(self.ended),
            "duration" => self.duration().map_or(Value::Null, Value::number),
            "exit_code" => self.exit_code.map_or(Value::Null, Value::integer),
            "stop_reason" => maybe(self.stop_reason.as_deref()),
            "errors" => Value::integer(self.counts.errors as i64),
            "warnings" => Value::integer(self.counts.warnings as i64),
            "events" => Value::integer(self.counts.events as i64),
            "task" => maybe(self.task.as_deref()),
            "@log" => text(&self.origin.group),
            "@logStream" => text(&self.origin.stream),
            "link" => maybe(self.link.as_deref()),
            _ => self
                .error_field(name)
                .or_else(|| self.migration_field(name))
                .unwrap_or_default(),
        }
    }

    fn error_field(&self, name: &str) -> Option<Value<'_>> {
        let part = name.strip_prefix("error.")?;
        let error = self.error.as_ref()?;
        Some(match part {
            "type" => text(&error.kind),
            "message" => text(&error.message),
            "cause" => maybe(error.cause.as_deref()),
            "culprit" => maybe(error.culprit.as_deref()),
            "traceback" => text(&error.traceback),
            "fingerprint" => text(&error.fingerprint),
            _ => return None,
        })
    }

    fn migration_field(&self, name: &str) -> Option<Value<'_>> {
        let part = name.strip_prefix("migration.")?;
        let migration = self.migration.as_ref()?;
        let list = |names: Vec<&str>| {
            Value::List(
                names
                    .into_iter()
                    .map(|name| Value::Text(Cow::Owned(name.to_owned())))
                    .collect(),
            )
        };
        Some(match part {
            "applied" => list(migration.applied()),
            "unapplied" => list(migration.unapplied()),
            "failed" => maybe(migration.failed.as_deref()),
            _ => return None,
        })
    }
}

/// Returns text as a value; empty text is no value.
fn text(text: &str) -> Value<'_> {
    maybe(Some(text).filter(|text| !text.is_empty()))
}

fn time(at: Option<Timestamp>) -> Value<'static> {
    at.map_or(Value::Null, Value::Timestamp)
}

fn maybe(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_field() {
        let run = Run {
            error: Some(ErrorInfo {
                kind: "KeyError".to_owned(),
                message: "'price'".to_owned(),
                cause: Some("OSError".to_owned()),
                culprit: Some("f (a.py:1)".to_owned()),
                traceback: "Traceback".to_owned(),
                fingerprint: "v1:0".to_owned(),
                ..ErrorInfo::default()
            }),
            migration: Some(Migration {
                failed: Some("a.0001_x".to_owned()),
                ..Migration::default()
            }),
            name: "sync".to_owned(),
            command: Some("python manage.py sync".to_owned()),
            stage: "production".to_owned(),
            cause: Some(Cause::Exception),
            started: Some(Timestamp(1000)),
            ended: Some(Timestamp(3500)),
            exit_code: Some(1),
            stop_reason: Some("Essential container in task exited".to_owned()),
            task: Some("t".to_owned()),
            origin: Origin::new("/ecs/production-batch", "ecs/batch/t"),
            link: Some("https://example.com".to_owned()),
            ..Run::default()
        };
        for column in Run::COLUMNS {
            assert_ne!(run.field(column), Value::Null, "{column}");
        }
        assert_eq!(run.field("duration"), Value::Number(2.5));
        assert_eq!(run.field("nothing"), Value::Null);
    }
}
