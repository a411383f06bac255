//! What goes wrong, as a client sees it.

use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::Region;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use logq_simulator::{Fault, FaultKind, Group, Simulator};

use crate::account::{
    FROM, GROUP, TO, account, client, code, config, day, expected_ids, group, ids, pages, patient,
    start,
};

const FILTER: &str = "FilterLogEvents";

fn with(simulator: &Simulator, fault: Fault) {
    simulator.behave(|behaviour| behaviour.faults.push(fault));
}

/// Returns how one call after the other is answered.
async fn answers(client: &Client, calls: usize) -> Vec<String> {
    let mut answers = Vec::new();
    for _ in 0..calls {
        let answer = day(client).limit(1).send().await;
        answers.push(answer.map_or_else(|error| code(&error), |_| "ok".to_owned()));
    }
    answers
}

/// Checks that a client that tries again finds everything once, however often the fault happens.
async fn survives(fault: Fault) -> Simulator {
    let simulator = account(20_000);
    with(&simulator, fault);
    let pages = pages(day(&patient(&simulator))).await;
    assert_eq!(
        ids(&pages),
        expected_ids(&simulator.events(GROUP, "", FROM, TO))
    );
    simulator
}

#[tokio::test]
async fn calls_over_the_quota_are_throttled() {
    let simulator = account(100);
    simulator.behave(|behaviour| {
        behaviour.quotas.insert(FILTER.to_owned(), 5);
    });
    let client = client(&simulator);
    let answers = answers(&client, 12).await;
    assert_eq!(answers.iter().filter(|answer| *answer == "ok").count(), 5);
    assert_eq!(answers[11], "ThrottlingException");
    let summary = simulator.summary(FILTER);
    assert_eq!(
        (summary.calls, summary.over_quota, summary.peak),
        (12, 7, 12)
    );
}

#[tokio::test]
async fn each_third_call_fails() {
    let simulator = survives(Fault::every(FaultKind::ServerError, 3).of(FILTER)).await;
    let calls = simulator.calls(FILTER);
    let statuses: Vec<u16> = calls.iter().take(6).map(|call| call.status).collect();
    assert_eq!(statuses, [200, 200, 500, 200, 200, 500]);
    survives(Fault::every(FaultKind::Unavailable, 2)).await;
}

#[tokio::test]
async fn a_connection_is_reset_in_the_middle_of_a_body() {
    let simulator = survives(Fault::every(FaultKind::Reset, 2).of(FILTER)).await;
    let reset = simulator
        .calls(FILTER)
        .into_iter()
        .filter(|call| call.answer == "reset");
    assert!(reset.count() > 2);
    let simulator = account(100);
    with(&simulator, Fault::at_call(FaultKind::Reset, 1));
    assert_ne!(answers(&client(&simulator), 2).await, ["ok", "ok"]);
}

#[tokio::test]
async fn a_page_never_comes() {
    let simulator = survives(Fault::at_call(FaultKind::Hang, 2).of(FILTER)).await;
    assert_eq!(simulator.calls(FILTER)[1].answer, "hang");
}

