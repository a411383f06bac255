//! Patterns made ready: what is looked for, and in what part of an event.
//!
//! A matcher keeps nothing between events, so one serves any number of threads.

pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod terms;

use fields::Fields;
use json::JsonConditions;
use terms::Terms;

use super::tree::Expression;
use crate::record::Record;
use crate::scan::need::Need;

/// A pattern made ready for matching.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    /// Matches every event.
    Everything,
    Terms(Terms),
    Json(JsonConditions),
    Fields(Fields),
}

impl Matcher {
    /// Returns whether the record's message matches.
    pub(crate) fn matches(&self, record: &Record<'_>) -> bool {
        match self {
            Self::Everything => true,
            Self::Terms(terms) => terms.match_message(record.event.message),
            Self::Json(conditions) => conditions.match_record(record),
            Self::Fields(fields) => fields.match_message(record.event.message),
        }
    }

    /// Derives what the bytes of every matching line hold.
    pub(crate) fn need(&self) -> Need {
        match self {
            Self::Everything => Need::Anything,
            Self::Terms(terms) => terms.need(),
            Self::Json(conditions) => conditions.need(),
            Self::Fields(fields) => fields.need(),
        }
    }
}

/// Derives what an expression needs from what its atoms need.
fn need_of<A>(expression: &Expression<A>, atom: &impl Fn(&A) -> Need) -> Need {
    let mut parts = match expression {
        Expression::Atom(one) => return atom(one),
        Expression::All(parts) | Expression::Any(parts) => {
            parts.iter().map(|part| need_of(part, atom))
        }
    };
    match expression {
        Expression::Any(_) => parts.reduce(Need::or).unwrap_or(Need::Anything),
        _ => parts.by_ref().fold(Need::Anything, Need::and),
    }
}
