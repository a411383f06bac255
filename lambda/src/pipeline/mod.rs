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

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use logq::alert::redact::Redactor;
use logq::config::Config;
use logq::decode::ecs::TaskEvent;
use logq::detect::{Groups, RunConfig, Site, task_of};
use logq::drive;
use logq::event::Origin;
use logq::state::{Expected, Silence, Store, StoreError, Write, silences};
use logq::time::Timestamp;
use logq::watch::{Batch, Rules};

pub use outbox::Sent;

use crate::deadline::Deadline;
use crate::deliver::Sink;
use crate::input::{Input, Refusal};
use crate::streams::Streams;
use crate::telemetry::{Counts, Log};
use documents::{DUE, Due, after};
use tasks::News;
use tell::{Rulings, Told};

/// How many documents a tick looks at.
const MOST_DUE: usize = 2_000;
/// When something is looked at again that could not be, in milliseconds.
const PUT_OFF: i64 = 300_000;
/// No new judgement is begun with less time left.
const RESERVE: Duration = Duration::from_secs(8);

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
        if matches!(input, Input::Refused(_)) {
            self.refuse(input);
            return Ok(Sent::default());
        }
        let told = match input {
            Input::Delivery(packed, payload) => self.delivery(store, packed, payload, now).await?,
            Input::Task(event, text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                let stage = self.stage.clone();
                self.task_event(store, event, &text, &stage, now).await?
            }
            Input::Tick => return self.tick(store, deadline, now).await,
            Input::SelfTest => self.self_test(store, now).await?,
            Input::Refused(_) => Told::default(),
        };
        self.count(&told);
        // What was counted before may be a delivery that is tried again since a sink did not take its alerts.
        if told.alerts.is_empty() && told.repeated == 0 {
            return Ok(Sent::default());
        }
        let sent = self.flush(store, deadline, now).await?;
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

    fn count(&mut self, told: &Told) {
        self.counts.alerts += told.alerts.len() as u64;
        self.counts.suppressed += told.suppressed;
        self.counts.repeated += told.repeated;
    }

    /// Takes the ECS events of a delivery; what is none is counted.
    async fn task_events(
        &mut self,
        store: &impl Store,
        batch: &Batch,
        site: &Site,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let mut told = Told::default();
        for event in batch.events() {
            match TaskEvent::parse(event.message) {
                Some(task) => {
                    let text = String::from_utf8_lossy(event.message);
                    told.add(
                        self.task_event(store, &task, &text, &site.stage, now)
                            .await?,
                    );
                }
                None => self.counts.parse_failures += 1,
            }
        }
        Ok(told)
    }

    async fn task_event(
        &mut self,
        store: &impl Store,
        event: &TaskEvent,
        text: &str,
        stage: &str,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        self.counts.task_events += 1;
        let news = News::Event(event, text, stage);
        match self.note_task(store, &event.task, &news, now).await? {
            Some(due) if due <= now => self.judge(store, &event.task, None, now).await,
            Some(_) => Ok(Told::default()),
            None => Ok(Told {
                repeated: u64::from(event.is_final()),
                ..Told::default()
            }),
        }
    }

    /// Looks at what is due, and sends what is unsent. A failing sink is no failure of a tick: the next one tries again.
    async fn tick(
        &mut self,
        store: &impl Store,
        deadline: Deadline,
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        let due = store.list(DUE, MOST_DUE, now).await?;
        let due = due.iter().filter_map(logq::state::Document::read::<Due>);
        let mut due: Vec<Due> = due.filter(|due| due.at() <= now).collect();
        due.sort_by_key(Due::at);
        for one in due {
            if !deadline.allows(RESERVE) {
                self.counts.partial = true;
                break;
            }
            let looked = match &one {
                Due::Task { id, .. } => self.judge(store, id, None, now).await,
                Due::Open { .. } => self.close_open(store, &one, None, now).await,
            };
            match looked {
                Ok(told) => self.count(&told),
                Err(failure) => self.leave(store, &one, &failure, now).await?,
            }
        }
        let sent = self.flush(store, deadline, now).await?;
        self.counts.heartbeat = true;
        Ok(sent)
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
        let later = due.put_off(after(now, PUT_OFF));
        let expires = after(now, documents::TASK_KEPT);
        let write = Write::put(due.key(), &later, expires, Expected::Anything);
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
    now: Timestamp,
) -> Rulings<'a> {
    Rulings {
        config,
        redactor,
        silences,
        sinks,
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