#[tokio::test]
async fn a_body_comes_in_pieces() {
    let fault = Fault {
        ms: 200,
        ..Fault::at_call(FaultKind::SlowBody, 1)
    };
    let started = Instant::now();
    survives(fault).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn pages_are_empty_and_their_tokens_lead_on() {
    survives(Fault::every(FaultKind::EmptyPage, 2)).await;
}

#[tokio::test]
async fn a_token_is_repeated_and_then_leads_on() {
    let simulator = account(9_000);
    with(&simulator, Fault::at_call(FaultKind::RepeatToken, 2));
    let client = client(&simulator);
    let first = day(&client).send().await.expect("a page");
    let request = day(&client).set_next_token(first.next_token().map(str::to_owned));
    let second = request.clone().send().await.expect("a page");
    assert_eq!(
        (second.events().len(), second.next_token()),
        (0, first.next_token())
    );
    let third = request.send().await.expect("a page");
    assert!(!third.events().is_empty());
}

#[tokio::test]
async fn a_page_comes_twice() {
    let simulator = account(9_000);
    with(&simulator, Fault::at_call(FaultKind::RepeatPage, 2));
    let pages = pages(day(&client(&simulator))).await;
    assert_eq!(ids(&pages[1..2]), ids(&pages[2..3]));
    assert_eq!(ids(&pages).len(), 9_000 + pages[1].len());
}

#[tokio::test]
async fn credentials_expire_and_others_go_on() {
    let simulator = account(100);
    let expired = Fault::from_call(FaultKind::ExpiredToken, 3).signed_by("AKIAOLD");
    with(&simulator, expired);
    let old = Client::from_conf(config(&simulator, "AKIAOLD").build());
    assert_eq!(
        answers(&old, 3).await,
        ["ok", "ok", "ExpiredTokenException"]
    );
    let new = Client::from_conf(config(&simulator, "AKIANEW").build());
    assert_eq!(answers(&new, 1).await, ["ok"]);
    simulator.behave(|behaviour| behaviour.access_keys = vec!["AKIAOLD".to_owned()]);
    assert_eq!(answers(&new, 1).await, ["UnrecognizedClientException"]);
}

#[tokio::test]
async fn a_group_is_deleted_in_the_middle() {
    let simulator = account(100);
    let fault = Fault {
        group: Some(GROUP.to_owned()),
        ..Fault::at_call(FaultKind::GroupDeleted, 2)
    };
    with(&simulator, fault);
    let expected = [
        "ok",
        "ResourceNotFoundException",
        "ResourceNotFoundException",
    ];
    assert_eq!(answers(&client(&simulator), 3).await, expected);
}

#[tokio::test]
async fn clocks_that_are_apart_make_signatures_invalid() {
    for skew in [-600_000, 600_000] {
        let simulator = account(100);
        simulator.behave(|behaviour| behaviour.clock_skew_ms = skew);
        let refused = day(&client(&simulator)).send().await.expect_err("a skew");
        assert_eq!(code(&refused), "InvalidSignatureException");
    }
}

#[tokio::test]
async fn an_action_is_denied_with_who_and_what() {
    let simulator = account(100);
    simulator.behave(|behaviour| behaviour.deny = vec!["logs:FilterLogEvents".to_owned()]);
    let client = client(&simulator);
    let refused = day(&client).send().await.expect_err("no permission");
    assert_eq!(code(&refused), "AccessDeniedException");
    let message = refused
        .as_service_error()
        .and_then(ProvideErrorMetadata::message);
    assert!(message.is_some_and(|text| text.contains("is not authorized to perform: logs:FilterLogEvents")));
    assert!(client.describe_log_groups().send().await.is_ok());
}

#[tokio::test]
async fn calls_take_their_time_and_are_counted_side_by_side() {
    let simulator = account(100);
    simulator.behave(|behaviour| behaviour.latency_ms = 200);
    let client = client(&simulator);
    let started = Instant::now();
    let (first, second) = tokio::join!(day(&client).send(), day(&client).send());
    assert!(first.is_ok() && second.is_ok());
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(simulator.summary(FILTER).in_flight, 2);
    assert!(
        simulator
            .calls(FILTER)
            .iter()
            .all(|call| call.took_ms >= 200.0)
    );
    simulator.forget();
    assert!(simulator.journal().is_empty());
}

#[tokio::test]
async fn a_group_of_one_region_is_not_there_in_another() {
    let simulator = start(Group {
        region: Some("eu-west-1".to_owned()),
        ..group()
    });
    let refused = day(&client(&simulator)).send().await;
    assert_eq!(
        code(&refused.expect_err("us-east-1")),
        "ResourceNotFoundException"
    );
    let there = config(&simulator, "AKIATEST").region(Region::from_static("eu-west-1"));
    let there = Client::from_conf(there.build());
    day(&there).send().await.expect("the region has it");
    let described = there.describe_log_groups().send().await.expect("groups");
    let arn = described.log_groups()[0].log_group_arn();
    assert!(
        arn.is_some_and(|arn| arn.contains(":eu-west-1:")),
        "{arn:?}"
    );
    let regions: Vec<_> = simulator
        .journal()
        .into_iter()
        .map(|call| call.region)
        .collect();
    assert_eq!(regions, ["us-east-1", "eu-west-1", "eu-west-1"]);
}
