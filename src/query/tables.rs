//! The fields that the tables have, beside what log events bring themselves.

use super::Table;
use crate::row::RUNS;

/// Fields of every event that the service has too.
const SYSTEM: &[&str] = &[
    "@timestamp",
    "@message",
    "@logStream",
    "@log",
    "@ingestionTime",
    "@ptr",
];

/// Fields that the service finds in the lines of the Lambda platform.
const LAMBDA: &[&str] = &[
    "@type",
    "@requestId",
    "@duration",
    "@billedDuration",
    "@memorySize",
    "@maxMemoryUsed",
    "@initDuration",
];

/// Fields of events that only this program has.
pub const LOCAL: &[&str] = &[
    "@level",
    "@stage",
    "@service",
    "@error.type",
    "@error.message",
    "@error.culprit",
    "@error.fingerprint",
];

/// How fields begin that only some events have, and only the service makes.
const SERVICE_PREFIXES: &[&str] = &["@entity", "@aws", "@data_source_"];

impl Table {
    /// Returns the columns of a query that names none (D31).
    pub fn default_columns(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["@timestamp", "@message"],
            Self::Runs => &[
                "@timestamp",
                "kind",
                "name",
                "outcome",
                "cause",
                "duration",
                "error.type",
                "error.message",
            ],
        }
    }

    /// Says whether rows of the table can have the field.
    ///
    /// Events can have any field, except that a key which begins with `@` becomes one with `@@`: a single `@` is
    /// for the names of `SYSTEM` and its like, and for what the query makes.
    pub fn has(self, field: &str) -> bool {
        match self {
            Self::Runs => RUNS.contains(&field),
            Self::Events => {
                let single = field.starts_with('@') && !field.starts_with("@@");
                !single || self.known().any(|known| known == field)
            }
        }
    }

    /// Says whether only the service can tell the field of an event.
    pub(super) fn is_for_service(self, field: &str) -> bool {
        let mut prefixes = SERVICE_PREFIXES.iter();
        self == Self::Events && prefixes.any(|prefix| field.starts_with(prefix))
    }

    /// Returns the names that can be suggested for one that is not there.
    pub fn known(self) -> impl Iterator<Item = &'static str> {
        let lists: &[&[&str]] = match self {
            Self::Runs => &[RUNS],
            Self::Events => &[SYSTEM, LOCAL, LAMBDA],
        };
        lists.iter().copied().flatten().copied()
    }
}
