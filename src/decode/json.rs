//! A scanner over one JSON text that finds where values are and decodes none that nobody asks for.
//!
//! It accepts what Python's `json` writes and standard JSON does not have (`NaN`, `Infinity`, integers of any
//! size, lone surrogates), checks the grammar of everything it passes over, and keeps no state per nesting level
//! but one bit, so that hostile depth costs time proportional to its length and nothing else. `serde_json` is the
//! reference it agrees with on all that `serde_json` accepts (a property test holds it to that).
//!
//! It does not build trees: see [`Json::members`] for walking, and `value` for owned results.

use std::borrow::Cow;

use memchr::memchr2;

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

/// One JSON value: its exact text, and what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    text: &'a [u8],
    kind: Kind,
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
        let (end, kind) = skip_value(text, start)?;
        match skip_blanks(text, end) {
            at if at == text.len() => Ok(Self {
                text: &text[start..end],
                kind,
            }),
            at => Err(Malformed { at, cut: false }),
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
            let (end, kind) = skip_value(self.text, start).ok()?;
            at = skip_blanks(self.text, end);
            at += usize::from(self.text.get(at) == Some(&b','));
            Some(Json {
                text: &self.text[start..end],
                kind,
            })
        })
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
        Some(match memchr::memchr(b'\\', raw) {
            Some(_) => Cow::Owned(unescape(raw)),
            None => String::from_utf8_lossy(raw),
        })
    }

    /// Returns a string's text without unescaping, when it holds no escape: the cheap way to compare.
    pub fn as_plain_str(self) -> Option<&'a [u8]> {
        let raw = (self.kind == Kind::String).then(|| &self.text[1..self.text.len() - 1])?;
        memchr::memchr(b'\\', raw).is_none().then_some(raw)
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
        self.number_text()?.parse().ok()
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

    /// Returns the text still to be read, when a member stands before it and another or the end must follow.
    pub(crate) fn rest(&self) -> Option<&'a [u8]> {
        (self.state == State::Next).then(|| &self.text[self.at..])
    }

    /// Reads the value of a member whose name the caller has recognized in the `lead` bytes before it.
    pub(crate) fn value_behind(&mut self, lead: usize) -> Result<Json<'a>, Malformed> {
        let start = self.at + lead;
        let read = skip_value(self.text, start);
        if let Ok((end, _)) = read {
            self.at = end;
        } else {
            self.state = State::Done;
        }
        read.map(|(end, kind)| Json {
            text: &self.text[start..end],
            kind,
        })
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
        let (end, kind) = skip_value(self.text, start)?;
        self.at = end;
        self.state = State::Next;
        Ok(Some((
            key,
            Json {
                text: &self.text[start..end],
                kind,
            },
        )))
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

fn malformed(text: &[u8], at: usize) -> Malformed {
    Malformed {
        at,
        cut: at >= text.len(),
    }
}

fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Returns the offset behind the value that begins at `at`, and its kind.
fn skip_value(text: &[u8], at: usize) -> Result<(usize, Kind), Malformed> {
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
fn skip_string(text: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
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
fn marked(word: u64, byte: u8) -> u64 {
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

/// Decodes the escapes of a string's inside; what no character can stand for becomes U+FFFD.
fn unescape(raw: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(raw.len());
    unescape_into(raw, &mut decoded);
    String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Decodes into the end of `decoded`, eight bytes at a time: the escapes of a record inside a string are close to
/// each other, so that searching for each would cost more than copying.
fn unescape_into(raw: &[u8], decoded: &mut Vec<u8>) {
    let start = decoded.len();
    // Decoding never lengthens but for one escape cut off at the end; the rest is room for whole words.
    decoded.resize(start + raw.len() + 8, 0);
    let room = &mut decoded[start..];
    let (mut at, mut end) = (0, 0);
    while let Some(word) = raw.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        room[end..end + 8].copy_from_slice(word);
        let escape = marked(u64::from_le_bytes(*word), b'\\');
        let plain = (escape.trailing_zeros() / 8) as usize;
        (at, end) = (at + plain, end + plain);
        if plain < 8 {
            let (read, written) = put_escape(&raw[at..], &mut room[end..]);
            (at, end) = (at + read, end + written);
        }
    }
    while at < raw.len() {
        if raw[at] == b'\\' {
            let (read, written) = put_escape(&raw[at..], &mut room[end..]);
            (at, end) = (at + read, end + written);
        } else {
            room[end] = raw[at];
            (at, end) = (at + 1, end + 1);
        }
    }
    decoded.truncate(start + end);
}

/// Writes what the escape that begins `text` stands for; returns how much was read and written.
#[inline]
fn put_escape(text: &[u8], room: &mut [u8]) -> (usize, usize) {
    // A JSON record inside a string is mostly these.
    if let Some(&same @ (b'"' | b'\\' | b'/')) = text.get(1) {
        room[0] = same;
        return (2, 1);
    }
    let (character, length) = decode_escape(text);
    (length, character.encode_utf8(room).len())
}

/// Returns the character of the escape that begins `text`, and the escape's length.
fn decode_escape(text: &[u8]) -> (char, usize) {
    match text.get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => decode_unicode(text),
        Some(&other) => (other as char, 2),
        None => ('\\', 1),
    }
}

fn decode_unicode(text: &[u8]) -> (char, usize) {
    let Some(first) = hex4(text) else {
        return (char::REPLACEMENT_CHARACTER, text.len().min(6));
    };
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    // A high surrogate counts only together with the low one behind it.
    let low = text.get(6..).filter(|_| first < 0xDC00).and_then(hex4);
    match low {
        Some(low @ 0xDC00..=0xDFFF) => {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00);
            (
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                12,
            )
        }
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

fn hex4(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text_of(json: &str, name: &str) -> String {
        let value = Json::parse(json.as_bytes())
            .expect("valid")
            .get(name)
            .expect("present");
        value.as_str().expect("a string").into_owned()
    }

    #[test]
    fn members_come_in_order_with_their_exact_text() {
        let json =
            Json::parse(br#" {"a": 1.50, "b" : [1, {"c": "]"}], "a": null} "#).expect("valid");
        let members: Vec<(String, &[u8])> = json
            .members()
            .map(|m| m.expect("valid"))
            .map(|(k, v)| (k.text().into_owned(), v.text()))
            .collect();
        let expected: [(&str, &[u8]); 3] =
            [("a", b"1.50"), ("b", br#"[1, {"c": "]"}]"#), ("a", b"null")];
        assert_eq!(members, expected.map(|(k, v)| (k.to_owned(), v)));
        assert_eq!(json.get("a").expect("present").kind(), Kind::Null);
    }

    #[test]
    fn what_python_writes_beyond_the_standard_is_read() {
        let json = br#"{"a": NaN, "b": -Infinity, "c": 1180591620717411303424, "d": 1e+22}"#;
        let json = Json::parse(json).expect("valid");
        assert_eq!(json.get("a").expect("present").kind(), Kind::NonFinite);
        assert_eq!(
            json.get("c").expect("present").number_text(),
            Some("1180591620717411303424")
        );
        assert_eq!(json.get("d").expect("present").as_f64(), Some(1e22));
    }

    #[test]
    fn escapes_are_decoded_and_lone_surrogates_replaced() {
        assert_eq!(
            text_of(r#"{"x": "\u6771\u4eac \ud83d\ude00\n\"\\"}"#, "x"),
            "東京 😀\n\"\\"
        );
        assert_eq!(
            text_of(r#"{"x": "a\ud83db\udc00\ud83d\u0041"}"#, "x"),
            "a\u{fffd}b\u{fffd}\u{fffd}A"
        );
        assert_eq!(text_of(r#"{"\u0078": "found"}"#, "x"), "found");
    }

    #[test]
    fn a_cut_record_is_read_as_far_as_it_goes() {
        let mut members = Members::new(br#"{"levelname": "ERROR", "message": "half of th"#);
        assert!(members.next().expect("one").is_ok());
        assert_eq!(members.next(), Some(Err(Malformed { at: 45, cut: true })));
        assert_eq!(members.next(), None);
    }

    #[test]
    fn text_around_an_object_is_malformed() {
        for text in [
            r#"x {"a":1}"#,
            r#"{"a":1} {"b":2}"#,
            r#"{"a":1}}"#,
            "{'a': 1}",
            r#"{"a":01}"#,
            "",
            "{",
        ] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_no_problem() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert!(Json::parse(deep.as_bytes()).is_ok());
        assert!(Json::parse(&deep.as_bytes()[..399_999]).is_err_and(|error| error.cut));
        let mixed = r#"{"a":["#.repeat(100) + &"]}".repeat(100);
        assert!(Json::parse(mixed.as_bytes()).is_ok());
        let crossed = r#"{"a":["#.repeat(100) + &"}]".repeat(100);
        assert!(Json::parse(crossed.as_bytes()).is_err());
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Rebuilds a serde value through this scanner, to compare whole trees.
    fn rebuilt(json: Json<'_>) -> serde_json::Value {
        match json.kind() {
            Kind::Object => {
                let members = json.members().map(|m| m.expect("valid"));
                members
                    .map(|(key, value)| (key.text().into_owned(), rebuilt(value)))
                    .collect()
            }
            Kind::Array => json.items().map(rebuilt).collect(),
            Kind::String => json.as_str().expect("a string").into(),
            _ => serde_json::from_slice(json.text()).expect("a scalar"),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_what_it_writes(value in any_json()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("printable")] {
                let reference: serde_json::Value = serde_json::from_str(&text).expect("valid");
                prop_assert_eq!(rebuilt(Json::parse(text.as_bytes()).expect("valid")), reference);
            }
        }

        #[test]
        fn agrees_with_serde_json_on_near_json(text in r#"[\[\]{}",:0-9eE.\\/nulltruefas \t+-]{0,24}"#) {
            if let Ok(reference) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(rebuilt(Json::parse(text.as_bytes()).expect("serde took it")), reference);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(json) = Json::parse(&bytes) {
                rebuilt_shape(json);
            }
            Members::new(&bytes).for_each(drop);
        }
    }

    fn rebuilt_shape(json: Json<'_>) {
        json.members().for_each(drop);
        json.items().for_each(drop);
        let _ = (json.as_str(), json.as_f64(), json.as_plain_str());
    }
}
