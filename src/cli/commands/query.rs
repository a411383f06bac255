//! `logq query 'QL'`.

use super::super::context::Context;
use super::super::{Exit, Failure};
use super::ask::{self, Question};
use crate::query::Table;
use crate::suggest::did_you_mean;

/// Run a query in the Logs Insights language
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq query 'filter levelname = \"ERROR\" | fields @timestamp, name, message' --since 2h
  logq query 'stats count(*) by name, bin(1h)' --source logs/
  logq query 'filter outcome = \"failed\" | display name, cause' --from runs
  logq query 'stats pct(duration_ms, 95) by name' -p '{ $.name = \"booking.*\" }' -o json")]
pub(in crate::cli) struct Args {
    /// The query; see `logq help query`
    #[arg(value_name = "QUERY")]
    query: String,

    /// Look only at events that match this filter pattern
    #[arg(short, long, value_name = "PATTERN")]
    pattern: Option<String>,

    /// Start from this table: events or runs
    // The same id as the hidden twin of `--since`, so that here it means the table. Both end up in one value.
    #[arg(long = "from", value_name = "TABLE", id = "from")]
    table: Option<String>,
}

/// The tables there are, and will be.
const TABLES: [&str; 3] = ["events", "runs", "schedule"];

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let table = table(args.table.as_deref())?;
    ask::answer(
        context,
        &Question {
            table,
            pattern: args.pattern.as_deref(),
            query: &args.query,
            saved: None,
            groups: &[],
        },
    )
}

/// Reads the name of a table; `--from` with a time is what other tools call `--since`.
pub(in crate::cli) fn table(written: Option<&str>) -> Result<Table, Failure> {
    match written {
        None | Some("events") => Ok(Table::Events),
        Some("runs") => Ok(Table::Runs),
        Some("schedule") => Err(
            Failure::usage("the table `schedule` is not in this version")
                .hint("--from events or --from runs".to_owned()),
        ),
        Some(other) => Err(Failure::usage(format!("there is no table `{other}`")).hint(
            did_you_mean(other, TABLES).unwrap_or_else(|| {
                format!("--from events or --from runs; a time is `--since {other}`")
            }),
        )),
    }
}
