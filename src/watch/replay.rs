//! Which alerts a stretch of logs would have sent.
//!
//! Everything is seen first, in whatever order the input has it, and then told in the order in which it became
//! known: an error when it was logged, a run when ECS said that it stopped or when it had been quiet for long
//! enough. So the alerts depend on the events alone, not on the cuts between deliveries.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::policy::{Sighting, Telling};
use super::rule::{Rule, Rules};
use super::state::Memories;
use crate::alert::{Alert, Place, Standing, Status, Subject, identity};
use crate::config::Config;
use crate::decode::exception::ErrorInfo;
use crate::decode::level::Level;
use crate::detect::assemble::Attached;
use crate::detect::{Outcome, Run, RunConfig, RunTable};
use crate::event::{Event, Origin};
use crate::query::fields::Extras;
use crate::record::Record;
use crate::severity::Severity;
use crate::time::Timestamp;

/// Collects what happened; [`Replay::finish`] tells it.
pub struct Replay {
    rules: Rules,
    table: RunTable,
    settle: i64,
    seen: Vec<Seen>,
    /// The first example of each kind of error; of the others only where they stood is kept.
    examples: HashMap<(usize, Arc<str>), Example>,
    ids: HashSet<(Origin, Box<str>)>,
    arrivals: u64,
}

/// An event that a rule is about.
struct Seen {
    rule: usize,
    key: Arc<str>,
    order: Order,
    origin: Origin,
    id: Option<Box<str>>,
}

/// Where an event stands among all others: the same in any cut of the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    at: Timestamp,
    stream: Arc<str>,
    id: Option<Box<str>>,
    arrival: u64,
}

struct Example {
    order: Order,
    subject: Subject,
}

/// Something to be told when its time comes.
struct Due<'a> {
    known_at: Timestamp,
    /// What breaks ties, so that the order does not depend on how things were read.
    tie: (u8, String, u64),
    at: Timestamp,
    rule: &'a Rule,
    key: String,
    sighting: Sighting,
    what: What<'a>,
}

enum What<'a> {
    Run(&'a Run),
    Event(&'a Seen, &'a Example),
}

impl Replay {
    /// Creates a replay of these rules; runs are told as `runs` says.
    pub fn new(rules: Rules, runs: RunConfig) -> Self {
        Self {
            rules,
            settle: runs.settle,
            table: RunTable::new(runs),
            seen: Vec::new(),
            examples: HashMap::new(),
            ids: HashSet::new(),
            arrivals: 0,
        }
    }

    /// Takes an event, with what its stream's assembler attached to it: in the order of its stream, each once.
    pub fn event(&mut self, record: &Record<'_>, attached: &Attached, stage: &str, service: &str) {
        self.table.observe(record);
        let level = attached.level.or_else(|| record.level());
        let error = attached.error.as_deref();
        let extras = extras(level.map(Level::as_str), error, stage, service);
        for rule in 0..self.rules.events.len() {
            let Some(values) = self.rules.events[rule].event(record, &extras) else {
                continue;
            };
            self.see(rule, &values, &record.event, error, (stage, service));
        }
    }

    fn see(
        &mut self,
        rule: usize,
        values: &[String],
        event: &Event<'_>,
        error: Option<&ErrorInfo>,
        (stage, service): (&str, &str),
    ) {
        let id: Option<Box<str>> = event.id.map(Box::from);
        if let Some(id) = &id
            && !self
                .ids
                .insert((event.origin.clone(), format!("{rule} {id}").into()))
        {
            return;
        }
        self.arrivals += 1;
        let order = Order {
            at: event.timestamp,
            stream: event.origin.stream.clone(),
            id: id.clone(),
            arrival: self.arrivals,
        };
        let mut parts = vec![&*self.rules.events[rule].name, stage, service];
        parts.extend(values.iter().map(String::as_str));
        let key: Arc<str> = identity(&parts).into();
        let example = self.examples.get(&(rule, key.clone()));
        if example.is_none_or(|example| order < example.order) {
            let unnamed = ErrorInfo {
                message: String::from_utf8_lossy(event.message).into_owned(),
                ..ErrorInfo::default()
            };
            let subject = Subject::of_event(event, error.unwrap_or(&unnamed), stage, service);
            let example = Example {
                order: order.clone(),
                subject,
            };
            self.examples.insert((rule, key.clone()), example);
        }
        self.seen.push(Seen {
            rule,
            key,
            order,
            origin: event.origin.clone(),
            id,
        });
    }

