//! Passing over values: where each ends, checking its grammar, decoding nothing.

#![expect(
    clippy::inline_always,
    reason = "a call for each short value would cost as much as passing over it"
)]

use memchr::memchr2;
use wide::u8x16;

use super::{Kind, Malformed};
use crate::decode::digits;

/// Where a value ends, and what it is.
#[derive(Clone, Copy)]
pub(crate) struct Skipped {
    /// The offset behind it.
    pub(crate) end: usize,
    pub(super) kind: Kind,
    /// Whether it is a string with escapes.
    pub(super) escaped: bool,
}

impl Skipped {
    /// Returns whether it is an object or an array.
    #[inline]
    pub(crate) fn holds_others(self) -> bool {
        matches!(self.kind, Kind::Object | Kind::Array)
    }

    fn plain(end: usize, kind: Kind) -> Self {
        Self {
            end,
            kind,
            escaped: false,
        }
    }
}

#[cold]
pub(super) fn malformed(text: &[u8], at: usize) -> Malformed {
    Malformed {
        at,
        cut: at >= text.len(),
    }
}

#[inline]
pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Passes over the value that begins at `at`.
///
/// Strings and short numbers, which nearly all values are, take no call.
#[inline(always)]
pub(crate) fn skip_value(text: &[u8], at: usize) -> Result<Skipped, Malformed> {
    match text.get(at) {
        Some(b'"') => skip_text(text, at + 1),
        Some(b'1'..=b'9') => match short_number(text, at) {
            Some(end) => Ok(Skipped::plain(end, Kind::Number)),
            None => Ok(Skipped::plain(skip_number(text, at)?, Kind::Number)),
        },
        _ => skip_other(text, at),
    }
}

/// Passes over the rest of the string whose inside begins at `at`.
#[inline(always)]
pub(crate) fn skip_text(text: &[u8], at: usize) -> Result<Skipped, Malformed> {
    let (end, escaped) = skip_inside(text, at)?;
    Ok(Skipped {
        end,
        kind: Kind::String,
        escaped,
    })
}

#[inline(never)]
fn skip_other(text: &[u8], at: usize) -> Result<Skipped, Malformed> {
    match text.get(at) {
        Some(b'{') => Ok(Skipped::plain(skip_container(text, at)?, Kind::Object)),
        Some(b'[') => Ok(Skipped::plain(skip_container(text, at)?, Kind::Array)),
        Some(b'-') if text.get(at + 1) == Some(&b'I') => {
            skip_word(text, at, b"-Infinity", Kind::NonFinite)
        }
        Some(b'-' | b'0'..=b'9') => Ok(Skipped::plain(skip_number(text, at)?, Kind::Number)),
        Some(b't') => skip_word(text, at, b"true", Kind::True),
        Some(b'f') => skip_word(text, at, b"false", Kind::False),
        Some(b'n') => skip_word(text, at, b"null", Kind::Null),
        Some(b'N') => skip_word(text, at, b"NaN", Kind::NonFinite),
        Some(b'I') => skip_word(text, at, b"Infinity", Kind::NonFinite),
        _ => Err(malformed(text, at)),
    }
}

fn skip_word(text: &[u8], at: usize, word: &[u8], kind: Kind) -> Result<Skipped, Malformed> {
    let rest = &text[at..];
    if rest.starts_with(word) {
        return Ok(Skipped::plain(at + word.len(), kind));
    }
    Err(Malformed {
        at,
        cut: word.starts_with(rest),
    })
}

/// Returns the offset behind a number that begins with another digit than zero, when sixteen bytes tell it: digits,
/// perhaps a fraction, and no exponent.
#[inline]
fn short_number(text: &[u8], at: usize) -> Option<usize> {
    let bytes = text.get(at..).and_then(<[u8]>::first_chunk::<16>)?;
    let values = u8x16::new(*bytes) ^ u8x16::splat(b'0');
    let others = !values.min(u8x16::splat(9)).simd_eq(values).to_bitmask() & 0xFFFF;
    let mut length = others.trailing_zeros();
    if bytes.get(length as usize) == Some(&b'.') {
        let whole = length + 1;
        length = (others & others.wrapping_sub(1)).trailing_zeros();
        if length == whole {
            return None;
        }
    }
    let behind = bytes.get(length as usize)?;
    (!matches!(behind, b'e' | b'E')).then_some(at + length as usize)
}

fn skip_digits(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let start = at;
    while let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let digits = digits::leading(*bytes);
        at += digits;
        if digits < 8 {
            break;
        }
    }
    while matches!(text.get(at), Some(b'0'..=b'9')) {
        at += 1;
    }
    if at == start {
        Err(malformed(text, at))
    } else {
        Ok(at)
    }
}

