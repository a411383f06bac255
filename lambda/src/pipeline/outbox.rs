//! Sends what was written down, and marks what each sink has.
//!
//! An alert is claimed before it is sent, so that of two invocations one sends it, and marked after each sink. A claim
//! that is not followed by a mark runs out when the invocation has ended, and the alert is sent again: only a process
//! that dies between sending and marking tells twice. Each sink has its own pauses and its own share of messages for
//! a minute; when that is used up it gets one more, about all that are left.
//!
//! However many alerts wait, a pass holds so many of them, the worst first and the oldest of these; the others wait for
//! the next pass. One that sinks did not take a few times goes behind the others, so that it cannot keep them from
//! being sent.

use std::collections::BTreeMap;
use std::time::Duration;

use logq::alert::identity;
use logq::alert::sink::Storm;
use logq::alert::sink::slack::Posted;
use logq::state::{Committed, Document, Expected, Key, MOST_WRITES, Store, StoreError, Write};
use logq::time::Timestamp;

use super::crash::{self, Point};
use super::documents::{Budget, Outgoing, POSTED_KEPT, after, budget_key, posted_key};
use super::tell::{LARGEST_PACK, follows};
use super::window::{Entry, Window};
use super::{Failure, Pipeline};
use crate::deadline::Deadline;
use crate::deliver::{Delivered, Delivery, DeliveryError};
use crate::streams::Streams;

/// How long a claim outlasts the invocation that made it, in milliseconds.
const CLAIM: i64 = 5_000;
/// How many messages a sink gets in a minute; Slack takes about one a second for a channel.
const MESSAGES_A_MINUTE: u32 = 20;
/// How often a message is tried in one invocation, and the first pause.
const MOST_TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that is waited out instead of leaving the alert to the next tick.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// No new message is begun with less time left; what is begun is given up when only the margin is left.
const RESERVE: Duration = Duration::from_secs(6);
const MARGIN: Duration = Duration::from_secs(2);
/// How often a budget is tried against others who spend from it.
const MOST_SPENDINGS: u32 = 8;
/// How many messages this process remembers to have sent.
const REMEMBERED: usize = 10_000;

/// What became of the alerts of one pass.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sent {
    /// How many alerts every sink has now.
    pub done: u64,
    /// How many are left for later.
    pub left: u64,
    /// How many of these a sink was asked to take, and did not.
    pub failed: u64,
    /// Why; the last reason.
    pub reason: Option<String>,
}

/// What goes with every step of a pass.
#[derive(Clone, Copy)]
struct Pass {
    deadline: Deadline,
    now: Timestamp,
}

impl Pass {
    /// Returns what time it is by now.
    fn clock(self) -> Timestamp {
        after(self.now, self.deadline.elapsed().as_millis() as i64)
    }

    /// Returns until when a claim holds: a little longer than the invocation.
    fn claim(self) -> Timestamp {
        let left = self.deadline.left().as_millis() as i64;
        after(self.clock(), left + CLAIM)
    }
}

impl<R: Streams> Pipeline<R> {
    /// Sends what a delivery has made, with what waits. When no sink takes anything in this minute, what waits is not
    /// even read: a storm is many deliveries.
    pub(crate) async fn flush_news(
        &mut self,
        store: &impl Store,
        alerts: usize,
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        let open = self.open_sinks(store, now).await?;
        if !open.is_empty() {
            return self.flush(store, &open, now).await;
        }
        self.counts.undelivered = alerts as u64;
        Ok(Sent {
            left: alerts as u64,
            ..Sent::default()
        })
    }

