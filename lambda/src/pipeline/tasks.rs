//! Runs across deliveries: notes which streams a task has and what ECS says of it, and judges it when its end is known.
//!
//! No line is kept. What a run printed is read back from its stream when it is judged, so that the verdict does not
//! depend on how the lines were delivered; what was delivered just now is added, in case the stream lags behind.

use logq::decode::ecs::{TaskEvent, TaskKind};
use logq::detect::{Outcome, Run};
use logq::event::Origin;
use logq::state::{Committed, Document, Expected, Store, StoreError, Write};
use logq::time::Timestamp;
use logq::watch::Batch;
use logq::watch::live::{self, TaskSeen};
use logq::watch::policy::Sighting;

use super::documents::{
    BATCH_KEPT, Due, LastRuns, TASK_KEPT, TaskDocument, after, batch_key, due_task_key, task_key,
};
use super::tell::{Group, Told, decide_group, memories};
use super::{Failure, Pipeline};
use crate::streams::{Span, Streams};

/// How long after ECS says that a task has stopped its last lines may still come: the log driver needs about 5 s.
const LAST_LINES: i64 = 15_000;
/// When a run that has not ended is looked at again, if nothing is heard of it.
const STILL_RUNNING: i64 = 3_600_000;
/// When a stream that could not be read is tried again, and how often.
const READ_AGAIN: i64 = 30_000;
const MOST_READS: u32 = 5;
/// How often a document is read again since somebody else wrote it.
const MOST_TRIES: u32 = 12;

