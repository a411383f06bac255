//! `logq replay`: alerts for people and for programs.

use crate::logq::Logq;

const FAILED: &str = r#"{"created":1795402800,"levelname":"INFO","name":"sync","message":"start"}
Traceback (most recent call last):
  File "/app/manage.py", line 22, in <module>
    main()
  File "/app/booking/sync.py", line 88, in sync_rates
    price = plan["price"]
KeyError: 'price'
"#;

fn logs() -> Logq {
    Logq::new()
        .file(
            "logs/ecs/production-batch/ecs/batch/7f3a9c0123456789abcdef0123456789.log",
            FAILED,
        )
        .file(
            "logs/ecs/production-webapp/ecs/web/1.log",
            error(1_795_402_801) + &error(1_795_402_802),
        )
}

fn error(created: u64) -> String {
    format!(
        "{{\"created\":{created},\"levelname\":\"ERROR\",\"name\":\"core.views\",\"message\":\"unlock failed for LK-{created}\"}}\n"
    )
}

#[test]
fn people_get_a_few_lines_for_each_alert() {
    insta::assert_snapshot!(logs().run("replay --source logs").all(), @r#"
    2026-11-23 12:00:01  error  production  webapp
      New error in webapp: unlock failed for LK-1795402801
      logq errors fingerprint=v1:bcd8a75c6c9ae6cc --stage production --since 2026-11-23T03:00:01Z

    2026-11-23 12:00:00  critical  production  batch
      batch failed: KeyError: 'price' in sync_rates (booking/sync.py:88)
      logq show 7f3a9c0123456789abcdef0123456789 --stage production
    --- standard error
    logq: 2 alerts: 1 critical, 1 error; until 2026-11-23 13:04:05 JST; 9 events seen
    --- exit 0
    "#);
}

#[test]
fn an_alert_can_be_read_as_it_is_sent() {
    insta::assert_snapshot!(logs().run("replay --source logs --full --rule batch-failures").all(), @r#"
    2026-11-23 12:00:00  critical  production  batch
      batch failed: KeyError: 'price' in sync_rates (booking/sync.py:88)
      It logged 7 lines.
        Traceback (most recent call last):
          File "/app/manage.py", line 22, in <module>
            main()
          File "/app/booking/sync.py", line 88, in sync_rates
            price = plan["price"]
        KeyError: 'price'
      lines    /ecs/production-batch  ecs/batch/7f3a9c0123456789abcdef0123456789
      show     logq show 7f3a9c0123456789abcdef0123456789 --stage production
    --- standard error
    logq: 1 alert: 1 critical; until 2026-11-23 13:04:05 JST; 9 events seen
    --- exit 0
    "#);
}

#[test]
fn programs_get_documents() {
    let ended = logs().run("replay --source logs -o ndjson --rule batch-failures");
    insta::assert_snapshot!(ended.out, @r#"{"version":1,"id":"2638fb2f0b9447fbcf1773ca8c2d3af0","status":"firing","severity":"critical","rule":"batch-failures","title":"batch failed: KeyError: 'price' in sync_rates (booking/sync.py:88)","summary":"It logged 7 lines.","stage":"production","service":"batch","kind":"batch","name":"batch","outcome":"failed","cause":"exception","started":"2026-11-23T03:00:00.000Z","ended":"2026-11-23T03:00:00.000Z","duration":0.0,"error":{"type":"KeyError","message":"'price'","culprit":"sync_rates (booking/sync.py:88)","traceback":"Traceback (most recent call last):\n  File \"/app/manage.py\", line 22, in <module>\n    main()\n  File \"/app/booking/sync.py\", line 88, in sync_rates\n    price = plan[\"price\"]\nKeyError: 'price'","fingerprint":"v1:284b4c88b6d35899","grouped_by":"KeyError in booking/sync.py sync_rates"},"counts":{"events":7,"occurrences":1,"suppressed":0},"first_seen":"2026-11-23T03:00:00.000Z","last_seen":"2026-11-23T03:00:00.000Z","log":{"group":"/ecs/production-batch","stream":"ecs/batch/7f3a9c0123456789abcdef0123456789","first_timestamp":"2026-11-23T03:00:00.000Z"},"links":{},"command":"logq show 7f3a9c0123456789abcdef0123456789 --stage production"}"#);
    let document = logs().run("replay --source logs -o json").out;
    assert!(document.starts_with("{\"schema\":") && document.ends_with("]}\n"));
    let parsed: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
    assert_eq!(parsed["rows"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_came_before_the_window_is_not_new_in_it() {
    let ended =
        logs().run("replay --source logs --since 2026-11-23T12:00:02+09:00 --target webapp");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    logq: no alerts in logs, 2026-11-23 12:00:02 to 2026-11-23 13:04:05 JST; 9 events seen
    --- exit 0
    "#);
}

#[test]
fn a_monitor_can_ask_whether_anything_would_have_been_sent() {
    assert_eq!(logs().run("replay --source logs --fail-on-match").code, 3);
    let quiet = Logq::new().file("a.log", "nothing\n");
    insta::assert_snapshot!(quiet.run("replay --source a.log --fail-on-match").all(), @r#"
    --- standard error
    logq: no alerts in a.log, until 2026-11-23 13:04:05 JST; 1 event seen
    --- exit 0
    "#);
}

#[test]
fn a_limit_cuts_alerts_and_says_so() {
    let ended = logs().run("replay --source logs --limit 1 -o ndjson");
    assert_eq!(ended.out.lines().count(), 1);
    insta::assert_snapshot!(ended.err, @r#"logq: 1 of 2 alerts; --limit 0 shows all; until 2026-11-23 13:04:05 JST; 9 events seen"#);
    let document = logs().run("replay --source logs --limit 1 -o json").out;
    let parsed: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
    assert_eq!(parsed["truncated"], true);
    assert_eq!(parsed["query"], serde_json::Value::Null);
}

#[test]
fn an_alert_is_no_row() {
    insta::assert_snapshot!(logs().run("replay --source logs -o csv").all(), @r#"
    --- standard error
    error: an alert is a document, not a row
    hint: print alerts with -o table, -o json or -o ndjson
    --- exit 2
    "#);
}

#[test]
fn an_unknown_rule_is_refused() {
    insta::assert_snapshot!(logs().run("replay --source logs --rule batch-failure").all(), @r#"
    --- standard error
    error: no saved query `batch-failure` has an `[alert]` section
    hint: did you mean `batch-failures`?
    --- exit 2
    "#);
}

#[test]
fn a_bad_rule_is_shown_where_it_is_wrong() {
    let rule =
        "title = 'x'\nquery = '''\nfilter a >\n'''\n[alert]\nseverity = 'error'\nkey = ['a']\n";
    let logq = logs().file("logq.toml", "").file("queries/mine.toml", rule);
    insta::assert_snapshot!(logq.run("replay --source logs").all(), @r#"
    --- standard error
    error: unexpected end of the query
     --> [folder]/queries/mine.toml:3:11
      |
    3 | filter a >
      |           ^ expected a value
    hint: for example: `filter status >= 500 and path like "/api"`
    --- exit 2
    "#);
}

#[test]
fn a_rule_that_would_have_to_wait_is_refused() {
    let rule = "title = 'x'\nquery = 'filter a in (filter b = 1 | fields a)'\n\
                [alert]\nseverity = 'error'\nkey = ['a']\n";
    let logq = logs().file("logq.toml", "").file("queries/mine.toml", rule);
    insta::assert_snapshot!(logq.run("replay --source logs").all(), @r"
    --- standard error
    error: an alert cannot wait for a query inside its query
     --> [folder]/queries/mine.toml:2:10
      |
    2 | query = 'filter a in (filter b = 1 | fields a)'
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: alert on what a single event tells
    --- exit 2
    ");
}

const MISSPELT: &str = r#"title = "Mine"
from = "runs"
query = 'filter outcome = "failed"'
[alert]
severty = "critical"
key = ["name"]
"#;

#[test]
fn a_broken_alert_is_an_error_and_not_an_alert_less() {
    let broken = logs()
        .file("logq.toml", "")
        .file("queries/mine.toml", MISSPELT);
    let all = broken.run("replay --source logs");
    insta::assert_snapshot!(all.all(), @r#"
    --- standard error
    error: unknown key `severty` in `[alert]`
     --> [folder]/queries/mine.toml:5:1
      |
    5 | severty = "critical"
      | ^^^^^^^
    hint: did you mean `severity`?
    error: `severity` is missing
     --> [folder]/queries/mine.toml:4:1
      |
    4 | [alert]
      | ^^^^^^^
    --- exit 2
    "#);
    let named = broken.run("replay --source logs --rule mine");
    assert_eq!((named.code, &named.err), (2, &all.err));
    let other = broken.run("replay --source logs --rule batch-failures");
    assert_eq!(other.code, 0, "{}", other.err);
}

#[test]
fn a_broken_query_that_alerts_nobody_keeps_no_alert_back() {
    let broken = logs()
        .file("logq.toml", "")
        .file("queries/mine.toml", "title = \"Mine\"\nqery = 'limit 1'\n");
    let ended = broken.run("replay --source logs");
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn one_traceback_of_a_plain_file_is_one_alert() {
    let other = r#"{"created":1795402799,"levelname":"ERROR","name":"core","message":"no room"}"#;
    let plain = Logq::new().file("app.log", format!("{other}\n{FAILED}"));
    let ended = plain.run("replay --source app.log");
    let alerts: Vec<&str> = ended
        .out
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("  logq"))
        .collect();
    assert_eq!(
        alerts,
        [
            "  New error: no room",
            "  app failed after 1 s: KeyError: 'price' in sync_rates (booking/sync.py:88)",
        ],
        "{}",
        ended.all()
    );
}

#[test]
fn an_alert_of_lines_without_a_time_shows_none() {
    let text = "Traceback (most recent call last):\n  File \"/app/core/views.py\", line 22, in show\n    \
                find()\nKeyError: 'price'\n";
    let logs = Logq::new().file("logs/ecs/production-webapp/ecs/web/1.log", text);
    let shown = logs.run("replay --source logs --full");
    assert!(
        shown
            .out
            .starts_with("time unknown  error  production  webapp\n"),
        "{}",
        shown.all()
    );
    assert!(!shown.out.contains("1970"), "{}", shown.all());
    let json = logs.run("replay --source logs -o ndjson").out;
    assert!(!json.contains("first_timestamp"), "{json}");
}

#[test]
fn a_broken_file_in_the_place_of_an_alert_takes_it_away_for_nobody() {
    let logs = Logq::new()
        .file("logq.toml", "")
        .file(
            "queries/batch-failures.toml",
            "title = \"Ours\"\nfrom = \"runs\"\nqeury = 'limit 1'\n",
        )
        .file("logs/a.log", "x\n");
    let ended = logs.run("replay --source logs -q");
    assert_eq!(ended.code, 2, "{}", ended.all());
    assert!(ended.err.contains("unknown key `qeury`"), "{}", ended.err);
}

#[test]
fn alerts_are_told_in_the_language_of_the_configuration() {
    let text = "{\"created\": 1795402803, \"levelname\": \"ERROR\", \"message\": \"no room\"}\n";
    let logs = Logq::new()
        .file("logq.toml", "[alerts]\nlanguage = \"ja\"\n")
        .file("logs/ecs/production-webapp/ecs/web/1.log", text);
    let shown = logs.run("replay --source logs --full").out;
    assert!(shown.contains("webapp で新しいエラー: no room"), "{shown}");
    assert!(shown.contains("  表示     logq errors"), "{shown}");
    let json = logs.run("replay --source logs -o ndjson").out;
    assert!(json.contains(r#""language":"ja""#), "{json}");
}
