//! Calls of several operations in one region, each at the pace of its quota, and made again as long as that may help.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Action, CallError, Kind, Limiter, Quotas};

/// How often a call is made that fails, unless somebody has less patience.
const TRIES: u32 = 10;
/// How many tries it counts when a call is not answered at all, which takes long.
const SILENT: u32 = 3;
/// How long a call is made again that is throttled: longer than any burst, and a night's job must end some time.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long the second try waits; each later one waits twice as long, up to the last.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pace of all operations in one region.
#[derive(Debug)]
pub struct Pace {
    limiters: Mutex<BTreeMap<Action, Limiter>>,
    quotas: Quotas,
    region: String,
    tries: u32,
    began: Instant,
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

impl Pace {
    /// Creates the pace for a region, in which no call was made yet.
    pub fn new(quotas: &Quotas, region: &str) -> Self {
        Self {
            limiters: Mutex::default(),
            quotas: quotas.clone(),
            region: region.to_owned(),
            tries: TRIES,
            began: Instant::now(),
        }
    }

    /// Sets how often a call is made that fails.
    #[must_use]
    pub fn with_tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// Says that others made so many calls of an action until now: they count as well.
    pub(super) fn spend(&self, action: Action, calls: u64) {
        let now = self.began.elapsed();
        self.limited(action, |limiter| limiter.spend(calls, now));
    }

    /// Makes a call when it is its turn, and again when that may help.
    ///
    /// One that is throttled is made again for ten minutes; whoever wants no more drops this.
    #[expect(private_bounds, reason = "callers have the errors of this module")]
    pub async fn call<T, E: Retry, F: Future<Output = Result<T, E>>>(
        &self,
        action: Action,
        mut make: impl FnMut() -> F,
    ) -> Result<T, E> {
        let asked = Instant::now();
        let (mut failures, mut pause) = (0, PAUSE);
        loop {
            let began = self.turn(action).await;
            let error = match make().await {
                Ok(answer) => {
                    let now = self.began.elapsed();
                    self.limited(action, |limiter| limiter.passed(began, now));
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match error.kind() {
                Some(Kind::Throttled) if asked.elapsed() < PATIENCE => {
                    let now = self.began.elapsed();
                    self.limited(action, |limiter| limiter.throttled(began, now));
                }
                Some(Kind::Unavailable) => failures += 1,
                Some(Kind::Silent) if action.may_be_repeated() => failures += SILENT,
                _ => return Err(error),
            }
            if failures >= self.tries {
                return Err(error);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits until a call may be made; returns when that is.
    pub(super) async fn turn(&self, action: Action) -> Duration {
        loop {
            let now = self.began.elapsed();
            let wait = self.limited(action, |limiter| {
                let wait = limiter.wait(now);
                if wait.is_zero() {
                    limiter.take(now);
                }
                wait
            });
            if wait.is_zero() {
                return now;
            }
            sleep(wait).await;
        }
    }

    fn limited<T>(&self, action: Action, work: impl FnOnce(&mut Limiter) -> T) -> T {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let quota = || Limiter::new(self.quotas.of(action, &self.region));
        work(limiters.entry(action).or_insert_with(quota))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;

    use super::*;

    fn error(kind: Kind) -> CallError {
        CallError {
            kind,
            operation: "FilterLogEvents",
            group: Arc::from(""),
            place: Arc::default(),
            reason: String::new(),
        }
    }

    fn pace(quota: f64) -> Pace {
        let quotas = [("FilterLogEvents".to_owned(), quota)];
        Pace::new(&Quotas(quotas.into()), "us-east-1").with_tries(3)
    }

    /// Makes calls one after the other, and returns when each was made, and how the last one ended.
    async fn calls(pace: &Pace, ends: &[Option<Kind>]) -> (Vec<f64>, Result<(), Kind>) {
        let (began, made) = (Instant::now(), RefCell::new(Vec::new()));
        let call = || {
            let end = ends[made.borrow().len()];
            made.borrow_mut().push(began.elapsed().as_secs_f64());
            async move { end.map_or(Ok(()), |kind| Err(error(kind))) }
        };
        let mut last = Ok(());
        while made.borrow().len() < ends.len() && last.is_ok() {
            let end = pace.call(Action::FilterLogEvents, &call).await;
            last = end.map_err(|error| error.kind);
        }
        (made.into_inner(), last)
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_kept() {
        let (made, end) = calls(&pace(2.0), &[None; 5]).await;
        assert_eq!(end, Ok(()));
        assert!(
            made[1] < 0.1 && made[2] >= 1.0 && made[4] >= 2.0,
            "{made:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_throttled_is_asked_for_until_it_is_answered() {
        let mut ends = vec![Some(Kind::Throttled); 6];
        ends.push(None);
        let (made, end) = calls(&pace(100.0), &ends).await;
        assert_eq!((made.len(), end), (7, Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_throttled_for_ever_is_given_up() {
        let (made, end) = calls(&pace(100.0), &[Some(Kind::Throttled); 1000]).await;
        assert_eq!(end, Err(Kind::Throttled));
        let last = made[made.len() - 1];
        assert!((600.0..620.0).contains(&last), "{last}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_done_is_not_done_twice() {
        let (pace, count) = (pace(100.0), RefCell::new(0));
        let call = || {
            *count.borrow_mut() += 1;
            async { Err::<(), _>(error(Kind::Silent)) }
        };
        let pace = pace.with_tries(10);
        assert!(pace.call(Action::GetQueryResults, call).await.is_err());
        assert!(pace.call(Action::StartQuery, call).await.is_err());
        assert_eq!(*count.borrow(), 4 + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_others_count() {
        let pace = pace(2.0);
        pace.spend(Action::FilterLogEvents, 2);
        let (made, _) = calls(&pace, &[None]).await;
        assert!(made[0] >= 1.0, "{made:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_given_up_after_a_few_tries_and_a_refusal_at_once() {
        let (made, end) = calls(&pace(100.0), &[Some(Kind::Unavailable); 9]).await;
        assert_eq!((made.len(), end), (3, Err(Kind::Unavailable)));
        let (made, end) = calls(&pace(100.0), &[Some(Kind::Denied); 9]).await;
        assert_eq!((made.len(), end), (1, Err(Kind::Denied)));
    }
}
