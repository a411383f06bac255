//! The way from a question to the lines that answer it: what is asked for first, what that decides, what is read then.
//!
//! Everything happens in one thread, pass after pass, so that the passes share a quota; only the lists of streams,
//! which have one of their own, are fetched beside the first pass.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::shelf::Progress;
use super::super::{Action, CallError, Kind, Place, Report, Request, Site, Source};
use super::calls::{Caller, Deadline, Failed};
use super::listing::{self, Listing};
use super::read::{self, Out, Read};
use super::service::{StreamFacts, StreamService};
use super::{Question, RunReport, Stages, Wanted};
use crate::scan::{Block, Blocks};

/// How long before the window a run may have begun that ends in it, where its stream is not looked for.
pub(super) const LONGEST_RUN: i64 = 6 * 3_600_000;
const LOOK: Duration = Duration::from_millis(20);

/// Groups of one region.
pub(super) struct Region<S> {
    pub(super) service: Arc<S>,
    place: Arc<Place>,
    account: String,
    /// Those whose streams are runs.
    pub(super) runs: Vec<Arc<str>>,
    /// Those of the tasks' events.
    pub(super) tasks: Vec<Arc<str>>,
    /// Those of services.
    pub(super) others: Vec<Arc<str>>,
    pub(super) caller: Arc<Caller>,
}

/// What the list of streams of a region came to.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) listings: BTreeMap<Arc<str>, Listing>,
    pub(super) problems: Vec<CallError>,
    /// Groups that are not there and need not be.
    pub(super) absent: Vec<CallError>,
    /// Why the streams are not known, where they are not.
    pub(super) why_not: Option<String>,
}

/// A group, and the name of its region in front of it.
type Key = (String, Arc<str>);

/// Answers a question.
pub(super) struct Conductor<S> {
    pub(super) regions: Vec<Region<S>>,
    pub(super) question: Question,
    pub(super) out: Out,
    stages: Arc<Stages>,
    report: Arc<Mutex<RunReport>>,
    ended: Arc<AtomicBool>,
    deadline: Deadline,
    /// How many calls of `FilterLogEvents` the last pass made.
    spent: AtomicU64,
    /// Groups that were there at some time: one that is not there later is gone.
    there: Mutex<BTreeSet<Key>>,
}

impl<S: StreamService> Conductor<S> {
    pub(super) fn new(
        sites: Vec<Site<S>>,
        question: Question,
        out: Out,
        stages: Arc<Stages>,
        report: Arc<Mutex<RunReport>>,
        ended: Arc<AtomicBool>,
    ) -> Self {
        let deadline = Deadline {
            started: Instant::now(),
            time_out: question.request.time_out,
        };
        let regions = sites.into_iter().map(|site| {
            let progress = Arc::new(Progress::default());
            stages.push(Arc::clone(&progress));
            let caller = Caller::new(
                Arc::clone(&site.place),
                &question.request.quotas,
                deadline.clone(),
                Arc::clone(&ended),
                progress,
            );
            Region::new(site, &question, caller)
        });
        Self {
            regions: regions.collect(),
            question,
            out,
            stages,
            report,
            ended,
            deadline,
            spent: AtomicU64::new(0),
            there: Mutex::default(),
        }
    }

