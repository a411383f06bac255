//! The runs of a window: which streams can matter, and how those are read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::cases::{self, Known};
use super::conduct::{Conductor, LONGEST_RUN, Region};
use super::evidence::{self, Evidence, Streams};
use super::listing::{LAG, Listing};
use super::plan::{self, Plan};
use super::read::{self, Way};
use super::service::{StreamFacts, StreamService};
use super::{LEEWAY, Runs};

const HOUR: i64 = 3_600_000;
/// From how many streams on the window is read as a whole when most are wanted.
const MANY: usize = 20;
/// How many ids a pattern names at most.
const MOST_IDS: usize = 20;

impl<S: StreamService> Conductor<S> {
    /// Reads the runs that are wanted.
    pub(super) fn runs(&self, runtime: &Runtime, wanted: &Runs) {
        let question = &self.question;
        let from = question.start - LONGEST_RUN;
        let to = (question.end + HOUR).min(question.last);
        let all = wanted.wants_quiet_ones();
        let mut evidence = Evidence::new(question.groups.clone(), question.as_of);
        let listed = std::thread::scope(|scope| {
            let lists = scope.spawn(|| self.lists(|region| region.runs.clone()));
            let groups = |region: &Region<S>| {
                if all {
                    region.tasks.clone()
                } else {
                    [region.tasks.clone(), region.runs.clone()].concat()
                }
            };
            let pattern = if all {
                evidence::pattern_of_tasks(&[])
            } else {
                evidence::pattern()
            };
            self.pass(groups, (from, to), Some(pattern), |block| {
                evidence.take(block);
            });
            // A thread that panicked has said so; what it did not bring is missing.
            lists.join().unwrap_or_else(|_| {
                self.has_gaps();
                Vec::new()
            })
        });
        let mut plan = Plan::new(from, to, (!all).then_some(from));
        for (number, listed) in listed.into_iter().enumerate() {
            self.complain(listed.problems);
            self.leave_out(listed.absent);
            match listed.why_not {
                Some(why) => {
                    self.remark(why);
                    plan.unlisted.insert(number);
                }
                None => self.decide(
                    runtime,
                    number,
                    &listed.listings,
                    &evidence,
                    wanted,
                    &mut plan,
                ),
            }
        }
        self.read_whole(&mut plan, &evidence);
        self.read_ends(&plan, &mut evidence);
        self.read_streams(runtime, std::mem::take(&mut plan.reads));
        self.read_as_usual(&plan);
        self.send(evidence.lines());
    }

    /// Decides which streams of a region are read, and how.
    fn decide(
        &self,
        runtime: &Runtime,
        number: usize,
        listings: &BTreeMap<Arc<str>, Listing>,
        evidence: &Evidence,
        wanted: &Runs,
        plan: &mut Plan,
    ) {
        let region = &self.regions[number];
        let question = &self.question;
        let known = listings.iter().map(|(group, listing)| {
            let known = cases::known(group, listing, evidence);
            (Arc::clone(group), known)
        });
        let mut known: BTreeMap<Arc<str>, Known> = known.collect();
        let unseen = cases::unseen(&known, evidence, question, question.start - LAG);
        for (group, facts) in self.look_up(runtime, region, listings, &unseen) {
            let of_group = known.entry(group).or_default();
            of_group.insert(Arc::clone(&facts.name), facts);
        }
        let found = cases::candidates(&known, evidence, question, wanted, plan.evident_from);
        let count: usize = found.values().map(Vec::len).sum();
        let all: usize = known.values().map(BTreeMap::len).sum();
        // A stream that was silent for long and has been written to just now is not listed yet: only a reading of the
        // window shows that its run is in it.
        let is_recent = question.end + LAG >= question.last;
        let wants_quiet_ones = plan.evident_from.is_none();
        if wants_quiet_ones && is_recent || count > MANY && count * 2 > all {
            plan.whole.insert(number, known);
            return;
        }
        let way = Way {
            start: 0,
            end: question.last,
            with_ids: question.with_ids,
        };
        for (group, streams) in &found {
            plan.note(group, streams);
            let reads = plan.reads.entry(number).or_default();
            reads.extend(read::reads(group, streams, way));
        }
    }

