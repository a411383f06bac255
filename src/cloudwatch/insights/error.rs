//! What can go wrong with a query of the service.

use std::sync::Arc;

use thiserror::Error;

use super::Malformed;
use crate::cloudwatch::{CallError, Kind, Place};

/// How a query ended that gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It took longer than a query may.
    TimedOut,
    /// The service does not say.
    Unknown,
}

/// A query that gave no answer.
#[derive(Clone, Debug, Error)]
pub enum QueryError {
    /// The service does not understand it.
    #[error("Logs Insights does not understand the query: {}", .0.message)]
    Malformed(Malformed),
    /// A call failed.
    #[error(transparent)]
    Call(CallError),
    /// It ended otherwise.
    #[error("{}", words(*.how, .place))]
    Ended {
        /// How.
        how: Ended,
        /// The query's id.
        id: String,
        /// Who asked, and where.
        place: Arc<Place>,
    },
}

fn words(how: Ended, place: &Place) -> String {
    let what = match how {
        Ended::Failed => "the query failed on Logs Insights",
        Ended::Cancelled => "somebody else stopped the query on Logs Insights",
        Ended::TimedOut => "Logs Insights gave the query up after its longest time, 60 minutes",
        Ended::Unknown => "Logs Insights does not say what became of the query",
    };
    format!("{what}, in {}, with {}", place.region, place.identity)
}

/// Returns whether a query may have been started whose id nobody knows.
fn is_unsure(error: &CallError) -> bool {
    error.operation == "StartQuery" && error.kind == Kind::Silent
}

impl QueryError {
    /// Returns what the service said, where that is more than the message.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Malformed(_) => None,
            Self::Call(error) => Some(error.reason.clone()).filter(|reason| !reason.is_empty()),
            Self::Ended { id, .. } => Some(format!("query id {id}")),
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Malformed(_) => return None,
            Self::Call(error) if is_unsure(error) => {
                return Some(format!(
                    "the query may be running all the same: \
                     aws logs describe-queries --status Running {}",
                    error.place.flags
                ));
            }
            Self::Call(error) => return error.hint(),
            Self::Ended { how, .. } => match how {
                Ended::TimedOut => "take a shorter window, or fewer log groups",
                Ended::Failed | Ended::Cancelled | Ended::Unknown => {
                    "run it again; `--engine local` reads the events themselves"
                }
            },
        };
        Some(hint.to_owned())
    }
}
