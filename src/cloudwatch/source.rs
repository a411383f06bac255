//! A source of events in CloudWatch Logs, as blocks of lines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::cache::{GroupCache, Stored, Subject};
use super::coming::Coming;
use super::filter_log_events::{Fetch, Lane};
use super::lines::Line;
use super::order::{Merge, Next};
use super::service::Service;
use super::shelf::{Progress, Shelf};
use super::slices::Slices;
use super::{Action, Cache, CallError, Direction, Limiter, Place, Quotas};
use crate::scan::{Block, Blocks};

/// How many bytes of packed pages may wait for one that is late.
const ROOM: usize = 16 << 20;
/// How large blocks are.
const BLOCK: usize = 128 << 10;
/// How often it is looked whether somebody wants us to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How many slices there are at first when the newest are wanted, each twice as long as the one behind it.
const HALVINGS: usize = 12;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Events from this instant on.
    pub start: i64,
    /// Events before this instant.
    pub end: i64,
    /// Only streams whose names begin with one of these; empty: all.
    pub prefixes: Vec<Arc<str>>,
    /// Groups that need not be there.
    pub optional: BTreeSet<Arc<str>>,
    /// The filter pattern.
    pub pattern: Option<Arc<str>>,
    /// Which end comes first.
    pub direction: Direction,
    /// How long all of it may take.
    pub time_out: Option<Duration>,
    /// How many calls may be made.
    pub quotas: Quotas,
    /// Where what cannot change any more is kept.
    pub cache: Option<Cache>,
    /// Before this instant nothing changes any more: events of later times may still arrive.
    pub closed: i64,
    /// Whether this is a part of a question: that none of its groups is there says nothing yet.
    pub is_part: bool,
    /// How many calls were made just before: they count as made in the first second.
    pub spent: u64,
}

impl Request {
    /// Returns how many lanes a group has.
    fn lanes(&self) -> usize {
        self.prefixes.len().max(1)
    }
}

/// Groups that one client reads.
#[derive(Clone, Debug)]
pub struct Site<S> {
    /// The client.
    pub service: Arc<S>,
    /// Who it is, and where.
    pub place: Arc<Place>,
    /// Whose logs these are, as the cache tells them apart.
    pub account: String,
    /// The log groups.
    pub groups: Vec<Arc<str>>,
}

/// What was read, and what went wrong on the way.
#[derive(Debug, Default)]
pub struct Report {
    /// How many events came.
    pub events: u64,
    /// How many bytes of messages came.
    pub bytes: u64,
    /// How many calls were made.
    pub calls: u64,
    /// What could not be read, each thing once.
    pub problems: Vec<CallError>,
    /// Groups that are not there and need not be, each once; not when there is none of all that a question is about.
    pub absent: Vec<CallError>,
    /// How many pieces came from the cache.
    pub reused: u64,
    /// Why pieces could not be kept, if they could not.
    pub unkept: Option<String>,
    /// Whether some of the events that there are did not come.
    pub has_gaps: bool,
}

/// Events of log groups, as blocks of lines in one order.
pub struct Source {
    shelf: Arc<Shelf>,
    progress: Arc<Progress>,
    merge: Merge,
    /// How many groups are read.
    groups: usize,
    /// Whether this is a part of a question.
    is_part: bool,
    /// Lines that are sorted and did not fit into a block.
    lines: VecDeque<Line>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// Set when nobody wants more lines.
    halted: Arc<AtomicBool>,
    /// Whether fetching ended though not all was there.
    ended_early: bool,
    blocks: u32,
    offset: u64,
}

