//! The test bed itself, tried with a function of a few lines: what it stands in for behaves as the real thing.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bed::{Bed, now};
use crate::corpus::recording;
use crate::function::{Function, Outcome};
use crate::proxy::Fault;
use crate::slack::{CHANNEL, Mood, SECRETS, TOKEN};

const SHORT: Duration = Duration::from_millis(700);

async fn fake(bed: &Bed) -> Function {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fake_function.py");
    bed.function_of("python3").await.argument(script)
}

fn bytes(payload: &Value) -> Vec<u8> {
    payload.to_string().into_bytes()
}

/// Has the function post something, and returns status and text of the answer.
async fn ask(function: &mut Function, url: &str, headers: Value, body: &str) -> (u64, String) {
    let payload = json!({"do": "request", "url": url, "headers": headers, "body": body});
    let Outcome::Response(answer) = function.invoke(&bytes(&payload)).await else {
        panic!("the function answers");
    };
    let text = answer["text"].as_str().unwrap_or_default().to_owned();
    (answer["status"].as_u64().unwrap_or_default(), text)
}

/// Calls an action of an AWS service that speaks JSON.
async fn aws(function: &mut Function, service: &str, target: &str, body: Value) -> (u64, String) {
    let headers = json!({
        "authorization": credential(service),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
    });
    ask(function, "AWS/", headers, &body.to_string()).await
}

fn credential(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/ap-northeast-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

async fn publish(function: &mut Function, bed: &Bed, message: &str) -> (u64, String) {
    let body = format!(
        "Action=Publish&Version=2010-03-31&TopicArn={}&Subject=Greeting&Message={message}&MessageAttributes.entry.1.Name=severity&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=info",
        bed.aws.topic()
    );
    let headers = json!({
        "authorization": credential("sns"),
        "content-type": "application/x-www-form-urlencoded",
    });
    ask(function, "AWS/", headers, &body).await
}

async fn post(function: &mut Function, url: &str, body: &Value) -> (u64, String) {
    let headers = json!({
        "authorization": format!("Bearer {TOKEN}"),
        "content-type": "application/json",
    });
    ask(function, url, headers, &body.to_string()).await
}

#[tokio::test]
async fn an_environment_runs_one_process_and_replaces_it_when_it_is_gone() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    let echo = bytes(&json!({"do": "echo", "text": "hello"}));
    let pid = |outcome: Outcome| match outcome {
        Outcome::Response(value) => {
            assert_eq!(value["event"]["text"], "hello");
            assert!(
                value["left"]
                    .as_f64()
                    .is_some_and(|left| (28_000.0..=30_000.0).contains(&left))
            );
            value["pid"].as_u64()
        }
        other => panic!("{other:?}"),
    };
    let first = pid(function.invoke(&echo).await);
    assert_eq!(pid(function.invoke(&echo).await), first);
    assert_eq!(function.pid().map(u64::from), first);
    assert!(function.peak_memory().is_some_and(|bytes| bytes > 1 << 20));

    let failed = function.invoke(&bytes(&json!({"do": "fail"}))).await;
    assert!(
        matches!(&failed, Outcome::Error(error) if error["errorType"] == "ValueError"),
        "{failed:?}"
    );
    assert_eq!(pid(function.invoke(&echo).await), first);

    assert_eq!(
        function.invoke(&bytes(&json!({"do": "exit"}))).await,
        Outcome::Exited
    );
    let second = pid(function.invoke(&echo).await);
    assert_ne!(second, first);

    let late = bytes(&json!({"do": "sleep", "seconds": 9}));
    assert_eq!(
        function.invoke_within(&late, SHORT).await,
        Outcome::TimedOut
    );
    let third = pid(function.invoke(&echo).await);
    assert_ne!(third, second);

    let polls = function.api().polls();
    let running = function.begin(&late, Duration::from_secs(30));
    function.kill_during(running).await;
    assert_ne!(pid(function.invoke(&echo).await), third);
    assert!(function.api().polls() > polls);
    assert_eq!(function.starts(), 4);
}

#[tokio::test]
async fn an_event_is_tried_three_times() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    assert_eq!(
        function.deliver(&bytes(&json!({"do": "exit"}))).await,
        Outcome::Exited
    );
    assert_eq!(function.starts(), 3);
    let value = function.deliver_well(&bytes(&json!({"do": "echo"}))).await;
    assert_eq!(value["event"]["do"], "echo");
}

