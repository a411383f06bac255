//! Where commands meet the query loop: one function for each thing that reads logs.
//!
//! Commands say what they want and take what comes. How a source is opened and ended stands in `reader`, since it is
//! the same for all of them.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use super::Failure;
use super::context::Context;
use super::opened::Volume;
use super::output::counted;
use super::reader::{Again, Ending, Reader};
use super::source::{Runs, Source, Wanted};
use super::tables;
#[cfg(feature = "aws")]
use crate::cloudwatch;
use crate::detect::{Outcome, RunKind};
use crate::diagnostic::Diagnostics;
use crate::drive::{self, Question, Scope, Seen, Setting, Tally};
use crate::pattern::Pattern;
use crate::query::plan::Order;
use crate::query::{Program, Settings, Table};
use crate::record::{Broken, Record};
use crate::render::{Events, Format};
use crate::row::{Columns, Row};
use crate::saved::{Expanded, SavedQuery};
use crate::time::{Timestamp, Window, Zone};
use crate::value::Value;

/// A query to run.
pub(super) struct Ask<'a> {
    /// The table it starts from.
    pub(super) table: Table,
    /// The filter pattern in front of it.
    pub(super) pattern: Option<&'a Pattern>,
    /// The query.
    pub(super) query: &'a str,
    /// The saved query that it comes from, for errors that point into its file.
    pub(super) saved: Option<Saved<'a>>,
    /// The logical groups it reads; empty: all. Groups that cannot be told are read too.
    pub(super) groups: &'a [String],
}

/// A saved query with its parameters filled in.
pub(super) type Saved<'a> = (&'a SavedQuery, &'a Expanded);

/// Takes rows as they come.
pub(super) trait Sink {
    /// Begins the answer; called once, also when there are no rows.
    fn columns(&mut self, columns: &Columns);
    /// Takes a row; `Break` when no more are wanted.
    fn row(&mut self, row: &Row) -> ControlFlow<()>;
}

/// What is known beside the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// Whether a limit cut rows off.
    pub(super) truncated: bool,
    /// How many rows there would have been, where that is known.
    pub(super) total: Option<u64>,
    /// How many events were looked at; those that their bytes alone rule out are not counted.
    pub(super) events: u64,
    /// How much was read.
    pub(super) volume: Volume,
    /// How many runs were seen.
    pub(super) runs: u64,
    /// What could not be read, in words.
    pub(super) problems: Vec<String>,
    /// What is worth a word and costs nothing.
    pub(super) warnings: Vec<String>,
    /// The source, for a second look at it.
    pub(super) again: Again,
}

impl Answer {
    /// Returns whether everything was read.
    pub(super) fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn new(tally: Tally, ending: Ending) -> Self {
        let mut warnings = ending.warnings;
        warnings.extend(broken(tally.broken));
        if tally.timeless > 0 {
            let count = counted(
                tally.timeless,
                "event has no time and is",
                "events have no time and are",
            );
            warnings.push(format!("{count} left out by the window"));
        }
        Self {
            truncated: tally.truncated,
            total: None,
            events: tally.events,
            volume: ending.volume,
            runs: 0,
            problems: ending.problems,
            warnings,
            again: ending.again,
        }
    }
}

/// Says how many records are broken, and how.
fn broken(broken: Broken) -> Option<String> {
    if broken.total() == 0 {
        return None;
    }
    let count = counted(broken.total(), "record is", "records are");
    let reasons = [
        (broken.cut, "ends too early", "end too early"),
        (
            broken.malformed,
            "stops being JSON before its end",
            "stop being JSON before their end",
        ),
    ];
    let reasons = reasons.into_iter().filter(|(number, _, _)| *number > 0);
    let reasons = reasons.map(|(number, one, many)| counted(number, one, many));
    let reasons: Vec<String> = reasons.collect();
    Some(format!(
        "{count} broken and read as far as possible: {}",
        reasons.join(", ")
    ))
}

/// Compiles a query; what is wrong with it is told before anything is read.
pub(super) fn compile(context: &Context, ask: &Ask<'_>) -> Result<Program, Failure> {
    let tables = tables::read(&context.tables)?;
    let program = Program::compile_with(ask.query, &settings(context, ask.table), &tables)
        .map_err(|faults| mistakes(ask, faults))?;
    for warning in program.warnings() {
        context.notices.warn(&warning.message);
    }
    for (title, text) in program.explain().sections {
        context
            .notices
            .detail(3, &format!("{title}:\n{}", text.trim_end()));
    }
    // Raw events are printed as they come, like those of a filter.
    let as_they_come = context.format() == Format::Raw;
    Ok(if as_they_come {
        program.with_order(Order::Input)
    } else {
        program
    })
}

