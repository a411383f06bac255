//! A look: every event of some log groups from an instant on, read with `FilterLogEvents`, one page after the other.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep};

use super::super::service::{FilterCall, Page, Service};
use super::super::{CallError, Kind, Limiter, Place};
use super::link::Found;

/// How far in the future the service takes events.
const AHEAD: i64 = 2 * 3_600_000;
/// How often a call is made that fails.
const TRIES: u32 = 5;
/// How long to wait before the second try; each further wait is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// How many pages without events may lead back to themselves.
const CIRCLES: u32 = 20;

/// What a look says.
#[derive(Debug)]
pub(super) enum Said {
    /// A page's events.
    Events(Vec<Found>),
    /// This was all.
    End,
    /// A log group could not be read.
    Failed(CallError),
}

/// Calls of one region, as many as its quota allows.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    limiter: Arc<Mutex<Limiter>>,
    started: Instant,
}

impl Pace {
    /// Creates the pace of a quota of calls a second.
    pub(super) fn new(quota: f64) -> Self {
        Self {
            limiter: Arc::new(Mutex::new(Limiter::new(quota))),
            started: Instant::now(),
        }
    }

    /// Makes a call, again when it fails in passing; `called` is told of each.
    pub(super) async fn call<T, F>(
        &self,
        make: impl Fn() -> F,
        called: &impl Fn(),
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut pause = PAUSE;
        let mut tries = 0;
        loop {
            let began = self.wait().await;
            called();
            let answer = make().await;
            self.note(began, answer.as_ref().err());
            tries += 1;
            match answer {
                Err(error) if error.kind.is_passing() && tries < TRIES => {}
                other => return other,
            }
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// Waits until a call may be made, and returns when it was.
    async fn wait(&self) -> Duration {
        loop {
            let now = self.started.elapsed();
            let wait = self.with(|limiter| {
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

    /// Takes note of what came of a call.
    fn note(&self, made: Duration, error: Option<&CallError>) {
        let now = self.started.elapsed();
        match error {
            None => self.with(|limiter| limiter.passed(now)),
            Some(error) if error.kind == Kind::Throttled => {
                self.with(|limiter| limiter.throttled(made, now));
            }
            Some(_) => {}
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Limiter) -> T) -> T {
        let limiter = self.limiter.lock();
        work(&mut limiter.unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads log groups.
pub(super) struct Look<S> {
    pub(super) service: Arc<S>,
    pub(super) place: Arc<Place>,
    pub(super) pace: Pace,
    pub(super) pattern: Option<Arc<str>>,
    /// Only streams whose names begin with one of these.
    pub(super) prefixes: Vec<Arc<str>>,
    /// Events with timestamps from here on.
    pub(super) from: i64,
    /// What time it is.
    pub(super) now: i64,
}

impl<S: Service> Look<S> {
    /// Reads groups, the first failure ends it; `called` is told of each call.
    pub(super) async fn run(
        self,
        groups: Vec<Arc<str>>,
        said: Sender<Said>,
        called: impl Fn() + Send + Sync,
    ) {
        let of_all = self.prefixes.is_empty().then_some(None);
        let prefixes: Vec<_> = self.prefixes.iter().map(Some).chain(of_all).collect();
        for group in groups {
            for prefix in &prefixes {
                if let Err(error) = self.group(&group, *prefix, &said, &called).await {
                    let _ = said.send(Said::Failed(error)).await;
                    return;
                }
            }
        }
        // Who listens no more has ended.
        let _ = said.send(Said::End).await;
    }

    async fn group(
        &self,
        group: &Arc<str>,
        prefix: Option<&Arc<str>>,
        said: &Sender<Said>,
        called: &(impl Fn() + Sync),
    ) -> Result<(), CallError> {
        let (mut token, mut circles): (Option<String>, u32) = (None, 0);
        loop {
            let make = || {
                let call = self.call(group, prefix, token.clone());
                self.service.filter_log_events(call)
            };
            let page: Page = self.pace.call(make, called).await?;
            let is_empty = page.events.is_empty();
            let found = page.events.into_iter().map(|event| Found {
                group: Arc::clone(group),
                event,
            });
            if !is_empty && said.send(Said::Events(found.collect())).await.is_err() {
                return Ok(());
            }
            if page.token.is_none() {
                return Ok(());
            }
            circles += u32::from(is_empty && page.token == token);
            if circles > CIRCLES {
                return Err(self.lost(group));
            }
            token = page.token;
        }
    }

    fn call(
        &self,
        group: &Arc<str>,
        prefix: Option<&Arc<str>>,
        token: Option<String>,
    ) -> FilterCall {
        FilterCall {
            group: Arc::clone(group),
            prefix: prefix.cloned(),
            pattern: self.pattern.clone(),
            start: self.from.max(0),
            end: self.now + AHEAD,
            token,
        }
    }

    fn lost(&self, group: &Arc<str>) -> CallError {
        CallError {
            kind: Kind::TokenLost,
            operation: "FilterLogEvents",
            group: Arc::clone(group),
            place: Arc::clone(&self.place),
            reason: String::new(),
        }
    }
}
