//! What is remembered about each key, in memory.

use std::collections::HashMap;

use super::policy::{Memory, Policy, Sighting, Telling, decide};
use crate::time::Timestamp;

/// The memories of all keys.
///
/// One entry is one small record under one key, read and written as a whole: the same could lie in a table.
#[derive(Clone, Debug, Default)]
pub struct Memories {
    by_key: HashMap<String, Memory>,
}

impl Memories {
    /// Takes a sighting; returns what to tell, and what is known of the key then or, of an ended episode, was.
    pub fn see(
        &mut self,
        key: &str,
        at: Timestamp,
        seen: Sighting,
        policy: &Policy,
    ) -> Option<(Telling, Memory)> {
        let before = self.by_key.get(key).copied();
        let (after, telling) = decide(before.as_ref(), at, seen, policy);
        match after {
            Some(memory) => self.by_key.insert(key.to_owned(), memory),
            None => self.by_key.remove(key),
        };
        let known = after.or(before)?;
        (telling != Telling::Nothing).then_some((telling, known))
    }

    /// Returns how many keys are remembered.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Returns whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}
