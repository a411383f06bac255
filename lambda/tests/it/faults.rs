//! Services that fail, answers that get lost, time that runs out: each failed run is still told once by each sink.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::bed::{Bed, now};
use crate::corpus::recording;
use crate::function::{Function, Outcome};
use crate::payload::{Cut, bomb};
use crate::proxy::Fault;
use crate::scenario::{FAILING, MIXED, Scenario, TICK, settle};
use crate::slack::{Mood, SECRETS};
use crate::told::{Counts, Told};

/// A function's answer to a fault is not waited for longer than this.
const SHORT: Duration = Duration::from_secs(8);

/// A stack with one run that fails, and the deliveries that tell of it.
async fn failing(bed: &Bed) -> (Function, Scenario) {
    let scenario = Scenario::of(&[FAILING]).written_to(bed).await;
    (bed.function().await, scenario)
}

/// Tries cases at once: most of their time they wait for a service that fails.
async fn all<F>(cases: impl IntoIterator<Item = F>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::from_iter(cases);
    while let Some(case) = running.join_next().await {
        case.expect("no case fails");
    }
}

/// Delivers with little time, as often as Lambda would.
async fn try_all(function: &mut Function, scenario: &Scenario) {
    for payload in scenario.plainly() {
        for _ in 0..3 {
            let outcome = function.invoke_within(&payload, SHORT).await;
            assert_ne!(outcome, Outcome::TimedOut, "it has to answer in time");
            if outcome.is_response() {
                break;
            }
        }
    }
}

async fn check_no_secret(function: &mut Function) {
    let printed = function.stop().await.text();
    for secret in SECRETS {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn a_topic_that_is_down_gets_it_later_and_slack_no_second_time() {
    all([Fault::Down, Fault::Throttled, Fault::Denied, Fault::Closes].map(topic_down)).await;
}

async fn topic_down(fault: Fault) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws.proxy().fail("sns", fault);
    try_all(&mut function, &scenario).await;
    let told = Told::by(&bed).await.about(&scenario.runs[0]);
    assert_eq!(told, Counts { sns: 0, slack: 1 }, "{fault:?}");
    bed.aws.proxy().mend("sns");
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn a_slack_that_fails_gets_it_later_and_the_topic_no_second_time() {
    all([
        Mood::Limited(None),
        Mood::Limited(Some(2)),
        Mood::Refused(500, "rollup_error"),
        Mood::Closes,
    ]
    .map(slack_fails))
    .await;
}

async fn slack_fails(mood: Mood) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.slack.always(mood.clone());
    try_all(&mut function, &scenario).await;
    let told = Told::by(&bed).await.about(&scenario.runs[0]);
    assert_eq!(told, Counts { sns: 1, slack: 0 }, "{mood:?}");
    bed.slack.always(Mood::Well);
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    check_no_secret(&mut function).await;
}

#[tokio::test]
async fn a_slack_that_asks_for_a_minute_is_left_alone_for_it() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.slack.always(Mood::Limited(Some(60)));
    try_all(&mut function, &scenario).await;
    for _ in 0..5 {
        function.invoke_within(TICK, SHORT).await;
    }
    let asked = bed.slack.received().len();
    assert!(
        (1..=2).contains(&asked),
        "asked {asked} times within the minute"
    );
    assert_eq!(Told::by(&bed).await.about(&scenario.runs[0]).sns, 1);
    // The minute goes by: what a sink has asked for is noted beside its budget.
    bed.slack.always(Mood::Well);
    bed.aws.forget("budget").await;
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    assert_eq!(bed.slack.received().len(), asked + 1);
    let printed = function.stop().await;
    assert!(printed.metric("Undelivered") > 0.5, "{}", printed.text());
}

#[tokio::test]
async fn a_message_that_slack_refuses_is_given_up_and_said() {
    all([
        Mood::Refused(400, "no_text"),
        Mood::Refused(400, "invalid_payload"),
    ]
    .map(slack_refuses))
    .await;
}

