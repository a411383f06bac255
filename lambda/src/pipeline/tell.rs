//! From sightings to alerts that are written down: the policy over what the store remembers.
//!
//! The memory of a key and the alerts that it makes are written together or not at all, on the condition that
//! nobody wrote the memory since it was read. So two invocations at once count every event once and tell it once.

use std::collections::HashMap;
use std::time::Duration;

use logq::alert::catalog::{Sentence, texts};
use logq::alert::redact::Redactor;
use logq::alert::{Alert, Status};
use logq::config::Config;
use logq::severity::Severity;
use logq::state::{
    Committed, Document, Expected, Key, MOST_WRITES, Silence, Store, StoreError, Write,
};
use logq::time::Timestamp;
use logq::watch::Sighted;
use logq::watch::live::EventIdentity;
use logq::watch::policy::{Memory, Sighting, Telling, decide};

use super::Failure;
use super::counted::Counted;
use super::documents::{
    MEMORY_KEPT, MemoryDocument, OUTBOX_KEPT, Outgoing, Silenced, Waiting, after, memory_key,
    outbox_key,
};
use crate::deadline::Deadline;
use crate::telemetry::Counts;

/// How often the writing of one pack is tried against others who write the same keys.
const MOST_TRIES: u32 = 12;
/// The most bytes of an alert's document: an item of the table has at most 400 KB.
const LARGEST_ALERT: usize = 300_000;
/// How many bytes are written together: a transaction has at most 4 MB.
pub(crate) const LARGEST_PACK: usize = 3_000_000;
/// How many alerts one key makes at once: they are written together with its memory.
const MOST_ALERTS: usize = 80;
/// No pack is begun with less time left.
const RESERVE: Duration = Duration::from_secs(1);
/// How much of a traceback is left of one that is too large.
const LARGEST_TRACEBACK: usize = 60_000;

/// All sightings of one key, in order.
pub(crate) struct Group<'a> {
    pub(crate) key: String,
    /// Each with its identity, unless it is known to be new by other means.
    pub(crate) seen: Vec<(Sighted<'a>, Option<EventIdentity>)>,
    /// Sentences that its alerts end with.
    pub(crate) remarks: Vec<String>,
}

/// What is given to every decision.
pub(crate) struct Rulings<'a> {
    pub(crate) config: &'a Config,
    pub(crate) redactor: Option<&'a Redactor>,
    pub(crate) silences: &'a [Silence],
    /// The sinks that there are.
    pub(crate) sinks: &'a [&'static str],
    pub(crate) deadline: Deadline,
    pub(crate) now: Timestamp,
}

/// What became of sightings.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The alerts that were written down.
    pub(crate) alerts: Vec<Outgoing>,
    /// How many sightings made none.
    pub(crate) suppressed: u64,
    /// How many had been counted before.
    pub(crate) repeated: u64,
}

impl Told {
    pub(crate) fn add(&mut self, other: Self) {
        self.alerts.extend(other.alerts);
        self.suppressed += other.suppressed;
        self.repeated += other.repeated;
    }

    /// Returns what is to say of news that had been taken before.
    pub(crate) fn again(times: u64) -> Self {
        Self {
            repeated: times,
            ..Self::default()
        }
    }

    pub(crate) fn count(&self, counts: &mut Counts) {
        counts.alerts += self.alerts.len() as u64;
        counts.suppressed += self.suppressed;
        counts.repeated += self.repeated;
    }
}

/// What one group makes: the writes, and what they mean once they are made.
pub(crate) struct Decided {
    pub(crate) writes: Vec<Write>,
    pub(crate) told: Told,
}

/// Tells groups whose sightings have identities, and counts what is written; nothing else is written with them.
///
/// When the time is up the rest is left to the next try, which knows what this one has counted.
pub(crate) async fn tell(
    store: &impl Store,
    groups: Vec<Group<'_>>,
    rulings: &Rulings<'_>,
    counts: &mut Counts,
) -> Result<Told, Failure> {
    let mut left: Vec<&Group<'_>> = groups.iter().collect();
    let mut ledger = Ledger {
        counts,
        told: Told::default(),
        again: Vec::new(),
    };
    for attempt in 0..MOST_TRIES {
        // What was in the way may be one key of many: from the second time on each is written by itself.
        let most = if attempt == 0 { MOST_WRITES } else { 1 };
        tell_once(store, left, most, rulings, &mut ledger).await?;
        left = std::mem::take(&mut ledger.again);
        if left.is_empty() {
            return Ok(ledger.told);
        }
        tokio::time::sleep(Duration::from_millis(10 << attempt.min(6))).await;
    }
    let said = format!("{} keys are written by others all the time", left.len());
    Err(Failure::Busy(said))
}

