//! `logq show TASK`: one run as somebody on call wants to read it.

use super::super::context::Context;
use super::super::output::{self, counted, thousands};
use super::super::run::{self, Answer};
use super::super::sheet;
use super::super::source;
use super::super::{Exit, Failure};
use super::ask;
use crate::detect::Run;
use crate::drive::{self, Found, Line};
use crate::record::Record;
use crate::render::{self, Events, Format};

/// How many lines people get unless they ask for more or fewer.
const LINES: usize = 40;
/// How many candidates are listed for a beginning that several tasks share.
const CANDIDATES: usize = 8;

/// Show one run: what it was, how it ended, its lines
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq show 7f3a9c --source logs/
  logq show 7f3a9c --lines 0              all of its lines
  logq show 7f3a9c --since 09:00          its lines since then
  logq show arn:aws:ecs:...:task/shop/7f3a9c...
  logq show 7f3a9c -o json
  logq batch-runs                         lists runs with their tasks")]
pub(in crate::cli) struct Args {
    /// The task's id or the beginning of it, its ARN, or its log stream
    task: String,

    /// Show so many of its last lines, 0 for all; default: 40 for people, all for programs
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    lines: Option<usize>,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.task.is_empty() {
        return Err(Failure::usage("the task has no name")
            .hint("logq batch-runs lists runs with their tasks".to_owned()));
    }
    let source = source::resolve(context)?;
    let described = source.describe();
    context.interrupt.listen();
    let (found, answer) = run::task(context, source, &args.task)?;
    if found.lines.is_empty() && found.runs.is_empty() && context.interrupt.is_asked() {
        context
            .notices
            .remark("interrupted before the task was found");
        return Ok(Exit::Interrupted);
    }
    let (run, all) = only(&found, &args.task, &described, &answer)?;
    let lines = inside(context, &all);
    let (wanted, cut_by) = wanted(context, args);
    let shown = last(&lines, wanted);
    let mut out = Vec::new();
    match context.format() {
        Format::Table => for_people(context, run, &lines, (shown, cut_by), &mut out),
        Format::Json => document(context, run, shown, &answer, &mut out),
        format => for_programs(context, format, shown, &mut out),
    }
    output::print(context, &out)?;
    if shown.len() < lines.len() && context.format() != Format::Table {
        context.notices.remark(&format!(
            "the last {} of {}; {cut_by} 0 shows all",
            thousands(shown.len() as u64),
            counted(lines.len() as u64, "line", "lines")
        ));
    }
    if lines.len() < all.len() {
        context.notices.remark(&format!(
            "{} of {} are in the window, {}; the run is judged whole",
            thousands(lines.len() as u64),
            counted(all.len() as u64, "line", "lines"),
            context.window.describe(&context.clock.zone)
        ));
    }
    ask::tell_problems(context, &answer);
    Ok(output::exit(context, 1, answer.is_complete()))
}

/// Returns the lines of the window.
fn inside<'a>(context: &Context, lines: &[&'a Line]) -> Vec<&'a Line> {
    let inside = |line: &&&Line| context.window.contains(line.timestamp);
    lines.iter().filter(inside).copied().collect()
}

/// Returns how many lines to show at most, and which flag says so.
fn wanted(context: &Context, args: &Args) -> (usize, &'static str) {
    let limit = context.output.limit;
    let lines = match args.lines {
        None if context.format() == Format::Table && limit.is_none() => LINES,
        None | Some(0) => usize::MAX,
        Some(lines) => lines,
    };
    let limit = match limit {
        Some(0) | None => usize::MAX,
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    if limit < lines {
        (limit, "--limit")
    } else {
        (lines, "--lines")
    }
}

/// Returns the one run that was meant, with its lines; `None` for a task that is no run, such as a web server's.
fn only<'a>(
    found: &'a Found,
    task: &str,
    source: &str,
    answer: &Answer,
) -> Result<(Option<&'a Run>, Vec<&'a Line>), Failure> {
    let mut ids: Vec<&str> = found
        .lines
        .iter()
        .map(id_of)
        .chain(found.runs.iter().map(run_id))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let id = match ids.as_slice() {
        [] => return Err(not_found(task, source, answer)),
        [one] => *one,
        many => match many.iter().find(|id| **id == drive::named_task(task)) {
            Some(exact) => *exact,
            None => return Err(ambiguous(task, many, &found.runs)),
        },
    };
    let run = found.runs.iter().find(|run| run_id(run) == id);
    let lines = found
        .lines
        .iter()
        .filter(|line| id_of(line) == id)
        .collect();
    Ok((run, lines))
}

fn id_of(line: &Line) -> &str {
    line.origin.task().unwrap_or(&line.origin.stream)
}

fn run_id(run: &Run) -> &str {
    let task = run.task.as_deref().or(run.origin.task());
    task.unwrap_or(&run.origin.stream)
}

fn not_found(task: &str, source: &str, answer: &Answer) -> Failure {
    let seen = counted(answer.events, "event", "events");
    Failure::incomplete(format!(
        "there is no task `{task}` in {source}; {seen} seen"
    ))
    .hint("logq batch-runs lists runs with their tasks".to_owned())
}

fn ambiguous(task: &str, ids: &[&str], runs: &[Run]) -> Failure {
    let mut failure = Failure::usage(format!(
        "`{task}` begins {} tasks",
        thousands(ids.len() as u64)
    ));
    for id in ids.iter().take(CANDIDATES) {
        let run = runs.iter().find(|run| run_id(run) == *id);
        let about = run
            .map(|run| format!("  {} {}", run.name, run.outcome))
            .unwrap_or_default();
        failure = failure.line(format!("  {id}{about}"));
    }
    if ids.len() > CANDIDATES {
        failure = failure.line(format!("  and {} more", ids.len() - CANDIDATES));
    }
    failure.hint(format!("logq show {}", ids[0]))
}

fn last<'a, 'b>(lines: &'b [&'a Line], count: usize) -> &'b [&'a Line] {
    &lines[lines.len().saturating_sub(count)..]
}

fn for_people(
    context: &Context,
    run: Option<&Run>,
    all: &[&Line],
    (shown, cut_by): (&[&Line], &str),
    out: &mut Vec<u8>,
) {
    match run {
        Some(run) => sheet::write(run, &context.config, &context.look, out),
        None => sheet::write_other(all, &context.config, &context.look, out),
    }
    sheet::write_lines(run, all.len(), shown, cut_by, &context.look, out);
}

fn for_programs(context: &Context, format: Format, shown: &[&Line], out: &mut Vec<u8>) {
    let mut events = Events::new(format, &context.look);
    events.head(context.look.bom, out);
    for line in shown {
        events.event(&Record::new(line.event()), out);
    }
}

/// Writes one document: the run with the columns of its table, what told its outcome, and its lines.
fn document(
    context: &Context,
    run: Option<&Run>,
    shown: &[&Line],
    answer: &Answer,
    out: &mut Vec<u8>,
) {
    let complete = answer.is_complete() && !context.interrupt.is_asked();
    let mut lines = Vec::new();
    for_programs(context, Format::Json, shown, &mut lines);
    render::write_run_document(run, complete, &lines, out);
}
