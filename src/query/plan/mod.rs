//! The plan of a query: what is done to rows, with every name resolved to a slot.
//!
//! A row is a list of values, and a slot is a position in it. Rows change their layout only at [`Stats`]: the
//! operators up to the first one work on rows of [`Plan::width`] slots, those after a `Stats` on rows of its
//! own width. The first slots of the first layout are the fields that are read from the records.

mod kinds;
mod ordered;
mod parts;
mod print;
mod relations;
mod slots;

use std::sync::Arc;

use super::ast::{BinaryOp, Direction, Period, Span};
use crate::value::Value;

pub use kinds::Kind;
pub use ordered::{Append, Appended, Bounds, Cluster, FillMissing, Ordered};
pub use parts::{Parts, Whole};
pub use relations::{Join, Lookup, LookupBy, LookupOutput, Spread, SpreadMethod, Subquery};

/// A position in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub usize);

/// What is done to rows, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The fields read from records: slot 0 and up.
    pub fields: Vec<Arc<str>>,
    /// How many slots rows have up to the first `Stats`: the fields, then what is computed.
    pub width: usize,
    /// What those slots are called, for people who read the plan.
    pub names: Vec<Arc<str>>,
    /// The operators.
    pub operators: Vec<Operator>,
    /// The columns of the result, in order, with where they stand in the last layout.
    pub columns: Vec<(Arc<str>, Slot)>,
    /// How rows are ordered when no `sort` says so.
    pub order: Order,
    /// The time before that it compares with.
    pub back: Option<Back>,
    /// The queries inside it, by the numbers that expressions and operators give them.
    pub subqueries: Vec<Subquery>,
}

impl Plan {
    /// Returns what the query gives each row that it reads, by name, and where that stands up to the first `Stats`.
    pub fn made(&self) -> impl Iterator<Item = (&str, Slot)> {
        let names = self.names.iter().zip(0..).skip(self.fields.len());
        names.map(|(name, slot)| (&**name, Slot(slot)))
    }
}

/// How far a plan looks back beyond its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// The command that does it.
    pub span: Span,
    /// So many milliseconds; `None` for the length of the window.
    pub millis: Option<i64>,
}

/// The order of rows that no `sort` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Newest event first; ties in the order of the input.
    NewestFirst,
    /// As they come.
    Input,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator {
    /// Keeps the rows for which all of these are true.
    Filter(Vec<Expr>),
    /// Computes values; none of them sees another of the same step.
    Extend(Vec<(Slot, Expr)>),
    /// Makes values from a text.
    Parse(Parse),
    /// Groups rows.
    Stats(Stats),
    /// Orders rows.
    Sort(Vec<SortKey>),
    /// Orders rows and keeps the first: `sort` and `limit` in one.
    TopK(Vec<SortKey>, u64),
    /// Keeps the first rows, in the current order.
    Limit(u64),
    /// Keeps any rows and may stop reading.
    LimitAny(u64),
    /// Keeps the first row of each combination of values; rows with a null among them are all kept.
    Dedup(Vec<Slot>),
    /// Makes a row for each part of a value.
    Spread(Spread),
    /// Brings in columns of a table.
    Lookup(Lookup),
    /// Pairs rows with those of a subquery.
    Join(Join),
    /// Computes over all rows in their order.
    Ordered(Ordered),
}

/// One key of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The value to order by.
    pub slot: Slot,
    /// Which end comes first.
    pub direction: Direction,
}

/// Makes values from a text; a row that does not match stays, without them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// The text.
    pub source: Expr,
    /// How it is read.
    pub method: ParseMethod,
}

/// How a text is read by [`Parse`].
#[derive(Clone, Debug, PartialEq)]
pub enum ParseMethod {
    /// The texts before, between and after the stars: one more than slots.
    Glob {
        /// Literal texts.
        parts: Vec<String>,
        /// Where each star's text goes.
        slots: Vec<Slot>,
    },
    /// The first match of a regular expression that is known to compile.
    Regex {
        /// The expression.
        regex: String,
        /// Groups by their number, and where they go.
        groups: Vec<(usize, Slot)>,
    },
    /// Keys and values as a map.
    Logfmt(Slot),
    /// The columns of a line of CSV.
    Csv(Vec<Slot>),
}

/// Groups rows and computes aggregates.
///
/// The new layout holds the keys, the aggregates, what is computed from both, and what later operators add.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// What groups the rows, computed over the old layout: new slots 0 and up.
    pub by: Vec<Expr>,
    /// The aggregates, computed over the old layout: the slots after the keys.
    pub aggregates: Vec<Aggregate>,
    /// Values computed over the new layout, each of which sees the ones before.
    pub post: Vec<(Slot, Expr)>,
    /// How many slots rows of the new layout have.
    pub width: usize,
    /// What those slots are called, for people who read the plan.
    pub names: Vec<Arc<str>>,
}

/// One aggregate of a [`Stats`].
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The aggregate's own name, as its table has it.
    pub function: &'static str,
    /// The arguments; `count(*)` has none, and those that go by time have `@timestamp` as their last one.
    pub arguments: Vec<Expr>,
}

/// A value computed from a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant; `Null` where folding found that there is no value.
    Constant(Value<'static>),
    /// A length of time, as an argument.
    Period(Period),
    /// A value of the row.
    Slot(Slot),
    /// A part of a map or a list.
    Access(Box<Expr>, Vec<String>),
    /// A function by its own name, as the function table has it.
    Call(&'static str, Vec<Expr>),
    /// `- x`
    Negate(Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// All are true; at least two.
    And(Vec<Expr>),
    /// One is true; at least two.
    Or(Vec<Expr>),
    /// Arithmetic or comparison.
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// Contains a text.
    Contains {
        /// The value that is looked at, in its printed form.
        value: Box<Expr>,
        /// The text.
        text: String,
        /// True when it does not occur.
        negated: bool,
    },
    /// Matches a regular expression that is known to compile.
    Matches {
        /// The value that is looked at, in its printed form.
        value: Box<Expr>,
        /// The expression.
        regex: String,
        /// True when it does not match.
        negated: bool,
    },
    /// Is one of these.
    In {
        /// The value.
        value: Box<Expr>,
        /// What it may be.
        list: Vec<Expr>,
        /// True when it is none of them.
        negated: bool,
    },
    /// Is one of the values of a subquery's column.
    InQuery {
        /// The value.
        value: Box<Expr>,
        /// Which values.
        among: Among,
        /// True when it is none of them.
        negated: bool,
    },
}

/// The values of a subquery's only column.
#[derive(Clone, Debug, PartialEq)]
pub enum Among {
    /// Those that this subquery will have found.
    Query(usize),
    /// Those that it found.
    Values(Arc<Members>),
}

/// Values by their keys, see `query::key`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// The keys.
    pub keys: std::collections::HashSet<Vec<u8>>,
}
