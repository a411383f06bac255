//! The table of runs: takes events and ECS events in any order, and answers what runs there were.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::decode::ecs::{TaskEvent, TaskKind};
use crate::decode::exception::ErrorInfo;
use crate::decode::traceback::AppRoots;
use crate::detect::command::Command;
use crate::detect::groups::{Groups, Site};
use crate::detect::outcome::{Case, is_service};
use crate::detect::reading::{Reading, Trouble};
use crate::detect::run::{Outcome, Run, RunKind};
use crate::detect::transcript::Transcript;
use crate::event::Origin;
use crate::record::Record;
use crate::time::Timestamp;

/// How runs are told; every member has a default that fits the usual names.
#[derive(Clone, Debug)]
pub struct RunConfig {
    /// How many milliseconds without a line count as the end of a run, when no ECS event tells.
    pub settle: i64,
    /// The field of a record that names the batch.
    pub name_field: Option<String>,
    /// The container whose exit code is the task's, when a task has several.
    pub main_container: Option<String>,
    /// Where the application's code lives.
    pub app_roots: AppRoots,
    /// From log group to stage and service.
    pub groups: Groups,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            settle: 5 * 60 * 1000,
            name_field: Some("batch".to_owned()),
            main_container: None,
            app_roots: AppRoots::default(),
            groups: Groups::default(),
        }
    }
}

/// All runs that the events seen so far tell of.
///
/// The answer depends on the set of events alone, not on their order, nor on how often each was seen (events
/// without an id cannot be known again, and are ordered as they come).
#[derive(Clone, Debug)]
pub struct RunTable {
    config: RunConfig,
    streams: Vec<Stream>,
    index: HashMap<Origin, usize>,
    sites: HashMap<Arc<str>, Site>,
    tasks: BTreeMap<String, Task>,
    /// The stream of the event before: events come in runs of one stream.
    latest: usize,
}

#[derive(Clone, Debug)]
struct Stream {
    origin: Origin,
    site: Site,
    transcript: Transcript,
}

/// The last state of a task.
#[derive(Clone, Debug)]
struct Task {
    stage: String,
    event: TaskEvent,
}

impl RunTable {
    /// Creates an empty table.
    pub fn new(config: RunConfig) -> Self {
        Self {
            config,
            streams: Vec::new(),
            index: HashMap::new(),
            sites: HashMap::new(),
            tasks: BTreeMap::new(),
            latest: 0,
        }
    }

    /// Takes an event: a line of a run's output, or an ECS event that was written to a log group.
    pub fn observe(&mut self, record: &Record<'_>) {
        let origin = record.event.origin;
        if self
            .streams
            .get(self.latest)
            .is_none_or(|stream| stream.origin != *origin)
        {
            let site = self.site(&origin.group);
            // Where nothing tells what a group holds, the messages do.
            if (site.holds_tasks() || site.stage.is_empty())
                && self.observe_ecs(record, &site.stage)
            {
                return;
            }
            if site.holds_tasks() {
                return;
            }
            self.latest = self.stream(origin, site);
        }
        let name_field = self.config.name_field.as_deref();
        let stream = &mut self.streams[self.latest];
        if stream.site.stage.is_empty() {
            if let Some(event) = TaskEvent::parse(record.event.message) {
                self.observe_task(&event, "");
                return;
            }
        }
        stream.transcript.observe(record, name_field);
    }

    fn observe_ecs(&mut self, record: &Record<'_>, stage: &str) -> bool {
        let Some(event) = TaskEvent::parse(record.event.message) else {
            return false;
        };
        self.observe_task(&event, stage);
        true
    }

    /// Takes an ECS event; `stage` is that of the group it was written to, empty when unknown.
    pub fn observe_task(&mut self, event: &TaskEvent, stage: &str) {
        let fresh = || Task {
            stage: stage.to_owned(),
            event: event.clone(),
        };
        let task = self.tasks.entry(event.task.clone()).or_insert_with(fresh);
        if task.stage.is_empty() {
            stage.clone_into(&mut task.stage);
        }
        if *event > task.event {
            task.event = event.clone();
        }
    }

