//! Reads several streams as one, in either direction.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::id::event_id;
use super::stream::{Stream, View};
use super::{Event, Key};

/// What is read: keys from the first up to but not including the second, as far as they can be seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The first key.
    pub(crate) from: Key,
    /// The first key after it.
    pub(crate) to: Key,
    /// Events that are ingested later are not there yet.
    pub(crate) now: i64,
}

impl Window {
    /// Returns the window of timestamps from the first up to but not including the second.
    pub(crate) fn of(from: i64, to: i64, now: i64) -> Self {
        Self {
            from: Key::before(from),
            to: Key::before(to),
            now,
        }
    }
}

/// From where a reader goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the oldest to the newest.
    Forward,
    /// From the newest to the oldest.
    Backward,
}

/// Goes through the events of several streams in their common order.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    streams: Vec<Part<'a>>,
    next: BinaryHeap<Candidate>,
    direction: Direction,
    now: i64,
    current: Option<(usize, u64, Key)>,
    salt: u64,
}

#[derive(Debug)]
struct Part<'a> {
    stream: &'a Stream,
    view: View<'a>,
    low: u64,
    high: u64,
}

/// The next event of one stream; the greatest is the one to read first.
#[derive(Debug, PartialEq, Eq)]
struct Candidate {
    key: Key,
    part: usize,
    index: u64,
    direction: Direction,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.key.cmp(&other.key);
        match self.direction {
            Direction::Forward => order.reverse(),
            Direction::Backward => order,
        }
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        streams: impl Iterator<Item = &'a Stream>,
        window: Window,
        direction: Direction,
        salt: u64,
    ) -> Self {
        let open = |stream: &'a Stream| {
            let view = stream.view();
            let low = view.first_from(&window.from);
            let high = view.first_from(&window.to);
            Part {
                stream,
                view,
                low,
                high,
            }
        };
        let mut reader = Self {
            streams: streams.map(open).collect(),
            next: BinaryHeap::new(),
            direction,
            now: window.now,
            current: None,
            salt,
        };
        for part in 0..reader.streams.len() {
            reader.offer(part);
        }
        reader
    }

    /// Puts the next event of a stream among the candidates.
    fn offer(&mut self, part: usize) {
        let stream = &mut self.streams[part];
        if stream.low >= stream.high {
            return;
        }
        let index = match self.direction {
            Direction::Forward => {
                stream.low += 1;
                stream.low - 1
            }
            Direction::Backward => {
                stream.high -= 1;
                stream.high
            }
        };
        self.next.push(Candidate {
            key: stream.view.key(index),
            part,
            index,
            direction: self.direction,
        });
    }

    /// Goes on to the next event that can be seen, and returns its key.
    pub(crate) fn advance(&mut self) -> Option<Key> {
        loop {
            let candidate = self.next.pop()?;
            self.offer(candidate.part);
            if candidate.key.ingestion <= self.now {
                self.current = Some((candidate.part, candidate.index, candidate.key));
                return Some(candidate.key);
            }
        }
    }

    /// Writes the message of the event it is at.
    pub(crate) fn message(&self, out: &mut String) {
        if let Some((part, index, _)) = self.current {
            self.streams[part].view.message(index, out);
        }
    }

    /// Returns the stream of the event it is at.
    pub(crate) fn stream(&self) -> &str {
        let current = self.current.as_ref();
        current.map_or("", |(part, ..)| &self.streams[*part].stream.name)
    }

    /// Returns the id of the event it is at.
    pub(crate) fn id(&self) -> String {
        let current = self.current.as_ref();
        current.map_or_else(String::new, |(_, _, key)| event_id(key, self.salt))
    }
}

impl Iterator for Reader<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let key = self.advance()?;
        let mut message = String::new();
        self.message(&mut message);
        Some(Event {
            id: self.id(),
            stream: self.stream().to_owned(),
            timestamp: key.timestamp,
            ingestion: key.ingestion,
            message,
        })
    }
}