#[tokio::test]
async fn a_layout_that_slack_refuses_is_sent_as_words() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.slack.script([Mood::Refused(400, "invalid_blocks")]);
    try_all(&mut function, &scenario).await;
    let told = settle(&mut function, &bed, &scenario.runs).await;
    told.check(&scenario.runs);
    let message = &told.slack[0].body;
    assert!(message.get("blocks").is_none(), "{message}");
    let printed = function.stop().await.text();
    assert!(printed.contains("invalid_blocks"), "{printed}");
}

#[tokio::test]
async fn what_a_person_can_mend_in_slack_is_waited_for() {
    all([
        Mood::Refused(404, "channel_not_found"),
        Mood::Refused(404, "no_service"),
        Mood::Refused(410, "channel_is_archived"),
        Mood::Refused(403, "action_prohibited"),
    ]
    .map(slack_is_mended))
    .await;
}

async fn slack_is_mended(refusal: Mood) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.slack.always(refusal.clone());
    try_all(&mut function, &scenario).await;
    for _ in 0..3 {
        function.invoke_within(TICK, SHORT).await;
    }
    let told = Told::by(&bed).await.about(&scenario.runs[0]);
    assert_eq!(told, Counts { sns: 1, slack: 0 }, "{refusal:?}");
    bed.slack.always(Mood::Well);
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    check_no_secret(&mut function).await;
}

async fn slack_refuses(refusal: Mood) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.slack.always(refusal.clone());
    for payload in scenario.plainly() {
        let outcome = function.invoke_within(&payload, SHORT).await;
        assert!(
            !matches!(outcome, Outcome::TimedOut | Outcome::Exited),
            "{outcome:?}"
        );
    }
    let told = Told::by(&bed).await.about(&scenario.runs[0]);
    assert_eq!(told, Counts { sns: 1, slack: 0 }, "{refusal:?}");
    check_no_secret(&mut function).await;
}

