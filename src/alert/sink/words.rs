//! Words that all sinks share: how bad, where, when, and the facts beside the sentence.

use super::Storm;
use super::limit::line;
use crate::alert::{Alert, Status, title};
use crate::severity::Severity;
use crate::time::{Timestamp, Zone, duration};

/// How many kinds a storm's message names.
pub(super) const KINDS: usize = 10;

/// Returns how bad it is, or that it is over: one word that leads a message.
pub(super) fn state(alert: &Alert) -> &'static str {
    match alert.status {
        Status::Resolved => "Resolved",
        Status::Firing | Status::Repeat => severity(alert.severity),
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Info => "Info",
    }
}

/// Returns a sign of its own shape for each state, so that nobody has to tell colours apart.
pub(super) fn sign(state: &str) -> &'static str {
    match state {
        "Critical" => "🛑",
        "Error" => "❌",
        "Warning" => "⚠️",
        "Resolved" => "✅",
        _ => "ℹ️",
    }
}

/// Returns stage and service, as far as they are known.
pub(super) fn place(alert: &Alert) -> Vec<String> {
    let subject = &alert.subject;
    let words = [subject.stage.as_deref(), subject.service.as_deref()];
    words.into_iter().flatten().map(line).collect()
}

/// Returns local time with its zone.
pub(super) fn when(at: Timestamp, zone: &Zone) -> String {
    format!("{} {}", zone.seconds(at), zone.name_at(at))
}

/// Returns facts that the sentences leave out, by name; none that is not there.
pub(super) fn facts(alert: &Alert, zone: &Zone) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    facts.extend(alert.owner.as_deref().map(|owner| ("Owner", line(owner))));
    let started = alert.subject.started;
    facts.extend(started.map(|started| ("Started", when(started, zone))));
    if alert.counts.occurrences > 1 {
        facts.push(("First seen", when(alert.first_seen, zone)));
    }
    facts
}

/// Returns the sentence of a storm.
pub(super) fn storm_title(storm: &Storm) -> String {
    let place = match storm.stage.as_str() {
        "" => String::new(),
        stage => format!(" in {}", line(stage)),
    };
    let span = storm
        .until
        .as_millis()
        .saturating_sub(storm.since.as_millis());
    format!(
        "Storm{place}: {} within {}, {} in all",
        title::number(storm.alerts, "alert"),
        duration::human(span.max(0)),
        title::number(storm.occurrences, "occurrence")
    )
}

/// Returns what a storm's message says beside its title.
pub(super) fn storm_summary(storm: &Storm) -> String {
    let what = "They have no messages of their own. Everything is counted, and nothing is lost";
    format!(
        "{what}; the worst is {}.",
        severity(storm.worst).to_lowercase()
    )
}

/// Returns the kinds that a storm's message names, and how many it leaves out.
pub(super) fn storm_kinds(storm: &Storm) -> (Vec<String>, usize) {
    let named = storm.kinds.iter().take(KINDS);
    let lines = named.map(|(what, times)| format!("{}× {}", title::thousands(*times), line(what)));
    (lines.collect(), storm.kinds.len().saturating_sub(KINDS))
}
