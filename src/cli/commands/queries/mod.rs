//! `logq queries [list|show|check|push|pull]`: the saved queries themselves.

#[cfg(feature = "aws")]
mod adopted;
#[cfg(feature = "aws")]
mod changes;
mod check;
#[cfg(feature = "aws")]
mod difference;
#[cfg(feature = "aws")]
mod pull;
#[cfg(feature = "aws")]
mod push;
#[cfg(feature = "aws")]
mod sites;

use clap::Subcommand;

use super::super::args::{Engine, SourceArgs};
use super::super::context::Context;
use super::super::output;
use super::super::{Exit, Failure};
use super::{run, service};
use crate::saved::SavedQuery;
use crate::value::Value;

/// List, show and check the saved queries
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq queries
  logq queries show batch-failures
  logq queries check
  logq queries check --engine insights errors http-5xx
  logq queries push --dry-run --stage production
  logq queries pull --all")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// What `check` is about, once it was taken from the flags of all commands.
    #[arg(skip)]
    engine: Option<Engine>,
}

impl Args {
    /// Returns whether CloudWatch is asked.
    pub(in crate::cli) fn asks_aws(&self) -> bool {
        matches!(self.action, Some(Action::Push(_) | Action::Pull(_)))
    }

    /// Takes `--engine` for `check`, which runs nothing on it.
    pub(in crate::cli) fn take_engine(&mut self, source: &mut SourceArgs) {
        if matches!(self.action, Some(Action::Check { .. })) {
            self.engine = source.engine.take();
        }
    }
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the saved queries
    List,
    /// Print the file of a saved query
    Show {
        /// The name of the query
        #[arg(add = clap_complete::ArgValueCandidates::new(super::super::completions::query_names))]
        name: String,
    },
    /// Run the tests in the files of the saved queries, or say what another engine makes of them
    #[command(long_about = "\
Run the tests in the files of the saved queries.

With `--engine insights` say instead what the Logs Insights service would refuse of them, and what it may take \
otherwise; the service is not asked. Ends with 1 when it refuses one.")]
    Check {
        /// Only these queries; default: all
        #[arg(add = clap_complete::ArgValueCandidates::new(super::super::completions::query_names))]
        names: Vec<String>,
    },
    /// Put saved queries into CloudWatch, where the console lists them below `logq/`
    #[cfg(feature = "aws")]
    #[command(long_about = push::LONG)]
    Push(push::Args),
    /// Put saved queries into CloudWatch, where the console lists them below `logq/`
    #[cfg(not(feature = "aws"))]
    #[command(hide = true)]
    Push(Anything),
    /// Make files of the queries that are saved in CloudWatch
    #[cfg(feature = "aws")]
    #[command(long_about = pull::LONG)]
    Pull(pull::Args),
    /// Make files of the queries that are saved in CloudWatch
    #[cfg(not(feature = "aws"))]
    #[command(hide = true)]
    Pull(Anything),
}

/// What is not looked at.
#[cfg(not(feature = "aws"))]
#[derive(Debug, clap::Args)]
struct Anything {
    #[arg(num_args = 0.., trailing_var_arg = true, allow_hyphen_values = true)]
    #[allow(dead_code, reason = "whatever it is, the answer is the same")]
    rest: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match &args.action {
        None | Some(Action::List) => list(context),
        Some(Action::Show { name }) => show(context, name),
        Some(Action::Check { names }) => match args.engine {
            Some(Engine::Insights) => service::check(context, &chosen(context, names)?),
            Some(Engine::Local) | None => {
                check::check(context, &chosen(context, names)?, !names.is_empty())
            }
        },
        #[cfg(feature = "aws")]
        Some(Action::Push(args)) => push::run(context, args),
        #[cfg(feature = "aws")]
        Some(Action::Pull(args)) => pull::run(context, args),
        #[cfg(not(feature = "aws"))]
        Some(Action::Push(_)) => Err(not_here("push")),
        #[cfg(not(feature = "aws"))]
        Some(Action::Pull(_)) => Err(not_here("pull")),
    }
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let row = |query: &SavedQuery| {
        let params = query
            .params
            .iter()
            .map(|param| Value::from(param.name.clone()));
        let origin = if query.file.builtin {
            "logq"
        } else {
            query.file.path.as_str()
        };
        let severity = query.alert.as_ref().map(|alert| alert.severity.name());
        [
            Value::from(query.name.clone()),
            Value::from(query.from.name().to_owned()),
            Value::List(params.collect()),
            Value::from(severity.map(str::to_owned)),
            Value::from(origin.to_owned()),
            Value::from(query.title.clone()),
        ]
    };
    let names = ["name", "from", "params", "alert", "origin", "title"];
    let rows = output::rows(context, names, context.catalog.iter().map(row), true);
    output::print(context, &rows)?;
    for mistake in context.catalog.mistakes() {
        output::complain(&mistake.render(context.notices.color));
    }
    Ok(if context.catalog.mistakes().is_empty() {
        Exit::Done
    } else {
        Exit::Usage
    })
}

fn show(context: &Context, name: &str) -> Result<Exit, Failure> {
    let query = run::find(context, name)?;
    let mut text = query.file.text.clone();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    output::print_text(&text)?;
    context
        .notices
        .decision(&format!("from {}", query.file.path));
    Ok(Exit::Done)
}

fn chosen<'a>(context: &'a Context, names: &[String]) -> Result<Vec<&'a SavedQuery>, Failure> {
    if names.is_empty() {
        return Ok(context.catalog.iter().collect());
    }
    names.iter().map(|name| run::find(context, name)).collect()
}

#[cfg(not(feature = "aws"))]
fn not_here(action: &str) -> Failure {
    Failure::usage(format!(
        "this build of logq has no `queries {action}`: it asks AWS"
    ))
    .hint("build it with its default features: cargo install --path . --locked".to_owned())
}
