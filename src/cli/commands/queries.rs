//! `logq queries [list|show|check]`: the saved queries themselves.

use clap::Subcommand;

use super::super::args::{Engine, SourceArgs};
use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::{Exit, Failure};
use super::{run, service};
use crate::drive::{self, Unusable};
use crate::render::{self, Ending, Question, escape};
use crate::row::{Columns, Row};
use crate::saved::SavedQuery;
use crate::value::Value;

/// List, show and check the saved queries
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq queries
  logq queries show batch-failures
  logq queries check
  logq queries check --engine insights errors http-5xx")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// What `check` is about, once it was taken from the flags of all commands.
    #[arg(skip)]
    engine: Option<Engine>,
}

impl Args {
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
        Some(Action::Check { names }) => match args.engine {
            Some(Engine::Insights) => service::check(context, &chosen(context, names)?),
            Some(Engine::Local) | None => check(context, names),
        },
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

/// How the tests of all files went.
#[derive(Default)]
struct Verdict {
    passed: u64,
    failed: u64,
    /// Files whose tests could not be run at all.
    unusable: u64,
    /// What is wrong, each with its line end.
    text: String,
}

impl Verdict {
    fn failed(&mut self, problem: &str) {
        self.failed += 1;
        self.say(problem);
    }

    fn unusable(&mut self, problem: &str) {
        self.unusable += 1;
        self.say(problem);
    }

    fn say(&mut self, problem: &str) {
        self.text.push_str(problem);
        self.text.push('\n');
    }

    fn is_good(&self) -> bool {
        self.failed == 0 && self.unusable == 0
    }

    /// Returns `12 tests passed, 1 failed; 1 file cannot be used`.
    fn words(&self) -> String {
        let passed = counted(self.passed, "test passed", "tests passed");
        let unusable = match self.unusable {
            0 => String::new(),
            count => format!("; {} cannot be used", counted(count, "file", "files")),
        };
        format!("{passed}, {} failed{unusable}\n", self.failed)
    }
}

/// Runs the tests inside the files; the answer is a verdict, so a bad one ends with 1.
fn check(context: &Context, names: &[String]) -> Result<Exit, Failure> {
    let mut verdict = Verdict::default();
    for query in chosen(context, names)? {
        check_one(context, query, &mut verdict);
    }
    let mistakes = context.catalog.mistakes().iter();
    for mistake in mistakes.filter(|_| names.is_empty()) {
        verdict.unusable(&mistake.render(context.look.color));
    }
    output::print_text(&format!("{}{}", verdict.text, verdict.words()))?;
    Ok(if verdict.is_good() {
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

fn check_one(context: &Context, query: &SavedQuery, verdict: &mut Verdict) {
    let path = escape::safe(&query.file.path);
    let tests = match drive::check(query, &context.config) {
        Ok(tests) => tests,
        Err(Unusable::Mistakes(at)) => {
            let color = context.look.color;
            let faults = at.faults;
            return verdict.unusable(&faults.render(&path, &at.text, at.first_line, color));
        }
        Err(Unusable::Parameters(message)) => {
            return verdict.unusable(&format!("{path}: {message}"));
        }
        Err(Unusable::NoTable(input)) => {
            let table = input.name();
            let said = format!("{path}: the table `{table}` is not in this version");
            return verdict.unusable(&said);
        }
    };
    for test in tests {
        match test.problem {
            None => verdict.passed += 1,
            Some(problem) => {
                let (line, name) = (test.line, test.name);
                let said = format!("{path}:{line}: {name}: {problem}");
                verdict.failed(&escape::safe_lines(&said));
            }
        }
    }
}

fn not_here(action: &str) -> Failure {
    Failure::usage(format!("`logq queries {action}` is not in this version"))
        .hint("saved queries are files: queries/NAME.toml next to logq.toml".to_owned())
}
