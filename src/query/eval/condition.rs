//! Conditions: true, false, or open where a value is missing.

use std::sync::Arc;

use memchr::memmem::Finder;
use regex::Regex;

use super::{Compute, Searched};
use crate::query::fields::Cell;
use crate::query::key::push_value;
use crate::query::plan::Members;
use crate::value::{Comparison, Value, equal};

/// An expression that gives a truth; `None` is "open" (D1, D38).
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// A value that counts as a truth.
    Value(Compute),
    /// A field that is there.
    Present(usize),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Compare(Compute, Comparison, Compute),
    /// A field that is, or is not, a certain text: compared as bytes where the line has them plain.
    IsText {
        slot: usize,
        text: String,
        negated: bool,
    },
    Contains {
        value: Compute,
        finder: Box<Finder<'static>>,
        negated: bool,
    },
    /// `None` for an expression that does not compile; the resolver reports those.
    Matches {
        value: Compute,
        regex: Option<Regex>,
        negated: bool,
    },
    In {
        value: Compute,
        list: Vec<Compute>,
        negated: bool,
    },
    Among {
        value: Compute,
        members: Arc<Members>,
        negated: bool,
    },
}

impl Condition {
    /// Gives the truth for a row.
    pub(crate) fn holds(&self, row: &[Cell<'_>]) -> Option<bool> {
        match self {
            Self::Value(value) => value.value(row).truth(),
            Self::Present(slot) => Some(!row[*slot].is_null()),
            Self::Not(of) => of.holds(row).map(|truth| !truth),
            Self::And(all) => until(all, row, false),
            Self::Or(all) => until(all, row, true),
            Self::Compare(left, operator, right) => {
                operator.holds(&left.value(row), &right.value(row))
            }
            Self::IsText {
                slot,
                text,
                negated,
            } => is_text(&row[*slot], text).map(|is| is != *negated),
            Self::Contains {
                value,
                finder,
                negated,
            } => contains(value, finder, *negated, row),
            Self::Matches {
                value,
                regex,
                negated,
            } => matches(value, regex.as_ref(), *negated, row),
            Self::In {
                value,
                list,
                negated,
            } => is_in(value, list, *negated, row),
            Self::Among {
                value,
                members,
                negated,
            } => is_among(value, members, *negated, row),
        }
    }
}

/// Joins truths: the first that decides does; else an open one leaves all open.
fn until(all: &[Condition], row: &[Cell<'_>], decides: bool) -> Option<bool> {
    let mut open = false;
    for one in all {
        match one.holds(row) {
            Some(truth) if truth == decides => return Some(decides),
            Some(_) => {}
            None => open = true,
        }
    }
    (!open).then_some(!decides)
}

fn is_text(cell: &Cell<'_>, text: &str) -> Option<bool> {
    match cell.plain_bytes() {
        Some(bytes) => Some(bytes == text.as_bytes()),
        None => Comparison::Equal.holds(&cell.value(), &text.into()),
    }
}

/// Runs a search over the printed form of a value; a missing one leaves it open, a list or map is false.
fn search(
    value: &Compute,
    row: &[Cell<'_>],
    negated: bool,
    found: impl Fn(&str) -> bool,
) -> Option<bool> {
    match Searched::of(value.value(row)) {
        Searched::Nothing => None,
        Searched::Nested => Some(false),
        Searched::Text(text) => Some(found(&text) != negated),
    }
}

fn contains(value: &Compute, finder: &Finder<'_>, negated: bool, row: &[Cell<'_>]) -> Option<bool> {
    let plain = value.as_slot().and_then(|slot| row[slot].plain_bytes());
    if let Some(bytes) = plain {
        return Some(finder.find(bytes).is_some() != negated);
    }
    search(value, row, negated, |text| {
        finder.find(text.as_bytes()).is_some()
    })
}

fn matches(
    value: &Compute,
    regex: Option<&Regex>,
    negated: bool,
    row: &[Cell<'_>],
) -> Option<bool> {
    let regex = regex?;
    search(value, row, negated, |text| regex.is_match(text))
}

/// Compares whole values by the rules of `=`; an item that is missing leaves open what no other item decides.
fn is_in(value: &Compute, list: &[Compute], negated: bool, row: &[Cell<'_>]) -> Option<bool> {
    let value = value.value(row);
    match &value {
        Value::Null => return None,
        nested if nested.is_nested() => return Some(false),
        _ => {}
    }
    let mut open = false;
    for item in list {
        match equal(&value, &item.value(row)) {
            Some(true) => return Some(!negated),
            Some(false) => {}
            None => open = true,
        }
    }
    (!open).then_some(negated)
}

/// Compares with the values of a subquery, where equal values have equal keys.
fn is_among(value: &Compute, members: &Members, negated: bool, row: &[Cell<'_>]) -> Option<bool> {
    let value = value.value(row);
    match &value {
        Value::Null => None,
        nested if nested.is_nested() => Some(false),
        _ => {
            let mut key = Vec::new();
            push_value(&value, &mut key);
            Some(members.keys.contains(&key) != negated)
        }
    }
}
