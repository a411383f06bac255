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
    store.commit(vec![write], now).await.map(drop)
}

/// Ends a silence early; false when there was none.
pub async fn end_silence(
    store: &impl Store,
    stage: &str,
    target: &Target,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = Silence::key(stage, target);
    let found = store.get(std::slice::from_ref(&key), now).await?;
    let Some(document) = found.first() else {
        return Ok(false);
    };
    let delete = Write::Delete {
        key,
        expected: document.unchanged(),
    };
    Ok(store.commit(vec![delete], now).await? == Committed::Made)
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::super::conformance::block_on;
    use super::*;

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
