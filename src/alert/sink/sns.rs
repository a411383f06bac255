//! SNS: a subject for a list of mails, a message that a person reads, attributes that subscriptions filter by.
//!
//! The message is plain text and not a document for each protocol: SNS passes attributes on with plain text only.

use super::limit::{bytes, cut_plain, line, printable};
use super::{Storm, words};
use crate::alert::catalog::{Label, State, Texts, texts};
use crate::alert::text::{self, Style};
use crate::alert::{Alert, Status};
use crate::language::Language;
use crate::time::Zone;

/// Message and attributes together may take 262,144 bytes; the attributes take less than the difference.
pub(super) const LONGEST_MESSAGE: usize = 262_144 - LONGEST_ATTRIBUTES;
const LONGEST_ATTRIBUTES: usize = 4096;
/// A subject has less than 100 characters.
const LONGEST_SUBJECT: usize = 99;
const LONGEST_ATTRIBUTE: usize = 256;
/// No line of a mail is longer: a log line of a megabyte tells nobody more.
const LONGEST_LINE: usize = 2000;
/// Stands for what is not known, as an attribute cannot be empty.
const UNKNOWN: &str = "unknown";

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Printable ASCII, at most 99 characters.
    pub subject: String,
    /// The text.
    pub message: String,
    /// Names and values, none empty.
    pub attributes: Vec<(&'static str, String)>,
}

/// Returns an alert as it is published.
pub fn publication(alert: &Alert, zone: &Zone) -> Publication {
    let subject = &alert.subject;
    let stage = subject.stage.as_deref().unwrap_or_default();
    Publication {
        subject: subject_of(alert, stage),
        message: bounded(message(alert, zone), &alert.command, words::of(alert)),
        attributes: vec![
            attribute("severity", alert.severity.name()),
            attribute("stage", stage),
            attribute("service", subject.service.as_deref().unwrap_or_default()),
            attribute("kind", subject.kind.name()),
            attribute("rule", &alert.rule),
            attribute("status", alert.status.name()),
        ],
    }
}

/// Returns many alerts at once as they are published.
pub fn storm(storm: &Storm, zone: &Zone) -> Publication {
    let sentence = words::storm_title(storm);
    let texts = texts(storm.language);
    let (kinds, more) = words::storm_kinds(storm);
    let mut lines = vec![
        format!(
            "{}  {}",
            words::when(storm.until, zone, texts),
            texts.severity(storm.worst)
        ),
        format!("  {sentence}"),
        format!("  {}", texts.storm_summary(storm.worst)),
        String::new(),
    ];
    let kinds = kinds.iter().map(|kind| cut_plain(kind, LONGEST_LINE));
    lines.extend(kinds.map(|kind| format!("    {kind}")));
    if more > 0 {
        lines.push(format!("    {}", texts.other_kinds(more as u64)));
    }
    let show = text::labelled(texts.label(Label::Show));
    lines.push(format!("\n  {show}{}", line(&storm.command)));
    Publication {
        subject: storm_subject(storm),
        message: bounded(lines.join("\n"), &storm.command, texts),
        attributes: vec![
            attribute("severity", storm.worst.name()),
            attribute("stage", &storm.stage),
            attribute("service", UNKNOWN),
            attribute("kind", "storm"),
            attribute("rule", "storm"),
            attribute("status", Status::Firing.name()),
        ],
    }
}

fn message(alert: &Alert, zone: &Zone) -> String {
    let lines = text::full(&shortened(alert), &Style::plain(zone));
    let zone = alert.last_seen.known().map(|at| zone.name_at(at));
    let (id, rule) = (line(&alert.id), line(&alert.rule));
    let signature = words::of(alert).signature(zone.as_deref(), &id, &rule);
    format!("{lines}\n\n{signature}")
}

/// Cuts what a log wrote to lengths that a person reads.
fn shortened(alert: &Alert) -> Alert {
    let mut alert = alert.clone();
    let texts = words::of(&alert);
    let noted = |text: &str| noted(text, texts);
    alert.title = noted(&alert.title);
    alert.summary = noted(&alert.summary);
    let error = alert.subject.error.as_mut();
    if let Some(traceback) = error.and_then(|error| error.traceback.as_mut()) {
        let lines: Vec<String> = text::ending(traceback).into_iter().map(noted).collect();
        *traceback = lines.join("\n");
    }
    alert
}

