//! Makes calls in one region at their pace, for as long as somebody wants the answers.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::service::Page;
use super::super::shelf::Progress;
use super::super::{Action, CallError, Kind, Pace, Place, Quotas};

/// How often it is looked whether somebody wants us to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Failed {
    /// Nobody wants it any more.
    Stopped,
    /// The call failed for good.
    Call(Box<CallError>),
}

impl Failed {
    /// Returns the error, unless it was only called off.
    pub(super) fn into_error(self) -> Option<CallError> {
        match self {
            Self::Stopped => None,
            Self::Call(error) => Some(*error),
        }
    }

    /// Returns what the failure means, unless it was only called off.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Stopped => None,
            Self::Call(error) => Some(error.kind),
        }
    }
}

/// When all has to be over.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    pub(super) started: Instant,
    pub(super) time_out: Option<Duration>,
}

impl Deadline {
    /// Returns how much time is left, where it has an end.
    pub(super) fn left(&self) -> Option<Duration> {
        Some(self.time_out?.saturating_sub(self.started.elapsed()))
    }

    fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }
}

/// Makes the calls of one region.
pub(super) struct Caller {
    pub(super) place: Arc<Place>,
    pub(super) pace: Pace,
    deadline: Deadline,
    stop: Arc<AtomicBool>,
    progress: Arc<Progress>,
}

impl Caller {
    pub(super) fn new(
        place: Arc<Place>,
        quotas: &Quotas,
        deadline: Deadline,
        stop: Arc<AtomicBool>,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            pace: Pace::new(quotas, &place.region),
            place,
            deadline,
            stop,
            progress,
        }
    }

    /// Counts what a page brought.
    pub(super) fn note(&self, page: &Page) {
        let bytes: usize = page.events.iter().map(|event| event.message.len()).sum();
        self.progress.came(page.events.len() as u64, bytes as u64);
    }

    /// Makes a call until it is answered, or cannot be, or nobody wants its answer any more.
    pub(super) async fn call<T, F>(
        &self,
        action: Action,
        group: &Arc<str>,
        mut request: impl FnMut() -> F,
    ) -> Result<T, Failed>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let call = self.pace.call(action, || {
            self.progress.called();
            request()
        });
        tokio::pin!(call);
        loop {
            self.check(action, group)?;
            tokio::select! {
                answer = &mut call => return answer.map_err(|error| Failed::Call(Box::new(error))),
                () = sleep(LOOK) => {}
            }
        }
    }

    fn check(&self, action: Action, group: &Arc<str>) -> Result<(), Failed> {
        if self.is_stopped() {
            return Err(Failed::Stopped);
        }
        if !self.deadline.is_over() {
            return Ok(());
        }
        Err(Failed::Call(Box::new(CallError {
            kind: Kind::OutOfTime,
            operation: action.name(),
            group: Arc::clone(group),
            place: Arc::clone(&self.place),
            reason: String::new(),
        })))
    }

    /// Returns whether nobody wants more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
