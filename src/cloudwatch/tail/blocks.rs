//! What is followed as blocks of lines: history first, then what comes.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::{Direction, Kind, Request as Window, Site, Source, lines};
use super::link::{Found, MARGIN};
use super::queue::{self, Message, Queue};
use super::{LiveTail, Notice, Report, Request, setup};
use crate::scan::{Block, Blocks};

/// How often it is looked whether somebody wants us to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How large blocks are.
const BLOCK: usize = 512 << 10;

/// Log groups that are followed, as blocks of lines.
pub struct Tail {
    history: Option<Source>,
    /// What history had of the time in which following begins.
    recent: Vec<Found>,
    /// Since when events of history are remembered.
    floor: i64,
    start: Option<Start>,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
    tell: Box<dyn FnMut(&Notice) + Send>,
    stop: Arc<AtomicBool>,
    /// Set when nobody wants more lines.
    halted: Arc<AtomicBool>,
    until: Option<Instant>,
    report: Report,
    blocks: u32,
    offset: u64,
}

/// Begins to follow, given what is known already.
type Start = Box<dyn FnOnce(Vec<Found>) -> JoinHandle<()> + Send>;

impl Debug for Tail {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl Tail {
    /// Begins to follow; setting `stop` ends it, and `tell` is called by who takes the blocks.
    pub fn open<S: LiveTail>(
        sites: Vec<Site<S>>,
        request: &Request,
        stop: Arc<AtomicBool>,
        tell: Box<dyn FnMut(&Notice) + Send>,
    ) -> Self {
        let now = (request.clock)();
        let floor = if request.since.is_some() {
            now - MARGIN
        } else {
            now
        };
        let history = request.since.map(|since| {
            let window = window(since, now, request);
            Source::open(copy(&sites), &window, Arc::clone(&stop))
        });
        let queue = Arc::new(Queue::default());
        let start: Start = Box::new({
            let (queue, request) = (Arc::clone(&queue), request.clone());
            move |recent| {
                std::thread::spawn(move || setup::run(sites, &request, floor, &recent, &queue))
            }
        });
        Self {
            history,
            recent: Vec::new(),
            floor,
            start: Some(start),
            queue,
            thread: None,
            tell,
            stop,
            halted: Arc::default(),
            until: request.time_out.map(|time| Instant::now() + time),
            report: Report {
                calls: request.spent,
                ..Report::default()
            },
            blocks: 0,
            offset: 0,
        }
    }

    /// Ends following, and returns what was done.
    pub fn into_report(mut self) -> Report {
        self.report.is_cut = self.history.is_some() && self.report.is_over;
        self.end_history();
        self.end();
        let counts = &self.queue.counts;
        Report {
            calls: self.report.calls + counts.calls.load(Ordering::Relaxed),
            sessions: counts.sessions.load(Ordering::Relaxed),
            sampled: counts.sampled.load(Ordering::Relaxed),
            ..self.report.clone()
        }
    }

    fn end(&mut self) {
        self.history = None;
        self.queue.stop();
        if let Some(thread) = self.thread.take() {
            // A follower that panicked has said so.
            let _ = thread.join();
        }
    }

    /// Returns whether nobody wants more.
    fn is_ended(&mut self) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            self.report.is_over = true;
        }
        self.report.is_over
            || self.stop.load(Ordering::Relaxed)
            || self.halted.load(Ordering::Relaxed)
    }

    /// Hands out a block of history; false when that has ended.
    fn claim_history(&mut self, block: &mut Block) -> bool {
        let Some(history) = &mut self.history else {
            return false;
        };
        if history.claim(block) {
            let recent = lines::events(block.bytes(), self.floor);
            let found = recent.map(|(group, event)| Found { group, event });
            self.recent.extend(found);
            return true;
        }
        self.end_history();
        false
    }

    /// Ends history, and tells what could not be read of it.
    fn end_history(&mut self) {
        let Some(history) = self.history.take() else {
            return;
        };
        let report = history.into_report();
        self.report.calls += report.calls;
        let is_cut = self.stop.load(Ordering::Relaxed) || self.is_ended();
        for absent in report.absent {
            self.say(&Notice::Absent(absent));
        }
        for problem in report.problems {
            if !(is_cut && problem.kind == Kind::OutOfTime) {
                self.say(&Notice::Problem(problem));
            }
        }
    }

    fn say(&mut self, notice: &Notice) {
        if matches!(notice, Notice::Problem(_)) {
            self.report.problems += 1;
        }
        (self.tell)(notice);
    }
}

impl Blocks for Tail {
    fn is_live(&self) -> bool {
        true
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        Some(Arc::clone(&self.halted))
    }

    fn claim(&mut self, block: &mut Block) -> bool {
        loop {
            if self.is_ended() {
                return false;
            }
            if self.claim_history(block) {
                break;
            }
            if let Some(start) = self.start.take() {
                self.thread = Some(start(std::mem::take(&mut self.recent)));
            }
            match self.queue.next(LOOK) {
                Ok(None) => {}
                Ok(Some(Message::Notice(notice))) => self.say(&notice),
                Ok(Some(Message::Lines(lines))) => {
                    block.shrink(BLOCK * 4);
                    block.extend(&lines);
                    break;
                }
                Err(queue::Closed) => return false,
            }
        }
        block.index = self.blocks;
        block.offset = self.offset;
        self.blocks += 1;
        self.offset += block.bytes().len() as u64;
        true
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.end();
    }
}

/// Returns the same sites once more; their clients are shared.
fn copy<S>(sites: &[Site<S>]) -> Vec<Site<S>> {
    let copy = |site: &Site<S>| Site {
        service: Arc::clone(&site.service),
        place: Arc::clone(&site.place),
        account: site.account.clone(),
        groups: site.groups.clone(),
    };
    sites.iter().map(copy).collect()
}

/// Returns the window of history.
fn window(since: i64, now: i64, request: &Request) -> Window {
    Window {
        start: since,
        end: now + MARGIN,
        pattern: request.pattern.clone(),
        prefixes: request.prefixes.clone(),
        optional: request.optional.clone(),
        // Following tells which groups there are.
        is_part: true,
        direction: Direction::OldestFirst,
        time_out: request.time_out,
        quotas: request.quotas.clone(),
        cache: request.cache.clone(),
        closed: now - request.late.as_millis() as i64,
        ..Window::default()
    }
}
