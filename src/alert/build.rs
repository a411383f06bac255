//! From what happened and where it stands to the document.

use super::catalog::texts;
use super::{Alert, Counts, Kind, Links, Status, Subject, VERSION, links, title};
use crate::language::Language;
use crate::severity::Severity;
use crate::time::Timestamp;

/// Where something stands among others of its kind: what the alert policy knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The document's id.
    pub id: String,
    /// Why it is told now.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// The saved query that asked for it.
    pub rule: String,
    /// How often it has happened since it was first seen; of a resolved one, how often it had failed.
    pub occurrences: u64,
    /// How many of those were not told one by one since the last alert.
    pub suppressed: u64,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Sentences that the summary ends with.
    pub remarks: Vec<String>,
}

/// What the configuration knows about the place where something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// The stage's AWS region, for links to the console.
    pub region: Option<&'a str>,
    /// The batch's runbook.
    pub runbook: Option<&'a str>,
    /// Who looks after the batch.
    pub owner: Option<&'a str>,
}

impl Alert {
    /// Writes the alert on something that happened, in a language.
    pub fn new(subject: Subject, standing: Standing, place: Place<'_>, language: Language) -> Self {
        let texts = texts(language);
        let title = title::title(&subject, &standing, texts);
        let summary = title::summary(&subject, &standing, texts);
        let counts = Counts {
            events: subject.events,
            occurrences: standing.occurrences,
            suppressed: standing.suppressed,
        };
        Self {
            version: VERSION,
            command: command(&subject, &standing),
            links: links_of(&subject, &standing, place),
            log: subject.log.clone(),
            owner: place.owner.map(str::to_owned),
            id: standing.id,
            status: standing.status,
            severity: standing.severity,
            rule: standing.rule,
            language,
            title,
            summary,
            subject,
            counts,
            first_seen: standing.first_seen,
            last_seen: standing.last_seen,
        }
    }
}

fn links_of(subject: &Subject, standing: &Standing, place: Place<'_>) -> Links {
    let known = place.region.filter(|_| !subject.log.group.is_empty());
    let stream = known.filter(|_| !subject.log.stream.is_empty());
    Links {
        console: stream.map(|region| links::console(region, &subject.log)),
        insights: known.map(|region| insights(region, subject, standing)),
        runbook: place.runbook.map(str::to_owned),
    }
}

/// Links the lines of a run's stream, or of the minutes around an error.
fn insights(region: &str, subject: &Subject, standing: &Standing) -> String {
    const MARGIN: i64 = 5 * 60_000;
    let query = links::lines_of(&subject.log.stream);
    let first = subject.log.first_timestamp.unwrap_or(standing.last_seen);
    let last = subject.ended.unwrap_or(standing.last_seen).max(first);
    let [start, end] = [first.as_millis() - MARGIN, last.as_millis() + MARGIN].map(Timestamp);
    links::insights(region, &[&subject.log.group], &query, start, end)
}

/// Returns the command that shows the run, or the errors of that kind.
fn command(subject: &Subject, standing: &Standing) -> String {
    let stage = subject.stage.as_ref();
    let stage = stage
        .map(|stage| format!(" --stage {}", quoted(stage)))
        .unwrap_or_default();
    let stream = subject
        .log
        .stream
        .rsplit('/')
        .next()
        .filter(|last| !last.is_empty());
    let fingerprint = subject
        .error
        .as_ref()
        .and_then(|error| error.fingerprint.as_deref());
    match (
        subject.kind,
        subject.task.as_deref().or(stream),
        fingerprint,
    ) {
        (Kind::Error, _, Some(fingerprint)) => {
            format!(
                "logq errors fingerprint={}{stage}{}",
                quoted(fingerprint),
                since(standing)
            )
        }
        (Kind::Error, _, None) | (_, None, _) => {
            format!("logq {}{stage}{}", quoted(&standing.rule), since(standing))
        }
        (_, Some(task), _) => format!("logq show {}{stage}", quoted(task)),
    }
}

/// Returns the window to look in; of events without a time there is none, a window would leave them out.
fn since(standing: &Standing) -> String {
    if standing.first_seen.known().is_none() {
        return String::new();
    }
    let second = Timestamp(standing.first_seen.as_millis().div_euclid(1000) * 1000);
    format!(" --since {}", second.to_string().replace(".000Z", "Z"))
}

/// Quotes a word for a POSIX shell where it needs quotes.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
