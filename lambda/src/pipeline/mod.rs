//! The pipeline: from one input to alerts that are written down, sent and marked.
//!
//! ```text
//! delivery ─┬─ batch: note the task ──────────┐
//!           ├─ services: errors ──────────┐   │ when its end is known, or a tick comes
//! ECS event ┴─ note the task ─────────┐   │   ▼
//! tick ────────── what is due ────────┴───┼─ judge ─▶ policy ─▶ outbox ─▶ sinks
//!                                         └───────────▶ ▲ memories
//! ```
//!
//! Everything here takes its store as an argument, so that the same goes on in memory when the table is down.

mod counted;
pub(crate) mod crash;
mod deliveries;
mod documents;
mod errors;
mod outbox;
mod selftest;
mod tasks;
mod tell;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use logq::alert::redact::Redactor;
use logq::config::Config;
use logq::decode::ecs::TaskEvent;
use logq::detect::{Groups, RunConfig, Site, task_of};
use logq::drive;
use logq::event::Origin;
use logq::state::{Document, Expected, Silence, Store, StoreError, Write, silences};
use logq::time::Timestamp;
use logq::watch::{Batch, Rules};

pub use outbox::Sent;

use crate::deadline::Deadline;
use crate::deliver::Sink;
use crate::input::{Input, Refusal};
use crate::streams::{Span, Streams};
use crate::telemetry::{Counts, Log};
use documents::{DUE, Due, after};
use tasks::News;
use tell::{Rulings, Told};

/// How many documents a tick looks at: those that have waited longest.
const MOST_DUE: usize = 2_000;
/// When something is looked at again that could not be, in milliseconds.
const PUT_OFF: i64 = 300_000;
/// A tick begins no new judgement with less time left, as it has alerts to send afterwards.
const RESERVE: Duration = Duration::from_secs(8);
/// A delivery begins none with less: the next tick takes it up.
const JUDGING: Duration = Duration::from_secs(3);
/// What a stream is read in has to leave so much time, to note what was read or that nothing was.
const NOTING: Duration = Duration::from_secs(2);
/// An invocation is given up with so much time left, to say so.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What happens to inputs, and what is counted of it.
pub struct Pipeline<R> {
    rules: Rules,
    config: Config,
    runs: RunConfig,
    redactor: Option<Redactor>,
    /// The stage of what names none.
    stage: String,
    streams: R,
    sinks: Vec<Box<dyn Sink>>,
    names: Vec<&'static str>,
    /// When this invocation ends.
    deadline: Deadline,
    /// The silences in force, read when an input may tell something.
    silences: Vec<Silence>,
    /// Until when sinks have asked not to be sent anything.
    pauses: BTreeMap<String, Timestamp>,
    /// What this process has sent, for when the table forgets.
    sent_here: HashSet<String>,
    /// What this invocation did.
    pub counts: Counts,
    /// The function's own log.
    pub log: Log,
}

/// What a pipeline is made of.
pub struct Parts<R> {
    /// The rules that compiled.
    pub rules: Rules,
    /// The configuration.
    pub config: Config,
    /// The stage of what names none.
    pub stage: String,
    /// Where streams are read from.
    pub streams: R,
    /// Where alerts go.
    pub sinks: Vec<Box<dyn Sink>>,
    /// The function's own log.
    pub log: Log,
}

/// Why an invocation has to be tried again.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others write the same documents all the time.
    #[error("{0}")]
    Busy(String),
    /// The invocation is about to end. What is written down goes on from there, the rest comes with the next try.
    #[error("partial: the time was up, and the next try goes on")]
    OutOfTime,
    /// Alerts are written down, and a sink does not take them.
    #[error("{left} alerts are not sent yet: {reason}")]
    Undelivered {
        /// How many.
        left: u64,
        /// What the sink said last.
        reason: String,
    },
}

impl<R: Streams> Pipeline<R> {
    /// Puts a pipeline together.
    pub fn new(parts: Parts<R>) -> Self {
        Self {
            runs: runs_of(&parts.config, &parts.stage),
            redactor: redactor(&parts.config),
            names: parts.sinks.iter().map(|sink| sink.name()).collect(),
            rules: parts.rules,
            config: parts.config,
            stage: parts.stage,
            streams: parts.streams,
            sinks: parts.sinks,
            deadline: Deadline::after(Duration::ZERO),
            silences: Vec::new(),
            pauses: BTreeMap::new(),
            sent_here: HashSet::new(),
            counts: Counts::default(),
            log: parts.log,
        }
    }

