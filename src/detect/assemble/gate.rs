//! The test on raw bytes that lets most lines pass without being read at all.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// What a JSON record must hold to carry an error: the name of a level that is one, as the end of a string, or an
/// exception. Names are known in capitals, in small letters, and as words begin.
pub(crate) const RECORD: [&str; 16] = [
    "ERROR\"",
    "ERR\"",
    "CRITICAL\"",
    "FATAL\"",
    "EMERGENCY\"",
    "ALERT\"",
    "rror\"",
    "rr\"",
    "ritical\"",
    "atal\"",
    "mergency\"",
    "lert\"",
    "exc",
    "raceback",
    "stack_trace",
    "Level ",
];

/// Finds those in a record, or the line feed behind it: what stands below is text.
static IN_RECORD: LazyLock<Regex> = LazyLock::new(|| either(&RECORD, &format!("{ESCAPE}|\\}}\n")));

/// Finds those in a record that is the inside of a JSON string.
static IN_STRING: LazyLock<Regex> = LazyLock::new(|| {
    let words = RECORD.map(|word| word.replace('"', r#"\\""#));
    either(
        &words.each_ref().map(String::as_str),
        &format!(r"{ESCAPE}|\}}\\n"),
    )
});

/// How an escape begins that can stand for any character of those words.
const ESCAPE: &str = r"\\u00";

fn either(words: &[&str], more: &str) -> Regex {
    Regex::new(&[words, &[more]].concat().join("|")).expect("a valid pattern")
}

/// What a text line must hold to begin or to carry an error, when no block is open and no record is in it.
pub(crate) const WORDS: [&str; 22] = [
    "Traceback ",
    r#"  File ""#,
    "Exception ",
    "--- Logging error ---",
    "CommandError: ",
    "SystemCheckError: ",
    "Unknown command: ",
    " error: ",
    "Fatal Python error: ",
    "can't open file ",
    "No module named ",
    "Error while finding module ",
    "'__main__' module",
    "ot found",
    "o such file or directory",
    "ermission denied",
    "xec format error",
    "s a directory",
    "unbound variable",
    "parameter not set",
    "yntax error",
    "Unable to load celery",
];

/// Finds those in a text line, or a record.
static TEXT: LazyLock<Regex> = LazyLock::new(|| either(&WORDS, r#"\{""#));

/// Returns whether a line has to be read although nothing is open.
///
/// Lines with the head of Celery or gunicorn always are: a traceback that follows belongs to them.
pub fn may_matter(message: &[u8]) -> bool {
    match message.first() {
        None => false,
        Some(b'[') => true,
        // The first of the lines that a record is spread over.
        _ if message.ends_with(b"{") => true,
        Some(b'{') => find(&IN_RECORD, message, 0).is_some(),
        Some(_) => TEXT.is_match(message),
    }
}

/// Finds, in JSON text from offset `from` on, the first place that a record inside one of its strings needs to have
/// for [`may_matter`] to be true of it.
pub fn find_in_json(text: &[u8], from: usize) -> Option<usize> {
    find(&IN_STRING, text, from)
}

fn find(words: &Regex, text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = words.find_at(text, at)?;
        if found.as_bytes() != br"\u00" || can_hide(&text[found.end()..]) {
            return Some(found.start());
        }
        at = found.end();
    }
}

/// Returns whether the escape whose last two digits `text` begins with can stand for a character of the words, or for
/// one that an escape of these is written with. Digits may be escapes themselves.
fn can_hide(text: &[u8]) -> bool {
    match text {
        [b'2', low, ..] => matches!(low, b'0' | b'2' | b'\\'),
        [b'3', low, ..] => matches!(low, b'0'..=b'9' | b'\\'),
        [high, ..] => matches!(high, b'4'..=b'7' | b'\\'),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_lines_pass() {
        for line in [
            r#"{"created": 1.5, "levelname": "INFO", "name": "a", "message": "export started"}"#,
            "  Applying rates.0006_x... OK",
            r#"10.0.1.57 - - [23/Nov/2026:14:09:20 +0900] "GET /healthz HTTP/1.1" 200 2"#,
            "",
        ] {
            assert!(!may_matter(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn what_could_be_an_error_is_read() {
        for line in [
            r#"{"levelname":"ERROR"}"#,
            r#"{"level": "error", "event": "x"}"#,
            r#"{"levelname": "WARNING", "exc_info": "x"}"#,
            r#"hotelops: {"levelname": "ERROR"}"#,
            "Traceback (most recent call last):",
            "  + Exception Group Traceback (most recent call last):",
            "[2026-11-23 05:09:26 +0000] [7] [INFO] x",
            "{",
            "hotelops: {",
        ] {
            assert!(may_matter(line.as_bytes()), "{line}");
        }
    }
}