    /// Reads what the question takes.
    pub(super) fn run(self) {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
            self.has_gaps();
            return;
        };
        match self.question.wanted.clone() {
            Wanted::Runs(wanted) => self.runs(&runtime, &wanted),
            Wanted::Task(task) => self.task(&runtime, &task),
        }
        self.settle();
        // A look-up of a name cannot be called off: nobody waits for one.
        runtime.shutdown_background();
    }

    /// Reads streams.
    pub(super) fn read_streams(&self, runtime: &Runtime, reads: BTreeMap<usize, Vec<Read>>) {
        let mut running = JoinSet::new();
        for (number, reads) in reads {
            let region = &self.regions[number];
            let (service, caller) = (Arc::clone(&region.service), Arc::clone(&region.caller));
            if !self.question.second.is_zero() {
                caller
                    .pace
                    .spend(Action::FilterLogEvents, self.spent.load(Ordering::Relaxed));
            }
            let out = self.out.clone();
            running.spawn_on(
                async move { read::run(&service, &caller, reads, &out).await },
                runtime.handle(),
            );
        }
        let mut done = Vec::new();
        runtime.block_on(async {
            while let Some(outcome) = running.join_next().await {
                done.push(outcome);
            }
        });
        for outcome in done {
            let outcome = outcome.unwrap_or_else(|_| read::Outcome {
                has_gaps: true,
                ..read::Outcome::default()
            });
            if outcome.is_denied {
                self.remark(
                    "AWS refuses logs:GetLogEvents; streams were read by FilterLogEvents"
                        .to_owned(),
                );
            }
            if outcome.has_gaps {
                self.has_gaps();
            }
            self.complain(outcome.problems);
            self.spent.store(u64::MAX, Ordering::Relaxed);
        }
    }

    /// Reads groups over a window.
    pub(super) fn pass(
        &self,
        groups: impl Fn(&Region<S>) -> Vec<Arc<str>>,
        window: (i64, i64),
        pattern: Option<String>,
        each: impl FnMut(&Block),
    ) {
        self.numbered_pass(|_, region| groups(region), window, pattern, each);
    }

    pub(super) fn numbered_pass(
        &self,
        groups: impl Fn(usize, &Region<S>) -> Vec<Arc<str>>,
        (start, end): (i64, i64),
        pattern: Option<String>,
        mut each: impl FnMut(&Block),
    ) {
        let sites = self.regions.iter().enumerate();
        let sites = sites.map(|(number, region)| region.site(groups(number, region)));
        let sites: Vec<Site<S>> = sites.filter(|site| !site.groups.is_empty()).collect();
        if sites.is_empty() || start >= end || self.ended.load(Ordering::Relaxed) {
            return;
        }
        self.rest();
        let request = Request {
            start,
            end,
            pattern: pattern.map(Arc::from),
            time_out: self.deadline.left(),
            is_part: true,
            ..self.question.request.clone()
        };
        let asked: Vec<Key> = sites.iter().flat_map(keys).collect();
        let mut source = Source::open(sites, &request, Arc::clone(&self.ended));
        self.stages.push(source.progress());
        let mut block = Block::default();
        while source.next_into(&mut block) {
            each(&block);
        }
        let report = source.into_report();
        self.spent.store(report.calls, Ordering::Relaxed);
        self.merge(report, asked);
    }

    /// Finds the streams of a group whose names begin so.
    pub(super) fn named(
        &self,
        runtime: &Runtime,
        region: &Region<S>,
        group: &Arc<str>,
        prefix: &str,
    ) -> Vec<StreamFacts> {
        let named = listing::named(&*region.service, &region.caller, group, prefix);
        match runtime.block_on(named) {
            Ok(found) => {
                if found.is_cut {
                    self.has_gaps();
                }
                found.streams
            }
            Err(failed) => {
                self.complain(failed.into_error());
                Vec::new()
            }
        }
    }

    /// Waits until the calls of the pass before count no more: the next one begins with as many as a second allows.
    fn rest(&self) {
        let quotas = self.regions.iter().map(|region| {
            let quotas = &self.question.request.quotas;
            quotas.of(Action::FilterLogEvents, &region.place.region)
        });
        let quota = quotas.fold(f64::INFINITY, f64::min);
        // Two passes of which each makes less than half of what a second allows cannot be too many.
        if self.spent.load(Ordering::Relaxed) as f64 * 2.0 < quota {
            return;
        }
        let second = self.question.second;
        let until = Instant::now() + second.min(self.deadline.left().unwrap_or(second));
        while Instant::now() < until && !self.ended.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
    }

    /// Lists the streams of groups, region by region.
    pub(super) fn lists(&self, groups: impl Fn(&Region<S>) -> Vec<Arc<str>>) -> Vec<Listed> {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
            self.has_gaps();
            return self.regions.iter().map(|_| Listed::default()).collect();
        };
        let mut running = JoinSet::new();
        for (number, region) in self.regions.iter().enumerate() {
            for group in groups(region) {
                let (service, caller) = (Arc::clone(&region.service), Arc::clone(&region.caller));
                let start = self.question.start;
                running.spawn_on(
                    async move {
                        let found = listing::list(&*service, &caller, &group, start).await;
                        (number, group, found)
                    },
                    runtime.handle(),
                );
            }
        }
        let mut listed: Vec<Listed> = self.regions.iter().map(|_| Listed::default()).collect();
        runtime.block_on(async {
            while let Some(done) = running.join_next().await {
                let Ok((number, group, found)) = done else {
                    // One that panicked has said so.
                    self.has_gaps();
                    continue;
                };
                if found.is_ok() {
                    let region = self.regions[number].place.region.clone();
                    self.are_there([(region, Arc::clone(&group))]);
                }
                listed[number].take(group, found, &self.question.request.optional);
            }
        });
        runtime.shutdown_background();
        listed
    }

    /// Hands on lines when there is room for them.
    pub(super) fn send(&self, lines: Vec<u8>) {
        let mut lines = lines;
        while !lines.is_empty() && !self.ended.load(Ordering::Relaxed) {
            match self.out.try_send(lines) {
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => lines = back,
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn report(&self, change: impl FnOnce(&mut RunReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes note of what went wrong; each thing is told once.
    pub(super) fn complain(&self, problems: impl IntoIterator<Item = CallError>) {
        self.report(|report| {
            for problem in problems {
                let told = &mut report.report.problems;
                let same = |one: &CallError| one.kind == problem.kind && one.group == problem.group;
                if !told.iter().any(same) {
                    told.push(problem);
                }
            }
        });
    }

    pub(super) fn remark(&self, remark: String) {
        self.report(|report| {
            if !report.remarks.contains(&remark) {
                report.remarks.push(remark);
            }
        });
    }

    pub(super) fn has_gaps(&self) {
        self.report(|report| report.report.has_gaps = true);
    }

    /// Takes note of groups that are not there and need not be; each is told once.
    pub(super) fn leave_out(&self, absent: impl IntoIterator<Item = CallError>) {
        self.report(|report| {
            let told = &mut report.report.absent;
            for error in absent {
                if !told.iter().any(|one| key(one) == key(&error)) {
                    told.push(error);
                }
            }
        });
    }

    fn are_there(&self, groups: impl IntoIterator<Item = Key>) {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        there.extend(groups);
    }

    /// Decides at the end what groups that are not there mean: they are missed when there is none at all, as of a stage
    /// that is misspelt, and when they were there before.
    fn settle(&self) {
        let mut absent = Vec::new();
        self.report(|report| absent = std::mem::take(&mut report.report.absent));
        let there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        let is_none = absent.len() == self.regions.iter().map(Region::count).sum::<usize>();
        let is_missed = |error: &CallError| is_none || there.contains(&key(error));
        let (missed, absent): (Vec<_>, Vec<_>) = absent.into_iter().partition(is_missed);
        self.complain(missed);
        self.report(|report| report.report.absent = absent);
    }

    /// Takes note of what came of a pass over some groups.
    fn merge(&self, other: Report, asked: Vec<Key>) {
        let was_read = !other.has_gaps && other.problems.is_empty();
        // What was called off may not have been asked for.
        if was_read && !self.ended.load(Ordering::Relaxed) {
            let is_there = |asked: &Key| other.absent.iter().all(|error| key(error) != *asked);
            self.are_there(asked.into_iter().filter(is_there));
        }
        self.complain(other.problems);
        self.leave_out(other.absent);
        self.report(|report| {
            let report = &mut report.report;
            report.has_gaps |= other.has_gaps;
            report.unkept = report.unkept.take().or(other.unkept);
        });
    }
}

impl<S> Region<S> {
    fn new(site: Site<S>, question: &Question, caller: Caller) -> Self {
        let mut region = Self {
            service: site.service,
            place: site.place,
            account: site.account,
            runs: Vec::new(),
            tasks: Vec::new(),
            others: Vec::new(),
            caller: Arc::new(caller),
        };
        for group in site.groups {
            let holds = question.groups.find(&group);
            let list = match (holds.holds_tasks(), holds.holds_runs()) {
                (true, _) => &mut region.tasks,
                (false, true) => &mut region.runs,
                (false, false) => &mut region.others,
            };
            list.push(group);
        }
        region
    }

    /// Returns how many groups there are.
    fn count(&self) -> usize {
        self.runs.len() + self.tasks.len() + self.others.len()
    }

    fn site(&self, groups: Vec<Arc<str>>) -> Site<S> {
        Site {
            service: Arc::clone(&self.service),
            place: Arc::clone(&self.place),
            account: self.account.clone(),
            groups,
        }
    }
}

fn keys<S>(site: &Site<S>) -> impl Iterator<Item = Key> {
    let key = move |group: &Arc<str>| (site.place.region.clone(), Arc::clone(group));
    site.groups.iter().map(key)
}

fn key(error: &CallError) -> Key {
    (error.place.region.clone(), Arc::clone(&error.group))
}

impl Listed {
    fn take(
        &mut self,
        group: Arc<str>,
        found: Result<Listing, Failed>,
        optional: &BTreeSet<Arc<str>>,
    ) {
        match found {
            Ok(listing) if listing.is_cut => {
                let why = format!(
                    "`{group}` has too many streams to look through; the window is read as a whole"
                );
                self.why_not.get_or_insert(why);
            }
            Ok(listing) => {
                self.listings.insert(group, listing);
            }
            Err(Failed::Stopped) => {}
            Err(Failed::Call(error))
                if error.kind == Kind::Missing && optional.contains(&group) =>
            {
                self.absent.push(*error);
            }
            Err(Failed::Call(error))
                if error.kind == Kind::Missing || error.kind.concerns_all() =>
            {
                self.problems.push(*error);
            }
            Err(Failed::Call(error)) => {
                let why = format!("{error}; the window is read as a whole");
                self.why_not.get_or_insert(why);
            }
        }
    }
}
