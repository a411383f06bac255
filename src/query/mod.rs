//! Queries: the Logs Insights language, from its text to the rows it gives.
//!
//! ```text
//! text → token → ast → resolve → plan → optimize → exec
//! ```
//!
//! Each phase is a module of its own and each tree prints itself. Nothing here reads files, clocks or the
//! environment: what a query needs of those stands in [`Settings`].

pub mod aggregates;
pub mod ast;
mod eval;
pub mod exec;
pub mod explain;
pub mod fields;
pub mod functions;
mod key;
pub mod lexer;
pub mod lookup;
mod need;
pub mod optimize;
pub mod parser;
mod passing;
pub mod plan;
pub mod portability;
mod presence;
mod print;
pub mod printed;
mod program;
pub mod reference;
pub mod resolve;
pub mod tables;
mod template;
pub mod token;

use crate::time::Timestamp;

pub use exec::{EventKey, Exceeded, Head, Partial, Results, Tail};
pub use fields::{Extras, FieldSet, Reader, Slots};
pub use lookup::{LookupTable, LookupTables};
pub use program::Program;

/// Which rows a query starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Log events with the fields of their JSON.
    Events,
    /// Runs of batches, migrations and tasks, with the columns of the runs table.
    Runs,
}

/// What a query's meaning depends on beside its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The rows it starts from.
    pub table: Table,
    /// The instant that `now()` gives.
    pub now: Timestamp,
    /// The first and the last instant asked for, both included; for `queryStartTime()` and its like.
    pub window: Option<(Timestamp, Timestamp)>,
    /// How many rows a query without `limit` gives at most; `None` for all of them.
    pub default_limit: Option<u64>,
}
