//! `logq cache`: what was read from CloudWatch Logs and is kept.

use super::super::aws;
use super::super::context::Context;
use super::super::output::{self, counted, size};
use super::super::{Exit, Failure};

/// Show or clear what is kept of CloudWatch Logs
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq cache                  where it is and how much it holds
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
        Action::Info => {
            let stock = cache.stock();
            let most = size(context.config.cloudwatch.cache_size);
            let files = counted(stock.files, "file", "files");
            let text = format!(
                "{folder}: {files}, {} of at most {most}\n",
                size(stock.bytes)
            );
            output::print_text(&text)?;
        }
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
