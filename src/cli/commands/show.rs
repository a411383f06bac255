//! `logq show TASK`: one run as somebody on call wants to read it.

use super::super::context::Context;
use super::super::{Exit, Failure};

/// Show one run: what it was, how it ended, its lines
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq show 7f3a9c --source logs/
  logq show 7f3a9c --lines 200
  logq show 7f3a9c -o json")]
pub(in crate::cli) struct Args {
    /// The task's id, or the beginning of it
    task: String,

    /// Show so many of its last lines, 0 for all
    #[arg(long, value_name = "N", default_value_t = 40)]
    lines: usize,
}

pub(in crate::cli) fn run(_context: &Context, args: &Args) -> Result<Exit, Failure> {
    Err(Failure::incomplete(format!(
        "cannot show `{}` (the last {} lines) yet",
        args.task, args.lines
    )))
}
