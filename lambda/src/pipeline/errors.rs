//! New errors of the services: finds them in deliveries, also where a delivery begins or ends in the middle of one.

use std::collections::BTreeMap;

use logq::detect::Site;
use logq::event::Origin;
use logq::state::{Expected, Store, Write};
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

impl<R: Streams> Pipeline<R> {
    /// Finds the errors of a delivery and tells them.
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
        let closed = after(last, SILENCE) <= now;
        let roots = self.runs.app_roots.clone();
        let found = if live::begins_inside(delivered) {
            let span = Span::Between(after(first, -BEFORE), last);
            let around = self.around(&delivered.origin, span).await;
            live::errors(
                &mut self.rules,
                &roots,
                &around.with_delivered(delivered),
                site,
                closed,
            )
        } else {
            live::errors(&mut self.rules, &roots, delivered, site, closed)
        };
        if let Some(since) = found.open_since {
            self.note_open(store, &delivered.origin, since, last, now)
                .await?;
        }
        self.tell_errors(store, found.errors, now).await
    }

    /// Reads what stands around a delivery; a stream that cannot be read has nothing.
    async fn around(&mut self, origin: &Origin, span: Span) -> Batch {
        match self.streams.read(origin, span).await {
            Ok(batch) => batch,
            Err(error) => {
                self.log.problem("stream", &error.to_string());
                self.counts.stream_errors += 1;
                Batch::new(origin.clone())
            }
        }
    }

    /// Notes that the last delivery of a stream ends in the middle of an error: a tick looks at it when it is over.
    async fn note_open(
        &self,
        store: &impl Store,
        origin: &Origin,
        since: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let due = Due::Open {
            at: after(until, SILENCE),
            group: origin.group.to_string(),
            stream: origin.stream.to_string(),
            since,
            until,
        };
        let key = due_open_key(&origin.group, &origin.stream);
        let write = Write::put(key, &due, after(now, TASK_KEPT), Expected::Anything);
        store.commit(vec![write], now).await?;
        Ok(())
    }

    /// Looks again at a stream whose last delivery ended in the middle of an error.
    pub(crate) async fn close_open(
        &mut self,
        store: &impl Store,
        origin: &Origin,
        (since, until): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let span = Span::Between(after(since, -BEFORE), after(until, SILENCE));
        // All that is read counts: what has been counted before is known again.
        let whole = self.around(origin, span).await.all_fresh();
        let site = self.site(&origin.group);
        let roots = self.runs.app_roots.clone();
        let found = live::errors(&mut self.rules, &roots, &whole, &site, true);
        let told = self.tell_errors(store, found.errors, now).await?;
        let done = Write::Delete {
            key: due_open_key(&origin.group, &origin.stream),
            expected: Expected::Anything,
        };
        store.commit(vec![done], now).await?;
        Ok(told)
    }

    async fn tell_errors(
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
        Ok(tell(store, groups, &rulings).await?)
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