fn skip_number(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    at += usize::from(text[at] == b'-');
    at = match text.get(at) {
        Some(b'0') => at + 1,
        _ => skip_digits(text, at)?,
    };
    if text.get(at) == Some(&b'.') {
        at = skip_digits(text, at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        at = skip_digits(text, at)?;
    }
    Ok(at)
}

/// Returns the offset behind the closing quote of the string that begins at `at`, and whether it has escapes.
#[inline(always)]
pub(super) fn skip_string(text: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
    if text.get(at) != Some(&b'"') {
        return Err(malformed(text, at));
    }
    skip_inside(text, at + 1)
}

/// Does the same from behind the opening quote on.
#[inline(always)]
fn skip_inside(text: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
    let end = find_quote_or_backslash(text, at);
    if text.get(end) == Some(&b'"') {
        return Ok((end + 1, false));
    }
    Ok((skip_escaped(text, end)?, true))
}

/// Returns the offset behind the closing quote of the string that has the escape, or the end, at `at`.
#[inline(never)]
fn skip_escaped(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        // In a text that is not Latin one such escape comes after the other.
        while let Some(&[b'\\', b'u', a, b, c, d]) = text.get(at..).and_then(<[u8]>::first_chunk)
            && [a, b, c, d].iter().all(|&digit| HEX[usize::from(digit)])
        {
            at += 6;
        }
        match text.get(at) {
            Some(b'\\') => at = skip_escape(text, at)?,
            Some(b'"') => return Ok(at + 1),
            Some(_) => at = find_quote_or_backslash(text, at + 1),
            None => return Err(malformed(text, at)),
        }
    }
}

#[inline]
fn skip_escape(text: &[u8], at: usize) -> Result<usize, Malformed> {
    match text.get(at + 1) {
        Some(b'u') => {
            let end = (at + 2..at + 6).find(|&at| !text.get(at).is_some_and(u8::is_ascii_hexdigit));
            end.map_or(Ok(at + 6), |bad| Err(malformed(text, bad)))
        }
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        _ => Err(malformed(text, at + 1)),
    }
}

/// Which bytes are hexadecimal digits.
const HEX: [bool; 256] = {
    let mut hex = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        hex[byte] = (byte as u8).is_ascii_hexdigit();
        byte += 1;
    }
    hex
};

/// Finds the next `"` or `\` at or after `at`, or the end of the text.
///
/// Most strings of a log record are short: thirty-two bytes at a time beat the set-up cost of a search, which takes
/// over for the long ones (tracebacks).
#[inline(always)]
fn find_quote_or_backslash(text: &[u8], at: usize) -> usize {
    let mut at = at;
    for _ in 0..2 {
        let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) else {
            break;
        };
        let hits = quotes_and_backslashes(chunk);
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 32;
    }
    find_further(text, at)
}

/// Does the same where there are less than thirty-two bytes, or very many.
#[inline(never)]
fn find_further(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(last) = text.last_chunk()
        && rest.len() < 32
    {
        let hits = quotes_and_backslashes(last).unbounded_shr(32 - rest.len() as u32);
        return text.len().min(at + hits.trailing_zeros() as usize);
    }
    memchr2(b'"', b'\\', rest).map_or(text.len(), |found| at + found)
}

/// Returns a bit for each byte, the lowest for the first.
#[inline(always)]
fn quotes_and_backslashes(bytes: &[u8; 32]) -> u32 {
    let [first, second] = bytes.as_chunks::<16>().0 else {
        return 0;
    };
    let hits = |bytes: &[u8; 16]| {
        let bytes = u8x16::new(*bytes);
        (bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
    };
    hits(first) | hits(second) << 16
}

/// Marks the bytes of a little-endian word that equal `byte` by their highest bit; the first mark is exact.
#[inline]
pub(super) fn marked(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let differs = word ^ (LOW * u64::from(byte));
    differs.wrapping_sub(LOW) & !differs & HIGH
}

/// The kinds of the open containers, one bit each: what closes next, whatever the depth.
#[derive(Default)]
struct Nesting {
    bits: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Nesting {
    fn open(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    fn in_object(&self) -> bool {
        self.bits & 1 == 1
    }
}

/// Returns the offset behind the container that begins at `at`.
fn skip_container(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let mut nesting = Nesting::default();
    loop {
        // Here a value begins.
        match text.get(at) {
            Some(&open @ (b'{' | b'[')) => {
                let object = open == b'{';
                nesting.open(object);
                at = skip_blanks(text, at + 1);
                if text.get(at) == Some(if object { &b'}' } else { &b']' }) {
                    at += 1;
                    nesting.close();
                } else {
                    at = if object { skip_key(text, at)? } else { at };
                    continue;
                }
            }
            _ => at = skip_value(text, at)?.end,
        }
        // Here a value has ended: close what closes, or go on to the next value.
        loop {
            if nesting.depth == 0 {
                return Ok(at);
            }
            at = skip_blanks(text, at);
            match (text.get(at), nesting.in_object()) {
                (Some(b'}'), true) | (Some(b']'), false) => {
                    at += 1;
                    nesting.close();
                }
                (Some(b','), object) => {
                    at = skip_blanks(text, at + 1);
                    at = if object { skip_key(text, at)? } else { at };
                    break;
                }
                _ => return Err(malformed(text, at)),
            }
        }
    }
}

/// Passes over `"name" :` and the blanks behind it.
fn skip_key(text: &[u8], at: usize) -> Result<usize, Malformed> {
    let at = skip_blanks(text, skip_string(text, at)?.0);
    match text.get(at) {
        Some(b':') => Ok(skip_blanks(text, at + 1)),
        _ => Err(malformed(text, at)),
    }
}
