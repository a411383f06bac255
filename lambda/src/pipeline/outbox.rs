//! Sends what was written down, and marks what each sink has.
//!
//! An alert is claimed before it is sent, so that of two invocations one sends it; a claim that is not followed by a
//! mark runs out, and the alert is sent again. Only a process that dies between sending and marking so tells twice.
//! A sink that has had its share of messages for this minute gets one more, about all that are left.

use std::collections::BTreeMap;
use std::time::Duration;

use logq::alert::sink::Storm;
use logq::alert::sink::slack::Posted;
use logq::state::{Committed, Document, Expected, Key, MOST_WRITES, Store, StoreError, Write};
use logq::time::Timestamp;

use super::crash::{self, Point};
use super::documents::{
    Budget, OUTBOX, OUTBOX_KEPT, Outgoing, POSTED_KEPT, after, budget_key, outbox_key, posted_key,
};
use super::tell::follows;
use super::{Failure, Pipeline};
use crate::deadline::Deadline;
use crate::deliver::{Delivered, DeliveryError};
use crate::streams::Streams;

/// How long one invocation may take over sending an alert before another tries.
const CLAIM: i64 = 60_000;
/// How many messages a sink gets in a minute; Slack takes about one a second for a channel.
const MESSAGES_A_MINUTE: u32 = 20;
/// How many alerts are looked at in one invocation.
const MOST_ALERTS: usize = 5_000;
/// How often a message is tried in one invocation, and the first pause.
const MOST_TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that is waited out instead of leaving the alert to the next tick.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// No new message is begun with less time left.
const RESERVE: Duration = Duration::from_secs(6);

/// What became of the alerts of one pass.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sent {
    /// How many alerts every sink has now.
    pub done: u64,
    /// How many are left for later.
    pub left: u64,
    /// Why some are left; the last reason.
    pub reason: Option<String>,
}

impl<R: Streams> Pipeline<R> {
    /// Sends all that is written down and not sent yet.
    pub(crate) async fn flush(
        &mut self,
        store: &impl Store,
        deadline: Deadline,
        now: Timestamp,
    ) -> Result<Sent, Failure> {
        let documents = store.list(OUTBOX, MOST_ALERTS, now).await?;
        let read = |document: Document| Some((document.read::<Outgoing>()?, document));
        let mut waiting: Vec<(Document, Outgoing)> = documents
            .into_iter()
            .filter_map(read)
            .map(|(outgoing, document)| (document, outgoing))
            .collect();
        self.pauses = pauses(&waiting, now);
        waiting.retain(|(_, outgoing)| may_go(outgoing, now));
        // The worst first, then the oldest.
        waiting.sort_by_key(|(_, one)| {
            let alert = &one.alert;
            (alert.severity, alert.last_seen, alert.counts.occurrences)
        });
        let room = self.room(store, waiting.len(), now).await?;
        let rest = waiting.split_off(room.min(waiting.len()));
        let mut sent = Sent::default();
        for (document, outgoing) in waiting {
            if !deadline.allows(RESERVE) {
                sent.left += 1;
                sent.reason = Some("the time is up".to_owned());
                self.counts.partial = true;
                continue;
            }
            self.send_one(store, document, outgoing, deadline, now, &mut sent)
                .await?;
        }
        if !rest.is_empty() {
            self.send_storm(store, rest, deadline, now, &mut sent)
                .await?;
        }
        Ok(sent)
    }

    /// Takes messages out of this minute's budget; returns how many.
    async fn room(
        &self,
        store: &impl Store,
        wanted: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        if wanted == 0 {
            return Ok(0);
        }
        let wanted = wanted as u32;
        self.spend(store, now, |budget| {
            let room = MESSAGES_A_MINUTE.saturating_sub(budget.sent).min(wanted);
            budget.sent += room;
            room
        })
        .await
        .map(|room| room as usize)
    }

