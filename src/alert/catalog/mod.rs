//! The catalogue of all that a person reads in an alert: one file a language.
//!
//! [`Texts`] has no default methods and each set of words is an enum that is matched whole, so a language in which
//! something is missing does not compile. Log text, names and commands are handed in as they are: escaping and
//! cutting is up to the sinks. Machine-read members of the document are no texts.

mod en;
mod ja;
#[cfg(test)]
mod tests;

use super::{Migrations, Status};
use crate::detect::Note;
use crate::language::Language;
use crate::severity::Severity;

/// Returns the texts of a language.
pub fn texts(language: Language) -> &'static dyn Texts {
    match language {
        Language::English => &en::English,
        Language::Japanese => &ja::Japanese,
    }
}

/// The texts of one language.
pub trait Texts: Sync {
    /// Returns the word that leads a message: how bad it is, or that it is over.
    fn state(&self, state: State) -> &'static str;
    /// Returns the word for how bad it is, within a line.
    fn severity(&self, severity: Severity) -> &'static str;
    /// Returns what is put behind the severity when an alert is not the first.
    fn again(&self, status: Status) -> &'static str;
    /// Returns a name or a short text of its own.
    fn label(&self, label: Label) -> &'static str;

    /// Returns a length of time.
    fn duration(&self, millis: i64) -> String;
    /// Returns names as a list; so many more are not named.
    fn listed(&self, names: &[String], more: usize) -> String;
    /// Returns what stands between two sentences.
    fn gap(&self) -> &'static str;

