//! Where commands meet the query loop: one function for each thing that reads logs.
//!
//! Commands say what they want in [`Ask`] and take rows through a [`Sink`]; how sources, patterns, queries and
//! runs are joined is not their business.

use std::ops::ControlFlow;

use super::Failure;
use super::context::Context;
use super::source::Source;
use crate::pattern::Pattern;
use crate::query::{Settings, Table};
use crate::render::Events;
use crate::row::{Columns, Row};
use crate::time::Timestamp;

/// A query to run.
pub(super) struct Ask<'a> {
    /// The table it starts from.
    pub(super) table: Table,
    /// The filter pattern in front of it.
    pub(super) pattern: Option<&'a Pattern>,
    /// The query.
    pub(super) query: &'a str,
    /// What to call the query's text in errors.
    pub(super) origin: &'a str,
    /// The line on which the text begins in its file.
    pub(super) first_line: usize,
    /// The logical groups it reads; empty: all. Groups that cannot be told are read too.
    pub(super) groups: &'a [String],
}

/// Takes rows as they come.
pub(super) trait Sink {
    /// Begins the answer; called once, also when there are no rows.
    fn columns(&mut self, columns: &Columns);
    /// Takes a row; `Break` when no more are wanted.
    fn row(&mut self, row: &Row) -> ControlFlow<()>;
}

/// What is known beside the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// Whether a limit cut rows off.
    pub(super) truncated: bool,
    /// How many rows there would have been, where that is known.
    pub(super) total: Option<u64>,
    /// How many events were read.
    pub(super) events: u64,
    /// How many runs were seen.
    pub(super) runs: u64,
    /// What could not be read, in words.
    pub(super) problems: Vec<String>,
}

impl Answer {
    /// Returns whether everything was read.
    pub(super) fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }
}

/// A query that has been compiled.
pub(super) struct Compiled;

/// Compiles a query; what is wrong with it is told before anything is read.
pub(super) fn compile(context: &Context, ask: &Ask<'_>) -> Result<Compiled, Failure> {
    let _ = settings(context, ask.table);
    Err(not_joined())
}

/// Runs a query over a source.
pub(super) fn query(
    _context: &Context,
    _source: Source,
    _ask: &Ask<'_>,
    _program: Compiled,
    _sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    Err(not_joined())
}

/// Prints the events that match a pattern; `None` for all of them.
///
/// Each thread has a clone of `events` and writes the events of a block to a buffer of its own; `sink` takes these in
/// the source's order, with the number of events in each.
pub(super) fn filter(
    _context: &Context,
    _source: Source,
    _pattern: Option<&Pattern>,
    _events: &Events,
    _sink: &mut dyn FnMut(&[u8], u64) -> ControlFlow<()>,
) -> Result<Answer, Failure> {
    Err(not_joined())
}

/// Returns what a query depends on beside its text.
pub(super) fn settings(context: &Context, table: Table) -> Settings {
    let window = context.window;
    let window = window.since.map(|since| {
        let until = window.until.unwrap_or(context.clock.now);
        (since, Timestamp(until.0 - 1).max(since))
    });
    Settings {
        table,
        now: context.clock.now,
        window,
        default_limit: context.row_limit(),
    }
}

fn not_joined() -> Failure {
    Failure::incomplete("reading logs is not joined to the command line yet")
}