    /// Takes one input all the way to the sinks.
    ///
    /// # Errors
    ///
    /// When the store cannot be used, and when a sink does not take what came of a delivery.
    pub async fn handle(
        &mut self,
        store: &impl Store,
        input: &Input<'_>,
        deadline: Deadline,
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        self.deadline = deadline;
        let time = deadline.left().saturating_sub(LAST_WORDS);
        let ended = tokio::time::timeout(time, self.take(store, input, now)).await;
        let ended = ended.unwrap_or(Err(Failure::OutOfTime));
        self.counts.partial |= matches!(ended, Err(Failure::OutOfTime));
        ended
    }

    /// It may be given up at any wait: what it leaves behind is what a process leaves that dies.
    async fn take(
        &mut self,
        store: &impl Store,
        input: &Input<'_>,
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        let told = match input {
            Input::Delivery(packed, payload) => self.delivery(store, packed, payload, now).await?,
            Input::Task(event, _) => {
                let stage = self.stage.clone();
                self.task_event(store, event, &stage, now).await?
            }
            Input::Tick => return self.tick(store, now).await,
            Input::SelfTest => self.self_test(store, now).await?,
            Input::Refused(_) => {
                self.refuse(input);
                return Ok(Sent::default());
            }
        };
        // What was counted before may be a delivery that is tried again since a sink did not take its alerts.
        if told.alerts.is_empty() && told.repeated == 0 {
            return Ok(Sent::default());
        }
        let sent = self.flush_news(store, told.alerts.len(), now).await?;
        match &sent.reason {
            Some(reason) if sent.failed > 0 => Err(Failure::Undelivered {
                left: sent.left,
                reason: reason.clone(),
            }),
            _ => Ok(sent),
        }
    }

    fn refuse(&mut self, input: &Input<'_>) {
        if let Input::Refused(Refusal {
            reason,
            words,
            head,
        }) = input
        {
            self.counts.poison(reason);
            self.log.refused(reason, words, head);
        }
    }

    /// Judges a task whose time has come, unless there is too little left of the invocation's: it stays due.
    async fn judge_if_due(
        &mut self,
        store: &impl Store,
        id: &str,
        due: Timestamp,
        delivered: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        if due > now {
            return Ok(Told::default());
        }
        if !self.deadline.allows(JUDGING) {
            self.counts.partial = true;
            return Ok(Told::default());
        }
        self.judge(store, id, delivered, now).await
    }

    /// Takes the ECS events of a delivery; what is none is counted. All are noted before the first is judged.
    async fn task_events(
        &mut self,
        store: &impl Store,
        batch: &Batch,
        site: &Site,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let mut told = Told::default();
        let mut due = Vec::new();
        for event in batch.events() {
            let Some(event) = TaskEvent::parse(event.message) else {
                self.counts.parse_failures += 1;
                continue;
            };
            if !self.deadline.allows(JUDGING) {
                return Err(Failure::OutOfTime);
            }
            match self.note_event(store, &event, &site.stage, now).await? {
                Some(at) => due.push((event.task, at)),
                None => told.add(Told::again(u64::from(event.is_final()))),
            }
        }
        for (task, at) in due {
            told.add(self.judge_if_due(store, &task, at, None, now).await?);
        }
        Ok(told)
    }

    async fn task_event(
        &mut self,
        store: &impl Store,
        event: &TaskEvent,
        stage: &str,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        match self.note_event(store, event, stage, now).await? {
            Some(at) => self.judge_if_due(store, &event.task, at, None, now).await,
            None => Ok(Told::again(u64::from(event.is_final()))),
        }
    }

