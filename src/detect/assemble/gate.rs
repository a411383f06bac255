//! The test on raw bytes that lets most lines pass without being read at all.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// What a JSON record must hold to carry an error: a level's name in any spelling, or an exception.
static RECORD: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
        "ERR",
        "CRIT",
        "FATAL",
        "EMERG",
        "ALERT",
        "exc",
        "rror\"",
        "rr\"",
        "ritical\"",
        "atal\"",
        "mergency\"",
        "lert\"",
        "raceback",
        "stack_trace",
        "Level ",
    ];
    Regex::new(&words.join("|")).expect("a valid pattern")
});

/// What a text line must hold to begin or to carry an error, when no block is open.
static TEXT: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
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
        "not found",
        "o such file or directory",
        "ermission denied",
        "exec format error",
        "s a directory",
        "unbound variable",
        "parameter not set",
        "yntax error",
        "Unable to load celery",
        r#"\{""#,
    ];
    Regex::new(&words.join("|")).expect("a valid pattern")
});

/// Returns whether a line has to be read although nothing is open.
///
/// Lines with the head of Celery or gunicorn always are: a traceback that follows belongs to them.
pub(super) fn may_matter(message: &[u8]) -> bool {
    match message.first() {
        None => false,
        Some(b'[') => true,
        // The first of the lines that a record is spread over.
        _ if message.ends_with(b"{") => true,
        Some(b'{') => RECORD.is_match(message),
        Some(_) => TEXT.is_match(message),
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
