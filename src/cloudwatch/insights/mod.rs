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
pub use service::{
    Cells, GroupFacts, Malformed, QueryCall, QueryService, Refusal, ResultPage, Spent, Status,
};
pub use single::{Left, Progress, Region};
pub use text::{MOST_CHARACTERS, Sent, Text};

/// The most log groups of one query.
pub const MOST_GROUPS: usize = 50;

impl<S: QueryService> Region<S> {
    /// Returns what is known of a log group; nothing when there is none of this name.
    pub async fn describe(&self, name: &str) -> Result<Option<GroupFacts>, super::CallError> {
        let groups = self.describe_all(name, 1).await?;
        Ok(groups.into_iter().find(|group| group.name == name))
    }

    /// Returns what is known of the groups whose names begin so.
    pub async fn describe_prefix(&self, prefix: &str) -> Result<Vec<GroupFacts>, super::CallError> {
        self.describe_all(prefix, usize::MAX).await
    }

    async fn describe_all(
        &self,
        prefix: &str,
        pages: usize,
    ) -> Result<Vec<GroupFacts>, super::CallError> {
        let mut groups = Vec::new();
        let mut token = None;
        for _ in 0..pages {
            let ask = || self.service.describe_groups(prefix, token.clone());
            let described = self.pace.call(super::Action::DescribeLogGroups, ask).await;
            let (page, next) = described?;
            groups.extend(page);
            // A token that leads back to itself would do so for ever.
            if next.is_none() || next == token {
                break;
            }
            token = next;
        }
        Ok(groups)
    }
}
