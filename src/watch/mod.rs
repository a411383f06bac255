//! The alert loop: from rules and what happened to the alerts that a person gets.
//!
//! ```text
//! saved queries with [alert] → Rules ─┐
//! events, with their errors ──────────┼→ sightings of keys → policy over memories → alerts
//! runs, once their end is known ──────┘
//! ```
//!
//! `policy` decides when to tell, over a memory that can be stored anywhere; `state` holds the memories here;
//! `sighting` says what happened to which key, and makes the alert; `replay` tells what a stretch of logs would have
//! sent, and `live` looks at deliveries as they come; `skim` does so before they are all unpacked. Nothing here reads files, sends anything, or looks at a clock.

mod batch;
pub mod live;
pub mod policy;
mod replay;
mod rule;
mod sighting;
mod skim;
mod state;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Lines};
pub use replay::Replay;
pub use rule::{Rule, RuleError, RuleProblem, Rules};
pub use sighting::{Sighted, What, error_key, error_subject};
pub use skim::{Look, Skim};
pub use state::Memories;
