//! Which events a key has counted: each is counted once, however it comes.
//!
//! A delivered event is known by its id. One that was read from its stream has none: of the events with the same time
//! and text it is the first, the second and so on, and was counted when so many of them were. Whichever way an event
//! comes first, it is known when it comes the other way.

use std::collections::{HashMap, HashSet};

use logq::watch::live::EventIdentity;

/// How many events are known again; of a storm beyond that, what is delivered twice is counted twice.
const KNOWN_AGAIN: usize = 4096;
/// How many characters are kept of each of the two parts of an identity: 48 bits.
const PART: usize = 8;
/// Stands for the id of an event that has none.
const NO_ID: Part = *b"!!!!!!!!";
/// Six bits each; none needs an escape in JSON.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

type Part = [u8; PART];

/// The events that were counted last, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    entries: Vec<Entry>,
    ids: HashSet<Part>,
    alike: HashMap<Part, Alike>,
    is_changed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    alike: Part,
    id: Part,
}

/// How many events of one time and text were counted.
#[derive(Clone, Copy, Debug, Default)]
struct Alike {
    all: u32,
    without_id: u32,
}

impl Counted {
    /// Reads what [`Counted::written`] wrote.
    pub(crate) fn read(text: &str) -> Self {
        let mut counted = Self::default();
        for entry in text.as_bytes().chunks_exact(2 * PART) {
            let (Ok(alike), Ok(id)) = (entry[..PART].try_into(), entry[PART..].try_into()) else {
                continue;
            };
            counted.add(Entry { alike, id });
        }
        counted.is_changed = false;
        counted
    }

    /// Counts an event; false when it was counted before.
    pub(crate) fn count(&mut self, event: &EventIdentity) -> bool {
        let alike = part(&event.alike);
        let known = self.alike.get(&alike).copied().unwrap_or_default();
        let id = match &event.id {
            None if event.number <= known.all => return false,
            None => NO_ID,
            Some(id) => part(id),
        };
        if id != NO_ID {
            if self.ids.contains(&id) {
                return false;
            }
            if known.without_id > 0 {
                self.name(alike, id);
                return false;
            }
        }
        if self.entries.len() >= KNOWN_AGAIN {
            self.forget(KNOWN_AGAIN / 8);
        }
        self.add(Entry { alike, id });
        true
    }

    /// Returns the text to keep; `None` when it is the one that was read.
    pub(crate) fn written(&self) -> Option<String> {
        let parts = self
            .entries
            .iter()
            .flat_map(|entry| [entry.alike, entry.id]);
        let text = || parts.flatten().map(char::from).collect();
        self.is_changed.then(text)
    }

    fn add(&mut self, entry: Entry) {
        let alike = self.alike.entry(entry.alike).or_default();
        alike.all += 1;
        if entry.id == NO_ID {
            alike.without_id += 1;
        } else {
            self.ids.insert(entry.id);
        }
        self.entries.push(entry);
        self.is_changed = true;
    }

    /// Gives an id to an event that was counted without.
    fn name(&mut self, alike: Part, id: Part) {
        let unnamed = |entry: &&mut Entry| entry.alike == alike && entry.id == NO_ID;
        if let Some(entry) = self.entries.iter_mut().find(unnamed) {
            entry.id = id;
        }
        if let Some(known) = self.alike.get_mut(&alike) {
            known.without_id -= 1;
        }
        self.ids.insert(id);
        self.is_changed = true;
    }

    fn forget(&mut self, oldest: usize) {
        let kept = self.entries.split_off(oldest);
        *self = Self::default();
        for entry in kept {
            self.add(entry);
        }
    }
}

/// Shortens a part of an identity, which is hexadecimal.
fn part(identity: &str) -> Part {
    let digits = &identity[..identity.len().min(12)];
    let number = u64::from_str_radix(digits, 16).unwrap_or_default();
    std::array::from_fn(|at| LETTERS[(number >> (6 * at)) as usize % LETTERS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(alike: u64, id: Option<u64>, number: u32) -> EventIdentity {
        let hex = |number: u64| format!("{:012x}{:020}", number.wrapping_mul(0x9E37_79B9), 0);
        EventIdentity {
            alike: hex(alike),
            id: id.map(hex),
            number,
        }
    }

    /// Counts events one after the other, each time from what was kept; returns which were new.
    fn new(events: &[EventIdentity]) -> Vec<bool> {
        let mut kept = String::new();
        let count = |event| {
            let mut counted = Counted::read(&kept);
            let is_new = counted.count(event);
            kept = counted.written().unwrap_or_else(|| kept.clone());
            is_new
        };
        events.iter().map(count).collect()
    }

    #[test]
    fn two_alike_are_two_by_their_ids_in_whatever_piece_they_come() {
        let (one, other) = (event(7, Some(1), 1), event(7, Some(2), 1));
        let all = [one.clone(), other.clone(), one, other];
        assert_eq!(new(&all), [true, true, false, false]);
    }

    #[test]
    fn what_was_delivered_is_known_when_it_is_read() {
        let delivered = event(7, Some(1), 1);
        let (first, second) = (event(7, None, 1), event(7, None, 2));
        let all = [delivered, first, second];
        assert_eq!(new(&all), [true, false, true]);
    }

    #[test]
    fn what_was_read_is_known_when_it_is_delivered() {
        let (first, second) = (event(7, None, 1), event(7, None, 2));
        let ids = [1, 2, 1, 3].map(|id| event(7, Some(id), 1));
        let all = [[first, second].as_slice(), &ids].concat();
        assert_eq!(new(&all), [true, true, false, false, false, true]);
    }

    #[test]
    fn of_many_the_last_are_known_again() {
        let mut counted = Counted::default();
        let mut count = |number| counted.count(&event(number, Some(number), 1));
        assert!((1..9000).all(&mut count));
        assert!(
            !count(8999) && !count(8999 - 3000),
            "of the last ones each is known"
        );
        assert!(count(1), "of the first ones none is");
        assert!(counted.entries.len() <= KNOWN_AGAIN);
        let text = counted.written().expect("it has changed");
        assert!(!Counted::read(&text).count(&event(8999, Some(8999), 1)));
        assert_eq!(Counted::read(&text).written(), None);
    }
}
