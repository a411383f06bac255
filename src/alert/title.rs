//! The words of an alert: one sentence for the title, a few more for the summary.
//!
//! Log text goes in without control characters and cut to a length; each sink escapes it for itself.

use super::{Kind, Migrations, Standing, Status, Subject};
use crate::time::duration;

/// The longest error message that a title quotes, in characters.
const LONGEST_MESSAGE: usize = 160;
/// How many migrations are listed by name.
const LISTED: usize = 5;

/// Returns the sentence that says it all.
pub(super) fn title(subject: &Subject, standing: &Standing) -> String {
    match (subject.kind, standing.status) {
        (Kind::Error, _) => error_title(subject, standing),
        (_, Status::Resolved) => resolved_title(subject, standing),
        _ => run_title(subject, standing),
    }
}

/// Returns more sentences: what the title left out.
pub(super) fn summary(subject: &Subject, standing: &Standing) -> String {
    let mut said = Vec::new();
    said.extend(subject.migration.as_ref().and_then(migration_state));
    said.extend(why(subject));
    said.extend(
        subject
            .note
            .as_deref()
            .map(|note| sentence(&one_line(note))),
    );
    if standing.status == Status::Resolved {
        said.push(format!(
            "The last run took {}.",
            took(subject).unwrap_or("an unknown time".to_owned())
        ));
    } else if standing.occurrences > 1 {
        said.push(counted(subject, standing));
    }
    if subject.kind == Kind::Error {
        said.extend(place(subject).map(|place| format!("Logged by {place}.")));
    } else if subject.errors > 0 {
        said.push(format!("It logged {}.", number(subject.errors, "error")));
    }
    if said.is_empty() {
        said.push(lines(subject));
    }
    said.extend(standing.remarks.iter().cloned());
    said.join(" ")
}

fn run_title(subject: &Subject, standing: &Standing) -> String {
    let name = name(subject);
    let after = took(subject)
        .map(|took| format!(" after {took}"))
        .unwrap_or_default();
    let again = match standing.status {
        Status::Repeat => format!(" again ({} in a row)", standing.occurrences),
        _ => String::new(),
    };
    match subject.outcome.as_deref() {
        Some("succeeded") => succeeded_title(subject, &name),
        Some("errored") => {
            let errors = number(subject.errors.max(1), "error");
            format!(
                "{name} finished{again}{after} but logged {errors}{}",
                colon(&error_text(subject))
            )
        }
        Some("failed") if subject.cause.as_deref() == Some("never_started") => {
            format!(
                "{name} never started{again}{}",
                colon(&stop_reason(subject))
            )
        }
        Some("failed") => {
            let failed = subject
                .migration
                .as_ref()
                .and_then(|migration| migration.failed.as_deref());
            let at = failed
                .map(|failed| format!(" at {failed}"))
                .unwrap_or_default();
            format!("{name} failed{again}{at}{after}{}", colon(&reason(subject)))
        }
        Some(outcome) => format!("{name}: outcome {outcome}{again}{after}"),
        None => format!("{name} ended{again}{after}"),
    }
}

fn succeeded_title(subject: &Subject, name: &str) -> String {
    let took = took(subject)
        .map(|took| format!(" in {took}"))
        .unwrap_or_default();
    let Some(migration) = &subject.migration else {
        return format!("{name} succeeded{took}");
    };
    let mut done = Vec::new();
    if !migration.applied.is_empty() {
        done.push(format!("applied {}", listed(&migration.applied)));
    }
    if !migration.unapplied.is_empty() {
        done.push(format!("took back {}", listed(&migration.unapplied)));
    }
    if done.is_empty() {
        return format!(
            "{name} had nothing to apply{}",
            took.replace(" in ", ", and took ")
        );
    }
    format!("{name} {}{took}", done.join(" and "))
}

fn resolved_title(subject: &Subject, standing: &Standing) -> String {
    format!(
        "{} works again, after {}",
        name(subject),
        number(standing.occurrences, "failure")
    )
}

fn error_title(subject: &Subject, standing: &Standing) -> String {
    let place = subject
        .service
        .as_deref()
        .map(|service| format!(" in {service}"))
        .unwrap_or_default();
    let text = error_text(subject);
    match standing.status {
        Status::Firing => format!("New error{place}: {text}"),
        Status::Repeat => format!("{} times{place}: {text}", thousands(standing.occurrences)),
        Status::Resolved => format!("No longer{place}: {text}"),
    }
}

fn name(subject: &Subject) -> String {
    let unnamed = || "a run without a name".to_owned();
    subject.name.as_deref().map_or_else(unnamed, one_line)
}

/// Returns why a run failed: its error, else what ended it.
fn reason(subject: &Subject) -> String {
    let error = error_text(subject);
    let code = subject
        .exit_code
        .map(|code| format!("exit code {code}"))
        .unwrap_or_default();
    match subject.cause.as_deref() {
        Some("oom") => join("killed, out of memory", &code),
        Some("spot") => join("its Fargate Spot capacity was taken back", &code),
        Some("stopped") => join(&join("it was stopped", &code), &stop_reason(subject)),
        Some("signal") if error.is_empty() => match subject.exit_code {
            Some(code) if code > 128 => {
                format!("killed by {} (exit code {code})", signal(code - 128))
            }
            _ => join("killed by a signal", &code),
        },
        _ if !error.is_empty() => error,
        _ if !code.is_empty() => format!("{code}, and the log does not say why"),
        _ => stop_reason(subject),
    }
}