    /// Returns the alerts in the order in which they would have been sent up to `now`.
    pub fn finish(mut self, now: Timestamp, config: &Config) -> Vec<Alert> {
        let runs = self.table.runs(now);
        let matched: Vec<(usize, Vec<bool>)> = runs
            .iter()
            .enumerate()
            .filter(|(_, run)| run.settled && known_at(run, self.settle) <= now)
            .map(|(index, run)| {
                let matches = self
                    .rules
                    .runs
                    .iter_mut()
                    .map(|rule| rule.run(|name| run.field(name)));
                (index, matches.collect())
            })
            .collect();
        let mut due: Vec<Due<'_>> = Vec::new();
        for (index, matches) in &matched {
            let run = &runs[*index];
            let rules = self.rules.runs.iter().zip(matches);
            due.extend(
                rules.filter_map(|(rule, is_match)| run_due(run, rule, *is_match, self.settle)),
            );
        }
        due.extend(
            self.seen
                .iter()
                .filter(|seen| seen.order.at <= now)
                .map(|seen| {
                    let example = &self.examples[&(seen.rule, seen.key.clone())];
                    event_due(seen, example, &self.rules.events[seen.rule])
                }),
        );
        due.sort_by(|one, other| (one.known_at, &one.tie).cmp(&(other.known_at, &other.tie)));
        let mut memories = Memories::default();
        due.into_iter()
            .filter_map(|due| due.tell(&mut memories, config))
            .collect()
    }
}

pub(super) fn extras<'a>(
    level: Option<&'a str>,
    error: Option<&'a ErrorInfo>,
    stage: &'a str,
    service: &'a str,
) -> Extras<'a> {
    let filled = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    Extras {
        level,
        stage: filled(stage),
        service: filled(service),
        error_type: error.and_then(|error| filled(&error.kind)),
        error_message: error.and_then(|error| filled(&error.message)),
        error_culprit: error.and_then(|error| error.culprit.as_deref()),
        error_fingerprint: error.and_then(|error| filled(&error.fingerprint)),
        ..Extras::default()
    }
}

/// Returns when it is known how a run ended.
fn known_at(run: &Run, settle: i64) -> Timestamp {
    let ecs_said_so = run.exit_code.is_some() || run.stop_reason.is_some();
    if ecs_said_so {
        return run.timestamp().max(run.last_seen);
    }
    Timestamp(run.last_seen.as_millis().saturating_add(settle))
}

fn run_due<'a>(run: &'a Run, rule: &'a Rule, is_match: bool, settle: i64) -> Option<Due<'a>> {
    let sighting = if is_match {
        Sighting::Bad(severity(run, rule.severity))
    } else {
        good(run, rule.severity)?
    };
    let values = rule.run_key(|name| run.field(name));
    let mut parts = vec![&*rule.name, run.stage.as_str()];
    parts.extend(values.iter().map(String::as_str));
    Some(Due {
        known_at: known_at(run, settle),
        tie: (0, run.id(), 0),
        at: run.timestamp(),
        rule,
        key: identity(&parts),
        sighting,
        what: What::Run(run),
    })
}

