//! Operators that make several rows of one, or bring in what stands beside the rows.

use std::sync::Arc;

use super::{Expr, Plan, Slot};
use crate::query::lookup::LookupTable;

/// Makes a row for each part of a value; all else repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The value that is taken apart.
    pub source: Expr,
    /// How.
    pub method: SpreadMethod,
}

/// How a value is taken apart by [`Spread`].
#[derive(Clone, Debug, PartialEq)]
pub enum SpreadMethod {
    /// The elements of a list; what is no list is one element.
    Elements(Slot),
    /// The elements of a list or of a text that holds a JSON array.
    Texts(Slot),
    /// Each match of a regular expression that is known to compile; a row without a match stays.
    Matches {
        /// The expression.
        regex: String,
        /// Groups by their number, and where they go.
        groups: Vec<(usize, Slot)>,
    },
}

impl SpreadMethod {
    pub(super) fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Elements(slot) | Self::Texts(slot) => vec![*slot],
            Self::Matches { groups, .. } => groups.iter().map(|(_, slot)| *slot).collect(),
        }
    }

    pub(super) fn slots_mut(&mut self) -> Vec<&mut Slot> {
        match self {
            Self::Elements(slot) | Self::Texts(slot) => vec![slot],
            Self::Matches { groups, .. } => groups.iter_mut().map(|(_, slot)| slot).collect(),
        }
    }
}

/// Brings in columns of the first row of a table that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// The table.
    pub table: Arc<LookupTable>,
    /// Which row fits.
    pub by: LookupBy,
    /// What is brought in.
    pub outputs: Vec<LookupOutput>,
}

/// Which row of a table fits.
#[derive(Clone, Debug, PartialEq)]
pub enum LookupBy {
    /// Each of these columns holds the printed form of the value.
    Equal(Vec<(usize, Expr)>),
    /// This column holds a range of addresses that the address is in; of several the smallest.
    Range(usize, Expr),
}

/// One column that a [`Lookup`] brings in.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupOutput {
    /// The column of the table.
    pub column: usize,
    /// A value that stays where it is there.
    pub unless: Option<Expr>,
    /// Where the value goes.
    pub slot: Slot,
}

/// A query inside the query: it runs over the same rows, and is complete before its result is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What it does.
    pub plan: Plan,
    /// Where the fields that it reads stand in the first layout of the query around it.
    pub inputs: Vec<Slot>,
}

/// Pairs each row with those of a subquery whose first column equals its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which subquery.
    pub query: usize,
    /// The key of the rows on the left.
    pub key: Expr,
    /// Rows without a partner stay.
    pub keeps_left: bool,
    /// Where the columns behind the first go.
    pub slots: Vec<Slot>,
}
