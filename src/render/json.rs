//! `json` and `ndjson`: rows as objects, with numbers as numbers and times in UTC.

use std::fmt::Write as _;

use std::borrow::Cow;

use super::{Ending, Question, RUN_SCHEMA, Renderer, SCHEMA, escape};
use crate::detect::Run;
use crate::row::{Columns, Row};
use crate::time::Timestamp;
use crate::value::{Value, number_text};

/// One object a line; a field without a value is left out.
#[derive(Debug, Default)]
pub(super) struct Lines;

impl Renderer for Lines {
    fn start(&mut self, _columns: &Columns, _out: &mut Vec<u8>) {}

    fn row(&mut self, row: &Row, out: &mut Vec<u8>) {
        let present = row
            .columns
            .iter()
            .zip(&row.values)
            .filter(|(_, value)| !is_missing(value));
        write_members(present.map(|(name, value)| (&**name, value)), out);
        out.push(b'\n');
    }

    fn finish(&mut self, _ending: Ending, _out: &mut Vec<u8>) {}
}

/// One document: what was asked, whether the answer is whole, and the rows.
///
/// Whether it is whole is known at the end and stands before the rows, so these are held back as text.
#[derive(Debug)]
pub(super) struct Document {
    question: Question,
    rows: Vec<u8>,
}

impl Document {
    pub(super) fn new(question: Question) -> Self {
        Self {
            question,
            rows: Vec::new(),
        }
    }
}

impl Renderer for Document {
    fn start(&mut self, _columns: &Columns, _out: &mut Vec<u8>) {}

    fn row(&mut self, row: &Row, _out: &mut Vec<u8>) {
        self.rows.extend_from_slice(b",\n");
        let members = row.columns.iter().zip(&row.values);
        write_members(
            members.map(|(name, value)| (&**name, value)),
            &mut self.rows,
        );
    }

    fn finish(&mut self, ending: Ending, out: &mut Vec<u8>) {
        write_document(&self.question, ending, &self.rows, out);
    }
}

/// Appends a document around rows that have been written already, each behind a comma and a line end.
pub fn write_document(question: &Question, ending: Ending, rows: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"schema\":");
    write_text(SCHEMA, out);
    out.extend_from_slice(b",\"query\":");
    match &question.query {
        Some(query) => write_text(query, out),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"window\":{\"since\":");
    write_end(question.window.since, out);
    out.extend_from_slice(b",\"until\":");
    write_end(question.window.until, out);
    out.extend_from_slice(b"},\"complete\":");
    write_truth(ending.complete, out);
    out.extend_from_slice(b",\"truncated\":");
    write_truth(ending.truncated, out);
    out.extend_from_slice(b",\"rows\":[");
    out.extend_from_slice(rows.strip_prefix(b",").unwrap_or(rows));
    out.extend_from_slice(b"]}\n");
}

/// Appends the document of one run: the columns of its table, what told its outcome, and its lines, each behind a
/// comma and a line end.
pub fn write_run_document(run: Option<&Run>, complete: bool, lines: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"schema\":");
    write_text(RUN_SCHEMA, out);
    out.extend_from_slice(b",\"complete\":");
    write_truth(complete, out);
    out.extend_from_slice(b",\"run\":");
    match run {
        None => out.extend_from_slice(b"null"),
        Some(run) => {
            let fields: Vec<(&str, Value<'_>)> = Run::COLUMNS
                .iter()
                .map(|name| (*name, run.field(name)))
                .collect();
            write_members(fields.iter().map(|(name, value)| (*name, value)), out);
            out.extend_from_slice(b",\"evidence\":");
            let evidence = run.evidence.iter().map(|text| Value::from(text.as_str()));
            write_list(&evidence.collect::<Vec<_>>(), out);
        }
    }
    out.extend_from_slice(b",\"lines\":[");
    out.extend_from_slice(lines.strip_prefix(b",").unwrap_or(lines));
    out.extend_from_slice(b"]}\n");
}

fn write_truth(truth: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

fn write_end(end: Option<Timestamp>, out: &mut Vec<u8>) {
    match end {
        Some(at) => write_time(at, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_members<'a>(members: impl Iterator<Item = (&'a str, &'a Value<'a>)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        write_value(value, out);
    }
    out.push(b'}');
}

/// Returns whether a value has no JSON form of its own: there is none, or it is a number that JSON does not know.
fn is_missing(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => !number.is_finite(),
        Value::Literal(text, _) => !is_json_number(text),
        _ => false,
    }
}

/// Appends a value as JSON; what has no JSON form is `null`.
pub fn write_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Bool(truth) => out.push(if *truth { b'1' } else { b'0' }),
        Value::Number(number) if number.is_finite() => {
            out.extend_from_slice(number_text(*number).as_bytes());
        }
        Value::Literal(text, _) if is_json_number(text) => out.extend_from_slice(text.as_bytes()),
        Value::Null | Value::Number(_) | Value::Literal(..) => out.extend_from_slice(b"null"),
        Value::Timestamp(at) => write_time(*at, out),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => write_list(items, out),
        Value::Map(members) => {
            write_members(members.iter().map(|(name, value)| (&**name, value)), out);
        }
    }
}

fn write_list(items: &[Value<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_value(item, out);
    }
    out.push(b']');
}

fn write_time(at: Timestamp, out: &mut Vec<u8>) {
    out.push(b'"');
    at.write_rfc3339(out);
    out.push(b'"');
}

/// Returns whether a number kept as written is one that JSON knows; Python's `NaN` and `Infinity` are not.
fn is_json_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Appends text in quotes; Japanese stays as it is.
///
/// What would steer a terminal is written as `\u....`, which is the same text to a program.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let length = match SUSPECT[*byte as usize] {
            Suspect::No => continue,
            Suspect::Always => 1,
            // Every such byte begins a character, so this is a boundary.
            Suspect::Lead => match text[at..].chars().next() {
                Some(c) if escape::steers(c) => c.len_utf8(),
                _ => continue,
            },
        };
        out.extend_from_slice(&bytes[written..at]);
        write_escape(&text[at..at + length], out);
        written = at + length;
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

/// Returns a JSON text with what would steer a terminal written as `\u....`; it can only stand in strings.
pub fn tame_json(json: &str) -> Cow<'_, str> {
    let steers = |c: char| c > '\x7e' && escape::steers(c);
    if !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if steers(c) {
            write!(out, "\\u{:04x}", c as u32).expect("a string takes all text");
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn write_escape(character: &str, out: &mut Vec<u8>) {
    match character {
        "\"" => out.extend_from_slice(b"\\\""),
        "\\" => out.extend_from_slice(b"\\\\"),
        "\n" => out.extend_from_slice(b"\\n"),
        "\r" => out.extend_from_slice(b"\\r"),
        "\t" => out.extend_from_slice(b"\\t"),
        other => {
            let code = other.chars().next().unwrap_or_default() as u32;
            out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
        }
    }
}

/// What there is to know of a character by its first byte.
#[derive(Clone, Copy)]
enum Suspect {
    /// It stands as it is.
    No,
    /// It is written as an escape.
    Always,
    /// It may be a control or a mark of direction.
    Lead,
}

const SUSPECT: [Suspect; 256] = {
    let mut table = [Suspect::No; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = Suspect::Always;
        byte += 1;
    }
    table[b'"' as usize] = Suspect::Always;
    table[b'\\' as usize] = Suspect::Always;
    table[0x7f] = Suspect::Always;
    table[0xc2] = Suspect::Lead;
    table[0xd8] = Suspect::Lead;
    table[0xe2] = Suspect::Lead;
    table
};