#[tokio::test]
async fn the_package_is_there() {
    let bed = Bed::new().await;
    let bed = bed.with_file("queries/x.toml", "title = 'X'");
    let mut function = fake(&bed).await;
    let payload = bytes(&json!({"do": "read", "file": "queries/x.toml"}));
    assert_eq!(function.deliver_well(&payload).await, json!("title = 'X'"));
}

#[tokio::test]
async fn a_start_that_fails_is_told() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    function.set("FAKE_INIT_FAILS", "1");
    assert_eq!(
        function.invoke(&bytes(&json!({"do": "echo"}))).await,
        Outcome::Exited
    );
    assert_eq!(function.api().init_errors(), [json!({"errorType": "Init"})]);
    function.unset("FAKE_INIT_FAILS");
    function.start();
    function.api().polled(0).await;
}

#[tokio::test]
async fn what_is_printed_is_kept_and_metrics_are_added_up() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    for (stage, sent) in [("production", json!(2)), ("staging", json!([1, 4]))] {
        let metric = json!({"_aws": {"Timestamp": 1}, "Stage": stage, "Sent": sent}).to_string();
        let payload = json!({"do": "print", "out": metric, "err": "to the error output"});
        function.deliver_well(&bytes(&payload)).await;
    }
    let printed = function.stop().await;
    assert_eq!((printed.out.len(), printed.err.len()), (2, 2));
    assert!(printed.text().contains("to the error output"));
    assert!((printed.metric("Sent") - 7.0).abs() < 1e-9);
    let staging = printed.metric_where("Sent", |line| line["Stage"] == "staging");
    assert!((staging - 5.0).abs() < 1e-9);
}

#[tokio::test]
async fn what_is_published_arrives_and_accounts_are_apart() {
    let (bed, other) = (Bed::new().await, Bed::new().await);
    let raw = bed.aws.subscribe("raw", true).await;
    let (mut function, mut stranger) = (fake(&bed).await, fake(&other).await);
    let (first, second) = tokio::join!(
        publish(&mut function, &bed, "one"),
        publish(&mut stranger, &other, "two")
    );
    assert_eq!((first.0, second.0), (200, 200), "{first:?} {second:?}");
    let published = bed.aws.published().await;
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].message, "one");
    assert_eq!(published[0].subject.as_deref(), Some("Greeting"));
    assert_eq!(published[0].attribute("severity"), "info");
    assert_eq!(published[0].attribute("kind"), "");
    assert!(first.1.contains(&published[0].id));
    // What was read stays known; the other queue has the text alone.
    assert_eq!(bed.aws.published().await.len(), 1);
    assert_eq!(bed.aws.receive(&raw).await, ["one"]);
    assert_eq!(other.aws.published().await[0].message, "two");
}

#[tokio::test]
async fn services_fail_as_long_as_the_test_wants() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    let proxy = bed.aws.proxy();
    proxy.fail("sns", Fault::Down);
    let (status, text) = publish(&mut function, &bed, "x").await;
    assert_eq!((status, text.contains("InternalError")), (500, true));
    proxy.mend("sns");
    assert_eq!(publish(&mut function, &bed, "x").await.0, 200);

    proxy.fail_next("sns", "Publish", Fault::Throttled, 2);
    for expected in [429, 429, 200] {
        assert_eq!(publish(&mut function, &bed, "x").await.0, expected);
    }
    for (fault, arrives) in [(Fault::Closes, false), (Fault::LosesAnswer, true)] {
        let before = bed.aws.published().await.len();
        proxy.fail_next("sns", "Publish", fault, 1);
        assert_eq!(publish(&mut function, &bed, "x").await.0, 0, "{fault:?}");
        let after = bed.aws.published().await.len();
        assert_eq!(after > before, arrives, "{fault:?}");
    }
    let faults: Vec<_> = proxy
        .calls("sns", "Publish")
        .iter()
        .map(|call| call.fault)
        .collect();
    let expected = [
        Fault::Down,
        Fault::Throttled,
        Fault::Throttled,
        Fault::Closes,
        Fault::LosesAnswer,
    ];
    assert_eq!(
        faults.iter().flatten().copied().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(proxy.tally()["sns Publish"], 7);
}