    /// Returns the title of a run.
    fn run(&self, run: &RunTold<'_>, ending: &Ending<'_>) -> String;
    /// Returns the title of a run that works again.
    fn works_again(&self, name: &str, failures: u64) -> String;
    /// Returns the title of a kind of error.
    fn error(&self, status: Status, occurrences: u64, service: Option<&str>, what: &str) -> String;
    /// Returns an error and where in the program it was raised.
    fn raised(&self, what: &str, culprit: &str) -> String;
    /// Returns why a run ended badly, where no error says it.
    fn reason(&self, reason: &Reason<'_>) -> String;
    /// Returns a sentence of the summary.
    fn sentence(&self, sentence: &Sentence<'_>) -> String;

    /// Returns the title of a message in the place of many.
    fn storm(&self, storm: &StormTold<'_>) -> String;
    /// Returns what such a message says beside its title.
    fn storm_summary(&self, worst: Severity) -> String;
    /// Returns how many kinds are not named.
    fn other_kinds(&self, count: u64) -> String;
    /// Returns two times as the ends of a span.
    fn span(&self, since: &str, until: &str) -> String;

    /// Returns the last line of a mail; `zone` is none where no time is known.
    fn signature(&self, zone: Option<&str>, id: &str, rule: &str) -> String;
    /// Returns the note behind a line that is cut.
    fn characters_cut(&self, count: u64) -> String;
    /// Returns the note behind a message that is cut.
    fn cut_here(&self, command: &str) -> String;
    /// Returns the note above the last lines of a text.
    fn lines_before(&self, count: usize) -> String;
    /// Returns the title of what stands in a message's thread.
    fn details_of(&self, title: &str) -> String;
}

/// How a message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Something happens, this bad.
    Bad(Severity),
    /// It is over.
    Resolved,
}

/// A short text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// In the place of a run's name.
    Unnamed,
    /// In the place of a time.
    TimeUnknown,
    /// In the place of a title.
    AnAlert,
    /// In the place of a summary.
    NothingMore,
    /// Of a message that is not the first.
    ToldAgain,
    /// Before the log group and stream, in text.
    Lines,
    /// Before the command, in text.
    Show,
    /// Before the console's address, in text.
    Console,
    /// Before the runbook's address, in text.
    Runbook,
    /// Before the owner, in text.
    Owner,
    /// The owner, as a fact.
    OwnerFact,
    /// When a run started.
    Started,
    /// When it was first seen.
    FirstSeen,
    /// When it was last seen.
    LastSeen,
    /// Before the command.
    ToSeeIt,
    /// Before the command, of many.
    ToSeeThem,
    /// Before an error's text.
    TheError,
    /// Before a traceback.
    TheTraceback,
    /// The frame that raised it.
    Raised,
    /// The log group.
    LogGroup,
    /// The log stream.
    LogStream,
    /// What the fingerprint was made from.
    GroupedBy,
    /// The alert's id.
    Alert,
    /// A link to the lines.
    LogLines,
    /// A link to the query service.
    LogsInsights,
    /// A link to the runbook.
    RunbookLink,
    /// A step: read the lines.
    ReadLines,
    /// A step: query the lines.
    QueryLines,
    /// A step: follow the runbook.
    FollowRunbook,
    /// The title of a test alert.
    TestTitle,
    /// The summary of a test alert.
    TestSummary,
}

/// What all titles of a run are made of.
#[derive(Clone, Copy, Debug)]
pub struct RunTold<'a> {
    /// The run's name.
    pub name: &'a str,
    /// How many times in a row, when it is told again.
    pub again: Option<u64>,
    /// How long it took, in milliseconds.
    pub took: Option<i64>,
    /// The error or another reason; empty when there is none.
    pub why: &'a str,
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// Well.
    Succeeded,
    /// Well, and it applied and took back migrations.
    Migrated(&'a Migrations),
    /// Well, but it logged so many errors.
    Errored(u64),
    /// It never started.
    NeverStarted,
    /// Badly, at a migration where it is known.
    Failed(Option<&'a str>),
    /// With another outcome.
    Other(&'a str),
    /// In a way that nothing tells.
    Unknown,
}

/// Why a run ended badly.
#[derive(Clone, Copy, Debug)]
pub enum Reason<'a> {
    /// It took more memory than it may.
    OutOfMemory(Option<i64>),
    /// Its capacity was taken back.
    Spot(Option<i64>),
    /// Somebody stopped it; what ECS says of it may be empty.
    Stopped(Option<i64>, &'a str),
    /// By a signal, by its name where it is known.
    Signal(Option<&'a str>, Option<i64>),
    /// The exit code is all that is known.
    Code(i64),
}

/// A sentence of a summary.
#[derive(Clone, Copy, Debug)]
pub enum Sentence<'a> {
    /// Which migrations are applied, taken back, failed.
    Migrations(&'a Migrations),
    /// The exit code, beside an error.
    ExitCode(i64),
    /// A fact beside the outcome.
    Note(&'a Note),
    /// How long the last run took, of what works again.
    LastRun(Option<i64>),
    /// How often it happened.
    Counted {
        /// Whether it was logged, or a run.
        is_logged: bool,
        /// How often in all.
        occurrences: u64,
        /// In how many milliseconds.
        span: i64,
        /// How many of them had no alert.
        suppressed: u64,
    },
    /// Which stream logged it.
    LoggedBy(&'a str),
    /// How many errors a run logged.
    Errors(u64),
    /// How many lines a run logged.
    LogLines(u64),
    /// When the batch last went well.
    LastWell(&'a str),
    /// How often a silence kept it untold, and why there was one.
    Silenced(u64, &'a str),
}

/// What a storm's title is made of.
#[derive(Clone, Copy, Debug)]
pub struct StormTold<'a> {
    /// The stage; empty when there is none.
    pub stage: &'a str,
    /// How many alerts.
    pub alerts: u64,
    /// Within how many milliseconds.
    pub span: i64,
    /// How often what they tell of happened.
    pub occurrences: u64,
}

/// How many migrations are listed by name.
const LISTED: usize = 5;

/// Returns `a`, `a and b`, `a, b and c`, or `a, b, c, d, e and 12 more`, as the language has it.
pub(in crate::alert) fn names(texts: &dyn Texts, all: &[String]) -> String {
    let (shown, more) = all.split_at(all.len().min(LISTED));
    texts.listed(shown, more.len())
}

/// Returns a number with its thousands apart: `13,412`.
pub(in crate::alert) fn thousands(count: u64) -> String {
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
