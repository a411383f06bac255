//! What a subscription delivers: counted, and looked at as far as it can matter.
//!
//! A delivery is skimmed while it is unpacked. It is read as a whole where that does not do: where its form is not the
//! usual one, where an error begins before it or ends after it, and where its lines themselves are wanted.

use logq::decode::subscription::{Delivery, Packed, Poison, Purpose};
use logq::detect::Site;
use logq::event::Origin;
use logq::state::Store;
use logq::time::Timestamp;
use logq::watch::{Batch, Look, Skim};

use super::tasks::News;
use super::tell::Told;
use super::{Failure, Pipeline, id_of};
use crate::input::Input;
use crate::streams::Streams;

impl<R: Streams> Pipeline<R> {
    /// Takes what a subscription delivers.
    pub(crate) async fn delivery(
        &mut self,
        store: &impl Store,
        packed: &Packed<'_>,
        payload: &[u8],
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let look = |origin: &Origin| self.look(origin);
        match Skim::read(packed, &self.runs.app_roots, look) {
            Ok(Some(skim)) => self.skimmed(store, &skim, packed, now).await,
            Ok(None) => match packed.unpack() {
                Ok(document) => self.document(store, &document, now).await,
                Err(poison) => Ok(self.poisoned(poison, payload)),
            },
            Err(poison) => Ok(self.poisoned(poison, payload)),
        }
    }

    fn poisoned(&mut self, poison: Poison, payload: &[u8]) -> Told {
        self.counts.not_taken = true;
        self.refuse(&Input::poison(poison, payload));
        Told::default()
    }

    /// Returns what has to be looked for in the lines of a stream.
    fn look(&self, origin: &Origin) -> Look {
        let site = self.site(&origin.group);
        match self.rules.look(&site.service) {
            _ if site.holds_tasks() => Look::Whole,
            // A service can migrate when it starts.
            Look::Count if !site.holds_runs() => Look::Errors,
            look => look,
        }
    }

    /// Takes a delivery that has been skimmed.
    async fn skimmed(
        &mut self,
        store: &impl Store,
        skim: &Skim,
        packed: &Packed<'_>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let site = self.site(&skim.origin.group);
        self.counts.events += skim.events;
        self.counts.parse_failures += skim.strange;
        self.counts.delay(Some(skim.last), now);
        self.counts.lines(skim.lines);
        let errors = skim.errors(&mut self.rules, &site);
        let mut told = self.tell_errors(store, errors, now).await?;
        if site.holds_runs() || skim.has_migration {
            let lines = Lines::Packed(packed);
            let of_run = self.lines(store, &skim.origin, skim.last, &lines, now);
            told.add(of_run.await?);
        }
        Ok(told)
    }

    /// Takes a subscription's document.
    async fn document(
        &mut self,
        store: &impl Store,
        document: &[u8],
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let delivery = match Delivery::read(document) {
            Ok(delivery) => delivery,
            Err(poison) => return Ok(self.poisoned(poison, document)),
        };
        if delivery.purpose == Purpose::Control {
            self.counts.control += 1;
            return Ok(Told::default());
        }
        let site = self.site(&delivery.group());
        let (batch, strange) = Batch::of_delivery(&delivery);
        self.counts.events += batch.len() as u64;
        self.counts.parse_failures += strange;
        self.counts.delay(batch.last(), now);
        if batch.is_empty() {
            return Ok(Told::default());
        }
        if site.holds_tasks() {
            return self.task_events(store, &batch, &site, now).await;
        }
        self.counts.lines(batch.lines());
        self.read_whole(store, &batch, &site, now).await
    }

    /// Takes the lines of a service or of a run.
    async fn read_whole(
        &mut self,
        store: &impl Store,
        batch: &Batch,
        site: &Site,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let mut told = Told::default();
        let mut rules = self.rules.events.iter();
        if rules.any(|rule| rule.reads(&site.service)) {
            told.add(self.errors(store, batch, site, now).await?);
        }
        if site.holds_runs() || batch.has_migration() {
            let last = batch.last().unwrap_or_default();
            let lines = Lines::Read(batch);
            let of_run = self.lines(store, &batch.origin, last, &lines, now);
            told.add(of_run.await?);
        }
        Ok(told)
    }

    /// Takes lines of a task: notes it, and judges it when its end is known.
    async fn lines(
        &mut self,
        store: &impl Store,
        origin: &Origin,
        last: Timestamp,
        lines: &Lines<'_>,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let id = id_of(origin);
        let due = self
            .note_task(store, &id, &News::Lines(origin, last), now)
            .await?;
        let Some(due) = due else {
            // Nothing new: the delivery came before, and may be tried again since a sink failed.
            self.counts.repeated += 1;
            return Ok(Told::again(1));
        };
        let unpacked = match lines {
            Lines::Packed(packed) if due <= now => batch_of(packed),
            _ => None,
        };
        let batch = match lines {
            Lines::Read(batch) => Some(*batch),
            Lines::Packed(_) => unpacked.as_ref(),
        };
        self.judge_if_due(store, &id, due, batch, now).await
    }
}

/// The lines of a delivery.
enum Lines<'a> {
    /// Those that were read.
    Read(&'a Batch),
    /// Those that have to be read again, where they are needed at all.
    Packed(&'a Packed<'a>),
}

/// Reads a delivery that has been skimmed, so that nothing can be wrong with it.
fn batch_of(packed: &Packed<'_>) -> Option<Batch> {
    let document = packed.unpack().ok()?;
    let delivery = Delivery::read(&document).ok()?;
    Some(Batch::of_delivery(&delivery).0)
}
