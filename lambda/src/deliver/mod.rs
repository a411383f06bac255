//! Delivery: thin senders around the payloads of `logq::alert::sink`, one for each way out.
//!
//! A sender tries once, and once more when a secret was refused and there is a newer one, or a layout was refused that
//! can be left out. Whether and when to try again is decided by whoever keeps the marks of what was sent, and by nobody
//! else: the clients of AWS do not. An answer that got lost may hide a message that was
//! taken: trying again can then tell twice, never less than once.

pub(crate) mod aws;
mod http;
#[cfg(test)]
pub(crate) mod loopback;
mod slack_bot;
mod slack_webhook;
mod sns;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use logq::alert::Alert;
use logq::alert::sink::slack::Posted;
use logq::alert::sink::{Storm, Verdict};

pub use http::Http;
pub use slack_bot::{API, Bot, SlackBot};
pub use slack_webhook::SlackWebhook;
pub use sns::{Format, Sns};

use crate::secrets::SecretError;

/// A delivery under way.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<Delivered, DeliveryError>> + Send + 'a>>;

/// A way out for alerts.
pub trait Sink: Send + Sync {
    /// Returns the word for it in `logq.toml`, metrics and marks.
    fn name(&self) -> &'static str;

    /// Delivers an alert; `before` is the message that tells of the same failure, where there is one to edit.
    fn send<'a>(&'a self, alert: &'a Alert, before: Option<&'a Posted>) -> Delivery<'a>;

    /// Delivers one message in the place of many alerts.
    fn send_storm<'a>(&'a self, storm: &'a Storm) -> Delivery<'a>;
}

/// What is known of an alert that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Where the message stands, for edits and its thread.
    pub posted: Option<Posted>,
    /// What went wrong although it was taken: its details are not in the thread, or its layout is missing.
    pub flaw: Option<String>,
}

/// An alert that was not taken; no text in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Trying again may help.
    #[error("{reason}")]
    Later {
        /// When, if the service says so.
        after: Option<Duration>,
        /// What happened.
        reason: String,
    },
    /// Trying again does not help.
    #[error("{reason}")]
    Refused {
        /// What the service said.
        reason: String,
    },
}

impl DeliveryError {
    fn later(reason: impl Into<String>) -> Self {
        Self::Later {
            after: None,
            reason: reason.into(),
        }
    }

    /// Returns what a verdict means for the delivery; `None` for a message that was taken.
    ///
    /// A secret or another setting that is refused is mended by a person, and what waits is sent then.
    fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Taken => None,
            Verdict::Later(after) => Some(Self::Later {
                after,
                reason: "Slack asks to try again later".to_owned(),
            }),
            Verdict::Unauthorized(reason) => Some(Self::later(reason)),
            Verdict::Refused(reason) => Some(Self::Refused { reason }),
        }
    }
}

/// Says that the words of a message were taken after its layout was not.
fn without_layout(reason: &str) -> String {
    format!("the layout was not taken, the words alone were: {reason}")
}

impl From<SecretError> for DeliveryError {
    fn from(error: SecretError) -> Self {
        Self::later(error.to_string())
    }
}
