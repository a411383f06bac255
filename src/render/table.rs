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
/// Texts up to this width are not cut: little would be won, and words such as causes and stages lost.
const SHORT: usize = 14;
/// Columns that are never cut, because the row means nothing without them.
const WHOLE: [&str; 3] = ["name", "outcome", "time"];
/// Task ids are shortened on a narrow terminal: a beginning names a task too.
const TASK: &str = "task";
const SHORT_TASK: usize = 8;

/// Rows held back until all widths are known.
#[derive(Debug)]
pub(super) struct Table {
    look: Look,
    paint: Paint,
    ruler: Ruler,
    columns: Option<Columns>,
    rows: Vec<Vec<Cell>>,
    left_out: Vec<String>,
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
    /// Whether no row has a value in it.
    empty: bool,
    /// Whether it is printed.
    shown: bool,
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
            left_out: Vec::new(),
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

    fn left_out(&self) -> &[String] {
        &self.left_out
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
        if let Some(total) = self.look.width {
            shrink(&mut layouts, total);
            let hidden = layouts
                .iter()
                .filter(|layout| !layout.shown && !layout.empty);
            self.left_out = hidden.map(|layout| layout.head.clone()).collect();
        }
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
        let width = self.ruler.width(&head).max(widest.unwrap_or(0));
        let is_text = |cell: &Cell| matches!(cell, Cell::Text(text) if !text.is_empty());
        let kind = match name {
            _ if first_time.is_some() => Kind::Time { millis },
            _ if !cells().any(is_text) => Kind::Number,
            TASK => Kind::Task,
            name if WHOLE.contains(&name) || width <= SHORT => Kind::Whole,
            _ => Kind::Text,
        };
        Layout {
            width,
            empty: widest.unwrap_or(0) == 0,
            shown: true,
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

    fn write_head(&self, layouts: &[Layout], out: &mut Vec<u8>) {
        for layout in layouts.iter().filter(|layout| layout.shown) {
            self.write_cell(&layout.head, self.paint.bold, layout, out);
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
        for (cell, layout) in row.iter().zip(layouts).filter(|(_, layout)| layout.shown) {
            match cell {
                Cell::Time(time) => {
                    let mut text = Vec::with_capacity(23);
                    if layout.kind == (Kind::Time { millis: true }) {
                        times.write_millis(*time, &mut text);
                    } else {
                        times.write_seconds(*time, &mut text);
                    }
                    self.write_cell(&String::from_utf8_lossy(&text), "", layout, out);
                }
                Cell::Number(text) => self.write_cell(text, "", layout, out),
                Cell::Text(text) => {
                    self.write_cell(text, self.paint.of_word(text), layout, out);
                }
            }
        }
        end_line(out);
    }

    fn write_cell(&self, text: &str, style: &str, layout: &Layout, out: &mut Vec<u8>) {
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
        if !right {
            pad(padding, out);
        }
        pad(2, out);
    }
}

/// Makes room step by step, the least loss first, until the columns fit or nothing more can give way.
fn shrink(layouts: &mut [Layout], total: usize) {
    let steps: [fn(&mut [Layout], usize); 6] = [
        hide_empty,
        drop_millis,
        shorten_tasks,
        cut_texts,
        hide_texts,
        hide_others,
    ];
    for step in steps {
        if taken(layouts) <= total {
            return;
        }
        step(layouts, total);
    }
}

/// Returns how many columns of the terminal a row takes, with two blanks between its columns.
fn taken(layouts: &[Layout]) -> usize {
    let shown = layouts.iter().filter(|layout| layout.shown);
    shown
        .map(|layout| layout.width + 2)
        .sum::<usize>()
        .saturating_sub(2)
}

fn hide_empty(layouts: &mut [Layout], _total: usize) {
    for layout in layouts.iter_mut().filter(|layout| layout.empty) {
        layout.shown = false;
    }
}

fn drop_millis(layouts: &mut [Layout], _total: usize) {
    for layout in layouts.iter_mut() {
        if layout.kind == (Kind::Time { millis: true }) {
            layout.kind = Kind::Time { millis: false };
            layout.width = layout.head.len().max(19);
        }
    }
}

fn shorten_tasks(layouts: &mut [Layout], _total: usize) {
    for layout in layouts
        .iter_mut()
        .filter(|layout| layout.kind == Kind::Task)
    {
        layout.width = layout.width.min(SHORT_TASK);
    }
}

fn cut_texts(layouts: &mut [Layout], total: usize) {
    let mut shown: Vec<&mut Layout> = layouts.iter_mut().filter(|layout| layout.shown).collect();
    let widths: Vec<usize> = shown.iter().map(|layout| layout.width).collect();
    let cuttable: Vec<bool> = shown
        .iter()
        .map(|layout| layout.kind == Kind::Text)
        .collect();
    for (layout, width) in shown.iter_mut().zip(fit(&widths, &cuttable, total, LEAST)) {
        layout.width = width;
    }
}

/// Leaves out texts, the last first: a row that is broken over two lines is worse.
fn hide_texts(layouts: &mut [Layout], total: usize) {
    while taken(layouts) > total {
        let last = layouts
            .iter_mut()
            .rev()
            .find(|layout| layout.shown && layout.kind == Kind::Text);
        let Some(layout) = last else { return };
        layout.shown = false;
    }
    widen_last(layouts, total);
}

/// Leaves out what is no text to cut, the last first: numbers, then short words, then the task; never a time, a name
/// or an outcome.
fn hide_others(layouts: &mut [Layout], total: usize) {
    let groups: [fn(&Layout) -> bool; 3] = [
        |layout| layout.kind == Kind::Number,
        |layout| layout.kind == Kind::Whole && !WHOLE.contains(&layout.head.as_str()),
        |layout| layout.kind == Kind::Task,
    ];
    for gives_way in groups {
        while taken(layouts) > total {
            let mut shown = layouts.iter_mut().rev().filter(|layout| layout.shown);
            let Some(layout) = shown.find(|layout| gives_way(layout)) else {
                break;
            };
            layout.shown = false;
        }
    }
}

/// Gives the room that hiding a column left over to the last text that is still shown.
fn widen_last(layouts: &mut [Layout], total: usize) {
    let rest = total - taken(layouts).min(total);
    if let Some(layout) = layouts
        .iter_mut()
        .rev()
        .find(|layout| layout.shown && layout.kind == Kind::Text)
    {
        layout.width += rest;
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