/// What has become of groups.
struct Ledger<'g, 'a, 'c> {
    counts: &'c mut Counts,
    told: Told,
    /// Those that somebody else was quicker with.
    again: Vec<&'g Group<'a>>,
}

impl<'g, 'a> Ledger<'g, 'a, '_> {
    async fn write(
        &mut self,
        store: &impl Store,
        pack: &mut Pack<'g, 'a>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Pack { writes, groups, .. } = std::mem::take(pack);
        let committed = store.commit(writes, now).await?;
        for (group, one) in groups {
            match committed {
                Committed::Made => {
                    one.count(self.counts);
                    self.told.add(one);
                }
                Committed::Conflict => self.again.push(group),
            }
        }
        Ok(())
    }
}

/// What is written together.
#[derive(Default)]
struct Pack<'g, 'a> {
    writes: Vec<Write>,
    bytes: usize,
    groups: Vec<(&'g Group<'a>, Told)>,
}

async fn tell_once<'g, 'a>(
    store: &impl Store,
    groups: Vec<&'g Group<'a>>,
    most: usize,
    rulings: &Rulings<'_>,
    ledger: &mut Ledger<'g, 'a, '_>,
) -> Result<(), Failure> {
    let memories = memories(store, groups.iter().copied(), rulings.now).await?;
    let mut pack = Pack::default();
    for group in groups {
        if !rulings.deadline.allows(RESERVE) {
            return Err(Failure::OutOfTime);
        }
        let decided = decide_group(group, memories.get(&group.key), rulings);
        let more: usize = decided.writes.iter().map(Write::len).sum();
        let is_full =
            pack.writes.len() + decided.writes.len() > most || pack.bytes + more > LARGEST_PACK;
        if !pack.writes.is_empty() && is_full {
            ledger.write(store, &mut pack, rulings.now).await?;
        }
        pack.bytes += more;
        pack.writes.extend(decided.writes);
        pack.groups.push((group, decided.told));
    }
    ledger.write(store, &mut pack, rulings.now).await?;
    Ok(())
}

/// Reads the memories of the groups' keys.
pub(crate) async fn memories<'g, 'a: 'g>(
    store: &impl Store,
    groups: impl Iterator<Item = &'g Group<'a>>,
    now: Timestamp,
) -> Result<HashMap<String, Document>, StoreError> {
    let keys: HashMap<Key, &str> = groups
        .map(|group| (memory_key(&group.key), group.key.as_str()))
        .collect();
    let wanted: Vec<Key> = keys.keys().cloned().collect();
    let documents = store.get(&wanted, now).await?;
    let named = documents.into_iter().filter_map(|document| {
        let key = (*keys.get(&document.key)?).to_owned();
        Some((key, document))
    });
    Ok(named.collect())
}

/// Decides on one group's sightings, from what is remembered of its key.
pub(crate) fn decide_group(
    group: &Group<'_>,
    before: Option<&Document>,
    rulings: &Rulings<'_>,
) -> Decided {
    let known = before.and_then(Document::read::<MemoryDocument>);
    let mut document = known.clone().unwrap_or_default();
    let mut counted = Counted::read(&document.seen);
    let mut told = Told::default();
    for (one, identity) in &group.seen {
        if identity
            .as_ref()
            .is_some_and(|identity| !counted.count(identity))
        {
            told.repeated += 1;
            continue;
        }
        match ruled(one, &mut document, group, rulings) {
            Some(alert) if told.alerts.len() < MOST_ALERTS => {
                let severity = one.rule.severity;
                told.alerts
                    .push(outgoing(alert, severity, &group.key, rulings));
            }
            // What turned out worse has been counted before.
            _ => told.suppressed += u64::from(matches!(one.sighting, Sighting::Bad(_))),
        }
    }
    if let Some(seen) = counted.written() {
        document.seen = seen;
    }
    // Nobody is told what is routed nowhere; it is not kept either.
    told.alerts.retain(|alert| !alert.waiting.is_empty());
    let mut writes: Vec<Write> = told
        .alerts
        .iter()
        .map(|one| put_alert(one, rulings.now))
        .collect();
    if document != known.unwrap_or_default() {
        let expected = before.map_or(Expected::Absent, Document::unchanged);
        let expires = after(rulings.now, MEMORY_KEPT);
        writes.push(Write::put(
            memory_key(&group.key),
            &document,
            expires,
            expected,
        ));
    }
    Decided { writes, told }
}