    /// Adds all that another table has seen; events without ids stand behind this one's.
    pub fn merge(&mut self, other: Self) {
        for (_, task) in other.tasks {
            self.observe_task(&task.event, &task.stage);
        }
        for stream in other.streams {
            let at = self.stream(&stream.origin, stream.site);
            self.streams[at].transcript.merge(stream.transcript);
        }
    }

    /// Forgets the streams and tasks that were last heard of before `limit`.
    pub fn forget_before(&mut self, limit: Timestamp) {
        let fresh = |stream: &Stream| {
            stream
                .transcript
                .last()
                .is_some_and(|last| last.timestamp >= limit)
        };
        self.streams.retain(fresh);
        let origins = self.streams.iter().map(|stream| stream.origin.clone());
        self.index = origins.zip(0..).collect();
        self.latest = usize::MAX;
        self.tasks
            .retain(|_, task| last_heard(&task.event).is_none_or(|last| last >= limit));
    }

    /// Returns the runs as they stand at `now`, by their start.
    pub fn runs(&self, now: Timestamp) -> Vec<Run> {
        let mut runs: Vec<Run> = self
            .cases()
            .iter()
            .flat_map(|case| self.judge(case, now))
            .collect();
        runs.sort_by_cached_key(|run| (run.started, run.last_seen, run.id(), run.kind));
        runs
    }

    fn site(&mut self, group: &Arc<str>) -> Site {
        if let Some(site) = self.sites.get(group) {
            return site.clone();
        }
        let site = self.config.groups.find(group);
        self.sites.insert(group.clone(), site.clone());
        site
    }

    fn stream(&mut self, origin: &Origin, site: Site) -> usize {
        if let Some(at) = self.index.get(origin) {
            return *at;
        }
        self.streams.push(Stream {
            origin: origin.clone(),
            site,
            transcript: Transcript::default(),
        });
        self.index.insert(origin.clone(), self.streams.len() - 1);
        self.streams.len() - 1
    }

    /// Joins streams and tasks by the task id.
    fn cases(&self) -> Vec<Joined<'_>> {
        let mut joined: BTreeMap<String, Joined<'_>> = BTreeMap::new();
        for stream in &self.streams {
            let task = stream
                .origin
                .task()
                .filter(|id| is_task_id(id) || self.tasks.contains_key(*id));
            let key = task.map_or_else(
                || format!("{}\n{}", stream.origin.group, stream.origin.stream),
                str::to_owned,
            );
            joined.entry(key).or_default().streams.push(stream);
        }
        for (id, task) in &self.tasks {
            joined.entry(id.clone()).or_default().task = Some(task);
        }
        joined.into_values().collect()
    }

    fn judge(&self, joined: &Joined<'_>, now: Timestamp) -> Vec<Run> {
        let config = &self.config;
        let event = joined.task.map(|task| &task.event);
        let main = event.and_then(|event| event.main_container(config.main_container.as_deref()));
        let stream = joined.stream(main.map(|main| main.name.as_str()));
        let reading = stream.map(|stream| Reading::of(&stream.transcript, &config.app_roots));
        let reading = reading.unwrap_or_default();
        let command = event.and_then(TaskEvent::command).map(Command::parse);
        let case = Case {
            transcript: stream.map(|stream| &stream.transcript),
            reading: &reading,
            task: event,
            main,
            command: command.as_ref(),
            now,
            settle: config.settle,
        };
        let builder = Builder {
            case,
            stream,
            task: joined.task,
        };
        let in_service = match event {
            Some(event) => is_service(event),
            None => stream.is_some_and(|stream| !stream.site.holds_runs()),
        };
        if in_service {
            builder.service_runs()
        } else {
            vec![builder.run()]
        }
    }
}

/// The streams and the ECS event of one task.
#[derive(Clone, Debug, Default)]
struct Joined<'a> {
    streams: Vec<&'a Stream>,
    task: Option<&'a Task>,
}

impl<'a> Joined<'a> {
    /// Returns the stream of the main container; without a name, that of a batch, then the one with most events.
    fn stream(&self, main: Option<&str>) -> Option<&'a Stream> {
        self.streams.iter().copied().max_by_key(|stream| {
            let named = main.is_some() && stream.origin.container() == main;
            (
                named,
                stream.site.holds_runs(),
                stream.transcript.counts().events,
                &stream.origin,
            )
        })
    }
}

