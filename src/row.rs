//! One result of a query: values beside the columns they belong to.

use std::sync::Arc;

use crate::value::Value;

/// The names of a result's columns, in order, shared by all its rows.
pub type Columns = Arc<[Arc<str>]>;

/// One result row; a value is `Null` where the row does not have the field.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The columns the values stand under.
    pub columns: Columns,
    /// As many values as columns.
    pub values: Vec<Value<'static>>,
}

impl Row {
    /// Returns the value under `name`; `Null` when there is no such column.
    pub fn get(&self, name: &str) -> &Value<'static> {
        static NULL: Value<'static> = Value::Null;
        let at = self.columns.iter().position(|column| **column == *name);
        at.map_or(&NULL, |at| &self.values[at])
    }
}