fn mistakes(ask: &Ask<'_>, faults: Diagnostics) -> Failure {
    match ask.saved {
        None => Failure::text(faults, "<query>", ask.query),
        Some((query, expanded)) => {
            Failure::located(query.locate_query(expanded, faults), &query.file.path)
        }
    }
}

/// Runs a query over a source.
pub(super) fn query(
    context: &Context,
    source: Source,
    ask: &Ask<'_>,
    program: &Program,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    let mut scope = scope(context, ask.groups);
    if let Some(from) = program.reads_from() {
        scope.window.since = Some(from);
    }
    let zone = log_zone(context);
    let from_the_end = from_the_end(context, &source, program);
    let program = from_the_end.as_ref().unwrap_or(program);
    let enough = enough(context, &source, program);
    let text = sent(ask, program);
    let wanted = Wanted {
        pattern: text.as_deref(),
        groups: ask.groups,
        whole_runs: ask.table == Table::Runs,
        runs: (ask.table == Table::Runs).then_some(Runs::Of(program)),
        newest_first: from_the_end.is_some(),
        since: program.reads_from(),
    };
    let mut reader = Reader::open(context, source, &zone, &wanted)?;
    let stop = context.interrupt.flag();
    let seen = reader.seen.clone();
    let setting = setting(context, &scope, &zone, &stop, &seen);
    let question = Question {
        program,
        pattern: ask.pattern,
        now: context.clock.now,
    };
    sink.columns(program.columns());
    let mut rows = Counted {
        sink,
        left: enough.unwrap_or(u64::MAX),
    };
    let found = drive::query(&mut reader.source, &question, &setting, |row| rows.row(row));
    let is_enough = rows.left == 0;
    let ending = reader.finish(context)?;
    if let Some(why) = found.exceeded {
        return Err(Failure::incomplete(why.to_string()).hint(why.hint().to_owned()));
    }
    let answer = Answer::new(found.tally, ending);
    Ok(Answer {
        // What was not read has not been counted.
        total: found.total.filter(|_| !is_enough),
        truncated: answer.truncated || is_enough,
        runs: found.runs,
        ..answer
    })
}

/// Rows on their way to a sink, as many as are wanted.
struct Counted<'a> {
    sink: &'a mut dyn Sink,
    left: u64,
}

