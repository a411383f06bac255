//! A scanner over one JSON text that finds where values are and decodes none that nobody asks for.
//!
//! It accepts what Python's `json` writes and standard JSON does not have (`NaN`, `Infinity`, integers of any
//! size, lone surrogates), checks the grammar of everything it passes over, and keeps no state per nesting level
//! but one bit, so that hostile depth costs time proportional to its length and nothing else. `serde_json` is the
//! reference it agrees with on all that `serde_json` accepts (a property test holds it to that).
//!
//! It does not build trees: see [`Json::members`] for walking, and `value` for owned results.

mod escape;
mod number;
mod skip;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use escape::{unescape, unescape_into};
use number::short_decimal;
pub(crate) use skip::{Skipped, skip_text, skip_value};
use skip::{malformed, skip_blanks, skip_string};

/// What kind of value a JSON text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A JSON number.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// `NaN`, `Infinity` or `-Infinity`, which Python writes bare.
    NonFinite,
}

/// The text stops being JSON at byte `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Offset into the text that was being read.
    pub at: usize,
    /// Whether the text ended before the value did, as a record cut by a killed process does.
    pub cut: bool,
}

impl Malformed {
    /// Returns the same for a text that has `before` more bytes in front.
    pub(crate) fn behind(self, before: usize) -> Self {
        Self {
            at: before + self.at,
            ..self
        }
    }
}

/// One JSON value: its exact text, and what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    text: &'a [u8],
    kind: Kind,
    /// Whether it is a string with escapes.
    escaped: bool,
}

/// A member's name as written between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Key<'a> {
    /// Returns whether the decoded name equals `name`.
    pub fn is(&self, name: &str) -> bool {
        if self.escaped {
            self.text() == name
        } else {
            self.raw == name.as_bytes()
        }
    }

    /// Returns the name's bytes, when it holds no escape.
    pub fn plain(&self) -> Option<&'a [u8]> {
        (!self.escaped).then_some(self.raw)
    }

    /// Returns the decoded name; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            String::from_utf8_lossy(self.raw)
        }
    }
}

impl<'a> Json<'a> {
    /// Reads one value that spans the whole text but for blanks around it, checking all of it.
    pub fn parse(text: &'a [u8]) -> Result<Self, Malformed> {
        let start = skip_blanks(text, 0);
        let value = skip_value(text, start)?;
        match skip_blanks(text, value.end) {
            at if at == text.len() => Ok(Self::of(text, start, value)),
            at => Err(Malformed { at, cut: false }),
        }
    }

    /// Returns the value that was passed over from `start` on.
    #[inline]
    pub(crate) fn of(text: &'a [u8], start: usize, value: Skipped) -> Self {
        Self {
            text: &text[start..value.end],
            kind: value.kind,
            escaped: value.escaped,
        }
    }

