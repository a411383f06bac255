//! Text log lines with a known head: Celery's, gunicorn's and access log lines.

use crate::decode::level::Level;
use crate::decode::{access, celery, gunicorn};

/// Which program's format a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `[2026-11-23 13:58:36,986: ERROR/ForkPoolWorker-1] …`
    Celery,
    /// `[2026-11-23 05:09:26 +0000] [7] [ERROR] …`
    Gunicorn,
    /// A line of a web server's access log.
    Access,
}

/// The head of a text log line, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLine<'a> {
    /// Whose format it is.
    pub format: Format,
    /// The level as written; empty for access lines.
    pub level_name: &'a str,
    /// The level; an access line's is that of its logger.
    pub level: Option<Level>,
    /// The name of the logger, or what stands nearest to it.
    pub logger: &'a str,
    /// What follows the head; the whole line of an access log.
    pub message: &'a [u8],
}

impl<'a> TextLine<'a> {
    /// Reads the head of a line; `None` when it has none of the known forms.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        match line.first()? {
            b'[' => celery::parse(line)
                .or_else(|| gunicorn::parse(line))
                .or_else(|| access::parse(line).map(|access| access.text_line(line))),
            b'0'..=b'9' | b'a'..=b'f' | b':' | b'-' => {
                access::parse(line).map(|access| access.text_line(line))
            }
            _ => None,
        }
    }
}

/// Returns whether `text` begins with the shape: `9` stands for any digit, all else for itself.
pub(crate) fn has_shape(text: &[u8], shape: &[u8]) -> bool {
    text.len() >= shape.len()
        && text.iter().zip(shape).all(|(byte, shape)| match shape {
            b'9' => byte.is_ascii_digit(),
            _ => byte == shape,
        })
}
