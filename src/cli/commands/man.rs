//! `logq man DIR`: manual pages from the same tree that parses the arguments.

use std::path::{Path, PathBuf};

use super::super::{Exit, Failure, output, tree};
use crate::saved::Catalog;

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq man ~/.local/share/man/man1")]
pub(in crate::cli) struct Args {
    /// The folder; made when it is not there
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
}

pub(in crate::cli) fn run(args: &Args, catalog: &Catalog) -> Result<Exit, Failure> {
    let folder = &args.folder;
    let count = write_pages(folder, catalog).map_err(|error| {
        Failure::incomplete(format!(
            "cannot write manual pages into `{}`",
            folder.display()
        ))
        .cause(error.to_string())
    })?;
    output::print_text(&format!("{count} pages written to {}\n", folder.display()))?;
    Ok(Exit::Done)
}

/// Writes `logq.1`, and `logq-NAME.1` for each command and each action of one; returns how many.
fn write_pages(folder: &Path, catalog: &Catalog) -> std::io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let root = described(tree::build(catalog, false));
    clap_mangen::generate_to(root.clone(), folder)?;
    Ok(pages(&root))
}

/// Returns the command with every flag described: a page has room for those that short help leaves out.
fn described(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| arg.hide_short_help(false))
        .mut_subcommands(described)
}

fn pages(command: &clap::Command) -> usize {
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    1 + shown.map(pages).sum::<usize>()
}
