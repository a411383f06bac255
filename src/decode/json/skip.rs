//! Passing over values: where each ends, checking its grammar, decoding nothing.

use memchr::memchr2;

use super::{Kind, Malformed};

pub(super) fn malformed(text: &[u8], at: usize) -> Malformed {
    Malformed {
        at,
        cut: at >= text.len(),
    }
}

pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Returns the offset behind the value that begins at `at`, and its kind.
pub(super) fn skip_value(text: &[u8], at: usize) -> Result<(usize, Kind), Malformed> {
    match text.get(at) {
        Some(b'"') => Ok((skip_string(text, at)?.0, Kind::String)),
        Some(b'{') => Ok((skip_container(text, at)?, Kind::Object)),
        Some(b'[') => Ok((skip_container(text, at)?, Kind::Array)),
        _ => skip_scalar(text, at),
    }
}

fn skip_scalar(text: &[u8], at: usize) -> Result<(usize, Kind), Malformed> {
    match text.get(at) {
        Some(b'-') if text.get(at + 1) == Some(&b'I') => {
            Ok((skip_word(text, at, b"-Infinity")?, Kind::NonFinite))
        }
        Some(b'-' | b'0'..=b'9') => Ok((skip_number(text, at)?, Kind::Number)),
        Some(b't') => Ok((skip_word(text, at, b"true")?, Kind::True)),
        Some(b'f') => Ok((skip_word(text, at, b"false")?, Kind::False)),
        Some(b'n') => Ok((skip_word(text, at, b"null")?, Kind::Null)),
        Some(b'N') => Ok((skip_word(text, at, b"NaN")?, Kind::NonFinite)),
        Some(b'I') => Ok((skip_word(text, at, b"Infinity")?, Kind::NonFinite)),
        _ => Err(malformed(text, at)),
    }
}

fn skip_word(text: &[u8], at: usize, word: &[u8]) -> Result<usize, Malformed> {
    let rest = &text[at..];
    if rest.starts_with(word) {
        return Ok(at + word.len());
    }
    Err(Malformed {
        at,
        cut: word.starts_with(rest),
    })
}

fn skip_digits(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let start = at;
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
pub(super) fn skip_string(text: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
    if text.get(at) != Some(&b'"') {
        return Err(malformed(text, at));
    }
    let mut escaped = false;
    let mut at = at + 1;
    loop {
        at = find_quote_or_backslash(text, at);
        match text.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(_) => at = skip_escape(text, at)?,
            None => return Err(malformed(text, at)),
        }
        escaped = true;
    }
}

fn skip_escape(text: &[u8], at: usize) -> Result<usize, Malformed> {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let end = (at + 2..at + 6).find(|&at| !text.get(at).is_some_and(u8::is_ascii_hexdigit));
            end.map_or(Ok(at + 6), |bad| Err(malformed(text, bad)))
        }
        _ => Err(malformed(text, at + 1)),
    }
}

/// Finds the next `"` or `\` at or after `at`, or the end of the text.
///
/// Most strings of a log record are short: eight bytes at a time beat the set-up cost of a vector search, which
/// takes over for the long ones (tracebacks).
fn find_quote_or_backslash(text: &[u8], mut at: usize) -> usize {
    let vector_from = at + 32;
    while at < vector_from {
        let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        let hit = marked(word, b'"') | marked(word, b'\\');
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    memchr2(b'"', b'\\', rest).map_or(text.len(), |found| at + found)
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
            Some(b'"') => at = skip_string(text, at)?.0,
            _ => at = skip_scalar(text, at)?.0,
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
