//! Alerts as the services want them: pure payloads within every limit, and the reading of what a service answers.
//!
//! `sns` writes what a person reads in mail, `amazon_q` the document that Amazon Q Developer shows in a chat, `slack`
//! Block Kit. Nothing here sends anything. Log text arrives as hostile as it was logged: `limit` takes control
//! characters out and cuts between characters, and each sink escapes for its own language. Secrets are taken out
//! before, by [`super::redact`].

pub mod amazon_q;
mod limit;
pub mod slack;
pub mod sns;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use crate::language::Language;
use crate::severity::Severity;
use crate::time::Timestamp;

/// What a service's answer means for an alert; no text in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The service has it.
    Taken,
    /// Trying again helps, after the given time when the service names one.
    Later(Option<Duration>),
    /// What is set is not, or no longer, right: the secret, the channel, what the app may do. A new secret may help at
    /// once, else a person mends it while the alert waits.
    Unauthorized(String),
    /// The message itself is not taken, now or later.
    Refused(String),
}

/// Many alerts at once, told as one message because a sink cannot take them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storm {
    /// The language that it is told in.
    pub language: Language,
    /// The stage; empty when there is none.
    pub stage: String,
    /// When the first of them happened.
    pub since: Timestamp,
    /// When the last of them happened.
    pub until: Timestamp,
    /// How many alerts have no message of their own.
    pub alerts: u64,
    /// How often what they tell of happened.
    pub occurrences: u64,
    /// How bad the worst of them is.
    pub worst: Severity,
    /// The titles with their occurrences; the first are shown.
    pub kinds: Vec<(String, u64)>,
    /// The `logq` command that shows them all.
    pub command: String,
}
