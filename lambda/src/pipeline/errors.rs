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

use super::documents::{AsIs, Due, TASK_KEPT, after};
use super::tell::{Group, Told, keep_end, tell};
use super::{Failure, Pipeline};
use crate::streams::{Span, Streams};

/// How far before a delivery the error can begin that it goes on with.
const BEFORE: i64 = 10_000;
/// How long after its last line an error is over.
const SILENCE: i64 = 10_000;
/// When a stream that could not be read is tried again, and how often.
const READ_AGAIN: i64 = 60_000;
const MOST_READS: u32 = 5;
/// How much is kept of the texts of an error that waits.
const LONGEST_KEPT: usize = 16_000;
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
        let going_on = live::going_on(delivered);
        let mut around = None;
        if going_on > 0 {
            let span = Span::Between(after(first, -BEFORE), last);
            around = self.read_stream(&delivered.origin, span).await;
        }
        let is_cut = going_on > 0 && around.is_none();
        let mut found = match around {
            Some(around) => {
                let whole = around.with_delivered(delivered);
                live::errors(&mut self.rules, &roots, &whole, site, false)
            }
            None => live::errors(&mut self.rules, &roots, delivered, site, false),
        };
        let mut as_is = std::mem::take(&mut found.as_is);
        if is_cut {
            // What stands before is not known: what this looks like is told only if it cannot be learned.
            let cut = found.errors.extract_if(.., |error| error.index < going_on);
            as_is.extend(cut);
            found.open_since = Some(first);
        }
        let mut told = self.tell_errors(store, found.errors, now).await?;
        if let Some(since) = found.open_since {
            let as_is = self.kept(&as_is);
            let open = open_of(&delivered.origin, (since, last), as_is, now);
            let open = self.note_open(store, &open, now).await?;
            // What could not be read a moment ago is left to the ticks.
            if open.at() <= now && !is_cut {
                told.add(self.close_open(store, &open, Some(delivered), now).await?);
            }
        }
        Ok(told)
    }

    /// Returns what is kept of errors that wait for more, without secrets.
    fn kept(&self, errors: &[ErrorSeen]) -> Vec<AsIs> {
        let kept = errors.iter().map(|error| {
            let mut subject = error.subject.clone();
            if let Some(redactor) = &self.redactor {
                redactor.subject(&mut subject);
            }
            let failure = subject.error.as_mut();
            let texts = failure.map(|error| [&mut error.traceback, &mut error.message]);
            for text in texts.into_iter().flatten().flatten() {
                keep_end(text, LONGEST_KEPT);
            }
            AsIs {
                rule: self.rules.events[error.rule].name.to_string(),
                key: error.key.clone(),
                at: error.at,
                identity: error.identity.clone(),
                log: subject.log.clone(),
                subject,
            }
        });
        kept.collect()
    }

    /// Returns errors as they were noted, for the rules that there still are.
    fn as_noted(&self, open: &Due) -> Vec<ErrorSeen> {
        let Due::Open { as_is, .. } = open else {
            return Vec::new();
        };
        let noted = as_is.iter().filter_map(|one| {
            let mut rules = self.rules.events.iter();
            let mut subject = one.subject.clone();
            subject.log = one.log.clone();
            Some(ErrorSeen {
                index: 0,
                rule: rules.position(|rule| *rule.name == *one.rule)?,
                key: one.key.clone(),
                at: one.at,
                identity: one.identity.clone(),
                subject,
            })
        });
        noted.collect()
    }

    /// Notes that a delivery begins or ends in the middle of an error, with what was noted of its stream before.
    async fn note_open(
        &self,
        store: &impl Store,
        open: &Due,
        now: Timestamp,
    ) -> Result<Due, Failure> {
        let key = open.key();
        for attempt in 0..MOST_TRIES {
            let found = store.get(std::slice::from_ref(&key), now).await?;
            let before = found.first();
            let open = open.clone().with_before(before.and_then(Document::read));
            let expected = before.map_or(Expected::Absent, Document::unchanged);
            let write = Write::put(key.clone(), &open, after(now, TASK_KEPT), expected);
            if store.commit(vec![write], now).await? == Committed::Made {
                return Ok(open);
            }
            tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
        }
        Err(Failure::Busy(format!(
            "{key} is written by others all the time"
        )))
    }

    /// Looks again at a stream whose last delivery ended in the middle of an error; `delivered` came just now.
    pub(crate) async fn close_open(
        &mut self,
        store: &impl Store,
        open: &Due,
        delivered: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let key = open.key();
        let noted = store.get(std::slice::from_ref(&key), now).await?;
        // A delivery may have added to it since the tick read what is due.
        let known: Option<Due> = noted.first().and_then(Document::read);
        let open = known.as_ref().unwrap_or(open);
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
        if delivered.is_none() && open.at() > now {
            return Ok(Told::default());
        }
        let origin = Origin::new(group.as_str(), stream.as_str());
        let span = Span::Between(after(*since, -BEFORE), after(*until, SILENCE));
        let read = self.read_stream(&origin, span).await;
        if read.is_none() && *tries < MOST_READS {
            let later = open.put_off(after(now, READ_AGAIN));
            // What was noted meanwhile stands: it covers this, and is due by itself.
            let expected = noted.first().map_or(Expected::Absent, Document::unchanged);
            let write = Write::put(key, &later, after(now, TASK_KEPT), expected);
            store.commit(vec![write], now).await?;
            return Ok(Told::default());
        }
        let is_lost = read.is_none();
        let read = read.unwrap_or_else(|| Batch::new(origin.clone()));
        // All that is read counts: what has been counted before is known again.
        let whole = match delivered {
            Some(delivered) => read.with_delivered(delivered).all_fresh(),
            None => read.all_fresh(),
        };
        let site = self.site(group);
        let roots = self.runs.app_roots.clone();
        let mut found = live::errors(&mut self.rules, &roots, &whole, &site, true);
        if is_lost && delivered.is_none() {
            found.errors = self.as_noted(open);
        }
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
            (self.deadline, now),
        );
        tell(store, groups, &rulings, &mut self.counts).await
    }
}

/// Returns the note on a stream that waits in the middle of an error; times from the future count as now.
fn open_of(
    origin: &Origin,
    (since, until): (Timestamp, Timestamp),
    as_is: Vec<AsIs>,
    now: Timestamp,
) -> Due {
    Due::Open {
        at: after(until.min(now), SILENCE),
        group: origin.group.to_string(),
        stream: origin.stream.to_string(),
        since,
        until,
        tries: 0,
        as_is,
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
