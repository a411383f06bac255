//! `join`: each row with those of the right side that have the same key.

use std::collections::HashMap;

use super::Held;
use super::limits::{Budget, Exceeded, Growth, MOST_JOIN_KEYS, row_bytes};
use crate::query::Settings;
use crate::query::eval::{self, Compute};
use crate::query::fields::Cell;
use crate::query::key::push_value;
use crate::query::plan::Join;
use crate::row::Row;
use crate::value::Value;

/// A prepared `join` with its right side.
#[derive(Clone, Debug)]
pub(super) struct Joining {
    key: Compute,
    keeps_left: bool,
    slots: Vec<usize>,
    right: Vec<Vec<Value<'static>>>,
    /// The rows of the right side by their keys.
    places: HashMap<Vec<u8>, Vec<usize>>,
}

impl Joining {
    /// Prepares it; the right side's first column is the key, which is null in none of the pairs (D32).
    pub(super) fn of(join: &Join, right: &[Row], settings: &Settings) -> Result<Self, Exceeded> {
        let mut places: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (at, row) in right.iter().enumerate() {
            if let Some(key) = row.values.first().and_then(key) {
                places.entry(key).or_default().push(at);
            }
        }
        if places.len() > MOST_JOIN_KEYS {
            return Err(Exceeded::JoinKeys(MOST_JOIN_KEYS));
        }
        Ok(Self {
            key: eval::compute(&join.key, settings),
            keeps_left: join.keeps_left,
            slots: join.slots.iter().map(|slot| slot.0).collect(),
            right: right.iter().map(|row| row.values.clone()).collect(),
            places,
        })
    }

    pub(super) fn run(&self, rows: Vec<Held>, budget: &mut Budget) -> Result<Vec<Held>, Exceeded> {
        let mut growth = Growth::of(&rows);
        let mut joined = Vec::new();
        for held in rows {
            let key = key(&self.key.value(&held.cells));
            let partners = key.and_then(|key| self.places.get(&key));
            let Some(partners) = partners else {
                if self.keeps_left {
                    joined.push(held);
                }
                continue;
            };
            for right in partners {
                let pair = self.pair(&held, &self.right[*right]);
                let bytes = row_bytes(&pair);
                budget.take(bytes)?;
                growth.make(bytes)?;
                joined.push(pair);
            }
        }
        Ok(joined)
    }

    fn pair(&self, left: &Held, right: &[Value<'static>]) -> Held {
        let mut pair = left.clone();
        for (slot, value) in self.slots.iter().zip(&right[1..]) {
            pair.cells[*slot] = Cell::Value(value.clone());
        }
        pair
    }
}

fn key(value: &Value<'_>) -> Option<Vec<u8>> {
    if value.is_null() || value.is_nested() {
        return None;
    }
    let mut key = Vec::new();
    push_value(value, &mut key);
    Some(key)
}
