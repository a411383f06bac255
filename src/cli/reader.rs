//! Sources while they are read, and what is told of them at the end.
//!
//! Whatever a source is, it is opened, watched by the progress bar and ended here; which events matter is not known.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::Failure;
#[cfg(feature = "aws")]
use super::aws::Logs;
use super::context::Context;
use super::opened::{Opened, Reported, Volume, Watch};
use super::output::counted;
use super::progress::Progress;
use super::run::latest;
use super::source::{self, Beginning, Source, StandardInput, Wanted};
use super::watched::{Watched, elapsed};
#[cfg(feature = "aws")]
use crate::cloudwatch;
use crate::decode::stamp::Clock;
use crate::drive::Seen;
use crate::source::{Report, Settings as Reading, Source as Files, SourceError};
use crate::time::Zone;

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

/// A source that is being read, with the bar that shows how far.
pub(super) struct Reader {
    /// The source to hand to a pass.
    pub(super) source: Watched,
    progress: Option<Progress>,
    /// How many events a pass has looked at.
    pub(super) seen: Seen,
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
    pub(super) volume: Volume,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// What is worth a word to who wants to know how it was done.
    remarks: Vec<String>,
    pub(super) again: Again,
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
                let logs = Logs::find(context, wanted)?;
                if let Some(runs) = wanted.runs {
                    let source = logs.open_runs(context, runs);
                    watch = Watch::runs(source.progress(), Arc::clone(&seen.events));
                    (Opened::Runs(Box::new(source)), Kept::Nothing)
                } else {
                    let source = logs.open(context);
                    watch = Watch::logs(source.progress(), Arc::clone(&seen.events));
                    (Opened::Logs(Box::new(source)), Kept::Nothing)
                }
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
        for remark in &ending.remarks {
            context.notices.decision(remark);
        }
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

impl Ending {
    fn of(reported: &Reported) -> Self {
        match reported {
            Reported::Files(report) => Self::of_files(report),
            #[cfg(feature = "aws")]
            Reported::Logs(report) => Self::of_logs(report),
            #[cfg(feature = "aws")]
            Reported::Runs(report) => Self {
                remarks: report.remarks.clone(),
                ..Self::of_logs(&report.report)
            },
        }
    }

    #[cfg(feature = "aws")]
    fn of_logs(report: &cloudwatch::Report) -> Self {
        Self {
            volume: Volume::Calls(report.calls, report.bytes, report.reused),
            problems: service_problems(report),
            warnings: report
                .absent
                .iter()
                .map(left_out)
                .chain(unkept(report))
                .collect(),
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
            ..Self::default()
        }
    }
}

/// Returns how a source is read.
pub(super) fn reading(context: &Context, zone: &Zone) -> Reading {
    Reading::new(Clock::new(zone.rules().clone()).until(latest(context)))
}

/// Words that a group is not there, where it need not be.
#[cfg(feature = "aws")]
pub(super) fn left_out(error: &cloudwatch::CallError) -> String {
    format!("{error}; it is left out")
}

/// Words why nothing was kept for the next call.
#[cfg(feature = "aws")]
pub(super) fn unkept(report: &cloudwatch::Report) -> Option<String> {
    let why = report.unkept.as_ref()?;
    Some(format!("what was read is not kept in the cache: {why}"))
}

/// Words what could not be read; that events are missing is never left unsaid.
#[cfg(feature = "aws")]
pub(super) fn service_problems(report: &cloudwatch::Report) -> Vec<String> {
    let mut problems: Vec<String> = report.problems.iter().map(service_problem).collect();
    if problems.is_empty() && report.has_gaps {
        problems.push("some of the events could not be fetched".to_owned());
    }
    problems
}

/// Puts what a service said into a few lines.
#[cfg(feature = "aws")]
pub(super) fn service_problem(error: &cloudwatch::CallError) -> String {
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
pub(super) fn problem(error: &SourceError) -> String {
    let mut text = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        text = format!("{text}\n  cause: {cause}");
    }
    match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
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
