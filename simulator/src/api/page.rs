//! Fills a page with events as far as its bounds allow, and writes it.

use std::fmt::Write as _;

use super::events::Wanted;
use crate::logs::{Direction, Key};
use crate::pattern::Pattern;
use crate::settings::Pages;

/// The events of a page, written as JSON one after the other.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    ends: Vec<usize>,
    /// How many stored events were read.
    pub(super) scanned: u64,
    /// The first event that was read.
    pub(super) first: Option<Key>,
    /// The last event that was read.
    pub(super) last: Option<Key>,
    /// Whether there is nothing behind it.
    pub(super) complete: bool,
}

impl Page {
    /// Reads until the page is full, or as much was read as one call reads.
    pub(super) fn fill(wanted: &Wanted, pattern: &Pattern, pages: &Pages, ids: bool) -> Self {
        let streams = wanted.group.streams(&wanted.scope);
        let mut reader = streams.read(wanted.window, wanted.direction);
        let mut page = Self::default();
        let mut message = String::new();
        let most = pages.scan_events.unwrap_or(u64::MAX);
        while page.ends.len() < wanted.limit && page.scanned < most {
            let Some(key) = reader.advance() else {
                page.complete = true;
                return page;
            };
            message.clear();
            reader.message(&mut message);
            if pattern.matches(&message) {
                let start = page.text.len();
                let id = ids.then(|| (reader.stream(), reader.id()));
                write_event(&mut page.text, &key, &message, id);
                // What is around the events takes less than a kilobyte.
                if page.text.len() + page.ends.len() + 1024 > pages.bytes && !page.ends.is_empty() {
                    page.text.truncate(start);
                    return page;
                }
                page.ends.push(page.text.len());
            }
            page.scanned += 1;
            page.first.get_or_insert(key);
            page.last = Some(key);
        }
        page.complete = reader.advance().is_none();
        page
    }

    /// Returns how many events are in it.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Writes the events, in the order of the direction or the other way round.
    pub(super) fn write(&self, turned: bool, out: &mut String) {
        let part = |at: usize| {
            let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text[start..self.ends[at]]
        };
        out.push('[');
        let before = out.len();
        let mut push = |part: &str| {
            if out.len() > before {
                out.push(',');
            }
            out.push_str(part);
        };
        if turned {
            (0..self.ends.len()).rev().map(part).for_each(&mut push);
        } else {
            (0..self.ends.len()).map(part).for_each(&mut push);
        }
        out.push(']');
    }

    /// Returns the first and the last of what was read, by time.
    pub(super) fn by_time(&self, direction: Direction) -> Option<(Key, Key)> {
        let (first, last) = self.first.zip(self.last)?;
        Some(match direction {
            Direction::Forward => (first, last),
            Direction::Backward => (last, first),
        })
    }
}

fn write_event(out: &mut String, key: &Key, message: &str, id: Option<(&str, String)>) {
    out.push('{');
    if let Some((stream, id)) = id {
        let _ = write!(out, "\"eventId\":\"{id}\",\"logStreamName\":");
        write_text(out, stream);
        out.push(',');
    }
    let (timestamp, ingestion) = (key.timestamp, key.ingestion);
    let _ = write!(
        out,
        "\"timestamp\":{timestamp},\"ingestionTime\":{ingestion},\"message\":"
    );
    write_text(out, message);
    out.push('}');
}

/// Writes a text as JSON.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[start..at]);
        start = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(&text[start..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_back_as_it_was() {
        let text: String = (0..0x250).filter_map(char::from_u32).collect();
        let mut out = String::new();
        write_text(&mut out, &text);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }
}
