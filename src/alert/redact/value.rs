//! Where a value ends: quoted at any depth of escaping, a list of quoted ones, a header, or a bare word.

use std::ops::Range;

use super::shapes::looks_random;

/// Whether what follows may be a sentence: "token: expired".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prose {
    /// It is a value.
    No,
    /// A short plain word is one of a sentence.
    Likely,
}

/// Words that say that there is no value.
const NOTHING: [&str; 11] = [
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "nan",
    "empty",
    "missing",
    "unset",
    // What a pass before this one has left.
    "redacted",
];
/// Schemes that are followed by one word.
const SCHEMES: [&str; 9] = [
    "basic",
    "bearer",
    "token",
    "apikey",
    "api-key",
    "negotiate",
    "jwt",
    "key",
    "ssws",
];
/// Schemes that are followed by a list up to the end of the line.
const LIST_SCHEMES: [&str; 5] = ["digest", "aws4-hmac-sha256", "oauth", "hawk", "signature"];
/// A longer word is always taken out: looking at it again for each name inside it would take too long.
const LONGEST_HARMLESS: usize = 200;
/// The longest word of a sentence that is left after a name that is also a word of prose.
const LONGEST_WORD: usize = 10;

/// Reads the value behind one name.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    /// The whole name, such as `DB_PASSWORD`.
    pub(super) name: &'t str,
    pub(super) prose: Prose,
    pub(super) is_authorization: bool,
    pub(super) is_cookie: bool,
    pub(super) is_tag: bool,
}

/// A quotation mark with the backslashes before it.
#[derive(Clone, Copy)]
struct Quote {
    mark: u8,
    escapes: usize,
}

/// Returns whether a text begins with a quoted value.
pub(super) fn is_quoted(text: &str) -> bool {
    opening(text, 0).is_some()
}

impl Reader<'_> {
    /// Returns the places of the secrets of a value that begins at `at`; none when it holds none.
    pub(super) fn secrets(&self, at: usize) -> Vec<Range<usize>> {
        let rest = &self.text[at..];
        if self.is_tag {
            let end = rest.find('<').unwrap_or(rest.len());
            return filled(at..at + end);
        }
        let inner = at
            + rest
                .bytes()
                .take_while(|b| matches!(b, b'[' | b'(' | b'{'))
                .count();
        if opening(self.text, inner).is_some() {
            return self.quoted_list(inner, inner > at);
        }
        if self.is_authorization
            && let Some(secret) = self.credentials(at)
        {
            return filled(secret);
        }
        if self.is_cookie
            && let Some(secret) = self.cookies(at)
        {
            return vec![secret];
        }
        let word = self.word(at);
        if self.is_harmless(&self.text[word.clone()]) {
            return Vec::new();
        }
        filled(word)
    }

    /// Reads one quoted value, or all of a bracketed list or object.
    fn quoted_list(&self, mut at: usize, is_list: bool) -> Vec<Range<usize>> {
        let mut secrets = Vec::new();
        while let Some((start, quote)) = opening(self.text, at) {
            let (end, next) = closing(self.text, start, quote);
            let content = &self.text[start..end];
            if !is_masked(content) {
                secrets.extend(filled(start..end));
            }
            let rest = &self.text[next..];
            let gap = rest.len() - rest.trim_start_matches([',', ':', ' ']).len();
            at = next + gap;
            if !is_list || gap == 0 {
                break;
            }
        }
        secrets
    }

    /// Reads `Bearer abc` and the like, keeping the scheme; an empty place when nothing of it is secret.
    fn credentials(&self, at: usize) -> Option<Range<usize>> {
        let line = line_at(self.text, at);
        let scheme = line.split([' ', '\t']).next()?;
        let after = &line[scheme.len()..];
        let blanks = after.len() - after.trim_start().len();
        let start = at + scheme.len() + blanks;
        let is_one_of = |list: &[&str]| list.iter().any(|one| scheme.eq_ignore_ascii_case(one));
        if blanks == 0 {
            return None;
        }
        if is_one_of(&LIST_SCHEMES) {
            return Some(start..at + line.len());
        }
        let word = self.word(start);
        let credentials = &self.text[word.clone()];
        if is_one_of(&SCHEMES) && is_masked(credentials) {
            return Some(start..start);
        }
        (is_one_of(&SCHEMES) || looks_random(credentials)).then_some(word)
    }

    /// Reads `a=b; c=d`.
    fn cookies(&self, at: usize) -> Option<Range<usize>> {
        let line = line_at(self.text, at);
        let length = line.find(['"', '\'']).unwrap_or(line.len());
        let first = line[..length].split([' ', ';']).next()?;
        first.contains('=').then_some(at..at + length)
    }

    /// Reads up to a blank, a quotation mark, or a comma that begins something new.
    fn word(&self, at: usize) -> Range<usize> {
        let bytes = self.text.as_bytes();
        let mut end = at;
        while let Some(c) = self.text[end..].chars().next() {
            let before = end.checked_sub(1).filter(|_| end > at).map(|at| bytes[at]);
            let after = bytes.get(end + 1);
            let ends = match c {
                '"' | '\'' if matches!(before, Some(b'(' | b'[' | b'{' | b'=')) => {
                    let quote = Quote {
                        mark: c as u8,
                        escapes: 0,
                    };
                    end = closing(self.text, end + 1, quote).1;
                    continue;
                }
                '"' | '\'' => !(is_word(before.as_ref()) && is_word(after)),
                ',' | ';' | '&' => begins_something(&self.text[end + 1..]),
                '<' | '>' | '`' | '、' | '。' | '」' => true,
                c => c.is_whitespace(),
            };
            if ends {
                break;
            }
            end += c.len_utf8();
        }
        let closers = |c| matches!(c, ')' | ']' | '}' | ',' | ';' | '\\');
        at..at + self.text[at..end].trim_end_matches(closers).len()
    }

    /// Returns whether a bare word is no secret: nothing, a mask, a place to fill in, or a name of a secret.
    fn is_harmless(&self, word: &str) -> bool {
        let is_path = self.name.ends_with("PWD") && word.starts_with('/');
        word.len() <= LONGEST_HARMLESS
            && (is_masked(word)
                || is_path
                || word.starts_with("arn:aws")
                || self.is_reference(word)
                || (self.prose == Prose::Likely && is_plain_word(word)))
    }

    /// Returns whether a word is code: `password`, `self.password`, `get_token(`.
    fn is_reference(&self, word: &str) -> bool {
        let path = word.split(['(', '[']).next().unwrap_or_default();
        let is_code = path.len() < word.len() || path.contains('.');
        let is_identifier = |part: &str| {
            !part.starts_with(|c: char| c.is_ascii_digit())
                && !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let last = self.name.rsplit(['_', '-', '.']).next().unwrap_or_default();
        let names_it = path
            .to_ascii_lowercase()
            .ends_with(&last.to_ascii_lowercase());
        let holds_text = word.contains(['"', '\'']);
        word == self.name
            || (is_code && names_it && !holds_text && path.split('.').all(is_identifier))
    }
}