    /// Changes this minute's budget; what several do at once adds up.
    async fn spend(
        &self,
        store: &impl Store,
        now: Timestamp,
        take: impl Fn(&mut Budget) -> u32,
    ) -> Result<u32, StoreError> {
        let key = budget_key("messages");
        let minute = now.as_millis().div_euclid(60_000);
        loop {
            let found = store.get(std::slice::from_ref(&key), now).await?;
            let known: Option<Budget> = found.first().and_then(Document::read);
            let mut budget = known
                .filter(|budget| budget.minute == minute)
                .unwrap_or(Budget {
                    minute,
                    ..Budget::default()
                });
            let taken = take(&mut budget);
            let expected = found.first().map_or(Expected::Absent, Document::unchanged);
            let write = Write::put(key.clone(), &budget, after(now, 3_600_000), expected);
            if store.commit(vec![write], now).await? == Committed::Made {
                return Ok(taken);
            }
        }
    }

    /// Claims an alert, sends it to the sinks that wait for it, and marks those that have it.
    async fn send_one(
        &mut self,
        store: &impl Store,
        document: Document,
        mut outgoing: Outgoing,
        deadline: Deadline,
        now: Timestamp,
        sent: &mut Sent,
    ) -> Result<(), Failure> {
        crash::at(Point::Written);
        outgoing.claimed = Some(after(now, CLAIM));
        let key = outbox_key(&outgoing.alert.id);
        let expires = after(now, OUTBOX_KEPT);
        let claim = Write::put(key.clone(), &outgoing, expires, document.unchanged());
        if store.commit(vec![claim], now).await? == Committed::Conflict {
            // Another invocation has it in hand.
            return Ok(());
        }
        crash::at(Point::Claimed);
        let claimed = Expected::Version(document.version + 1);
        let mut writes = Vec::new();
        let mut left = Vec::new();
        let mut not_before = None;
        for name in std::mem::take(&mut outgoing.waiting) {
            if let Some(until) = self.pauses.get(&name) {
                not_before = not_before.max(Some(*until));
                sent.reason = Some(format!("{name}: it asked for a pause"));
                left.push(name);
                continue;
            }
            match self.deliver(store, &name, &outgoing, deadline, now).await {
                Ok(delivered) => writes.extend(posted(&name, &outgoing, &delivered, now)),
                Err(DeliveryError::Refused { .. }) => {}
                Err(DeliveryError::Later {
                    after: pause,
                    reason,
                }) => {
                    if let Some(pause) = pause {
                        let until = after(now, pause.as_millis() as i64);
                        not_before = not_before.max(Some(until));
                        self.pauses.insert(name.clone(), until);
                    }
                    sent.reason = Some(format!("{name}: {reason}"));
                    left.push(name);
                }
            }
        }
        crash::at(Point::Sent);
        let done = left.is_empty();
        writes.push(if done {
            Write::Delete {
                key,
                expected: claimed,
            }
        } else {
            outgoing.waiting = left;
            outgoing.claimed = None;
            outgoing.not_before = not_before;
            Write::put(key, &outgoing, expires, claimed)
        });
        sent.done += u64::from(done);
        sent.left += u64::from(!done);
        store.commit(writes, now).await?;
        Ok(())
    }

    /// Sends one alert to one sink, again after a pause where that may help and there is time.
    async fn deliver(
        &mut self,
        store: &impl Store,
        name: &str,
        outgoing: &Outgoing,
        deadline: Deadline,
        now: Timestamp,
    ) -> Result<Delivered, DeliveryError> {
        let Some(sink) = self.sinks.iter().find(|sink| sink.name() == name) else {
            let reason = format!("there is no sink `{name}` any more");
            return Err(DeliveryError::Refused { reason });
        };
        let before = if follows(&outgoing.alert) {
            message_before(store, name, &outgoing.key, now).await
        } else {
            None
        };
        let answer = with_pauses(deadline, || sink.send(&outgoing.alert, before.as_ref())).await;
        self.counts.delivery(name, &answer);
        match &answer {
            Ok(Delivered {
                flaw: Some(flaw), ..
            }) => self.log.problem("delivery", flaw),
            Ok(_) => {}
            Err(error) => self.log.problem("delivery", &format!("{name}: {error}")),
        }
        answer
    }

