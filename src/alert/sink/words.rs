//! Words that all sinks share: how bad, where, when, and the facts beside the sentence.

use super::Storm;
use super::limit::line;
use crate::alert::catalog::{Label, State, StormTold, Texts, texts, thousands};
use crate::alert::{Alert, Status};
use crate::severity::Severity;
use crate::time::{Timestamp, Zone};

/// How many kinds a storm's message names.
pub(super) const KINDS: usize = 10;

/// Returns the texts of an alert's language.
pub(super) fn of(alert: &Alert) -> &'static dyn Texts {
    texts(alert.language)
}

/// Returns how bad it is, or that it is over.
pub(super) fn state(alert: &Alert) -> State {
    match alert.status {
        Status::Resolved => State::Resolved,
        Status::Firing | Status::Repeat => State::Bad(alert.severity),
    }
}

/// Returns a sign of its own shape for each state, so that nobody has to tell colours apart.
pub(super) fn sign(state: State) -> &'static str {
    match state {
        State::Bad(Severity::Critical) => "🛑",
        State::Bad(Severity::Error) => "❌",
        State::Bad(Severity::Warning) => "⚠️",
        State::Bad(Severity::Info) => "ℹ️",
        State::Resolved => "✅",
    }
}

/// Returns stage and service, as far as they are known.
pub(super) fn place(alert: &Alert) -> Vec<String> {
    let subject = &alert.subject;
    let words = [subject.stage.as_deref(), subject.service.as_deref()];
    words.into_iter().flatten().map(line).collect()
}

/// Returns local time with its zone, or that the time is not known.
pub(super) fn when(at: Timestamp, zone: &Zone, texts: &dyn Texts) -> String {
    match at.known() {
        Some(at) => format!("{} {}", zone.seconds(at), zone.name_at(at)),
        None => texts.label(Label::TimeUnknown).to_owned(),
    }
}

/// Returns facts that the sentences leave out, by name; none that is not there.
pub(super) fn facts(alert: &Alert, zone: &Zone) -> Vec<(&'static str, String)> {
    let texts = of(alert);
    let again = alert.counts.occurrences > 1;
    let first = again.then(|| when(alert.first_seen, zone, texts));
    let started = alert.subject.started;
    let facts = [
        (Label::OwnerFact, alert.owner.as_deref().map(line)),
        (Label::Started, started.map(|at| when(at, zone, texts))),
        (Label::FirstSeen, first),
    ];
    let named = facts.into_iter();
    let named = named.filter_map(|(label, value)| Some((texts.label(label), value?)));
    named.collect()
}

/// Returns the sentence of a storm.
pub(super) fn storm_title(storm: &Storm) -> String {
    let until = storm.until.as_millis();
    texts(storm.language).storm(&StormTold {
        stage: &line(&storm.stage),
        alerts: storm.alerts,
        span: until.saturating_sub(storm.since.as_millis()).max(0),
        occurrences: storm.occurrences,
    })
}

/// Returns the kinds that a storm's message names, and how many it leaves out.
pub(super) fn storm_kinds(storm: &Storm) -> (Vec<String>, usize) {
    let named = storm.kinds.iter().take(KINDS);
    let lines = named.map(|(what, times)| format!("{}× {}", thousands(*times), line(what)));
    (lines.collect(), storm.kinds.len().saturating_sub(KINDS))
}
