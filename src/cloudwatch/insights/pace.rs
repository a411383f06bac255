//! Calls of queries at the pace that the quotas allow, made again as long as that may help.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cloudwatch::{Action, CallError, Kind, Limiter, Quotas};

/// How often a call is made that fails.
const TRIES: u32 = 6;
/// How many tries it counts when a call is not answered at all.
const SILENT: u32 = 3;
/// How long a call is made again that is throttled, or that finds too many queries at work.
const PATIENCE: Duration = Duration::from_mins(10);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The pace of all calls in one region.
#[derive(Debug)]
pub struct Pace {
    started: Instant,
    limiters: Mutex<BTreeMap<Action, Limiter>>,
}

impl Pace {
    /// Paces the calls of a region.
    pub fn new(quotas: &Quotas, region: &str) -> Self {
        let actions = [
            Action::StartQuery,
            Action::GetQueryResults,
            Action::StopQuery,
            Action::DescribeLogGroups,
        ];
        let limiter = |action| (action, Limiter::new(quotas.of(action, region)));
        Self {
            started: Instant::now(),
            limiters: Mutex::new(actions.into_iter().map(limiter).collect()),
        }
    }

    /// Makes a call at its turn, and again while that may help.
    ///
    /// A start that nobody answered may have started a query: a second one would be charged for as well.
    pub(super) async fn call<T, E: Retry, F: Future<Output = Result<T, E>>>(
        &self,
        action: Action,
        mut call: impl FnMut() -> F,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let (mut failures, mut pause) = (0, FIRST_PAUSE);
        loop {
            let made = self.admitted(action).await;
            let error = match call().await {
                Ok(value) => {
                    self.with(action, |limiter| limiter.passed(self.started.elapsed()));
                    return Ok(value);
                }
                Err(error) => error,
            };
            match error.kind() {
                Some(Kind::Throttled) if begun.elapsed() < PATIENCE => {
                    let now = self.started.elapsed();
                    self.with(action, |limiter| limiter.throttled(made, now));
                }
                Some(Kind::Unavailable) if failures + 1 < TRIES => failures += 1,
                Some(Kind::Silent) if action != Action::StartQuery && failures + SILENT < TRIES => {
                    failures += SILENT;
                }
                _ => return Err(error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits for a call's turn; returns when it came.
    async fn admitted(&self, action: Action) -> Duration {
        loop {
            let now = self.started.elapsed();
            let wait = self.with(action, |limiter| {
                let wait = limiter.wait(now);
                if wait.is_zero() {
                    limiter.take(now);
                }
                wait
            });
            match wait {
                Some(wait) if !wait.is_zero() => sleep(wait).await,
                _ => return now,
            }
        }
    }

    fn with<T>(&self, action: Action, work: impl FnOnce(&mut Limiter) -> T) -> Option<T> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.get_mut(&action).map(work)
    }
}

/// An error of which it can be told whether the same call may succeed.
pub(super) trait Retry {
    /// Returns what it means; nothing when no call failed.
    fn kind(&self) -> Option<Kind>;
}

impl Retry for CallError {
    fn kind(&self) -> Option<Kind> {
        Some(self.kind)
    }
}

impl Retry for super::Refusal {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Malformed(_) => None,
            Self::Call(error) => Some(error.kind),
        }
    }
}
