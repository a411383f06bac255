//! One file for each command: its arguments, whose doc comments are the help, and what it does.

pub(super) mod ask;
#[cfg(feature = "aws")]
pub(super) mod cache;
pub(super) mod completions;
pub(super) mod demo;
pub(super) mod doctor;
pub(super) mod explain;
pub(super) mod filter;
pub(super) mod help;
pub(super) mod init;
pub(super) mod man;
#[cfg(feature = "aws")]
pub(super) mod pull;
pub(super) mod queries;
pub(super) mod query;
pub(super) mod replay;
pub(super) mod run;
mod service;
pub(super) mod show;
#[cfg(feature = "aws")]
pub(super) mod silence;
pub(super) mod tail;

use super::args::Command;
use super::context::Context;
use super::{Exit, Failure};

/// Runs a command that needs the context.
pub(super) fn run_command(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) => run::run(context, args),
        Command::Query(args) => query::run(context, args),
        Command::Filter(args) => filter::run(context, args),
        Command::Tail(args) => tail::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Queries(args) => queries::run(context, args),
        Command::Replay(args) => replay::run(context, args),
        #[cfg(feature = "aws")]
        Command::Silence(args) => silence::run(context, args),
        #[cfg(feature = "aws")]
        Command::Pull(args) => pull::run(context, args),
        #[cfg(feature = "aws")]
        Command::Cache(args) => cache::run(context, args),
        Command::Init(args) => init::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Demo(args) => demo::run(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args, &context.catalog),
        Command::Help(args) => help::run(args, &context.catalog),
    }
}
