//! What was fetched and not yet handed out: pieces of the groups' windows, filled by the fetching thread and emptied
//! by who reads blocks.

use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::lines::Packed;
use super::{CallError, Direction};

/// A part of a group's window, with all of its events unless it is said not to be complete.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Which group it is of.
    pub(super) lane: usize,
    /// Events from this instant on.
    pub(super) start: i64,
    /// Events before this instant.
    pub(super) end: i64,
    /// The events; those of a page come before those of the next, as far as the service keeps to its order.
    pub(super) pages: Vec<Packed>,
    /// Whether these are all the events there are.
    pub(super) complete: bool,
}

impl Piece {
    /// Returns how much memory the piece takes.
    pub(super) fn held(&self) -> usize {
        self.pages.iter().map(Packed::held).sum()
    }
}

/// How far fetching has come, for whoever draws a progress bar.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    events: AtomicU64,
    bytes: AtomicU64,
    calls: AtomicU64,
    reused: AtomicU64,
}

impl Progress {
    /// Returns how much of all windows is done, in milliseconds.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Returns how long all windows are together, in milliseconds.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Returns how many events came.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of messages came.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns how many calls were made.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Returns how many pieces came from the cache.
    pub fn reused(&self) -> u64 {
        self.reused.load(Ordering::Relaxed)
    }

    pub(super) fn was_kept(&self) {
        self.reused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn expect(&self, millis: u64) {
        self.total.store(millis, Ordering::Relaxed);
    }

    pub(super) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn came(&self, events: u64, bytes: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn piece(&self, piece: &Piece) {
        let millis = piece.end.abs_diff(piece.start);
        self.done.fetch_add(millis, Ordering::Relaxed);
    }
}

/// The pieces that wait, by group.
pub(super) struct Shelf {
    content: Mutex<Content>,
    /// Something came, or nothing more will.
    filled: Condvar,
    /// There is room, or nobody wants more.
    room: Notify,
    stopped: AtomicBool,
}

struct Content {
    lanes: Vec<BTreeMap<i64, Piece>>,
    held: usize,
    /// The group that is waited for.
    wanted: Option<usize>,
    /// How many fetchers are at work.
    fetching: usize,
    problems: Vec<CallError>,
    /// Groups that are not there and need not be.
    absent: Vec<CallError>,
    /// Why the cache cannot be written, if it cannot.
    unkept: Option<String>,
}

impl Shelf {
    /// Creates an empty shelf for so many groups, filled by so many fetchers.
    pub(super) fn new(lanes: usize, fetching: usize) -> Self {
        Self {
            content: Mutex::new(Content {
                lanes: vec![BTreeMap::new(); lanes],
                held: 0,
                wanted: None,
                fetching,
                problems: Vec::new(),
                absent: Vec::new(),
                unkept: None,
            }),
            filled: Condvar::new(),
            room: Notify::new(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Puts a piece on the shelf.
    pub(super) fn put(&self, piece: Piece, progress: &Progress) {
        progress.piece(&piece);
        let mut content = self.lock();
        content.held += piece.held();
        // Whoever waits looks, and says so when it is another piece of the group that is wanted.
        content.wanted = content.wanted.filter(|lane| *lane != piece.lane);
        content.lanes[piece.lane].insert(piece.start, piece);
        self.filled.notify_all();
    }

    /// Takes note of what went wrong.
    pub(super) fn complain(&self, problem: CallError) {
        self.lock().problems.push(problem);
    }

    /// Takes note of a group that is not there and need not be.
    pub(super) fn leave_out(&self, error: CallError) {
        self.lock().absent.push(error);
    }

    /// Takes note of why a piece could not be kept.
    pub(super) fn cannot_keep(&self, error: &std::io::Error) {
        self.lock().unkept.get_or_insert_with(|| error.to_string());
    }

    /// Returns why pieces could not be kept.
    pub(super) fn unkept(&self) -> Option<String> {
        self.lock().unkept.clone()
    }

    /// Says that one of the fetchers is done.
    pub(super) fn close(&self) {
        let mut content = self.lock();
        content.fetching = content.fetching.saturating_sub(1);
        self.filled.notify_all();
    }

    /// Takes the piece of a group that begins, or for the newest first ends, at `front`.
    pub(super) fn take(&self, lane: usize, front: i64, direction: Direction) -> Option<Piece> {
        let mut content = self.lock();
        let waiting = &mut content.lanes[lane];
        let entry = match direction {
            Direction::OldestFirst => waiting.first_entry().filter(|entry| *entry.key() == front),
            Direction::NewestFirst => waiting
                .last_entry()
                .filter(|entry| entry.get().end == front),
        };
        let piece = entry.map(OccupiedEntry::remove);
        content.wanted = piece.is_none().then_some(lane);
        content.held -= piece.as_ref().map_or(0, Piece::held);
        drop(content);
        self.room.notify_waiters();
        piece
    }

    /// Waits a moment for something to come; false when nothing will.
    pub(super) fn wait(&self, moment: Duration) -> bool {
        let content = self.lock();
        if content.fetching == 0 {
            return false;
        }
        let waited = self.filled.wait_timeout(content, moment);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        true
    }

    /// Returns how much memory the pieces take.
    pub(super) fn held(&self) -> usize {
        self.lock().held
    }

    /// Returns the group that is waited for.
    pub(super) fn wanted(&self) -> Option<usize> {
        self.lock().wanted
    }

    /// Says that nobody wants more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.room.notify_waiters();
        self.room.notify_one();
    }

    /// Returns whether nobody wants more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Waits until a piece is taken or waited for, or nobody wants more.
    pub(super) async fn changed(&self) {
        self.room.notified().await;
    }

    /// Returns what went wrong so far; once.
    pub(super) fn take_problems(&self) -> Vec<CallError> {
        std::mem::take(&mut self.lock().problems)
    }

    /// Returns which groups are not there; once.
    pub(super) fn take_absent(&self) -> Vec<CallError> {
        std::mem::take(&mut self.lock().absent)
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
