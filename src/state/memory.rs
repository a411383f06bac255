//! Documents in this process: for tests, and for a function that has no table.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Committed, Document, Expected, Key, Page, Store, StoreError, Write};
use crate::time::Timestamp;

/// Keeps documents for as long as the process lives.
#[derive(Debug, Default)]
pub struct Memory {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    documents: BTreeMap<Key, Document>,
    /// How many there were after the last sweep.
    swept: usize,
}

/// Fewer documents than this are not worth a sweep.
const FEW: usize = 64;
/// How many documents are handed out at once.
const PAGE: usize = 200;

impl Kept {
    fn live(&self, key: &Key, now: Timestamp) -> Option<&Document> {
        let document = self.documents.get(key)?;
        (document.expires > now).then_some(document)
    }

    fn holds(&self, write: &Write, now: Timestamp) -> bool {
        match (write.expected(), self.live(write.key(), now)) {
            (Expected::Anything, _) | (Expected::Absent, None) => true,
            (Expected::Version(expected), Some(document)) => document.version == expected,
            _ => false,
        }
    }

    fn make(&mut self, write: Write, now: Timestamp) {
        match write {
            Write::Delete { key, .. } => {
                self.documents.remove(&key);
            }
            Write::Put {
                key, body, expires, ..
            } => {
                let version = self.live(&key, now).map_or(0, |before| before.version) + 1;
                let document = Document {
                    key: key.clone(),
                    version,
                    body,
                    expires,
                };
                self.documents.insert(key, document);
            }
        }
    }

    /// Forgets what has expired, once there is twice as much as the last time: a commit costs what it writes.
    fn sweep(&mut self, now: Timestamp) {
        if self.documents.len() >= FEW.max(2 * self.swept) {
            self.documents.retain(|_, document| document.expires > now);
            self.swept = self.documents.len();
        }
    }
}

impl Memory {
    /// Returns whether nothing was ever kept, or all of it is gone.
    pub fn is_empty(&self) -> bool {
        self.lock().documents.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves whole documents behind: writes are made under one lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    async fn get(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Document>, StoreError> {
        let kept = self.lock();
        let found = keys.iter().filter_map(|key| kept.live(key, now));
        Ok(found.cloned().collect())
    }

    async fn page(
        &self,
        partition: &str,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let kept = self.lock();
        let from = match after {
            Some(after) => Bound::Excluded(Key::new(partition, after)),
            None => Bound::Included(Key::new(partition, "")),
        };
        let of_partition = kept.documents.range((from, Bound::Unbounded));
        let mut left = of_partition.take_while(|(key, _)| key.partition == partition);
        let some: Vec<&Document> = left.by_ref().take(PAGE).map(|(_, one)| one).collect();
        let more = left.next().and(some.last());
        Ok(Page {
            more: more.map(|last| last.key.sort.clone()),
            documents: some
                .into_iter()
                .filter(|document| document.expires > now)
                .cloned()
                .collect(),
        })
    }

    async fn commit(&self, writes: Vec<Write>, now: Timestamp) -> Result<Committed, StoreError> {
        let mut seen = HashSet::new();
        if let Some(twice) = writes.iter().find(|write| !seen.insert(write.key())) {
            return Err(named_twice(twice.key()));
        }
        let mut kept = self.lock();
        if !writes.iter().all(|write| kept.holds(write, now)) {
            return Ok(Committed::Conflict);
        }
        for write in writes {
            kept.make(write, now);
        }
        kept.sweep(now);
        Ok(Committed::Made)
    }
}

/// Refuses what DynamoDB refuses too.
fn named_twice(key: &Key) -> StoreError {
    StoreError {
        operation: "commit",
        table: "in memory".to_owned(),
        code: Some("ValidationException".to_owned()),
        reason: format!("`{key}` is written twice at once"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::block_on;
    use super::*;

    #[test]
    fn what_has_expired_does_not_pile_up() {
        let store = Memory::default();
        for at in 0..10_000 {
            let write = Write::Put {
                key: Key::new("p", at.to_string()),
                body: String::new(),
                expires: Timestamp(at + 10),
                expected: Expected::Absent,
            };
            let made = block_on(store.commit(vec![write], Timestamp(at)));
            assert_eq!(made.expect("written"), Committed::Made);
        }
        assert!(store.lock().documents.len() < FEW);
    }
}
