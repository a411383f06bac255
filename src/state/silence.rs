//! Silences: what is not to be told for a while, and why.
//!
//! A silenced failure is still seen and counted. The first alert after the silence says how many there were.

use serde::{Deserialize, Serialize};

use super::{Committed, Expected, Key, Store, StoreError, Write};
use crate::time::Timestamp;

const PARTITION: &str = "silence";
/// More than a person can keep in mind.
const MOST: usize = 1000;

/// What is silent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Everything of the stage.
    Stage,
    /// A batch, or all that a saved query finds, by name.
    Name(String),
}

/// An agreement not to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// What it is about.
    pub target: Target,
    /// Where.
    pub stage: String,
    /// Since when, in milliseconds.
    pub since: i64,
    /// Until when, in milliseconds; then it ends by itself.
    pub until: i64,
    /// Why.
    pub reason: String,
}

impl Silence {
    /// Returns whether it keeps an alert from being told.
    pub fn covers(&self, stage: &str, names: &[&str]) -> bool {
        let of_stage = self.stage.is_empty() || self.stage == stage;
        of_stage
            && match &self.target {
                Target::Stage => true,
                Target::Name(name) => names.contains(&name.as_str()),
            }
    }

    fn key(stage: &str, target: &Target) -> Key {
        let name = match target {
            Target::Stage => "*",
            Target::Name(name) => name,
        };
        Key::new(PARTITION, format!("{stage}#{name}"))
    }
}

/// Returns the silences that are in force.
pub async fn silences(store: &impl Store, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
    let documents = store.list(PARTITION, MOST, now).await?;
    let read = documents
        .iter()
        .filter_map(super::Document::read::<Silence>);
    Ok(read
        .filter(|silence| silence.until > now.as_millis())
        .collect())
}

/// Begins a silence, in the place of one on the same thing.
pub async fn put_silence(
    store: &impl Store,
    silence: &Silence,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = Silence::key(&silence.stage, &silence.target);
    let write = Write::put(key, silence, Timestamp(silence.until), Expected::Anything);
    // It holds whatever was there before, so whoever is quicker is only waited for.
    while store.commit(vec![write.clone()], now).await? == Committed::Conflict {}
    Ok(())
}

/// Ends a silence early; false when there was none.
pub async fn end_silence(
    store: &impl Store,
    stage: &str,
    target: &Target,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = Silence::key(stage, target);
    loop {
        let found = store.get(std::slice::from_ref(&key), now).await?;
        let Some(document) = found.first() else {
            return Ok(false);
        };
        let delete = Write::Delete {
            key: key.clone(),
            expected: document.unchanged(),
        };
        if store.commit(vec![delete], now).await? == Committed::Made {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::super::conformance::block_on;
    use super::super::{Document, Memory, Page};
    use super::*;

    /// A store where somebody else is quicker for so many commits.
    struct Busy(Memory, AtomicU32);

    impl Store for Busy {
        async fn get(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Document>, StoreError> {
            self.0.get(keys, now).await
        }

        async fn page(
            &self,
            partition: &str,
            after: Option<&str>,
            now: Timestamp,
        ) -> Result<Page, StoreError> {
            self.0.page(partition, after, now).await
        }

        async fn commit(
            &self,
            writes: Vec<Write>,
            now: Timestamp,
        ) -> Result<Committed, StoreError> {
            let left = |left: u32| left.checked_sub(1);
            match self
                .1
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            {
                Ok(_) => Ok(Committed::Conflict),
                Err(_) => self.0.commit(writes, now).await,
            }
        }
    }

    #[test]
    fn a_conflict_is_no_success() {
        let store = Busy(Memory::default(), AtomicU32::new(2));
        let named = Target::Name("sync".to_owned());
        block_on(put_silence(&store, &silence(named.clone()), NOW)).expect("stored");
        assert_eq!(block_on(silences(&store, NOW)).expect("listed").len(), 1);
        store.1.store(2, Ordering::SeqCst);
        assert!(block_on(end_silence(&store, "production", &named, NOW)).expect("asked"));
        assert!(block_on(silences(&store, NOW)).expect("listed").is_empty());
    }

    const NOW: Timestamp = Timestamp(1_795_600_000_000);

    fn silence(target: Target) -> Silence {
        Silence {
            target,
            stage: "production".to_owned(),
            since: NOW.0,
            until: NOW.0 + 1000,
            reason: "deploy".to_owned(),
        }
    }

    #[test]
    fn a_silence_is_of_one_name_or_of_a_stage() {
        let named = silence(Target::Name("sync".to_owned()));
        assert!(named.covers("production", &["batch-failures", "sync"]));
        assert!(!named.covers("production", &["sync_all"]));
        assert!(!named.covers("staging", &["sync"]));
        assert!(silence(Target::Stage).covers("production", &[]));
    }

    #[test]
    fn a_silence_ends_by_itself_or_early() {
        let store = Memory::default();
        let named = Target::Name("sync".to_owned());
        for target in [named.clone(), Target::Stage] {
            block_on(put_silence(&store, &silence(target), NOW)).expect("stored");
        }
        let count = |at: i64| {
            block_on(silences(&store, Timestamp(at)))
                .expect("listed")
                .len()
        };
        assert_eq!((count(NOW.0), count(NOW.0 + 1000)), (2, 0));
        let end = || block_on(end_silence(&store, "production", &named, NOW)).expect("asked");
        assert_eq!((end(), end(), count(NOW.0)), (true, false, 1));
    }
}
