//! JSON documents that hold log events, rewritten as lines.
//!
//! A document is the output of `aws logs filter-log-events` or `get-log-events`, a subscription payload, packed or
//! not, an event of EventBridge, a record that somebody pretty-printed, or an array of such. Whatever it is, its
//! events become lines that the rest of the program knows: envelopes, or records on one line.

use memchr::memchr3;

use super::subscription::{self, Delivery, Poison};
use crate::decode::json::{Json, Kind};

/// The members that the output of `aws logs` can begin with.
const OUTPUT: [&[u8]; 5] = [
    b"events",
    b"searchedLogStreams",
    b"nextToken",
    b"nextForwardToken",
    b"nextBackwardToken",
];
/// The members that a subscription payload can begin with.
const PAYLOAD: [&[u8]; 3] = [b"awslogs", b"messageType", b"logEvents"];

/// Appends the events of one document to `lines`.
///
/// What is none of the known documents is a record, and becomes one line.
pub fn write_lines(document: Json<'_>, lines: &mut Vec<u8>) -> Result<(), Poison> {
    match document.kind() {
        Kind::Array => {
            let mut result = Ok(());
            for item in document.items() {
                result = result.and(write_object(item, lines));
            }
            result
        }
        _ => write_object(document, lines),
    }
}

fn write_object(object: Json<'_>, lines: &mut Vec<u8>) -> Result<(), Poison> {
    if object
        .get("awslogs")
        .is_some_and(|logs| logs.kind() == Kind::Object)
    {
        let document = subscription::unpack_value(object, subscription::LIMIT)?;
        Delivery::read(&document)?.write_lines(lines);
    } else if object.get("messageType").is_some() && object.get("logEvents").is_some() {
        Delivery::of(object)?.write_lines(lines);
    } else if let Some(events) = object.get("events").filter(is_output_events) {
        events.items().for_each(|event| write_line(event, lines));
    } else {
        write_line(object, lines);
    }
    Ok(())
}

/// Events of `aws logs` have a message; other programs' lists of the same name do not count.
fn is_output_events(events: &Json<'_>) -> bool {
    let mut items = events.items().peekable();
    items.peek().is_some() && items.all(|event| event.get("message").is_some())
}

/// Appends a value as one line.
pub fn write_line(value: Json<'_>, lines: &mut Vec<u8>) {
    compact(value.text(), lines);
    lines.push(b'\n');
}

/// Appends JSON text without the blanks between its tokens, so that it has no line feed.
pub fn compact(text: &[u8], line: &mut Vec<u8>) {
    line.reserve(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        match first {
            b'"' => {
                line.push(b'"');
                rest = copy_string(tail, line);
            }
            b' ' | b'\t' | b'\n' | b'\r' => rest = tail,
            _ => {
                line.push(*first);
                rest = tail;
            }
        }
    }
}

/// Copies a string behind its opening quote, the closing one included; returns what follows.
///
/// A line feed that should have been escaped, also one behind a backslash, must not end the line.
fn copy_string<'a>(text: &'a [u8], line: &mut Vec<u8>) -> &'a [u8] {
    let mut rest = text;
    while let Some(at) = memchr3(b'"', b'\\', b'\n', rest) {
        line.extend_from_slice(&rest[..at]);
        let behind = &rest[at + 1..];
        rest = match (rest[at], behind.split_first()) {
            (b'"', _) => {
                line.push(b'"');
                return behind;
            }
            (b'\\', Some((&escaped, tail))) => {
                line.extend_from_slice(&[b'\\', if escaped == b'\n' { b'n' } else { escaped }]);
                tail
            }
            (b'\\', None) => {
                line.push(b'\\');
                behind
            }
            _ => {
                line.extend_from_slice(b"\\n");
                behind
            }
        };
    }
    line.extend_from_slice(rest);
    &[]
}

/// What the start of a file says it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Lines, each for itself.
    Lines,
    /// An array, an object over many lines, or a payload: values that say themselves where they end.
    Documents,
}

impl Start {
    /// Tells what the first bytes, to the end of the first line at least, begin.
    pub fn of(text: &[u8]) -> Self {
        let text = text.trim_ascii_start();
        let is_document = match text.first() {
            // A line of Celery or gunicorn begins with a bracket too, and a date.
            Some(b'[') => matches!(
                text[1..].trim_ascii_start().first(),
                None | Some(b'{' | b']')
            ),
            Some(b'{') => begins_output(text) || begins_payload(text) || is_alone(text),
            _ => false,
        };
        if is_document {
            Self::Documents
        } else {
            Self::Lines
        }
    }
}

/// Whether the opening brace has its line for itself.
fn is_alone(text: &[u8]) -> bool {
    let rest = text[1..].trim_ascii_start();
    let blanks = &text[1..text.len() - rest.len()];
    blanks.contains(&b'\n') && rest.first() == Some(&b'"')
}

fn begins_payload(text: &[u8]) -> bool {
    first_member(text).is_some_and(|(name, _)| PAYLOAD.contains(&name))
}

/// Returns whether the object that begins `text` is the output of `aws logs`, which can be too long to be held.
pub fn begins_output(text: &[u8]) -> bool {
    first_member(text).is_some_and(|(name, value)| match value.first() {
        Some(b'[') if name == b"events" => {
            matches!(
                value[1..].trim_ascii_start().first(),
                None | Some(b'{' | b']')
            )
        }
        Some(b'[' | b'"' | b'n') => name != b"events" && OUTPUT.contains(&name),
        _ => false,
    })
}

/// Returns the name of an object's first member, and what begins with its value.
fn first_member(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = text
        .strip_prefix(b"{")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', name)?;
    let value = name[end + 1..].trim_ascii_start().strip_prefix(b":")?;
    Some((&name[..end], value.trim_ascii_start()))
}

/// Finds where a JSON value ends while its text is still coming in: looks at each byte once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    scanned: usize,
    depth: usize,
    in_string: bool,
}

impl Extent {
    /// Returns the length of the value that begins `text`, once it is all there.
    ///
    /// To be called with ever more of the same text. A scalar ends where the next token begins.
    pub fn end(&mut self, text: &[u8]) -> Option<usize> {
        while self.scanned < text.len() {
            if self.in_string {
                self.pass_string(text)?;
            } else {
                let byte = text[self.scanned];
                if self.depth == 0 && self.scanned > 0 && ends_scalar(byte) {
                    return Some(self.scanned);
                }
                self.scanned += 1;
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => continue,
                }
            }
            if self.depth == 0 && !self.in_string {
                return Some(self.scanned);
            }
        }
        None
    }

    /// Goes behind the string's closing quote; nothing when it is not there yet.
    fn pass_string(&mut self, text: &[u8]) -> Option<()> {
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &text[self.scanned..]) else {
                self.scanned = text.len();
                return None;
            };
            let at = self.scanned + found;
            if text[at] == b'"' {
                self.scanned = at + 1;
                self.in_string = false;
                return Some(());
            }
            // The byte behind a backslash is needed too.
            self.scanned = at;
            text.get(at + 1)?;
            self.scanned = at + 2;
        }
    }
}

fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests;
