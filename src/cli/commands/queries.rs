//! `logq queries [list|show|check]`: the saved queries themselves.

use clap::Subcommand;

use super::super::context::Context;
use super::super::{Exit, Failure, output};
use super::run;
use crate::render::{self, Ending, Question};
use crate::row::{Columns, Row};
use crate::value::Value;

/// List, show and check the saved queries
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq queries
  logq queries show batch-failures
  logq queries check")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
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
    /// Run the tests in the files of the saved queries
    Check {
        /// Only these queries; default: all
        #[arg(add = clap_complete::ArgValueCandidates::new(super::super::completions::query_names))]
        names: Vec<String>,
    },
    /// Not in this version
    #[command(hide = true)]
    Push,
    /// Not in this version
    #[command(hide = true)]
    Pull,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match &args.action {
        None | Some(Action::List) => list(context),
        Some(Action::Show { name }) => show(context, name),
        Some(Action::Check { names }) => check(context, names),
        Some(Action::Push) => Err(not_here("push")),
        Some(Action::Pull) => Err(not_here("pull")),
    }
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let columns: Columns = ["name", "from", "params", "alert", "origin", "title"]
        .map(Into::into)
        .into();
    let mut renderer = render::renderer(context.format(), &context.look, Question::default());
    let mut out = Vec::new();
    renderer.start(&columns, &mut out);
    for query in context.catalog.iter() {
        let params = query
            .params
            .iter()
            .map(|param| Value::from(param.name.clone()));
        let origin = if query.file.builtin {
            "logq"
        } else {
            query.file.path.as_str()
        };
        let values = vec![
            Value::from(query.name.clone()),
            Value::from(query.from.name().to_owned()),
            Value::List(params.collect()),
            Value::from(
                query
                    .alert
                    .as_ref()
                    .map(|alert| alert.severity.name().to_owned()),
            ),
            Value::from(origin.to_owned()),
            Value::from(query.title.clone()),
        ];
        let columns = columns.clone();
        renderer.row(&Row { columns, values }, &mut out);
    }
    let ending = Ending {
        complete: true,
        truncated: false,
    };
    renderer.finish(ending, &mut out);
    output::print(context, &out)?;
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

fn check(context: &Context, names: &[String]) -> Result<Exit, Failure> {
    for name in names {
        run::find(context, name)?;
    }
    Err(Failure::incomplete(
        "checking saved queries is not joined yet",
    ))
}

fn not_here(action: &str) -> Failure {
    Failure::usage(format!("`logq queries {action}` is not in this version"))
        .hint("saved queries are files: queries/NAME.toml next to logq.toml".to_owned())
}
