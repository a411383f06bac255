//! Where commands meet the query loop: one function for each thing that reads logs.
//!
//! Commands say what they want and take what comes; how a source is opened and read, and what is told of it at the
//! end, is the same for all of them and stands here.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::Failure;
#[cfg(feature = "aws")]
use super::aws::Logs;
use super::context::Context;
use super::opened::{Opened, Reported, Volume, Watch};
use super::output::counted;
use super::progress::Progress;
use super::source::{self, Beginning, Source, StandardInput, Wanted};
use super::tables;
use super::watched::{Watched, elapsed};
#[cfg(feature = "aws")]
use crate::cloudwatch;
use crate::decode::stamp::Clock;
use crate::diagnostic::Diagnostics;
use crate::drive::{self, Question, Scope, Seen, Setting, Tally};
use crate::pattern::Pattern;
use crate::query::plan::Order;
use crate::query::{Program, Settings, Table};
use crate::record::{Broken, Record};
use crate::render::{Events, Format};
use crate::row::{Columns, Row};
use crate::saved::{Expanded, SavedQuery};
use crate::source::{Report, Settings as Reading, Source as Files, SourceError};
use crate::time::{Timestamp, Window, Zone};

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

/// A source that was read, or what was kept of it, to be looked at again.
#[derive(Clone, Debug)]
pub(super) enum Again {
    /// Files and folders.
    Files(Vec<PathBuf>),
    /// The beginning of standard input.
    Bytes(Vec<u8>),
    /// What is asked of a service is not asked twice.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs needs it")
    )]
    Nothing,
}

impl Default for Again {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl Again {
    /// Returns whether anything can be looked at again.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Returns whether only the beginning is there.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.len() >= Beginning::MOST)
    }

    /// Returns whether there may be several inputs.
    pub(super) fn has_files(&self) -> bool {
        matches!(self, Self::Files(_))
    }

    /// Opens it from the beginning.
    pub(super) fn open(&self, context: &Context, zone: &Zone) -> Files {
        let reading = reading(context, zone);
        match self {
            Self::Files(paths) => Files::files(paths.clone(), reading),
            Self::Bytes(bytes) => Files::stream("", Cursor::new(bytes.clone()), reading),
            Self::Nothing => Files::files([], reading),
        }
    }
}

