//! `logq tail` on CloudWatch Logs: whatever breaks, every event comes once.

use std::collections::BTreeSet;
use std::time::Duration;

use logq_simulator::{Fault, FaultKind, Group};

use crate::aws_simulated::Account;
use crate::following::Following;
use crate::logq::{Ended, Logq};

pub(crate) const WEBAPP: &str = "/ecs/shop-webapp";
pub(crate) const BATCH: &str = "/ecs/shop-batch";
pub(crate) const FLAGS: &str = "-t webapp -t batch -o raw";

/// How long before following begins what was logged is not shown: the service tells its time in whole seconds.
pub(crate) const BEFORE: Duration = Duration::from_millis(1500);

/// An account with two groups in which nothing was logged so far, and updates that come ten times as often.
fn account() -> Account {
    account_ahead(0)
}

/// The same with a clock that is so many milliseconds ahead of that of this machine.
pub(crate) fn account_ahead(ahead: i64) -> Account {
    let account = Account::ahead(&[("webapp", 0), ("batch", 0)], ahead);
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.tick_ms = 100);
    account
}

pub(crate) fn put(account: &Account, group: &str, messages: &[&str]) {
    let now = account.simulator.now();
    let events = messages.iter().map(|message| (now, *message));
    let put = account.simulator.put(group, "ecs/app/1", events);
    put.expect("events are taken");
}

/// Waits until there were so many calls of an action.
pub(crate) fn called(account: &Account, tail: &Following<'_>, action: &str, calls: u64) {
    let what = format!("{calls} calls of {action}");
    tail.until(&what, || account.simulator.summary(action).calls >= calls);
}

/// Starts to follow, and waits until there is a session.
pub(crate) fn start<'a>(account: &Account, logq: &'a Logq, arguments: &str) -> Following<'a> {
    let tail = Following::start(logq, arguments);
    called(account, &tail, "StartLiveTail", 1);
    tail
}

/// Logs numbered events in both groups for some time, some of them equal; returns how many.
pub(crate) fn log_for(account: &Account, rounds: usize) -> Vec<String> {
    let mut logged = Vec::new();
    for round in 0..rounds {
        let group = [WEBAPP, BATCH][round % 2];
        let message = format!("{:05}", round / 3);
        put(account, group, &[&message, &message]);
        logged.extend([message.clone(), message]);
        std::thread::sleep(Duration::from_millis(25));
    }
    logged
}

/// Logs, waits until everything came, and ends; everything must have come once.
#[track_caller]
pub(crate) fn is_whole(account: &Account, tail: Following<'_>, rounds: usize) -> Ended {
    let mut logged = log_for(account, rounds);
    tail.lines(logged.len());
    // What would be doubled, would be by now.
    std::thread::sleep(Duration::from_millis(500));
    let ended = tail.interrupt();
    assert_eq!(ended.code, 130, "{}", ended.err);
    let mut found: Vec<String> = ended.out.lines().map(str::to_owned).collect();
    found.sort();
    logged.sort();
    assert_eq!(found, logged, "{}", ended.err);
    ended
}

#[test]
fn events_of_several_groups_come_as_they_are_logged() {
    let account = account();
    put(&account, WEBAPP, &["ERROR long ago"]);
    std::thread::sleep(BEFORE);
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail ERROR {FLAGS}"));
    put(&account, WEBAPP, &["ERROR one", "fine"]);
    tail.lines(1);
    put(&account, BATCH, &["ERROR two"]);
    assert_eq!(tail.lines(2), ["ERROR one", "ERROR two"]);
    let ended = tail.interrupt();
    assert_eq!(ended.code, 130);
    assert!(
        ended.err.contains("logq: interrupted after ") && ended.err.contains(": 2 events"),
        "{}",
        ended.err
    );
    let call = &account.simulator.calls("StartLiveTail")[0].request;
    assert_eq!(call["logEventFilterPattern"], "ERROR");
    assert_eq!(
        call["logGroupIdentifiers"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn sessions_that_end_are_followed_by_others_without_a_gap() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.session_ms = 700);
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail {FLAGS} -v"));
    let ended = is_whole(&account, tail, 120);
    assert!(account.simulator.summary("StartLiveTail").calls > 3);
    assert!(
        ended.err.contains("SessionTimeoutException"),
        "{}",
        ended.err
    );
}

#[test]
fn connections_that_break_lose_nothing() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.cut_after_ms = Some(450));
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail {FLAGS}"));
    is_whole(&account, tail, 120);
    assert!(account.simulator.summary("StartLiveTail").calls > 3);
}

