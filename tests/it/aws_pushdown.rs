//! What is sent to the service, and what is done here: both parts together are the whole, whatever is asked.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::aws_simulated::{Account, FROM, WINDOW, lines};
use crate::logq::Logq;

const GROUP: &str = "/ecs/shop-webapp";
const ACTION: &str = "FilterLogEvents";

/// Messages that a pattern is easily wrong about: escapes, broken JSON, JSON behind other text, plain text.
const MESSAGES: [&str; 14] = [
    r#"{"levelname": "ERROR", "name": "booking.sync"}"#,
    r#"{"levelname": "\u0045RROR", "name": "b\u006foking.sync"}"#,
    r#"{"\u006cevelname": "CRITICAL", "message": "Traceback (most"}"#,
    r#"2026-11-19 12:00:00 {"levelname": "ERROR", "request": {"user": 7}}"#,
    r#"{"levelname": "ERROR", "name": "cut of"#,
    r#"{"levelname": "INFO", "name": "booking.sync", "request": {"user": 3}}"#,
    r#"{"levelname": "WARNING", "name": "a\"b", "request": {"user": 70}}"#,
    r#"{"levelname": null, "name": ["ERROR"], "duration_ms": 1500}"#,
    r#"{"levelname": "error", "duration_ms": "1500"}"#,
    "Traceback (most recent call last):",
    "  File \"/app/booking/sync.py\", line 88, in sync_rates",
    "CommandError: no rates",
    "ERROR plain text with name=booking.sync",
    "日本語のERRORメッセージ",
];

const CONDITIONS: [&str; 16] = [
    r#"levelname = "ERROR""#,
    r#"levelname != "ERROR""#,
    r#"levelname in ["ERROR", "CRITICAL"]"#,
    r#"levelname not in ["ERROR", "INFO"]"#,
    r#"@message like "Traceback""#,
    r#"@message not like "Traceback""#,
    r#"@message like "a\"b""#,
    "@message like /(?i)error/",
    "@message like /sync(_rates)?/",
    "name like /book.*sync/",
    r#"name = "booking.sync""#,
    "request.user > 5",
    "duration_ms >= 1500",
    "ispresent(request.user)",
    "not ispresent(name)",
    r#"strcontains(name, "sync")"#,
];

const ENDINGS: [&str; 5] = [
    "| stats count(*) as n by @message | sort @message",
    "| stats count(*), min(@timestamp), max(@timestamp)",
    "| fields @timestamp, levelname, name | sort @timestamp, @message",
    "| sort @timestamp desc, @message | limit 3",
    "| parse @message \"levelname\\\": \\\"*\\\"\" as level | stats count(*) by level | sort level",
];

prop_compose! {
    fn any_filter()(
        conditions in prop::collection::vec((prop::sample::select(&CONDITIONS[..]), any::<bool>(), any::<bool>()), 1..4),
    ) -> String {
        let mut text = String::from("filter ");
        for (at, (condition, is_or, is_not)) in conditions.into_iter().enumerate() {
            let word = if is_or { " or " } else { " and " };
            text.push_str(if at > 0 { word } else { "" });
            let not = if is_not { "not " } else { "" };
            write!(text, "{not}({condition})").expect("a String takes all text");
        }
        text
    }
}

prop_compose! {
    fn any_query()(
        filters in prop::collection::vec(any_filter(), 0..3), ending in prop::sample::select(&ENDINGS[..]),
    ) -> String {
        if filters.is_empty() {
            return ending.trim_start_matches("| ").to_owned();
        }
        format!("{} {ending}", filters.join(" | "))
    }
}

fn any_messages() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(&MESSAGES[..]), 1..40)
}

/// An account that holds these messages, a second apart, and a project with a file that holds them too.
fn holding(messages: &[&str]) -> (Account, Logq) {
    let account = Account::with(&[("webapp", 0)]);
    let times = (0..).map(|at| FROM + 1000 * at);
    let events = times.zip(messages.iter().copied());
    let put = account.simulator.put(GROUP, "ecs/webapp/1", events.clone());
    put.expect("events are taken");
    let mut file = String::new();
    for (timestamp, message) in events {
        let event = serde_json::json!({
            "timestamp": timestamp, "logGroup": GROUP, "logStream": "ecs/webapp/1", "message": message,
        });
        writeln!(file, "{event}").expect("a String takes all text");
    }
    let logq = account.project("").file("events.ndjson", file);
    (account, logq)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_remote_part_and_the_rest_are_the_whole(query in any_query(), messages in any_messages()) {
        let (account, logq) = holding(&messages);
        let ask = format!("query '{query}' -t webapp -o ndjson {WINDOW}");
        let remote = logq.run(&format!("{ask} --no-cache"));
        prop_assert_eq!(remote.code, 0, "{}", remote.err);
        let whole = logq.run(&format!("{ask} --source events.ndjson"));
        prop_assert_eq!(whole.code, 0, "{}", whole.err);
        prop_assert_eq!(lines(&remote), lines(&whole), "{}", query);
        // What is sent is what `explain` says.
        let said = logq.run(&format!("explain '{query}' -o json"));
        let said: serde_json::Value = serde_json::from_str(&said.out).expect("a document");
        let said = said["where"].as_str().expect("a text");
        for call in account.simulator.calls(ACTION) {
            match call.text("filterPattern") {
                "" => prop_assert!(said.contains("every event of the window"), "{}", said),
                pattern => {
                    prop_assert!(pattern.chars().count() <= 1024);
                    prop_assert!(said.ends_with(pattern), "{} in {}", pattern, said);
                }
            }
        }
    }
}

#[test]
fn a_filter_lets_the_service_return_less() {
    let messages: Vec<&str> = MESSAGES.iter().copied().cycle().take(140).collect();
    let (account, logq) = holding(&messages);
    let ask = |query: &str| {
        account.simulator.forget();
        let ended = logq.run(&format!(
            "query '{query}' -t webapp -o ndjson --no-cache {WINDOW}"
        ));
        assert_eq!(ended.code, 0, "{}", ended.err);
        account.simulator.summary(ACTION).events
    };
    assert_eq!(ask("stats count(*)"), 140);
    // Those that hold the text, and those that may spell it in escapes.
    assert_eq!(
        ask(r#"filter @message like "CommandError" | stats count(*)"#),
        30
    );
}
