//! The alerts that are sent first, of however many wait.

use std::collections::BTreeMap;

use logq::severity::Severity;
use logq::state::{Expected, Store, StoreError, Write};
use logq::time::Timestamp;

use super::documents::{OUTBOX, OUTBOX_KEPT, Outgoing, after, outbox_key};
use crate::telemetry::Log;

/// How many alerts are held in one invocation, and how many bytes of them.
const MOST_ALERTS: usize = 5_000;
const MOST_BYTES: usize = 40 << 20;
/// How often an alert is not taken before others go first.
const MOST_FIRST_TRIES: u32 = 3;

/// An alert on its way, and the version of its document.
pub(crate) struct Entry {
    pub(crate) outgoing: Outgoing,
    pub(crate) version: u64,
    bytes: usize,
}

/// The alerts that are sent first.
#[derive(Default)]
pub(crate) struct Window {
    entries: BTreeMap<Rank, Entry>,
    bytes: usize,
    /// How many wait beside these.
    beyond: u64,
}

/// In which order alerts are sent: those that were tried too often last, else the worst first, then the oldest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    failed: u32,
    severity: Severity,
    last_seen: Timestamp,
    occurrences: u64,
    id: String,
}

impl Window {
    /// Reads the alerts that nobody has in hand and an open sink waits for.
    pub(crate) async fn read(
        store: &impl Store,
        open: &[&str],
        log: &Log,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut window = Self::default();
        let mut from = None;
        loop {
            let page = store.page(OUTBOX, from.as_deref(), now).await?;
            for document in page.documents {
                let Some(outgoing) = document.read::<Outgoing>() else {
                    let said = format!("an alert cannot be read: {}", document.key);
                    log.problem("outbox", &said);
                    continue;
                };
                if outgoing.claimed.is_some_and(|claimed| claimed > now) {
                    continue;
                }
                let entry = Entry {
                    outgoing,
                    version: document.version,
                    bytes: document.body.len(),
                };
                window.add(entry, open);
            }
            from = page.more;
            if from.is_none() {
                return Ok(window);
            }
        }
    }

    /// Returns the alerts in the order in which they are sent, and how many there are beside these.
    pub(crate) fn in_order(self) -> (Vec<Entry>, u64) {
        (self.entries.into_values().collect(), self.beyond)
    }

    /// Adds an alert when one of the open sinks waits for it, and leaves out the last when there are too many.
    fn add(&mut self, entry: Entry, open: &[&str]) {
        let mut waiting = entry.outgoing.waiting.iter();
        if !waiting.any(|one| open.contains(&one.sink.as_str())) {
            self.beyond += 1;
            return;
        }
        self.bytes += entry.bytes;
        self.entries.insert(entry.rank(), entry);
        while self.entries.len() > MOST_ALERTS || self.bytes > MOST_BYTES {
            let Some((_, last)) = self.entries.pop_last() else {
                return;
            };
            self.bytes -= last.bytes;
            self.beyond += 1;
        }
    }
}

impl Entry {
    fn rank(&self) -> Rank {
        let alert = &self.outgoing.alert;
        Rank {
            failed: self.outgoing.tries.saturating_sub(MOST_FIRST_TRIES),
            severity: alert.severity,
            last_seen: alert.last_seen,
            occurrences: alert.counts.occurrences,
            id: alert.id.clone(),
        }
    }

    /// Returns the write that puts the document in its present state, removed when every sink has it.
    pub(crate) fn write(&self, now: Timestamp) -> Write {
        let key = outbox_key(&self.outgoing.alert.id);
        let expected = Expected::Version(self.version);
        if self.outgoing.waiting.is_empty() {
            return Write::Delete { key, expected };
        }
        Write::put(key, &self.outgoing, after(now, OUTBOX_KEPT), expected)
    }
}