#[test]
fn sessions_that_break_while_calls_fail_lose_nothing() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.live_tail.session_ms = 900;
        behaviour.faults = vec![
            Fault::every(FaultKind::ServerError, 3).of("FilterLogEvents"),
            Fault::every(FaultKind::Throttle, 4).of("FilterLogEvents"),
            Fault::every(FaultKind::RepeatPage, 5).of("FilterLogEvents"),
            Fault::every(FaultKind::Unavailable, 2).of("StartLiveTail"),
        ];
    });
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail {FLAGS}"));
    is_whole(&account, tail, 100);
}

#[test]
fn history_is_joined_with_what_comes() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.session_ms = 900);
    let now = account.simulator.now();
    let old = [
        (now - 3_600_000, "too old"),
        (now - 300_000, "00000 before"),
    ];
    let put = account.simulator.put(WEBAPP, "ecs/app/1", old);
    put.expect("events are taken");
    let mut logged = vec!["00000 before".to_owned()];
    let logq = account.live_project("");
    logged.extend(log_for(&account, 20));
    let tail = Following::start(&logq, &format!("tail {FLAGS} --since 10m"));
    logged.extend(log_for(&account, 80));
    let lines = tail.lines(logged.len());
    assert_eq!(lines[0], "00000 before");
    std::thread::sleep(Duration::from_millis(500));
    let ended = tail.interrupt();
    let mut found: Vec<&str> = ended.out.lines().collect();
    found.sort_unstable();
    logged.sort();
    assert_eq!(found, logged, "{}", ended.err);
}

#[test]
fn more_than_a_session_shows_is_said_once() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.update_events = 10);
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail {FLAGS}"));
    called(&account, &tail, "FilterLogEvents", 2);
    for _ in 0..2 {
        put(&account, WEBAPP, &["many"; 200]);
        std::thread::sleep(Duration::from_millis(300));
    }
    tail.lines(14);
    let ended = tail.interrupt();
    let said = ended.err.matches("live tail shows a sample").count();
    assert_eq!(said, 1, "{}", ended.err);
    assert!(ended.err.contains("only a sample came"), "{}", ended.err);
    assert!(ended.out.lines().count() < 400);
}

/// Follows where live tail is refused.
#[track_caller]
fn polls(account: &Account, logq: &Logq, arguments: &str, reason: &str) {
    let tail = Following::start(logq, &format!("tail {FLAGS} {arguments}"));
    called(account, &tail, "FilterLogEvents", 1);
    let ended = is_whole(account, tail, 60);
    let said = ended.err.matches("there is no live tail").count();
    assert_eq!(said, usize::from(!reason.is_empty()), "{}", ended.err);
    assert!(ended.err.contains(reason), "{}", ended.err);
}

#[test]
fn where_live_tail_is_refused_the_groups_are_polled() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.deny = vec!["logs:StartLiveTail".to_owned()]);
    let logq = account.live_project("");
    polls(&account, &logq, "", "AWS refused logs:StartLiveTail");
}

#[test]
fn where_no_session_is_left_the_groups_are_polled() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.sessions = 0);
    let logq = account.live_project("");
    polls(&account, &logq, "", "LimitExceededException");
}