    /// Finds the streams of tasks whose names are not known, where streams of their kind are.
    fn look_up(
        &self,
        runtime: &Runtime,
        region: &Region<S>,
        listings: &BTreeMap<Arc<str>, Listing>,
        ids: &[&str],
    ) -> Vec<(Arc<str>, StreamFacts)> {
        let mut found = Vec::new();
        for (group, listing) in listings {
            for beginning in &listing.beginnings {
                for id in ids {
                    let prefix = format!("{beginning}{id}");
                    let streams = self.named(runtime, region, group, &prefix);
                    found.extend(streams.into_iter().map(|one| (Arc::clone(group), one)));
                }
            }
        }
        found
    }

    /// Reads the window of regions of which most streams are wanted, and plans what is left of those streams.
    fn read_whole(&self, plan: &mut Plan, evidence: &Evidence) {
        if plan.whole.is_empty() {
            return;
        }
        let question = &self.question;
        let start = question.start - LEEWAY;
        let end = if question.end + LAG >= question.last {
            question.last
        } else {
            question.end + LEEWAY
        };
        let mut streams = Streams::new();
        let numbers: BTreeSet<usize> = plan.whole.keys().copied().collect();
        let groups = |number: usize, region: &Region<S>| {
            if numbers.contains(&number) {
                region.runs.clone()
            } else {
                Vec::new()
            }
        };
        self.numbered_pass(groups, (start, end), None, |block| {
            streams.take(block);
            self.send(block.bytes().to_vec());
        });
        for (number, known) in std::mem::take(&mut plan.whole) {
            for (group, known) in known {
                let facts = plan::of_window(&group, &known, &streams, evidence, question);
                let earlier: Vec<StreamFacts> = facts
                    .iter()
                    .filter(|facts| facts.may_begin_before(question.start))
                    .cloned()
                    .collect();
                let goes_on =
                    |facts: &&StreamFacts| facts.last.is_none_or(|last| last >= question.end);
                let later: Vec<StreamFacts> = facts.iter().filter(goes_on).cloned().collect();
                plan.note(&group, &facts);
                let reads = plan.reads.entry(number).or_default();
                let with_ids = question.with_ids;
                let before = Way {
                    start: 0,
                    end: start,
                    with_ids,
                };
                let after = Way {
                    start: end,
                    end: question.last,
                    with_ids,
                };
                reads.extend(read::reads(&group, &earlier, before));
                reads.extend(read::reads(&group, &later, after));
            }
        }
    }

    /// Looks for what ECS said of tasks whose end is not known, before and after the time that was asked for.
    fn read_ends(&self, plan: &Plan, evidence: &mut Evidence) {
        let ids = cases::without_end(plan.origins.iter(), evidence);
        if ids.is_empty() {
            return;
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let ids: &[&str] = if ids.len() > MOST_IDS { &[] } else { &ids };
        let earlier = (plan.first - HOUR, plan.from);
        for window in [earlier, (plan.to, self.question.last)] {
            let pattern = evidence::pattern_of_tasks(ids);
            self.pass(
                |region| region.tasks.clone(),
                window,
                Some(pattern),
                |block| {
                    evidence.take(block);
                },
            );
        }
    }

    /// Reads the groups of services, and those whose streams are not known, over the window and what went before.
    fn read_as_usual(&self, plan: &Plan) {
        let window = (self.question.start - LONGEST_RUN, self.question.end);
        let groups = |number: usize, region: &Region<S>| {
            let mut groups = region.others.clone();
            if plan.unlisted.contains(&number) {
                groups.extend(region.runs.iter().cloned());
            }
            groups
        };
        self.numbered_pass(groups, window, None, |block| {
            self.send(block.bytes().to_vec());
        });
    }
}