/// Returns a line, cut with a note of how much is missing.
fn noted(text: &str, texts: &dyn Texts) -> String {
    let kept = cut_plain(text, LONGEST_LINE);
    if kept.len() == text.len() {
        return kept;
    }
    let missing = text.chars().count() - kept.chars().count() + 1;
    format!("{kept} {}", texts.characters_cut(missing as u64))
}

/// Holds a message within what SNS takes, with a note where it was cut.
pub(super) fn bounded(message: String, command: &str, texts: &dyn Texts) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message;
    }
    let command = line(command);
    let note = format!("\n\n{}", texts.cut_here(bytes(&command, LONGEST_LINE)));
    format!("{}{note}", bytes(&message, LONGEST_MESSAGE - note.len()))
}

fn attribute(name: &'static str, value: &str) -> (&'static str, String) {
    let value = line(value);
    let value = match value.trim() {
        "" => UNKNOWN,
        value => value,
    };
    (name, bytes(value, LONGEST_ATTRIBUTE).to_owned())
}

/// Returns the subject of an alert. Where its sentences are not in English, which is ASCII, the facts say it alone.
fn subject_of(alert: &Alert, stage: &str) -> String {
    let english = texts(Language::English);
    let how_bad = english.state(words::state(alert));
    let fallback = fallback(alert);
    if alert.language == Language::English {
        return subject_line(how_bad, stage, &alert.title, &fallback);
    }
    let name = alert.subject.name.as_deref().map(ascii);
    let name = name.filter(|(name, is_whole)| *is_whole && !name.is_empty());
    let sentence = match name {
        Some((name, _)) if alert.subject.outcome.is_some() => format!("{name}: {fallback}"),
        _ => fallback.clone(),
    };
    subject_line(how_bad, stage, &sentence, &fallback)
}

fn storm_subject(storm: &Storm) -> String {
    let how_bad = texts(Language::English).state(State::Bad(storm.worst));
    let english = Storm {
        language: Language::English,
        ..storm.clone()
    };
    let sentence = words::storm_title(&english);
    subject_line(how_bad, &storm.stage, &sentence, "many alerts at once")
}

/// Returns `[Critical production] title`, or what ASCII can say of it.
fn subject_line(how_bad: &str, stage: &str, sentence: &str, fallback: &str) -> String {
    let (stage, _) = ascii(stage);
    let (mut said, is_whole) = ascii(sentence);
    if !is_whole {
        // What is left may be nothing but punctuation: the facts are always words.
        said = format!("{fallback}: {said}");
    }
    let head = [how_bad, stage.as_str()].join(" ");
    let subject = format!("[{}] {said}", head.trim());
    if subject.len() <= LONGEST_SUBJECT {
        return subject.trim_end_matches([' ', ':']).to_owned();
    }
    format!("{}...", subject[..LONGEST_SUBJECT - 3].trim_end())
}

/// Says in ASCII what happened, from words that are always ASCII, and the id to find it by.
fn fallback(alert: &Alert) -> String {
    let subject = &alert.subject;
    let happened = match alert.status {
        Status::Resolved => "works again",
        _ => subject.outcome.as_deref().unwrap_or("logged"),
    };
    let error = subject.error.as_ref();
    let parts = [
        Some(subject.kind.name()),
        Some(happened),
        error.and_then(|error| error.kind.as_deref()),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|part| ascii(part).0)
        .collect();
    let id: String = alert
        .id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    format!("{} (alert {id})", words.join(" "))
}

/// Returns the printable ASCII of a text, and whether that is all of it; what is missing leaves `..` behind.
fn ascii(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut is_whole = true;
    for c in printable(text).chars() {
        match c {
            ' '..='~' => out.push(c),
            '\u{ff01}'..='\u{ff5e}' => {
                // Full-width forms stand in the order of ASCII.
                out.extend(char::from_u32(c as u32 - 0xfee0));
            }
            '\n' | '\u{a0}' | '\u{3000}' => out.push(' '),
            '\u{2018}' | '\u{2019}' => out.push('\''),
            '\u{201c}' | '\u{201d}' => out.push('"'),
            '\u{2010}'..='\u{2015}' => out.push('-'),
            '…' => out.push_str("..."),
            '→' => out.push_str("->"),
            _ => {
                is_whole = false;
                if !out.ends_with("..") {
                    out.push_str("..");
                }
            }
        }
    }
    (out.trim().to_owned(), is_whole)
}
