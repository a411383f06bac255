//! Queries that the Logs Insights service runs: started, watched, stopped when nobody waits for them, and put
//! together where one query is not enough.
//!
//! ```text
//! query ─ text ─▶ calls ─ pace ─▶ service ─▶ pages ─ rows ─▶ rows as they are here
//!                   └── run: one per region, and pieces of the window where a result is cut
//! ```
//!
//! [`run`] asks. What is asked, which groups, and what is said to people, is decided above; whether the query may
//! run there at all tells `query::portability`.

pub mod cost;
mod error;
mod halt;
mod rows;
mod run;
mod service;
mod single;
#[cfg(test)]
mod tests;
mod text;

pub use error::{Ended, QueryError};
pub use halt::{Halt, Halted};
pub use rows::{Shape, joined};
pub use run::{Answer, Capped, Found, Part, Request, run};
pub use service::{Cells, Malformed, QueryCall, QueryService, Refusal, ResultPage, Spent, Status};
pub use single::{Left, Progress, Region};
pub use text::{MOST_CHARACTERS, Sent, Text};

use super::{GroupFacts, find_group, find_groups};

/// The most log groups of one query.
pub const MOST_GROUPS: usize = 50;

impl<S: QueryService> Region<S> {
    /// Returns what is known of a log group; nothing when there is none of this name.
    pub async fn describe(&self, name: &str) -> Result<Option<GroupFacts>, super::CallError> {
        find_group(&*self.service, &self.pace, name).await
    }

    /// Returns what is known of the groups whose names begin so.
    pub async fn describe_prefix(&self, prefix: &str) -> Result<Vec<GroupFacts>, super::CallError> {
        find_groups(&*self.service, &self.pace, prefix).await
    }
}
