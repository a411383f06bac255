//! An alert as plain text, for terminals and mail: what a person reads first, then where to look.

use std::fmt::Write;

use super::{Alert, Status};
use crate::time::Zone;

/// How many lines of a traceback are shown: its end, where the exception stands.
const TRACEBACK_LINES: usize = 6;

/// Returns the alert as a few lines without a line break at the end.
///
/// Control characters of log text are shown escaped, so that a line of a log cannot drive the terminal.
pub fn render(alert: &Alert, zone: &Zone) -> String {
    let mut out = head(alert, zone);
    let mut line = |text: &str| {
        out.push_str("\n  ");
        out.push_str(text);
    };
    line(&escaped(&alert.summary));
    let traceback = alert
        .subject
        .error
        .as_ref()
        .and_then(|error| error.traceback.as_deref());
    for text in traceback.map(ending).unwrap_or_default() {
        line(&format!("  {}", escaped(text)));
    }
    for (label, value) in places(alert) {
        line(&format!("{label:<9}{}", escaped(&value)));
    }
    out
}

/// Returns the first two lines: when, how bad and where; then the title.
fn head(alert: &Alert, zone: &Zone) -> String {
    let mut head = zone.seconds(alert.last_seen);
    let status = match alert.status {
        Status::Firing => "",
        Status::Repeat => ", again",
        Status::Resolved => ", resolved",
    };
    write!(head, "  {}{status}", alert.severity.name()).expect("a string takes all text");
    let stage = alert.subject.stage.as_deref();
    for word in [stage, alert.subject.service.as_deref()]
        .into_iter()
        .flatten()
    {
        write!(head, "  {}", escaped(word)).expect("a string takes all text");
    }
    format!("{head}\n  {}", escaped(&alert.title))
}

fn places(alert: &Alert) -> Vec<(&'static str, String)> {
    let log = &alert.log;
    let joined = [log.group.as_str(), log.stream.as_str()]
        .map(str::trim)
        .join("  ");
    let mut places = vec![("lines", joined.trim().to_owned())];
    places.push(("show", alert.command.clone()));
    places.extend(alert.links.console.clone().map(|link| ("console", link)));
    places.extend(alert.links.runbook.clone().map(|link| ("runbook", link)));
    places.retain(|(_, value)| !value.is_empty());
    places
}

/// Returns the last lines of a traceback.
fn ending(traceback: &str) -> Vec<&str> {
    let lines: Vec<&str> = traceback
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(TRACEBACK_LINES)..].to_vec()
}

/// Shows control characters as escapes; a tab is a blank.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