#[test]
fn where_groups_cannot_be_described_they_are_polled() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.deny = vec!["logs:DescribeLogGroups".to_owned()]);
    let logq = account.live_project("");
    polls(&account, &logq, "", "AWS refused logs:DescribeLogGroups");
    assert_eq!(account.simulator.summary("StartLiveTail").calls, 0);
}

#[test]
fn where_the_host_of_live_tail_is_not_known_the_groups_are_polled() {
    let account = account();
    polls(&account, &account.project(""), "", "StartLiveTail");
}

#[test]
fn polling_can_be_asked_for_and_survives_what_goes_wrong() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.page.events = 7;
        behaviour.faults = vec![
            Fault::every(FaultKind::ServerError, 7).of("FilterLogEvents"),
            Fault::every(FaultKind::RepeatToken, 5).of("FilterLogEvents"),
            Fault::every(FaultKind::EmptyPage, 3).of("FilterLogEvents"),
        ];
        behaviour.quotas.insert("FilterLogEvents".to_owned(), 10);
    });
    let logq = account.project("quotas = { FilterLogEvents = 10 }");
    polls(&account, &logq, "--poll", "");
    assert_eq!(account.simulator.summary("StartLiveTail").calls, 0);
    assert_eq!(account.simulator.summary("FilterLogEvents").over_quota, 0);
}

#[test]
fn a_group_of_another_class_is_polled_beside_the_others() {
    let account = account();
    let other = Group {
        name: "/ecs/shop-worker".to_owned(),
        class: "INFREQUENT_ACCESS".to_owned(),
        ..Group::default()
    };
    account.simulator.add_group(other).expect("a group");
    let logq = account.live_project("");
    let tail = start(&account, &logq, "tail -t webapp -t worker -o raw");
    put(&account, WEBAPP, &["one"]);
    put(&account, "/ecs/shop-worker", &["two"]);
    let mut lines = tail.lines(2);
    lines.sort();
    assert_eq!(lines, ["one", "two"]);
    let ended = tail.interrupt();
    let said = "log group `/ecs/shop-worker` is of a class that has no live tail";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[test]
fn a_group_that_is_not_there_is_told_and_the_others_followed() {
    let account = account();
    let logq = account.live_project("");
    let arguments = "tail -t webapp -t worker -o raw --limit 1";
    let tail = start(&account, &logq, arguments);
    put(&account, WEBAPP, &["one", "two"]);
    let ended = tail.end();
    assert_eq!((ended.code, &*ended.out), (1, "one\n"), "{}", ended.err);
    let said = "there is no log group `/ecs/shop-worker`";
    assert!(ended.err.contains(said), "{}", ended.err);
    let alone = logq.run("tail -t worker -o raw");
    assert_eq!(alone.code, 1, "{}", alone.err);
}

#[test]
fn a_group_that_goes_away_is_missed_though_nobody_named_it() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault {
            group: Some(BATCH.to_owned()),
            ..Fault::at_call(FaultKind::GroupDeleted, 12)
        }];
    });
    let ended = account.project("").run("tail -o raw --poll --timeout 9s");
    assert_eq!(ended.code, 1, "{}", ended.err);
    let said = "error: there is no log group `/ecs/shop-batch`";
    assert!(ended.err.contains(said), "{}", ended.err);
    let never = "logq: there is no log group `/ecs/shop-worker`";
    assert!(ended.err.contains(never), "{}", ended.err);
}

#[test]
fn credentials_that_are_not_accepted_end_it() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::ExpiredToken, 1)];
    });
    let ended = account.live_project("").run(&format!("tail {FLAGS}"));
    assert_eq!(ended.code, 1, "{}", ended.err);
    let said = ended
        .err
        .matches("the AWS credentials have expired")
        .count();
    assert_eq!(said, 1, "{}", ended.err);
}

#[test]
fn time_that_is_up_is_an_end_like_others() {
    let account = account();
    let logq = account.live_project("");
    let ended = logq.run(&format!("tail {FLAGS} --timeout 500ms --fail-on-empty"));
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.err.contains("logq: 0 events in "), "{}", ended.err);
}

