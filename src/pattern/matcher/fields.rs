//! Space-delimited patterns: a line cut into fields, and conditions on some of them.

use super::need_of;
use crate::pattern::operand::{Check, Scalar};
use crate::pattern::tree::Expression;
use crate::scan::need::Need;

/// Conditions on a field; a name without a comparison is one that always holds.
pub(crate) type FieldCondition = Expression<Option<Check>>;

/// The entries of a space-delimited pattern.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    binding: Binding,
    /// Conditions on the fields counted from the left.
    front: Vec<(usize, FieldCondition)>,
    /// Conditions on the fields counted from the right, the last being 0.
    back: Vec<(usize, FieldCondition)>,
}

/// How entries are given fields.
#[derive(Clone, Copy, Debug)]
enum Binding {
    /// From the left, and the last of so many takes the rest of the message.
    Rest(usize),
    /// So many from the left and so many from the right, one field each.
    Ends { front: usize, back: usize },
}

impl Fields {
    /// Makes a matcher without an ellipsis.
    pub(crate) fn with_rest(entries: Vec<Option<FieldCondition>>) -> Self {
        Self {
            binding: Binding::Rest(entries.len()),
            front: numbered(entries.into_iter()),
            back: Vec::new(),
        }
    }

    /// Makes a matcher from the entries before and behind an ellipsis.
    pub(crate) fn with_ends(
        front: Vec<Option<FieldCondition>>,
        back: Vec<Option<FieldCondition>>,
    ) -> Self {
        Self {
            binding: Binding::Ends {
                front: front.len(),
                back: back.len(),
            },
            front: numbered(front.into_iter()),
            back: numbered(back.into_iter().rev()),
        }
    }

    /// Returns whether a message has the fields, and they satisfy the conditions.
    pub(crate) fn match_message(&self, message: &[u8]) -> bool {
        match self.binding {
            Binding::Rest(count) => self.match_rest(message, count),
            Binding::Ends { front, back } => self.match_ends(message, front, back),
        }
    }

    fn match_rest(&self, message: &[u8], count: usize) -> bool {
        let Some(last) = count.checked_sub(1) else {
            return true;
        };
        let mut fields = Splitter { message, at: 0 };
        let mut conditions = self.front.iter().peekable();
        for place in 0..count {
            let value = match fields.next() {
                Some(field) if place == last && fields.has_more() => &message[field.start..],
                Some(field) => field.value,
                // A single name takes the whole message, also one of blanks.
                None if last == 0 => message,
                None => return false,
            };
            if let Some((_, condition)) = conditions.next_if(|(at, _)| *at == place)
                && !holds(condition, value)
            {
                return false;
            }
        }
        true
    }

    fn match_ends(&self, message: &[u8], front: usize, back: usize) -> bool {
        let fields: Vec<&[u8]> = Splitter { message, at: 0 }
            .map(|field| field.value)
            .collect();
        fields.len() >= front + back
            && self
                .front
                .iter()
                .all(|(at, condition)| holds(condition, fields[*at]))
            && self
                .back
                .iter()
                .all(|(at, condition)| holds(condition, fields[fields.len() - 1 - at]))
    }

    /// Derives what the bytes of every matching line hold.
    pub(crate) fn need(&self) -> Need {
        let conditions = self.front.iter().chain(&self.back);
        conditions
            .map(|(_, condition)| {
                need_of(condition, &|check| {
                    check.as_ref().map_or(Need::Anything, Check::need)
                })
            })
            .fold(Need::Anything, Need::and)
    }
}

fn numbered(entries: impl Iterator<Item = Option<FieldCondition>>) -> Vec<(usize, FieldCondition)> {
    let numbered = entries.enumerate();
    numbered
        .filter_map(|(at, condition)| Some((at, condition?)))
        .collect()
}

fn holds(condition: &FieldCondition, value: &[u8]) -> bool {
    let scalar = Scalar::of_field(value);
    condition.holds(&|check| check.as_ref().is_none_or(|check| check.holds(scalar)))
}

/// A field, without the quotes or brackets around it.
struct Field<'a> {
    value: &'a [u8],
    /// Where it begins in the message, quote or bracket included.
    start: usize,
}

/// Cuts a message into fields, as far as somebody asks.
struct Splitter<'a> {
    message: &'a [u8],
    at: usize,
}

impl Splitter<'_> {
    fn has_more(&self) -> bool {
        self.message[self.at..].iter().any(|&byte| !is_blank(byte))
    }
}

impl<'a> Iterator for Splitter<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let rest = &self.message[self.at..];
        let start = self.at + rest.iter().position(|&byte| !is_blank(byte))?;
        let rest = &self.message[start..];
        let close = match rest[0] {
            b'"' => memchr::memchr(b'"', &rest[1..]),
            b'[' => memchr::memchr(b']', &rest[1..]),
            _ => None,
        };
        let (value, length) = if let Some(length) = close {
            (&rest[1..=length], length + 2)
        } else {
            // Also a quote or bracket that nothing closes is ordinary text.
            let end = rest.iter().position(|&byte| is_blank(byte));
            let length = end.unwrap_or(rest.len());
            (&rest[..length], length)
        };
        self.at = start + length;
        Some(Field { value, start })
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &[&str]) {
        let splitter = Splitter {
            message: message.as_bytes(),
            at: 0,
        };
        let fields: Vec<String> = splitter
            .map(|field| String::from_utf8_lossy(field.value).into_owned())
            .collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn quotes_and_brackets_hold_a_field_together() {
        check(
            "1.1.1.1\t- [a b] \"GET / HTTP\"  200 \n",
            &["1.1.1.1", "-", "a b", "GET / HTTP", "200"],
        );
    }

    #[test]
    fn what_does_not_close_is_ordinary() {
        check("\"a b", &["\"a", "b"]);
        check("[a b", &["[a", "b"]);
        check("a\"b c\"", &["a\"b", "c\""]);
    }

    #[test]
    fn empty_quotes_are_an_empty_field() {
        check("\"\" x []", &["", "x", ""]);
        check("  ", &[]);
    }
}
