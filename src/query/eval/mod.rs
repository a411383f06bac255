//! Expressions as they are run: what can be prepared once is (constants, regular expressions, searched texts).
//!
//! [`Compute`] gives a value, [`Condition`] one of three truths. Values borrow from the row and from the
//! expression; a filter over a line allocates nothing. `lower` makes both from the expressions of a plan.

mod condition;
mod lower;
pub(crate) mod own;

use std::borrow::Cow;

use regex::Regex;

use crate::query::ast::Period;
use crate::query::fields::Cell;
use crate::query::functions::{Args, Pattern, Periodic, Values};
use crate::time::Timestamp;
use crate::value::Value;

pub(crate) use condition::Condition;
pub(crate) use lower::{compute, condition};

/// An expression that gives a value.
#[derive(Clone, Debug)]
pub(crate) enum Compute {
    Constant(Value<'static>),
    Slot(usize),
    /// A field with the lists and maps that are no fields (D22).
    Whole(usize),
    Access(Box<Compute>, Vec<String>),
    Call(Values, Vec<Compute>),
    /// A call with a regular expression that is known; `None` when it does not compile.
    Pattern(Pattern, Option<Regex>, Vec<Compute>),
    /// A call whose argument at this position is a regular expression of the row.
    RowPattern(Pattern, usize, Vec<Compute>),
    Period(Periodic, Box<Compute>, Period),
    Negate(Box<Compute>),
    Arithmetic(Box<Compute>, Arithmetic, Box<Compute>),
    Truth(Box<Condition>),
}

/// An operator between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

impl Arithmetic {
    /// Computes; division by zero and overflow leave the numbers and so give nothing (D33).
    fn of(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
            Self::Power => left.powf(right),
        }
    }
}

impl Compute {
    /// Gives the value for a row.
    pub(crate) fn value<'s>(&'s self, row: &'s [Cell<'_>]) -> Value<'s> {
        match self {
            Self::Constant(value) => value.reborrow(),
            Self::Slot(slot) => row[*slot].value(),
            Self::Whole(slot) => own::whole(&row[*slot]),
            Self::Access(of, path) => access(of, path, row),
            Self::Call(run, arguments) => with_values(arguments, row, |args| run(args)),
            Self::Pattern(run, Some(regex), arguments) => {
                with_values(arguments, row, |args| run(args, regex))
            }
            Self::Pattern(_, None, _) => Value::Null,
            Self::RowPattern(run, at, arguments) => row_pattern(*run, *at, arguments, row),
            Self::Period(run, instant, period) => match instant.computed(row) {
                Some(instant) => run(instant, *period),
                None => run(&instant.value(row), *period),
            },
            Self::Negate(of) => of.number(row).map(|number| -number).into(),
            Self::Arithmetic(left, operator, right) => arithmetic(left, *operator, right, row),
            Self::Truth(condition) => condition.holds(row).into(),
        }
    }

    /// Gives the value for a row as a number.
    pub(crate) fn number(&self, row: &[Cell<'_>]) -> Option<f64> {
        match self {
            Self::Slot(slot) => row[*slot].number(),
            other => other.value(row).as_number(),
        }
    }

    /// Returns the value where it is there already, in its slot.
    fn computed<'s>(&self, row: &'s [Cell<'_>]) -> Option<&'s Value<'s>> {
        match self {
            Self::Slot(slot) => match &row[*slot] {
                Cell::Value(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Gives the start of the period that a row's time falls into, for an expression that is nothing else and a time
    /// that is in its slot already.
    #[inline]
    pub(crate) fn period(&self, row: &[Cell<'_>]) -> Option<Timestamp> {
        let Self::Period(run, instant, period) = self else {
            return None;
        };
        match run(instant.computed(row)?, *period) {
            Value::Timestamp(instant) => Some(instant),
            _ => None,
        }
    }

    /// Returns the slot, for an expression that is nothing else.
    pub(crate) fn as_slot(&self) -> Option<usize> {
        match self {
            Self::Slot(slot) => Some(*slot),
            _ => None,
        }
    }

    /// Appends the value to a key of groups.
    #[inline]
    pub(crate) fn push_key(&self, row: &[Cell<'_>], key: &mut Vec<u8>) {
        match self {
            Self::Slot(slot) => row[*slot].push_key(key),
            other => crate::query::key::push_value(&other.value(row), key),
        }
    }
}

fn arithmetic<'s>(
    left: &Compute,
    operator: Arithmetic,
    right: &Compute,
    row: &[Cell<'_>],
) -> Value<'s> {
    let both = left.number(row).zip(right.number(row));
    both.map(|(left, right)| operator.of(left, right)).into()
}

/// Evaluates arguments and hands them over; few of them need no allocation.
fn with_values<'s>(
    arguments: &'s [Compute],
    row: &'s [Cell<'_>],
    run: impl FnOnce(&mut Args<'_, 's>) -> Value<'s>,
) -> Value<'s> {
    match arguments {
        [] => run(&mut Args(&mut [])),
        [one] => run(&mut Args(&mut [one.value(row)])),
        [one, two] => run(&mut Args(&mut [one.value(row), two.value(row)])),
        [one, two, three] => run(&mut Args(&mut [
            one.value(row),
            two.value(row),
            three.value(row),
        ])),
        more => {
            let mut values: Vec<Value<'s>> = more.iter().map(|one| one.value(row)).collect();
            run(&mut Args(&mut values))
        }
    }
}

/// Runs a call whose regular expression comes from the row; one that does not compile gives nothing.
fn row_pattern<'s>(
    run: Pattern,
    at: usize,
    arguments: &'s [Compute],
    row: &'s [Cell<'_>],
) -> Value<'s> {
    let source = arguments[at].value(row).into_text();
    match source.and_then(|source| Regex::new(&source).ok()) {
        Some(regex) => with_values(arguments, row, |args| run(args, &regex)),
        None => Value::Null,
    }
}

fn access<'s>(of: &'s Compute, path: &[String], row: &'s [Cell<'_>]) -> Value<'s> {
    if let Compute::Slot(slot) = of
        && let Cell::Value(value) = &row[*slot]
    {
        return follow(value, path).map(Value::reborrow).unwrap_or_default();
    }
    let mut value = of.value(row);
    for part in path {
        value = step(value, part);
    }
    value
}

fn follow<'v, 'a>(mut value: &'v Value<'a>, path: &[String]) -> Option<&'v Value<'a>> {
    for part in path {
        value = match value {
            Value::Map(_) => value.member(part)?,
            Value::List(_) => value.item(part.parse().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// Takes a part out of a map or list; nothing else has parts.
fn step<'a>(value: Value<'a>, part: &str) -> Value<'a> {
    let found = match value {
        Value::Map(members) => {
            let mut members = members.into_iter().rev();
            members.find(|(key, _)| key == part).map(|(_, value)| value)
        }
        Value::List(mut items) => part
            .parse()
            .ok()
            .filter(|at: &usize| *at < items.len())
            .map(|at| items.swap_remove(at)),
        _ => None,
    };
    found.unwrap_or_default()
}

/// Returns a text to search in: as bytes where it needs no decoding, else in its printed form. Lists and maps
/// are none: compared with anything they are false.
pub(crate) enum Searched<'s> {
    Nothing,
    Nested,
    Text(Cow<'s, str>),
}

impl<'s> Searched<'s> {
    pub(crate) fn of(value: Value<'s>) -> Self {
        if value.is_nested() {
            return Self::Nested;
        }
        value.into_text().map_or(Self::Nothing, Self::Text)
    }
}

#[cfg(test)]
mod tests;