/// Returns where a quoted value's content begins, and how it is quoted.
fn opening(text: &str, at: usize) -> Option<(usize, Quote)> {
    let bytes = &text.as_bytes()[at..];
    let prefix = usize::from(matches!(bytes.first(), Some(b'b' | b'u' | b'r' | b'f')));
    let escapes = bytes[prefix..].iter().take_while(|b| **b == b'\\').count();
    let mark = *bytes.get(prefix + escapes)?;
    let quote = Quote { mark, escapes };
    matches!(mark, b'"' | b'\'').then_some((at + prefix + escapes + 1, quote))
}

/// Returns where a quoted value's content ends, and where the text goes on; without a closing mark, at the line's end.
///
/// Each time a quoted text is quoted again, its backslashes double and each mark gets one more: a mark inside the
/// value has another number of backslashes than the mark that closes it.
fn closing(text: &str, start: usize, quote: Quote) -> (usize, usize) {
    let mut escapes = 0;
    for (at, byte) in text.as_bytes()[start..].iter().enumerate() {
        match byte {
            b'\n' => return (start + at, start + at),
            b'\\' => {
                escapes += 1;
                continue;
            }
            mark if *mark == quote.mark && escapes % (2 * (quote.escapes + 1)) == quote.escapes => {
                return (start + at - quote.escapes, start + at + 1);
            }
            _ => {}
        }
        escapes = 0;
    }
    (text.len(), text.len())
}

/// Returns whether a comma or the like before this text separates: nothing follows, a blank, or a new name.
fn begins_something(rest: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    let name = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let after = &rest[name..];
    match name {
        0 => {
            after.starts_with(|c: char| c.is_whitespace() || "\"'\\".contains(c)) || rest.is_empty()
        }
        _ => after.starts_with(['=', ':']) || after.starts_with("%3"),
    }
}

/// Returns whether a value is nothing, a row of stars, or a place to fill in.
fn is_masked(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| "()[]{}.,;".contains(c));
    let is_row = bare.chars().all(|c| "*xX•.-_#".contains(c));
    let is_place = (word.starts_with('{') && word.ends_with('}') && !word.contains([':', '"']))
        || word.starts_with("${")
        || matches!(word, "%s" | "%r" | "?")
        || word.starts_with("%(");
    is_row
        || is_place
        || NOTHING
            .iter()
            .any(|nothing| bare.eq_ignore_ascii_case(nothing))
}

fn is_plain_word(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '!', '?', ':']);
    word.chars().count() <= LONGEST_WORD
        && word.chars().all(char::is_alphabetic)
        && !looks_random(word)
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_alphanumeric)
}

fn line_at(text: &str, at: usize) -> &str {
    text[at..].lines().next().unwrap_or_default()
}

fn filled(range: Range<usize>) -> Vec<Range<usize>> {
    if range.is_empty() {
        Vec::new()
    } else {
        vec![range]
    }
}
