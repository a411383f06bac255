//! Rows and events to bytes: for people (`table`, `pretty`) and for programs (`json`, `ndjson`, `csv`, `raw`).
//!
//! A [`Renderer`] takes rows one after the other and appends to a buffer that the caller empties; nothing here
//! writes to a terminal or knows whether there is one. Width, colour and zone are in [`Look`]. Machine formats do
//! not depend on it: their times are UTC, their order is that of the rows.

mod csv;
mod events;
mod json;
pub mod paint;
mod pretty;
mod raw;
mod table;
mod width;

use crate::row::{Columns, Row};
use crate::time::{Window, Zone};

pub use crate::diagnostic::escape;
pub use events::Events;
pub use json::{tame_json, write_document, write_run_document, write_value};
pub use paint::Paint;
pub use pretty::Pretty;

/// The version of the document that `json` prints.
pub const SCHEMA: &str = "logq.rows.v1";

/// The version of the document that `json` prints of one run.
pub const RUN_SCHEMA: &str = "logq.run.v1";

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns, for people.
    Table,
    /// One document with the rows and what was asked.
    Json,
    /// One object a line.
    Ndjson,
    /// Comma-separated values with a head row.
    Csv,
    /// Messages as they are.
    Raw,
}

/// How things look for people.
#[derive(Clone, Debug)]
pub struct Look {
    /// The zone that times print in.
    pub zone: Zone,
    /// The columns of the terminal; `None` when there is none to fit.
    pub width: Option<usize>,
    /// Whether to use colour.
    pub color: bool,
    /// The columns that a character of ambiguous width takes: 1 or 2.
    pub ambiguous_width: usize,
    /// Columns that hold seconds and read better as `3 min 12 s`.
    pub durations: &'static [&'static str],
    /// Whether `csv` begins with a byte order mark.
    pub bom: bool,
}

/// What was asked, for formats that say so.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The query's text; `None` where the answer is not that of a query.
    pub query: Option<String>,
    /// The window asked for.
    pub window: Window,
}

/// What is known once all rows are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whether everything was read.
    pub complete: bool,
    /// Whether a limit cut rows off.
    pub truncated: bool,
}

/// Writes one answer, row by row.
pub trait Renderer {
    /// Begins the answer.
    fn start(&mut self, columns: &Columns, out: &mut Vec<u8>);
    /// Adds a row; its columns are those the answer began with.
    fn row(&mut self, row: &Row, out: &mut Vec<u8>);
    /// Ends the answer. Formats that have to see all rows first write everything here.
    fn finish(&mut self, ending: Ending, out: &mut Vec<u8>);
    /// Returns the columns that did not fit the terminal, once the answer has ended.
    fn left_out(&self) -> &[String] {
        &[]
    }
}

/// Returns the renderer of a format.
pub fn renderer(format: Format, look: &Look, question: Question) -> Box<dyn Renderer> {
    match format {
        Format::Table => Box::new(table::Table::new(look.clone())),
        Format::Json => Box::new(json::Document::new(question)),
        Format::Ndjson => Box::new(json::Lines),
        Format::Csv => Box::new(csv::Csv::new(look)),
        Format::Raw => Box::new(raw::Raw::default()),
    }
}

impl Format {
    /// All formats, in the order in which help lists them.
    pub const ALL: [Self; 5] = [Self::Table, Self::Json, Self::Ndjson, Self::Csv, Self::Raw];

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Raw => "raw",
        }
    }
}

#[cfg(test)]
mod tests;
