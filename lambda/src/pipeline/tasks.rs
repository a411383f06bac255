//! Runs across deliveries: notes which streams a task has and what ECS says of it, and judges it when its end is known.
//!
//! No line is kept. What a run printed is read back from its stream when it is judged, so that the verdict does not
//! depend on how the lines were delivered; what was delivered just now is added, in case the stream lags behind.

use std::time::Duration;

use logq::alert::catalog::{Sentence, texts};
use logq::decode::ecs::{TaskEvent, TaskKind};
use logq::detect::{Outcome, Run};
use logq::event::Origin;
use logq::language::Language;
use logq::state::{Committed, Document, Expected, Store, StoreError, Write};
use logq::time::Timestamp;
use logq::watch::live::{self, TaskSeen};
use logq::watch::policy::Sighting;
use logq::watch::{Batch, Sighted};

use super::documents::{
    BATCH_KEPT, Due, LastRuns, TASK_KEPT, TaskDocument, after, batch_key, due_task_key, memory_key,
    task_key,
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
/// How long after a judgement late lines are looked at together.
const JUDGED_AGAIN: i64 = 60_000;
/// How often a document is read again since somebody else wrote it.
const MOST_TRIES: u32 = 12;

/// News of a task.
pub(crate) enum News<'a> {
    /// Its stream has lines until then.
    Lines(&'a Origin, Timestamp),
    /// ECS says how it stands, in an event that was written to the group of that stage.
    Event(&'a TaskEvent, &'a str),
}

impl<R: Streams> Pipeline<R> {
    /// Notes news of a task; returns when it is to be judged, if that is not known already.
    pub(crate) async fn note_task(
        &self,
        store: &impl Store,
        id: &str,
        news: &News<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Failure> {
        for attempt in 0..MOST_TRIES {
            let found = store.get(&[task_key(id)], now).await?;
            let before = found.first();
            let mut task: TaskDocument = before.and_then(Document::read).unwrap_or_default();
            if !note(&mut task, news) {
                return Ok(None);
            }
            let at = self.due(&task, now);
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
            pause(attempt).await;
        }
        Err(busy(id))
    }

    /// Returns when a task can be judged. Times from the future, as of a clock that is ahead, count as now.
    ///
    /// Each judgement reads the whole stream. What comes late of a task that was judged, in however many deliveries, is
    /// looked at together, a while after.
    fn due(&self, task: &TaskDocument, now: Timestamp) -> Timestamp {
        let known = self.known(task, now);
        match task.settled {
            Some(settled) => known.max(after(settled.min(now), JUDGED_AGAIN)),
            None => known,
        }
    }

    /// Returns when the end of a task is known, as far as can be told now.
    fn known(&self, task: &TaskDocument, now: Timestamp) -> Timestamp {
        let last = task.last();
        let Some(event) = &task.event else {
            return after(last.unwrap_or_default().min(now), self.runs.settle);
        };
        if event.is_final() {
            // What ran has printed something, most likely, and its lines may be on their way.
            let silent = event.started.is_some() && task.streams.is_empty();
            let stopped = event.stopped.or(event.time).or(event.stopping);
            let stopped = stopped.filter(|_| !silent).unwrap_or(now);
            return after(stopped.min(now), LAST_LINES);
        }
        // ECS will say when it ends, unless that gets lost.
        let heard = last.max(event.time).unwrap_or(now);
        after(heard.min(now), self.runs.lost)
    }

    /// Judges a task and tells what there is to tell; `delivered` are the lines that came just now.
    pub(crate) async fn judge(
        &mut self,
        store: &impl Store,
        id: &str,
        delivered: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        for attempt in 0..MOST_TRIES {
            if let Some(told) = self.judge_once(store, id, delivered, now).await? {
                return Ok(told);
            }
            pause(attempt).await;
        }
        Err(busy(id))
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
        let event = task.event.clone();
        let ended = event.as_ref().is_some_and(TaskEvent::is_final);
        let read = self.read_streams(&mut task, delivered, ended).await;
        let Some((streams, is_whole)) = read else {
            let wait = READ_AGAIN << task.tries.min(7);
            return Ok(self
                .put_off(store, id, &task, before, after(now, wait), now)
                .await?);
        };
        let seen = TaskSeen {
            streams,
            event: event.as_ref().map(|event| (event, task.stage.as_str())),
        };
        let runs = live::runs(&seen, &self.runs, now);
        let going_on = runs.iter().any(|run| !run.settled);
        // Without its lines a run cannot be called good.
        let known = |run: &&Run| run.settled && (is_whole || run.outcome == Outcome::Failed);
        let settled: Vec<&Run> = runs.iter().filter(known).collect();
        let (mut writes, told) = self.tell_runs(store, &settled, &mut task, now).await?;
        let ends: Vec<_> = settled
            .iter()
            .map(|run| note_outcome(&mut task, run))
            .collect();
        task.settled = (!going_on).then_some(now);
        writes.push(Write::put(
            task_key(id),
            &task,
            after(now, TASK_KEPT),
            before.unchanged(),
        ));
        writes.push(self.next_look(id, &task, going_on, now));
        if store.commit(writes, now).await? == Committed::Conflict {
            return Ok(None);
        }
        for (outcome, before) in ends {
            self.counts.run(outcome, before);
        }
        told.count(&mut self.counts);
        Ok(Some(told))
    }

    /// Returns the write that says when a task is looked at again, if it is.
    fn next_look(&self, id: &str, task: &TaskDocument, going_on: bool, now: Timestamp) -> Write {
        let key = due_task_key(id);
        if !going_on {
            return Write::Delete {
                key,
                expected: Expected::Anything,
            };
        }
        let known = self.known(task, now);
        let at = if known > now {
            known
        } else {
            after(now, STILL_RUNNING)
        };
        let id = id.to_owned();
        let due = Due::Task { at, id };
        Write::put(key, &due, after(now, TASK_KEPT), Expected::Anything)
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

    /// Reads what a task's containers printed, and whether that is all; nothing when a stream cannot be read now and
    /// may be later. Only of a task that has `ended` an exit code is known, which is worth telling without the lines.
    async fn read_streams(
        &mut self,
        task: &mut TaskDocument,
        delivered: Option<&Batch>,
        ended: bool,
    ) -> Option<(Vec<Batch>, bool)> {
        let mut batches = Vec::new();
        let mut is_whole = true;
        for seen in &task.streams {
            let origin = Origin::new(seen.group.as_str(), seen.stream.as_str());
            let read = self.read_stream(&origin, Span::Whole).await;
            if read.is_none() {
                task.tries += 1;
                if task.tries < MOST_READS || !ended {
                    return None;
                }
                is_whole = false;
            }
            let batch = read.unwrap_or_else(|| Batch::new(origin.clone()));
            let own = delivered.filter(|delivered| delivered.origin == origin);
            batches.push(match own {
                Some(delivered) => batch.with_delivered(delivered),
                None => batch,
            });
        }
        if is_whole {
            task.tries = 0;
        }
        Some((batches, is_whole))
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
                if let Some(one) = news_of(one, run, task) {
                    groups.push(Group {
                        key: one.key.clone(),
                        remarks: remarks(run, &last, self.config.alerts.language),
                        seen: vec![(one, None)],
                    });
                }
            }
            // Two runs of one task may be of one name; what is written for the first counts for both.
            let known = memories(store, groups.iter(), now).await?;
            let rulings = super::rulings(
                &self.config,
                self.redactor.as_ref(),
                &self.silences,
                &self.names,
                (self.deadline, now),
            );
            for group in &groups {
                if writes
                    .iter()
                    .any(|write: &Write| *write.key() == memory_key(&group.key))
                {
                    continue;
                }
                let decided = decide_group(group, known.get(&group.key), &rulings);
                writes.extend(decided.writes);
                told.add(decided.told);
            }
            let end = note_end(run, last, now);
            writes.extend(end.filter(|end| !writes.iter().any(|write| write.key() == end.key())));
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

/// Returns a sighting that tells more of a task than was told before, and notes it.
fn news_of<'a>(mut one: Sighted<'a>, run: &Run, task: &mut TaskDocument) -> Option<Sighted<'a>> {
    let name = format!("{} {}", one.rule.name, run.kind);
    let severity = match one.sighting {
        Sighting::Bad(severity) | Sighting::Worse(severity) => Some(severity),
        Sighting::Good => None,
    };
    let better = severity.is_some_and(|new| task.worst().is_some_and(|old| old <= new));
    let known = task.judged.insert(name.clone(), severity);
    if known == Some(severity) || better {
        return None;
    }
    if let Some(severity) = severity {
        // One run is one failure, also when more becomes known of it.
        let counted_as = task.counted_as.insert(name, one.key.clone());
        if known.flatten().is_some() && counted_as.as_ref() == Some(&one.key) {
            one.sighting = Sighting::Worse(severity);
        }
    }
    Some(one)
}

/// Notes how a run ended; returns that, and how it was counted before.
fn note_outcome(task: &mut TaskDocument, run: &Run) -> (Outcome, Option<Outcome>) {
    let name = run.kind.to_string();
    (run.outcome, task.outcomes.insert(name, run.outcome))
}

/// Takes news into a document; false when it is none.
fn note(task: &mut TaskDocument, news: &News<'_>) -> bool {
    match news {
        News::Lines(origin, last) => task.note_stream(&origin.group, &origin.stream, *last),
        News::Event(event, stage) => {
            // The state of a service's task changes with every deployment; only its end may be news.
            let passing = event.kind == TaskKind::Service && !event.is_final();
            if passing || task.event.as_ref().is_some_and(|known| known >= event) {
                return false;
            }
            task.event = Some((*event).clone());
            // What ECS says is looked at at once.
            task.settled = None;
            (*stage).clone_into(&mut task.stage);
            true
        }
    }
}

/// Returns what an alert says beside the run itself: when the batch last went well.
fn remarks(run: &Run, last: &LastRuns, language: Language) -> Vec<String> {
    let failed = run.outcome == Outcome::Failed;
    let success = last.success.filter(|at| failed && *at < run.timestamp());
    success
        .map(|at| texts(language).sentence(&Sentence::LastWell(&at.to_string())))
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

/// Lets others finish what they write.
async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(5 << attempt.min(6))).await;
}

fn busy(id: &str) -> Failure {
    Failure::Busy(format!("the task `{id}` is written by others all the time"))
}
