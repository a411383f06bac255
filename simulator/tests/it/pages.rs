//! Pages, tokens and the ends of windows.

use aws_sdk_cloudwatchlogs::types::OutputLogEvent;
use logq_simulator::Group;

use crate::account::{
    FROM, GROUP, TO, account, client, code, day, expected_ids, group, ids, pages, start,
};

#[tokio::test]
async fn filter_hands_out_each_event_once_in_order() {
    let simulator = account(20_000);
    let pages = pages(day(&client(&simulator))).await;
    assert_eq!(
        ids(&pages),
        expected_ids(&simulator.events(GROUP, "", FROM, TO))
    );
    let order = |event: &aws_sdk_cloudwatchlogs::types::FilteredLogEvent| {
        (event.timestamp(), event.ingestion_time())
    };
    assert!(pages.concat().is_sorted_by_key(order));
    let calls = simulator.calls("FilterLogEvents");
    assert!(calls.len() > 3 && calls.iter().all(|call| call.bytes <= 1_048_576));
    assert!(calls[0].bytes > 1_040_000, "the first page is full");
}

#[tokio::test]
async fn a_page_has_ten_thousand_events_at_most() {
    let simulator = account(20_000);
    simulator.behave(|behaviour| behaviour.page.bytes = 1 << 30);
    let pages = pages(day(&client(&simulator))).await;
    assert_eq!(
        pages.iter().map(Vec::len).collect::<Vec<_>>(),
        [10_000, 10_000]
    );
}

#[tokio::test]
async fn the_end_of_filter_is_included_and_that_of_get_is_not() {
    let simulator = account(0);
    simulator
        .put(GROUP, "s", [(FROM, "a"), (FROM + 5, "b"), (FROM + 9, "c")])
        .expect("a group");
    let client = client(&simulator);
    let filtered = client.filter_log_events().log_group_name(GROUP);
    let filtered = filtered
        .start_time(FROM)
        .end_time(FROM + 5)
        .send()
        .await
        .expect("a page");
    assert_eq!(filtered.events().len(), 2);
    let got = client
        .get_log_events()
        .log_group_name(GROUP)
        .log_stream_name("s");
    let got = got
        .start_time(FROM)
        .end_time(FROM + 5)
        .send()
        .await
        .expect("a page");
    assert_eq!(got.events().len(), 1);
}

#[tokio::test]
async fn a_sparse_scan_has_empty_pages_with_tokens() {
    let simulator = start(Group {
        events: 20_000,
        error_share: 0.0005,
        ..group()
    });
    simulator.behave(|behaviour| behaviour.page.scan_events = Some(1_000));
    let pattern = "{ $.levelname = \"ERROR\" }";
    let request = day(&client(&simulator)).filter_pattern(pattern);
    let pages = pages(request).await;
    assert_eq!(pages.len(), 20);
    assert!(pages.iter().filter(|page| page.is_empty()).count() > 5);
    let expected = simulator.events(GROUP, pattern, FROM, TO);
    assert!(!expected.is_empty());
    assert_eq!(ids(&pages), expected_ids(&expected));
}

#[tokio::test]
async fn the_newest_come_first_when_asked_for() {
    let simulator = account(9_000);
    simulator.behave(|behaviour| behaviour.page.events = 1_000);
    let request = day(&client(&simulator)).start_from_head(false);
    let mut newest_first = ids(&pages(request).await);
    newest_first.reverse();
    assert_eq!(
        newest_first,
        expected_ids(&simulator.events(GROUP, "", FROM, TO))
    );
}

/// Follows one of the two tokens of `GetLogEvents` until it is the same again.
async fn follow(
    simulator: &logq_simulator::Simulator,
    stream: &str,
    from_head: bool,
) -> Vec<Vec<OutputLogEvent>> {
    let request = client(simulator)
        .get_log_events()
        .log_group_name(GROUP)
        .log_stream_name(stream);
    let request = request.start_from_head(from_head).limit(700);
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = request
            .clone()
            .set_next_token(token.clone())
            .send()
            .await
            .expect("a page");
        let next = if from_head {
            page.next_forward_token()
        } else {
            page.next_backward_token()
        };
        if next == token.as_deref() {
            assert!(page.events().is_empty());
            return pages;
        }
        pages.push(page.events().to_vec());
        token = next.map(str::to_owned);
    }
}

#[tokio::test]
async fn a_stream_is_read_from_either_end_until_the_token_is_the_same() {
    let simulator = account(6_000);
    let events = simulator.events(GROUP, "", FROM, TO);
    let stream = events[0].stream.clone();
    let of_stream = events.iter().filter(|event| event.stream == stream);
    let expected: Vec<&str> = of_stream.map(|event| &event.message[..]).collect();
    let forward = follow(&simulator, &stream, true).await;
    let mut backward = follow(&simulator, &stream, false).await;
    backward.reverse();
    for pages in [forward, backward] {
        assert_eq!(pages.len(), 3);
        let events = pages.concat();
        let messages: Vec<&str> = events.iter().filter_map(OutputLogEvent::message).collect();
        assert_eq!(messages, expected);
    }
}

