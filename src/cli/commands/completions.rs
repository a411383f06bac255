//! `logq completions SHELL`.

use super::super::{Exit, Failure, completions};

/// Print a script that completes commands, saved queries, parameters and stages
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq completions bash > ~/.local/share/bash-completion/completions/logq
  logq completions zsh > ~/.zfunc/_logq
  logq completions fish > ~/.config/fish/completions/logq.fish")]
pub(in crate::cli) struct Args {
    /// The shell
    shell: completions::Shell,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit, Failure> {
    completions::print_script(args.shell)?;
    Ok(Exit::Done)
}
