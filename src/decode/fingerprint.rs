//! What makes two errors the same one: a text without everything that varies, and a hash over what is left.
//!
//! The fingerprint of an error with a traceback is made of its class, the application's innermost function (file
//! and name, not the line) and the normalised first line of its message; without an application frame, of class
//! and message, or the innermost function of all when the message says nothing once it is normalised; without an
//! exception, of logger and message. So it stays the same over other ids, amounts, hosts
//! and line numbers, other versions of Python and of libraries.
//!
//! It begins with a version. Whoever stores fingerprints can tell when the rules have changed.

use sha2::{Digest, Sha256};

/// The version of the rules below.
const VERSION: &str = "v1";
/// A normalised message is cut behind this many characters: what identifies an error comes first.
const MAX_CHARS: usize = 200;
/// Only this much of a message is looked at.
const MAX_READ: usize = 4 * 1024;

/// Hashes what identifies an error.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let first_eight = digest.iter().take(8);
    let number = first_eight.fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    format!("{VERSION}:{number:016x}")
}

/// Takes out of a message's first line what differs between two occurrences of one error.
///
/// | in the message | becomes |
/// | --- | --- |
/// | text in quotes of any kind | `'…'` |
/// | a signal in quotes (`'signal 9 (SIGKILL)'`) | `SIGKILL` |
/// | an error code with a text (`(1060, "text")`) | the text |
/// | a URL | `<url>` |
/// | a path | `<path>` |
/// | an e-mail address | `<email>` |
/// | a word with a digit in it (`R-1010`, `10.0.21.7:5432`, `0x7f3c`, a UUID, a date) | `#` |
/// | a row of such things (`#, #, #`) | the first of them |
/// | blanks | one blank |
pub fn normalise(message: &str) -> String {
    let line = inside_arguments(first_line(message));
    let end = (0..=line.len().min(MAX_READ))
        .rev()
        .find(|&at| line.is_char_boundary(at));
    let line = &line[..end.unwrap_or_default()];
    let mut normal = Normal::default();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        rest = if first.is_whitespace() {
            normal.blank();
            rest.trim_start()
        } else if let Some((inside, after)) = quoted(rest, normal.after_word()) {
            normal.quoted(inside);
            after
        } else if is_word(first) {
            let (word, after) = split_word(rest);
            normal.word(word);
            after
        } else {
            normal.text.push(first);
            &rest[first.len_utf8()..]
        };
    }
    normal.finish()
}

/// Returns the first line that is not blank.
pub fn first_line(message: &str) -> &str {
    let mut lines = message.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// Returns the text of `(1060, "Duplicate column name 'source'")`, the form of errors from a database driver.
fn inside_arguments(message: &str) -> &str {
    let inside = message
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let text = inside.and_then(|inside| {
        let (code, text) = inside.split_once(", ")?;
        let number = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
        let quote = text
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        let text = text.strip_prefix(quote)?.strip_suffix(quote)?;
        number.then_some(text)
    });
    text.unwrap_or(message)
}

/// The text as it grows.
#[derive(Default)]
struct Normal {
    text: String,
}

impl Normal {
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn after_word(&self) -> bool {
        self.text
            .ends_with(|c: char| c.is_alphanumeric() || c == '#')
    }

    /// Adds a quotation; a signal is none of a value's, whoever puts it in quotes.
    fn quoted(&mut self, inside: &str) {
        match inside.split_once("(SIG") {
            Some((_, name)) if inside.starts_with("signal ") => {
                self.text.push_str("SIG");
                self.text.push_str(name.trim_end_matches(')'));
            }
            _ => self.placeholder("'…'"),
        }
    }

    fn word(&mut self, word: &str) {
        match kind_of(word) {
            Some(placeholder) => self.placeholder(placeholder),
            None => self.text.push_str(word),
        }
    }

    /// Adds a placeholder, unless it only continues a row of the same.
    fn placeholder(&mut self, placeholder: &str) {
        let before = self.text.trim_end_matches([' ', ',', ';']);
        if before.ends_with(placeholder) {
            self.text.truncate(before.len());
        } else {
            self.text.push_str(placeholder);
        }
    }

    fn finish(self) -> String {
        let text = self.text.trim_end();
        match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => text[..end].trim_end().to_owned(),
            None => text.to_owned(),
        }
    }
}

