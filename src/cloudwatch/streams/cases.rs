//! Which streams have to be read: those of tasks that can turn out to be what is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evidence::{Evidence, State};
use super::listing::Listing;
use super::service::StreamFacts;
use super::{LEEWAY, Question, Runs};
use crate::decode::ecs::TaskKind;
use crate::detect::signal::Signals;
use crate::detect::{Outlook, task_of};
use crate::event::Origin;

/// All streams of one group that are known.
pub(super) type Known = BTreeMap<Arc<str>, StreamFacts>;

/// The streams of one task, or one that belongs to none.
#[derive(Debug, Default)]
struct Case<'a> {
    task: Option<&'a State>,
    streams: Vec<(Origin, &'a StreamFacts)>,
}

impl StreamFacts {
    /// Returns when it began, as far as that is told.
    pub(super) fn began(&self) -> Option<i64> {
        [self.created, self.first].into_iter().flatten().min()
    }

    /// Returns whether it may have begun before an instant.
    pub(super) fn may_begin_before(&self, at: i64) -> bool {
        self.began().is_none_or(|began| began < at)
    }
}

/// Returns all streams of a group that are listed or that something was found in.
pub(super) fn known(group: &Arc<str>, listing: &Listing, evidence: &Evidence) -> Known {
    let listed = listing.streams.iter();
    let mut known: Known = listed
        .map(|one| (Arc::clone(&one.name), one.clone()))
        .collect();
    let of_group = evidence
        .signals
        .keys()
        .filter(|origin| origin.group == *group);
    for origin in of_group {
        // A new stream may not be listed yet.
        known
            .entry(Arc::clone(&origin.stream))
            .or_insert_with(|| StreamFacts {
                name: Arc::clone(&origin.stream),
                ..StreamFacts::default()
            });
    }
    known
}

/// Returns the streams, by groups, whose runs can turn out to be wanted.
///
/// `from` is the instant from which on the evidence is whole; nothing where only the tasks' events were asked for.
pub(super) fn candidates(
    groups: &BTreeMap<Arc<str>, Known>,
    evidence: &Evidence,
    question: &Question,
    wanted: &Runs,
    from: Option<i64>,
) -> BTreeMap<Arc<str>, Vec<StreamFacts>> {
    let mut found: BTreeMap<Arc<str>, Vec<StreamFacts>> = BTreeMap::new();
    for case in cases(groups, evidence).into_values() {
        if !case.can_be(evidence, question, wanted, from) {
            continue;
        }
        for (origin, facts) in case.streams {
            let of_group = found.entry(Arc::clone(&origin.group)).or_default();
            of_group.push(facts.clone());
        }
    }
    found
}

/// Puts the streams of each task together.
fn cases<'a>(
    groups: &'a BTreeMap<Arc<str>, Known>,
    evidence: &'a Evidence,
) -> BTreeMap<Origin, Case<'a>> {
    let mut cases: BTreeMap<Origin, Case<'_>> = BTreeMap::new();
    for (group, known) in groups {
        for facts in known.values() {
            let origin = Origin::new(Arc::clone(group), Arc::clone(&facts.name));
            let state = origin.task().and_then(|id| evidence.tasks.get(id));
            // As the table of runs joins them.
            let key = match task_of(&origin).or(state.and(origin.task())) {
                Some(id) => Origin::new("", id),
                None => origin.clone(),
            };
            let case = cases.entry(key).or_default();
            case.task = state;
            case.streams.push((origin, facts));
        }
    }
    cases
}

impl Case<'_> {
    fn can_be(
        &self,
        evidence: &Evidence,
        question: &Question,
        wanted: &Runs,
        from: Option<i64>,
    ) -> bool {
        if self.is_outside(question) {
            return false;
        }
        let containers = self.streams.iter();
        let containers = containers.filter_map(|(origin, _)| origin.container());
        let outlook = Outlook {
            task: self.task.map(|state| &state.event),
            signals: self.signals(evidence, from),
            containers: containers.collect(),
            main_container: question.main_container.as_deref(),
        };
        outlook.may_be(&*wanted.may_be)
    }

    /// Returns whether it certainly ended before the window, or began behind it.
    fn is_outside(&self, question: &Question) -> bool {
        let ended = self.task.and_then(State::ended);
        let begins_late = |(_, facts): &(Origin, &StreamFacts)| {
            let began = facts.began();
            began.is_some_and(|began| began >= question.end + LEEWAY)
        };
        ended.is_some_and(|ended| ended < question.start - LEEWAY)
            || self.streams.iter().all(begins_late)
    }

    /// Returns what its logs hold; of one that began before there was evidence, that is not known.
    fn signals(&self, evidence: &Evidence, from: Option<i64>) -> Signals {
        let mut streams = self.streams.iter();
        let is_whole = |from: i64| streams.all(|(_, facts)| !facts.may_begin_before(from + LEEWAY));
        if !from.is_some_and(is_whole) {
            return Signals {
                error: true,
                migration: true,
            };
        }
        let mut signals = Signals::default();
        for (origin, _) in &self.streams {
            signals.add(evidence.signals.get(origin).copied().unwrap_or_default());
        }
        signals
    }
}

/// Returns the tasks whose ECS event says that they ended in the window, and whose streams nothing names: they may
/// have been silent for long.
pub(super) fn unseen<'a>(
    groups: &BTreeMap<Arc<str>, Known>,
    evidence: &'a Evidence,
    question: &Question,
    before: i64,
) -> Vec<&'a str> {
    let named: BTreeSet<&str> = groups
        .values()
        .flat_map(BTreeMap::keys)
        .filter_map(|name| name.rsplit('/').next())
        .collect();
    let is_unseen = |(id, state): &(&'a String, &'a State)| {
        let started = state.event.started;
        let ended = state.ended();
        ended.is_some_and(|ended| ended >= question.start - LEEWAY)
            && started.is_some_and(|started| started.as_millis() < before)
            // Those of services write to other groups.
            && state.event.kind != TaskKind::Service
            && !named.contains(id.as_str())
    };
    let unseen = evidence.tasks.iter().filter(is_unseen);
    unseen.map(|(id, _)| id.as_str()).collect()
}

/// Returns the ids of the tasks whose end no ECS event has told: of those that have streams, and of those that ECS names.
pub(super) fn without_end<'a>(
    streams: impl Iterator<Item = &'a Origin>,
    evidence: &'a Evidence,
) -> BTreeSet<String> {
    let open = |id: &&str| {
        let known = evidence.tasks.get(*id);
        known.is_none_or(|state| !state.event.is_final())
    };
    // A task that logged nothing has no stream. Those of services are no runs.
    let named = evidence.tasks.iter();
    let named = named.filter(|(_, state)| state.event.kind != TaskKind::Service);
    let ids = streams.filter_map(task_of);
    let ids = ids.chain(named.map(|(id, _)| id.as_str()));
    ids.filter(open).map(str::to_owned).collect()
}
