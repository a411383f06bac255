//! A small account, the SDK's client for it, and readers that follow the tokens by hand.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::retry::RetryConfig;
use aws_sdk_cloudwatchlogs::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatchlogs::config::{BehaviorVersion, Builder, Config, Credentials, Region};
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::operation::filter_log_events::builders::FilterLogEventsFluentBuilder;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use logq_simulator::{Event, Group, Settings, Simulator, Time};

pub(crate) const GROUP: &str = "/ecs/shop-webapp";
/// 2026-11-19 and the day after.
pub(crate) const FROM: i64 = 1_795_046_400_000;
pub(crate) const TO: i64 = FROM + 86_400_000;

/// Starts an account with one group, whose day is over.
pub(crate) fn account(events: u64) -> Simulator {
    start(Group { events, ..group() })
}

/// Starts an account with one group at a time that is after its day.
pub(crate) fn start(group: Group) -> Simulator {
    let settings = Settings {
        now: Some(Time(TO + 86_400_000)),
        groups: vec![group],
        ..Settings::default()
    };
    Simulator::start(settings).expect("a free port")
}

pub(crate) fn group() -> Group {
    Group {
        name: GROUP.to_owned(),
        streams: 3,
        from: Some(Time(FROM)),
        to: Some(Time(TO)),
        ..Group::default()
    }
}

/// Returns a client that tries each call once.
pub(crate) fn client(simulator: &Simulator) -> Client {
    Client::from_conf(config(simulator, "AKIATEST").build())
}

/// Returns a client that tries again as the SDK does, though faster.
pub(crate) fn patient(simulator: &Simulator) -> Client {
    let retry = RetryConfig::standard().with_max_attempts(10);
    let retry = retry.with_initial_backoff(Duration::from_millis(5));
    let timeout = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(500));
    let config = config(simulator, "AKIATEST").retry_config(retry);
    Client::from_conf(config.timeout_config(timeout.build()).build())
}

pub(crate) fn config(simulator: &Simulator, key: &str) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(simulator.url())
}

/// Asks for the whole day of the group.
pub(crate) fn day(client: &Client) -> FilterLogEventsFluentBuilder {
    let request = client.filter_log_events().log_group_name(GROUP);
    request.start_time(FROM).end_time(TO - 1)
}

/// Reads all pages, and returns the events of each.
pub(crate) async fn pages(request: FilterLogEventsFluentBuilder) -> Vec<Vec<FilteredLogEvent>> {
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let page = request.clone().set_next_token(token).send().await;
        let page = page.expect("a page");
        pages.push(page.events().to_vec());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return pages;
        }
    }
}

/// Returns what tells events apart.
pub(crate) fn ids(pages: &[Vec<FilteredLogEvent>]) -> Vec<String> {
    let events = pages.iter().flatten();
    events
        .map(|event| event.event_id().expect("an id").to_owned())
        .collect()
}

pub(crate) fn expected_ids(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.id.clone()).collect()
}

/// Returns the code of an error, or what kind of failure left none.
pub(crate) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(error) => error.err().code().unwrap_or("none").to_owned(),
        SdkError::TimeoutError(_) => "time-out".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(_) => "no whole answer".to_owned(),
        _ => "other".to_owned(),
    }
}