impl Counted<'_> {
    fn row(&mut self, row: &Row) -> ControlFlow<()> {
        self.left -= 1;
        self.sink.row(row)?;
        if self.left == 0 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Returns how many rows end the reading: of a service each event is a wait, so that none is looked for that says only
/// that there are more.
fn enough(context: &Context, source: &Source, program: &Program) -> Option<u64> {
    let is_slow = *source == Source::Aws && program.streams();
    context.row_limit().filter(|_| is_slow)
}

/// Returns the filter pattern that a service is sent: that of the question, else what the query's filters come to.
///
/// What an event's error is stands in the lines around it, which no pattern may keep back.
pub(super) fn sent(ask: &Ask<'_>, program: &Program) -> Option<String> {
    if ask.table == Table::Runs || program.needs_order() {
        return None;
    }
    let written = ask.pattern.map(ToString::to_string);
    written.or_else(|| pushed_down(program))
}

/// Returns whether a run can pass a query's filters, by its kind, outcome, and name where that is known.
pub(super) fn may_be(
    program: &Program,
    kind: RunKind,
    outcome: Outcome,
    name: Option<&str>,
) -> bool {
    program.may_pass(&|field| match field {
        "kind" => Some(Value::from(kind.as_str())),
        "outcome" => Some(Value::from(outcome.as_str())),
        "name" => name.map(|name| Value::from(name.to_owned())),
        _ => None,
    })
}

/// Returns whether runs can pass a query's filters that nothing bad is known of.
pub(super) fn wants_quiet_runs(program: &Program) -> bool {
    Outcome::QUIET
        .into_iter()
        .any(|outcome| may_be(program, RunKind::Batch, outcome, None))
}

#[cfg(feature = "aws")]
fn pushed_down(program: &Program) -> Option<String> {
    cloudwatch::pushdown::pattern(&program.need(), program.fields().names())
}

#[cfg(not(feature = "aws"))]
fn pushed_down(_: &Program) -> Option<String> {
    None
}

/// Returns the program for events that come newest first, when that lets a limit end the reading: of a service each
/// event is a wait.
fn from_the_end(context: &Context, source: &Source, program: &Program) -> Option<Program> {
    let is_of_events = program.table() == Table::Events && !program.needs_order();
    if *source != Source::Aws || !is_of_events || context.format() == Format::Raw {
        return None;
    }
    let streaming = program.clone().with_order(Order::Input);
    (streaming.streams() && !program.streams()).then_some(streaming)
}

/// Hands on the events that match a pattern, as `events` writes them, one after the other in the source's order.
///
/// A source that can choose is sent the pattern as it was written. Matches are written by all threads; `take` gets each with what comes before the next flush of a block.
pub(super) fn filter(
    context: &Context,
    source: Source,
    pattern: (&Pattern, &str),
    newest_first: bool,
    events: &Events,
    mut take: impl FnMut(&drive::filter::Matches) -> ControlFlow<()>,
) -> Result<Answer, Failure> {
    let scope = scope(context, &[]);
    let zone = log_zone(context);
    let (pattern, text) = pattern;
    let wanted = Wanted {
        pattern: Some(text),
        newest_first,
        ..Wanted::default()
    };
    let mut reader = Reader::open(context, source, &zone, &wanted)?;
    let make_writer = || {
        let mut events = events.clone();
        move |record: &Record<'_>, out: &mut Vec<u8>| events.event(record, out)
    };
    let stop = context.interrupt.flag();
    let seen = reader.seen.clone();
    let setting = setting(context, &scope, &zone, &stop, &seen);
    let tally = drive::filter(
        &mut reader.source,
        pattern,
        &setting,
        make_writer,
        &mut take,
    );
    let ending = reader.finish(context)?;
    Ok(Answer::new(tally, ending))
}

/// Returns what a source knows of the tasks whose id begins with `wanted`.
pub(super) fn task(
    context: &Context,
    source: Source,
    wanted: &str,
) -> Result<(drive::Found, Answer), Failure> {
    let scope = scope(context, &[]);
    let asked = Wanted {
        whole_runs: true,
        runs: Some(Runs::Task(wanted)),
        ..Wanted::default()
    };
    let zone = log_zone(context);
    let mut reader = Reader::open(context, source, &zone, &asked)?;
    let stop = context.interrupt.flag();
    let seen = reader.seen.clone();
    let setting = setting(context, &scope, &zone, &stop, &seen);
    let (found, tally) = drive::task(&mut reader.source, &setting, wanted, context.clock.now);
    let ending = reader.finish(context)?;
    Ok((found, Answer::new(tally, ending)))
}

/// Hands on every event with the error it carries, in the order of each stream.
///
/// The window does not count here: whether something is new, or works again, depends on what came before.
pub(super) fn assembled(
    context: &Context,
    source: Source,
    mut each: impl FnMut(&drive::assembled::Assembled<'_, '_>),
) -> Result<Answer, Failure> {
    let scope = Scope {
        window: Window::default(),
        ..scope(context, &[])
    };
    let zone = log_zone(context);
    let mut reader = Reader::open(context, source, &zone, &Wanted::default())?;
    let stop = context.interrupt.flag();
    let seen = reader.seen.clone();
    let setting = setting(context, &scope, &zone, &stop, &seen);
    let tally = drive::assembled::assembled(&mut reader.source, &setting, |event| {
        each(event);
        ControlFlow::Continue(())
    });
    let ending = reader.finish(context)?;
    Ok(Answer::new(tally, ending))
}

/// Returns what a query depends on beside its text.
pub(super) fn settings(context: &Context, table: Table) -> Settings {
    let window = context.window;
    let window = window.since.map(|since| {
        let until = window.until.unwrap_or(context.clock.now);
        (since, Timestamp(until.0 - 1).max(since))
    });
    Settings {
        table,
        now: context.clock.now,
        window,
        default_limit: context.row_limit(),
    }
}

/// Returns which events count; `groups` are those that a saved query is about.
pub(super) fn scope(context: &Context, groups: &[String]) -> Scope {
    Scope {
        window: context.window,
        stages: context.scope.stage.iter().cloned().collect(),
        services: context.scope.targets.clone(),
        groups: groups.to_vec(),
        streams: context.scope.streams.clone(),
    }
}

/// Returns the zone of times that name none: that of the application, which is not where the reader sits.
pub(super) fn log_zone(context: &Context) -> Zone {
    context
        .config
        .timezone
        .clone()
        .unwrap_or_else(|| context.clock.zone.clone())
}

/// Returns the last instant at which a line can have been logged: clocks go wrong by a day at most.
///
/// An `--now` in the past does not count: what was logged after it is left out by the window.
pub(super) fn latest(context: &Context) -> Timestamp {
    const DAY: i64 = 86_400_000;
    let now = context.clock.now.max(context.environment.now);
    Timestamp(now.0.saturating_add(DAY))
}

/// Returns how every pass over a source goes.
pub(super) fn setting<'a>(
    context: &'a Context,
    scope: &'a Scope,
    zone: &'a Zone,
    stop: &'a AtomicBool,
    seen: &'a Seen,
) -> Setting<'a> {
    Setting {
        config: &context.config,
        scope,
        zone,
        latest: latest(context),
        as_of: context.as_of,
        threads: context.threads,
        stop,
        seen: Some(seen),
    }
}
