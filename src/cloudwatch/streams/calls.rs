//! Makes calls of several operations in one region, each at the pace of its quota, and makes those again that may
//! succeed the next time.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::service::Page;
use super::super::shelf::Progress;
use super::super::{Action, CallError, Kind, Limiter, Place, Quotas};

/// How often the same call is made that failed; one that is not answered at all takes long, and counts thrice.
const TRIES: u32 = 10;
const SILENT: u32 = 3;
/// How long the second try waits; each later one waits twice as long, up to the last.
const BACK_OFF: Duration = Duration::from_millis(200);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);
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
    quotas: Quotas,
    limiters: Mutex<BTreeMap<Action, Limiter>>,
    deadline: Deadline,
    stop: Arc<AtomicBool>,
    progress: Arc<Progress>,
}

impl Caller {
    pub(super) fn new(
        place: Arc<Place>,
        quotas: Quotas,
        deadline: Deadline,
        stop: Arc<AtomicBool>,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            place,
            quotas,
            limiters: Mutex::default(),
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

    /// Says that others made so many calls of an action until now: they count as well.
    pub(super) fn spend(&self, action: Action, calls: u64) {
        let now = self.now();
        self.limited(action, |limiter| {
            for _ in 0..calls {
                if !limiter.wait(now).is_zero() {
                    return;
                }
                limiter.take(now);
            }
        });
    }

    /// Makes a call until it is answered, or cannot be.
    pub(super) async fn call<T, F>(
        &self,
        action: Action,
        group: &Arc<str>,
        mut request: impl FnMut() -> F,
    ) -> Result<T, Failed>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut failures = 0;
        loop {
            let made = self.turn(action, group).await?;
            self.progress.called();
            let error = match self.unless_stopped(request()).await? {
                Ok(answer) => {
                    let now = self.now();
                    self.limited(action, |limiter| limiter.passed(now));
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match error.kind {
                Kind::Throttled => {
                    let now = self.now();
                    self.limited(action, |limiter| limiter.throttled(made, now));
                }
                Kind::Unavailable => failures += 1,
                Kind::Silent => failures += SILENT,
                _ => return Err(Failed::Call(Box::new(error))),
            }
            if failures >= TRIES {
                return Err(Failed::Call(Box::new(error)));
            }
            self.pause(back_off(failures), action, group).await?;
        }
    }

    /// Waits until a call may be made; returns when that is.
    async fn turn(&self, action: Action, group: &Arc<str>) -> Result<Duration, Failed> {
        loop {
            let now = self.now();
            let wait = self.limited(action, |limiter| {
                let wait = limiter.wait(now);
                if wait.is_zero() {
                    limiter.take(now);
                }
                wait
            });
            if wait.is_zero() {
                self.check(action, group)?;
                return Ok(now);
            }
            self.pause(wait, action, group).await?;
        }
    }

    async fn pause(
        &self,
        length: Duration,
        action: Action,
        group: &Arc<str>,
    ) -> Result<(), Failed> {
        let until = Instant::now() + length;
        while Instant::now() < until {
            self.check(action, group)?;
            sleep(LOOK.min(until - Instant::now())).await;
        }
        self.check(action, group)
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

    /// Waits for a call, but not longer than somebody wants its answer.
    async fn unless_stopped<T>(&self, call: impl Future<Output = T>) -> Result<T, Failed> {
        tokio::pin!(call);
        loop {
            tokio::select! {
                answer = &mut call => return Ok(answer),
                () = sleep(LOOK) => {
                    if self.is_stopped() {
                        return Err(Failed::Stopped);
                    }
                }
            }
        }
    }

    /// Returns whether nobody wants more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn now(&self) -> Duration {
        self.deadline.started.elapsed()
    }

    fn limited<T>(&self, action: Action, work: impl FnOnce(&mut Limiter) -> T) -> T {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let quota = || Limiter::new(self.quotas.of(action, &self.place.region));
        work(limiters.entry(action).or_insert_with(quota))
    }
}

fn back_off(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        _ => (BACK_OFF * 2_u32.pow((failures - 1).min(10))).min(LONGEST_BACK_OFF),
    }
}
