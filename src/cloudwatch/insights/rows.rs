//! Rows of the service as rows are here: the same columns in the same order, numbers as numbers, times as times.

use std::cmp::Ordering;
use std::sync::Arc;

use super::service::Cells;
use crate::query::ast::Direction;
use crate::query::plan::Kind;
use crate::query::{Program, printed};
use crate::row::{Columns, Row};
use crate::value::{Value, natural};

/// The pointer to an event, which the service adds to rows of events whether it was asked for or not.
const POINTER: &str = "@ptr";

/// What the rows of a query look like.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    columns: Vec<(Arc<str>, Kind)>,
    keys: Vec<(usize, Direction)>,
}

impl Shape {
    /// Tells it from the program that runs the query here; without one the rows themselves tell.
    pub fn of(program: Option<&Program>) -> Self {
        let Some(program) = program else {
            return Self::default();
        };
        let names = program.columns().iter().cloned();
        Self {
            columns: names.zip(program.kinds()).collect(),
            keys: program.parts().map(|parts| parts.keys).unwrap_or_default(),
        }
    }

    /// Adds the columns that rows have and nobody expected.
    fn add_unexpected(&mut self, rows: &[Cells]) {
        for (name, _) in rows.iter().flatten() {
            if name != POINTER && self.position(name).is_none() {
                self.columns.push((Arc::from(name.as_str()), kind_of(name)));
            }
        }
    }

    /// Returns where a column stands; the service may write blanks and case as the query does.
    fn position(&self, name: &str) -> Option<usize> {
        let columns = self.columns.iter();
        let exact = columns.clone().position(|(known, _)| **known == *name);
        exact.or_else(|| {
            let plain = plain(name);
            self.columns
                .iter()
                .position(|(known, _)| plain_of_call(known) == Some(plain.clone()))
        })
    }

    fn row(&self, columns: &Columns, cells: Cells) -> Row {
        let mut values = vec![Value::Null; self.columns.len()];
        for (name, text) in cells {
            if let Some(at) = self.position(&name) {
                values[at] = printed::read(text, self.columns[at].1);
            }
        }
        Row {
            columns: Arc::clone(columns),
            values,
        }
    }

    fn compare(&self, one: &Row, other: &Row) -> Ordering {
        let orders = self.keys.iter().map(|(at, direction)| {
            let order = natural(&one.values[*at], &other.values[*at]);
            match direction {
                Direction::Ascending => order,
                Direction::Descending => order.reverse(),
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

/// Returns the columns, and the rows of all parts in the order of the query.
pub fn joined(parts: Vec<Vec<Cells>>, mut shape: Shape) -> (Columns, Vec<Row>) {
    for rows in &parts {
        shape.add_unexpected(rows);
    }
    let columns: Columns = shape
        .columns
        .iter()
        .map(|(name, _)| Arc::clone(name))
        .collect();
    let has_many = parts.iter().filter(|rows| !rows.is_empty()).count() > 1;
    let cells = parts.into_iter().flatten();
    let mut rows: Vec<Row> = cells.map(|cells| shape.row(&columns, cells)).collect();
    if has_many {
        rows.sort_by(|one, other| shape.compare(one, other));
    }
    (columns, rows)
}

fn kind_of(name: &str) -> Kind {
    match name {
        "@timestamp" | "@ingestionTime" => Kind::Time,
        "@message" | "@log" | "@logStream" => Kind::Text,
        _ => Kind::Field,
    }
}

/// Returns a name without blanks, in lower case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

/// Returns the same of a column that is named by an expression; names of fields are as they are.
fn plain_of_call(name: &str) -> Option<String> {
    name.contains('(').then(|| plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Settings, Table};
    use crate::time::Timestamp;

    fn shape(text: &str) -> Shape {
        let settings = Settings {
            table: Table::Events,
            now: Timestamp(0),
            window: None,
            default_limit: None,
        };
        Shape::of(Some(&Program::compile(text, &settings).expect(text)))
    }

    fn cells(text: &[(&str, &str)]) -> Cells {
        let pairs = text.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn names(columns: &Columns) -> Vec<&str> {
        columns.iter().map(|name| &**name).collect()
    }

    #[test]
    fn rows_have_the_columns_of_the_query_in_its_order() {
        let row = cells(&[
            ("status", "404"),
            ("@timestamp", "2026-11-20 00:00:00.001"),
            ("@ptr", "abc"),
        ]);
        let shape = shape("fields @timestamp, name, status");
        let (columns, rows) = joined(vec![vec![row]], shape);
        assert_eq!(names(&columns), ["@timestamp", "name", "status"]);
        assert_eq!(
            rows[0].values[0],
            Value::Timestamp(Timestamp(1_795_132_800_001))
        );
        assert_eq!(rows[0].values[1], Value::Null);
        assert_eq!(rows[0].values[2], Value::Literal("404".into(), 404.0));
    }

    #[test]
    fn a_pointer_is_there_when_it_is_asked_for() {
        let row = || cells(&[("@message", "12"), ("@ptr", "12")]);
        let (columns, rows) = joined(vec![vec![row()]], shape("display @ptr, @message"));
        assert_eq!(names(&columns), ["@ptr", "@message"]);
        assert_eq!(rows[0].values, [Value::from("12"), Value::from("12")]);
        let (columns, _) = joined(vec![vec![row()]], Shape::default());
        assert_eq!(names(&columns), ["@message"]);
    }

    #[test]
    fn what_only_the_service_knows_has_the_columns_that_come() {
        let rows = vec![cells(&[("@pattern", "a <*>")]), cells(&[("@ratio", "0.5")])];
        let (columns, rows) = joined(vec![rows], Shape::default());
        assert_eq!(names(&columns), ["@pattern", "@ratio"]);
        assert_eq!(rows[1].values[1], Value::Literal("0.5".into(), 0.5));
        let row = cells(&[("COUNT( * )", "3"), ("other", "x")]);
        let (columns, _) = joined(vec![vec![row]], shape("stats count(*)"));
        assert_eq!(names(&columns), ["count(*)", "other"]);
    }

    #[test]
    fn rows_of_several_parts_are_put_into_the_order_of_the_query() {
        let row = |name: &str, n: &str| cells(&[("name", name), ("n", n)]);
        let parts = vec![
            vec![row("a", "10"), row("b", "2")],
            vec![row("c", "9"), row("d", "1")],
        ];
        let (_, rows) = joined(parts, shape("fields name, n | sort n desc"));
        let found: Vec<_> = rows
            .iter()
            .filter_map(|row| row.values[0].to_text())
            .collect();
        assert_eq!(found, ["a", "c", "b", "d"]);
    }
}