#[test]
fn lines_for_people_say_their_stream_and_ndjson_is_whole() {
    let account = account();
    let logq = account.live_project("");
    let people = start(&account, &logq, "tail -t webapp --limit 1");
    put(
        &account,
        WEBAPP,
        &["{\"levelname\": \"ERROR\", \"message\": \"\\u001b[2Jno\"}"],
    );
    let ended = people.end();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("shop-webapp/"), "{}", ended.out);
    assert!(ended.out.contains("\\x1b[2Jno"), "{}", ended.out);
    account.simulator.forget();
    std::thread::sleep(BEFORE);
    let programs = start(&account, &logq, "tail -t webapp --limit 1 -o ndjson");
    put(&account, WEBAPP, &["one"]);
    let ended = programs.end();
    let row: serde_json::Value = serde_json::from_str(&ended.out).expect("an object");
    assert_eq!(row["@log"], WEBAPP);
    assert_eq!(row["@message"], "one");
}

#[test]
fn more_groups_than_a_session_takes_are_followed_by_several() {
    const SERVICES: [&str; 12] = [
        "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3",
    ];
    let account = Account::with(&SERVICES.map(|service| (service, 0)));
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.tick_ms = 100);
    let logq = account.live_project("");
    let flags = SERVICES.map(|service| format!("-t {service}")).join(" ");
    let tail = Following::start(&logq, &format!("tail {flags} -o raw"));
    called(&account, &tail, "StartLiveTail", 2);
    for service in SERVICES {
        put(&account, &format!("/ecs/shop-{service}"), &[service]);
    }
    let mut lines = tail.lines(SERVICES.len());
    lines.sort();
    assert_eq!(lines, SERVICES);
    assert_eq!(tail.interrupt().code, 130);
    let groups = |call: &logq_simulator::Call| {
        let groups = call.request["logGroupIdentifiers"].as_array();
        groups.map(Vec::len)
    };
    let mut sessions: Vec<_> = account
        .simulator
        .calls("StartLiveTail")
        .iter()
        .map(groups)
        .collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [Some(2), Some(10)]);
}

/// Follows streams that begin so, and returns what each session was asked for.
fn prefixes_of_sessions(flags: &str) -> Vec<serde_json::Value> {
    let account = account();
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail {flags} -o raw"));
    let log = |stream: &str, message: &str| {
        let event = [(account.simulator.now(), message)];
        let put = account.simulator.put(WEBAPP, stream, event);
        put.expect("events are taken");
    };
    log("ecs/app/1", "no");
    log("ecs/web/1", "one");
    log("web/1", "no");
    log("ecs/batch/1", "two");
    let mut lines = tail.lines(2);
    lines.sort();
    std::thread::sleep(Duration::from_millis(500));
    let ended = tail.interrupt();
    assert_eq!(
        (lines, ended.out.lines().count()),
        (vec!["one".to_owned(), "two".to_owned()], 2)
    );
    let calls = account.simulator.calls("StartLiveTail").into_iter();
    let prefixes = calls.map(|mut call| call.request["logStreamNamePrefixes"].take());
    prefixes.collect()
}

#[test]
fn a_session_of_one_group_is_asked_for_the_streams_that_are_wanted() {
    let streams = "--stream ecs/web/ --stream ecs/batch/";
    let of_one = prefixes_of_sessions(&format!("-t webapp {streams}"));
    assert_eq!(of_one, [serde_json::json!(["ecs/batch/", "ecs/web/"])]);
    // The service takes them for one group only; of several, the other streams are left out here.
    let of_two = prefixes_of_sessions(&format!("-t webapp -t batch {streams}"));
    assert_eq!(of_two, [serde_json::Value::Null]);
}

/// The log group of a stage in another region.
const OTHER: &str = "/ecs/other-webapp";

