//! Saved queries: one file of `queries/` each, with parameters, an alert section and tests of its own.
//!
//! A file is read into a [`SavedQuery`] (`reader`), gathered with its neighbours into a [`Catalog`]
//! (`catalog`), and turned into text to compile by filling in its parameters (`expand`, `quote`). Nothing
//! here runs a query: `drive` and `watch` do.

mod catalog;
mod expand;
mod key;
mod name;
mod quote;
mod reader;
#[cfg(test)]
mod tests;
mod written;

use std::ops::Range;

use crate::diagnostic::Diagnostics;
use crate::severity::Severity;

pub use catalog::{Catalog, Mistake, builtin};
pub use expand::{Expanded, Located, ParameterError};
pub use name::{RESERVED, file_name, is_param};
pub use written::{Draft, quoted};

/// One file of `queries/`, read and checked; its query text is not compiled yet.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedQuery {
    /// The file's name without `.toml`: the command that runs it.
    pub name: String,
    /// The file itself, for messages that point into it.
    pub file: SourceFile,
    /// A short heading.
    pub title: String,
    /// One or two sentences on what it shows.
    pub description: String,
    /// Which table it reads.
    pub from: Input,
    /// The logical log groups it reads, such as `batch`; never empty.
    pub groups: Vec<String>,
    /// The filter pattern in front of the query, with its parameters still in it.
    pub filter: Option<Template>,
    /// The query, with its parameters still in it.
    pub query: Template,
    /// The parameters, by name.
    pub params: Vec<Param>,
    /// What to tell whom, where the query is also watched for.
    pub alert: Option<AlertRule>,
    /// The examples in the file, in order.
    pub tests: Vec<Case>,
}

/// Where a saved query was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path as a person would open it; `queries/NAME.toml` for those in the binary.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// Whether it came with the binary.
    pub builtin: bool,
}

/// The table that a saved query reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Log events.
    #[default]
    Events,
    /// Runs of batches, migrations and one-off tasks.
    Runs,
    /// What should have run, beside what did.
    Schedule,
}

impl Input {
    /// Returns the word used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Runs => "runs",
            Self::Schedule => "schedule",
        }
    }

    /// Returns the groups that are read when a file names none.
    fn default_groups(self) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Events => &["webapp", "worker", "batch"],
            Self::Runs | Self::Schedule => &["batch", "tasks"],
        };
        names.iter().map(|&name| name.to_owned()).collect()
    }
}

/// A text with parameters in it, and where in the file it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The text as TOML gives it.
    pub text: String,
    /// The line of the file on which the text begins, counted from 1.
    pub first_line: usize,
    /// The bytes of the file that the value takes, quotes included.
    pub span: Range<usize>,
}

/// One parameter of a saved query.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name, as in `batch=sync-reservations`.
    pub name: String,
    /// What it is for, for the help text.
    pub description: String,
    /// The value when none is given; a parameter without one must be given.
    pub default: Option<String>,
    /// What kind of value it takes: that of its default, else text.
    pub kind: ParamKind,
}

/// The kind of value a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Any text; `*` stands for any characters where patterns are read.
    Text,
    /// A number; said by a default that is a TOML number.
    Number,
    /// A period such as `5m`; said by a default that reads as one.
    Period,
}

/// The `[alert]` section: what the rows of the query mean to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// How bad a row is.
    pub severity: Severity,
    /// The columns that tell rows of one alert from those of another.
    pub key: Vec<String>,
    /// How long to stay quiet, in milliseconds, before saying again that it still happens.
    pub repeat: Option<i64>,
    /// How many matching runs in a row it takes, or rows of one key for events; at least 1.
    pub after: u32,
    /// How many in a row are each told by itself before they are only counted; at least 1.
    pub each: u32,
}

/// One `[[tests]]` entry: events of one stream, and what the query makes of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// A sentence that says what is tested.
    pub name: String,
    /// The messages, in order, of one stream.
    pub events: Vec<String>,
    /// Values for the parameters.
    pub params: Vec<(String, String)>,
    /// What the query should give.
    pub rows: Expected,
    /// The line of the file on which the case begins, counted from 1.
    pub line: usize,
}

/// What a test expects of the rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Just so many rows.
    Count(usize),
    /// These rows in order, each with at least these fields, as they print.
    Fields(Vec<Vec<(String, String)>>),
}

impl SavedQuery {
    /// Reads the text of one file; all its mistakes are reported together.
    pub fn parse(name: &str, file: SourceFile) -> Result<Self, Diagnostics> {
        reader::read(name, file)
    }

    /// Returns what is wrong with the groups it names, given those there are; `None` when it knows them all.
    pub fn unknown_groups(&self, known: &[&str]) -> Option<Diagnostics> {
        let problems = reader::unknown_groups(&self.file.text, known);
        (!problems.is_empty()).then_some(Diagnostics(problems))
    }

    /// Returns the parameter of that name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }
}
