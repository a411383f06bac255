//! `logq queries [list|show|check]`: the saved queries themselves.

use clap::Subcommand;

use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::{Exit, Failure};
use super::run;
use crate::drive::{self, Unusable};
use crate::render::{self, Ending, Question};
use crate::row::{Columns, Row};
use crate::saved::SavedQuery;
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

/// Runs the tests inside the files; the answer is a verdict, so a bad one ends with 1.
fn check(context: &Context, names: &[String]) -> Result<Exit, Failure> {
    let mut failed = 0;
    let mut passed = 0;
    let mut text = String::new();
    for query in chosen(context, names)? {
        let problems = problems(context, query, &mut passed);
        failed += problems.len();
        for problem in problems {
            text.push_str(&problem);
            text.push('\n');
        }
    }
    for mistake in context
        .catalog
        .mistakes()
        .iter()
        .filter(|_| names.is_empty())
    {
        failed += 1;
        text.push_str(&mistake.render(context.look.color));
        text.push('\n');
    }
    let passed = counted(passed, "test passed", "tests passed");
    output::print_text(&format!("{text}{passed}, {failed} failed\n"))?;
    Ok(if failed == 0 {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn chosen<'a>(context: &'a Context, names: &[String]) -> Result<Vec<&'a SavedQuery>, Failure> {
    if names.is_empty() {
        return Ok(context.catalog.iter().collect());
    }
    names.iter().map(|name| run::find(context, name)).collect()
}

/// Returns what is wrong with a query, each as a text of its own.
fn problems(context: &Context, query: &SavedQuery, passed: &mut u64) -> Vec<String> {
    let path = &query.file.path;
    let tests = match drive::check(query, &context.config) {
        Ok(tests) => tests,
        Err(Unusable::Uncompiled(wrong)) => {
            return vec![wrong.faults.render(
                path,
                &wrong.text,
                wrong.first_line,
                context.look.color,
            )];
        }
        Err(Unusable::Parameters(message)) => return vec![format!("{path}: {message}")],
        Err(Unusable::NoTable(input)) => {
            return vec![format!(
                "{path}: the table `{}` is not in this version",
                input.name()
            )];
        }
    };
    let mut problems = Vec::new();
    for test in tests {
        match test.problem {
            None => *passed += 1,
            Some(problem) => {
                problems.push(format!("{path}:{}: {}: {problem}", test.line, test.name));
            }
        }
    }
    problems
}

fn not_here(action: &str) -> Failure {
    Failure::usage(format!("`logq queries {action}` is not in this version"))
        .hint("saved queries are files: queries/NAME.toml next to logq.toml".to_owned())
}