impl Source {
    /// Starts to fetch; setting `stop` ends it, and what came by then without a gap is still handed out.
    pub fn open<S: Service>(sites: Vec<Site<S>>, request: &Request, stop: Arc<AtomicBool>) -> Self {
        let groups: usize = sites.iter().map(|site| site.groups.len()).sum();
        let lanes = groups * request.lanes();
        let shelf = Arc::new(Shelf::new(lanes, sites.len()));
        let progress = Arc::new(Progress::default());
        let (start, end) = (request.start, request.end.max(request.start));
        progress.expect(end.abs_diff(start) * lanes as u64);
        let mut fetches = Vec::new();
        let (room, mut lane) = (ROOM / sites.len().max(1), 0);
        for site in sites {
            let first = lane;
            lane += site.groups.len() * request.lanes();
            fetches.push(fetch(site, first, room, request, &shelf, &progress));
        }
        let thread = std::thread::spawn({
            let shelf = Arc::clone(&shelf);
            let cache = request.cache.clone();
            move || {
                run(fetches, &shelf);
                if let Some(cache) = cache {
                    cache.evict();
                }
            }
        });
        Self {
            merge: Merge::new(lanes, start, end, request.direction),
            groups,
            is_part: request.is_part,
            shelf,
            progress,
            lines: VecDeque::new(),
            thread: Some(thread),
            stop,
            halted: Arc::default(),
            ended_early: false,
            blocks: 0,
            offset: 0,
        }
    }

    /// Returns the counts to watch.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Ends fetching and returns the report.
    pub fn into_report(mut self) -> Report {
        self.end();
        let mut problems = told_once(self.shelf.take_problems());
        let mut absent = told_once(self.shelf.take_absent());
        if !self.is_part && absent.len() == self.groups {
            // Nothing at all was read: the stage is misspelt, rather than without a service.
            problems.append(&mut absent);
        }
        Report {
            events: self.progress.events(),
            bytes: self.progress.bytes(),
            calls: self.progress.calls(),
            problems,
            absent,
            reused: self.progress.reused(),
            unkept: self.shelf.unkept(),
            has_gaps: self.ended_early || self.merge.gaps,
        }
    }

    fn end(&mut self) {
        self.shelf.stop();
        if let Some(thread) = self.thread.take() {
            // A fetcher that panicked has said so.
            let _ = thread.join();
        }
    }

    /// Returns whether there are lines, and waits for them.
    fn has_lines(&mut self) -> bool {
        loop {
            if self.halted.load(Ordering::Relaxed) {
                return false;
            }
            if self.stop.load(Ordering::Relaxed) {
                // What came is handed out as far as it follows on; no more is asked for.
                self.shelf.stop();
                self.merge.stop_at_gaps();
            }
            if !self.lines.is_empty() {
                return true;
            }
            match self.merge.next(&self.shelf) {
                Next::Lines(lines) => self.lines = lines.into(),
                Next::End => return false,
                Next::Later => {
                    // What came between the look and the wait is found in the next round.
                    if !self.shelf.wait(LOOK) {
                        return self.has_last_lines();
                    }
                }
            }
        }
    }

    /// Returns whether there are lines when nothing more will be fetched.
    fn has_last_lines(&mut self) -> bool {
        match self.merge.next(&self.shelf) {
            Next::Lines(lines) => {
                self.lines = lines.into();
                true
            }
            Next::End => false,
            Next::Later => {
                self.ended_early = !self.stop.load(Ordering::Relaxed);
                false
            }
        }
    }
}

impl Blocks for Source {
    fn is_live(&self) -> bool {
        true
    }

    fn hands_over(&self) -> bool {
        true
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        Some(Arc::clone(&self.halted))
    }

    fn claim(&mut self, block: &mut Block) -> bool {
        block.shrink(BLOCK * 4);
        if !self.has_lines() {
            return false;
        }
        while block.bytes().len() < BLOCK
            && let Some(line) = self.lines.pop_front()
        {
            block.extend(&line.text);
            block.extend(b"\n");
        }
        block.index = self.blocks;
        block.offset = self.offset;
        self.blocks += 1;
        self.offset += block.bytes().len() as u64;
        true
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.end();
    }
}