/// Returns what the title does not say: the exit code beside an error, the reason that ECS gives.
fn why(subject: &Subject) -> Option<String> {
    let code = subject.exit_code.filter(|&code| code != 0)?;
    if error_text(subject).is_empty() {
        return None;
    }
    Some(format!("The exit code is {code}."))
}

/// Returns `KeyError: 'price' in sync_rates (booking/sync.py:88)`, as much of it as there is.
fn error_text(subject: &Subject) -> String {
    let Some(error) = &subject.error else {
        return String::new();
    };
    let message = error.message.as_deref().map(quotation).unwrap_or_default();
    let said = match error.kind.as_deref() {
        Some(kind) if message.is_empty() => kind.to_owned(),
        // The last part of a dotted name is what people search for; the whole is in the document.
        Some(kind) => format!("{}: {message}", kind.rsplit('.').next().unwrap_or(kind)),
        None => message,
    };
    let culprit = error
        .culprit
        .as_deref()
        .map(|culprit| format!(" in {}", one_line(culprit)));
    said + &culprit.unwrap_or_default()
}

fn stop_reason(subject: &Subject) -> String {
    subject
        .stop_reason
        .as_deref()
        .map(quotation)
        .unwrap_or_default()
}

fn migration_state(migration: &Migrations) -> Option<String> {
    let mut parts = Vec::new();
    if !migration.applied.is_empty() {
        parts.push(format!("{} applied", verb(&migration.applied)));
    }
    if !migration.unapplied.is_empty() {
        parts.push(format!("{} taken back", verb(&migration.unapplied)));
    }
    match &migration.failed {
        Some(failed) if parts.is_empty() => {
            parts.push(format!("Nothing was applied before {failed} failed"));
        }
        Some(failed) => parts.push(format!("{failed} failed")),
        None => {}
    }
    (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
}

fn verb(names: &[String]) -> String {
    let are = if names.len() == 1 { "is" } else { "are" };
    format!("{} {are}", listed(names))
}

/// Returns `a`, `a and b`, `a, b and c`, or `a, b, c, d, e and 12 more`.
pub(super) fn listed(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(LISTED));
    match (shown, more.len()) {
        ([one], 0) => one.clone(),
        ([front @ .., last], 0) => format!("{} and {last}", front.join(", ")),
        (_, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

fn counted(subject: &Subject, standing: &Standing) -> String {
    let span = standing.last_seen.as_millis() - standing.first_seen.as_millis();
    let what = if subject.kind == Kind::Error {
        "It has been logged"
    } else {
        "It has happened"
    };
    let mut said = format!(
        "{what} {} times in {}",
        thousands(standing.occurrences),
        duration::human(span)
    );
    if standing.suppressed > 0 {
        let suppressed = thousands(standing.suppressed);
        said = format!("{said}, {suppressed} of them since the last alert without one of its own");
    }
    said + "."
}

/// Begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

fn place(subject: &Subject) -> Option<String> {
    let stream = subject.log.stream.as_str();
    let group = subject.log.group.as_str();
    match (group, stream) {
        ("", "") => None,
        ("", place) | (place, "") => Some(place.to_owned()),
        _ => Some(format!("{group}, {stream}")),
    }
}

fn lines(subject: &Subject) -> String {
    match subject.events {
        0 => "It logged nothing.".to_owned(),
        events => format!("It logged {}.", number(events, "line")),
    }
}

fn took(subject: &Subject) -> Option<String> {
    let seconds = subject.duration.filter(|seconds| *seconds > 0.0)?;
    Some(duration::human((seconds * 1000.0).round() as i64))
}

fn signal(number: i64) -> String {
    match number {
        2 => "SIGINT".to_owned(),
        3 => "SIGQUIT".to_owned(),
        6 => "SIGABRT".to_owned(),
        9 => "SIGKILL".to_owned(),
        11 => "SIGSEGV".to_owned(),
        15 => "SIGTERM".to_owned(),
        number => format!("signal {number}"),
    }
}

fn colon(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}

fn join(left: &str, right: &str) -> String {
    if right.is_empty() {
        left.to_owned()
    } else {
        format!("{left} ({right})")
    }
}

/// Returns `1 error`, `12,345 errors`.
pub(super) fn number(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(count))
}

pub(super) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns the first line that says something, with control characters as blanks and runs of blanks as one.
fn one_line(text: &str) -> String {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let words: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Returns a text of the log as a sentence quotes it: one line, cut to a length.
pub(super) fn quotation(text: &str) -> String {
    cut(&one_line(text), LONGEST_MESSAGE)
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest - 3).collect();
    format!("{}...", kept.trim_end())
}
