//! The Lambda: from what CloudWatch Logs, ECS and a schedule deliver to alerts on SNS and Slack.
//!
//! ```text
//! payload ─▶ input ─▶ pipeline ─▶ outbox ─▶ deliver ─▶ SNS, Slack
//!                       │   ▲
//!              streams ◀┘   └▶ store (DynamoDB, or memory)
//! ```
//!
//! What a failure is, which alert it makes and when it is told is decided in `logq`, the same that `logq replay` uses;
//! here are the ways in and out, and what keeps an alert from being lost or told twice on the way. `main.rs` reads
//! the environment and the clock.

mod deadline;
pub mod deliver;
mod function;
mod input;
mod payload;
mod pipeline;
mod sdk;
pub mod secrets;
mod settings;
mod streams;
mod telemetry;

pub use deadline::Deadline;
pub use function::{Call, Function, Table, rules, time_left};
pub use input::{Input, Refusal};
pub use payload::{Aside, Payload};
pub use pipeline::{Failure, Parts, Pipeline, Sent};
pub use sdk::Sdk;
pub use settings::{Settings, SettingsError};
pub use streams::{CloudWatch, Span, StreamError, Streams};
pub use telemetry::{Counts, Invocation, Log};