#[tokio::test]
async fn a_growing_stream_goes_on_where_it_ended() {
    let simulator = account(0);
    let put = |events: &[(i64, &str)]| {
        let events = events.iter().copied();
        simulator.put(GROUP, "s", events).expect("a group");
    };
    put(&[(FROM, "a"), (FROM, "b")]);
    let client = client(&simulator);
    let request = client
        .get_log_events()
        .log_group_name(GROUP)
        .log_stream_name("s")
        .start_from_head(true);
    let first = request.clone().send().await.expect("a page");
    let token = first.next_forward_token().expect("a token").to_owned();
    let request = request.next_token(&token);
    let none = request.clone().send().await.expect("a page");
    assert_eq!(
        (none.events().len(), none.next_forward_token()),
        (0, Some(&token[..]))
    );
    put(&[(FROM + 1, "c")]);
    let more = request.send().await.expect("a page");
    assert_eq!(more.events().len(), 1);
}

#[tokio::test]
async fn a_late_event_is_not_there_until_it_was_ingested() {
    let simulator = start(Group {
        events: 3_000,
        late_share: 0.2,
        late_ms: 10 * 86_400_000,
        ..group()
    });
    let seen = ids(&pages(day(&client(&simulator))).await).len();
    assert!((2_200..2_600).contains(&seen), "{seen}");
}

#[tokio::test]
async fn streams_are_chosen_by_name_or_prefix_and_not_both() {
    let simulator = account(900);
    let client = client(&simulator);
    let events = simulator.events(GROUP, "", FROM, TO);
    let name = &events[0].stream;
    let named = pages(day(&client).log_stream_names(name)).await;
    assert_eq!(ids(&named).len(), 300);
    let prefixed = pages(day(&client).log_stream_name_prefix("ecs/app/")).await;
    assert_eq!(ids(&prefixed).len(), 900);
    let both = day(&client)
        .log_stream_names(name)
        .log_stream_name_prefix("ecs");
    let refused = both.send().await.expect_err("both");
    assert_eq!(code(&refused), "InvalidParameterException");
    let unknown = day(&client).log_stream_names("none").send().await;
    assert_eq!(
        code(&unknown.expect_err("no such stream")),
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn a_group_is_found_by_its_arn() {
    let simulator = account(10);
    let arn = format!("arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}");
    let request = client(&simulator)
        .filter_log_events()
        .log_group_identifier(arn);
    assert_eq!(ids(&pages(request).await).len(), 10);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_request_and_time() {
    let simulator = account(5_000);
    let client = client(&simulator);
    let page = day(&client).limit(10).send().await.expect("a page");
    let token = page.next_token().expect("a token");
    let other = day(&client)
        .filter_pattern("ERROR")
        .next_token(token)
        .send()
        .await;
    assert_eq!(
        code(&other.expect_err("another request")),
        "InvalidParameterException"
    );
    assert!(day(&client).next_token(token).send().await.is_ok());
    simulator.behave(|behaviour| behaviour.page.token_life_ms = -1);
    let late = day(&client).next_token(token).send().await;
    assert_eq!(
        code(&late.expect_err("an old token")),
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn what_is_out_of_bounds_or_unknown_is_refused() {
    let simulator = account(10);
    let client = client(&simulator);
    for (request, expected) in [
        (day(&client).limit(10_001), "InvalidParameterException"),
        (
            day(&client).filter_pattern("[a, b]"),
            "InvalidParameterException",
        ),
        (
            day(&client).filter_pattern("x".repeat(1025)),
            "InvalidParameterException",
        ),
        (day(&client).start_time(TO), "InvalidParameterException"),
        (
            day(&client).log_group_name("none"),
            "ResourceNotFoundException",
        ),
        (
            day(&client).start_time(0).start_from_head(false),
            "InvalidParameterException",
        ),
    ] {
        let refused = request.send().await.expect_err("a refusal");
        assert_eq!(code(&refused), expected);
    }
}

#[tokio::test]
async fn groups_and_streams_are_described() {
    let simulator = start(Group {
        events: 600,
        streams: 60,
        in_turn: true,
        retention_days: Some(30),
        ..group()
    });
    let client = client(&simulator);
    let groups = client.describe_log_groups().send().await.expect("groups");
    let [described] = groups.log_groups() else {
        panic!("one group: {groups:?}");
    };
    assert_eq!(described.log_group_name(), Some(GROUP));
    assert_eq!(described.retention_in_days(), Some(30));
    assert!(described.stored_bytes() > Some(100_000));
    let request = client.describe_log_streams().log_group_name(GROUP);
    let newest = request.order_by("LastEventTime".into()).descending(true);
    let first = newest.clone().send().await.expect("streams");
    let second = newest.set_next_token(first.next_token().map(str::to_owned));
    let second = second.send().await.expect("streams");
    assert_eq!(
        (first.log_streams().len(), second.log_streams().len()),
        (50, 10)
    );
    let streams = [first.log_streams(), second.log_streams()].concat();
    assert!(streams.is_sorted_by_key(|stream| std::cmp::Reverse(stream.last_event_timestamp())));
}
