//! Joins what sessions of live tail and calls of `FilterLogEvents` show of the same events: each is handed out once.
//!
//! Events of a live tail have no id, so an event is known by its log group, stream, timestamp, time of ingestion and
//! message. Events that are equal in all of these are counted: a session shows each event once, and a reading tells
//! them apart by their ids, so of equal events there are as many as the one of them that has shown most says.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use super::super::LogEvent;

/// What was handed out, as long as it may come again.
#[derive(Debug)]
pub(super) struct Join {
    known: HashMap<u128, Copies>,
    hashers: [FixedState; 2],
}

/// Events that are equal.
#[derive(Debug)]
struct Copies {
    ingestion: i64,
    /// How many were handed out.
    taken: usize,
    /// How many each session has shown.
    shown: Vec<(u64, usize)>,
    /// The ids of those that were read, as hashes.
    ids: Vec<u64>,
}

impl Join {
    /// Creates one that knows no event.
    pub(super) fn new() -> Self {
        Self {
            known: HashMap::new(),
            hashers: [FixedState::with_seed(1), FixedState::with_seed(2)],
        }
    }

    /// Takes an event that a session shows, and returns whether it is a new one. Sessions have numbers.
    pub(super) fn shown(&mut self, session: u64, group: &str, event: &LogEvent) -> bool {
        let copies = self.copies(group, event);
        let at = copies
            .shown
            .iter()
            .position(|(number, _)| *number == session);
        let at = at.unwrap_or_else(|| {
            copies.shown.push((session, 0));
            copies.shown.len() - 1
        });
        copies.shown[at].1 += 1;
        let count = copies.shown[at].1;
        copies.takes(count)
    }

    /// Takes an event that was read, as often as it is read, and returns whether it is a new one.
    pub(super) fn read(&mut self, group: &str, event: &LogEvent) -> bool {
        let id = self.hashers[0].hash_one(&event.id);
        let copies = self.copies(group, event);
        if copies.ids.contains(&id) {
            return false;
        }
        copies.ids.push(id);
        let count = copies.ids.len();
        copies.takes(count)
    }

    /// Forgets what was ingested before an instant: the caller knows that none of it comes again.
    pub(super) fn forget(&mut self, before: i64) {
        self.known.retain(|_, copies| copies.ingestion >= before);
    }

    /// Returns how many different events are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    fn copies(&mut self, group: &str, event: &LogEvent) -> &mut Copies {
        let ingestion = ingestion(event);
        let [one, other] = self.hashers.each_ref().map(|state| {
            let mut hasher = state.build_hasher();
            (group, &*event.stream, &*event.message).hash(&mut hasher);
            (event.timestamp, ingestion).hash(&mut hasher);
            hasher.finish()
        });
        let key = u128::from(one) << 64 | u128::from(other);
        self.known.entry(key).or_insert_with(|| Copies {
            ingestion,
            taken: 0,
            shown: Vec::new(),
            ids: Vec::new(),
        })
    }
}

impl Copies {
    /// Returns whether one more is handed out now that there are so many.
    fn takes(&mut self, count: usize) -> bool {
        let is_new = count > self.taken;
        self.taken += usize::from(is_new);
        is_new
    }
}

/// Returns when the service took an event in; where it does not say, when it was logged.
pub(super) fn ingestion(event: &LogEvent) -> i64 {
    event.ingestion.unwrap_or(event.timestamp)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn event(at: i64, message: &str, id: &str) -> LogEvent {
        LogEvent {
            timestamp: at,
            ingestion: Some(at + 1),
            stream: Arc::from("s"),
            id: id.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn an_event_that_was_shown_is_not_new_when_it_is_read() {
        let mut join = Join::new();
        assert!(join.shown(1, "g", &event(1, "a", "")));
        assert!(!join.read("g", &event(1, "a", "7")));
        assert!(!join.shown(2, "g", &event(1, "a", "")));
        assert!(join.read("h", &event(1, "a", "7")));
    }

    #[test]
    fn of_equal_events_there_are_as_many_as_one_way_shows() {
        let mut join = Join::new();
        assert!(join.shown(1, "g", &event(1, "a", "")));
        assert!(!join.read("g", &event(1, "a", "7")));
        assert!(!join.read("g", &event(1, "a", "7")));
        assert!(join.read("g", &event(1, "a", "8")));
        assert!(!join.shown(1, "g", &event(1, "a", "")));
        assert!(join.shown(1, "g", &event(1, "a", "")));
    }

    #[test]
    fn what_is_forgotten_takes_no_room() {
        let mut join = Join::new();
        for at in 0..10 {
            join.shown(1, "g", &event(at, "a", ""));
        }
        join.forget(6);
        assert_eq!(join.len(), 5);
    }

    proptest! {
        /// Sessions that show parts of the events, and readings that repeat them: in whatever order, each once.
        #[test]
        fn every_event_is_new_once(
            events in prop::collection::vec((0_i64..4, 0_u8..2), 1..12),
            ways in prop::collection::vec((0_u64..4, prop::collection::vec(any::<bool>(), 12)), 0..6),
        ) {
            let all: Vec<LogEvent> = (0..)
                .zip(&events)
                .map(|(id, (at, text)): (u32, _)| event(*at, &text.to_string(), &id.to_string()))
                .collect();
            let mut join = Join::new();
            let mut taken = Vec::new();
            for (number, (way, part)) in (1..).zip(&ways) {
                for (event, _) in all.iter().zip(part).filter(|(_, is_in)| **is_in) {
                    let is_new = if *way == 0 {
                        join.read("g", event)
                    } else {
                        join.shown(number, "g", event)
                    };
                    if is_new {
                        taken.push((event.timestamp, event.message.clone()));
                    }
                }
            }
            for event in &all {
                if join.read("g", event) {
                    taken.push((event.timestamp, event.message.clone()));
                }
            }
            let mut expected: Vec<_> =
                all.into_iter().map(|event| (event.timestamp, event.message)).collect();
            expected.sort();
            taken.sort();
            prop_assert_eq!(taken, expected);
        }
    }
}
