//! Single calls of several operations in one region, at the pace that the quotas allow.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Action, CallError, Kind, Limiter, Quotas};

/// How many calls a second are made of an operation that no quota is known of.
const FEW: f64 = 5.0;
/// How often a call is made whose answer is trouble in the service, and not throttling.
const TRIES: u32 = 3;
/// How long the first pause is.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pace of all operations in one region.
#[derive(Debug)]
pub struct Pace {
    limiters: Mutex<BTreeMap<&'static str, Limiter>>,
    quotas: Quotas,
    region: String,
    began: Instant,
}

impl Pace {
    /// Creates the pace for a region, in which no call was made yet.
    pub fn new(quotas: Quotas, region: impl Into<String>) -> Self {
        Self {
            limiters: Mutex::default(),
            quotas,
            region: region.into(),
            began: Instant::now(),
        }
    }

    /// Makes a call of an operation when it is its turn, and again when that may help.
    ///
    /// A call that is throttled is made again for as long as somebody waits for it.
    pub async fn call<T, F>(
        &self,
        operation: &'static str,
        make: impl Fn() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut tries = 0;
        loop {
            let sent = self.turn(operation).await;
            let end = make().await;
            let Err(error) = end else {
                self.passed(operation);
                return end;
            };
            tries += 1;
            match error.kind {
                Kind::Throttled if !error.is_limit() => {
                    let now = self.began.elapsed();
                    self.change(operation, |limiter| limiter.throttled(sent, now));
                }
                Kind::Unavailable if tries < TRIES => {}
                _ => return Err(error),
            }
            let pause = PAUSE * 2_u32.saturating_pow(tries - 1);
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
    }

    /// Waits until a call may be made; returns when that is.
    async fn turn(&self, operation: &'static str) -> Duration {
        loop {
            let now = self.began.elapsed();
            let wait = self.change(operation, |limiter| {
                let wait = limiter.wait(now);
                if wait.is_zero() {
                    limiter.take(now);
                }
                wait
            });
            if wait.is_zero() {
                return now;
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn passed(&self, operation: &'static str) {
        let now = self.began.elapsed();
        self.change(operation, |limiter| limiter.passed(now));
    }

    fn change<T>(&self, operation: &'static str, change: impl FnOnce(&mut Limiter) -> T) -> T {
        let mut limiters: MutexGuard<'_, _> =
            self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters
            .entry(operation)
            .or_insert_with(|| Limiter::new(self.quota(operation)));
        change(limiter)
    }

    fn quota(&self, operation: &str) -> f64 {
        let mut known = Action::ALL.into_iter();
        let known = known.find(|action| action.name() == operation);
        known.map_or(FEW, |action| self.quotas.of(action, &self.region))
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
        Pace::new(Quotas(quotas.into()), "us-east-1")
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
            let end = pace.call("FilterLogEvents", &call).await;
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
    async fn trouble_is_given_up_after_a_few_tries_and_a_refusal_at_once() {
        let (made, end) = calls(&pace(100.0), &[Some(Kind::Unavailable); 9]).await;
        assert_eq!((made.len(), end), (3, Err(Kind::Unavailable)));
        let (made, end) = calls(&pace(100.0), &[Some(Kind::Denied); 9]).await;
        assert_eq!((made.len(), end), (1, Err(Kind::Denied)));
    }
}
