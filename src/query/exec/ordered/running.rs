//! Sums so far, values of rows before, the last value that was there, and the sums of all rows.

use super::Held;
use crate::query::eval::{Compute, own};
use crate::query::exec::RowKey;
use crate::query::fields::Cell;
use crate::value::Value;

/// Adds up from the first row on; what is no number adds nothing (D29).
pub(super) fn accum(of: &Compute, slot: usize, rows: &mut [Held]) {
    let mut sum = None;
    for held in rows {
        let number = own::summand(&of.value(&held.cells));
        if let Some(number) = number {
            sum = Some(sum.unwrap_or(0.0) + number);
        }
        held.cells[slot] = Cell::Value(sum.into());
    }
}

/// Gives each row the values of so many rows before it.
pub(super) fn earlier(of: &Compute, slots: &[(usize, usize)], rows: &mut [Held]) {
    let values: Vec<Value<'static>> = rows
        .iter()
        .map(|held| of.value(&held.cells).into_owned())
        .collect();
    for (at, held) in rows.iter_mut().enumerate() {
        for (distance, slot) in slots {
            let before = at
                .checked_sub(*distance)
                .map(|before| values[before].clone());
            held.cells[*slot] = Cell::Value(before.unwrap_or_default());
        }
    }
}

/// Fills what is missing with the last value above it.
pub(super) fn fill_down(filled: &[(Compute, usize)], rows: &mut [Held]) {
    let mut last = vec![Value::Null; filled.len()];
    for held in rows {
        for ((of, slot), last) in filled.iter().zip(&mut last) {
            let value = of.value(&held.cells).into_owned();
            if !value.is_null() {
                *last = value;
            }
            held.cells[*slot] = Cell::Value(last.clone());
        }
    }
}

/// Adds a row with the sum of each column that has numbers.
pub(super) fn total_row(slots: &[usize], width: usize, rows: &mut Vec<Held>) {
    if rows.is_empty() {
        return;
    }
    let mut cells = vec![Cell::Empty; width];
    for slot in slots {
        let numbers = rows
            .iter()
            .filter_map(|held| own::summand(&held.cells[*slot].value()));
        let sum = numbers.reduce(|sum, number| sum + number);
        cells[*slot] = Cell::Value(sum.into());
    }
    let key = RowKey::default();
    rows.push(Held { key, cells });
}
