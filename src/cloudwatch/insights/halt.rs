//! What ends the waiting for a query before its time: the person, or the time-out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Why waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halted {
    /// The person wants no more.
    Interrupted,
    /// The user's time-out passed.
    OutOfTime,
}

/// Tells when to stop waiting.
#[derive(Clone, Debug)]
pub struct Halt {
    stop: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Halt {
    /// How often the person is looked at.
    const LOOK: Duration = Duration::from_millis(50);

    /// Waits until `stop` is set, or until `time_out` from now has passed.
    pub fn new(stop: Arc<AtomicBool>, time_out: Option<Duration>) -> Self {
        Self {
            stop,
            deadline: time_out.map(|time| Instant::now() + time),
        }
    }

    /// Returns whether waiting is over.
    pub fn is_reached(&self) -> Option<Halted> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Halted::Interrupted);
        }
        let is_late = self.deadline.is_some_and(|at| Instant::now() >= at);
        is_late.then_some(Halted::OutOfTime)
    }

    /// Waits until it is.
    pub(super) async fn reached(&self) -> Halted {
        loop {
            if let Some(halted) = self.is_reached() {
                return halted;
            }
            sleep(Self::LOOK).await;
        }
    }

    /// Waits for what is to come; nothing when waiting ends before.
    pub async fn before<F: Future>(&self, future: F) -> Option<F::Output> {
        self.unless(future).await.ok()
    }

    /// Waits for what is to come, unless waiting ends before.
    pub async fn unless<F: Future>(&self, future: F) -> Result<F::Output, Halted> {
        tokio::select! {
            biased;
            halted = self.reached() => Err(halted),
            done = future => Ok(done),
        }
    }
}
