//! Which alerts a stretch of logs would have sent.
//!
//! Everything is seen first, in whatever order the input has it, and then told in the order in which it became
//! known: an error when it was logged, a run when ECS said that it stopped or when it had been quiet for long
//! enough. So the alerts depend on the events alone, not on the cuts between deliveries.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::policy::Sighting;
use super::rule::{Rule, Rules};
use super::sighting::{Sighted, What, error_key, error_subject, extras};
use super::state::Memories;
use crate::alert::{Alert, Subject};
use crate::config::Config;
use crate::decode::exception::ErrorInfo;
use crate::decode::level::Level;
use crate::detect::assemble::Attached;
use crate::detect::{Outcome, Run, RunConfig, RunTable};
use crate::event::{Event, Origin};
use crate::record::Record;
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
    /// The kind of error, where nothing tells whether the stream is a run's: then a run may tell it as well.
    of_no_service: Option<Box<str>>,
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
    sighted: Sighted<'a>,
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
        let rule_name = &self.rules.events[rule].name;
        let key: Arc<str> = error_key(rule_name, stage, service, values).into();
        let example = self.examples.get(&(rule, key.clone()));
        if example.is_none_or(|example| order < example.order) {
            let subject = error_subject(event, error, stage, service);
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
            of_no_service: error
                .filter(|_| service.is_empty())
                .map(|error| error.fingerprint.as_str().into()),
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
        let told: HashSet<(&Origin, Option<&str>)> = matched
            .iter()
            .filter(|(_, matches)| matches.contains(&true))
            .filter_map(|(index, _)| error_of(&runs[*index]))
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
                .filter(|seen| seen.order.at <= now && !told.contains(&seen.of_run()))
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

/// Returns when it is known how a run ended.
fn known_at(run: &Run, settle: i64) -> Timestamp {
    let ecs_said_so = run.exit_code.is_some() || run.stop_reason.is_some();
    if ecs_said_so {
        return run.timestamp().max(run.last_seen);
    }
    Timestamp(run.last_seen.as_millis().saturating_add(settle))
}

fn run_due<'a>(run: &'a Run, rule: &'a Rule, is_match: bool, settle: i64) -> Option<Due<'a>> {
    Some(Due {
        known_at: known_at(run, settle),
        tie: (0, run.id(), 0),
        sighted: Sighted::run(run, rule, is_match)?,
    })
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
        sighted: Sighted {
            rule,
            key: seen.key.to_string(),
            at: seen.order.at,
            sighting: Sighting::Bad(rule.severity),
            what: What::Error(Box::new(seen.subject(example))),
        },
    }
}

/// Returns what a failed run tells: in a stream of its own, the error that ended it.
fn error_of(run: &Run) -> Option<(&Origin, Option<&str>)> {
    let error = run
        .error
        .as_ref()
        .filter(|_| run.outcome == Outcome::Failed)?;
    Some((&run.origin, Some(error.fingerprint.as_str())))
}

impl Seen {
    /// Returns what a run would tell that the event is a part of: nobody needs one failure told twice.
    fn of_run(&self) -> (&Origin, Option<&str>) {
        (&self.origin, self.of_no_service.as_deref())
    }

    /// Returns what the first of its kind was, at this one's place.
    fn subject(&self, example: &Example) -> Subject {
        let mut subject = example.subject.clone();
        subject.log.stream = self.origin.stream.to_string();
        subject.log.first_timestamp = self.order.at.known();
        subject.log.event_id = self.id.as_deref().map(str::to_owned);
        subject
    }
}

impl Due<'_> {
    fn tell(&self, memories: &mut Memories, config: &Config) -> Option<Alert> {
        let one = &self.sighted;
        let (telling, memory) = memories.see(&one.key, one.at, one.sighting, &one.rule.policy)?;
        one.alert(telling, &memory, Vec::new(), config)
    }
}
