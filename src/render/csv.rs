//! `csv`: a head row, quoting as RFC 4180 has it, and no cell that a spreadsheet would take for a formula.
//!
//! The format has no escapes, so control characters go to a file or a pipe as they are: anything else would be
//! another value. On a terminal, where nobody but a person reads, they are shown as in a table.

use std::borrow::Cow;

use super::{Ending, Look, Renderer, escape, json};
use crate::row::{Columns, Row};
use crate::value::Value;

/// Comma-separated values.
#[derive(Debug)]
pub(super) struct Csv {
    bom: bool,
    target: Target,
}

/// Where the text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A program, a file.
    Program,
    /// A terminal.
    Screen,
}

impl Target {
    pub(super) fn of(look: &Look) -> Self {
        match look.width {
            Some(_) => Self::Screen,
            None => Self::Program,
        }
    }

    /// Returns the text of a cell.
    fn text(self, text: &str) -> Cow<'_, str> {
        match (self, defused(text)) {
            (Self::Program, text) => text,
            (Self::Screen, Cow::Borrowed(text)) => escape::safe_lines(text),
            (Self::Screen, Cow::Owned(text)) => Cow::Owned(escape::safe_lines(&text).into_owned()),
        }
    }
}

impl Csv {
    pub(super) fn new(look: &Look) -> Self {
        Self {
            bom: look.bom,
            target: Target::of(look),
        }
    }
}

impl Renderer for Csv {
    fn start(&mut self, columns: &Columns, out: &mut Vec<u8>) {
        write_mark(self.bom, out);
        write_line(columns.iter().map(|name| self.target.text(name)), out);
    }

    fn row(&mut self, row: &Row, out: &mut Vec<u8>) {
        let cells = row.values.iter().map(|value| cell(value, self.target));
        write_line(cells, out);
    }

    fn finish(&mut self, _ending: Ending, _out: &mut Vec<u8>) {}
}

/// Appends the head row of columns that are not a query's.
pub(super) fn write_head(names: &[&str], bom: bool, out: &mut Vec<u8>) {
    write_mark(bom, out);
    write_texts(names, Target::Program, out);
}

/// Appends one line of texts.
pub(super) fn write_texts(texts: &[&str], target: Target, out: &mut Vec<u8>) {
    write_line(texts.iter().map(|text| target.text(text)), out);
}

fn write_mark(bom: bool, out: &mut Vec<u8>) {
    if bom {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
}

fn write_line<'a>(cells: impl Iterator<Item = Cow<'a, str>>, out: &mut Vec<u8>) {
    let mut writer = csv::WriterBuilder::new()
        .buffer_capacity(512)
        .from_writer(out);
    for cell in cells {
        writer
            .write_field(cell.as_bytes())
            .expect("a Vec takes all bytes");
    }
    writer
        .write_record(None::<&[u8]>)
        .expect("a Vec takes all bytes");
    writer.flush().expect("a Vec takes all bytes");
}

fn cell<'a>(value: &'a Value<'_>, target: Target) -> Cow<'a, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => target.text(text),
        Value::Timestamp(at) => Cow::Owned(at.to_string()),
        value => {
            let mut out = Vec::new();
            json::write_value(value, &mut out);
            match out.as_slice() {
                b"null" => Cow::Borrowed(""),
                json => Cow::Owned(String::from_utf8_lossy(json).into_owned()),
            }
        }
    }
}

/// Puts an apostrophe before text that a spreadsheet would run; numbers, also negative ones, are left alone.
fn defused(text: &str) -> Cow<'_, str> {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if !risky || text.parse::<f64>().is_ok() || is_field_name(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{text}"))
}

/// Returns whether the text is only a name such as `@timestamp`, which calls nothing.
fn is_field_name(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|name| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
    })
}