/// Prepares the fetch of one client's groups, the first of which is `first` among all.
pub(super) fn fetch<S: Service>(
    site: Site<S>,
    first: usize,
    room: usize,
    request: &Request,
    shelf: &Arc<Shelf>,
    progress: &Arc<Progress>,
) -> Fetch<S> {
    let quota = request
        .quotas
        .of(Action::FilterLogEvents, &site.place.region);
    let mut slices = Slices::new(request.direction, room);
    let mut lanes = lanes(&site.groups, first, request);
    // As many as the first second has calls for: a slice more costs half a page, and one too few a call left out.
    let count = match request.direction {
        Direction::OldestFirst => quota.ceil() as usize / lanes.len().max(1),
        Direction::NewestFirst => HALVINGS,
    };
    let (mut stored, mut caches) = (Vec::new(), BTreeMap::new());
    for lane in &mut lanes {
        let mut missing = vec![(request.start, request.end)];
        if let Some(cache) = shelf_of(lane, &site.account, &site.place, request) {
            let found = cache.find(lane.number, request.start, request.end);
            // A group of which something is kept was there.
            lane.may_be_absent &= found.0.is_empty();
            stored.extend(found.0);
            missing = found.1;
            caches.insert(lane.number, cache);
        }
        for (start, end) in missing {
            // What may still change is not kept, and so does not share a slice with what does not.
            let closed = request.closed.clamp(start, end);
            let rest = if closed > start { 1 } else { count };
            slices.add(lane.number, &lane.group, start, closed, count);
            slices.add(lane.number, &lane.group, closed, end, rest);
        }
    }
    stored.sort_by_key(|stored: &Stored| match request.direction {
        Direction::OldestFirst => -stored.start,
        Direction::NewestFirst => stored.end,
    });
    Fetch {
        service: site.service,
        place: site.place,
        lanes,
        pattern: request.pattern.clone(),
        slices,
        stored,
        caches,
        closed: request.closed,
        direction: request.direction,
        room,
        limiter: limiter(quota, request.spent),
        coming: Coming::new(),
        deadline: request.time_out,
        shelf: Arc::clone(shelf),
        progress: Arc::clone(progress),
    }
}

/// Returns the pace of calls of which so many were made just before.
fn limiter(quota: f64, spent: u64) -> Limiter {
    let mut limiter = Limiter::new(quota);
    limiter.spend(spent, Duration::ZERO);
    limiter
}

/// Returns where what a lane reads is kept; nothing when nothing is.
fn shelf_of(lane: &Lane, account: &str, place: &Place, request: &Request) -> Option<GroupCache> {
    let subject = Subject {
        account,
        region: &place.region,
        group: &lane.group,
        prefix: lane.prefix.as_deref(),
        pattern: request.pattern.as_deref(),
    };
    Some(request.cache.as_ref()?.shelf(&subject))
}

/// Returns the lanes of some groups, the first of which has this number: one for each prefix of streams.
fn lanes(groups: &[Arc<str>], first: usize, request: &Request) -> Vec<Lane> {
    let prefixes = || {
        let none = request.prefixes.is_empty().then_some(None);
        request.prefixes.iter().cloned().map(Some).chain(none)
    };
    let of_group = |group: &Arc<str>| {
        prefixes()
            .map(|prefix| (Arc::clone(group), prefix))
            .collect::<Vec<_>>()
    };
    let lane = |(number, (group, prefix)): (usize, (Arc<str>, Option<Arc<str>>))| Lane {
        number,
        may_be_absent: request.optional.contains(&group),
        group,
        prefix,
    };
    (first..)
        .zip(groups.iter().flat_map(of_group))
        .map(lane)
        .collect()
}

/// Leaves out what says the same again: one failure mostly hits all slices of a group.
fn told_once(problems: Vec<CallError>) -> Vec<CallError> {
    let mut told: Vec<CallError> = Vec::new();
    for problem in problems {
        let of = |one: &CallError| (one.kind, Arc::clone(&one.group), one.place.region.clone());
        let same = |one: &CallError| of(one) == of(&problem);
        if !told.iter().any(same) {
            told.push(problem);
        }
    }
    told
}

/// Runs the fetches in this thread.
fn run<S: Service>(fetches: Vec<Fetch<S>>, shelf: &Shelf) {
    let count = fetches.len();
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        for _ in 0..count {
            shelf.close();
        }
        return;
    };
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for fetch in fetches {
            running.spawn(fetch.run());
        }
        while running.join_next().await.is_some() {
            shelf.close();
        }
    });
    // A look-up of a name cannot be called off: nobody waits for one.
    runtime.shutdown_background();
}
