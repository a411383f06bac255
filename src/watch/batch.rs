//! Some events of one log stream, in the stream's order: a delivery, what was read of the stream, or both together.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use crate::decode::json::{Json, Kind, Malformed, Members};
use crate::decode::subscription::{Delivery, Purpose};
use crate::event::{Event, Origin};
use crate::time::Timestamp;

use super::skim::is_migration;

/// Events of one stream, their texts in one buffer.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Where they were written.
    pub origin: Origin,
    texts: Vec<u8>,
    entries: Vec<Entry>,
    in_order: bool,
}

/// How many lines are records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Lines that begin as a JSON record.
    pub records: u64,
    /// Of these, those that do not end as one.
    pub cut: u64,
}

impl Lines {
    pub(super) fn add(&mut self, message: &[u8]) {
        if message.first() == Some(&b'{') {
            self.records += 1;
            let whole = message.trim_ascii_end().last() == Some(&b'}');
            self.cut += u64::from(!whole && message.len() > 1);
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    at: Timestamp,
    /// Where its id is in the texts; empty where it has none.
    id: Range<usize>,
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
        // Not all of this room is used: what is unescaped is shorter.
        batch.texts.reserve(delivery.events.text().len());
        let mut others = 0;
        let read = |members: &mut Members<'_>| {
            let is_event = batch.push_delivered(members).unwrap_or(false);
            strange += u64::from(!is_event);
        };
        delivery.events.each_object(read, || others += 1);
        strange += others;
        batch.sort();
        (batch, strange)
    }

    /// Appends an event as it is delivered; false for one without a time or a message. An object that is broken is none.
    pub(super) fn push_delivered(&mut self, members: &mut Members<'_>) -> Result<bool, Malformed> {
        let (mut at, mut id, mut message) = (None, None, None);
        for member in members {
            let (key, value) = member?;
            match &*key.text() {
                "timestamp" => at = value.as_f64(),
                "id" => id = Some(value),
                "message" => message = Some(value),
                _ => {}
            }
        }
        let message = message.filter(|message| message.kind() == Kind::String);
        let Some((at, message)) = at.zip(message) else {
            return Ok(false);
        };
        let id = id.map_or(0..0, |id| self.decode(id));
        let text = self.decode(message);
        self.add(Timestamp(at as i64), id, text, true);
        Ok(true)
    }

    /// Appends what a JSON string says to the texts; nothing for another value.
    fn decode(&mut self, text: Json<'_>) -> Range<usize> {
        let from = self.texts.len();
        text.decode_into(&mut self.texts);
        from..self.texts.len()
    }

    /// Appends an event; `fresh` says that it was delivered, not only read for what stands around it.
    pub fn push(&mut self, at: Timestamp, id: Option<&str>, message: &[u8], fresh: bool) {
        let from = self.texts.len();
        self.texts
            .extend_from_slice(id.unwrap_or_default().as_bytes());
        let between = self.texts.len();
        self.texts.extend_from_slice(message);
        self.add(at, from..between, between..self.texts.len(), fresh);
    }

    fn add(&mut self, at: Timestamp, id: Range<usize>, text: Range<usize>, fresh: bool) {
        if self.entries.last().is_some_and(|last| last.at > at) {
            self.in_order = false;
        }
        self.entries.push(Entry {
            at,
            id,
            text,
            fresh,
        });
    }