/// An account with a stage in each of two regions, and what reads both of them.
fn two_regions() -> (Account, Logq) {
    let account = Account::with(&[]);
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.tick_ms = 100);
    for (name, region) in [(WEBAPP, "us-east-1"), (OTHER, "eu-west-1")] {
        let group = Group {
            name: name.to_owned(),
            region: Some(region.to_owned()),
            ..Group::default()
        };
        account.simulator.add_group(group).expect("a group");
    }
    let config = "[stages.shop]\nregion = \"us-east-1\"\n[stages.other]\nregion = \"eu-west-1\"\n";
    let logq = account.live_project("").file("logq.toml", config);
    (account, logq)
}

/// Logs in both regions; everything must come once.
#[track_caller]
fn both_are_whole(account: &Account, tail: Following<'_>) -> Ended {
    let mut logged = Vec::new();
    for round in 0..80 {
        let message = format!("{round:05}");
        put(account, [WEBAPP, OTHER][round % 2], &[&message]);
        logged.push(message);
        std::thread::sleep(Duration::from_millis(25));
    }
    tail.lines(logged.len());
    std::thread::sleep(Duration::from_millis(500));
    let ended = tail.interrupt();
    let mut found: Vec<&str> = ended.out.lines().collect();
    found.sort_unstable();
    assert_eq!(found, logged, "{}", ended.err);
    ended
}

/// Returns the regions that an action was asked of.
fn regions(account: &Account, action: &str) -> BTreeSet<String> {
    let calls = account.simulator.calls(action).into_iter();
    calls.map(|call| call.region).collect()
}

#[test]
fn stages_in_several_regions_are_followed_by_a_session_in_each() {
    let (account, logq) = two_regions();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.session_ms = 700);
    put(&account, OTHER, &["00000 before"]);
    std::thread::sleep(BEFORE);
    let tail = Following::start(&logq, "tail -t webapp -o raw");
    called(&account, &tail, "StartLiveTail", 2);
    let ended = both_are_whole(&account, tail);
    assert!(!ended.err.contains("warning"), "{}", ended.err);
    let sessions = account.simulator.calls("StartLiveTail");
    assert!(sessions.len() > 4, "{} sessions", sessions.len());
    for call in sessions {
        let name = if call.region == "us-east-1" {
            WEBAPP
        } else {
            OTHER
        };
        let arn = format!("arn:aws:logs:{}:123456789012:log-group:{name}", call.region);
        assert_eq!(
            call.request["logGroupIdentifiers"],
            serde_json::json!([arn])
        );
    }
    let both = ["eu-west-1", "us-east-1"].map(str::to_owned).into();
    assert_eq!(regions(&account, "StartLiveTail"), both);
}

#[test]
fn a_region_without_live_tail_is_polled_beside_the_others() {
    let (account, logq) = two_regions();
    account
        .simulator
        .behave(|behaviour| behaviour.live_tail.sessions = 1);
    let before = (account.simulator.now() - 300_000, "00000 before");
    for group in [WEBAPP, OTHER] {
        let put = account.simulator.put(group, "ecs/app/1", [before]);
        put.expect("events are taken");
    }
    let tail = Following::start(&logq, "tail -t webapp -o raw --since 10m");
    assert_eq!(tail.lines(2), ["00000 before"; 2]);
    called(&account, &tail, "StartLiveTail", 2);
    put(&account, WEBAPP, &["one"]);
    put(&account, OTHER, &["two"]);
    tail.lines(4);
    std::thread::sleep(Duration::from_millis(500));
    let ended = tail.interrupt();
    let mut found: Vec<&str> = ended.out.lines().skip(2).collect();
    found.sort_unstable();
    assert_eq!(found, ["one", "two"], "{}", ended.err);
    let said = ended.err.matches("there is no live tail").count();
    assert_eq!(said, 1, "{}", ended.err);
    let both = ["eu-west-1", "us-east-1"].map(str::to_owned).into();
    assert_eq!(regions(&account, "FilterLogEvents"), both);
}
