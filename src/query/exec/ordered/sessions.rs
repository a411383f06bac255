//! `sessionize`: which rows with the same keys come closely one after the other.

use std::collections::HashMap;

use super::Held;
use crate::query::eval::Compute;
use crate::query::fields::Cell;
use crate::value::Value;

/// A prepared `sessionize`.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Sessions {
    pub(super) by: Vec<Compute>,
    pub(super) at: Compute,
    /// The longest time between two rows of a session.
    pub(super) gap: f64,
    pub(super) slot: usize,
}

impl Sessions {
    /// Numbers sessions in the order of their beginnings, whatever the order of the rows.
    ///
    /// A row without a key or a time is in none.
    pub(super) fn run(&self, rows: &mut [Held]) {
        let mut timed: Vec<(f64, usize)> = rows
            .iter()
            .enumerate()
            .filter_map(|(at, held)| Some((self.at.value(&held.cells).as_number()?, at)))
            .collect();
        timed.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut open: HashMap<Vec<u8>, (f64, u32)> = HashMap::new();
        let mut count = 0;
        for (time, at) in timed {
            let held = &mut rows[at];
            let Some(key) = self.key(held) else {
                continue;
            };
            let known = open.get(&key).filter(|(last, _)| time - last <= self.gap);
            let number = known.map_or_else(
                || {
                    count += 1;
                    count
                },
                |(_, number)| *number,
            );
            open.insert(key, (time, number));
            held.cells[self.slot] = Cell::Value(Value::number(f64::from(number)));
        }
    }

    fn key(&self, held: &Held) -> Option<Vec<u8>> {
        let mut key = Vec::new();
        for by in &self.by {
            if by.value(&held.cells).is_null() {
                return None;
            }
            by.push_key(&held.cells, &mut key);
        }
        Some(key)
    }
}