    /// Notes what ECS says of a task; returns when it is to be judged, unless that was known.
    async fn note_event(
        &mut self,
        store: &impl Store,
        event: &TaskEvent,
        stage: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Failure> {
        self.counts.task_events += 1;
        let news = News::Event(event, stage);
        let due = self.note_task(store, &event.task, &news, now).await?;
        self.counts.repeated += u64::from(due.is_none() && event.is_final());
        Ok(due)
    }

    /// Looks at what is due, and sends what is unsent. A failing sink is no failure of a tick: the next one tries again.
    async fn tick(&mut self, store: &impl Store, now: Timestamp) -> Result<Sent, Failure> {
        for one in self.due_now(store, now).await? {
            if !self.deadline.allows(RESERVE) {
                self.counts.partial = true;
                break;
            }
            let looked = match &one {
                Due::Task { id, .. } => self.judge(store, id, None, now).await,
                Due::Open { .. } => self.close_open(store, &one, None, now).await,
            };
            match looked {
                Ok(_) => {}
                Err(Failure::OutOfTime) => self.counts.partial = true,
                Err(failure) => self.leave(store, &one, &failure, now).await?,
            }
        }
        let open = self.open_sinks(store, now).await?;
        let sent = self.flush(store, &open, now).await?;
        self.counts.heartbeat = true;
        Ok(sent)
    }

    /// Reads what is due, the longest first. Of very much only so much is held; the rest is for the next tick.
    async fn due_now(&mut self, store: &impl Store, now: Timestamp) -> Result<Vec<Due>, Failure> {
        let mut first: BTreeMap<(Timestamp, String), Due> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = store.page(DUE, after.as_deref(), now).await?;
            for document in page.documents {
                let Some(due) = document.read::<Due>() else {
                    let said = format!("what is due cannot be read: {}", document.key);
                    self.log.problem("due", &said);
                    continue;
                };
                if due.at() <= now {
                    first.insert((due.at(), document.key.sort), due);
                }
                if first.len() > MOST_DUE {
                    first.pop_last();
                    self.counts.partial = true;
                }
            }
            after = page.more;
            if after.is_none() {
                return Ok(first.into_values().collect());
            }
        }
    }

    /// Puts off what could not be looked at: it must not keep the others from being.
    async fn leave(
        &mut self,
        store: &impl Store,
        due: &Due,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.log
            .problem("due", &format!("{}: {failure}", due.key()));
        self.counts.put_off += 1;
        let key = due.key();
        let noted = store.get(std::slice::from_ref(&key), now).await?;
        // A delivery may have added to it since; what it adds meanwhile stands, and is due by itself.
        let known: Option<Due> = noted.first().and_then(Document::read);
        let later = known.as_ref().unwrap_or(due);
        let later = later.put_off(after(now, PUT_OFF));
        let expected = noted.first().map_or(Expected::Absent, Document::unchanged);
        let expires = after(now, documents::TASK_KEPT);
        let write = Write::put(key, &later, expires, expected);
        store.commit(vec![write], now).await.map(drop)
    }

    /// Reads the silences in force. Most inputs tell nothing, and need none.
    async fn read_silences(
        &mut self,
        store: &impl Store,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.silences = silences(store, now).await?;
        Ok(())
    }

    /// Reads a stream, unless the invocation's time does not allow for it.
    async fn read_stream(&mut self, origin: &Origin, span: Span) -> Option<Batch> {
        let time = self.deadline.left().saturating_sub(NOTING);
        let read = tokio::time::timeout(time, self.streams.read(origin, span)).await;
        let said = match read {
            Ok(Ok(batch)) => return Some(batch),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the time was up before `{}` was read", origin.stream),
        };
        self.log.problem("stream", &said);
        self.counts.stream_errors += 1;
        None
    }

    /// Returns stage and service of a group.
    fn site(&self, group: &str) -> Site {
        self.runs.groups.find(group)
    }
}

/// Returns how runs are told: a group whose name tells a service and no stage is of the function's own.
fn runs_of(config: &Config, stage: &str) -> RunConfig {
    let runs = drive::run_config(config);
    let (groups, stage) = (runs.groups.clone(), stage.to_owned());
    let with_stage = move |group: &str| {
        let mut site = groups.find(group);
        if site.stage.is_empty() {
            site.stage.clone_from(&stage);
        }
        Some(site)
    };
    RunConfig {
        groups: Groups::new(with_stage),
        ..runs
    }
}

/// Returns what takes secrets out of alerts, unless the configuration says that nothing does.
fn redactor(config: &Config) -> Option<Redactor> {
    let redact = &config.redact;
    redact.enabled.then(|| Redactor::new(&redact.patterns))
}

/// Puts together what is given to every decision.
fn rulings<'a>(
    config: &'a Config,
    redactor: Option<&'a Redactor>,
    silences: &'a [Silence],
    sinks: &'a [&'static str],
    (deadline, now): (Deadline, Timestamp),
) -> Rulings<'a> {
    Rulings {
        config,
        redactor,
        silences,
        sinks,
        deadline,
        now,
    }
}

/// Returns what a stream's run is known by: its task, else the stream itself.
fn id_of(origin: &Origin) -> String {
    match task_of(origin) {
        Some(task) => task.to_owned(),
        None => format!("{}:{}", origin.group, origin.stream),
    }
}
