//! `fillmissing`: rows for the bins in which nothing was.

use std::collections::BTreeSet;

use super::Held;
use crate::query::Settings;
use crate::query::ast::Period;
use crate::query::eval::{self, Compute};
use crate::query::exec::RowKey;
use crate::query::exec::limits::{Exceeded, MOST_BINS};
use crate::query::fields::Cell;
use crate::query::functions::{self, Run};
use crate::query::plan::FillMissing;
use crate::time::Timestamp;
use crate::value::Value;

/// A prepared `fillmissing`.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Filling {
    bin: usize,
    period: Period,
    offset: i64,
    values: Vec<(usize, Compute)>,
}

impl Filling {
    pub(super) fn of(fill: &FillMissing, settings: &Settings) -> Self {
        let values = fill.values.iter();
        Self {
            bin: fill.bin.0,
            period: fill.period,
            offset: fill.offset as i64,
            values: values
                .map(|(slot, value)| (slot.0, eval::compute(value, settings)))
                .collect(),
        }
    }

    /// Puts the rows in the order of their bins, with new ones for those between the first and the last that no
    /// row has (D29).
    pub(super) fn run(&self, mut rows: Vec<Held>, width: usize) -> Result<Vec<Held>, Exceeded> {
        let bins: BTreeSet<i64> = rows.iter().filter_map(|held| self.bin_of(held)).collect();
        for bin in self.missing(&bins)? {
            rows.push(self.row(bin, width));
        }
        rows.sort_by_key(|held| self.bin_of(held));
        Ok(rows)
    }

    fn bin_of(&self, held: &Held) -> Option<i64> {
        match held.cells[self.bin].value() {
            Value::Timestamp(instant) => Some(instant.as_millis()),
            _ => None,
        }
    }

    fn missing(&self, bins: &BTreeSet<i64>) -> Result<Vec<i64>, Exceeded> {
        let mut missing = Vec::new();
        let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
            return Ok(missing);
        };
        let mut at = *first;
        while let Some(next) = self.next(at).filter(|next| (at + 1..*last).contains(next)) {
            at = next;
            if !bins.contains(&at) {
                missing.push(at);
            }
            if missing.len() > MOST_BINS {
                return Err(Exceeded::Bins(MOST_BINS));
            }
        }
        Ok(missing)
    }

    /// Returns the edge behind an edge.
    fn next(&self, edge: i64) -> Option<i64> {
        let ceil = functions::find("dateceil").and_then(|function| function.run);
        let Some(Run::Period(ceil)) = ceil else {
            return None;
        };
        let behind = edge.checked_sub(self.offset)?.checked_add(1)?;
        match ceil(&Value::Timestamp(Timestamp(behind)), self.period) {
            Value::Timestamp(next) => next.as_millis().checked_add(self.offset),
            _ => None,
        }
    }

    fn row(&self, bin: i64, width: usize) -> Held {
        let mut cells = vec![Cell::Empty; width];
        cells[self.bin] = Cell::Value(Value::Timestamp(Timestamp(bin)));
        for (slot, value) in &self.values {
            cells[*slot] = Cell::Value(value.value(&[]).into_owned());
        }
        let key = RowKey::default();
        Held { key, cells }
    }
}
