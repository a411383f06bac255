//! Access log lines: gunicorn's default format (the common one) and that of Django's development server.

use memchr::memmem;

use crate::decode::level::Level;
use crate::decode::text_line::{Format, TextLine, has_shape};

/// One request as an access log line tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access<'a> {
    /// `django.server` for the development server, else `gunicorn.access`.
    pub logger: &'static str,
    /// The request line, such as `GET /healthz HTTP/1.1`.
    pub request: &'a [u8],
    /// The status of the answer.
    pub status: u16,
}

impl Access<'_> {
    /// Returns the level at which the line was logged.
    ///
    /// gunicorn logs every request at INFO. Django's server uses ERROR from 500 and WARNING from 400 on, which
    /// its text does not show.
    pub fn level(&self) -> Level {
        match self.status {
            _ if self.logger == "gunicorn.access" => Level::Info,
            500.. => Level::Error,
            400.. => Level::Warning,
            _ => Level::Info,
        }
    }

    /// Returns the line as a text log line.
    pub(crate) fn text_line<'a>(&self, line: &'a [u8]) -> TextLine<'a> {
        TextLine {
            format: Format::Access,
            level_name: "",
            level: Some(self.level()),
            logger: self.logger,
            message: line,
        }
    }
}

/// Reads an access log line.
pub fn parse(line: &[u8]) -> Option<Access<'_>> {
    const RUNSERVER: &[u8] = b"[99/";
    let (logger, rest) = if has_shape(line, RUNSERVER) {
        ("django.server", line)
    } else {
        // `host ident user [time] "request" status length …`: the host is one word.
        let head = &line[..line.len().min(300)];
        let open = memmem::find(head, b" [")?;
        if !has_shape(&line[open + 2..], b"99/") || head[..open].split(|&b| b == b' ').count() < 3 {
            return None;
        }
        ("gunicorn.access", &line[open + 1..])
    };
    let request_at = memmem::find(rest, b"] \"")? + 3;
    let end = request_at + memmem::find(&rest[request_at..], b"\" ")?;
    let status = rest[end + 2..].first_chunk::<3>()?;
    let status = std::str::from_utf8(status).ok()?.parse().ok()?;
    let ends = matches!(rest.get(end + 5), None | Some(b' '));
    (ends && status >= 100).then_some(Access {
        logger,
        request: &rest[request_at..end],
        status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let line = br#"10.0.1.57 - - [23/Nov/2026:14:09:20 +0900] "GET /a?b=1 HTTP/1.1" 500 145 "-" "curl/8""#;
        let access = parse(line).expect("access");
        assert_eq!(
            (access.status, access.request),
            (500, &b"GET /a?b=1 HTTP/1.1"[..])
        );
        assert_eq!(
            (access.logger, access.level()),
            ("gunicorn.access", Level::Info)
        );
        let access =
            parse(br#"[23/Nov/2026 14:11:37] "GET /healthz HTTP/1.1" 502 2"#).expect("access");
        assert_eq!(
            (access.logger, access.level()),
            ("django.server", Level::Error)
        );
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "10.0.1.57 is down",
            "[23/Nov/2026 14:11:37] code 400, message Bad request",
            "- - - [99",
        ] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }
}
