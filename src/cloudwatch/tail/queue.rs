//! What was found and not yet handed out: filled by those who follow, emptied by who reads blocks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::Notice;

/// How many bytes may wait before those who follow are held up.
const ROOM: usize = 16 << 20;

/// Something to hand out.
#[derive(Debug)]
pub(super) enum Message {
    /// Events as lines.
    Lines(Vec<u8>),
    /// Something to say.
    Notice(Notice),
}

/// The queue, and what is counted on the way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    content: Mutex<Content>,
    /// Something came, or nothing more will.
    filled: Condvar,
    /// There is room again.
    room: Notify,
    ended: Notify,
    stopped: AtomicBool,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
struct Content {
    messages: VecDeque<Message>,
    bytes: usize,
    closed: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) events: AtomicU64,
    pub(super) calls: AtomicU64,
    pub(super) sessions: AtomicU64,
    /// Updates of which only a sample came.
    pub(super) sampled: AtomicU64,
}

impl Queue {
    /// Adds events, and waits for room before that.
    pub(super) async fn push(&self, lines: Vec<u8>) {
        let mut lines = lines;
        loop {
            let room = self.room.notified();
            if self.is_stopped() {
                return;
            }
            match self.try_push(lines) {
                Ok(()) => return,
                Err(back) => lines = back,
            }
            room.await;
        }
    }

    /// Adds events when there is room; else gives them back.
    fn try_push(&self, lines: Vec<u8>) -> Result<(), Vec<u8>> {
        let mut content = self.content();
        if content.bytes >= ROOM {
            return Err(lines);
        }
        content.bytes += lines.len();
        content.messages.push_back(Message::Lines(lines));
        self.filled.notify_all();
        Ok(())
    }

    /// Adds something to say.
    pub(super) fn say(&self, notice: Notice) {
        self.content().messages.push_back(Message::Notice(notice));
        self.filled.notify_all();
    }

    /// Says that nothing more will come.
    pub(super) fn close(&self) {
        self.content().closed = true;
        self.filled.notify_all();
    }

    /// Takes what is next, and waits for it at most so long; an error when nothing will come any more.
    pub(super) fn next(&self, patience: Duration) -> Result<Option<Message>, Closed> {
        let content = self.content();
        let waits = |content: &mut Content| content.messages.is_empty() && !content.closed;
        let (mut content, _) = self
            .filled
            .wait_timeout_while(content, patience, waits)
            .unwrap_or_else(PoisonError::into_inner);
        let Some(message) = content.messages.pop_front() else {
            return if content.closed {
                Err(Closed)
            } else {
                Ok(None)
            };
        };
        if let Message::Lines(lines) = &message {
            content.bytes -= lines.len();
            self.room.notify_waiters();
        }
        Ok(Some(message))
    }

    /// Ends following.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.room.notify_waiters();
        self.ended.notify_waiters();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Waits until nobody wants more.
    pub(super) async fn stopped(&self) {
        loop {
            let ended = self.ended.notified();
            if self.is_stopped() {
                return;
            }
            ended.await;
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing will come any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;
