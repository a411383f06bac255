//! `logq cache`: what was read from CloudWatch Logs and is kept.

use super::super::aws;
use super::super::context::Context;
use super::super::output::{self, counted, size};
use super::super::{Exit, Failure};
use crate::cloudwatch::Stock;
use crate::render::Format;
use crate::value::Value;

/// Show or clear what is kept of CloudWatch Logs
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq cache                  where it is and how much it holds
  logq cache -o json
  logq cache clear")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Show where the cache is and how much it holds
    Info,
    /// Remove all of it
    Clear,
}

impl Args {
    /// Returns whether something is removed.
    pub(in crate::cli) fn changes(&self) -> bool {
        matches!(self.action, Some(Action::Clear))
    }
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let cache = aws::cache(context).ok_or_else(|| {
        Failure::usage("there is no folder for a cache")
            .hint("set HOME or XDG_CACHE_HOME".to_owned())
    })?;
    let folder = cache.folder().display().to_string();
    match args.action.unwrap_or(Action::Info) {
        Action::Info => tell(context, &folder, cache.stock())?,
        Action::Clear if context.dry_run => {
            let stock = cache.stock();
            let files = counted(stock.files, "file", "files");
            let words = format!("dry run: {files}, {} would be removed", size(stock.bytes));
            context.notices.remark(&words);
        }
        Action::Clear => {
            let cleared = cache.clear().map_err(|error| {
                Failure::incomplete(format!("cannot clear `{folder}`")).cause(error.to_string())
            })?;
            let files = counted(cleared.files, "file", "files");
            let words = format!("removed {files}, {}", size(cleared.bytes));
            context.notices.remark(&words);
        }
    }
    Ok(Exit::Done)
}

/// Prints where the cache is and how much it holds: a sentence for people, a row for programs.
fn tell(context: &Context, folder: &str, stock: Stock) -> Result<(), Failure> {
    let most = context.config.cloudwatch.cache_size;
    if matches!(context.format(), Format::Table | Format::Raw) {
        let files = counted(stock.files, "file", "files");
        let (bytes, most) = (size(stock.bytes), size(most));
        return output::print_text(&format!("{folder}: {files}, {bytes} of at most {most}\n"));
    }
    let number = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
    let row = [
        Value::from(folder.to_owned()),
        number(stock.files),
        number(stock.bytes),
        number(most),
    ];
    let names = ["folder", "files", "bytes", "most_bytes"];
    output::print(context, &output::rows(context, names, [row], true))
}