#[tokio::test]
async fn a_call_that_hangs_can_be_waited_for() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    let get = json!({"TableName": "logq-production", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
    bed.aws
        .proxy()
        .fail_action("dynamodb", "GetItem", Fault::HangsAfterwards);
    let payload = json!({"do": "request", "url": "AWS/", "body": get.to_string(), "headers": {
        "authorization": credential("dynamodb"),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.GetItem",
    }});
    let running = function.begin(&bytes(&payload), Duration::from_secs(30));
    bed.aws.proxy().reached("dynamodb", "GetItem", 1).await;
    function.kill_during(running).await;
    let calls = bed.aws.proxy().calls("dynamodb", "GetItem");
    assert_eq!((calls.len(), calls[0].body.clone()), (1, get.to_string()));
    bed.aws.proxy().mend("dynamodb");

    // The same without doing it, and one that is only late.
    let proxy = bed.aws.proxy();
    proxy.fail_next("dynamodb", "GetItem", Fault::Hangs, 1);
    let outcome = function.invoke_within(&bytes(&payload), SHORT).await;
    assert_eq!(outcome, Outcome::TimedOut);
    proxy.fail_next("dynamodb", "GetItem", Fault::Slow(SHORT), 1);
    let before = Instant::now();
    assert!(function.invoke(&bytes(&payload)).await.is_response());
    assert!(before.elapsed() >= SHORT);
    let calls = proxy.calls("dynamodb", "GetItem");
    assert!(calls.is_sorted_by_key(|call| call.at) && calls.len() == 3);
    let target = "DynamoDB_20120810.GetItem";
    assert_eq!(aws(&mut function, "dynamodb", target, get).await.0, 200);
}

#[tokio::test]
async fn a_write_with_a_condition_is_won_by_one() {
    let bed = Bed::new().await;
    let put = json!({
        "TableName": "logq-production",
        "Item": {"pk": {"S": "alert"}, "sk": {"S": "1"}, "v": {"N": "1"}},
        "ConditionExpression": "attribute_not_exists(pk)",
    });
    let mut functions = Vec::new();
    for _ in 0..3 {
        functions.push(fake(&bed).await);
    }
    let target = "DynamoDB_20120810.PutItem";
    let mut statuses = Vec::new();
    let mut running = tokio::task::JoinSet::new();
    for mut function in functions {
        let put = put.clone();
        running.spawn(async move { aws(&mut function, "dynamodb", target, put).await });
    }
    while let Some(write) = running.join_next().await {
        let (status, text) = write.expect("no task panics");
        assert!(
            status == 200 || text.contains("ConditionalCheckFailed"),
            "{text}"
        );
        statuses.push(status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400]);
    assert_eq!(bed.aws.items().await.len(), 1);

    bed.aws.proxy().fail("dynamodb", Fault::Throttled);
    let mut function = fake(&bed).await;
    let (status, text) = aws(&mut function, "dynamodb", target, put).await;
    assert_eq!(
        (status, text.contains("ProvisionedThroughputExceeded")),
        (400, true)
    );
    bed.aws
        .put_item(json!({"pk": {"S": "silence"}, "sk": {"S": "x"}}))
        .await;
    assert_eq!(bed.aws.items().await.len(), 2);
}

#[tokio::test]
async fn secrets_and_streams_can_be_read() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    let get = json!({"Name": "/logq/production/slack-webhook", "WithDecryption": true});
    let target = "AmazonSSM.GetParameter";
    let (status, text) = aws(&mut function, "ssm", target, get.clone()).await;
    assert_eq!(
        (status, text.contains(&bed.slack.webhook())),
        (200, true),
        "{text}"
    );
    bed.aws.proxy().fail("ssm", Fault::Denied);
    let (status, text) = aws(&mut function, "ssm", target, get).await;
    assert_eq!((status, text.contains("AccessDenied")), (400, true));

    let run = recording("batch/close-day-chain-v4.jsonl").ending(now() - 60_000);
    let stream = run.lines();
    bed.aws
        .put_streams(&[stream.clone(), run.stopped_in_log()])
        .await;
    let get =
        json!({"logGroupName": stream.group, "logStreamName": stream.name, "startFromHead": true});
    let (_, text) = aws(&mut function, "logs", "Logs_20140328.GetLogEvents", get).await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let events = answer["events"].as_array().expect("a list of events");
    assert_eq!(events.len(), stream.events.len());
    assert_eq!(events[0]["message"], *stream.events[0].message);
    assert_eq!(events[0]["timestamp"], stream.events[0].timestamp);
}

