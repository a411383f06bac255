//! One task: the run that it was, and every line it wrote.

use std::ops::ControlFlow;

use memchr::memmem;

use super::runs::{link, run_config};
use super::{Setting, Tally};
use crate::detect::run::Run;
use crate::detect::table::{RunConfig, RunTable};
use crate::event::{Event, Origin};
use crate::record::Record;
use crate::scan::{Block, Blocks, Need, pool};
use crate::time::Timestamp;

/// A copy of an event of the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was logged.
    pub timestamp: Timestamp,
    /// When the service took it in.
    pub ingestion: Option<Timestamp>,
    /// The message.
    pub message: Box<[u8]>,
    /// Log group and stream.
    pub origin: Origin,
    /// The service's event id.
    pub id: Option<Box<str>>,
}

/// What a source knows of a task.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The runs whose task begins as asked, by their start; more than one when the question was too short.
    pub runs: Vec<Run>,
    /// The lines of all streams of such tasks, in the order of time.
    pub lines: Vec<Line>,
}

/// Reads everything, and keeps what belongs to tasks whose id begins with `wanted`.
///
/// Only the stage and the services of the scope count: a run is shown whole, not what a window leaves of it.
pub fn task<B: Blocks>(
    blocks: &mut B,
    setting: &Setting<'_>,
    wanted: &str,
    now: Timestamp,
) -> (Found, Tally) {
    let config = run_config(setting.config);
    let mut table = RunTable::new(config.clone());
    let mut lines = Vec::new();
    let mut tally = Tally::default();
    let make_worker = || worker(setting, config.clone(), wanted);
    pool::run(blocks, setting.threads, make_worker, |part: Part| {
        table.merge(part.table);
        lines.extend(part.lines);
        tally.events += part.events;
        tally.interrupted = setting.stopped();
        if tally.interrupted {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let mut runs = table.runs(now);
    runs.retain(|run| is_wanted(run.task.as_deref(), &run.origin, wanted));
    for run in &mut runs {
        link(run, setting.config);
    }
    tally.matches = runs.len() as u64;
    (
        Found {
            runs,
            lines: in_order(lines),
        },
        tally,
    )
}

/// What one block holds of the task.
struct Part {
    table: RunTable,
    lines: Vec<Line>,
    events: u64,
}

fn worker(setting: &Setting<'_>, config: RunConfig, wanted: &str) -> impl FnMut(&Block) -> Part {
    let mut scanner = setting.scanner(&Need::Anything);
    let finder = memmem::Finder::new(wanted).into_owned();
    let wanted = wanted.to_owned();
    move |block| {
        let mut part = Part {
            table: RunTable::new(config.clone()),
            lines: Vec::new(),
            events: 0,
        };
        let _ = scanner.for_each_event(block, |_, event| {
            part.events += 1;
            if is_wanted(event.origin.task(), event.origin, &wanted) {
                part.lines.push(Line::copy(&event));
                part.table.observe(&Record::new(event));
            } else if finder.find(event.message).is_some() {
                // The ECS event of the task names it; what else does makes no run.
                part.table.observe(&Record::new(event));
            }
            ControlFlow::Continue(())
        });
        part
    }
}

/// Returns whether a task, or a stream that belongs to none, is the one asked for.
fn is_wanted(task: Option<&str>, origin: &Origin, wanted: &str) -> bool {
    let stream: &str = &origin.stream;
    match task.or(origin.task()) {
        Some(task) => task.starts_with(wanted) || stream == wanted,
        None => !stream.is_empty() && stream.starts_with(wanted),
    }
}

/// Sorts by time, keeping the order of the input where that is the same, and drops what was delivered twice.
fn in_order(mut lines: Vec<Line>) -> Vec<Line> {
    let mut seen = hashbrown::HashSet::new();
    lines.retain(|line| line.id.as_ref().is_none_or(|id| seen.insert(id.clone())));
    lines.sort_by_key(|line| line.timestamp);
    lines
}

impl Line {
    fn copy(event: &Event<'_>) -> Self {
        Self {
            timestamp: event.timestamp,
            ingestion: event.ingestion,
            message: event.message.into(),
            origin: event.origin.clone(),
            id: event.id.map(Into::into),
        }
    }

    /// Returns the event again.
    pub fn event(&self) -> Event<'_> {
        Event {
            timestamp: self.timestamp,
            ingestion: self.ingestion,
            message: &self.message,
            origin: &self.origin,
            id: self.id.as_deref(),
        }
    }
}
