//! A source of whole runs, as blocks of lines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::shelf::Progress;
use super::super::{Report, Site};
use super::Question;
use super::conduct::Conductor;
use super::service::StreamService;
use crate::scan::{Block, Blocks};

/// How many blocks may wait.
const WAITING: usize = 4;
/// How often it is looked whether somebody wants us to stop.
const LOOK: Duration = Duration::from_millis(50);

/// What was read, and what went wrong on the way.
#[derive(Debug, Default)]
pub struct RunReport {
    /// What the calls came to.
    pub report: Report,
    /// What was done in another way than usual, in words.
    pub remarks: Vec<String>,
}

/// How far each of the passes over the logs has come.
#[derive(Debug, Default)]
pub struct Stages(Mutex<Vec<Arc<Progress>>>);

impl Stages {
    pub(super) fn push(&self, progress: Arc<Progress>) {
        self.lock().push(progress);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Progress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sum(&self, count: fn(&Progress) -> u64) -> u64 {
        self.lock().iter().map(|progress| count(progress)).sum()
    }

    /// Returns how much of all windows so far is done, in milliseconds.
    pub fn done(&self) -> u64 {
        self.sum(Progress::done)
    }

    /// Returns how long all windows so far are, in milliseconds.
    pub fn total(&self) -> u64 {
        self.sum(Progress::total)
    }

    /// Returns how many events came.
    pub fn events(&self) -> u64 {
        self.sum(Progress::events)
    }

    /// Returns how many bytes of messages came.
    pub fn bytes(&self) -> u64 {
        self.sum(Progress::bytes)
    }

    /// Returns how many calls were made.
    pub(super) fn calls(&self) -> u64 {
        self.sum(Progress::calls)
    }

    /// Returns how many pieces came from the cache.
    pub(super) fn reused(&self) -> u64 {
        self.sum(Progress::reused)
    }
}

/// Events of runs; those of one stream are in order.
pub struct RunSource {
    blocks: Option<Receiver<Vec<u8>>>,
    stages: Arc<Stages>,
    report: Arc<Mutex<RunReport>>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// Set when nobody wants more lines.
    halted: Arc<AtomicBool>,
    /// What the fetching thread looks at: set when one of the others is.
    ended: Arc<AtomicBool>,
    count: u32,
    offset: u64,
}

impl RunSource {
    /// Starts to look for runs; setting `stop` ends it.
    pub fn open<S: StreamService>(
        sites: Vec<Site<S>>,
        question: Question,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let (out, blocks) = mpsc::sync_channel(WAITING);
        let stages: Arc<Stages> = Arc::default();
        let report: Arc<Mutex<RunReport>> = Arc::default();
        let ended: Arc<AtomicBool> = Arc::default();
        let thread = std::thread::spawn({
            let (stages, report, ended) =
                (Arc::clone(&stages), Arc::clone(&report), Arc::clone(&ended));
            move || Conductor::new(sites, question, out, stages, report, ended).run()
        });
        Self {
            blocks: Some(blocks),
            stages,
            report,
            thread: Some(thread),
            stop,
            halted: Arc::default(),
            ended,
            count: 0,
            offset: 0,
        }
    }

    /// Returns the counts to watch.
    pub fn progress(&self) -> Arc<Stages> {
        Arc::clone(&self.stages)
    }

    /// Ends fetching and returns the report.
    pub fn into_report(mut self) -> RunReport {
        self.end();
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = std::mem::take(&mut *report);
        report.report = Report {
            events: self.stages.events(),
            bytes: self.stages.bytes(),
            calls: self.stages.calls(),
            reused: self.stages.reused(),
            ..report.report
        };
        report
    }

    fn end(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        self.blocks.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            // A fetcher that panicked has said so; what it did not bring is missing.
            let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            report.report.has_gaps = true;
        }
    }

    /// Waits for the next lines; nothing at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let blocks = self.blocks.as_ref()?;
        loop {
            if self.stop.load(Ordering::Relaxed) || self.halted.load(Ordering::Relaxed) {
                self.ended.store(true, Ordering::SeqCst);
                return None;
            }
            match blocks.recv_timeout(LOOK) {
                Ok(lines) => return Some(lines),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

impl Blocks for RunSource {
    fn is_live(&self) -> bool {
        true
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        Some(Arc::clone(&self.halted))
    }

    fn claim(&mut self, block: &mut Block) -> bool {
        let Some(lines) = self.next() else {
            return false;
        };
        block.shrink(lines.len() * 2);
        block.extend(&lines);
        block.index = self.count;
        block.offset = self.offset;
        self.count += 1;
        self.offset += lines.len() as u64;
        true
    }
}

impl Drop for RunSource {
    fn drop(&mut self) {
        self.end();
    }
}
