//! The operators that look at one row at a time.

use super::parse::Extract;
use crate::query::Settings;
use crate::query::eval::{self, Compute, Condition};
use crate::query::fields::Cell;
use crate::query::plan::Operator;

/// One of them; it may keep scratch space, so each thread has its own.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// Keeps the rows for which all conditions are true.
    Filter(Vec<Condition>),
    /// Computes values, none of which sees another.
    Extend(Vec<(usize, Compute)>),
    /// Makes values from a text.
    Parse(Box<Extract>),
}

impl Stage {
    /// Prepares an operator; `None` for one that needs to see more than one row.
    pub(super) fn of(operator: &Operator, settings: &Settings) -> Option<Self> {
        Some(match operator {
            Operator::Filter(conditions) => {
                let prepared = conditions.iter().map(|one| eval::condition(one, settings));
                Self::Filter(prepared.collect())
            }
            Operator::Extend(made) => {
                let prepared = made
                    .iter()
                    .map(|(slot, expr)| (slot.0, eval::compute(expr, settings)));
                Self::Extend(prepared.collect())
            }
            Operator::Parse(parse) => Self::Parse(Box::new(Extract::of(parse, settings))),
            _ => return None,
        })
    }

    /// Works on a row and returns whether it is kept.
    pub(super) fn apply(&mut self, row: &mut [Cell<'_>]) -> bool {
        match self {
            Self::Filter(conditions) => conditions.iter().all(|one| one.holds(row) == Some(true)),
            Self::Extend(made) => {
                extend(made, row);
                true
            }
            Self::Parse(extract) => {
                extract.apply(row);
                true
            }
        }
    }

    /// Returns whether all rows pass.
    pub(super) fn keeps_all(&self) -> bool {
        !matches!(self, Self::Filter(_))
    }
}

fn extend(made: &[(usize, Compute)], row: &mut [Cell<'_>]) {
    if let [(slot, one)] = made {
        row[*slot] = cell(one, row);
        return;
    }
    let cells: Vec<Cell<'_>> = made.iter().map(|(_, one)| cell(one, row)).collect();
    for ((slot, _), cell) in made.iter().zip(cells) {
        row[*slot] = cell;
    }
}

/// Returns a computed value as a cell; another name for a field stays undecoded.
fn cell<'a>(of: &Compute, row: &[Cell<'a>]) -> Cell<'a> {
    match of.as_slot() {
        Some(slot) => row[slot].clone(),
        None => Cell::Value(of.value(row).into_owned()),
    }
}
