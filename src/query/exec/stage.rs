//! The operators that look at one row at a time.

use std::ops::ControlFlow;

use super::limits::Parts;
use super::lookup::Bringing;
use super::parse::Extract;
use super::spread::Spreading;
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
    /// Brings in columns of a table.
    Lookup(Box<Bringing>),
    /// Makes several rows of one.
    Spread(Box<Spreading>),
}

impl Stage {
    /// Prepares an operator; `None` for one that needs to see more than one row.
    ///
    /// One that needs the result of a subquery can be prepared, but not be run before that is there.
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
            Operator::Lookup(lookup) => Self::Lookup(Box::new(Bringing::of(lookup, settings))),
            Operator::Spread(spread) => Self::Spread(Box::new(Spreading::of(spread, settings))),
            _ => return None,
        })
    }

    /// Works on a row and returns whether it is kept; of a row that becomes several it makes the first.
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
            Self::Lookup(bringing) => {
                bringing.apply(row);
                true
            }
            Self::Spread(spreading) => match spreading.parts(row) {
                None => true,
                Some(parts) => {
                    let first = parts.into_iter().next();
                    first.map(|part| spreading.fill(row, part)).is_some()
                }
            },
        }
    }

    /// Returns whether as many rows go out as come in.
    pub(super) fn keeps_all(&self) -> bool {
        !matches!(self, Self::Filter(_) | Self::Spread(_))
    }
}

/// Runs a row through stages and hands on what becomes of it: nothing, the row, or several rows in its place.
///
/// It breaks when `take` does, or when there are too many rows, which `parts` tells.
pub(super) fn flow<'a>(
    stages: &mut [Stage],
    row: &mut [Cell<'a>],
    parts: &mut Parts,
    take: &mut dyn FnMut(&mut [Cell<'a>], &mut Parts) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for at in 0..stages.len() {
        let (before, behind) = stages.split_at_mut(at + 1);
        match &mut before[at] {
            Stage::Spread(spreading) => {
                let Some(found) = spreading.parts(row) else {
                    continue;
                };
                for part in found {
                    if !parts.add() {
                        return ControlFlow::Break(());
                    }
                    spreading.fill(row, part);
                    flow(behind, row, parts, take)?;
                }
                return ControlFlow::Continue(());
            }
            stage => {
                if !stage.apply(row) {
                    return ControlFlow::Continue(());
                }
            }
        }
    }
    take(row, parts)
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
