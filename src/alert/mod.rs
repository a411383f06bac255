//! The alert document: what a person is told, once, about one run or one kind of error.
//!
//! `schema/alert.v1.json` describes it for other programs. [`Subject`] is what happened, read from a run or an
//! event; [`Standing`] is where it stands among others of its kind, which the alert policy knows; together they
//! make an [`Alert`], words first. [`catalog`] has their words in each language, [`redact`] takes secrets out of it, and [`sink`] writes it as each service wants it.
//! When to tell, and where to send, is decided elsewhere.

mod build;
pub mod catalog;
mod id;
pub mod links;
pub mod redact;
#[cfg(test)]
pub(crate) mod schema;
pub mod sink;
mod subject;
#[cfg(test)]
mod tests;
pub mod text;
mod title;

use serde::{Deserialize, Serialize};

use crate::detect::Note;
use crate::language::Language;
use crate::severity::Severity;
use crate::time::Timestamp;

pub use build::{Place, Standing, quoted};
pub use id::identity;

/// The version of the document that this program writes.
pub const VERSION: u32 = 1;

/// One alert; members without a value are left out of its JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// [`VERSION`].
    pub version: u32,
    /// The same failure always has the same id.
    pub id: String,
    /// Whether it is told for the first time, again, or that it is over.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// The saved query that asked for it.
    pub rule: String,
    /// The language of its sentences; left out when it is English.
    #[serde(default, skip_serializing_if = "Language::is_default")]
    pub language: Language,
    /// One sentence that says it all.
    pub title: String,
    /// A few more sentences.
    pub summary: String,
    /// What happened.
    #[serde(flatten)]
    pub subject: Subject,
    /// How much of it there is.
    pub counts: Counts,
    /// When it was first seen since it last was well.
    #[serde(with = "instant")]
    pub first_seen: Timestamp,
    /// When it was last seen.
    #[serde(with = "instant")]
    pub last_seen: Timestamp,
    /// Where to read the lines.
    pub log: Log,
    /// Where to look in a browser.
    pub links: Links,
    /// Who looks after it, from the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The `logq` command that shows it.
    pub command: String,
}

/// Why an alert is told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// For the first time.
    Firing,
    /// It still happens.
    Repeat,
    /// It works again.
    Resolved,
}

impl Status {
    /// Returns the word used in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Repeat => "repeat",
            Self::Resolved => "resolved",
        }
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A scheduled command.
    Batch,
    /// A run of `manage.py migrate`.
    Migration,
    /// Another one-off task.
    Task,
    /// A kind of error in a service.
    #[default]
    Error,
}

impl Kind {
    /// Returns the word used in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Migration => "migration",
            Self::Task => "task",
            Self::Error => "error",
        }
    }
}

/// What happened: the members that come from the run or the event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// The stage, such as `production`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The service, such as `batch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What it is about.
    pub kind: Kind,
    /// The batch's name, or what an error is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// What tells that it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When the run started.
    #[serde(
        default,
        with = "instant::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub started: Option<Timestamp>,
    /// When the run ended.
    #[serde(
        default,
        with = "instant::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended: Option<Timestamp>,
    /// How many seconds it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The exit code of the main container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// The exception or logged error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What became of the migrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migrations>,
    /// The ECS task, for the command that shows it.
    #[serde(skip)]
    pub task: Option<String>,
    /// ECS's words on why the task stopped; told in the title when nothing else is known.
    #[serde(skip)]
    pub stop_reason: Option<String>,
    /// A fact beside the outcome that somebody should know.
    #[serde(skip)]
    pub note: Option<Note>,
    /// How many errors a run logged, for the title.
    #[serde(skip)]
    pub errors: u64,
    /// How many events the run has.
    #[serde(skip)]
    pub events: u64,
    /// Where the lines are.
    #[serde(skip)]
    pub log: Log,
}

/// The error an alert is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exception's type, as Python prints it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The exception's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The innermost frame of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culprit: Option<String>,
    /// The traceback as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceback: Option<String>,
    /// What tells this kind of error from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// What the fingerprint was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouped_by: Option<String>,
}

/// The migrations of a run, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrations {
    /// Those that were applied.
    pub applied: Vec<String>,
    /// Those that were taken back.
    pub unapplied: Vec<String>,
    /// The one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events of the run, or 1 for an error's event.
    pub events: u64,
    /// How often it has happened since it was first seen, this time included.
    pub occurrences: u64,
    /// How many of those were not told one by one since the last alert.
    pub suppressed: u64,
}

/// Where the lines are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The log group; empty when nothing tells.
    pub group: String,
    /// The log stream; empty when nothing tells.
    pub stream: String,
    /// The time of the first line.
    #[serde(
        default,
        with = "instant::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_timestamp: Option<Timestamp>,
    /// The service's id of the event that carries the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// Where to look in a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// The lines in the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// A Logs Insights query over the lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insights: Option<String>,
    /// What to do about it, from the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
}

impl Alert {
    /// Returns the document as one line of JSON.
    ///
    /// # Panics
    ///
    /// Never: every member has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("all members have a JSON form")
    }
}

/// Instants in documents: RFC 3339 UTC with milliseconds.
mod instant {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::time::Timestamp;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature is serde's"
    )]
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(input)?;
        let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Timestamp(at.as_millisecond()))
    }

    pub(super) mod optional {
        use super::{Deserializer, Serializer, Timestamp};

        #[expect(clippy::ref_option, reason = "the signature is serde's")]
        pub(in super::super) fn serialize<S: Serializer>(
            at: &Option<Timestamp>,
            out: S,
        ) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => super::serialize(at, out),
                None => out.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            input: D,
        ) -> Result<Option<Timestamp>, D::Error> {
            super::deserialize(input).map(Some)
        }
    }
}
