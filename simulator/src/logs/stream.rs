//! One log stream, computed or stored, as a list of events in order.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::generate::Plan;

/// What events are ordered by: timestamp, then ingestion time; the rest makes the order total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The event's time.
    pub(crate) timestamp: i64,
    /// The time from which it can be read.
    pub(crate) ingestion: i64,
    /// The number of the stream in its group.
    pub(crate) stream: u32,
    /// The number of the event in its stream.
    pub(crate) number: u64,
}

impl Key {
    /// Returns the place before everything with a timestamp.
    pub(crate) fn before(timestamp: i64) -> Self {
        Self {
            timestamp,
            ingestion: i64::MIN,
            stream: 0,
            number: 0,
        }
    }
}

/// An event with everything that clients see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The id.
    pub id: String,
    /// The stream.
    pub stream: String,
    /// The event's time.
    pub timestamp: i64,
    /// The time from which it can be read.
    pub ingestion: i64,
    /// The message.
    pub message: String,
}

/// A log stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(super) name: String,
    pub(super) number: u32,
    events: Events,
}

#[derive(Debug)]
enum Events {
    Computed(Plan),
    Stored(RwLock<Vec<Stored>>),
}

#[derive(Clone, Debug)]
pub(super) struct Stored {
    key: Key,
    message: String,
}

impl Stream {
    pub(super) fn computed(name: String, number: u32, plan: Plan) -> Self {
        let events = Events::Computed(plan);
        Self {
            name,
            number,
            events,
        }
    }

    pub(super) fn stored(name: String, number: u32) -> Self {
        let events = Events::Stored(RwLock::default());
        Self {
            name,
            number,
            events,
        }
    }

    /// Adds events with their timestamp, ingestion time and message; a computed stream takes none.
    pub(super) fn put(&self, new: impl IntoIterator<Item = (i64, i64, String)>) {
        let Events::Stored(events) = &self.events else {
            return;
        };
        let mut events = events.write().unwrap_or_else(PoisonError::into_inner);
        for (timestamp, ingestion, message) in new {
            let key = Key {
                timestamp,
                ingestion,
                stream: self.number,
                number: events.len() as u64,
            };
            events.push(Stored { key, message });
        }
        events.sort_by_key(|event| event.key);
    }

    /// Returns whether events can be put into it.
    pub(super) fn is_stored(&self) -> bool {
        matches!(self.events, Events::Stored(_))
    }

    /// Returns its events as they are now.
    pub(super) fn view(&self) -> View<'_> {
        match &self.events {
            Events::Computed(plan) => View::Computed(plan, self.number),
            Events::Stored(events) => {
                View::Stored(events.read().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }
}

/// The events of a stream, which stay the same while it is looked at.
#[derive(Debug)]
pub(super) enum View<'a> {
    Computed(&'a Plan, u32),
    Stored(RwLockReadGuard<'a, Vec<Stored>>),
}

impl View<'_> {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Computed(plan, _) => plan.count,
            Self::Stored(events) => events.len() as u64,
        }
    }

    pub(super) fn key(&self, index: u64) -> Key {
        match self {
            Self::Computed(plan, stream) => {
                let timestamp = plan.timestamp(index);
                Key {
                    timestamp,
                    ingestion: plan.ingestion(timestamp),
                    stream: *stream,
                    number: index,
                }
            }
            Self::Stored(events) => events[index as usize].key,
        }
    }

    pub(super) fn message(&self, index: u64, out: &mut String) {
        match self {
            Self::Computed(plan, _) => plan.message(index, out),
            Self::Stored(events) => out.push_str(&events[index as usize].message),
        }
    }

    /// Returns the longest that an event was on its way.
    pub(super) fn longest_way(&self) -> i64 {
        match self {
            Self::Computed(plan, _) => plan.longest_way(),
            Self::Stored(events) => {
                let ways = events
                    .iter()
                    .map(|event| event.key.ingestion - event.key.timestamp);
                ways.max().unwrap_or(0)
            }
        }
    }

    /// Returns the index of the first event that is not before a key.
    pub(super) fn first_from(&self, key: &Key) -> u64 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.key(middle) < *key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
