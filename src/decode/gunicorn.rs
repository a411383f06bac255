//! gunicorn's error log format: `[2026-11-23 05:09:26 +0000] [7] [CRITICAL] text`.

use memchr::memchr;

use crate::decode::level::Level;
use crate::decode::text_line::{Format, TextLine, has_shape};

/// Reads a line of gunicorn's error log.
pub(crate) fn parse(line: &[u8]) -> Option<TextLine<'_>> {
    const HEAD: &[u8] = b"[9999-99-99 99:99:99 ";
    if !has_shape(line, HEAD) {
        return None;
    }
    let rest = &line[HEAD.len()..];
    let (_zone, rest) = bracket_end(rest)?;
    let (pid, rest) = bracket_end(rest.strip_prefix(b"[")?)?;
    let (level, message) = bracket_end(rest.strip_prefix(b"[")?)?;
    if !pid.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let level_name = std::str::from_utf8(level).ok()?;
    Some(TextLine {
        format: Format::Gunicorn,
        level_name,
        level: Level::parse(level_name),
        logger: "gunicorn.error",
        message,
    })
}

/// Splits at the first `] `, or at a `]` that ends the text.
fn bracket_end(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b']', text)?;
    let rest = &text[end + 1..];
    Some((&text[..end], rest.strip_prefix(b" ").unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read() {
        let line =
            parse(b"[2026-11-23 05:10:09 +0000] [10993] [CRITICAL] WORKER TIMEOUT (pid:10998)")
                .expect("gunicorn");
        assert_eq!(
            (line.level, line.logger),
            (Some(Level::Critical), "gunicorn.error")
        );
        assert_eq!(line.message, b"WORKER TIMEOUT (pid:10998)");
    }

    #[test]
    fn other_brackets_are_not_gunicorn() {
        assert_eq!(parse(b"[2026-11-23 05:10:09 +0000] [main] [INFO] x"), None);
        assert_eq!(parse(b"[2026-11-23 05:10:09 +0000]"), None);
    }
}
