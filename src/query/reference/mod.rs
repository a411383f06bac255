//! The language explained from the tables that make it: commands, aggregates and functions.
//!
//! Each is written twice, as Markdown for `docs/query-language.md` and as plain text for a terminal. What is
//! said of a command's support is found out by resolving its example, so that it cannot be out of date.

mod markdown;
mod page;
#[cfg(test)]
mod tests;

pub use markdown::{aggregates, commands, functions};
pub use page::page;

use super::Table;
use super::aggregates::Aggregate;
use super::functions::{Function, Level};
use super::parser::{self, Entry};
use super::resolve::resolve;
use crate::diagnostic::{Diagnostics, codes};

/// Who can do something of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    /// This engine and the service.
    Everywhere,
    /// The service alone.
    Service,
    /// The service, and this engine some day.
    NotBuilt,
}

impl Support {
    fn of_command(entry: &Entry) -> Self {
        let resolved = parser::parse(entry.example)
            .and_then(|query| resolve(&query, entry.example, Table::Events));
        match resolved {
            Err(errors) if names(&errors, codes::SERVICE_ONLY) => Self::Service,
            Err(errors) if names(&errors, codes::NOT_BUILT) => Self::NotBuilt,
            _ => Self::Everywhere,
        }
    }

    fn of_function(function: &Function) -> Self {
        Self::of(function.level, function.run.is_some())
    }

    fn of_aggregate(aggregate: &Aggregate) -> Self {
        Self::of(aggregate.level, aggregate.run.is_some())
    }

    fn of(level: Level, runs: bool) -> Self {
        match (runs, level) {
            (true, _) => Self::Everywhere,
            (false, Level::Service) => Self::Service,
            (false, _) => Self::NotBuilt,
        }
    }

    /// Returns what stands behind a summary.
    fn remark(self) -> &'static str {
        match self {
            Self::Everywhere => "",
            Self::Service => "; on the service only",
            Self::NotBuilt => "; not in this version",
        }
    }
}

fn names(errors: &Diagnostics, code: crate::diagnostic::Code) -> bool {
    errors.0.iter().any(|one| one.code == code)
}

/// An example of each aggregate, by name: a whole command.
const AGGREGATE_EXAMPLES: &[(&str, &str)] = &[
    ("count", "stats count(*) as n, count(user) as known"),
    ("countOverTime", "stats countOverTime(*) by bin(1h)"),
    (
        "count_distinct",
        "stats count_distinct(user.id) as users by path",
    ),
    ("sum", "stats sum(bytes) / 1024 as kib by path"),
    ("sumOverTime", "stats sumOverTime(bytes) by bin(5m)"),
    ("avg", "stats avg(duration_ms) as mean by path"),
    ("min", "stats min(duration_ms), max(duration_ms)"),
    ("max", "stats max(duration_ms) as slowest by path"),
    ("sortsFirst", "stats sortsFirst(version) as oldest"),
    ("sortsLast", "stats sortsLast(version) as newest"),
    (
        "pct",
        "stats pct(duration_ms, 50) as median, pct(duration_ms, 95) as p95",
    ),
    ("earliest", "stats earliest(status) as began by host"),
    ("latest", "stats latest(message) as last by levelname"),
    ("rate", "stats rate(requests, 1m) as per_minute by bin(5m)"),
    ("stddev", "stats avg(duration_ms), stddev(duration_ms)"),
    ("variance", "stats variance(duration_ms) as spread"),
    ("values", "stats values(method) as methods by path"),
    ("topk", "stats topk(5, path) as busiest"),
];

/// Returns the example of an aggregate, or how it is called where there is none.
fn example(aggregate: &Aggregate) -> &'static str {
    let mut examples = AGGREGATE_EXAMPLES.iter();
    let found = examples.find(|(name, _)| *name == aggregate.name);
    found.map_or(aggregate.signature, |(_, example)| example)
}
