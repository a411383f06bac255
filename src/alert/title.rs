//! What an alert's sentences are about: one for the title, a few more for the summary. Their words are the catalogue's.
//!
//! Log text goes in without control characters and cut to a length; each sink escapes it for itself.

use super::catalog::{Ending, Label, Reason, RunTold, Sentence, Texts};
use super::{Kind, Migrations, Standing, Status, Subject};
use crate::detect::Note;

/// The longest error message that a title quotes, in characters.
const LONGEST_MESSAGE: usize = 160;

/// Returns the sentence that says it all.
pub(super) fn title(subject: &Subject, standing: &Standing, texts: &dyn Texts) -> String {
    match (subject.kind, standing.status) {
        (Kind::Error, status) => {
            let service = subject.service.as_deref();
            let what = error_text(subject, texts);
            texts.error(status, standing.occurrences, service, &what)
        }
        (_, Status::Resolved) => texts.works_again(&name(subject, texts), standing.occurrences),
        _ => run_title(subject, standing, texts),
    }
}

/// Returns more sentences: what the title left out.
pub(super) fn summary(subject: &Subject, standing: &Standing, texts: &dyn Texts) -> String {
    let mut said = Vec::new();
    let mut say = |sentence: &Sentence<'_>| said.push(texts.sentence(sentence));
    let migration = subject.migration.as_ref();
    if let Some(migration) = migration.filter(|migration| has_state(migration)) {
        say(&Sentence::Migrations(migration));
    }
    if let Some(code) = code_beside_error(subject, texts) {
        say(&Sentence::ExitCode(code));
    }
    if let Some(note) = &subject.note {
        say(&Sentence::Note(&on_one_line(note)));
    }
    if standing.status == Status::Resolved {
        say(&Sentence::LastRun(took(subject)));
    } else if standing.occurrences > 1 {
        say(&Sentence::Counted {
            is_logged: subject.kind == Kind::Error,
            occurrences: standing.occurrences,
            span: standing.last_seen.as_millis() - standing.first_seen.as_millis(),
            suppressed: standing.suppressed,
        });
    }
    if subject.kind != Kind::Error && subject.errors > 0 {
        say(&Sentence::Errors(subject.errors));
    } else if let Some(place) = place(subject).filter(|_| subject.kind == Kind::Error) {
        say(&Sentence::LoggedBy(&place));
    }
    if said.is_empty() {
        said.push(texts.sentence(&Sentence::LogLines(subject.events)));
    }
    said.extend(standing.remarks.iter().cloned());
    said.join(texts.gap())
}

fn run_title(subject: &Subject, standing: &Standing, texts: &dyn Texts) -> String {
    let error = || error_text(subject, texts);
    let (ending, why) = match subject.outcome.as_deref() {
        Some("succeeded") => match &subject.migration {
            Some(migration) => (Ending::Migrated(migration), String::new()),
            None => (Ending::Succeeded, String::new()),
        },
        Some("errored") => (Ending::Errored(subject.errors.max(1)), error()),
        Some("failed") if subject.cause.as_deref() == Some("never_started") => {
            (Ending::NeverStarted, stop_reason(subject))
        }
        Some("failed") => {
            let migration = subject.migration.as_ref();
            let at = migration.and_then(|migration| migration.failed.as_deref());
            (Ending::Failed(at), reason(subject, texts))
        }
        Some(outcome) => (Ending::Other(outcome), String::new()),
        None => (Ending::Unknown, String::new()),
    };
    let run = RunTold {
        name: &name(subject, texts),
        again: (standing.status == Status::Repeat).then_some(standing.occurrences),
        took: took(subject),
        why: &why,
    };
    texts.run(&run, &ending)
}

fn name(subject: &Subject, texts: &dyn Texts) -> String {
    let unnamed = || texts.label(Label::Unnamed).to_owned();
    subject.name.as_deref().map_or_else(unnamed, one_line)
}

/// Returns why a run failed: its error, else what ended it.
fn reason(subject: &Subject, texts: &dyn Texts) -> String {
    let error = error_text(subject, texts);
    let code = subject.exit_code;
    let said = stop_reason(subject);
    let reason = match subject.cause.as_deref() {
        Some("oom") => Reason::OutOfMemory(code),
        Some("spot") => Reason::Spot(code),
        Some("stopped") => Reason::Stopped(code, &said),
        Some("signal") if error.is_empty() => {
            let signal = code.filter(|code| *code > 128);
            let signal = signal.map(|code| signal_name(code - 128));
            return texts.reason(&Reason::Signal(signal.as_deref(), code));
        }
        _ if !error.is_empty() => return error,
        _ => match code {
            Some(code) => Reason::Code(code),
            None => return said,
        },
    };
    texts.reason(&reason)
}

/// Returns the exit code where the title says the error instead.
fn code_beside_error(subject: &Subject, texts: &dyn Texts) -> Option<i64> {
    let code = subject.exit_code.filter(|&code| code != 0)?;
    (!error_text(subject, texts).is_empty()).then_some(code)
}

/// Returns `KeyError: 'price' in sync_rates (booking/sync.py:88)`, as much of it as there is.
fn error_text(subject: &Subject, texts: &dyn Texts) -> String {
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
    match error.culprit.as_deref() {
        Some(culprit) => texts.raised(&said, &one_line(culprit)),
        None => said,
    }
}

fn stop_reason(subject: &Subject) -> String {
    let said = subject.stop_reason.as_deref();
    said.map(quotation).unwrap_or_default()
}

fn has_state(migration: &Migrations) -> bool {
    migration.failed.is_some() || !migration.applied.is_empty() || !migration.unapplied.is_empty()
}

fn on_one_line(note: &Note) -> Note {
    let mut note = note.clone();
    if let Some(error) = note.error_mut() {
        *error = one_line(error);
    }
    note
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

fn took(subject: &Subject) -> Option<i64> {
    let seconds = subject.duration.filter(|seconds| *seconds > 0.0)?;
    Some((seconds * 1000.0).round() as i64)
}

fn signal_name(number: i64) -> String {
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
