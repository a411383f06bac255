//! Flags about what is printed.
#![allow(clippy::doc_markdown, reason = "the doc comments are help texts")]

use clap::{ArgAction, Args, ValueEnum};

use crate::render::Format;

/// What is printed, and how the program ends.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output (see `logq help output`)")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::cli) struct OutputArgs {
    /// Print `table`, `json`, `ndjson`, `csv` or `raw` [env: LOGQ_OUTPUT]
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    pub(in crate::cli) output: Option<OutputFormat>,

    /// Print at most so many rows, 0 for all; default: 10000
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    pub(in crate::cli) limit: Option<u64>,

    /// Use colour always, never, or on a terminal [env: LOGQ_COLOR]
    #[arg(long, global = true, value_name = "WHEN", hide_short_help = true)]
    pub(in crate::cli) color: Option<ColorChoice>,

    /// Print long tables straight to the terminal [env: LOGQ_PAGER, PAGER]
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) no_pager: bool,

    /// Begin `csv` with a byte order mark, for spreadsheets
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) bom: bool,

    /// Exit with 3 when there are rows
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) fail_on_match: bool,

    /// Exit with 3 when there are no rows
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) fail_on_empty: bool,

    /// Say nothing but the answer and errors
    #[arg(short, long, global = true, hide_short_help = true)]
    pub(in crate::cli) quiet: bool,

    /// Say more about what is done; repeatable
    #[arg(short, long, global = true, action = ArgAction::Count, hide_short_help = true)]
    pub(in crate::cli) verbose: u8,
}

/// The formats as spelled on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OutputFormat {
    /// Aligned columns, for people
    Table,
    /// One document: what was asked, and the rows
    Json,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a head row
    Csv,
    /// Messages as they are
    Raw,
}

impl From<OutputFormat> for Format {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Table => Self::Table,
            OutputFormat::Json => Self::Json,
            OutputFormat::Ndjson => Self::Ndjson,
            OutputFormat::Csv => Self::Csv,
            OutputFormat::Raw => Self::Raw,
        }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColorChoice {
    /// Where the stream is a terminal
    Auto,
    /// Also into files and pipes
    Always,
    /// Nowhere
    Never,
}
