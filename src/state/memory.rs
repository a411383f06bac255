//! Documents in this process: for tests, and for a function that has no table.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Committed, Document, Expected, Key, Store, StoreError, Write};
use crate::time::Timestamp;

/// Keeps documents for as long as the process lives.
#[derive(Debug, Default)]
pub struct Memory {
    documents: Mutex<BTreeMap<Key, Document>>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Document>> {
        // A panic elsewhere leaves whole documents behind: writes are made under one lock.
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    async fn get(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Document>, StoreError> {
        let documents = self.lock();
        let found = keys.iter().filter_map(|key| documents.get(key));
        Ok(found
            .filter(|document| document.expires > now)
            .cloned()
            .collect())
    }

    async fn list(
        &self,
        partition: &str,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Document>, StoreError> {
        let documents = self.lock();
        let first = Key::new(partition, "");
        let of_partition = documents
            .range(first..)
            .map(|(_, document)| document)
            .take_while(|document| document.key.partition == partition);
        Ok(of_partition
            .filter(|document| document.expires > now)
            .take(most)
            .cloned()
            .collect())
    }

    async fn commit(&self, writes: Vec<Write>, now: Timestamp) -> Result<Committed, StoreError> {
        let mut documents = self.lock();
        documents.retain(|_, document| document.expires > now);
        let holds = |write: &Write| match (write.expected(), documents.get(write.key())) {
            (Expected::Anything, _) | (Expected::Absent, None) => true,
            (Expected::Version(expected), Some(document)) => document.version == expected,
            _ => false,
        };
        if !writes.iter().all(holds) {
            return Ok(Committed::Conflict);
        }
        for write in writes {
            match write {
                Write::Delete { key, .. } => {
                    documents.remove(&key);
                }
                Write::Put {
                    key, body, expires, ..
                } => {
                    let version = documents.get(&key).map_or(0, |before| before.version) + 1;
                    let document = Document {
                        key: key.clone(),
                        version,
                        body,
                        expires,
                    };
                    documents.insert(key, document);
                }
            }
        }
        Ok(Committed::Made)
    }
}