#[tokio::test]
async fn the_webhook_takes_messages_and_refuses_as_scripted() {
    let bed = Bed::new().await;
    let mut function = fake(&bed).await;
    let hook = bed.slack.webhook();
    let hello = json!({"text": "hello", "blocks": [{"type": "divider"}]});
    bed.slack.script([
        Mood::Limited(Some(1)),
        Mood::Limited(None),
        Mood::Refused(500, "rollup_error"),
        Mood::Refused(200, "not ok"),
        Mood::Closes,
        Mood::LosesAnswer,
    ]);
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(post(&mut function, &hook, &hello).await);
    }
    let statuses: Vec<u64> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [429, 429, 500, 200, 0, 0, 200]);
    assert_eq!(
        (answers[3].1.as_str(), answers[6].1.as_str()),
        ("not ok", "ok")
    );
    let shown: Vec<bool> = bed.slack.received().iter().map(|one| one.shown).collect();
    assert_eq!(shown, [false, false, false, false, false, true, true]);
    assert_eq!(bed.slack.messages().len(), 2);
    assert_eq!(post(&mut function, &hook, &json!({})).await.0, 400);
    assert_eq!(
        post(&mut function, &format!("{hook}x"), &hello).await.0,
        404
    );

    // What it never answers, it may have shown.
    for (mood, shown) in [(Mood::Hangs, 2), (Mood::HangsAfterwards, 3)] {
        bed.slack.always(mood);
        let payload =
            json!({"do": "request", "url": hook, "headers": {}, "body": hello.to_string()});
        let before = Instant::now();
        let outcome = function.invoke_within(&bytes(&payload), SHORT).await;
        assert_eq!(outcome, Outcome::TimedOut);
        assert!(before.elapsed() >= SHORT);
        assert_eq!(bed.slack.messages().len(), shown);
    }
    let received = bed.slack.received();
    assert_eq!(
        (&received[0].path, &received[0].body),
        (&path(&hook), &hello)
    );
    assert!(received.is_sorted_by_key(|one| one.at));
    let secrets = SECRETS.iter().filter(|secret| hook.contains(**secret));
    assert_eq!(secrets.count(), 1);
}

fn path(url: &str) -> String {
    let after = url.split_once("://").expect("an address").1;
    after[after.find('/').expect("a path")..].to_owned()
}

#[tokio::test]
async fn the_bot_posts_answers_in_threads_and_edits() {
    let bed = Bed::new().await.with_bot();
    let mut function = fake(&bed).await;
    let (posting, editing) = (
        format!("{}/chat.postMessage", bed.slack.api()),
        format!("{}/chat.update", bed.slack.api()),
    );
    let (_, text) = post(
        &mut function,
        &posting,
        &json!({"channel": CHANNEL, "text": "failed"}),
    )
    .await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let (channel, ts) = (answer["channel"].clone(), answer["ts"].clone());
    let reply = json!({"channel": channel, "thread_ts": ts, "text": "traceback"});
    assert!(
        post(&mut function, &posting, &reply)
            .await
            .1
            .contains(r#""ok":true"#)
    );
    let edit = json!({"channel": channel, "ts": ts, "text": "failed twice"});
    assert!(
        post(&mut function, &editing, &edit)
            .await
            .1
            .contains(r#""ok":true"#)
    );

    let posts = bed.slack.posts();
    assert_eq!(
        (posts.len(), posts[0].text(), posts[0].edits),
        (1, "failed twice", 1)
    );
    assert_eq!(posts[0].channel, channel.as_str().unwrap_or_default());
    let thread = bed.slack.thread(&posts[0].ts);
    assert_eq!((thread.len(), thread[0].text()), (1, "traceback"));
    assert!(posts[0].says("twice") && !posts[0].says("traceback"));

    // An edit does not take the channel's name, and errors come with status 200.
    let named = json!({"channel": CHANNEL, "ts": ts, "text": "x"});
    for (body, error) in [
        (named, "channel_not_found"),
        (
            json!({"channel": channel, "ts": "1", "text": "x"}),
            "message_not_found",
        ),
    ] {
        let (status, text) = post(&mut function, &editing, &body).await;
        assert_eq!((status, text.contains(error)), (200, true), "{text}");
    }
    let (_, text) = ask(
        &mut function,
        &posting,
        json!({"content-type": "application/json"}),
        "{}",
    )
    .await;
    assert!(text.contains("invalid_auth"));
    bed.slack.reached(6).await;
}
