//! The alert loop: from rules and what happened to the alerts that a person gets.
//!
//! ```text
//! saved queries with [alert] → Rules ─┐
//! events, with their errors ──────────┼→ sightings of keys → policy over memories → alerts
//! runs, once their end is known ──────┘
//! ```
//!
//! `policy` decides when to tell, over a memory that can be stored anywhere; `state` holds the memories here;
//! `replay` tells what a stretch of logs would have sent. Nothing here reads files, sends anything, or looks at a
//! clock.

pub mod policy;
mod replay;
mod rule;
mod state;
#[cfg(test)]
mod tests;

pub use replay::Replay;
pub use rule::{Rule, RuleError, RuleProblem, Rules};
pub use state::Memories;
