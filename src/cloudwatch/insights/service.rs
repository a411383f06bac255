//! The calls that queries of the service take, as a trait: the AWS SDK is behind [`Client`], a scripted service
//! behind the tests.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::operation::start_query::StartQueryError;
use aws_sdk_cloudwatchlogs::types::{QueryStatistics, QueryStatus, ResultField};

use crate::cloudwatch::pace::Retry;
use crate::cloudwatch::{CallError, Client, Inventory, Kind};

/// A query to be started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryCall {
    /// The log groups; none when the text has a `SOURCE`.
    pub groups: Vec<Arc<str>>,
    /// The query.
    pub text: String,
    /// The first second of the window.
    pub start: i64,
    /// The last second of the window.
    pub end: i64,
    /// The most rows, where the text does not say it.
    pub limit: Option<u64>,
}

/// Why a query was not started.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The service does not understand the text.
    Malformed(Malformed),
    /// The call failed.
    Call(CallError),
}

/// What the service does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// In its words.
    pub message: String,
    /// Where in the text as sent, in UTF-16 units.
    pub place: Option<Range<usize>>,
}

/// What has become of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It waits for its turn.
    #[default]
    Scheduled,
    /// It is at work.
    Running,
    /// It is done.
    Complete,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It took longer than a query may.
    Timeout,
    /// The service does not know, or says something that is not known here.
    Unknown(String),
}

/// What a query has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// How many events matched.
    pub matched: f64,
    /// How many events were looked at.
    pub scanned: f64,
    /// How many bytes were looked at.
    pub bytes: f64,
}

impl Spent {
    /// Adds what another query has cost.
    pub fn add(&mut self, other: Self) {
        self.matched += other.matched;
        self.scanned += other.scanned;
        self.bytes += other.bytes;
    }
}

/// A row as the service gives it: names and printed values; a field without a value is not there.
pub type Cells = Vec<(String, String)>;

/// A page of the result, or what there is of it so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultPage {
    /// What has become of the query.
    pub status: Status,
    /// The rows.
    pub rows: Vec<Cells>,
    /// What it has cost so far.
    pub spent: Spent,
    /// Where to go on; nothing at the end.
    pub token: Option<String>,
}

impl Retry for Refusal {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Malformed(_) => None,
            Self::Call(error) => Some(error.kind),
        }
    }
}

/// Logs Insights in one region, asked by one identity. One call is one request, without retries.
pub trait QueryService: Inventory {
    /// Starts a query and returns its id.
    fn start_query(&self, call: QueryCall) -> impl Future<Output = Result<String, Refusal>> + Send;

    /// Returns a page of a query's result.
    fn query_results(
        &self,
        id: &str,
        token: Option<String>,
    ) -> impl Future<Output = Result<ResultPage, CallError>> + Send;

    /// Stops a query.
    fn stop_query(&self, id: &str) -> impl Future<Output = Result<(), CallError>> + Send;
}

impl QueryService for Client {
    async fn start_query(&self, call: QueryCall) -> Result<String, Refusal> {
        let about = about(&call.groups);
        let names: Vec<String> = call.groups.iter().map(ToString::to_string).collect();
        let request = self
            .sdk()
            .start_query()
            .query_string(call.text)
            .start_time(call.start)
            .end_time(call.end)
            .set_limit(
                call.limit
                    .map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)),
            );
        let request = if names.is_empty() {
            request
        } else if names.iter().any(|name| name.starts_with("arn:")) {
            request.set_log_group_identifiers(Some(names))
        } else {
            request.set_log_group_names(Some(names))
        };
        match request.send().await {
            Ok(answer) => Ok(answer.query_id.unwrap_or_default()),
            Err(error) => Err(match malformed(&error) {
                Some(malformed) => Refusal::Malformed(malformed),
                None => Refusal::Call(self.error("StartQuery", &about, &error)),
            }),
        }
    }

    async fn query_results(
        &self,
        id: &str,
        token: Option<String>,
    ) -> Result<ResultPage, CallError> {
        let request = self.sdk().get_query_results().query_id(id);
        let answer = request
            .max_items(PAGE)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| self.error("GetQueryResults", &Arc::from(""), &error))?;
        let status = answer.status.as_ref().map(QueryStatus::as_str);
        Ok(ResultPage {
            status: status.map_or_else(|| Status::Unknown(String::new()), Status::from),
            rows: answer
                .results
                .unwrap_or_default()
                .into_iter()
                .map(cells)
                .collect(),
            spent: answer.statistics.as_ref().map(spent).unwrap_or_default(),
            token: answer.next_token,
        })
    }

    async fn stop_query(&self, id: &str) -> Result<(), CallError> {
        let stopped = self.sdk().stop_query().query_id(id).send().await;
        let stopped = stopped.map_err(|error| self.error("StopQuery", &Arc::from(""), &error));
        stopped.map(|_| ())
    }
}

/// The most rows of a page.
const PAGE: i32 = 10_000;

/// Returns the group that an error names: the only one, or none.
fn about(groups: &[Arc<str>]) -> Arc<str> {
    match groups {
        [one] => Arc::clone(one),
        _ => Arc::from(""),
    }
}

fn malformed(error: &SdkError<StartQueryError>) -> Option<Malformed> {
    let Some(StartQueryError::MalformedQueryException(one)) = error.as_service_error() else {
        return None;
    };
    let inner = one.query_compile_error();
    let said = inner.and_then(|inner| inner.message()).or(one.message());
    let fallback = || DisplayErrorContext(error).to_string();
    let offset = |at: Option<i32>| at.and_then(|at| usize::try_from(at).ok());
    let place = inner.and_then(|inner| inner.location()).and_then(|place| {
        let start = offset(place.start_char_offset())?;
        let end = offset(place.end_char_offset()).unwrap_or(start);
        Some(start..end.max(start))
    });
    Some(Malformed {
        message: said
            .or(error.message())
            .map_or_else(fallback, str::to_owned),
        place,
    })
}

fn cells(fields: Vec<ResultField>) -> Cells {
    let pair = |field: ResultField| Some((field.field?, field.value?));
    fields.into_iter().filter_map(pair).collect()
}

fn spent(statistics: &QueryStatistics) -> Spent {
    Spent {
        matched: statistics.records_matched,
        scanned: statistics.records_scanned,
        bytes: statistics.bytes_scanned,
    }
}

impl From<&str> for Status {
    fn from(name: &str) -> Self {
        match name {
            "Scheduled" => Self::Scheduled,
            "Running" => Self::Running,
            "Complete" => Self::Complete,
            "Failed" => Self::Failed,
            "Cancelled" => Self::Cancelled,
            "Timeout" => Self::Timeout,
            other => Self::Unknown(other.to_owned()),
        }
    }
}