/// Puts a run together.
struct Builder<'a> {
    case: Case<'a>,
    stream: Option<&'a Stream>,
    task: Option<&'a Task>,
}

impl Builder<'_> {
    fn run(&self) -> Run {
        let verdict = self.case.verdict();
        let trouble = self.trouble(verdict.outcome);
        let crash = self.case.reading.last_crash();
        let mut run = self.outline();
        run.ended = self.ended(verdict.outcome);
        run.outcome = verdict.outcome;
        run.cause = verdict.cause;
        run.evidence = verdict.evidence;
        run.note = verdict.note;
        run.settled = verdict.settled;
        run.crash_seen = crash.is_some();
        run.error_at = trouble.map(|trouble| trouble.place.clone());
        run.error = trouble.map(|trouble| trouble.error.clone());
        if run.error.is_none() && run.outcome == Outcome::Failed && run.exit_code == Some(1) {
            self.take_last_line(&mut run);
        }
        run
    }

    /// The error of a run that went well is none, but for one that a later attempt made good.
    fn trouble(&self, outcome: Outcome) -> Option<&Trouble> {
        let reading = self.case.reading;
        match outcome {
            Outcome::Succeeded | Outcome::Running => reading.last_crash().filter(|crash| {
                !crash.error.traceback.is_empty()
                    && crash.class != crate::detect::reading::Class::Refusal
            }),
            _ => reading.main_trouble(),
        }
    }

    /// `sys.exit("text")` prints the text and exits with 1: nothing else marks it as an error.
    fn take_last_line(&self, run: &mut Run) {
        let line = self.case.reading.last_line.as_ref();
        let last = line.filter(|(place, line)| {
            Some(place) == run.last.as_ref() && !line.starts_with([' ', '\t', '\r'])
        });
        if let Some((place, line)) = last {
            run.error = Some(ErrorInfo::from_message(None, line));
            run.error_at = Some(place.clone());
        }
    }

    /// A service's task is no run, but what it may do is: a migration before it begins, and its own end.
    fn service_runs(&self) -> Vec<Run> {
        let ended = self.task.filter(|task| task.event.is_final()).map(|_| Run {
            kind: RunKind::Task,
            migration: None,
            ..self.run()
        });
        ended.into_iter().chain(self.entrypoint()).collect()
    }

    /// Returns the migration that an entrypoint ran before the service itself.
    fn entrypoint(&self) -> Option<Run> {
        let reading = self.case.reading;
        let migration = reading.migration.as_ref()?;
        let crash = reading
            .troubles
            .iter()
            .rev()
            .find(|trouble| trouble.in_migrate && trouble.is_end());
        let verdict = Case {
            task: None,
            main: None,
            ..self.case
        }
        .verdict();
        let failed = migration.failed.is_some() && verdict.outcome == Outcome::Failed
            || crash.is_some_and(|crash| crash.is_last);
        let mut run = self.outline();
        run.kind = RunKind::Migration;
        run.outcome = match verdict.outcome {
            _ if failed => Outcome::Failed,
            Outcome::Unknown => Outcome::Unknown,
            Outcome::Running if reading.last_line.is_some() => Outcome::Running,
            _ if migration.failed.is_some() => Outcome::Running,
            _ => Outcome::Succeeded,
        };
        run.ended = self.ended(run.outcome);
        run.cause = verdict.cause.filter(|_| failed);
        run.evidence = verdict.evidence;
        run.settled = verdict.settled;
        run.crash_seen = crash.is_some();
        run.error = crash.map(|crash| crash.error.clone());
        run.error_at = crash.map(|crash| crash.place.clone());
        Some(run)
    }

    /// Fills in all that does not depend on the outcome.
    fn outline(&self) -> Run {
        let event = self.task.map(|task| &task.event);
        let transcript = self.case.transcript;
        let origin = self
            .stream
            .map(|stream| stream.origin.clone())
            .unwrap_or_default();
        let known_task = event
            .map(|event| event.task.as_str())
            .or_else(|| origin.task().filter(|id| is_task_id(id)));
        let kind = self.kind();
        Run {
            kind,
            name: self.name(kind),
            command: self.case.command.map(|command| command.text.clone()),
            stage: self.stage(),
            service: self
                .stream
                .map(|stream| stream.site.service.clone())
                .unwrap_or_default(),
            started: self.started(),
            last_seen: self.last_seen(),
            exit_code: self.case.main.and_then(|main| main.exit_code),
            stop_reason: event
                .and_then(|event| event.stop_reason(self.case.main))
                .map(str::to_owned),
            counts: transcript.map(Transcript::counts).unwrap_or_default(),
            migration: self.case.reading.migration.clone(),
            task: known_task.map(str::to_owned),
            cluster: event.map(|event| event.cluster.clone()),
            region: event.map(|event| event.region.clone()),
            first: transcript.and_then(Transcript::first).cloned(),
            last: transcript.and_then(Transcript::last).cloned(),
            origin,
            ..Run::default()
        }
    }

    fn kind(&self) -> RunKind {
        let reading = self.case.reading;
        let migrates = self.case.command.is_some_and(Command::is_migration)
            || reading.migration.is_some()
            || reading.end().is_some_and(|end| end.in_migrate);
        let task_kind = self.task.map(|task| task.event.kind);
        let batch = match self.stream {
            Some(stream) => stream.site.holds_runs(),
            None => {
                task_kind == Some(TaskKind::Scheduled)
                    || self
                        .task
                        .is_some_and(|task| task.event.family.contains("batch"))
            }
        };
        match (migrates, batch) {
            (true, _) => RunKind::Migration,
            (false, true) => RunKind::Batch,
            (false, false) => RunKind::Task,
        }
    }

    fn name(&self, kind: RunKind) -> String {
        let container = || {
            let own = self.stream.and_then(|stream| stream.origin.container());
            own.or_else(|| self.case.main.map(|main| main.name.as_str()))
        };
        let from_lines = (kind == RunKind::Migration).then_some("migrate");
        let name = self.case.command.and_then(Command::name);
        name.or_else(|| self.case.transcript?.name())
            .or(from_lines)
            .or_else(container)
            .or_else(|| self.stream.map(|stream| &*stream.origin.stream))
            .unwrap_or_default()
            .to_owned()
    }

    fn stage(&self) -> String {
        let of_stream = self.stream.map(|stream| stream.site.stage.as_str());
        let of_task = self.task.map(|task| task.stage.as_str());
        let mut stages = of_stream.into_iter().chain(of_task);
        stages
            .find(|stage| !stage.is_empty())
            .unwrap_or_default()
            .to_owned()
    }

    fn started(&self) -> Option<Timestamp> {
        let event = self.task.map(|task| &task.event);
        let first = self.case.transcript.and_then(Transcript::first);
        event
            .and_then(|event| event.started)
            .or(first.map(|first| first.timestamp))
            .or(event.and_then(|event| event.created))
    }

    fn ended(&self, outcome: Outcome) -> Option<Timestamp> {
        let event = self.task.map(|task| &task.event);
        match event.filter(|event| event.is_final()) {
            Some(event) => event
                .execution_stopped
                .or(event.stopped)
                .or(event.stopping)
                .or(event.time),
            None => (outcome != Outcome::Running).then(|| self.last_seen()),
        }
    }

    fn last_seen(&self) -> Timestamp {
        let last = self
            .case
            .transcript
            .and_then(Transcript::last)
            .map(|last| last.timestamp);
        let heard = || last_heard(&self.task?.event);
        last.or_else(heard).unwrap_or_default()
    }
}

fn last_heard(event: &TaskEvent) -> Option<Timestamp> {
    event
        .stopped
        .or(event.time)
        .or(event.stopping)
        .or(event.started)
        .or(event.created)
}

/// Returns whether the last part of a stream's name is an ECS task id; the older ones are UUIDs.
fn is_task_id(id: &str) -> bool {
    let hexadecimal = id
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    hexadecimal && matches!(id.len(), 32 | 36)
}

#[cfg(test)]
mod tests;
