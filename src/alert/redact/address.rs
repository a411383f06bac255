//! User information in addresses: `postgres://app:hunter2@db/shop`.

use std::borrow::Cow;

use regex::Regex;

use super::REDACTED;

pub(super) fn scheme() -> Regex {
    Regex::new(r"(?i)\b([a-z][a-z0-9+.-]*)://").expect("a constant pattern that a test compiles")
}

/// Takes out what stands between `://` and the `@` in front of the host.
pub(super) fn redact<'t>(scheme: &Regex, text: &'t str) -> Cow<'t, str> {
    let mut out = String::new();
    let mut copied = 0;
    // Behind this place there is no `@` in the run of text that was looked at.
    let mut barren = 0;
    for found in scheme.captures_iter(text) {
        let (start, name) = (found[0].len(), &found[1]);
        let start = found.get_match().start() + start;
        if start < copied || start < barren {
            continue;
        }
        let end = end_of_authority(text, start, is_web(name));
        match text[start..end].rfind('@') {
            Some(at) if &text[start..start + at] != REDACTED => {
                out.push_str(&text[copied..start]);
                out.push_str(REDACTED);
                copied = start + at;
            }
            _ if !is_web(name) => barren = end,
            _ => {}
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Web addresses often have an `@` in their path. Other addresses seldom do, but their passwords often hold
/// characters that ought to have been encoded, so all up to the last `@` counts.
fn is_web(scheme: &str) -> bool {
    const WEB: [&str; 7] = ["http", "https", "ws", "wss", "s3", "gs", "file"];
    WEB.iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

fn end_of_authority(text: &str, start: usize, is_web: bool) -> usize {
    let ends = |c: char| {
        c.is_whitespace() || "\"'<>`".contains(c) || (is_web && matches!(c, '/' | '?' | '#' | '\\'))
    };
    text[start..]
        .find(ends)
        .map_or(text.len(), |length| start + length)
}
