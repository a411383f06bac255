//! The table of runs: takes events and ECS events in any order, and answers what runs there were.

mod report;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::decode::ecs::TaskEvent;
use crate::decode::traceback::AppRoots;
use crate::detect::command::Command;
use crate::detect::groups::{Groups, Site};
use crate::detect::outcome::{Case, is_service};
use crate::detect::reading::Reading;
use crate::detect::run::Run;
use crate::detect::table::report::Builder;
pub(crate) use crate::detect::table::report::is_task_id;
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
        let same = |stream: &Stream| stream.origin == *origin;
        if !self.streams.get(self.latest).is_some_and(same) {
            let site = self.site(&origin.group);
            if site.holds_tasks() {
                return self.observe_ecs(record, &site.stage);
            }
            // Where nothing tells what a group holds, the messages do.
            if site.stage.is_empty() && is_ecs(record) {
                return self.observe_ecs(record, "");
            }
            self.latest = self.stream(origin, site);
        }
        let stream = &mut self.streams[self.latest];
        if stream.site.stage.is_empty() && is_ecs(record) {
            return self.observe_ecs(record, "");
        }
        let name_field = self.config.name_field.as_deref();
        stream.transcript.observe(record, name_field);
    }

    fn observe_ecs(&mut self, record: &Record<'_>, stage: &str) {
        if let Some(event) = TaskEvent::parse(record.event.message) {
            self.observe_task(&event, stage);
        }
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

    /// Returns the runs as they stand at `now`, by their start.
    pub fn runs(&self, now: Timestamp) -> Vec<Run> {
        let mut runs = Vec::new();
        self.each_run(now, |run| runs.push(run));
        runs.sort_by_cached_key(|run| (run.started, run.last_seen, run.id(), run.kind));
        runs
    }

    /// Hands on each run as it stands at `now`, by their task ids: for more runs than anybody wants to hold.
    pub fn each_run(&self, now: Timestamp, mut each: impl FnMut(Run)) {
        for case in self.cases() {
            self.judge(&case, now).into_iter().for_each(&mut each);
        }
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

    /// Returns the name of the container that speaks for the task: the configured one, else the only one that
    /// logged, where no command tells.
    fn main_name<'a>(&'a self, event: &TaskEvent, joined: &Joined<'a>) -> Option<&'a str> {
        let configured = self.config.main_container.as_deref();
        configured.or_else(|| match joined.streams.as_slice() {
            [only] if event.command().is_none() => only.origin.container(),
            _ => None,
        })
    }

    fn judge(&self, joined: &Joined<'_>, now: Timestamp) -> Vec<Run> {
        let config = &self.config;
        let event = joined.task.map(|task| &task.event);
        let main = event.and_then(|event| event.main_container(self.main_name(event, joined)));
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
            roots: &config.app_roots,
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

fn is_ecs(record: &Record<'_>) -> bool {
    TaskEvent::is_one(record.event.message)
}

#[cfg(test)]
mod tests;
