//! `logq explain NAME|'QL'`: how a query is read and run.

use super::super::context::Context;
use super::super::{Exit, Failure};

/// Explain how a query is read, planned and run
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq explain batch-failures
  logq explain 'filter levelname = \"ERROR\" | stats count(*) by name'")]
pub(in crate::cli) struct Args {
    /// The name of a saved query, or a query
    #[arg(value_name = "NAME|QUERY")]
    query: String,

    /// Set parameters of the saved query
    #[arg(value_name = "PARAM=VALUE")]
    params: Vec<String>,

    /// Start from this table: events or runs
    #[arg(long = "from", value_name = "TABLE", id = "from")]
    table: Option<String>,
}

pub(in crate::cli) fn run(_context: &Context, args: &Args) -> Result<Exit, Failure> {
    Err(Failure::incomplete(format!(
        "cannot explain `{}` yet {:?} {:?}",
        args.query, args.params, args.table
    )))
}