/// A run that went well is news and no more; one that only logged errors is a warning at most.
fn severity(run: &Run, rule: Severity) -> Severity {
    match run.outcome {
        Outcome::Succeeded => Severity::Info,
        // Severities are ordered from the worst.
        Outcome::Errored | Outcome::Unknown => rule.max(Severity::Warning),
        Outcome::Failed | Outcome::Running => rule,
    }
}

/// Returns whether a run shows that what a rule warns of is over: a run with errors has not failed.
fn good(run: &Run, rule: Severity) -> Option<Sighting> {
    let well = match run.outcome {
        Outcome::Succeeded => true,
        Outcome::Errored => rule < Severity::Warning,
        Outcome::Failed | Outcome::Running | Outcome::Unknown => false,
    };
    well.then_some(Sighting::Good)
}

fn event_due<'a>(seen: &'a Seen, example: &'a Example, rule: &'a Rule) -> Due<'a> {
    let id = seen.id.as_deref().unwrap_or_default();
    Due {
        known_at: seen.order.at,
        tie: (
            1,
            format!("{} {id}", seen.origin.stream),
            seen.order.arrival,
        ),
        at: seen.order.at,
        rule,
        key: seen.key.to_string(),
        sighting: Sighting::Bad(rule.severity),
        what: What::Event(seen, example),
    }
}

impl Due<'_> {
    fn tell(self, memories: &mut Memories, config: &Config) -> Option<Alert> {
        let (telling, memory) =
            memories.see(&self.key, self.at, self.sighting, &self.rule.policy)?;
        let (status, occurrences, suppressed) = match telling {
            Telling::Nothing => return None,
            Telling::Firing => (Status::Firing, memory.occurrences, memory.occurrences - 1),
            Telling::Repeat { suppressed } => (Status::Repeat, memory.occurrences, suppressed),
            Telling::Resolved { occurrences } => {
                (Status::Resolved, occurrences, occurrences - memory.told)
            }
        };
        let severity = match self.sighting {
            Sighting::Bad(severity) => severity,
            Sighting::Good => Severity::Info,
        };
        let subject = self.subject();
        let standing = Standing {
            id: self.id(status, occurrences),
            status,
            severity,
            rule: self.rule.name.to_string(),
            occurrences,
            suppressed,
            first_seen: memory.first_seen,
            last_seen: memory.last_seen.max(self.at),
        };
        Some(Alert::new(subject, standing, self.place(config)))
    }

    fn subject(&self) -> Subject {
        match self.what {
            What::Run(run) => Subject::of_run(run),
            What::Event(seen, example) => {
                let mut subject = example.subject.clone();
                subject.log.stream = seen.origin.stream.to_string();
                subject.log.first_timestamp = Some(seen.order.at);
                subject.log.event_id = seen.id.as_deref().map(str::to_owned);
                subject
            }
        }
    }

    /// The id names a failure: each run is one of its own, a kind of error is one until it is told again.
    fn id(&self, status: Status, occurrences: u64) -> String {
        match (&self.what, status) {
            (What::Run(run), Status::Resolved) => identity(&[&self.key, "resolved", &run.id()]),
            (What::Run(run), _) => identity(&[&self.key, "run", &run.id()]),
            (What::Event(..), Status::Firing) => identity(&[&self.key, "error"]),
            (What::Event(..), _) => identity(&[&self.key, "error", &occurrences.to_string()]),
        }
    }

    fn place<'c>(&self, config: &'c Config) -> Place<'c>
    where
        Self: 'c,
    {
        let (stage, name) = match self.what {
            What::Run(run) => (run.stage.as_str(), run.name.as_str()),
            What::Event(_, example) => (example.subject.stage.as_deref().unwrap_or_default(), ""),
        };
        let batch = config.batches.get(name);
        Place {
            region: config
                .stages
                .get(stage)
                .and_then(|stage| stage.region.as_deref()),
            runbook: batch.and_then(|batch| batch.runbook.as_deref()),
            owner: batch.and_then(|batch| batch.owner.as_deref()),
        }
    }
}
