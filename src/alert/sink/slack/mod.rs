//! Slack: one message for a failure, what belongs into the thread under it, and what Slack's answers mean.
//!
//! `blocks` builds Block Kit, `mrkdwn` escapes log text for it, `answer` reads answers. A message says in words what
//! its signs say. Links are links and not buttons: a button asks the app for an address that takes its clicks, and
//! warns everybody when there is none.

mod answer;
mod blocks;
pub(super) mod mrkdwn;

pub use answer::{Posted, api_answer, is_gone, webhook_answer};
pub use blocks::{as_text, details, follow_up, message, storm};
