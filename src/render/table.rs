//! `table`: aligned columns for people, cut to the terminal where there is one.
//!
//! Columns are separated by two spaces and have no borders, because line-drawing characters are one column in some
//! terminals and two in others. Without a terminal nothing is cut.

use super::width::{Ruler, fit};
use super::{Ending, Look, Paint, Renderer, escape};
use crate::row::{Columns, Row};
use crate::time::{LocalTimes, Timestamp, duration};
use crate::value::Value;

/// The least that is left of a column that is cut.
const LEAST: usize = 12;
/// Columns that are never cut, because the row means nothing without them.
const WHOLE: [&str; 3] = ["name", "outcome", "time"];
/// Task ids are shortened on a narrow terminal when nothing else is left to cut: a beginning names a task too.
const TASK: &str = "task";
const SHORT_TASK: usize = 12;

/// Rows held back until all widths are known.
#[derive(Debug)]
pub(super) struct Table {
    look: Look,
    paint: Paint,
    ruler: Ruler,
    columns: Option<Columns>,
    rows: Vec<Vec<Cell>>,
}

/// One value, as it will print.
#[derive(Debug)]
enum Cell {
    /// An instant; whether milliseconds print depends on the whole column.
    Time(Timestamp),
    /// A number, aligned to the right.
    Number(String),
    Text(String),
}

/// What is the same for all rows of one column.
struct Layout {
    head: String,
    width: usize,
    kind: Kind,
}

/// How a column is written, and whether it may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Instants, with or without milliseconds.
    Time { millis: bool },
    /// Numbers, aligned to the right.
    Number,
    /// Text that says which row it is.
    Whole,
    /// Task ids.
    Task,
    /// Any other text; it gives way when there is too little room.
    Text,
}

impl Table {
    pub(super) fn new(look: Look) -> Self {
        Self {
            paint: Paint::new(look.color),
            ruler: Ruler::new(look.ambiguous_width),
            look,
            columns: None,
            rows: Vec::new(),
        }
    }
}

impl Renderer for Table {
    fn start(&mut self, columns: &Columns, _out: &mut Vec<u8>) {
        self.columns = Some(columns.clone());
    }

    fn row(&mut self, row: &Row, _out: &mut Vec<u8>) {
        let cells = row.columns.iter().zip(&row.values);
        let cells = cells.map(|(name, value)| self.cell(name, value));
        let cells = cells.collect();
        self.rows.push(cells);
    }

    fn finish(&mut self, _ending: Ending, out: &mut Vec<u8>) {
        let Some(columns) = self.columns.take() else {
            return;
        };
        if self.rows.is_empty() {
            return;
        }
        let mut layouts: Vec<Layout> = columns
            .iter()
            .enumerate()
            .map(|(at, name)| self.layout(at, name))
            .collect();
        self.fit(&mut layouts);
        self.write_head(&layouts, out);
        let mut times = self.look.zone.times();
        for row in &self.rows {
            self.write_row(row, &layouts, &mut times, out);
        }
    }
}

impl Table {
    fn cell(&self, name: &str, value: &Value<'_>) -> Cell {
        match value {
            Value::Timestamp(at) => Cell::Time(*at),
            Value::Number(seconds) if self.look.durations.contains(&name) => {
                Cell::Number(duration::human((seconds * 1000.0).round() as i64))
            }
            Value::Number(_) | Value::Literal(..) | Value::Bool(_) => {
                Cell::Number(value.to_text().unwrap_or_default().into_owned())
            }
            Value::List(items) if items.iter().all(|item| !item.is_nested()) => {
                let items: Vec<_> = items.iter().filter_map(Value::to_text).collect();
                Cell::Text(escape::safe(&items.join(", ")).into_owned())
            }
            value => Cell::Text(escape::safe(&value.to_text().unwrap_or_default()).into_owned()),
        }
    }

    fn layout(&self, at: usize, name: &str) -> Layout {
        let cells = || self.rows.iter().map(|row| &row[at]);
        let first_time = cells().find_map(|cell| match cell {
            Cell::Time(time) => Some(*time),
            _ => None,
        });
        let millis = cells().any(|cell| matches!(cell, Cell::Time(time) if time.0 % 1000 != 0));
        let mut head = escape::safe(name).into_owned();
        if let Some(first) = first_time {
            head = format!("{head} ({})", self.zone_name(first, at));
        }
        let widest = cells().map(|cell| self.cell_width(cell, millis)).max();
        let is_text = |cell: &Cell| matches!(cell, Cell::Text(text) if !text.is_empty());
        let kind = match name {
            _ if first_time.is_some() => Kind::Time { millis },
            _ if !cells().any(is_text) => Kind::Number,
            TASK => Kind::Task,
            name if WHOLE.contains(&name) => Kind::Whole,
            _ => Kind::Text,
        };
        Layout {
            width: self.ruler.width(&head).max(widest.unwrap_or(0)),
            head,
            kind,
        }
    }

