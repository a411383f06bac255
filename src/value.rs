//! Values of query fields: what a record, a run or an expression gives.

use std::borrow::Cow;

use crate::time::Timestamp;

/// A field's value, borrowed from the record where it can be.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value<'a> {
    /// No value: the field is not there, or a function had no result.
    #[default]
    Null,
    /// A comparison's result; prints and counts as 1 or 0.
    Bool(bool),
    /// A number computed by an expression or held by a run.
    Number(f64),
    /// A JSON number as written, so that it prints unchanged, with its value.
    Literal(Cow<'a, str>, f64),
    /// An instant.
    Timestamp(Timestamp),
    /// Text.
    Text(Cow<'a, str>),
    /// A list, from `jsonParse`, `split`, `values`, or a run's migrations.
    List(Vec<Value<'a>>),
    /// A map in source order.
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}