    /// Sends what is written down and not sent yet, as far as `open` sinks take messages.
    pub(crate) async fn flush(
        &mut self,
        store: &impl Store,
        open: &[&str],
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        let deadline = self.deadline;
        let pass = Pass { deadline, now };
        let window = Window::read(store, open, &self.log, now).await?;
        let (mut entries, beyond) = window.in_order();
        let mut sent = Sent::default();
        let mut over: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, entry) in entries.iter_mut().enumerate() {
            if !deadline.allows(RESERVE) {
                self.counts.partial = true;
                break;
            }
            let mut room = Vec::new();
            for name in self.ready(entry, now) {
                // What is used up for this minute is not asked for once for each of thousands.
                if !over.contains_key(&name) && self.spend(store, &name, now).await? {
                    room.push(name);
                } else {
                    over.entry(name).or_default().push(index);
                }
            }
            if !room.is_empty() {
                self.send_one(store, entry, room, pass, &mut sent).await?;
            }
        }
        for (name, indexes) in over {
            // A storm of one is better told as itself, in the next minute.
            if indexes.len() > 1 && deadline.allows(RESERVE) {
                let rest = indexes.as_slice();
                self.send_storm(store, &name, &mut entries, rest, pass, &mut sent)
                    .await?;
            }
        }
        let is_done = |entry: &&Entry| entry.outgoing.waiting.is_empty();
        sent.done = entries.iter().filter(is_done).count() as u64;
        sent.left = beyond + entries.len() as u64 - sent.done;
        self.counts.undelivered = sent.left;
        Ok(sent)
    }

    /// Returns the sinks that may be sent something now, and remembers the pauses of the others.
    pub(crate) async fn open_sinks(
        &mut self,
        store: &impl Store,
        now: Timestamp,
    ) -> Result<Vec<&'static str>, StoreError> {
        let keys: Vec<Key> = self.names.iter().map(|name| budget_key(name)).collect();
        let found = store.get(&keys, now).await?;
        self.pauses.clear();
        let mut open = Vec::new();
        for (name, key) in self.names.iter().zip(&keys) {
            let budget = found.iter().find(|document| document.key == *key);
            let budget = Budget::at(now, budget);
            if let Some(until) = budget.paused.filter(|until| *until > now) {
                self.pauses.insert((*name).to_owned(), until);
            } else if budget.sent < MESSAGES_A_MINUTE || budget.storms == 0 {
                open.push(*name);
            }
        }
        Ok(open)
    }

    /// Returns the sinks that wait for an alert and do not pause.
    fn ready(&self, entry: &Entry, now: Timestamp) -> Vec<String> {
        let paused = |sink: &str| self.pauses.get(sink).is_some_and(|until| *until > now);
        let waiting = entry.outgoing.waiting.iter().map(|one| &one.sink);
        waiting.filter(|sink| !paused(sink)).cloned().collect()
    }

    /// Takes a message out of a sink's budget for this minute; false when it is used up.
    async fn spend(
        &self,
        store: &impl Store,
        sink: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let take = |budget: &mut Budget| {
            let room = budget.sent < MESSAGES_A_MINUTE;
            budget.sent += u32::from(room);
            room
        };
        self.change_budget(store, sink, now, take).await
    }

    /// Changes a budget; what several do at once adds up.
    async fn change_budget(
        &self,
        store: &impl Store,
        sink: &str,
        now: Timestamp,
        take: impl Fn(&mut Budget) -> bool,
    ) -> Result<bool, StoreError> {
        let key = budget_key(sink);
        for attempt in 0..MOST_SPENDINGS {
            let found = store.get(std::slice::from_ref(&key), now).await?;
            let mut budget = Budget::at(now, found.first());
            if !take(&mut budget) {
                return Ok(false);
            }
            let expected = found.first().map_or(Expected::Absent, Document::unchanged);
            let write = Write::put(key.clone(), &budget, after(now, 3_600_000), expected);
            if store.commit(vec![write], now).await? == Committed::Made {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
        }
        Ok(false)
    }

    /// Claims an alert, sends it to sinks, and marks each that has it.
    async fn send_one(
        &mut self,
        store: &impl Store,
        entry: &mut Entry,
        sinks: Vec<String>,
        pass: Pass,
        sent: &mut Sent,
    ) -> Result<(), Failure> {
        crash::at(Point::Written);
        entry.outgoing.claimed = Some(pass.claim());
        if !mark(store, entry, Vec::new(), pass.now).await? {
            // Another invocation has it in hand.
            return Ok(());
        }
        crash::at(Point::Claimed);
        for name in sinks {
            let mut writes = Vec::new();
            match self.deliver(store, &name, &entry.outgoing, pass).await {
                Ok(delivered) => {
                    writes.extend(posted(&name, &entry.outgoing, &delivered, pass.now));
                    entry.outgoing.waiting.retain(|one| one.sink != name);
                }
                Err(DeliveryError::Refused { .. }) => {
                    entry.outgoing.waiting.retain(|one| one.sink != name);
                }
                Err(DeliveryError::Later { reason, .. }) => {
                    sent.failed += 1;
                    sent.reason = Some(format!("{name}: {reason}"));
                    entry.outgoing.tries = entry.outgoing.tries.saturating_add(1);
                }
            }
            crash::at(Point::Sent);
            if !mark(store, entry, writes, pass.now).await? {
                return Ok(());
            }
        }
        if !entry.outgoing.waiting.is_empty() {
            entry.outgoing.claimed = None;
            mark(store, entry, Vec::new(), pass.now).await?;
        }
        Ok(())
    }

    /// Sends one alert to one sink, again after a pause where that may help and there is time.
    async fn deliver(
        &mut self,
        store: &impl Store,
        name: &str,
        outgoing: &Outgoing,
        pass: Pass,
    ) -> Result<Delivered, DeliveryError> {
        let Some(sink) = self.sinks.iter().find(|sink| sink.name() == name) else {
            let reason = format!("there is no sink `{name}` any more");
            return Err(DeliveryError::Refused { reason });
        };
        // What went out while the table was down is not sent again when it is back.
        let once = sent_once(name, outgoing);
        if self.sent_here.contains(&once) {
            return Ok(Delivered::default());
        }
        let before = if follows(&outgoing.alert) {
            message_before(store, name, &outgoing.key, pass.now).await
        } else {
            None
        };
        let send = || sink.send(&outgoing.alert, before.as_ref());
        let answer = with_pauses(pass.deadline, send).await;
        self.counts.delivery(name, &answer);
        match &answer {
            Ok(delivered) => {
                if let Some(flaw) = &delivered.flaw {
                    self.log.problem("delivery", flaw);
                }
                if self.sent_here.len() >= REMEMBERED {
                    self.sent_here.clear();
                }
                self.sent_here.insert(once);
            }
            Err(error) => {
                self.log.problem("delivery", &format!("{name}: {error}"));
                self.pause(store, name, error, pass).await;
            }
        }
        answer
    }

    /// A sink that does not take one alert is left alone for the rest of the pass, or for as long as it asks: whoever
    /// goes on regardless may be shut out.
    async fn pause(&mut self, store: &impl Store, name: &str, error: &DeliveryError, pass: Pass) {
        let DeliveryError::Later { after: pause, .. } = error else {
            return;
        };
        let until = |pause: Duration| after(pass.clock(), pause.as_millis() as i64);
        self.pauses.insert(
            name.to_owned(),
            until(pause.unwrap_or(Duration::from_millis(1))),
        );
        let Some(until) = pause.map(until) else {
            return;
        };
        let note = |budget: &mut Budget| {
            budget.paused = budget.paused.max(Some(until));
            true
        };
        // Without the note others ask once more than they should; the alert itself is marked by whoever sends it.
        if let Err(error) = self.change_budget(store, name, pass.now, note).await {
            self.log.problem("budget", &error.to_string());
        }
    }

    /// Tells many alerts in one message to a sink, unless this minute had its storm message.
    async fn send_storm(
        &mut self,
        store: &impl Store,
        name: &str,
        entries: &mut [Entry],
        rest: &[usize],
        pass: Pass,
        sent: &mut Sent,
    ) -> Result<(), Failure> {
        let first = |budget: &mut Budget| {
            budget.storms += 1;
            budget.storms == 1
        };
        if !self.change_budget(store, name, pass.now, first).await? {
            return Ok(());
        }
        let claim = Some(pass.claim());
        // The marks take as long as the claims: what cannot be marked would be told again.
        let half = pass.deadline.left() / 2;
        let has_time = || pass.deadline.allows(half.max(RESERVE));
        let claimed = claim_all(store, entries, rest, claim, pass.now, has_time).await?;
        if claimed.len() < rest.len() {
            self.counts.partial |= !has_time();
        }
        let of_sink: Vec<&Outgoing> = claimed.iter().map(|at| &entries[*at].outgoing).collect();
        let sink = self.sinks.iter().find(|sink| sink.name() == name);
        let Some((message, sink)) = storm_of(&of_sink).zip(sink) else {
            return Ok(());
        };
        let answer = with_pauses(pass.deadline, || sink.send_storm(&message)).await;
        self.counts.storm(name, &answer);
        match &answer {
            Err(error @ DeliveryError::Later { reason, .. }) => {
                self.log.problem("delivery", &format!("{name}: {reason}"));
                sent.failed += 1;
                sent.reason = Some(format!("{name}: {reason}"));
                self.pause(store, name, error, pass).await;
            }
            _ => {
                for at in &claimed {
                    let waiting = &mut entries[*at].outgoing.waiting;
                    waiting.retain(|one| one.sink != name);
                }
            }
        }
        claim_all(store, entries, &claimed, None, pass.now, || true).await?;
        Ok(())
    }
}

