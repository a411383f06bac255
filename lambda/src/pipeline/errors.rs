//! New errors of the services: finds them in deliveries, also where a delivery begins or ends in the middle of one.

use std::collections::BTreeMap;
use std::time::Duration;

use logq::detect::Site;
use logq::event::Origin;
use logq::state::{Committed, Document, Expected, Store, Write};
use logq::time::Timestamp;
use logq::watch::live::{self, ErrorSeen};
use logq::watch::policy::Sighting;
use logq::watch::{Batch, Rule, Sighted, What};

use super::documents::{Due, TASK_KEPT, after, due_open_key};
use super::tell::{Group, Told, tell};
use super::{Failure, Pipeline};
use crate::streams::{Span, Streams};

/// How far before a delivery the error can begin that it goes on with.
const BEFORE: i64 = 10_000;
/// How long after its last line an error is over.
const SILENCE: i64 = 10_000;
/// When a stream that could not be read is tried again, and how often.
const READ_AGAIN: i64 = 60_000;
const MOST_READS: u32 = 20;
/// How often a document is read again since somebody else wrote it.
const MOST_TRIES: u32 = 8;

impl<R: Streams> Pipeline<R> {
    /// Finds the errors of a delivery and tells them.
    ///
    /// One that the delivery ends in the middle of is noted, and looked at when its stream has gone on or been quiet.
    pub(crate) async fn errors(
        &mut self,
        store: &impl Store,
        delivered: &Batch,
        site: &Site,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let Some((first, last)) = delivered.first().zip(delivered.last()) else {
            return Ok(Told::default());
        };
        let roots = self.runs.app_roots.clone();
        let around = if live::begins_inside(delivered) {
            let span = Span::Between(after(first, -BEFORE), last);
            self.around(&delivered.origin, span).await
        } else {
            None
        };
        let found = match around {
            Some(around) => {
                let whole = around.with_delivered(delivered);
                live::errors(&mut self.rules, &roots, &whole, site, false)
            }
            None => live::errors(&mut self.rules, &roots, delivered, site, false),
        };
        let mut told = self.tell_errors(store, found.errors, now).await?;
        if let Some(since) = found.open_since {
            let origin = &delivered.origin;
            let open = self.note_open(store, origin, (since, last), now).await?;
            if open.at() <= now {
                told.add(self.close_open(store, &open, Some(delivered), now).await?);
            }
        }
        Ok(told)
    }

    /// Reads what stands around a delivery; nothing when the stream cannot be read.
    async fn around(&mut self, origin: &Origin, span: Span) -> Option<Batch> {
        match self.streams.read(origin, span).await {
            Ok(batch) => Some(batch),
            Err(error) => {
                self.log.problem("stream", &error.to_string());
                self.counts.stream_errors += 1;
                None
            }
        }
    }

    /// Notes that a delivery ends in the middle of an error, together with what was noted of its stream before.
    async fn note_open(
        &self,
        store: &impl Store,
        origin: &Origin,
        (since, until): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Due, Failure> {
        let key = due_open_key(&origin.group, &origin.stream);
        for attempt in 0..MOST_TRIES {
            let found = store.get(std::slice::from_ref(&key), now).await?;
            let before = found.first();
            let open = match before.and_then(Document::read::<Due>) {
                Some(Due::Open {
                    since: known_since,
                    until: known_until,
                    ..
                }) => open_of(origin, since.min(known_since), until.max(known_until), now),
                _ => open_of(origin, since, until, now),
            };
            let expected = before.map_or(Expected::Absent, Document::unchanged);
            let write = Write::put(key.clone(), &open, after(now, TASK_KEPT), expected);
            if store.commit(vec![write], now).await? == Committed::Made {
                return Ok(open);
            }
            tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
        }
        Err(Failure::Busy(format!("the stream `{}`", origin.stream)))
    }

    /// Looks again at a stream whose last delivery ended in the middle of an error; `delivered` came just now.
    pub(crate) async fn close_open(
        &mut self,
        store: &impl Store,
        open: &Due,
        delivered: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let Due::Open {
            group,
            stream,
            since,
            until,
            tries,
            ..
        } = open
        else {
            return Ok(Told::default());
        };
        let origin = Origin::new(group.as_str(), stream.as_str());
        let key = due_open_key(group, stream);
        let noted = store.get(std::slice::from_ref(&key), now).await?;
        let span = Span::Between(after(*since, -BEFORE), after(*until, SILENCE));
        let read = self.around(&origin, span).await;
        if read.is_none() && *tries < MOST_READS {
            let later = open.put_off(after(now, READ_AGAIN));
            let write = Write::put(key, &later, after(now, TASK_KEPT), Expected::Anything);
            store.commit(vec![write], now).await?;
            return Ok(Told::default());
        }
        let read = read.unwrap_or_else(|| Batch::new(origin.clone()));
        // All that is read counts: what has been counted before is known again.
        let whole = match delivered {
            Some(delivered) => read.with_delivered(delivered).all_fresh(),
            None => read.all_fresh(),
        };
        let site = self.site(group);
        let roots = self.runs.app_roots.clone();
        let found = live::errors(&mut self.rules, &roots, &whole, &site, true);
        let told = self.tell_errors(store, found.errors, now).await?;
        if let Some(noted) = noted.first() {
            // What was noted since is looked at by the next tick.
            let expected = noted.unchanged();
            store
                .commit(vec![Write::Delete { key, expected }], now)
                .await?;
        }
        Ok(told)
    }

    pub(crate) async fn tell_errors(
        &mut self,
        store: &impl Store,
        errors: Vec<ErrorSeen>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        if errors.is_empty() {
            return Ok(Told::default());
        }
        self.read_silences(store, now).await?;
        let groups = grouped(&self.rules.events, errors);
        let rulings = super::rulings(
            &self.config,
            self.redactor.as_ref(),
            &self.silences,
            &self.names,
            now,
        );
        tell(store, groups, &rulings).await
    }
}

/// Returns the note on a stream that ends in the middle of an error; times from the future count as now.
fn open_of(origin: &Origin, since: Timestamp, until: Timestamp, now: Timestamp) -> Due {
    Due::Open {
        at: after(until.min(now), SILENCE),
        group: origin.group.to_string(),
        stream: origin.stream.to_string(),
        since,
        until,
        tries: 0,
    }
}

/// Puts the errors of one key together, each in the order of the stream.
fn grouped(rules: &[Rule], errors: Vec<ErrorSeen>) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for error in errors {
        let rule = &rules[error.rule];
        let sighted = Sighted {
            rule,
            key: error.key.clone(),
            at: error.at,
            sighting: Sighting::Bad(rule.severity),
            what: What::Error(Box::new(error.subject)),
        };
        let group = groups.entry(error.key.clone()).or_insert_with(|| Group {
            key: error.key,
            seen: Vec::new(),
            remarks: Vec::new(),
        });
        group.seen.push((sighted, Some(error.identity)));
    }
    groups.into_values().collect()
}
