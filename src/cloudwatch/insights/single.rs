//! One query of the service, from its start to its rows.
//!
//! A query that was started and is no longer waited for is stopped: the service charges for what it looks at.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::halt::{Halt, Halted};
use super::service::{Cells, QueryCall, QueryService, Refusal, ResultPage, Spent, Status};
use super::{Ended, QueryError};
use crate::cloudwatch::{Action, CallError, Kind, Pace, Place};

/// How long after its start a query is first looked at.
const FIRST_LOOK: Duration = Duration::from_millis(200);
/// How much longer each wait is than the one before, in tenths.
const GROWTH: u32 = 15;
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// How long a call that is on its way may take when nothing is waited for any more.
const GRACE: Duration = Duration::from_secs(3);
/// How often the service may not know what has become of a query.
const UNKNOWN: u32 = 20;

/// Where queries are asked: one region, one identity.
#[derive(Debug)]
pub struct Region<S> {
    /// The service.
    pub service: Arc<S>,
    /// Who asks, and where.
    pub place: Arc<Place>,
    /// How often.
    pub pace: Pace,
}

/// How far queries have come, for who watches.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
    events: AtomicU64,
}

impl Progress {
    /// Returns how many bytes were looked at.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns how many events were looked at.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    fn moved(&self, before: Spent, now: Spent) {
        let grown = |before: f64, now: f64| (now - before).max(0.0) as u64;
        let bytes = grown(before.bytes, now.bytes);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let events = grown(before.scanned, now.scanned);
        self.events.fetch_add(events, Ordering::Relaxed);
    }
}

/// What came of a query.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The rows, or those that were there when it ended.
    pub(super) rows: Vec<Cells>,
    pub(super) spent: Spent,
    pub(super) end: End,
}

/// How it ended; with what is left of it when it could not be stopped.
#[derive(Debug)]
pub(super) enum End {
    Complete,
    /// It was waited for no longer.
    Halted(Halted, Option<Left>),
    Failed(QueryError, Option<Left>),
}

/// A query that may still be running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its id.
    pub id: String,
    /// Who asked, and where.
    pub place: Arc<Place>,
}

/// A query that is asked.
pub(super) struct Single<S> {
    pub(super) region: Arc<Region<S>>,
    pub(super) halt: Halt,
    pub(super) progress: Arc<Progress>,
}

impl<S: QueryService> Single<S> {
    /// Runs the query.
    pub(super) async fn run(&self, call: QueryCall) -> Outcome {
        match self.start(call).await {
            Ok(id) => self.watch(&id).await,
            Err(end) => Outcome {
                rows: Vec::new(),
                spent: Spent::default(),
                end,
            },
        }
    }

    async fn start(&self, call: QueryCall) -> Result<String, End> {
        let service = &self.region.service;
        let start = || service.start_query(call.clone());
        let mut starting = pin!(self.region.pace.call(Action::StartQuery, start));
        match self.halt.unless(&mut starting).await {
            Ok(Ok(id)) => Ok(id),
            Ok(Err(Refusal::Malformed(one))) => Err(End::Failed(QueryError::Malformed(one), None)),
            Ok(Err(Refusal::Call(error))) => Err(End::Failed(QueryError::Call(error), None)),
            Err(halted) => {
                // A call that is on its way may start a query all the same.
                let left = match timeout(GRACE, starting).await {
                    Ok(Ok(id)) => self.stop(&id).await,
                    _ => None,
                };
                Err(End::Halted(halted, left))
            }
        }
    }

    /// Waits until the query is over, and fetches its rows.
    async fn watch(&self, id: &str) -> Outcome {
        let mut seen = ResultPage::default();
        let (mut wait, mut unknown) = (FIRST_LOOK, 0);
        let end = loop {
            if let Err(halted) = self.halt.unless(sleep(wait)).await {
                break End::Halted(halted, self.stop(id).await);
            }
            let page = match self.look(id, None).await {
                Ok(page) => page,
                Err(Look::Halted(halted)) => break End::Halted(halted, self.stop(id).await),
                Err(Look::Failed(error)) => {
                    break End::Failed(QueryError::Call(error), self.stop(id).await);
                }
            };
            self.progress.moved(seen.spent, page.spent);
            match &page.status {
                Status::Scheduled | Status::Running => unknown = 0,
                Status::Unknown(_) if unknown < UNKNOWN => unknown += 1,
                Status::Complete => return self.rest(id, page).await,
                status => {
                    let error = self.ended(id, status);
                    seen.spent = page.spent;
                    let left = match status {
                        Status::Unknown(_) => self.stop(id).await,
                        _ => None,
                    };
                    break End::Failed(error, left);
                }
            }
            seen = page;
            wait = (wait * GROWTH / 10).min(LONGEST_WAIT);
        };
        Outcome {
            rows: seen.rows,
            spent: seen.spent,
            end,
        }
    }

    /// Fetches the pages behind the first one of a complete result.
    async fn rest(&self, id: &str, first: ResultPage) -> Outcome {
        let spent = first.spent;
        let (mut rows, mut token) = (first.rows, first.token);
        let end = loop {
            let Some(next) = token.take() else {
                break End::Complete;
            };
            match self.look(id, Some(next.clone())).await {
                // A page that leads back to itself would come for ever.
                Ok(page) if page.token.as_ref() == Some(&next) => {
                    break End::Failed(QueryError::Call(self.lost()), None);
                }
                Ok(page) => {
                    rows.extend(page.rows);
                    token = page.token;
                }
                Err(Look::Halted(halted)) => break End::Halted(halted, None),
                Err(Look::Failed(error)) => break End::Failed(QueryError::Call(error), None),
            }
        };
        Outcome { rows, spent, end }
    }

    async fn look(&self, id: &str, token: Option<String>) -> Result<ResultPage, Look> {
        let service = &self.region.service;
        let ask = || service.query_results(id, token.clone());
        let looking = self.region.pace.call(Action::GetQueryResults, ask);
        match self.halt.unless(looking).await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) => Err(Look::Failed(error)),
            Err(halted) => Err(Look::Halted(halted)),
        }
    }

    /// Stops the query; returns it when it may still be running.
    async fn stop(&self, id: &str) -> Option<Left> {
        let service = &self.region.service;
        let stop = || service.stop_query(id);
        let stopping = self.region.pace.call(Action::StopQuery, stop);
        match timeout(GRACE, stopping).await {
            // One that is over already is refused.
            Ok(Ok(())) => None,
            Ok(Err(error)) if matches!(error.kind, Kind::Refused | Kind::Missing) => None,
            _ => Some(Left {
                id: id.to_owned(),
                place: Arc::clone(&self.region.place),
            }),
        }
    }

    fn ended(&self, id: &str, status: &Status) -> QueryError {
        let how = match status {
            Status::Cancelled => Ended::Cancelled,
            Status::Timeout => Ended::TimedOut,
            Status::Unknown(_) => Ended::Unknown,
            _ => Ended::Failed,
        };
        QueryError::Ended {
            how,
            id: id.to_owned(),
            place: Arc::clone(&self.region.place),
        }
    }

    fn lost(&self) -> CallError {
        CallError {
            kind: Kind::TokenLost,
            operation: "GetQueryResults",
            group: Arc::from(""),
            place: Arc::clone(&self.region.place),
            reason: String::new(),
        }
    }
}

/// Why a page of a result did not come.
enum Look {
    Halted(Halted),
    Failed(CallError),
}
