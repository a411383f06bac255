//! The calls that find streams and read them one by one, beside those of [`Service`].
//!
//! One call is one request, without retries and without paging, as there.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::{LogStream, OrderBy, OutputLogEvent};

use super::super::client::owned;
use super::super::service::{LogEvent, Page, Service};
use super::super::{CallError, Client};

/// A call of `DescribeLogStreams`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeCall {
    /// The log group.
    pub group: Arc<str>,
    /// Only streams whose names begin so, by name; all of them, the last written to first, without.
    pub prefix: Option<String>,
    /// Where to go on, as a page before said.
    pub token: Option<String>,
}

/// What is told of a stream. Times are those of events, and lag behind: the last one mostly by less than an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFacts {
    /// Its name.
    pub name: Arc<str>,
    /// When it was made.
    pub created: Option<i64>,
    /// When its first event was logged.
    pub first: Option<i64>,
    /// When its last event was logged.
    pub last: Option<i64>,
}

/// A page of streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamsPage {
    /// The streams; there may be none though more pages follow.
    pub streams: Vec<StreamFacts>,
    /// Where to go on; `None` at the end.
    pub token: Option<String>,
}

/// A call of `FilterLogEvents` for some streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesCall {
    /// The log group.
    pub group: Arc<str>,
    /// The streams, a hundred at most.
    pub streams: Arc<[Arc<str>]>,
    /// Events from this instant on.
    pub start: i64,
    /// Events before this instant.
    pub end: i64,
    /// Where to go on, as a page before said.
    pub token: Option<String>,
}

/// A call of `GetLogEvents`, from the first event on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetCall {
    /// The log group.
    pub group: Arc<str>,
    /// The stream.
    pub stream: Arc<str>,
    /// Events from this instant on.
    pub start: i64,
    /// Events before this instant.
    pub end: i64,
    /// Where to go on, as a page before said.
    pub token: Option<String>,
}

/// CloudWatch Logs in one region, asked by one identity, about streams.
pub trait StreamService: Service {
    /// Returns a page of the streams of a group.
    fn describe_log_streams(
        &self,
        call: DescribeCall,
    ) -> impl Future<Output = Result<StreamsPage, CallError>> + Send;

    /// Returns a page of the events of some streams.
    fn filter_streams(
        &self,
        call: NamesCall,
    ) -> impl Future<Output = Result<Page, CallError>> + Send;

    /// Returns a page of the events of one stream, without their ids; the last leads back to itself.
    fn get_log_events(&self, call: GetCall)
    -> impl Future<Output = Result<Page, CallError>> + Send;
}

impl StreamService for Client {
    async fn describe_log_streams(&self, call: DescribeCall) -> Result<StreamsPage, CallError> {
        let order = match call.prefix {
            Some(_) => OrderBy::LogStreamName,
            None => OrderBy::LastEventTime,
        };
        let answer = self
            .sdk()
            .describe_log_streams()
            .log_group_name(&*call.group)
            .descending(call.prefix.is_none())
            .set_log_stream_name_prefix(call.prefix)
            .order_by(order)
            .limit(50)
            .set_next_token(call.token)
            .send()
            .await
            .map_err(|error| self.error("DescribeLogStreams", &call.group, &error))?;
        let streams = answer.log_streams.unwrap_or_default();
        Ok(StreamsPage {
            streams: streams.into_iter().map(facts).collect(),
            token: answer.next_token,
        })
    }

    async fn filter_streams(&self, call: NamesCall) -> Result<Page, CallError> {
        let names = call.streams.iter().map(ToString::to_string).collect();
        let answer = self
            .sdk()
            .filter_log_events()
            .log_group_name(&*call.group)
            .set_log_stream_names(Some(names))
            .start_time(call.start)
            // The service includes the end.
            .end_time(call.end - 1)
            .set_next_token(call.token)
            .send()
            .await
            .map_err(|error| self.error("FilterLogEvents", &call.group, &error))?;
        let events = answer.events.unwrap_or_default();
        let mut stream = Arc::from("");
        Ok(Page {
            events: events
                .into_iter()
                .map(|event| owned(event, &mut stream))
                .collect(),
            token: answer.next_token,
        })
    }

    async fn get_log_events(&self, call: GetCall) -> Result<Page, CallError> {
        let answer = self
            .sdk()
            .get_log_events()
            .log_group_name(&*call.group)
            .log_stream_name(&*call.stream)
            .start_from_head(true)
            .start_time(call.start)
            .end_time(call.end)
            .set_next_token(call.token)
            .send()
            .await
            .map_err(|error| self.error("GetLogEvents", &call.group, &error))?;
        let events = answer.events.unwrap_or_default();
        Ok(Page {
            events: events
                .into_iter()
                .map(|event| without_id(event, &call.stream))
                .collect(),
            token: answer.next_forward_token,
        })
    }
}

fn facts(stream: LogStream) -> StreamFacts {
    StreamFacts {
        name: Arc::from(stream.log_stream_name.unwrap_or_default()),
        created: stream.creation_time,
        first: stream.first_event_timestamp,
        last: stream.last_event_timestamp,
    }
}

fn without_id(event: OutputLogEvent, stream: &Arc<str>) -> LogEvent {
    LogEvent {
        timestamp: event.timestamp.unwrap_or_default(),
        ingestion: event.ingestion_time,
        stream: Arc::clone(stream),
        id: String::new(),
        message: event.message.unwrap_or_default(),
    }
}
