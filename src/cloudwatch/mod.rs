//! CloudWatch Logs as a source of events: read in parallel, at the pace that the quotas allow, in one order.
//!
//! ```text
//! window ─ slices ─▶ calls ─ limit ─▶ service ─▶ pages ─▶ pieces ─ order ─▶ blocks of lines
//! ```
//!
//! `slices` cuts the window and decides what is asked for next; `filter_log_events` makes the calls, a thread of
//! its own with an async runtime in it; `order` joins what comes. [`Source`] is what others see: it hands out
//! blocks of NDJSON envelopes as a source of files does, so that nothing behind it knows where lines come from.
//!
//! [`insights`] is the other way to ask: queries that the service runs itself.
//! `streams` stands in front of that for questions about runs: it finds out which log streams can matter, and reads
//! those alone.
//!
//! Which groups, which window and which pattern are asked for is decided above, and so is what is said to people.

mod cache;
mod client;
mod coming;
mod definitions;
mod error;
mod filter_log_events;
pub mod insights;
mod inventory;
mod limit;
mod lines;
mod order;
mod pace;
pub mod pushdown;
mod quota;
mod service;
mod shelf;
mod slices;
mod source;
pub mod streams;
pub mod tail;
mod trial;

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod tests;

pub use cache::{Cache, Stock};
pub use client::{Client, call_kind, call_reason};
pub use definitions::{Definition, DefinitionPage, Definitions, Maker, Parameter};
pub use error::{CallError, Kind, Place};
pub use inventory::{GroupFacts, GroupPage, Inventory, StreamFacts, find_group, find_groups};
pub use limit::Limiter;
pub use pace::Pace;
pub use quota::{Action, Quotas};
pub use service::{FilterCall, LogEvent, Page, Service};
pub use shelf::Progress;
pub use source::{Report, Request, Site, Source};
pub use trial::Subject;

/// Which end of the window comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// In the order of time.
    #[default]
    OldestFirst,
    /// Against it: for who wants the newest only.
    NewestFirst,
}
