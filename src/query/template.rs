//! Texts of log lines with placeholders for what varies in them: the first step of `pattern`.
//!
//! A word with a digit varies, all else is taken as it stands. Which of the other words vary shows only when many
//! texts are put side by side; that is done over templates, of which there are few (`exec::ordered::cluster`).
//! All of it is an approximation of what the service does.

use std::net::IpAddr;

use crate::value::parse_number;

/// Stands in front of a placeholder's letter. In the text itself it is replaced.
const MARK: char = '\0';

/// What a varying part looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A date, a time, or both.
    Time,
    /// A UUID.
    Uuid,
    /// An address.
    Ip,
    /// A number, also with a unit.
    Number,
    /// Anything else.
    Token,
}

/// Kinds with their letter in a template and their name in a pattern.
const KINDS: &[(Kind, char, &str)] = &[
    (Kind::Time, 't', "Time"),
    (Kind::Uuid, 'u', "UUID"),
    (Kind::Ip, 'i', "IP"),
    (Kind::Number, 'n', "Number"),
    (Kind::Token, 'w', "Token"),
];

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part<'t> {
    /// Signs and blanks between words.
    Between(&'t str),
    /// A word that does not vary.
    Word(&'t str),
    /// A word that varies.
    Varying(Kind),
}

/// Returns a text's template.
pub(crate) fn of(text: &str) -> String {
    let mut template = String::with_capacity(text.len());
    for piece in pieces(text) {
        match kind(piece) {
            Some(kind) => push_kind(kind, &mut template),
            None => template.extend(
                piece
                    .chars()
                    .map(|c| if c == MARK { '\u{fffd}' } else { c }),
            ),
        }
    }
    template
}

fn push_kind(kind: Kind, template: &mut String) {
    let letter = KINDS.iter().find(|(known, ..)| *known == kind);
    template.push(MARK);
    template.push(letter.map_or('w', |(_, letter, _)| *letter));
}

/// Returns the parts of a template.
pub(crate) fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (at, stretch) in template.split(MARK).enumerate() {
        let mut rest = stretch;
        if at > 0 {
            let letter = rest.chars().next().unwrap_or('w');
            let known = KINDS.iter().find(|(_, known, _)| *known == letter);
            parts.push(Part::Varying(known.map_or(Kind::Token, |(kind, ..)| *kind)));
            rest = &rest[letter.len_utf8().min(rest.len())..];
        }
        parts.extend(pieces(rest).map(|piece| match piece.chars().next() {
            Some(first) if is_sign(first) => Part::Between(piece),
            _ => Part::Word(piece),
        }));
    }
    parts
}

/// Returns the pattern that people read: placeholders by their kind, numbered from the left.
pub(crate) fn pattern(parts: &[Part<'_>]) -> String {
    let mut pattern = String::new();
    let mut number = 0;
    for part in parts {
        match part {
            Part::Between(text) | Part::Word(text) => pattern.push_str(text),
            Part::Varying(kind) => {
                number += 1;
                let name = KINDS.iter().find(|(known, ..)| known == kind);
                let name = name.map_or("Token", |(.., name)| name);
                pattern.extend(["<", name, "-", &number.to_string(), ">"]);
            }
        }
    }
    pattern
}

/// Guesses how bad it is what a pattern tells of.
pub(crate) fn severity(pattern: &str) -> &'static str {
    let pattern = pattern.to_ascii_lowercase();
    if pattern.contains("error") {
        "ERROR"
    } else if pattern.contains("warn") {
        "WARN"
    } else {
        "INFO"
    }
}

/// Divides a text into words and what stands between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let sign = is_sign(first);
        let mut end = rest.find(|c| is_sign(c) != sign).unwrap_or(rest.len());
        if !sign {
            // Punctuation at a word's end is none of it.
            let word = rest[..end].trim_end_matches(['.', ':', '!', '?']);
            end = if word.is_empty() { end } else { word.len() };
        }
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// Says whether a character stands between words.
fn is_sign(c: char) -> bool {
    c.is_whitespace() || "\"'`()[]{}<>,;=|/\\&#*".contains(c)
}

/// Returns the kind of a word that varies.
fn kind(word: &str) -> Option<Kind> {
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if is_uuid(word) {
        Kind::Uuid
    } else if word.parse::<IpAddr>().is_ok() || is_address_with_port(word) {
        Kind::Ip
    } else if is_number(word) {
        Kind::Number
    } else if is_time(word) {
        Kind::Time
    } else {
        Kind::Token
    })
}

fn is_uuid(word: &str) -> bool {
    let groups = word.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12])
        && word
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_address_with_port(word: &str) -> bool {
    let divided = word.rsplit_once(':');
    divided.is_some_and(|(address, port)| {
        address.contains('.') && address.parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok()
    })
}

/// Numbers, and numbers with a short unit: `12`, `1.5ms`, `80%`.
fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
    word.len() - digits.len() <= 4 && parse_number(digits).is_some()
}

/// Digits in groups, joined as dates and times join them.
fn is_time(word: &str) -> bool {
    let joins = word.matches(['-', ':']).count();
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z' | '+');
    (2..=6).contains(&joins) && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        pattern(&parts(&of(text)))
    }

    #[test]
    fn words_with_digits_vary() {
        for (text, expect) in [
            ("cache cleared", "cache cleared"),
            (
                "took 12ms, 80% of 3.5",
                "took <Number-1>, <Number-2> of <Number-3>",
            ),
            (
                "2026-03-02T10:00:00Z GET /orders/12/?a=b",
                "<Time-1> GET /orders/<Number-2>/?a=b",
            ),
            ("from 10.0.0.1:443 to ::1.", "from <IP-1> to <IP-2>."),
            ("id 0b6c3a5e-1d2f-4a6b-8c9d-001122334455", "id <UUID-1>"),
            (
                "{\"user\": \"u17\", \"ok\": true}",
                "{\"user\": \"<Token-1>\", \"ok\": true}",
            ),
            ("注文 15 件\0", "注文 <Number-1> 件\u{fffd}"),
            ("...", "..."),
            ("", ""),
        ] {
            assert_eq!(shown(text), expect, "{text}");
        }
    }

    #[test]
    fn a_pattern_tells_how_bad_it_is() {
        assert_eq!(severity("ValueError: <Token-1>"), "ERROR");
        assert_eq!(severity("Warning"), "WARN");
        assert_eq!(severity("ok"), "INFO");
    }
}