    /// Returns what kind of value it is.
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Returns the exact text of the value, quotes and braces included.
    pub fn text(self) -> &'a [u8] {
        self.text
    }

    /// Walks the members of an object in order; empty for any other kind.
    pub fn members(self) -> Members<'a> {
        match self.kind {
            Kind::Object => Members::new(self.text),
            _ => Members {
                text: b"",
                at: 0,
                state: State::Done,
            },
        }
    }

    /// Walks the items of an array in order; empty for any other kind.
    pub fn items(self) -> impl Iterator<Item = Json<'a>> {
        let mut at = if self.kind == Kind::Array {
            1
        } else {
            self.text.len()
        };
        std::iter::from_fn(move || {
            let start = skip_blanks(self.text, at);
            if matches!(self.text.get(start), None | Some(b']')) {
                return None;
            }
            let value = skip_value(self.text, start).ok()?;
            at = skip_blanks(self.text, value.end);
            at += usize::from(self.text.get(at) == Some(&b','));
            Some(Json::of(self.text, start, value))
        })
    }

    /// Hands each item of an array that is an object to `read`, which walks as many of its members as it wants to,
    /// and anything else to `other`: where `read` walks to the end, the items are passed over once, not twice.
    pub fn each_object(self, mut read: impl FnMut(&mut Members<'a>), mut other: impl FnMut()) {
        if self.kind != Kind::Array {
            return;
        }
        let mut at = 1;
        loop {
            at = skip_blanks(self.text, at);
            match self.text.get(at) {
                None | Some(b']') => return,
                Some(b',') => at += 1,
                Some(b'{') => {
                    let mut members = Members::new(&self.text[at..]);
                    read(&mut members);
                    if members.by_ref().any(|member| member.is_err()) {
                        return;
                    }
                    at += members.position();
                }
                Some(_) => match skip_value(self.text, at) {
                    Ok(value) => {
                        other();
                        at = value.end;
                    }
                    Err(_) => return,
                },
            }
        }
    }

    /// Returns the member `name` of an object; of several with that name the last, as all readers agree.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.members()
            .filter_map(Result::ok)
            .filter(|(key, _)| key.is(name))
            .last()
            .map(|(_, value)| value)
    }

    /// Returns the item at `index` of an array.
    pub fn item(self, index: usize) -> Option<Json<'a>> {
        self.items().nth(index)
    }

    /// Returns the decoded text of a string; lone surrogates and bytes that are not UTF-8 become U+FFFD.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        if self.kind != Kind::String {
            return None;
        }
        let raw = &self.text[1..self.text.len() - 1];
        Some(if self.escaped {
            Cow::Owned(unescape(raw))
        } else {
            String::from_utf8_lossy(raw)
        })
    }

    /// Returns a string's text without unescaping, when it holds no escape: the cheap way to compare.
    pub fn as_plain_str(self) -> Option<&'a [u8]> {
        let is_plain = self.kind == Kind::String && !self.escaped;
        is_plain.then(|| &self.text[1..self.text.len() - 1])
    }

    /// Appends a string's decoded bytes to `buffer` as they are, UTF-8 or not; false for any other kind.
    pub fn decode_into(self, buffer: &mut Vec<u8>) -> bool {
        if self.kind == Kind::String {
            unescape_into(&self.text[1..self.text.len() - 1], buffer);
        }
        self.kind == Kind::String
    }

    /// Returns the characters of a number as written.
    pub fn number_text(self) -> Option<&'a str> {
        (self.kind == Kind::Number)
            .then(|| std::str::from_utf8(self.text).ok())
            .flatten()
    }

    /// Returns a number as the nearest double.
    pub fn as_f64(self) -> Option<f64> {
        if self.kind != Kind::Number {
            return None;
        }
        short_decimal(self.text).or_else(|| self.number_text()?.parse().ok())
    }

    /// Returns a number written as an integer that fits 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        self.number_text()?.parse().ok()
    }
}

/// Walks the members of an object, checking the grammar as it goes.
///
/// After an error or the closing brace it yields nothing more. What came before an error stands: a record that
/// was cut can be read as far as it goes.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a [u8],
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    Next,
    Done,
}

impl<'a> Members<'a> {
    /// Starts at the `{` that begins `text` after blanks; what is not an object yields one error.
    pub fn new(text: &'a [u8]) -> Self {
        let start = skip_blanks(text, 0);
        if text.get(start) == Some(&b'{') {
            Self {
                text,
                at: start + 1,
                state: State::First,
            }
        } else {
            // Where a member should be, there is none: the first step reports it.
            Self {
                text,
                at: start,
                state: State::Next,
            }
        }
    }

    /// Returns the offset behind what has been read: behind the closing brace once the walk is over.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Returns whether a member stands before what is still to be read, and another or the end must follow.
    pub(crate) fn is_behind_one(&self) -> bool {
        self.state == State::Next
    }

    /// Starts at `at`, behind members that the caller has read.
    pub(crate) fn behind(text: &'a [u8], at: usize) -> Self {
        Self {
            text,
            at,
            state: State::Next,
        }
    }

    /// Goes on at `at`, behind members that the caller has read.
    pub(crate) fn go_on(&mut self, at: usize) {
        self.at = at;
    }

    fn step(&mut self) -> Result<Option<(Key<'a>, Json<'a>)>, Malformed> {
        let mut at = skip_blanks(self.text, self.at);
        match (self.text.get(at), self.state) {
            (Some(b'}'), _) => {
                self.at = at + 1;
                return Ok(None);
            }
            (Some(b','), State::Next) => at = skip_blanks(self.text, at + 1),
            (Some(_), State::First) => {}
            _ => return Err(malformed(self.text, at)),
        }
        let (key_end, escaped) = skip_string(self.text, at)?;
        let key = Key {
            raw: &self.text[at + 1..key_end - 1],
            escaped,
        };
        at = skip_blanks(self.text, key_end);
        if self.text.get(at) != Some(&b':') {
            return Err(malformed(self.text, at));
        }
        let start = skip_blanks(self.text, at + 1);
        let value = skip_value(self.text, start)?;
        self.at = value.end;
        self.state = State::Next;
        Ok(Some((key, Json::of(self.text, start, value))))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Key<'a>, Json<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let step = self.step().transpose();
        if !matches!(step, Some(Ok(_))) {
            self.state = State::Done;
        }
        step
    }
}