    /// Takes back the event that was appended last.
    pub(super) fn pop(&mut self) {
        if let Some(entry) = self.entries.pop() {
            let begin = if entry.id.is_empty() {
                entry.text.start
            } else {
                entry.id.start
            };
            self.texts.truncate(begin);
        }
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
                Some(index) => there.push((index, event.id.clone())),
                None => missing.push(event),
            }
        }
        for (index, id) in there {
            let from = self.texts.len();
            self.texts.extend_from_slice(&delivered.texts[id]);
            self.entries[index].id = from..self.texts.len();
            self.entries[index].fresh = true;
        }
        for event in missing {
            let id = std::str::from_utf8(&delivered.texts[event.id.clone()]).ok();
            let text = &delivered.texts[event.text.clone()];
            self.push(event.at, id, text, true);
        }
        self.sort();
        self
    }

    /// Takes the first events for ones that were not delivered just now.
    #[must_use]
    pub fn without_first(mut self, events: usize) -> Self {
        for entry in self.entries.iter_mut().take(events) {
            entry.fresh = false;
        }
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

    /// Puts the events in the stream's order; those of one millisecond by their ids where each event has one, else as
    /// they came.
    fn sort(&mut self) {
        if !self.in_order {
            let by_id = self.entries.iter().all(|entry| !entry.id.is_empty());
            let texts = &self.texts;
            let id = |entry: &Entry| (entry.id.len(), &texts[entry.id.clone()]);
            self.entries.sort_by(|one, other| {
                let by_time = one.at.cmp(&other.at);
                let by_id = || by_id.then(|| id(one).cmp(&id(other)));
                by_time.then_with(|| by_id().unwrap_or(Ordering::Equal))
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
            id: std::str::from_utf8(&self.texts[entry.id.clone()])
                .ok()
                .filter(|id| !id.is_empty()),
        }
    }

    pub(super) fn is_fresh(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.fresh)
    }

    /// Returns what kinds of lines there are.
    pub fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        self.events().for_each(|event| lines.add(event.message));
        lines
    }

    /// Returns whether there are lines of `manage.py migrate`.
    pub fn has_migration(&self) -> bool {
        self.events().any(|event| is_migration(event.message))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Reads one event member by member.
    fn naive(event: Json<'_>) -> Option<(i64, String, String)> {
        let at = event.get("timestamp").and_then(Json::as_f64)?;
        let message = event.get("message").and_then(Json::as_str)?;
        let id = event.get("id").and_then(Json::as_str).unwrap_or_default();
        Some((at as i64, id.into_owned(), message.into_owned()))
    }

    fn event() -> impl Strategy<Value = Value> {
        let at = prop_oneof![4 => (0..5_i64).prop_map(|at| json!(at)), 1 => Just(json!("5"))];
        let text = prop_oneof![4 => any::<String>().prop_map(Value::from), 1 => Just(json!([{}]))];
        let whole = (at, text, any::<Option<String>>());
        let whole = whole.prop_map(
            |(at, text, id)| json!({"id": id, "timestamp": at, "message": text, "new": {}}),
        );
        prop_oneof![6 => whole, 1 => Just(json!({})), 1 => Just(json!(7)), 1 => Just(json!([]))]
    }

    #[test]
    fn what_was_delivered_keeps_its_id_among_what_was_read() {
        let batch = |events: &[(i64, Option<&str>, &str)], fresh| {
            let mut batch = Batch::new(Origin::new("g", "s"));
            for (at, id, text) in events {
                batch.push(Timestamp(*at), *id, text.as_bytes(), fresh);
            }
            batch
        };
        let read = batch(&[(1, None, "a"), (1, None, "a"), (2, None, "b")], false);
        let delivered = batch(&[(1, Some("9"), "a"), (1, Some("8"), "new")], true);
        let both = read.with_delivered(&delivered);
        let found: Vec<_> = (0..both.len())
            .map(|index| (both.event(index).id.is_some(), both.is_fresh(index)))
            .collect();
        let (delivered, read) = ((true, true), (false, false));
        assert_eq!(found, [delivered, read, delivered, read]);
        assert_eq!(both.event(2).message, b"new");
    }

    proptest! {
        #[test]
        fn a_delivery_is_read_in_one_walk_as_member_by_member(events in proptest::collection::vec(event(), 0..12)) {
            let document = json!({
                "messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s", "logEvents": events,
            });
            let document = document.to_string();
            let delivery = Delivery::read(document.as_bytes()).expect("valid");
            let mut expected: Vec<_> = delivery.events.items().filter_map(naive).collect();
            let (batch, strange) = Batch::of_delivery(&delivery);
            prop_assert_eq!(strange as usize, events.len() - expected.len());
            let of = |event: Event<'_>| {
                let text = String::from_utf8(event.message.to_vec()).expect("text");
                (event.timestamp.as_millis(), event.id.unwrap_or_default().to_owned(), text)
            };
            let mut found: Vec<_> = batch.events().map(of).collect();
            prop_assert!(found.is_sorted_by_key(|event| event.0));
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
