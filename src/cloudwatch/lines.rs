//! Events as lines of NDJSON, the form in which they are handed out and kept; pages of them are held compressed.
//!
//! Envelopes repeat names and ids, and shrink to a tenth: this is what lets many pages wait for one that is late.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::service::LogEvent;
use crate::decode::envelope::Object;
use crate::decode::json::Json;
use crate::decode::stamp::Clock;
use crate::scan::lines::lines;
use crate::time::Timestamp;

/// Pages below this size are kept as they are.
const SMALL: usize = 4 << 10;
/// The level that costs least.
const LEVEL: i32 = 1;

/// An event's line, and what it is sorted by.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) timestamp: i64,
    stream: Arc<[u8]>,
    id: Box<[u8]>,
    /// The line without its line feed.
    pub(super) text: Box<[u8]>,
}

impl Line {
    /// Compares two lines by the order in which events are handed out: timestamp, stream, id.
    ///
    /// Where all of these are equal, as in two groups without ids, the text decides, so that the order is total.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        self.timestamp
            .cmp(&other.timestamp)
            .then_with(|| self.stream.cmp(&other.stream))
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.text.cmp(&other.text))
    }

    /// Returns whether two lines carry the same event.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }

    /// Reads a line that [`write`] wrote; `last` is the stream of the line before.
    fn read(text: &[u8], clock: &Clock, last: &mut Arc<[u8]>) -> Option<Self> {
        let Object::Envelope(envelope) = Object::read(text, clock) else {
            return None;
        };
        let stream = envelope.stream.and_then(Json::as_str);
        let stream = stream.unwrap_or_default();
        if **last != *stream.as_bytes() {
            *last = Arc::from(stream.as_bytes());
        }
        Some(Self {
            timestamp: envelope.timestamp?.as_millis(),
            stream: Arc::clone(last),
            id: envelope.id.unwrap_or_default().as_bytes().into(),
            text: text.into(),
        })
    }
}

/// Reads lines of NDJSON; those that are none of ours are left out.
pub(super) fn read(text: &[u8]) -> Vec<Line> {
    let clock = Clock::utc();
    let mut last = Arc::from([]);
    lines(text, 0)
        .filter_map(|line| Line::read(&text[line], &clock, &mut last))
        .collect()
}

/// Reads the events of lines that were taken in at an instant or later, with their log groups.
pub(super) fn events(text: &[u8], since: i64) -> impl Iterator<Item = (Arc<str>, LogEvent)> {
    let clock = Clock::utc();
    lines(text, 0).filter_map(move |line| {
        let Object::Envelope(envelope) = Object::read(&text[line], &clock) else {
            return None;
        };
        let timestamp = envelope.timestamp?.as_millis();
        let ingestion = envelope.ingestion.map(Timestamp::as_millis);
        if ingestion.unwrap_or(timestamp) < since {
            return None;
        }
        let event = LogEvent {
            timestamp,
            ingestion,
            stream: Arc::from(text_of(envelope.stream)),
            id: envelope.id.unwrap_or_default().to_owned(),
            message: text_of(Some(envelope.message)).into_owned(),
        };
        Some((Arc::from(text_of(envelope.group)), event))
    })
}

fn text_of(value: Option<Json<'_>>) -> Cow<'_, str> {
    value.and_then(Json::as_str).unwrap_or_default()
}

/// A page of events, sorted by time; there is at least one.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    bytes: Box<[u8]>,
    /// How many bytes the lines have; of a page that is not compressed, those it has anyway.
    size: usize,
    compressed: bool,
    /// Whether only the events from the first to the last instant count, of more.
    clipped: bool,
    /// When the first was logged.
    pub(super) first: i64,
    /// When the last was logged.
    pub(super) last: i64,
}

impl Packed {
    /// Packs events of a group; nothing when there are none.
    pub(super) fn of(group: &str, mut events: Vec<LogEvent>) -> Option<Self> {
        events.sort_by_key(|event| event.timestamp);
        let (first, last) = (events.first()?.timestamp, events.last()?.timestamp);
        let mut text = Vec::new();
        for event in &events {
            write(group, event, &mut text);
        }
        Some(Self::of_text(text, first, last))
    }

    fn of_lines(lines: &[Line]) -> Option<Self> {
        let times = || lines.iter().map(|line| line.timestamp);
        let (first, last) = (times().min()?, times().max()?);
        let mut text = Vec::new();
        for line in lines {
            text.extend_from_slice(&line.text);
            text.push(b'\n');
        }
        Some(Self::of_text(text, first, last))
    }

    fn of_text(text: Vec<u8>, first: i64, last: i64) -> Self {
        let size = text.len();
        let packed = (size > SMALL).then(|| compress(&text));
        let (bytes, compressed) = match packed {
            Some(Ok(packed)) => (packed, true),
            // Where the compressor finds no memory, the page is held as it is.
            Some(Err(_)) | None => (text, false),
        };
        Self {
            bytes: bytes.into(),
            size,
            compressed,
            clipped: false,
            first,
            last,
        }
    }