impl Budget {
    /// Returns what a sink has left of this minute.
    fn at(now: Timestamp, document: Option<&Document>) -> Self {
        let minute = now.as_millis().div_euclid(60_000);
        let known: Self = document.and_then(Document::read).unwrap_or_default();
        if known.minute == minute {
            return known;
        }
        Self {
            minute,
            sent: 0,
            storms: 0,
            ..known
        }
    }
}

/// Writes an entry's present state; false when somebody else wrote it since.
async fn mark(
    store: &impl Store,
    entry: &mut Entry,
    mut writes: Vec<Write>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    writes.push(entry.write(now));
    let made = store.commit(writes, now).await? == Committed::Made;
    entry.version += 1;
    Ok(made)
}

/// Writes the present state of many entries with a new claim, as long as there is time; returns those that nobody else
/// wrote since.
async fn claim_all(
    store: &impl Store,
    entries: &mut [Entry],
    which: &[usize],
    claim: Option<Timestamp>,
    now: Timestamp,
    has_time: impl Fn() -> bool,
) -> Result<Vec<usize>, StoreError> {
    let mut made = Vec::new();
    let mut pack: Vec<(usize, Write)> = Vec::new();
    let mut bytes = 0;
    for (number, at) in which.iter().enumerate() {
        entries[*at].outgoing.claimed = claim;
        let write = entries[*at].write(now);
        bytes += write.len();
        pack.push((*at, write));
        let is_last = number + 1 == which.len();
        if is_last || pack.len() == MOST_WRITES || bytes > LARGEST_PACK {
            made.extend(write_pack(store, std::mem::take(&mut pack), now).await?);
            bytes = 0;
            if !has_time() {
                break;
            }
        }
    }
    for at in &made {
        entries[*at].version += 1;
    }
    Ok(made)
}

