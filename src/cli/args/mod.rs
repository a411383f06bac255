//! The shape of the command line. Parsing looks at nothing but the arguments.
//!
//! The flags of [`TimeArgs`], [`SourceArgs`] and [`OutputArgs`] mean the same in every command and may stand before
//! or after it. Saved queries are commands too; they are added when the tree is built.

mod output;
mod source;
mod time;

use clap::{Args, Parser, Subcommand};

pub(super) use output::{ColorChoice, OutputArgs};
pub(super) use source::{Engine, SourceArgs};
pub(super) use time::TimeArgs;

#[cfg(feature = "aws")]
use super::commands::{cache, pull, silence};
use super::commands::{
    completions, demo, doctor, explain, filter, help, init, man, queries, query, replay, run, show,
    tail,
};

/// Ask the logs of a Django application on ECS what happened
#[derive(Debug, Parser)]
#[command(
    name = "logq",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) flags: Flags,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The flags that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    pub(super) time: TimeArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The commands that are built in; the first line of each `Args` is its help.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(run::Args),
    Query(query::Args),
    Filter(filter::Args),
    Tail(tail::Args),
    Show(show::Args),
    Queries(queries::Args),
    Replay(replay::Args),
    #[cfg(feature = "aws")]
    Silence(silence::Args),
    #[cfg(feature = "aws")]
    Pull(pull::Args),
    #[cfg(feature = "aws")]
    Cache(cache::Args),
    Init(init::Args),
    Doctor(doctor::Args),
    Demo(demo::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
}

impl Command {
    /// Returns whether the command reads events of a window.
    pub(super) fn reads_window(&self) -> bool {
        #[cfg(feature = "aws")]
        if matches!(self, Self::Pull(_)) {
            return true;
        }
        matches!(
            self,
            Self::Run(_) | Self::Query(_) | Self::Filter(_) | Self::Replay(_)
        )
    }

    /// Returns whether the command is about one query, which an engine runs.
    pub(super) fn has_engine(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Query(_) | Self::Explain(_))
    }

    /// Returns whether the command reads events.
    pub(super) fn reads_logs(&self) -> bool {
        self.reads_window() || matches!(self, Self::Show(_) | Self::Tail(_))
    }

    /// Returns whether the command always asks a service of AWS, and so follows the flags about it.
    pub(super) fn asks_aws(&self) -> bool {
        match self {
            #[cfg(feature = "aws")]
            Self::Silence(_) | Self::Pull(_) | Self::Doctor(_) | Self::Init(_) => true,
            Self::Queries(args) => args.asks_aws(),
            _ => false,
        }
    }

    /// Returns what to do instead of `--dry-run` where it would change nothing; `None` where it is heeded.
    ///
    /// A query heeds it or not by its engine, which is known only with the rest of the context.
    pub(super) fn instead_of_dry_run(&self) -> Option<&'static str> {
        const READS: &str = "it changes nothing: leave `--dry-run` out";
        match self {
            #[cfg(feature = "aws")]
            Self::Run(_) | Self::Query(_) | Self::Init(_) | Self::Pull(_) => None,
            #[cfg(not(feature = "aws"))]
            Self::Run(_) | Self::Query(_) | Self::Init(_) => None,
            Self::Queries(args) if args.asks_aws() => None,
            #[cfg(feature = "aws")]
            Self::Silence(args) => (!args.changes()).then_some(READS),
            #[cfg(feature = "aws")]
            Self::Cache(args) => (!args.changes()).then_some(READS),
            Self::Tail(_) => {
                Some("`--poll` costs nothing; `logq doctor` says what may be followed")
            }
            Self::Explain(_) => Some("it runs nothing: leave `--dry-run` out"),
            Self::Demo(_) => Some("it writes into a folder of its own: logq demo --dir FOLDER"),
            Self::Man(_) => Some("it writes into the folder that is named, and nowhere else"),
            Self::Filter(_)
            | Self::Show(_)
            | Self::Queries(_)
            | Self::Replay(_)
            | Self::Doctor(_)
            | Self::Completions(_)
            | Self::Help(_) => Some(READS),
        }
    }
}
