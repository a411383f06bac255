//! One task: the run that it was, and every line it wrote.

use std::ops::ControlFlow;

use memchr::memmem;

use super::runs::{link, run_config};
use super::{Setting, Tally};
use crate::detect::run::Run;
use crate::detect::table::{RunConfig, RunTable, is_task_id};
use crate::event::{Event, Origin};
use crate::record::{Broken, Record};
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

/// Reads everything, and keeps what belongs to the tasks that `wanted` names: by an ARN, a stream, an id or the
/// beginning of one.
///
/// Only the stage and the services of the scope count: a run is shown whole, not what a window leaves of it.
pub fn task<B: Blocks>(
    blocks: &mut B,
    setting: &Setting<'_>,
    wanted: &str,
    now: Timestamp,
) -> (Found, Tally) {
    let config = run_config(setting.config);
    let wanted = &WantedTask::of(wanted);
    let mut table = RunTable::new(config.clone());
    let mut lines = Vec::new();
    let mut tally = Tally::default();
    let make_worker = || worker(setting, config.clone(), wanted);
    let hands_over = blocks.hands_over();
    pool::run(blocks, setting.threads, make_worker, |part: Part| {
        table.merge(part.table);
        lines.extend(part.lines);
        tally.events += part.events;
        tally.broken += part.broken;
        setting.tell_seen(tally.events);
        tally.interrupted = setting.stopped();
        setting.goes_on(hands_over)
    });
    let mut runs = table.runs(now);
    runs.retain(|run| wanted.is(run.task.as_deref(), &run.origin));
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
    broken: Broken,
}

fn worker(
    setting: &Setting<'_>,
    config: RunConfig,
    wanted: &WantedTask,
) -> impl FnMut(&Block) -> Part {
    let mut scanner = setting.scanner(&Need::Anything);
    let finder = memmem::Finder::new(wanted.needle()).into_owned();
    let wanted = wanted.clone();
    move |block| {
        let mut part = Part {
            table: RunTable::new(config.clone()),
            lines: Vec::new(),
            events: 0,
            broken: Broken::default(),
        };
        let _ = scanner.for_each_event(block, |_, event| {
            part.events += 1;
            if !setting.knows(event.timestamp) {
                return ControlFlow::Continue(());
            }
            if wanted.is(event.origin.task(), event.origin) {
                part.lines.push(Line::copy(&event));
                let record = Record::new(event);
                part.table.observe(&record);
                part.broken.count(record.fault());
            } else if finder.find(event.message).is_some() {
                // The ECS event of the task names it; what else does makes no run.
                part.table.observe(&Record::new(event));
            }
            ControlFlow::Continue(())
        });
        part
    }
}

/// The task that was asked for.
#[derive(Clone, Debug)]
pub struct WantedTask {
    written: String,
    /// Its id, or the beginning of it.
    task: String,
}

impl WantedTask {
    /// Reads how a task was named: by an ARN, a stream, an id or the beginning of one.
    pub fn of(written: &str) -> Self {
        Self {
            written: written.to_owned(),
            task: named_task(written).to_owned(),
        }
    }

    /// Returns whether a task, or a stream that belongs to none, is the one asked for.
    pub fn is(&self, task: Option<&str>, origin: &Origin) -> bool {
        let stream: &str = &origin.stream;
        let is_stream = self.written.contains('/') && stream.starts_with(&self.written);
        match task.or(origin.task()) {
            Some(task) => task.starts_with(&self.task) || is_stream,
            None => !stream.is_empty() && stream.starts_with(&self.written),
        }
    }

    /// Returns what the task's ECS events hold.
    fn needle(&self) -> &str {
        let last = self.task.rsplit('/').next().unwrap_or_default();
        if last.is_empty() { &self.task } else { last }
    }
}

/// Returns the id in an ARN or in the name of a stream; any other text is an id, or the beginning of one, itself.
pub fn named_task(written: &str) -> &str {
    match written.rsplit_once('/') {
        Some((before, last)) if before.starts_with("arn:") && !last.is_empty() => last,
        Some((_, last)) if is_task_id(last) => last,
        _ => written,
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "2613d6373cd38ca2af56de5654d5480f";

    #[track_caller]
    fn check(written: &str, expected: bool) {
        let wanted = WantedTask::of(written);
        let stream = format!("ecs/batch/{ID}");
        let origin = Origin::new("/ecs/production-batch", stream);
        assert_eq!(
            wanted.is(None, &origin),
            expected,
            "by its stream: {written}"
        );
        // A task that never wrote a line is known by its ECS event alone.
        let nowhere = Origin::default();
        assert_eq!(
            wanted.is(Some(ID), &nowhere),
            expected,
            "by its id: {written}"
        );
    }

    #[test]
    fn a_task_has_many_names() {
        check(
            &format!("arn:aws:ecs:ap-northeast-1:111122223333:task/shop/{ID}"),
            true,
        );
        check(&format!("ecs/batch/{ID}"), true);
        check("2613", true);
        check("ecs/worker/2613d6373cd38ca2af56de5654d5480f0", false);
        check("3d6373", false);
    }

    #[test]
    fn the_beginning_of_a_stream_names_it() {
        let wanted = WantedTask::of("ecs/batch/2613");
        let origin = Origin::new("", format!("ecs/batch/{ID}"));
        assert!(wanted.is(None, &origin));
        assert_eq!(wanted.needle(), "2613");
        assert!(!WantedTask::of("ecs/web").is(None, &origin));
    }
}