#[tokio::test]
async fn a_slack_that_hangs_does_not_take_the_others_time() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.slack.always(Mood::Hangs);
    try_all(&mut function, &scenario).await;
    assert_eq!(Told::by(&bed).await.about(&scenario.runs[0]).sns, 1);
    bed.slack.always(Mood::Well);
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn a_topic_that_hangs_is_left_before_the_deadline() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws.proxy().fail("sns", Fault::Hangs);
    try_all(&mut function, &scenario).await;
    bed.aws.proxy().mend("sns");
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn an_answer_that_is_lost_may_tell_twice_and_never_less_than_once() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws
        .proxy()
        .fail_next("sns", "Publish", Fault::LosesAnswer, 1);
    bed.slack.script([Mood::LosesAnswer]);
    try_all(&mut function, &scenario).await;
    settle(&mut function, &bed, &scenario.runs).await;
    let told = Told::by(&bed).await.about(&scenario.runs[0]);
    assert!(
        (1..=2).contains(&told.sns) && (1..=2).contains(&told.slack),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_table_that_throttles_delays_and_doubles_nothing() {
    let bed = Bed::new().await;
    let scenario = Scenario::of(&MIXED[..5]).written_to(&bed).await;
    let mut function = bed.function().await;
    for payload in scenario.plainly() {
        for action in [
            "GetItem",
            "BatchGetItem",
            "Query",
            "TransactWriteItems",
            "PutItem",
            "UpdateItem",
        ] {
            bed.aws
                .proxy()
                .fail_next("dynamodb", action, Fault::Throttled, 1);
        }
        function.deliver_well(&payload).await;
        bed.aws.proxy().mend("dynamodb");
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn without_the_table_alerts_are_sent_rather_than_lost() {
    all([Fault::Down, Fault::Throttled, Fault::Denied, Fault::Closes].map(table_down)).await;
}

async fn table_down(fault: Fault) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws.proxy().fail("dynamodb", fault);
    try_all(&mut function, &scenario).await;
    let told = Told::by(&bed).await;
    assert_eq!(
        told.about(&scenario.runs[0]),
        Counts::each(1),
        "{fault:?}\n{}",
        told.summary()
    );
    // All that failed is delivered again, out of the queue.
    bed.aws.proxy().mend_all();
    for payload in scenario.plainly() {
        function.deliver_well(&payload).await;
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    let printed = function.stop().await;
    for metric in ["Alerts", "Runs"] {
        let counted = printed.metric(metric);
        assert!(
            (counted - 1.0).abs() < 0.5,
            "{fault:?} {metric} {counted}\n{}",
            printed.text()
        );
    }
}

#[tokio::test]
async fn without_parameter_store_at_the_start_slack_gets_it_later() {
    all([Fault::Down, Fault::Denied, Fault::Hangs].map(parameters_down)).await;
}

async fn parameters_down(fault: Fault) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws.proxy().fail("ssm", fault);
    let payloads = scenario.plainly();
    for payload in &payloads {
        let outcome = function
            .invoke_within(payload, Duration::from_secs(20))
            .await;
        assert!(
            !matches!(outcome, Outcome::TimedOut | Outcome::Exited),
            "{fault:?} {outcome:?}"
        );
    }
    assert_eq!(
        Told::by(&bed).await.about(&scenario.runs[0]),
        Counts { sns: 1, slack: 0 }
    );
    bed.aws.proxy().mend("ssm");
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn without_cloudwatch_logs_a_run_is_told_from_what_was_delivered() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws.proxy().fail("logs", Fault::Down);
    try_all(&mut function, &scenario).await;
    bed.aws.proxy().mend("logs");
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

/// Gzip makes at most 1,032 bytes of one, so that no payload that Lambda takes, one of a megabyte, can unpack to ten
/// gigabytes: this one unpacks to what it can, some 790 MB, and is refused at 64.
#[tokio::test]
async fn a_bomb_is_refused_without_much_memory_and_the_next_delivery_works() {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    let before = Instant::now();
    let outcome = function.invoke(&bomb()).await;
    assert!(outcome.is_response(), "{outcome:?}");
    assert!(before.elapsed() < Duration::from_secs(20));
    let peak = function.peak_memory().expect("it runs");
    assert!(peak < 256 << 20, "{} MiB", peak >> 20);
    for payload in scenario.plainly() {
        function.deliver_well(&payload).await;
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    let printed = function.stop().await;
    assert!(printed.text().contains("too_large"), "{}", printed.text());
}

#[tokio::test]
async fn clocks_that_differ_change_nothing() {
    all([
        (0, 300_000),
        (0, -300_000),
        (3_000_000, 3_000_000),
        (-3_000_000, -3_000_000),
    ]
    .map(clocks_differ))
    .await;
}

async fn clocks_differ((lines, stop): (i64, i64)) {
    let bed = Bed::new().await;
    let run = recording(FAILING).ending(now() - 60_000 + lines);
    let task = recording(FAILING).ending(now() - 60_000 + stop);
    let stream = run.lines();
    bed.aws.put_streams(std::slice::from_ref(&stream)).await;
    let mut function = bed.function().await;
    function.deliver_well(&stream.payload()).await;
    function
        .deliver_well(&task.stopped_in_log().payload())
        .await;
    function.deliver_well(&stream.payload()).await;
    let runs = [run];
    let told = settle(&mut function, &bed, &runs).await;
    let wrong = told.wrong(&runs);
    assert!(
        wrong.is_empty(),
        "{lines} {stop}: {wrong}\n{}",
        told.summary()
    );
}

#[tokio::test]
async fn what_does_not_fit_into_the_time_is_done_the_next_time() {
    let bed = Bed::new().await;
    let scenario = Scenario::of(&MIXED).written_to(&bed).await;
    let mut function = bed.function().await;
    // Every call is slow, and the time is short: invocations end with work left.
    let slow = Duration::from_millis(400);
    for service in ["dynamodb", "sns", "logs"] {
        bed.aws.proxy().fail(service, Fault::Slow(slow));
    }
    let mut unanswered = 0;
    for payload in scenario.plainly() {
        for _ in 0..3 {
            let outcome = function.invoke_within(&payload, SHORT).await;
            unanswered += usize::from(matches!(outcome, Outcome::TimedOut | Outcome::Exited));
            if outcome.is_response() {
                break;
            }
        }
    }
    for service in ["dynamodb", "sns", "logs"] {
        bed.aws.proxy().mend(service);
    }
    assert_eq!(unanswered, 0, "an invocation ended without an answer");
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn a_bad_rule_keeps_none_of_the_good_ones_from_working() {
    let broken =
        "title = 'x'\nquery = '''\nfilter a >\n'''\n[alert]\nseverity = 'error'\nkey = ['a']\n";
    let bed = Bed::new()
        .await
        .with_file("logq.toml", "")
        .with_file("queries/broken.toml", broken);
    let (mut function, scenario) = failing(&bed).await;
    for payload in scenario.plainly() {
        function.deliver_well(&payload).await;
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    let printed = function.stop().await.text();
    assert!(printed.contains("broken"), "{printed}");
}

#[tokio::test]
async fn without_a_table_one_environment_still_tells_once() {
    let bed = Bed::new().await.without("LOGQ_TABLE");
    let scenario = Scenario::of(&MIXED[..5]).written_to(&bed).await;
    let mut function = bed.function().await;
    let cut = Cut {
        seed: 3,
        cuts: 2,
        times: 2,
        shuffled: true,
    };
    for payload in scenario.deliveries(cut) {
        function.deliver_well(&payload).await;
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
    assert!(bed.aws.items().await.is_empty());
}

#[tokio::test]
async fn what_is_no_input_is_refused_and_not_tried_again() {
    let bed = Bed::new().await;
    let mut function = bed.function().await;
    for payload in [
        json!({"Records": []}),
        json!([]),
        json!("x"),
        json!(null),
        json!({"logq": "x"}),
        json!({"detail-type": "ECS Service Action", "detail": {}}),
        json!({"detail-type": "ECS Task State Change"}),
        json!({"awslogs": {"data": 1}}),
    ] {
        let outcome = function.invoke(payload.to_string().as_bytes()).await;
        assert!(outcome.is_response(), "{payload}: {outcome:?}");
    }
    assert_eq!(function.starts(), 1);
    let told = Told::by(&bed).await;
    assert!(
        told.sns.is_empty() && told.slack.is_empty(),
        "{}",
        told.summary()
    );
}

/// Returns how many calls the function makes until all is told.
async fn calls() -> usize {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    try_all(&mut function, &scenario).await;
    Told::by(&bed).await.check(&scenario.runs);
    bed.aws.proxy().all_calls().len()
}

#[tokio::test]
async fn a_table_that_goes_down_in_the_middle_loses_nothing() {
    all((0..calls().await).map(table_down_from)).await;
}

async fn table_down_from(number: usize) {
    let bed = Bed::new().await;
    let (mut function, scenario) = failing(&bed).await;
    bed.aws.proxy().fail_from(number, "dynamodb", Fault::Down);
    try_all(&mut function, &scenario).await;
    bed.aws.proxy().mend_all();
    let told = settle(&mut function, &bed, &scenario.runs).await;
    let told = told.about(&scenario.runs[0]);
    assert_eq!(told, Counts::each(1), "from call {number} on");
}

/// A migration looks well by its lines; while Slack is down, its exit code says otherwise.
#[tokio::test]
async fn what_turns_out_worse_while_a_sink_is_down_is_told_as_it_is() {
    let bed = Bed::new().await;
    let run = recording("migrate/killed-during-sigterm-v1.jsonl").ending(now() - 600_000);
    let stream = run.lines();
    bed.aws.put_streams(std::slice::from_ref(&stream)).await;
    let mut function = bed.function().await;
    bed.slack.always(Mood::Limited(None));
    function.invoke_within(&stream.payload(), SHORT).await;
    function.invoke_within(TICK, SHORT).await;
    for _ in 0..3 {
        function
            .invoke_within(&run.stopped_in_log().payload(), SHORT)
            .await;
    }
    bed.slack.always(Mood::Well);
    for _ in 0..5 {
        function.deliver_well(TICK).await;
    }
    let told = Told::by(&bed).await;
    let critical = told
        .sns
        .iter()
        .filter(|one| one.attribute("severity") == "critical");
    assert_eq!(critical.count(), 1, "{}", told.summary());
    let slack = told.slack.iter().filter(|one| one.says("Critical"));
    assert_eq!(slack.count(), 1, "{}", told.summary());
    // The table was never down.
    let printed = function.stop().await;
    assert!(printed.metric("StoreErrors") < 0.5, "{}", printed.text());
}