impl Answer {
    /// Returns whether everything was read.
    pub(super) fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    fn new(tally: Tally, ending: Ending) -> Self {
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

/// Says that the zone of `asctime`s is not the application's.
fn wrong_zone(context: &Context, zone: &Zone, offset: Option<i64>) -> Option<String> {
    let offset = offset?;
    let hours = offset.abs() as f64 / 3_600_000.0;
    let direction = if offset > 0 { "ahead of" } else { "behind" };
    // Where a reading as UTC is 9 h ahead, the application's clock is at +09:00.
    let now = context.clock.now;
    let minutes = zone.offset_ms(now) / 60_000 + offset / 60_000;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hour, minute) = (minutes.abs() / 60, minutes.abs() % 60);
    Some(format!(
        "`asctime`, read as {}, is {hours} h {direction} the events' own times: the application's clock is at \
         {sign}{hour:02}:{minute:02}; set `timezone` in logq.toml to its zone",
        zone.name_at(now)
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
    let text = sent(ask, program);
    let wanted = Wanted {
        pattern: text.as_deref(),
        groups: ask.groups,
        whole_runs: ask.table == Table::Runs,
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
    let found = drive::query(&mut reader.source, &question, &setting, |row| sink.row(row));
    let ending = reader.finish(context)?;
    if let Some(why) = found.exceeded {
        return Err(Failure::incomplete(why.to_string()).hint(why.hint().to_owned()));
    }
    Ok(Answer {
        total: found.total,
        runs: found.runs,
        ..Answer::new(found.tally, ending)
    })
}

/// Returns the filter pattern that a service is sent: that of the question, else what the query's filters come to.
///
/// What an event's error is stands in the lines around it, which no pattern may keep back.
pub(super) fn sent(ask: &Ask<'_>, program: &Program) -> Option<String> {
    if ask.table == Table::Runs || drive::needs_errors(program) {
        return None;
    }
    let written = ask.pattern.map(ToString::to_string);
    written.or_else(|| pushed_down(program))
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
    let is_of_events = program.table() == Table::Events && !drive::needs_errors(program);
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
fn latest(context: &Context) -> Timestamp {
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

/// A source that is being read, with the bar that shows how far.
pub(super) struct Reader {
    /// The source to hand to a pass.
    pub(super) source: Watched,
    progress: Option<Progress>,
    /// How many events a pass has looked at.
    seen: Seen,
    zone: Zone,
    opened: Instant,
    /// The count of bytes of a standard input that nobody asked for.
    guessed: Option<Arc<AtomicU64>>,
    kept: Kept,
}

/// What a source is looked at again by.
enum Kept {
    Files(Vec<PathBuf>),
    /// Shared with the reader of standard input, which fills it.
    Beginning(Beginning),
    #[cfg(feature = "aws")]
    Nothing,
}

impl Kept {
    fn into_again(self) -> Again {
        match self {
            Self::Files(paths) => Again::Files(paths),
            Self::Beginning(bytes) => Again::Bytes(bytes.take()),
            #[cfg(feature = "aws")]
            Self::Nothing => Again::Nothing,
        }
    }
}

/// What is told of a source once it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    volume: Volume,
    problems: Vec<String>,
    warnings: Vec<String>,
    again: Again,
}

impl Reader {
    /// Opens a source; what cannot be opened is told at the end, after the rest has been read.
    pub(super) fn open(
        context: &Context,
        source: Source,
        zone: &Zone,
        wanted: &Wanted<'_>,
    ) -> Result<Self, Failure> {
        let seen = Seen::default();
        let mut guessed = None;
        let reading = reading(context, zone);
        #[cfg_attr(
            not(feature = "aws"),
            allow(unused_mut, reason = "only a service sets it anew")
        )]
        let mut watch = Watch::files(Arc::clone(&reading.progress), Arc::clone(&seen.events));
        let (source, kept) = match source {
            Source::Files(paths) => (
                Opened::Files(Box::new(Files::files(paths.clone(), reading))),
                Kept::Files(paths),
            ),
            Source::Standard { guessed: is_guess } => {
                let input =
                    StandardInput::open(is_guess, context.notices, context.interrupt.clone());
                guessed = is_guess.then(|| input.count());
                let kept = Kept::Beginning(input.beginning());
                let opened = Files::stream("standard input", input, reading);
                (Opened::Files(Box::new(opened)), kept)
            }
            #[cfg(not(feature = "aws"))]
            Source::Aws => {
                let _ = wanted;
                return Err(source::no_service());
            }
            #[cfg(feature = "aws")]
            Source::Aws => {
                let source = logs(context, wanted)?;
                watch = Watch::logs(source.progress(), Arc::clone(&seen.events));
                (Opened::Logs(Box::new(source)), Kept::Nothing)
            }
        };
        let bar = Progress::start(context, move || watch.state());
        Ok(Self {
            source: Watched::new(source, context.notices),
            progress: Some(bar),
            seen,
            zone: zone.clone(),
            opened: Instant::now(),
            guessed,
            kept,
        })
    }

    /// Ends reading, for who took the blocks as they are.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs needs it")
    )]
    pub(super) fn into_answer(self, context: &Context) -> Result<Answer, Failure> {
        let ending = self.finish(context)?;
        Ok(Answer::new(Tally::default(), ending))
    }

    /// Ends reading. That a standard input nobody asked for held nothing is an error.
    pub(super) fn finish(mut self, context: &Context) -> Result<Ending, Failure> {
        self.progress.take();
        let nothing = self
            .guessed
            .is_some_and(|count| count.load(Ordering::Relaxed) == 0);
        if nothing && !context.interrupt.is_asked() {
            return Err(source::nothing_came());
        }
        let mut ending = Ending::of(&self.source.into_report());
        let offset = self.seen.asctimes.offset();
        ending
            .warnings
            .extend(wrong_zone(context, &self.zone, offset));
        let events = self.seen.events.load(Ordering::Relaxed);
        context.notices.detail(
            2,
            &format!(
                "{} and {} looked at in {}",
                ending.volume.words(),
                counted(events, "event", "events"),
                elapsed(self.opened)
            ),
        );
        let again = self.kept.into_again();
        Ok(Ending { again, ..ending })
    }
}

/// Starts to read CloudWatch Logs.
#[cfg(feature = "aws")]
fn logs(context: &Context, wanted: &Wanted<'_>) -> Result<cloudwatch::Source, Failure> {
    Ok(Logs::find(context, wanted)?.open(context))
}

impl Ending {
    fn of(reported: &Reported) -> Self {
        match reported {
            Reported::Files(report) => Self::of_files(report),
            #[cfg(feature = "aws")]
            Reported::Logs(report) => Self::of_logs(report),
        }
    }

