//! A look: every event of some log groups from an instant on, read with `FilterLogEvents`, one page after the other.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::super::service::{FilterCall, Page, Service};
use super::super::{Action, CallError, Kind, Pace, Place};
use super::link::Found;

/// How far in the future the service takes events.
const AHEAD: i64 = 2 * 3_600_000;
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

/// Reads log groups.
pub(super) struct Look<S> {
    pub(super) service: Arc<S>,
    pub(super) place: Arc<Place>,
    pub(super) pace: Arc<Pace>,
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
                called();
                let call = self.call(group, prefix, token.clone());
                self.service.filter_log_events(call)
            };
            let page: Page = self.pace.call(Action::FilterLogEvents, make).await?;
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