/// News of a task.
pub(crate) enum News<'a> {
    /// Its stream has lines until then.
    Lines(&'a Origin, Timestamp),
    /// ECS says how it stands, in this event, written to the group of that stage.
    Event(&'a TaskEvent, &'a str, &'a str),
}

impl<R: Streams> Pipeline<R> {
    /// Notes news of a task; returns when it is to be judged, if that is not known already.
    pub(crate) async fn note_task(
        &self,
        store: &impl Store,
        id: &str,
        news: &News<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        for _ in 0..MOST_TRIES {
            let found = store.get(&[task_key(id)], now).await?;
            let before = found.first();
            let mut task: TaskDocument = before.and_then(Document::read).unwrap_or_default();
            if !note(&mut task, news) {
                return Ok(None);
            }
            let at = self.due(&task);
            let expires = after(now, TASK_KEPT);
            let due = Due::Task {
                at,
                id: id.to_owned(),
            };
            let writes = vec![
                Write::put(task_key(id), &task, expires, unchanged(before)),
                Write::put(due_task_key(id), &due, expires, Expected::Anything),
            ];
            if store.commit(writes, now).await? == Committed::Made {
                return Ok(Some(at));
            }
        }
        Err(busy(id))
    }

    /// Returns when a task can be judged.
    fn due(&self, task: &TaskDocument) -> Timestamp {
        let event = task.event();
        if let Some(event) = event.as_ref().filter(|event| event.is_final()) {
            let stopped = event.stopped.or(event.time).or(event.stopping);
            return after(stopped.unwrap_or_default(), LAST_LINES);
        }
        after(task.last().unwrap_or_default(), self.runs.settle)
    }

    /// Judges a task and tells what there is to tell; `delivered` are the lines that came just now.
    pub(crate) async fn judge(
        &mut self,
        store: &impl Store,
        id: &str,
        delivered: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        for _ in 0..MOST_TRIES {
            if let Some(told) = self.judge_once(store, id, delivered, now).await? {
                return Ok(told);
            }
        }
        Err(busy(id).into())
    }

    /// Returns nothing when somebody else wrote what this depends on.
    async fn judge_once(
        &mut self,
        store: &impl Store,
        id: &str,
        delivered: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Option<Told>, Failure> {
        let found = store.get(&[task_key(id)], now).await?;
        let Some(before) = found.first() else {
            let forget = Write::Delete {
                key: due_task_key(id),
                expected: Expected::Anything,
            };
            store.commit(vec![forget], now).await?;
            return Ok(Some(Told::default()));
        };
        let mut task: TaskDocument = before.read().unwrap_or_default();
        let Some(streams) = self.read_streams(&mut task, delivered).await else {
            let later = after(now, READ_AGAIN);
            return Ok(self.put_off(store, id, &task, before, later, now).await?);
        };
        let event = task.event();
        let seen = TaskSeen {
            streams,
            event: event.as_ref().map(|event| (event, task.stage.as_str())),
        };
        let runs = live::runs(&seen, &self.runs, now);
        let going_on = runs.iter().any(|run| !run.settled);
        let settled: Vec<&Run> = runs.iter().filter(|run| run.settled).collect();
        let (mut writes, told) = self.tell_runs(store, &settled, &mut task, now).await?;
        let expires = after(now, TASK_KEPT);
        writes.push(Write::put(task_key(id), &task, expires, before.unchanged()));
        writes.push(if going_on {
            let at = after(now, STILL_RUNNING);
            let id = id.to_owned();
            Write::put(
                due_task_key(&id),
                &Due::Task { at, id: id.clone() },
                expires,
                Expected::Anything,
            )
        } else {
            Write::Delete {
                key: due_task_key(id),
                expected: Expected::Anything,
            }
        });
        let committed = store.commit(writes, now).await?;
        if committed == Committed::Conflict {
            return Ok(None);
        }
        for run in settled {
            self.counts.run(run.outcome.as_str());
        }
        Ok(Some(told))
    }

    async fn put_off(
        &self,
        store: &impl Store,
        id: &str,
        task: &TaskDocument,
        before: &Document,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Told>, StoreError> {
        let expires = after(now, TASK_KEPT);
        let due = Due::Task {
            at,
            id: id.to_owned(),
        };
        let writes = vec![
            Write::put(task_key(id), task, expires, before.unchanged()),
            Write::put(due_task_key(id), &due, expires, Expected::Anything),
        ];
        let committed = store.commit(writes, now).await?;
        Ok((committed == Committed::Made).then(Told::default))
    }

    /// Reads what a task's containers printed; nothing when a stream cannot be read now and may be later.
    async fn read_streams(
        &mut self,
        task: &mut TaskDocument,
        delivered: Option<&Batch>,
    ) -> Option<Vec<Batch>> {
        let mut batches = Vec::new();
        for seen in &task.streams {
            let origin = Origin::new(seen.group.as_str(), seen.stream.as_str());
            let read = self.streams.read(&origin, Span::Whole).await;
            let batch = match read {
                Ok(batch) => batch,
                Err(error) => {
                    self.log.problem("stream", &error.to_string());
                    self.counts.stream_errors += 1;
                    task.tries += 1;
                    if task.tries < MOST_READS {
                        return None;
                    }
                    // The exit code is worth telling without the lines.
                    Batch::new(origin.clone())
                }
            };
            let own = delivered.filter(|delivered| delivered.origin == origin);
            batches.push(match own {
                Some(delivered) => batch.with_delivered(delivered),
                None => batch,
            });
        }
        Some(batches)
    }

    /// Decides what is told of runs, and notes it in the task's document.
    async fn tell_runs(
        &mut self,
        store: &impl Store,
        runs: &[&Run],
        task: &mut TaskDocument,
        now: Timestamp,
    ) -> Result<(Vec<Write>, Told), StoreError> {
        let (mut writes, mut told) = (Vec::new(), Told::default());
        self.read_silences(store, now).await?;
        for run in runs {
            let last = self.last_runs(store, run, now).await?;
            let sighted = live::judged(&mut self.rules, run);
            let mut groups = Vec::new();
            for one in sighted {
                let name = format!("{} {}", one.rule.name, run.kind);
                let severity = match one.sighting {
                    Sighting::Bad(severity) => Some(severity),
                    Sighting::Good => None,
                };
                let better = severity.is_some_and(|new| task.worst().is_some_and(|old| old <= new));
                let known = task.judged.get(&name) == Some(&severity);
                task.judged.insert(name, severity);
                if !known && !better {
                    groups.push(Group {
                        key: one.key.clone(),
                        remarks: remarks(run, &last),
                        seen: vec![(one, None)],
                    });
                }
            }
            let known = memories(store, groups.iter(), now).await?;
            let rulings = super::rulings(
                &self.config,
                self.redactor.as_ref(),
                &self.silences,
                &self.names,
                now,
            );
            for group in &groups {
                let decided = decide_group(group, known.get(&group.key), &rulings);
                writes.extend(decided.writes);
                told.add(decided.told);
            }
            writes.extend(note_end(run, last, now));
        }
        Ok((writes, told))
    }

    async fn last_runs(
        &self,
        store: &impl Store,
        run: &Run,
        now: Timestamp,
    ) -> Result<LastRuns, StoreError> {
        let key = batch_key(&run.stage, &run.name);
        let found = store.get(&[key], now).await?;
        Ok(found.first().and_then(Document::read).unwrap_or_default())
    }
}

impl TaskDocument {
    /// Returns the last ECS event.
    pub(crate) fn event(&self) -> Option<TaskEvent> {
        TaskEvent::parse(self.ecs.as_ref()?.as_bytes())
    }
}

/// Takes news into a document; false when it is none.
fn note(task: &mut TaskDocument, news: &News<'_>) -> bool {
    match news {
        News::Lines(origin, last) => task.note_stream(&origin.group, &origin.stream, *last),
        News::Event(event, text, stage) => {
            // The state of a service's task changes with every deployment; only its end may be news.
            let passing = event.kind == TaskKind::Service && !event.is_final();
            if passing || task.event().is_some_and(|known| known >= **event) {
                return false;
            }
            task.ecs = Some((*text).to_owned());
            (*stage).clone_into(&mut task.stage);
            true
        }
    }
}

/// Returns what an alert says beside the run itself: when the batch last went well.
fn remarks(run: &Run, last: &LastRuns) -> Vec<String> {
    let failed = run.outcome == Outcome::Failed;
    let success = last.success.filter(|at| failed && *at < run.timestamp());
    success
        .map(|at| format!("It last went well at {at}."))
        .into_iter()
        .collect()
}

fn note_end(run: &Run, mut last: LastRuns, now: Timestamp) -> Option<Write> {
    let at = run.timestamp();
    let place = match run.outcome {
        Outcome::Succeeded | Outcome::Errored => &mut last.success,
        Outcome::Failed => &mut last.failure,
        Outcome::Running | Outcome::Unknown => return None,
    };
    if place.is_some_and(|known| known >= at) {
        return None;
    }
    *place = Some(at);
    let key = batch_key(&run.stage, &run.name);
    // Two runs of one batch that end at once may undo each other's note: it is for people, nothing is decided by it.
    Some(Write::put(
        key,
        &last,
        after(now, BATCH_KEPT),
        Expected::Anything,
    ))
}

fn unchanged(before: Option<&Document>) -> Expected {
    before.map_or(Expected::Absent, Document::unchanged)
}

fn busy(id: &str) -> StoreError {
    StoreError {
        operation: "TransactWriteItems",
        table: String::new(),
        code: None,
        reason: format!("the task `{id}` is written by others all the time"),
    }
}
