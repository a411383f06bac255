//! Live tail through the SDK's own reading of event streams.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_cloudwatchlogs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudwatchlogs::error::BoxError;
use aws_sdk_cloudwatchlogs::operation::start_live_tail::StartLiveTailOutput;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{
    LiveTailSessionMetadata, LiveTailSessionUpdate, StartLiveTailResponseStream,
};
use logq_simulator::{Group, Settings, Simulator};

use crate::account::{GROUP, code, config};

const ARN: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop-webapp";

/// Takes the prefix of the host away, which no name of this machine has.
#[derive(Debug)]
struct WithoutPrefix;

impl Intercept for WithoutPrefix {
    fn name(&self) -> &'static str {
        "WithoutPrefix"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let uri = request.uri().replace("//stream-", "//");
        Ok(request.set_uri(uri)?)
    }
}

fn account() -> (Simulator, Client) {
    let simulator = Simulator::start(Settings::default()).expect("a free port");
    simulator
        .put(GROUP, "old", [(simulator.now() - 1, "before the session")])
        .expect("a group");
    // A session begins with the millisecond in which it is asked for.
    std::thread::sleep(std::time::Duration::from_millis(5));
    simulator.behave(|behaviour| {
        behaviour.live_tail.tick_ms = 50;
        behaviour.live_tail.session_ms = 500;
    });
    let client = config(&simulator, "AKIATEST").interceptor(WithoutPrefix);
    let client = Client::from_conf(client.build());
    (simulator, client)
}

async fn open(client: &Client, pattern: &str) -> StartLiveTailOutput {
    let request = client.start_live_tail().log_group_identifiers(ARN);
    request
        .log_event_filter_pattern(pattern)
        .send()
        .await
        .expect("a session")
}

/// Reads a session to its end: the updates, and how it ended.
async fn read(mut session: StartLiveTailOutput) -> (Vec<LiveTailSessionUpdate>, String) {
    let mut updates = Vec::new();
    loop {
        match session.response_stream.recv().await {
            Ok(Some(StartLiveTailResponseStream::SessionUpdate(update))) => updates.push(update),
            Ok(Some(_)) => {}
            Ok(None) => return (updates, "end".to_owned()),
            Err(error) => {
                let error = error.as_service_error();
                let over = error
                    .is_some_and(StartLiveTailResponseStreamError::is_session_timeout_exception);
                return (updates, if over { "time-out" } else { "error" }.to_owned());
            }
        }
    }
}

#[tokio::test]
async fn a_session_shows_what_comes_while_it_is_open() {
    let (simulator, client) = account();
    let session = open(&client, "ERROR").await;
    let now = simulator.now();
    simulator
        .put(
            GROUP,
            "new",
            [(now, "ERROR one"), (now, "all is well"), (now, "ERROR two")],
        )
        .expect("a group");
    let (updates, end) = read(session).await;
    let events: Vec<_> = updates
        .iter()
        .flat_map(LiveTailSessionUpdate::session_results)
        .collect();
    let messages: Vec<_> = events.iter().filter_map(|event| event.message()).collect();
    assert_eq!(messages, ["ERROR one", "ERROR two"]);
    assert_eq!(events[0].log_stream_name(), Some("new"));
    assert!(updates.len() > 5, "{} updates", updates.len());
    assert_eq!(end, "time-out");
    assert_eq!(simulator.summary("StartLiveTail").events, 2);
}

#[tokio::test]
async fn more_than_an_update_holds_is_sampled() {
    let (simulator, client) = account();
    let session = open(&client, "").await;
    let now = simulator.now();
    simulator
        .put(GROUP, "new", (0..1_200).map(|_| (now, "a line")))
        .expect("a group");
    let (updates, _) = read(session).await;
    let sampled = |update: &&LiveTailSessionUpdate| {
        update
            .session_metadata()
            .is_some_and(LiveTailSessionMetadata::sampled)
    };
    let sampled: Vec<_> = updates.iter().filter(sampled).collect();
    assert_eq!(sampled.len(), 1);
    assert_eq!(sampled[0].session_results().len(), 400);
}

#[tokio::test]
async fn a_session_is_cut_off() {
    let (simulator, client) = account();
    simulator.behave(|behaviour| behaviour.live_tail.cut_after_ms = Some(120));
    let (updates, end) = read(open(&client, "").await).await;
    assert!(updates.len() <= 2);
    assert_eq!(end, "error");
}

#[tokio::test]
async fn a_session_is_refused_with_the_reason() {
    let (simulator, client) = account();
    let by_name = client
        .start_live_tail()
        .log_group_identifiers(GROUP)
        .send()
        .await;
    assert_eq!(
        code(&by_name.expect_err("a name is no ARN")),
        "InvalidParameterException"
    );
    let other = Group {
        name: "/ecs/other".to_owned(),
        class: "INFREQUENT_ACCESS".to_owned(),
        ..Group::default()
    };
    simulator.add_group(other).expect("a group");
    let of_class = client
        .start_live_tail()
        .log_group_identifiers("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/other")
        .send()
        .await;
    assert_eq!(
        code(&of_class.expect_err("another class")),
        "InvalidOperationException"
    );
    simulator.behave(|behaviour| behaviour.live_tail.sessions = 1);
    let _open = open(&client, "").await;
    let second = client
        .start_live_tail()
        .log_group_identifiers(ARN)
        .send()
        .await;
    assert_eq!(
        code(&second.expect_err("one at a time")),
        "LimitExceededException"
    );
    simulator.behave(|behaviour| behaviour.deny = vec!["logs:StartLiveTail".to_owned()]);
    let denied = client
        .start_live_tail()
        .log_group_identifiers(ARN)
        .send()
        .await;
    assert_eq!(
        code(&denied.expect_err("no permission")),
        "AccessDeniedException"
    );
}

#[tokio::test]
async fn streams_are_chosen_by_what_their_names_begin_with() {
    let (simulator, client) = account();
    let request = client.start_live_tail().log_group_identifiers(ARN);
    let session = request
        .log_stream_name_prefixes("ecs/batch/")
        .log_stream_name_prefixes("ecs/app/1")
        .send()
        .await
        .expect("a session");
    for stream in ["ecs/batch/1", "ecs/app/1", "ecs/app/2"] {
        let put = simulator.put(GROUP, stream, [(simulator.now(), stream)]);
        put.expect("a group");
    }
    let (updates, _) = read(session).await;
    let events = updates
        .iter()
        .flat_map(LiveTailSessionUpdate::session_results);
    let mut streams: Vec<_> = events.filter_map(|event| event.log_stream_name()).collect();
    streams.sort_unstable();
    assert_eq!(streams, ["ecs/app/1", "ecs/batch/1"]);
}

#[tokio::test]
async fn streams_that_cannot_be_chosen_are_refused() {
    let (simulator, client) = account();
    simulator
        .put("/ecs/other", "s", [(simulator.now(), "x")])
        .expect("a group");
    let other = ARN.replace("shop-webapp", "other");
    let start = |prefixes: &[&str]| {
        let prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned());
        let request = client.start_live_tail().log_group_identifiers(ARN);
        request.set_log_stream_name_prefixes(Some(prefixes.collect()))
    };
    for request in [
        start(&["a"]).log_group_identifiers(&other),
        start(&["a"]).log_stream_names("b"),
        start(&[]),
        start(&["a"; 101]),
        start(&[""]),
        start(&["a*"]),
    ] {
        let refused = request.send().await.expect_err("none of these");
        assert_eq!(code(&refused), "InvalidParameterException");
    }
    start(&["a"; 100])
        .send()
        .await
        .expect("as many as there may be");
}
