//! An alert as plain text, for terminals and mail: what a person reads first, then where to look.

use super::catalog::{Label, texts};
use super::{Alert, Status};
use crate::severity::Severity;
use crate::time::Zone;

/// How many lines of a traceback are shown: its end, where the exception stands.
const TRACEBACK_LINES: usize = 6;

/// How many columns the labels of the last lines take.
const LABELS: usize = 9;

/// How an alert is written.
#[derive(Clone, Debug)]
pub struct Style {
    /// The zone of its times.
    pub zone: Zone,
    /// Whether severities take colour; what is sent never does.
    pub color: bool,
}

impl Style {
    /// Returns the style of what is sent.
    pub fn plain(zone: &Zone) -> Self {
        Self {
            zone: zone.clone(),
            color: false,
        }
    }
}

/// Returns the alert as it is sent, a few lines without a line break at the end.
///
/// Control characters of log text are shown escaped, so that a line of a log cannot drive the terminal.
pub fn full(alert: &Alert, style: &Style) -> String {
    let mut out = head(alert, style);
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
        line(&format!("{}{}", labelled(label), escaped(&value)));
    }
    out
}

/// Fills a label of the catalogue up to the column of the values: what is not ASCII takes two columns.
pub(super) fn labelled(label: &str) -> String {
    let wide = label.chars().filter(|c| !c.is_ascii()).count();
    let padding = LABELS.saturating_sub(label.chars().count() + wide);
    format!("{label}{:padding$}", "")
}

/// Returns the alert in three lines: when and how bad, what, and the command that shows more.
pub fn brief(alert: &Alert, style: &Style) -> String {
    format!("{}\n  {}", head(alert, style), escaped(&alert.command))
}

/// Returns the first two lines: when, how bad and where; then the title.
fn head(alert: &Alert, style: &Style) -> String {
    let texts = texts(alert.language);
    let (severity, again) = (texts.severity(alert.severity), texts.again(alert.status));
    let severity = painted(&format!("{severity}{again}"), alert, style);
    let unknown = || texts.label(Label::TimeUnknown).to_owned();
    let at = alert.last_seen.known();
    let at = at.map_or_else(unknown, |at| style.zone.seconds(at));
    let mut head = format!("{at}  {severity}");
    let stage = alert.subject.stage.as_deref();
    for word in [stage, alert.subject.service.as_deref()]
        .into_iter()
        .flatten()
    {
        head.push_str("  ");
        head.push_str(&escaped(word));
    }
    format!("{head}\n  {}", escaped(&alert.title))
}

fn painted(word: &str, alert: &Alert, style: &Style) -> String {
    let code = match (alert.status, alert.severity) {
        (Status::Resolved, _) | (_, Severity::Info) => "32",
        (_, Severity::Critical) => "1;31",
        (_, Severity::Error) => "31",
        (_, Severity::Warning) => "33",
    };
    if style.color {
        format!("\x1b[{code}m{word}\x1b[0m")
    } else {
        word.to_owned()
    }
}

fn places(alert: &Alert) -> Vec<(&'static str, String)> {
    let log = &alert.log;
    let joined = [log.group.as_str(), log.stream.as_str()]
        .map(str::trim)
        .join("  ");
    let texts = texts(alert.language);
    let links = &alert.links;
    let places = [
        (Label::Lines, Some(joined.trim().to_owned())),
        (Label::Show, Some(alert.command.clone())),
        (Label::Console, links.console.clone()),
        (Label::Runbook, links.runbook.clone()),
        (Label::Owner, alert.owner.clone()),
    ];
    let named = places.into_iter().filter_map(|(label, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some((texts.label(label), value))
    });
    named.collect()
}

/// Returns the last lines of a traceback.
pub(super) fn ending(traceback: &str) -> Vec<&str> {
    let lines: Vec<&str> = traceback
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(TRACEBACK_LINES)..].to_vec()
}

/// Shows control characters and direction overrides as escapes; a tab is a blank.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.extend(c.escape_default()),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
