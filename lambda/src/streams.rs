//! Reads back what a log stream holds: the lines before a delivery, and a whole run when it has ended.

use std::future::Future;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use aws_sdk_cloudwatchlogs::operation::get_log_events::GetLogEventsOutput;
use logq::event::Origin;
use logq::time::Timestamp;
use logq::watch::Batch;
use tokio::sync::OnceCell;

use crate::sdk::Sdk;

/// How many pages are read from the beginning of a stream, and how many from its end where that is not all. A page
/// has at most 10,000 events or one megabyte
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>).
const FIRST_PAGES: usize = 12;
const LAST_PAGES: usize = 6;

/// Which part of a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All of it; of a very long one, both ends.
    Whole,
    /// What is between two times, both included; more than is read of a stream at once cannot be read.
    Between(Timestamp, Timestamp),
}

/// A stream that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the stream `{stream}` of `{group}`: {reason}")]
pub struct StreamError {
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// The error's code and message.
    pub reason: String,
}

/// Where streams are read from.
pub trait Streams: Send + Sync {
    /// Reads a part of a stream, in order; one that is not there has no events.
    fn read(
        &self,
        origin: &Origin,
        span: Span,
    ) -> impl Future<Output = Result<Batch, StreamError>> + Send;
}

/// CloudWatch Logs.
#[derive(Debug)]
pub struct CloudWatch {
    sdk: Sdk,
    client: OnceCell<Client>,
}

impl CloudWatch {
    /// Prepares to read; the client is made when a stream is first read, since most deliveries need none.
    pub fn new(sdk: &Sdk) -> Self {
        Self {
            sdk: sdk.clone(),
            client: OnceCell::new(),
        }
    }

    async fn client(&self) -> &Client {
        let build = || async { Client::new(self.sdk.config().await) };
        self.client.get_or_init(build).await
    }

    async fn page(&self, wanted: &Wanted<'_>) -> Result<Option<GetLogEventsOutput>, StreamError> {
        let origin = wanted.origin;
        let answer = self
            .client()
            .await
            .get_log_events()
            .log_group_name(&*origin.group)
            .log_stream_name(&*origin.stream)
            .start_from_head(wanted.from_head)
            .set_start_time(wanted.start)
            .set_end_time(wanted.end)
            .set_next_token(wanted.token.clone())
            .send()
            .await
            .map_err(aws_sdk_cloudwatchlogs::error::SdkError::into_service_error);
        match answer {
            Ok(page) => Ok(Some(page)),
            Err(error) if error.is_resource_not_found_exception() => Ok(None),
            Err(error) => Err(StreamError {
                group: origin.group.to_string(),
                stream: origin.stream.to_string(),
                reason: match (error.code(), error.message()) {
                    (Some(code), Some(message)) => format!("{code}: {message}"),
                    _ => "the service did not answer".to_owned(),
                },
            }),
        }
    }

    /// Reads pages until the service answers with the token it was asked with, which is how it says "no more".
    async fn pages(&self, mut wanted: Wanted<'_>, most: usize) -> Result<Pages, StreamError> {
        let mut pages = Pages::default();
        for _ in 0..most {
            let Some(page) = self.page(&wanted).await? else {
                pages.at_end = true;
                break;
            };
            let token = if wanted.from_head {
                page.next_forward_token
            } else {
                page.next_backward_token
            };
            pages.events.push(page.events.unwrap_or_default());
            if token.is_none() || token == wanted.token {
                pages.at_end = true;
                break;
            }
            wanted.token = token;
        }
        Ok(pages)
    }
}

struct Wanted<'a> {
    origin: &'a Origin,
    from_head: bool,
    start: Option<i64>,
    end: Option<i64>,
    token: Option<String>,
}

impl<'a> Wanted<'a> {
    fn all(origin: &'a Origin, from_head: bool) -> Self {
        Self {
            origin,
            from_head,
            start: None,
            end: None,
            token: None,
        }
    }
}

#[derive(Default)]
struct Pages {
    events: Vec<Vec<aws_sdk_cloudwatchlogs::types::OutputLogEvent>>,
    at_end: bool,
}