/// Returns the quotation that begins `text` and what follows it; an apostrophe inside a word begins none.
fn quoted(text: &str, after_word: bool) -> Option<(&str, &str)> {
    let open = text.chars().next()?;
    let close = match open {
        '\'' | '"' | '`' if !after_word => open,
        '“' => '”',
        '‘' => '’',
        '「' => '」',
        '『' => '』',
        '«' => '»',
        _ => return None,
    };
    let mut escaped = false;
    let inside = &text[open.len_utf8()..];
    for (at, c) in inside.char_indices() {
        let after = &inside[at + c.len_utf8()..];
        let ends =
            c == close && !escaped && (close != '\'' || !after.starts_with(char::is_alphanumeric));
        if ends {
            return Some((&inside[..at], after));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Characters of words, in the wide sense that takes a URL or a time for one.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c.is_numeric() || matches!(c, '/' | '_' | '~' | '%' | '@')
}

/// Splits behind the word that begins `text`: joiners such as `.` and `:` belong to it only between characters.
fn split_word(text: &str) -> (&str, &str) {
    let joins = |c: char| is_word(c) || matches!(c, '.' | '-' | ':' | '+' | '?' | '&' | '=' | '#');
    let end = text.find(|c: char| !joins(c)).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', '-', ':', '+', '?', '&', '=', '#']);
    // A word is never empty: its first character is none of those.
    text.split_at(word.len())
}

/// Returns what a word stands for, when it is one that varies.
fn kind_of(word: &str) -> Option<&'static str> {
    if word.contains("://") {
        return Some("<url>");
    }
    if let Some((name, host)) = word.split_once('@') {
        return (!name.is_empty() && host.contains('.')).then_some("<email>");
    }
    let slashes = word.bytes().filter(|&byte| byte == b'/').count();
    if word.starts_with(['/', '~']) && word.len() > 1 || slashes > 1 {
        return Some("<path>");
    }
    let digits = word.chars().any(char::is_numeric);
    (digits || is_hex(word)).then_some("#")
}

/// Returns whether a word is a hash or an id that happens to have no decimal digit.
fn is_hex(word: &str) -> bool {
    word.len() >= 8
        && word
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_varies_is_taken_out() {
        for (message, expected) in [
            ("'price'", "'…'"),
            ("It's \"101\"", "It's '…'"),
            (
                "lock LK-0042 did not answer in 5.0s",
                "lock # did not answer in #",
            ),
            (
                "can't open file '/app/mange.py': [Errno 2] No such file",
                "can't open file '…': [Errno #] No such file",
            ),
            (
                "Internal Server Error: /api/v1/rates/",
                "Internal Server Error: <path>",
            ),
            (
                "503 Server Error for url: http://api.example.com:8099/a?b=1",
                "# Server Error for url: <url>",
            ),
            ("料金 3 を計算できません", "料金 # を計算できません"),
            ("対象 12件", "対象 #件"),
            ("missing [3, 4, 17]", "missing [#]"),
            (
                "no such table: properties_property",
                "no such table: properties_property",
            ),
            ("<Handle object at 0x7f48c6cbc680>", "<Handle object at #>"),
            (
                "guest a.b@example.com is unknown",
                "guest <email> is unknown",
            ),
            ("task 6f1c0a3e-aaaa-4bbb-8ccc-dddddddddddd", "task #"),
            ("\n\n  first  real line\nsecond", "first real line"),
            (
                "(1060, \"Duplicate column name 'source'\")",
                "Duplicate column name '…'",
            ),
            (
                "(1205, 'Lock wait timeout exceeded')",
                "Lock wait timeout exceeded",
            ),
            ("exited with 'signal 9 (SIGKILL)'", "exited with SIGKILL"),
            ("", ""),
        ] {
            assert_eq!(normalise(message), expected, "{message}");
        }
    }

    #[test]
    fn long_messages_are_cut() {
        assert_eq!(normalise(&"ab ".repeat(10_000)).chars().count(), MAX_CHARS);
        assert_eq!(normalise(&"予".repeat(10_000)).chars().count(), MAX_CHARS);
    }

    #[test]
    fn the_fingerprint_is_versioned_and_stable() {
        assert_eq!(
            fingerprint(["KeyError", "a.py", "f"]),
            fingerprint(["KeyError", "a.py", "f"])
        );
        assert_ne!(fingerprint(["ab", "c"]), fingerprint(["a", "bc"]));
        assert!(fingerprint(["x"]).starts_with("v1:"));
    }

    proptest! {
        #[test]
        fn other_digits_give_the_same(message in "[a-z '\"/.:,()\\[\\]0-9-]{0,60}", by in 1_u8..10) {
            let renumbered: String = message
                .chars()
                .map(|c| match c {
                    '0'..='9' => char::from((c as u8 - b'0' + by) % 10 + b'0'),
                    other => other,
                })
                .collect();
            prop_assert_eq!(normalise(&message), normalise(&renumbered));
        }

        #[test]
        fn other_quoted_values_give_the_same(
            one in "[a-z0-9 \"予()/:-]{0,20}",
            two in "[a-z0-9 \"予()/:-]{0,20}",
        ) {
            let message = |value: &str| format!("column '{value}' is not there");
            prop_assert_eq!(normalise(&message(&one)), normalise(&message(&two)));
        }

        #[test]
        fn longer_numbers_give_the_same(one in 0_u64.., two in 0_u64..) {
            let message = |n: u64| format!("reservation {n} of room #{n} (id={n:x}0) failed");
            prop_assert_eq!(normalise(&message(one)), normalise(&message(two)));
        }

        #[test]
        fn nothing_makes_it_panic(message in any::<String>()) {
            let normal = normalise(&message);
            prop_assert!(normal.chars().count() <= MAX_CHARS);
        }
    }
}
