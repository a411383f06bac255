//! The command line: arguments, environment, terminal, exit codes.
//!
//! A call goes through three steps. `tree` builds the commands, the saved queries among them, and parses the
//! arguments without looking at anything else. `context` then resolves what they depend on: configuration,
//! clock, zone, terminal, source. A file of `commands` does the work and returns an [`Exit`] or a [`Failure`].
//!
//! Everything below this module is told what it needs; what is looked up in the environment is looked up here.

mod args;
#[cfg(feature = "aws")]
mod aws;
mod commands;
mod completions;
#[cfg(feature = "aws")]
mod confirm;
mod context;
#[cfg(feature = "aws")]
mod copies;
mod environment;
mod exit;
mod failure;
mod guide;
mod hint;
#[cfg(feature = "aws")]
mod insights;
mod interrupt;
mod opened;
mod output;
mod pager;
mod parse;
mod progress;
mod reader;
mod run;
mod scope;
mod sheet;
#[cfg(feature = "aws")]
mod shell;
mod source;
mod tables;
mod tail;
mod terminal;
mod tree;
mod watched;

use std::process::ExitCode;

pub use exit::Exit;
pub use failure::Failure;

use environment::Environment;
use terminal::Streams;

/// Runs the program on the process's own arguments and streams.
pub fn main() -> ExitCode {
    exit::report_panics();
    let environment = Environment::of_process();
    let streams = Streams::of_process();
    if completions::answered(&environment) {
        return ExitCode::SUCCESS;
    }
    let exit = match parse::run(&environment, &streams) {
        Ok(exit) => exit,
        Err(failure) => {
            let color = parse::wants_color_early(&environment, &streams);
            output::complain(&failure.render(color));
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}