/// Takes one sighting into the memory; returns the alert when it is to be told.
fn ruled(
    one: &Sighted<'_>,
    document: &mut MemoryDocument,
    group: &Group<'_>,
    rulings: &Rulings<'_>,
) -> Option<Alert> {
    let before = document.memory;
    let (memory, telling) = decide(before.as_ref(), one.at, one.sighting, &one.rule.policy);
    document.memory = memory;
    let mut remarks = group.remarks.clone();
    remarks.extend(document.silenced.as_ref().map(|silenced| {
        let texts = texts(rulings.config.alerts.language);
        texts.sentence(&Sentence::Silenced(silenced.count, &silenced.reason))
    }));
    let alert = one.alert(telling, &memory.or(before)?, remarks, rulings.config)?;
    if let Some(silence) = covering(&alert, rulings.silences) {
        keep_untold(document, before.as_ref(), telling, silence);
        return None;
    }
    document.silenced = None;
    Some(match rulings.redactor {
        Some(redactor) => redactor.alert(alert),
        None => alert,
    })
}

/// Counts what a silence covers, as if it had not been told: the first after the silence is.
fn keep_untold(
    document: &mut MemoryDocument,
    before: Option<&Memory>,
    telling: Telling,
    silence: &Silence,
) {
    if let (Some(memory), Telling::Firing | Telling::Repeat { .. }) =
        (&mut document.memory, telling)
    {
        memory.told = before.map_or(0, |before| before.told);
        memory.told_at = before.map_or(memory.told_at, |before| before.told_at);
    }
    let silenced = document.silenced.get_or_insert(Silenced {
        count: 0,
        reason: String::new(),
    });
    silenced.count += 1;
    silence.reason.clone_into(&mut silenced.reason);
}

fn covering<'s>(alert: &Alert, silences: &'s [Silence]) -> Option<&'s Silence> {
    let stage = alert.subject.stage.as_deref().unwrap_or_default();
    let names = [
        alert.subject.name.as_deref().unwrap_or_default(),
        alert.rule.as_str(),
    ];
    silences
        .iter()
        .find(|silence| silence.covers(stage, &names))
}

/// Puts an alert on its way; what is over goes where it was told, by the severity of its rule.
fn outgoing(mut alert: Alert, rule: Severity, key: &str, rulings: &Rulings<'_>) -> Outgoing {
    shorten(&mut alert);
    let severity = match alert.status {
        Status::Resolved => rule,
        Status::Firing | Status::Repeat => alert.severity,
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (stage, service) = (text(&alert.subject.stage), text(&alert.subject.service));
    let routed = rulings
        .config
        .sinks_for(severity, &stage, &service, &alert.rule);
    let there = rulings.sinks.iter();
    let waiting = there
        .filter(|name| routed.iter().any(|sink| sink.name() == **name))
        .map(|name| Waiting::new(name));
    Outgoing {
        waiting: waiting.collect(),
        alert,
        key: key.to_owned(),
        claimed: None,
        tries: 0,
    }
}

/// Cuts what was printed of an alert that is too large for the table, and says so.
fn shorten(alert: &mut Alert) {
    for most in [LARGEST_TRACEBACK, LARGEST_TRACEBACK / 8] {
        if alert.to_json().len() <= LARGEST_ALERT {
            return;
        }
        let error = alert.subject.error.as_mut();
        for text in error
            .into_iter()
            .flat_map(|error| [&mut error.traceback, &mut error.message])
            .flatten()
        {
            keep_end(text, most);
        }
    }
}

pub(crate) fn keep_end(text: &mut String, most: usize) {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    if from > 0 {
        *text = format!("({from} bytes left out)\n{}", &text[from..]);
    }
}

/// Writes an alert down. The same failure has the same id: one that is told worse takes the place of what was not
/// sent yet.
fn put_alert(outgoing: &Outgoing, now: Timestamp) -> Write {
    let expires = after(now, OUTBOX_KEPT);
    let key = outbox_key(&outgoing.alert.id);
    Write::put(key, outgoing, expires, Expected::Anything)
}

/// Returns whether an alert tells more of a message that was sent before, instead of being one of its own.
pub(crate) fn follows(alert: &Alert) -> bool {
    let of_a_kind = alert.subject.kind == logq::alert::Kind::Error;
    match alert.status {
        Status::Firing => false,
        // Each run that fails is a failure of its own.
        Status::Repeat => of_a_kind,
        Status::Resolved => true,
    }
}
