//! The calls that read CloudWatch Logs, as a trait: the AWS SDK is behind [`Client`](super::Client), and a scripted
//! service behind the tests.
//!
//! One call is one request, without retries and without paging: both are decided above.

use std::future::Future;
use std::sync::Arc;

use super::CallError;

/// A call of `FilterLogEvents`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterCall {
    /// The log group.
    pub group: Arc<str>,
    /// Only streams whose names begin so.
    pub prefix: Option<Arc<str>>,
    /// The filter pattern.
    pub pattern: Option<Arc<str>>,
    /// Events from this instant on.
    pub start: i64,
    /// Events before this instant. The service includes the end that it is told; [`Client`](super::Client) sees to it.
    pub end: i64,
    /// Where to go on, as a page before said.
    pub token: Option<String>,
}

/// One log event as the service returns it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was logged.
    pub timestamp: i64,
    /// When the service took it in.
    pub ingestion: Option<i64>,
    /// The log stream.
    pub stream: Arc<str>,
    /// The event's id; empty when there is none.
    pub id: String,
    /// The message.
    pub message: String,
}

/// A page of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events; there may be none though more pages follow.
    pub events: Vec<LogEvent>,
    /// Where to go on; `None` at the end.
    pub token: Option<String>,
}

/// CloudWatch Logs in one region, asked by one identity.
pub trait Service: Send + Sync + 'static {
    /// Returns a page of the events of a group that match.
    fn filter_log_events(
        &self,
        call: FilterCall,
    ) -> impl Future<Output = Result<Page, CallError>> + Send;
}