    /// Returns the zone's short name, or its full one when the column spans a change of clocks.
    fn zone_name(&self, first: Timestamp, at: usize) -> String {
        let short = self.look.zone.name_at(first);
        let same = self.rows.iter().all(|row| match row[at] {
            Cell::Time(time) => self.look.zone.name_at(time) == short,
            _ => true,
        });
        if same { short } else { self.look.zone.name() }
    }

    fn cell_width(&self, cell: &Cell, millis: bool) -> usize {
        match cell {
            Cell::Time(_) if millis => 23,
            Cell::Time(_) => 19,
            Cell::Number(text) | Cell::Text(text) => self.ruler.width(text),
        }
    }

    fn fit(&self, layouts: &mut [Layout]) {
        let Some(total) = self.look.width else {
            return;
        };
        let widths: Vec<usize> = layouts.iter().map(|layout| layout.width).collect();
        let cuttable: Vec<bool> = layouts
            .iter()
            .map(|layout| layout.kind == Kind::Text)
            .collect();
        for (layout, width) in layouts
            .iter_mut()
            .zip(fit(&widths, &cuttable, total, LEAST))
        {
            layout.width = width;
        }
        let taken: usize = layouts.iter().map(|layout| layout.width + 2).sum();
        if taken > total + 2 {
            for layout in layouts
                .iter_mut()
                .filter(|layout| layout.kind == Kind::Task)
            {
                layout.width = layout.width.min(SHORT_TASK);
            }
        }
    }

    fn write_head(&self, layouts: &[Layout], out: &mut Vec<u8>) {
        for (at, layout) in layouts.iter().enumerate() {
            self.write_cell(
                &layout.head,
                self.paint.bold,
                layout,
                at + 1 == layouts.len(),
                out,
            );
        }
        end_line(out);
    }

    fn write_row(
        &self,
        row: &[Cell],
        layouts: &[Layout],
        times: &mut LocalTimes,
        out: &mut Vec<u8>,
    ) {
        for (at, (cell, layout)) in row.iter().zip(layouts).enumerate() {
            let last = at + 1 == layouts.len();
            match cell {
                Cell::Time(time) => {
                    let mut text = Vec::with_capacity(23);
                    if layout.kind == (Kind::Time { millis: true }) {
                        times.write_millis(*time, &mut text);
                    } else {
                        times.write_seconds(*time, &mut text);
                    }
                    self.write_cell(&String::from_utf8_lossy(&text), "", layout, last, out);
                }
                Cell::Number(text) => self.write_cell(text, "", layout, last, out),
                Cell::Text(text) => {
                    self.write_cell(text, self.paint.of_word(text), layout, last, out);
                }
            }
        }
        end_line(out);
    }

    fn write_cell(&self, text: &str, style: &str, layout: &Layout, last: bool, out: &mut Vec<u8>) {
        let mut cut = Vec::with_capacity(text.len());
        let text = match text.get(..SHORT_TASK) {
            Some(short) if layout.kind == Kind::Task && layout.width == SHORT_TASK => short,
            _ => text,
        };
        let taken = self.ruler.cut(text, layout.width, &mut cut);
        let padding = layout.width - taken;
        let right = layout.kind == Kind::Number;
        if right {
            pad(padding, out);
        }
        if style.is_empty() {
            out.extend_from_slice(&cut);
        } else {
            out.extend_from_slice(style.as_bytes());
            out.extend_from_slice(&cut);
            out.extend_from_slice(self.paint.reset.as_bytes());
        }
        if !right && !last {
            pad(padding, out);
        }
        if !last {
            pad(2, out);
        }
    }
}

fn pad(columns: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + columns, b' ');
}

/// Ends a line without blanks that an empty last column would leave.
fn end_line(out: &mut Vec<u8>) {
    while out.last() == Some(&b' ') {
        out.pop();
    }
    out.push(b'\n');
}