impl Pages {
    /// Appends the events that are later than `beyond`.
    fn append_to(self, batch: &mut Batch, beyond: Option<Timestamp>) {
        for event in self.events.into_iter().flatten() {
            let at = event.timestamp.map(Timestamp);
            let Some((at, message)) = at.zip(event.message) else {
                continue;
            };
            if beyond.is_none_or(|beyond| at > beyond) {
                batch.push(at, None, message.as_bytes(), false);
            }
        }
    }
}

impl Streams for CloudWatch {
    async fn read(&self, origin: &Origin, span: Span) -> Result<Batch, StreamError> {
        let mut batch = Batch::new(origin.clone());
        let mut wanted = Wanted::all(origin, true);
        if let Span::Between(from, to) = span {
            // The end of the call's window is not in it.
            (wanted.start, wanted.end) = (Some(from.as_millis()), Some(to.as_millis() + 1));
        }
        let first = self.pages(wanted, FIRST_PAGES).await?;
        let is_all = first.at_end;
        // What an error is told by stands at either end of such a span: with a part left out it would be told wrong.
        if !is_all && span != Span::Whole {
            return Err(too_much(origin));
        }
        first.append_to(&mut batch, None);
        if !is_all {
            let mut last = self.pages(Wanted::all(origin, false), LAST_PAGES).await?;
            last.events.reverse();
            let beyond = batch.last();
            last.append_to(&mut batch, beyond);
        }
        Ok(batch)
    }
}

fn too_much(origin: &Origin) -> StreamError {
    StreamError {
        group: origin.group.to_string(),
        stream: origin.stream.to_string(),
        reason: format!("it has more than {FIRST_PAGES} pages around one delivery"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deliver::loopback::{Answer, Loopback, sdk_config};

    const TIMES: Span = Span::Between(Timestamp(5), Timestamp(9));

    /// One event a page; the page behind the last one has none, and the token that it was asked with.
    fn pages(number: usize) -> Vec<Answer> {
        let page = |at: usize| {
            let event = json!({"timestamp": at, "message": format!("line {at}")});
            let events = if at < number { vec![event] } else { Vec::new() };
            let token = format!("f/{}", at.min(number - 1));
            let page =
                json!({"events": events, "nextForwardToken": token, "nextBackwardToken": token});
            Answer::new(200, page.to_string())
        };
        (0..=number).map(page).collect()
    }

    async fn read(script: Vec<Answer>, span: Span) -> (Result<Batch, StreamError>, usize) {
        let server = Loopback::start(script);
        let streams = CloudWatch::new(&sdk_config(&server));
        let read = streams.read(&Origin::new("g", "s"), span).await;
        (read, server.requests().len())
    }

    #[tokio::test]
    async fn what_is_between_two_times_is_read_whole() {
        let (read, calls) = read(pages(FIRST_PAGES - 1), TIMES).await;
        assert_eq!(read.expect("all of it").len(), FIRST_PAGES - 1);
        assert_eq!(calls, FIRST_PAGES);
    }

    #[tokio::test]
    async fn of_what_is_between_two_times_no_part_is_taken_for_all() {
        let (read, calls) = read(pages(FIRST_PAGES + 3), TIMES).await;
        let error = read.expect_err("there is more");
        assert_eq!(
            error.to_string(),
            "cannot read the stream `s` of `g`: it has more than 12 pages around one delivery"
        );
        assert_eq!(calls, FIRST_PAGES);
    }

    #[tokio::test]
    async fn of_a_very_long_stream_both_ends_are_read() {
        let mut script = pages(FIRST_PAGES + 9);
        script.truncate(FIRST_PAGES);
        script.extend(pages(FIRST_PAGES + 9).drain(FIRST_PAGES + 1..=FIRST_PAGES + 6));
        let (read, calls) = read(script, Span::Whole).await;
        assert_eq!(read.expect("both ends").len(), FIRST_PAGES + LAST_PAGES);
        assert_eq!(calls, FIRST_PAGES + LAST_PAGES);
    }
}
