//! `appendcols`: the columns of another query, row by row.

use super::Held;
use crate::query::Settings;
use crate::query::eval::{self, Compute};
use crate::query::exec::RowKey;
use crate::query::exec::limits::{Budget, Exceeded, row_bytes};
use crate::query::fields::Cell;
use crate::query::plan::{Append, Appended};
use crate::row::Row;
use crate::value::Value;

/// A prepared `appendcols` with the rows of its query.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Appending {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Column {
    at: usize,
    over: Option<Compute>,
    slot: usize,
}

impl Appending {
    pub(super) fn of(append: &Append, rows: &[Row], settings: &Settings) -> Self {
        let column = |one: &Appended| Column {
            at: one.column,
            over: one.over.as_ref().map(|over| eval::compute(over, settings)),
            slot: one.slot.0,
        };
        let most = usize::try_from(append.most).unwrap_or(usize::MAX);
        Self {
            columns: append.columns.iter().map(column).collect(),
            rows: rows.iter().take(most).cloned().collect(),
        }
    }

    /// Adds the columns; rows of the other query that have no partner become rows of their own (D29).
    pub(super) fn run(
        &self,
        mut rows: Vec<Held>,
        width: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Held>, Exceeded> {
        while rows.len() < self.rows.len() {
            let held = Held {
                key: RowKey::default(),
                cells: vec![Cell::Empty; width],
            };
            budget.take(row_bytes(&held))?;
            rows.push(held);
        }
        for (at, held) in rows.iter_mut().enumerate() {
            for column in &self.columns {
                let value = self.value(column, at, held);
                held.cells[column.slot] = Cell::Value(value);
            }
        }
        Ok(rows)
    }

    fn value(&self, column: &Column, at: usize, held: &Held) -> Value<'static> {
        let value = self.rows.get(at).and_then(|row| row.values.get(column.at));
        match (value, &column.over) {
            (None | Some(Value::Null), Some(over)) => over.value(&held.cells).into_owned(),
            (value, _) => value.cloned().unwrap_or_default(),
        }
    }
}
