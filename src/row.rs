//! One result of a query: values beside the columns they belong to, and the columns that runs have.

use std::sync::Arc;

use crate::value::Value;

/// The names of a result's columns, in order, shared by all its rows.
pub type Columns = Arc<[Arc<str>]>;

/// The columns of the table `runs`, in the order in which they are documented: detection fills them in, queries name
/// them.
pub const RUNS: &[&str] = &[
    "kind",
    "name",
    "command",
    "stage",
    "outcome",
    "cause",
    "@timestamp",
    "started",
    "ended",
    "duration",
    "exit_code",
    "stop_reason",
    "error.type",
    "error.message",
    "error.cause",
    "error.culprit",
    "error.traceback",
    "error.fingerprint",
    "errors",
    "warnings",
    "events",
    "migration.applied",
    "migration.unapplied",
    "migration.failed",
    "task",
    "@log",
    "@logStream",
    "link",
];

/// One result row; a value is `Null` where the row does not have the field.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The columns the values stand under.
    pub columns: Columns,
    /// As many values as columns.
    pub values: Vec<Value<'static>>,
}

impl Row {
    /// Returns the value under `name`; `Null` when there is no such column.
    pub fn get(&self, name: &str) -> &Value<'static> {
        static NULL: Value<'static> = Value::Null;
        let at = self.columns.iter().position(|column| **column == *name);
        at.map_or(&NULL, |at| &self.values[at])
    }
}
