//! What happened to whom, and the alert that it makes when the policy says to tell.
//!
//! A run, judged, is a sighting for each rule that is about it or that its going well ends; an event is one for each
//! rule that it matches. The same sightings make the same alerts, whoever keeps the memories.

use super::policy::{Memory, Sighting, Telling};
use super::rule::Rule;
use crate::alert::{Alert, Place, Standing, Status, Subject, identity, links};
use crate::config::Config;
use crate::decode::exception::ErrorInfo;
use crate::detect::{Outcome, Run};
use crate::event::Event;
use crate::query::fields::Extras;
use crate::severity::Severity;
use crate::time::Timestamp;

/// Something that happened to one key of one rule.
#[derive(Clone, Debug)]
pub struct Sighted<'a> {
    /// The rule that looks for it.
    pub rule: &'a Rule,
    /// What it is one more of.
    pub key: String,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it is bad, and how.
    pub sighting: Sighting,
    /// What it was.
    pub what: What<'a>,
}

/// What was seen.
#[derive(Clone, Debug)]
pub enum What<'a> {
    /// A run that ended.
    Run(&'a Run),
    /// An event that carries an error.
    Error(Box<Subject>),
}

impl<'a> Sighted<'a> {
    /// Returns what a run means to a rule; `is_match` says whether the rule is about it. A run that neither matches
    /// nor shows that all is well means nothing.
    pub fn run(run: &'a Run, rule: &'a Rule, is_match: bool) -> Option<Self> {
        let sighting = if is_match {
            Sighting::Bad(severity(run, rule.severity))
        } else {
            good(run, rule.severity)?
        };
        let values = rule.run_key(|name| run.field(name));
        let mut parts = vec![&*rule.name, run.stage.as_str(), run.kind.as_str()];
        parts.extend(values.iter().map(String::as_str));
        // Nothing is known of what ran but its service: the next run there may be of anything else.
        let id = run.id();
        if !run.is_named {
            parts.push(&id);
        }
        Some(Self {
            rule,
            key: identity(&parts),
            at: run.timestamp(),
            sighting,
            what: What::Run(run),
        })
    }

    /// Returns the alert that tells it, if anything is to be told; `memory` is what is known with this one counted,
    /// or was known of what is over, and `remarks` are sentences to add.
    pub fn alert(
        &self,
        telling: Telling,
        memory: &Memory,
        remarks: Vec<String>,
        config: &Config,
    ) -> Option<Alert> {
        let (status, occurrences, suppressed) = match telling {
            Telling::Nothing => return None,
            Telling::Firing => (Status::Firing, memory.occurrences, memory.occurrences - 1),
            Telling::Repeat { suppressed } => (Status::Repeat, memory.occurrences, suppressed),
            Telling::Resolved { occurrences } => {
                (Status::Resolved, occurrences, occurrences - memory.told)
            }
        };
        let severity = match self.sighting {
            Sighting::Bad(severity) | Sighting::Worse(severity) => severity,
            Sighting::Good => Severity::Info,
        };
        let standing = Standing {
            id: self.id(status, occurrences),
            status,
            severity,
            rule: self.rule.name.to_string(),
            occurrences,
            suppressed,
            first_seen: memory.first_seen,
            last_seen: memory.last_seen.max(self.at),
            remarks,
        };
        let language = config.alerts.language;
        Some(Alert::new(
            self.subject(),
            standing,
            self.place(config),
            language,
        ))
    }

    fn subject(&self) -> Subject {
        match &self.what {
            What::Run(run) => Subject::of_run(run),
            What::Error(subject) => (**subject).clone(),
        }
    }

    /// The id names a failure: each run is one of its own, a kind of error is one until it is told again.
    fn id(&self, status: Status, occurrences: u64) -> String {
        match (&self.what, status) {
            (What::Run(run), Status::Resolved) => identity(&[&self.key, "resolved", &run.id()]),
            (What::Run(run), _) => identity(&[&self.key, "run", &run.id()]),
            (What::Error(_), Status::Firing) => identity(&[&self.key, "error"]),
            (What::Error(_), _) => identity(&[&self.key, "error", &occurrences.to_string()]),
        }
    }

    fn place<'c>(&'c self, config: &'c Config) -> Place<'c> {
        let (stage, name) = match &self.what {
            What::Run(run) => (run.stage.as_str(), run.name.as_str()),
            What::Error(subject) => (subject.stage.as_deref().unwrap_or_default(), ""),
        };
        let stage = config.stages.get(stage);
        let region = stage.and_then(|stage| stage.region.as_deref());
        let batch = config.batches.get(name);
        Place {
            region: match &self.what {
                What::Run(run) => links::region_of(run, region),
                What::Error(_) => region,
            },
            runbook: batch.and_then(|batch| batch.runbook.as_deref()),
            owner: batch.and_then(|batch| batch.owner.as_deref()),
        }
    }
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

/// Returns the key of a kind of error; `values` are those of the rule's key columns.
pub fn error_key(rule: &str, stage: &str, service: &str, values: &[String]) -> String {
    let mut parts = vec![rule, stage, service];
    parts.extend(values.iter().map(String::as_str));
    identity(&parts)
}

/// Returns what an event tells; one without an error tells its message.
pub fn error_subject(
    event: &Event<'_>,
    error: Option<&ErrorInfo>,
    stage: &str,
    service: &str,
) -> Subject {
    let unnamed = || ErrorInfo {
        message: String::from_utf8_lossy(event.message).into_owned(),
        ..ErrorInfo::default()
    };
    match error {
        Some(error) => Subject::of_event(event, error, stage, service),
        None => Subject::of_event(event, &unnamed(), stage, service),
    }
}

/// Returns the fields that only this program knows, for a rule to read.
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
