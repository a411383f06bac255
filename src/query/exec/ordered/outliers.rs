//! `outlier`: values far outside the quartiles.

use super::Held;
use crate::query::aggregates::interpolated;
use crate::query::eval::{Compute, own};
use crate::query::fields::Cell;
use crate::query::plan::Bounds;
use crate::value::{Value, number_text};

/// A prepared `outlier action=transform`.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Clamping {
    pub(super) of: Vec<(Compute, usize)>,
    pub(super) bounds: Bounds,
}

/// A prepared `outlier action=remove`.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Dropping {
    pub(super) of: Vec<Compute>,
    pub(super) bounds: Bounds,
}

/// From where to where values are usual.
#[derive(Clone, Copy)]
struct Usual {
    low: f64,
    high: f64,
}

impl Usual {
    /// Finds the edges for a value of all rows; without any number there are none.
    fn of(value: &Compute, bounds: Bounds, rows: &[Held]) -> Option<Self> {
        let numbers = rows
            .iter()
            .filter_map(|held| own::summand(&value.value(&held.cells)));
        let mut numbers: Vec<f64> = numbers.collect();
        let first = interpolated(&mut numbers, 0.25)?;
        let third = interpolated(&mut numbers, 0.75)?;
        let reach = bounds.factor * (third - first);
        Some(Self {
            low: if bounds.lower {
                first - reach
            } else {
                f64::NEG_INFINITY
            },
            high: third + reach,
        })
    }

    /// Returns the edge that a number is beyond.
    fn beyond(self, number: f64) -> Option<f64> {
        if number > self.high {
            Some(self.high)
        } else if number < self.low {
            Some(self.low)
        } else {
            None
        }
    }
}

impl Clamping {
    /// Moves what is beyond an edge to it.
    pub(super) fn run(&self, rows: &mut [Held]) {
        for (value, slot) in &self.of {
            let usual = Usual::of(value, self.bounds, rows);
            for held in &mut *rows {
                let own = value.value(&held.cells).into_owned();
                let edge = own::summand(&own).and_then(|number| usual?.beyond(number));
                held.cells[*slot] = Cell::Value(edge.map_or(own, |edge| self.moved(edge)));
            }
        }
    }

    fn moved(&self, edge: f64) -> Value<'static> {
        if self.bounds.mark {
            Value::from(format!("000{}", number_text(edge)))
        } else {
            Value::number(edge)
        }
    }
}

impl Dropping {
    /// Drops the rows with a value beyond an edge.
    pub(super) fn run(&self, rows: &mut Vec<Held>) {
        let usual = self
            .of
            .iter()
            .map(|value| Usual::of(value, self.bounds, rows));
        let usual: Vec<Option<Usual>> = usual.collect();
        rows.retain(|held| {
            let mut values = self.of.iter().zip(&usual);
            !values.any(|(value, usual)| {
                let number = own::summand(&value.value(&held.cells));
                number.and_then(|number| (*usual)?.beyond(number)).is_some()
            })
        });
    }
}
