//! CloudWatch Logs through the AWS SDK.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_cloudwatchlogs::config::{Builder, Intercept};
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;

use super::service::{FilterCall, LogEvent, Page, Service};
use super::{CallError, Kind, Place};

/// A client of one region and one identity.
#[derive(Clone, Debug)]
pub struct Client {
    sdk: aws_sdk_cloudwatchlogs::Client,
    place: Arc<Place>,
}

impl Client {
    /// Creates a client; a call that has no answer after `patience` has failed.
    ///
    /// The SDK's own retries are off: they would not keep to the pace.
    pub fn new(config: &SdkConfig, place: Place, patience: Duration) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience.min(Duration::from_secs(5)))
            .operation_timeout(patience)
            .build();
        let config = Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Self {
            sdk: aws_sdk_cloudwatchlogs::Client::from_conf(config),
            place: Arc::new(place),
        }
    }

    /// Returns a client of which somebody sees every call and its answer.
    #[must_use]
    pub fn observed_by(&self, observer: impl Intercept + 'static) -> Self {
        let config = self.sdk.config().to_builder().interceptor(observer).build();
        Self {
            sdk: aws_sdk_cloudwatchlogs::Client::from_conf(config),
            place: Arc::clone(&self.place),
        }
    }

    /// Returns who asks, and where.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the SDK's client, for calls that only one command makes.
    pub fn sdk(&self) -> &aws_sdk_cloudwatchlogs::Client {
        &self.sdk
    }

    /// Words a failed call.
    pub fn error<E>(
        &self,
        operation: &'static str,
        group: &Arc<str>,
        error: &SdkError<E>,
    ) -> CallError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        CallError {
            kind: call_kind(error),
            operation,
            group: Arc::clone(group),
            place: Arc::clone(&self.place),
            reason: call_reason(error),
        }
    }
}

impl Service for Client {
    async fn filter_log_events(&self, call: FilterCall) -> Result<Page, CallError> {
        let answer = self
            .sdk
            .filter_log_events()
            .log_group_name(&*call.group)
            .set_log_stream_name_prefix(call.prefix.as_deref().map(str::to_owned))
            .set_filter_pattern(call.pattern.as_deref().map(str::to_owned))
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
}

/// Takes over an event; neighbours of one stream share its name.
pub(super) fn owned(event: FilteredLogEvent, last: &mut Arc<str>) -> LogEvent {
    let stream = event.log_stream_name.unwrap_or_default();
    if **last != *stream {
        *last = Arc::from(stream);
    }
    LogEvent {
        timestamp: event.timestamp.unwrap_or_default(),
        ingestion: event.ingestion_time,
        stream: Arc::clone(last),
        id: event.event_id.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
    }
}

/// Tells what a failed call means by its code, else by its status, else by what became of the request.
pub fn call_kind<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Kind {
    match error.code() {
        Some(
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "LimitExceededException",
        ) => return Kind::Throttled,
        Some("ResourceNotFoundException") => return Kind::Missing,
        Some("AccessDeniedException" | "AccessDenied" | "OptInRequired") => return Kind::Denied,
        Some("ExpiredTokenException" | "ExpiredToken") => return Kind::Expired,
        Some("RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture") => {
            return Kind::Clock;
        }
        Some(
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignatureException"
            | "MissingAuthenticationTokenException",
        ) => return of_signature(error),
        _ if matches!(error, SdkError::TimeoutError(_)) => return Kind::Silent,
        _ => {}
    }
    match error
        .raw_response()
        .map(|response| response.status().as_u16())
    {
        Some(429) => Kind::Throttled,
        // A body that broke off has a good status and no code.
        Some(200..300 | 500..) | None => Kind::Unavailable,
        Some(_) if is_token_lost(error) => Kind::TokenLost,
        Some(_) => Kind::Refused,
    }
}

/// A signature is refused for a wrong secret, and for a wrong clock, with the same code.
fn of_signature<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Kind {
    let message = error.message().unwrap_or_default();
    if message.starts_with("Signature expired") || message.starts_with("Signature not yet current")
    {
        Kind::Clock
    } else {
        Kind::Unknown
    }
}

fn is_token_lost<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("InvalidParameterException")
        && error
            .message()
            .is_some_and(|message| message.to_ascii_lowercase().contains("nexttoken"))
}

/// Words what the service or the network said.
pub fn call_reason<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ if matches!(error, SdkError::TimeoutError(_)) => "there was no answer in time".to_owned(),
        _ => {
            let mut last: &dyn Error = error;
            while let Some(cause) = last.source() {
                last = cause;
            }
            last.to_string()
        }
    }
}
