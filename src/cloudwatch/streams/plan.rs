//! What is to be read, once it is known what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cases::Known;
use super::evidence::{Evidence, State, Streams};
use super::read::Read;
use super::service::StreamFacts;
use super::{LEEWAY, Question};
use crate::event::Origin;

/// What is to be read, by the numbers of regions.
pub(super) struct Plan {
    /// From when to when ECS events were asked for.
    pub(super) from: i64,
    pub(super) to: i64,
    /// From when on it is known what the streams hold.
    pub(super) evident_from: Option<i64>,
    /// Where the streams are not known.
    pub(super) unlisted: BTreeSet<usize>,
    /// Where most streams are wanted.
    pub(super) whole: BTreeMap<usize, BTreeMap<Arc<str>, Known>>,
    pub(super) reads: BTreeMap<usize, Vec<Read>>,
    /// The streams that are read, and when the first of them began.
    pub(super) origins: BTreeSet<Origin>,
    pub(super) first: i64,
}

impl Plan {
    pub(super) fn new(from: i64, to: i64, evident_from: Option<i64>) -> Self {
        Self {
            from,
            to,
            evident_from,
            unlisted: BTreeSet::new(),
            whole: BTreeMap::new(),
            reads: BTreeMap::new(),
            origins: BTreeSet::new(),
            first: from,
        }
    }

    /// Takes note of streams that are read.
    pub(super) fn note(&mut self, group: &Arc<str>, streams: &[StreamFacts]) {
        for facts in streams {
            self.first = self.first.min(facts.began().unwrap_or(self.first));
            let origin = Origin::new(Arc::clone(group), Arc::clone(&facts.name));
            self.origins.insert(origin);
        }
    }
}

/// Returns the streams of runs that may be in the window: those with events in it, and those of tasks that ended then.
pub(super) fn of_window(
    group: &Arc<str>,
    known: &Known,
    streams: &Streams,
    evidence: &Evidence,
    question: &Question,
) -> Vec<StreamFacts> {
    let mut found: BTreeMap<Arc<str>, StreamFacts> = BTreeMap::new();
    for origin in streams.seen.iter().filter(|one| one.group == *group) {
        let new = || StreamFacts {
            name: Arc::clone(&origin.stream),
            ..StreamFacts::default()
        };
        let facts = known.get(&origin.stream).cloned();
        found.insert(Arc::clone(&origin.stream), facts.unwrap_or_else(new));
    }
    for facts in known.values() {
        let origin = Origin::new(Arc::clone(group), Arc::clone(&facts.name));
        let state = origin.task().and_then(|id| evidence.tasks.get(id));
        let ended = state.and_then(State::ended);
        if ended.is_some_and(|ended| ended >= question.start - LEEWAY) {
            found.insert(Arc::clone(&facts.name), facts.clone());
        }
    }
    found.into_values().collect()
}