    #[cfg(feature = "aws")]
    fn of_logs(report: &cloudwatch::Report) -> Self {
        Self {
            volume: Volume::Calls(report.calls, report.bytes, report.reused),
            problems: service_problems(report),
            warnings: unkept(report).into_iter().collect(),
            ..Self::default()
        }
    }

    fn of_files(report: &Report) -> Self {
        let mut problems: Vec<String> = report.problems.iter().map(problem).collect();
        if report.more_problems > 0 {
            problems.push(format!(
                "and {} more problems of the same kind",
                report.more_problems
            ));
        }
        let mut warnings = Vec::new();
        if report.cut_lines > 0 {
            warnings.push(format!(
                "{} pieces of very long lines were read as lines of their own",
                report.cut_lines
            ));
        }
        if report.special > 0 {
            let what = counted(
                report.special,
                "pipe, socket or device",
                "pipes, sockets or devices",
            );
            warnings.push(format!(
                "left out of the folder: {what}; name one as a source to read it"
            ));
        }
        if report.files > 0 && report.files == report.empty {
            warnings.push("the source is empty".to_owned());
        }
        if report.files == 0 && problems.is_empty() {
            warnings.push("the source holds no log files".to_owned());
        }
        Self {
            volume: Volume::Files(report.files, report.bytes),
            problems,
            warnings,
            again: Again::default(),
        }
    }
}

/// Returns how a source is read.
fn reading(context: &Context, zone: &Zone) -> Reading {
    Reading::new(Clock::new(zone.rules().clone()).until(latest(context)))
}

/// Words why nothing was kept for the next call.
#[cfg(feature = "aws")]
fn unkept(report: &cloudwatch::Report) -> Option<String> {
    let why = report.unkept.as_ref()?;
    Some(format!("what was read is not kept in the cache: {why}"))
}

/// Words what could not be read; that events are missing is never left unsaid.
#[cfg(feature = "aws")]
fn service_problems(report: &cloudwatch::Report) -> Vec<String> {
    let mut problems: Vec<String> = report.problems.iter().map(service_problem).collect();
    if problems.is_empty() && report.has_gaps {
        problems.push("some of the events could not be fetched".to_owned());
    }
    problems
}

/// Puts what a service said into a few lines.
#[cfg(feature = "aws")]
fn service_problem(error: &cloudwatch::CallError) -> String {
    let mut text = error.to_string();
    if !error.reason.is_empty() {
        text = format!("{text}\n  cause: {}", error.reason);
    }
    match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}

/// Puts a problem, its cause and its mend into a few lines.
fn problem(error: &SourceError) -> String {
    let mut text = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        text = format!("{text}\n  cause: {cause}");
    }
    match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}
