//! The escapes of strings.

use super::skip::marked;

/// Decodes the escapes of a string's inside; what no character can stand for becomes U+FFFD.
pub(super) fn unescape(raw: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(raw.len());
    unescape_into(raw, &mut decoded);
    String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Decodes into the end of `decoded`, eight bytes at a time: the escapes of a record inside a string are close to
/// each other, so that searching for each would cost more than copying.
pub(super) fn unescape_into(raw: &[u8], decoded: &mut Vec<u8>) {
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
