//! What the service is sent for a question, or why it cannot answer it.

use super::super::Failure;
use super::super::context::Context;
use super::super::run::{self, Ask};
use super::super::shell::quoted;
use super::super::tables;
use crate::cloudwatch::insights::{MOST_CHARACTERS, Request, Shape, Text};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::query::ast::{CommandKind, Query, Select};
use crate::query::plan::{Parts, Whole};
use crate::query::portability::{self, Seen, Verdict};
use crate::query::{Program, parser};
use crate::time::Timestamp;

/// How far the clocks of those who log may be ahead.
const AHEAD: i64 = 60_000;

/// What is sent, and what comes back.
pub(in crate::cli) struct Plan {
    /// What every region is asked.
    pub(super) request: Request,
    /// What the rows look like.
    pub(super) shape: Shape,
    /// How the answers of several parts are joined, where that is possible.
    pub(super) parts: Option<Result<Parts, Whole>>,
    /// The `SOURCE` of the text, which then decides on the groups.
    pub(super) source: Option<Select>,
    /// What is in doubt on the service.
    pub(super) doubts: Vec<Diagnostic>,
}

/// Makes a plan; what the service cannot do is refused before anything is asked.
pub(in crate::cli) fn plan(context: &Context, ask: &Ask<'_>) -> Result<Plan, Failure> {
    let query = parser::parse(ask.query).map_err(|faults| located(ask, faults))?;
    let tables = tables::read(&context.tables)?;
    let program = Program::compile_with(ask.query, &run::settings(context, ask.table), &tables);
    let program = program.ok();
    let findings = portability::check(ask.query, ask.table, &Seen::default());
    let (refused, doubted): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|one| one.verdict == Verdict::Refused);
    let refused: Vec<Diagnostic> = refused.into_iter().map(|one| one.diagnostic).collect();
    if !refused.is_empty() {
        let failure = located(ask, Diagnostics(refused));
        return Err(failure.hint(program.map(|_| here(context))));
    }
    let condition = condition(context, ask)?;
    let parts = program.as_ref().map(Program::parts);
    let request = request(
        context,
        Text::new(ask.query, condition).of_streams(context.scope.prefixes()),
        &query,
        parts.as_ref(),
    );
    check_length(&request)?;
    Ok(Plan {
        request,
        shape: Shape::of(program.as_ref()),
        parts,
        source: query.source.map(|source| source.select),
        doubts: doubted.into_iter().map(|one| one.diagnostic).collect(),
    })
}

/// Points at mistakes in the query, in the file of a saved one.
pub(super) fn located(ask: &Ask<'_>, faults: Diagnostics) -> Failure {
    match ask.saved {
        None => Failure::text(faults, "<query>", ask.query),
        Some((query, expanded)) => {
            Failure::located(query.locate_query(expanded, faults), &query.file.path)
        }
    }
}

/// Translates the filter pattern in front of the query.
fn condition(context: &Context, ask: &Ask<'_>) -> Result<Option<String>, Failure> {
    let Some(pattern) = ask.pattern else {
        return Ok(None);
    };
    let untold = match pattern.as_condition() {
        Ok(Some(_)) if Text::new(ask.query, None).has_queries() => {
            "it looks at the events of the queries inside the query too"
        }
        Ok(condition) => return Ok(condition),
        Err(untold) => untold,
    };
    let text = pattern.to_string();
    let message = format!("the filter pattern cannot be said in the query language: {untold}");
    let fault = Diagnostic::new(codes::PATTERN_STAYS, 0..text.len(), message);
    let faults = Diagnostics::from(fault);
    let failure = match ask.saved {
        None => Failure::text(faults, "<pattern>", text),
        Some((query, expanded)) => {
            Failure::located(query.locate_filter(expanded, faults), &query.file.path)
        }
    };
    Err(failure.hint(here(context)))
}

fn request(
    context: &Context,
    text: Text,
    query: &Query,
    parts: Option<&Result<Parts, Whole>>,
) -> Request {
    let now = context.environment.now;
    let until = context.window.until;
    let end = until.unwrap_or(Timestamp(now.0 + AHEAD));
    let since = context.window.since.unwrap_or(Timestamp(end.0 - 3_600_000));
    let cut = parts.and_then(|parts| parts.as_ref().ok());
    let is_limit = |kind: &CommandKind| matches!(kind, CommandKind::Limit(_));
    Request {
        text,
        start: since.0,
        end: end.0,
        is_open: until.is_none(),
        is_limited: query.commands.iter().any(|command| is_limit(&command.kind)),
        wanted: context.row_limit(),
        most: context.config.cloudwatch.insights_rows,
        cut: cut
            .filter(|parts| parts.by_time)
            .and_then(|parts| parts.time),
        budget: budget(context).map(|bytes| bytes as f64),
    }
}

/// Returns how many bytes may be looked at; nothing for any number.
pub(super) fn budget(context: &Context) -> Option<u64> {
    match context.max_scan {
        Some(bytes) => Some(bytes).filter(|bytes| *bytes > 0),
        None => context.config.cloudwatch.max_scan,
    }
}

fn check_length(request: &Request) -> Result<(), Failure> {
    let (call, _) = request.call(&[], request.start, request.end);
    let length = call.text.chars().count();
    if length <= MOST_CHARACTERS {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the query has {length} characters as it is sent, and the service takes {MOST_CHARACTERS}"
    )))
}

/// Returns the command line that runs the same query here.
pub(super) fn here(context: &Context) -> String {
    let mut words = vec!["logq".to_owned()];
    let mut arguments = context.environment.arguments.iter().skip(1);
    while let Some(argument) = arguments.next() {
        let argument = argument.to_string_lossy();
        if argument == "--engine" {
            arguments.next();
        } else if !(argument.starts_with("--engine=") || argument == "--dry-run") {
            words.push(quoted(&argument));
        }
    }
    words.push("--engine local".to_owned());
    format!("it runs here: {}", words.join(" "))
}
