//! `logq filter` on CloudWatch Logs, as moto has it.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;

use crate::aws_simulated::{Account, WINDOW, lines};
use crate::logq::Logq;
use crate::moto::{Moto, block_on};

const CONFIG: &str = "\
[stages.STAGE]
region = \"ap-northeast-1\"
";

/// Writes events into a stream of a group that is made for them; the first is logged now, each a moment later.
fn put(group: &str, stream: &str, messages: &[&str]) -> i64 {
    put_in("ap-northeast-1", group, stream, messages)
}

/// The same in a region of its own.
pub(crate) fn put_in(region: &'static str, group: &str, stream: &str, messages: &[&str]) -> i64 {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(Moto::shared().url());
    let client = Client::from_conf(config.build());
    let now = jiff::Timestamp::now().as_millisecond() - 600_000;
    let events = (0..).zip(messages).map(|(at, message)| {
        let event = InputLogEvent::builder().timestamp(now + at);
        event.message(*message).build().expect("complete")
    });
    block_on(async {
        // The group may be there already.
        let _ = client.create_log_group().log_group_name(group).send().await;
        let made = client.create_log_stream();
        let made = made.log_group_name(group).log_stream_name(stream).send();
        made.await.expect("a stream is made");
        let put = client.put_log_events().log_group_name(group);
        let put = put
            .log_stream_name(stream)
            .set_log_events(Some(events.collect()));
        put.send().await.expect("events are taken");
    });
    now
}

/// A project whose only stage is this one, asked for as of now.
fn project(stage: &str) -> Logq {
    Logq::new()
        .file("logq.toml", CONFIG.replace("STAGE", stage))
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL", &Moto::shared().url())
        .variable("LOGQ_NOW", "")
}

#[test]
fn events_of_a_stage_come_in_order_and_fit_the_pattern() {
    put(
        "/ecs/moto1-batch",
        "ecs/batch/1",
        &["ERROR one", "fine", "ERROR two"],
    );
    put("/ecs/moto1-worker", "ecs/worker/2", &["ERROR three"]);
    let logq = project("moto1");
    let ended = logq.run("filter ERROR -t batch -t worker -o raw");
    assert_eq!(ended.code, 0, "{}", ended.all());
    let mut lines: Vec<&str> = ended.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["ERROR one", "ERROR three", "ERROR two"]);
    let none = logq.run("filter CRITICAL -t batch");
    assert_eq!(none.code, 0, "{}", none.all());
    assert!(
        none.err.contains("no event matches in CloudWatch Logs"),
        "{}",
        none.err
    );
}

#[test]
fn the_newest_come_first_when_they_are_asked_for() {
    let account = Account::with(&[("webapp", 3000), ("batch", 2000)]);
    account
        .simulator
        .behave(|behaviour| behaviour.page.events = 100);
    let mut expected = account.expected("");
    expected.reverse();
    expected.truncate(20);
    let logq = account.project("");
    let flags = format!("-t webapp -t batch --limit 20 --no-cache {WINDOW}");
    let ended = logq.run(&format!("filter '\"\"' --newest -o raw {flags}"));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(lines(&ended) == expected, "{}", ended.out);
    let calls = account.calls();
    assert!(calls < 40, "{calls} calls for what two pages hold");
    account.simulator.forget();
    let rows = logq.run(&format!("query 'fields @message' -o ndjson {flags}"));
    assert_eq!(rows.code, 0, "{}", rows.err);
    assert!(rows.err.contains("--limit 0 shows all"), "{}", rows.err);
    let calls = account.calls();
    assert!(calls < 40, "{calls} calls for what two pages hold");
    let message = |line: String| {
        let row: serde_json::Value = serde_json::from_str(&line).expect("a row");
        row["@message"].as_str().expect("a text").to_owned()
    };
    let found: Vec<String> = lines(&rows).into_iter().map(message).collect();
    assert!(found == expected);
    let refused = logq.run("filter ERROR --newest --source logq.toml");
    assert_eq!(refused.code, 2, "{}", refused.err);
}

#[test]
fn a_group_that_is_not_there_is_told_and_the_rest_delivered() {
    put("/ecs/moto2-batch", "ecs/batch/1", &["one"]);
    let ended = project("moto2").run("filter one -t batch -t worker -o json");
    assert_eq!(ended.code, 1, "{}", ended.all());
    assert!(ended.out.contains("\"complete\":false"), "{}", ended.out);
    assert!(ended.out.contains("one"), "{}", ended.out);
    assert!(
        ended
            .err
            .contains("there is no log group `/ecs/moto2-worker` in ap-northeast-1"),
        "{}",
        ended.err
    );
}
