//! The table of runs: takes events and ECS events in any order, and answers what runs there were.

mod report;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

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
    /// How many milliseconds nothing must be heard of a task that ECS last called running until its stop counts as
    /// lost.
    pub lost: i64,
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
            lost: 6 * 3600 * 1000,
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
    /// Where the stream of an origin stands among the streams.
    index: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    sites: HashMap<Arc<str>, Arc<Site>>,
    tasks: BTreeMap<String, Task>,
    /// The stream of the event before: events come in runs of one stream.
    latest: usize,
}

#[derive(Clone, Debug)]
struct Stream {
    origin: Origin,
    site: Arc<Site>,
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
            index: HashTable::new(),
            hasher: foldhash::fast::RandomState::default(),
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
            match self.find(&stream.origin) {
                Some(at) => self.streams[at].transcript.merge(stream.transcript),
                None => self.add(stream),
            }
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
        for case in self
            .cases()
            .chunk_by(|one, other| one.compare(other).is_eq())
        {
            let joined = Joined::new(case);
            self.judge(&joined, now).into_iter().for_each(&mut each);
        }
    }

    fn site(&mut self, group: &Arc<str>) -> Arc<Site> {
        if let Some(site) = self.sites.get(group) {
            return site.clone();
        }
        let site = Arc::new(self.config.groups.find(group));
        self.sites.insert(group.clone(), site.clone());
        site
    }

    fn stream(&mut self, origin: &Origin, site: Arc<Site>) -> usize {
        if let Some(at) = self.find(origin) {
            return at;
        }
        self.add(Stream {
            origin: origin.clone(),
            site,
            transcript: Transcript::default(),
        });
        self.streams.len() - 1
    }

    fn find(&self, origin: &Origin) -> Option<usize> {
        let is_same = |at: &u32| self.streams[*at as usize].origin == *origin;
        let hash = self.hasher.hash_one(origin);
        self.index.find(hash, is_same).map(|at| *at as usize)
    }

    fn add(&mut self, stream: Stream) {
        self.streams.push(stream);
        self.note(self.streams.len() - 1);
    }

    /// Enters a stream into the index.
    fn note(&mut self, at: usize) {
        let hash_of = |at: usize| self.hasher.hash_one(&self.streams[at].origin);
        self.index
            .insert_unique(hash_of(at), at as u32, |at| hash_of(*at as usize));
    }

    /// Returns the streams and tasks in the order of the tasks' ids, all of one task together.
    fn cases(&self) -> Vec<Part<'_>> {
        let streams = self.streams.iter().map(|stream| {
            let task = stream.origin.task();
            let is_known = |id: &&str| is_task_id(id) || self.tasks.contains_key(*id);
            match task.filter(is_known) {
                Some(id) => Part::StreamOf(id, stream),
                None => Part::Stream(stream),
            }
        });
        let tasks = self.tasks.iter().map(|(id, task)| Part::Task(id, task));
        let mut parts: Vec<Part<'_>> = streams.chain(tasks).collect();
        parts.sort_by(Part::compare);
        parts
    }

    /// Returns the name of the container that speaks for the task: the configured one, else the only one that
    /// logged, where no command tells.
    fn main_name<'a>(&'a self, event: &TaskEvent, joined: &Joined<'a>) -> Option<&'a str> {
        let configured = self.config.main_container.as_deref();
        configured.or_else(|| {
            let mut streams = joined.streams();
            let only = streams.next().filter(|_| streams.next().is_none())?;
            let container = only.origin.container();
            container.filter(|_| event.command().is_none())
        })
    }

    fn judge(&self, joined: &Joined<'_>, now: Timestamp) -> Vec<Run> {
        let config = &self.config;
        let event = joined.task.map(|task| &task.event);
        let main = event.and_then(|event| event.main_container(self.main_name(event, joined)));
        let stream = joined.stream(main.map(|main| main.name.as_str()));
        let reading = stream.map(|stream| {
            let name_field = config.name_field.as_deref();
            Reading::of(&stream.transcript, &config.app_roots, name_field)
        });
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
            lost: config.lost,
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

/// What is known of a task: a stream of it or its ECS event.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    StreamOf(&'a str, &'a Stream),
    Task(&'a str, &'a Task),
    /// A stream that tells of no task.
    Stream(&'a Stream),
}

impl<'a> Part<'a> {
    /// Compares by the task's id, or the names of the stream.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (
                Self::StreamOf(one, _) | Self::Task(one, _),
                Self::StreamOf(other, _) | Self::Task(other, _),
            ) => one.cmp(other),
            _ => self.key().cmp(other.key()),
        }
    }

    fn key(&self) -> impl Iterator<Item = u8> + use<'a> {
        let [group, between, stream] = match *self {
            Self::StreamOf(id, _) | Self::Task(id, _) => [id, "", ""],
            Self::Stream(stream) => [&*stream.origin.group, "\n", &*stream.origin.stream],
        };
        group.bytes().chain(between.bytes()).chain(stream.bytes())
    }
}

/// The streams and the ECS event of one task.
#[derive(Clone, Copy, Debug)]
struct Joined<'a> {
    parts: &'a [Part<'a>],
    task: Option<&'a Task>,
}

impl<'a> Joined<'a> {
    fn new(parts: &'a [Part<'a>]) -> Self {
        let task = parts.iter().find_map(|part| match part {
            Part::Task(_, task) => Some(*task),
            Part::StreamOf(..) | Part::Stream(_) => None,
        });
        Self { parts, task }
    }

    fn streams(&self) -> impl Iterator<Item = &'a Stream> + use<'a> {
        self.parts.iter().filter_map(|part| match part {
            Part::StreamOf(_, stream) | Part::Stream(stream) => Some(*stream),
            Part::Task(..) => None,
        })
    }

    /// Returns the stream of the main container; without a name, that of a batch, then the one with most events.
    fn stream(&self, main: Option<&str>) -> Option<&'a Stream> {
        self.streams().max_by_key(|stream| {
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

/// Returns the ECS task that wrote a stream, where its name ends in a task's id.
pub fn task_of(origin: &Origin) -> Option<&str> {
    origin.task().filter(|id| is_task_id(id))
}

fn is_ecs(record: &Record<'_>) -> bool {
    TaskEvent::is_one(record.event.message)
}

#[cfg(test)]
mod tests;