/// Writes all of a pack or, when somebody is in the way of one, each that can be.
async fn write_pack(
    store: &impl Store,
    pack: Vec<(usize, Write)>,
    now: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    let writes = pack.iter().map(|(_, write)| write.clone()).collect();
    if store.commit(writes, now).await? == Committed::Made {
        return Ok(pack.into_iter().map(|(at, _)| at).collect());
    }
    let mut made = Vec::new();
    for (at, write) in pack {
        if store.commit(vec![write], now).await? == Committed::Made {
            made.push(at);
        }
    }
    Ok(made)
}

/// Tries, and tries again after pauses, as long as that may help and there is time.
async fn with_pauses<'a>(
    deadline: Deadline,
    send: impl Fn() -> Delivery<'a>,
) -> Result<Delivered, DeliveryError> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let time = deadline.left().saturating_sub(MARGIN);
        let answer = tokio::time::timeout(time, send())
            .await
            .unwrap_or_else(|_| Err(out_of_time()));
        let Err(DeliveryError::Later { after, .. }) = &answer else {
            return answer;
        };
        let wait = after.unwrap_or(pause);
        if tries >= MOST_TRIES || wait > LONGEST_PAUSE || !deadline.allows(RESERVE + wait) {
            return answer;
        }
        tokio::time::sleep(wait).await;
        tries += 1;
        pause *= 2;
    }
}

fn out_of_time() -> DeliveryError {
    DeliveryError::Later {
        after: None,
        reason: "the time was up before it answered".to_owned(),
    }
}

/// Returns what tells one message to one sink from all others.
fn sent_once(sink: &str, outgoing: &Outgoing) -> String {
    let alert = &outgoing.alert;
    let occurrences = alert.counts.occurrences.to_string();
    let status = alert.status.name();
    identity(&[sink, &alert.id, alert.severity.name(), status, &occurrences])
}

/// Returns the message that told of the same failure before; one that cannot be found is not edited.
async fn message_before(
    store: &impl Store,
    sink: &str,
    key: &str,
    now: Timestamp,
) -> Option<Posted> {
    let found = store.get(&[posted_key(sink, key)], now).await.ok()?;
    found.first().and_then(Document::read)
}

/// Notes where a message stands.
fn posted(sink: &str, outgoing: &Outgoing, delivered: &Delivered, now: Timestamp) -> Option<Write> {
    let posted = delivered.posted.as_ref()?;
    let key = posted_key(sink, &outgoing.key);
    let expires = after(now, POSTED_KEPT);
    Some(Write::put(key, posted, expires, Expected::Anything))
}

/// Returns the one message about many alerts.
fn storm_of(alerts: &[&Outgoing]) -> Option<Storm> {
    let all = || alerts.iter().map(|one| &one.alert);
    let since = all().map(|alert| alert.first_seen).min()?;
    let stage = all().find_map(|alert| alert.subject.stage.clone());
    let stage = stage.unwrap_or_default();
    let mut kinds: Vec<(String, u64)> = all()
        .map(|alert| (alert.title.clone(), alert.counts.occurrences))
        .collect();
    kinds.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let at_stage = if stage.is_empty() {
        String::new()
    } else {
        format!(" --stage {}", logq::alert::quoted(&stage))
    };
    Some(Storm {
        language: alerts.first()?.alert.language,
        since,
        until: all().map(|alert| alert.last_seen).max()?,
        alerts: alerts.len() as u64,
        occurrences: kinds.iter().map(|(_, occurrences)| occurrences).sum(),
        worst: all().map(|alert| alert.severity).min()?,
        command: format!("logq replay{at_stage} --since {since}"),
        kinds,
        stage,
    })
}
