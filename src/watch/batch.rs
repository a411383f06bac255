//! Some events of one log stream, in the stream's order: a delivery, what was read of the stream, or both together.

use std::collections::HashMap;
use std::ops::Range;

use crate::decode::json::Json;
use crate::decode::subscription::{Delivery, Purpose};
use crate::event::{Event, Origin};
use crate::time::Timestamp;

/// Events of one stream, their texts in one buffer.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Where they were written.
    pub origin: Origin,
    texts: Vec<u8>,
    entries: Vec<Entry>,
    in_order: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    at: Timestamp,
    id: Option<Box<str>>,
    text: Range<usize>,
    fresh: bool,
}

impl Batch {
    /// Creates a batch without events.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            in_order: true,
            ..Self::default()
        }
    }

    /// Reads the events of a delivery; an event without a time or a message is none, and is counted.
    pub fn of_delivery(delivery: &Delivery<'_>) -> (Self, u64) {
        let origin = Origin::new(&*delivery.group(), &*delivery.stream());
        let mut batch = Self::new(origin);
        let mut strange = 0;
        if delivery.purpose == Purpose::Control {
            return (batch, strange);
        }
        for event in delivery.events.items() {
            let at = event.get("timestamp").and_then(Json::as_f64);
            let message = event.get("message").and_then(Json::as_str);
            let Some((at, message)) = at.zip(message) else {
                strange += 1;
                continue;
            };
            let id = event.get("id").and_then(Json::as_str);
            let id = id.as_deref().filter(|id| !id.is_empty());
            batch.push(Timestamp(at as i64), id, message.as_bytes(), true);
        }
        batch.sort();
        (batch, strange)
    }

    /// Appends an event; `fresh` says that it was delivered, not only read for what stands around it.
    pub fn push(&mut self, at: Timestamp, id: Option<&str>, message: &[u8], fresh: bool) {
        let from = self.texts.len();
        self.texts.extend_from_slice(message);
        if self.entries.last().is_some_and(|last| last.at > at) {
            self.in_order = false;
        }
        self.entries.push(Entry {
            at,
            id: id.map(Into::into),
            text: from..self.texts.len(),
            fresh,
        });
    }

    /// Adds delivered events to those that were read from the stream, which has them too unless it lags behind.
    ///
    /// What is read from a stream has no ids: time and text tell whether an event is there already.
    #[must_use]
    pub fn with_delivered(mut self, delivered: &Self) -> Self {
        let mut known: HashMap<(Timestamp, &[u8]), Vec<usize>> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate().rev() {
            let text = &self.texts[entry.text.clone()];
            known.entry((entry.at, text)).or_default().push(index);
        }
        let (mut there, mut missing) = (Vec::new(), Vec::new());
        for event in delivered.entries.iter().filter(|event| event.fresh) {
            let text = &delivered.texts[event.text.clone()];
            match known.get_mut(&(event.at, text)).and_then(Vec::pop) {
                Some(index) => there.push(index),
                None => missing.push((event.at, text)),
            }
        }
        for index in there {
            self.entries[index].fresh = true;
        }
        for (at, text) in missing {
            self.push(at, None, text, true);
        }
        self.sort();
        self
    }

    /// Takes all events for delivered ones.
    #[must_use]
    pub fn all_fresh(mut self) -> Self {
        for entry in &mut self.entries {
            entry.fresh = true;
        }
        self
    }

    /// Puts the events in the stream's order; those of one millisecond by their ids, else as they came.
    fn sort(&mut self) {
        if !self.in_order {
            self.entries.sort_by(|one, other| {
                let by_time = one.at.cmp(&other.at);
                by_time.then_with(|| match (&one.id, &other.id) {
                    (Some(one), Some(other)) => (one.len(), one).cmp(&(other.len(), other)),
                    _ => std::cmp::Ordering::Equal,
                })
            });
            self.in_order = true;
        }
    }

    /// Walks the events.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        (0..self.entries.len()).map(|index| self.event(index))
    }

    /// Returns the event at a position in the stream's order.
    pub(super) fn event(&self, index: usize) -> Event<'_> {
        let entry = &self.entries[index];
        Event {
            timestamp: entry.at,
            ingestion: None,
            message: &self.texts[entry.text.clone()],
            origin: &self.origin,
            id: entry.id.as_deref(),
        }
    }

    pub(super) fn is_fresh(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.fresh)
    }

    /// Returns how many events there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the time of the first event.
    pub fn first(&self) -> Option<Timestamp> {
        self.entries.first().map(|entry| entry.at)
    }

    /// Returns the time of the last event.
    pub fn last(&self) -> Option<Timestamp> {
        self.entries.last().map(|entry| entry.at)
    }
}
