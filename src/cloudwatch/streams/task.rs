//! One task: its streams are found by name, and its ECS events by its id.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::Task;
use super::conduct::{Conductor, LONGEST_RUN, Listed, Region};
use super::evidence::{self, Evidence};
use super::read::{self, Way};
use super::service::{StreamFacts, StreamService};
use crate::event::Origin;

/// How many beginnings of names are tried for a task that is older than the window.
const MOST_BEGINNINGS: usize = 8;

/// The streams of the task, by region and group.
type Found = BTreeMap<usize, BTreeMap<Arc<str>, Vec<StreamFacts>>>;

impl<S: StreamService> Conductor<S> {
    /// Reads one task.
    pub(super) fn task(&self, runtime: &Runtime, task: &Task) {
        let question = &self.question;
        let from = question.start - LONGEST_RUN;
        let mut evidence = Evidence::new(question.groups.clone(), question.as_of);
        let listed = self.lists(|region| [region.runs.clone(), region.others.clone()].concat());
        let mut unlisted = false;
        let mut found = Found::new();
        for (number, listed) in listed.iter().enumerate() {
            self.complain(listed.problems.iter().cloned());
            self.leave_out(listed.absent.iter().cloned());
            if let Some(why) = &listed.why_not {
                self.remark(why.clone());
                unlisted = true;
            }
            let streams = of_task(listed, task);
            if !streams.is_empty() {
                found.insert(number, streams);
            }
        }
        if unlisted {
            return self.as_usual(from);
        }
        if found.is_empty() {
            found = self.look_up_older(runtime, &listed, task);
        }
        let facts = found.values().flat_map(BTreeMap::values).flatten();
        let first = facts.filter_map(StreamFacts::began).min();
        let start = first.map_or(from, |first| (first - LONGEST_RUN).min(from));
        let pattern = evidence::pattern_of_tasks(&id_of(task));
        self.pass(
            |region| region.tasks.clone(),
            (start, question.last),
            Some(pattern),
            |block| evidence.take(block),
        );
        let way = Way {
            start: 0,
            end: question.last,
            with_ids: true,
        };
        let reads = found.iter().map(|(number, groups)| {
            let of_group =
                |(group, streams): (&Arc<str>, &Vec<StreamFacts>)| read::reads(group, streams, way);
            (*number, groups.iter().flat_map(of_group).collect())
        });
        self.read_streams(runtime, reads.collect());
        self.send(evidence.lines());
    }

    /// Reads everything, where the streams cannot be listed.
    fn as_usual(&self, from: i64) {
        let groups = |region: &Region<S>| {
            let groups = [&region.runs, &region.tasks, &region.others];
            groups.into_iter().flatten().cloned().collect()
        };
        self.pass(groups, (from, self.question.end), None, |block| {
            self.send(block.bytes().to_vec());
        });
    }

    /// Looks for streams that are older than the window, by their names.
    fn look_up_older(&self, runtime: &Runtime, listed: &[Listed], task: &Task) -> Found {
        let mut found = Found::new();
        for (number, (region, listed)) in self.regions.iter().zip(listed).enumerate() {
            for (group, listing) in &listed.listings {
                let beginnings = listing.beginnings.iter().take(MOST_BEGINNINGS);
                let by_id = beginnings.map(|beginning| format!("{beginning}{}", task.id));
                let by_name = task.written.contains('/') && !task.written.starts_with("arn:");
                let prefixes: Vec<String> = if by_name {
                    vec![task.written.clone()]
                } else {
                    by_id.collect()
                };
                for prefix in prefixes {
                    let streams = self.named(runtime, region, group, &prefix);
                    if !streams.is_empty() {
                        let groups = found.entry(number).or_default();
                        groups.entry(Arc::clone(group)).or_default().extend(streams);
                    }
                }
            }
        }
        found
    }
}

/// Returns the streams of a task that are listed.
fn of_task(listed: &Listed, task: &Task) -> BTreeMap<Arc<str>, Vec<StreamFacts>> {
    let mut found = BTreeMap::new();
    for (group, listing) in &listed.listings {
        let is_of = |facts: &&StreamFacts| {
            let origin = Origin::new(Arc::clone(group), Arc::clone(&facts.name));
            (task.is_of)(&origin)
        };
        let streams: Vec<StreamFacts> = listing.streams.iter().filter(is_of).cloned().collect();
        if !streams.is_empty() {
            found.insert(Arc::clone(group), streams);
        }
    }
    found
}

/// Returns the id to ask for, where it is plain text: the pattern of another would mean something else.
fn id_of(task: &Task) -> Vec<&str> {
    let id = task.id.rsplit('/').next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let ids = Some(id).filter(|id| !id.is_empty() && id.bytes().all(is_plain));
    ids.into_iter().collect()
}