    /// Takes over a file of frames, of which the events from `start` on and before `end` count; nothing when it holds
    /// no event. All of it is unpacked once, to see that it can be.
    pub(super) fn of_file(bytes: Vec<u8>, start: i64, end: i64) -> io::Result<Option<Self>> {
        let size = zstd::stream::decode_all(&*bytes)?.len();
        Ok((size > 0).then(|| Self {
            bytes: bytes.into(),
            size,
            compressed: true,
            clipped: true,
            first: start,
            last: end - 1,
        }))
    }

    /// Returns the page as a frame.
    pub(super) fn frame(&self) -> io::Result<Cow<'_, [u8]>> {
        if self.compressed {
            return Ok(Cow::Borrowed(&self.bytes));
        }
        compress(&self.bytes).map(Cow::Owned)
    }

    /// Returns how much memory the page takes.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Unpacks the text of the lines.
    pub(super) fn text(&self) -> io::Result<Vec<u8>> {
        if self.clipped {
            zstd::stream::decode_all(&*self.bytes)
        } else if self.compressed {
            zstd::bulk::decompress(&self.bytes, self.size)
        } else {
            Ok(self.bytes.to_vec())
        }
    }

    /// Unpacks the lines.
    pub(super) fn lines(&self) -> io::Result<Vec<Line>> {
        let mut lines = read(&self.text()?);
        if self.clipped {
            lines.retain(|line| (self.first..=self.last).contains(&line.timestamp));
        }
        Ok(lines)
    }

    /// Splits the page at an instant: what was logged before it, and the rest.
    pub(super) fn split_at(self, at: i64) -> (Option<Self>, Option<Self>) {
        if self.last < at {
            return (Some(self), None);
        }
        if self.first >= at {
            return (None, Some(self));
        }
        // What was packed here can be unpacked; the page stays whole where memory is short.
        let Ok(lines) = self.lines() else {
            return (Some(self), None);
        };
        let (before, behind): (Vec<Line>, Vec<Line>) =
            lines.into_iter().partition(|line| line.timestamp < at);
        (Self::of_lines(&before), Self::of_lines(&behind))
    }
}

/// Compresses with a checksum: a file that was damaged must not be taken for one that says something else.
pub(super) fn compress(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(text)
}

/// An event as others read it: the names are those of CloudWatch's own subscription payloads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingestion_time: Option<i64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    event_id: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    message: &'a str,
}

/// Writes an event as a line.
pub(super) fn write(group: &str, event: &LogEvent, out: &mut Vec<u8>) {
    let envelope = Envelope {
        timestamp: event.timestamp,
        ingestion_time: event.ingestion,
        event_id: &event.id,
        log_group: group,
        log_stream: &event.stream,
        message: &event.message,
    };
    // Memory takes all that is written, and texts and numbers are all JSON.
    if serde_json::to_writer(&mut *out, &envelope).is_ok() {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_000_000_000;

    fn event(at: i64, id: &str, message: &str) -> LogEvent {
        LogEvent {
            timestamp: START + at,
            ingestion: Some(START + at + 5),
            stream: Arc::from("ecs/batch/1"),
            id: id.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_page_unpacks_to_what_was_packed() {
        for count in [1, 1000] {
            let events: Vec<LogEvent> = (0..count)
                .map(|n| event(n + 1, &n.to_string(), "{\"a\": \"東\\n\"}\n"))
                .collect();
            let packed = Packed::of("/ecs/production-batch", events.clone()).expect("some");
            let mut text = Vec::new();
            for event in &events {
                write("/ecs/production-batch", event, &mut text);
            }
            assert_eq!(packed.text().expect("ours"), text);
            let lines = packed.lines().expect("ours");
            assert_eq!(lines.len(), events.len());
            assert_eq!(&*lines[0].id, b"0");
            assert_eq!(&*lines[0].stream, b"ecs/batch/1");
        }
    }

    #[test]
    fn a_page_is_cut_at_an_instant() {
        let events = vec![event(3, "c", ""), event(1, "a", ""), event(2, "b", "")];
        let packed = Packed::of("g", events).expect("some");
        let (before, behind) = packed.split_at(START + 3);
        assert_eq!(
            before.map(|page| (page.first - START, page.last - START)),
            Some((1, 2))
        );
        assert_eq!(behind.map(|page| page.first - START), Some(3));
    }

    #[test]
    fn lines_are_sorted_by_time_stream_and_id() {
        let mut text = Vec::new();
        for (at, stream, id) in [(2, "a", "1"), (1, "b", "2"), (1, "a", "3"), (1, "a", "2")] {
            let event = LogEvent {
                stream: Arc::from(stream),
                ..event(at, id, "")
            };
            write("g", &event, &mut text);
        }
        let mut lines = read(&text);
        lines.sort_by(Line::cmp);
        let ids: Vec<&[u8]> = lines.iter().map(|line| &*line.id).collect();
        assert_eq!(ids, [b"2", b"3", b"2", b"1"]);
    }
}