    /// Tells many alerts in one message to each sink, unless this minute had its storm message.
    async fn send_storm(
        &mut self,
        store: &impl Store,
        rest: Vec<(Document, Outgoing)>,
        deadline: Deadline,
        now: Timestamp,
        sent: &mut Sent,
    ) -> Result<(), Failure> {
        let is_first = |budget: &mut Budget| {
            budget.storms += 1;
            u32::from(budget.storms == 1)
        };
        let free = deadline.allows(RESERVE) && self.spend(store, now, is_first).await? == 1;
        if !free {
            sent.left += rest.len() as u64;
            return Ok(());
        }
        let mut took: Vec<String> = Vec::new();
        for sink in &self.sinks {
            let name = sink.name();
            if self.pauses.contains_key(name) {
                continue;
            }
            let of_sink = rest.iter().map(|(_, one)| one);
            let of_sink: Vec<&Outgoing> = of_sink
                .filter(|one| one.waiting.iter().any(|waiting| waiting == name))
                .collect();
            let Some(message) = storm(&of_sink) else {
                continue;
            };
            let answer = with_pauses(deadline, || sink.send_storm(&message)).await;
            self.counts.storm(name, &answer);
            match answer {
                Ok(_) | Err(DeliveryError::Refused { .. }) => took.push(name.to_owned()),
                Err(DeliveryError::Later { reason, .. }) => {
                    self.log.problem("delivery", &format!("{name}: {reason}"));
                    sent.reason = Some(format!("{name}: {reason}"));
                }
            }
        }
        self.mark_storm(store, rest, &took, now, sent).await?;
        Ok(())
    }

    /// Marks the alerts that a storm message told of.
    async fn mark_storm(
        &self,
        store: &impl Store,
        rest: Vec<(Document, Outgoing)>,
        took: &[String],
        now: Timestamp,
        sent: &mut Sent,
    ) -> Result<(), StoreError> {
        for some in rest.chunks(MOST_WRITES) {
            let mut writes = Vec::new();
            for (document, outgoing) in some {
                let mut outgoing = outgoing.clone();
                outgoing.waiting.retain(|name| !took.contains(name));
                let done = outgoing.waiting.is_empty();
                sent.done += u64::from(done);
                sent.left += u64::from(!done);
                let key: Key = document.key.clone();
                writes.push(if done {
                    Write::Delete {
                        key,
                        expected: Expected::Anything,
                    }
                } else {
                    Write::put(key, &outgoing, after(now, OUTBOX_KEPT), Expected::Anything)
                });
            }
            store.commit(writes, now).await?;
        }
        Ok(())
    }
}

/// Returns until when sinks have asked not to be sent anything: whoever goes on regardless may be shut out.
fn pauses(waiting: &[(Document, Outgoing)], now: Timestamp) -> BTreeMap<String, Timestamp> {
    let mut pauses = BTreeMap::new();
    for (_, outgoing) in waiting {
        let Some(until) = outgoing.not_before.filter(|until| *until > now) else {
            continue;
        };
        for name in &outgoing.waiting {
            let known = pauses.entry(name.clone()).or_insert(until);
            *known = until.max(*known);
        }
    }
    pauses
}

/// Returns whether an alert is nobody's at the moment, and its time has come.
fn may_go(outgoing: &Outgoing, now: Timestamp) -> bool {
    let past = |limit: Option<Timestamp>| limit.is_none_or(|limit| limit <= now);
    past(outgoing.claimed) && past(outgoing.not_before)
}

/// Tries, and tries again after pauses, as long as that may help and there is time.
async fn with_pauses<'a>(
    deadline: Deadline,
    send: impl Fn() -> crate::deliver::Delivery<'a>,
) -> Result<Delivered, DeliveryError> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let answer = send().await;
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
    Some(Write::put(
        key,
        posted,
        after(now, POSTED_KEPT),
        Expected::Anything,
    ))
}

/// Returns the one message about many alerts.
fn storm(alerts: &[&Outgoing]) -> Option<Storm> {
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
