//! `logq filter`: events from files and pipes, in every format.

use crate::logq::Logq;

const LINES: &str = r#"{"asctime":"2026-11-23 12:00:00,123","levelname":"INFO","name":"booking.sync","message":"start","duration_ms":12}
{"asctime":"2026-11-23 12:00:01,500","levelname":"ERROR","name":"booking.sync","message":"予約を同期できません","exc_info":"Traceback (most recent call last):\n  File \"/app/x.py\", line 1, in f\nKeyError: 'price'"}
{"asctime":"2026-11-23 12:00:02,000","levelname":"ERROR","name":"billing","message":"\u001b[31mred\u001b[0m","user":{"id":7}}
"#;

fn logs() -> Logq {
    Logq::new().file("app.log", LINES)
}

const ERRORS: &str = "filter '{ $.levelname = \"ERROR\" }' --source app.log";

#[test]
fn people_get_lines() {
    insta::assert_snapshot!(logs().run(ERRORS).all(), @r#"
    2026-11-23 12:00:01.500 ERROR    booking.sync: 予約を同期できません
        Traceback (most recent call last):
          File "/app/x.py", line 1, in f
        KeyError: 'price'
    2026-11-23 12:00:02.000 ERROR    billing: \x1b[31mred\x1b[0m  user={"id":7}
    --- standard error
    logq: 2 events; until 2026-11-23 13:04:05 JST; times are JST
    --- exit 0
    "#);
}

#[test]
fn programs_get_what_they_ask_for() {
    insta::assert_snapshot!(logs().run(&format!("{ERRORS} -o ndjson")).all(), @r#"
    {"@timestamp":"2026-11-23T03:00:01.500Z","@logStream":"app","@message":"{\"asctime\":\"2026-11-23 12:00:01,500\",\"levelname\":\"ERROR\",\"name\":\"booking.sync\",\"message\":\"予約を同期できません\",\"exc_info\":\"Traceback (most recent call last):\\n  File \\\"/app/x.py\\\", line 1, in f\\nKeyError: 'price'\"}"}
    {"@timestamp":"2026-11-23T03:00:02.000Z","@logStream":"app","@message":"{\"asctime\":\"2026-11-23 12:00:02,000\",\"levelname\":\"ERROR\",\"name\":\"billing\",\"message\":\"\\u001b[31mred\\u001b[0m\",\"user\":{\"id\":7}}"}
    --- exit 0
    "#);
    insta::assert_snapshot!(logs().run(&format!("{ERRORS} -o csv")).all(), @r#"
    @timestamp,@log,@logStream,@message
    2026-11-23T03:00:01.500Z,,app,"{""asctime"":""2026-11-23 12:00:01,500"",""levelname"":""ERROR"",""name"":""booking.sync"",""message"":""予約を同期できません"",""exc_info"":""Traceback (most recent call last):\n  File \""/app/x.py\"", line 1, in f\nKeyError: 'price'""}"
    2026-11-23T03:00:02.000Z,,app,"{""asctime"":""2026-11-23 12:00:02,000"",""levelname"":""ERROR"",""name"":""billing"",""message"":""\u001b[31mred\u001b[0m"",""user"":{""id"":7}}"
    --- exit 0
    "#);
    insta::assert_snapshot!(logs().run(&format!("{ERRORS} -o json")).all(), @r#"
    {"schema":"logq.rows.v1","query":"{ $.levelname = \"ERROR\" }","window":{"since":null,"until":"2026-11-23T04:04:05.000Z"},"complete":true,"truncated":false,"rows":[
    {"@timestamp":"2026-11-23T03:00:01.500Z","@log":null,"@logStream":"app","@message":"{\"asctime\":\"2026-11-23 12:00:01,500\",\"levelname\":\"ERROR\",\"name\":\"booking.sync\",\"message\":\"予約を同期できません\",\"exc_info\":\"Traceback (most recent call last):\\n  File \\\"/app/x.py\\\", line 1, in f\\nKeyError: 'price'\"}"},
    {"@timestamp":"2026-11-23T03:00:02.000Z","@log":null,"@logStream":"app","@message":"{\"asctime\":\"2026-11-23 12:00:02,000\",\"levelname\":\"ERROR\",\"name\":\"billing\",\"message\":\"\\u001b[31mred\\u001b[0m\",\"user\":{\"id\":7}}"}]}
    --- exit 0
    "#);
}

#[test]
fn raw_is_the_bytes_of_the_input() {
    let ended = logs().run("filter INFO --source app.log -o raw");
    assert_eq!(
        ended.out,
        LINES.lines().next().expect("a line").to_owned() + "\n"
    );
}

#[test]
fn a_limit_that_cuts_says_so() {
    insta::assert_snapshot!(logs().run(&format!("{ERRORS} --limit 1 -o raw -q")).code, @r#"0"#);
    insta::assert_snapshot!(logs().run(&format!("{ERRORS} --limit 1")).err, @r#"logq: stopped after 1 event; --limit 0 shows all; until 2026-11-23 13:04:05 JST"#);
    assert_eq!(
        logs()
            .run(&format!("{ERRORS} --limit 0 -o raw"))
            .out
            .lines()
            .count(),
        2
    );
}

#[test]
fn the_window_is_half_open() {
    let ended =
        logs().run("filter '\"\"' --source app.log --since 12:00:00.123 --until 12:00:02 -o raw");
    assert_eq!(ended.out.lines().count(), 2, "{}", ended.err);
}

#[test]
fn no_match_says_what_was_searched() {
    let ended = logs().run("filter xyzzy --source app.log --since yesterday");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    logq: no event matches in app.log, 2026-11-22 00:00:00 to 2026-11-23 13:04:05 JST; 1 file, 466 bytes read
    --- exit 0
    "#);
}

#[test]
fn checks_end_with_three() {
    assert_eq!(logs().run(&format!("{ERRORS} --fail-on-match")).code, 3);
    assert_eq!(logs().run(&format!("{ERRORS} --fail-on-empty")).code, 0);
    assert_eq!(
        logs()
            .run("filter xyzzy --source app.log --fail-on-empty")
            .code,
        3
    );
    assert_eq!(
        logs()
            .run("filter xyzzy --source app.log --fail-on-match")
            .code,
        0
    );
}

#[test]
fn a_pipe_is_read_without_being_named() {
    let ended = Logq::new().piped(LINES).run("filter billing -o raw");
    assert_eq!(ended.out.lines().count(), 1, "{}", ended.err);
    let ended = Logq::new()
        .piped(LINES)
        .run("filter billing -o raw --source -");
    assert_eq!(ended.out.lines().count(), 1, "{}", ended.err);
}

#[test]
fn an_empty_pipe_that_nobody_named_is_an_error() {
    insta::assert_snapshot!(Logq::new().piped("").run("filter billing").all(), @r#"
    --- standard error
    error: standard input is empty, and no other source was named
    hint: name a file or folder of logs: --source PATH, or `--source -` when empty input is fine
    --- exit 2
    "#);
    let ended = Logq::new().piped("").run("filter billing --source -");
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn a_source_that_is_not_there_is_an_error() {
    insta::assert_snapshot!(Logq::new().run("filter x --source no/such").all(), @r#"
    --- standard error
    error: there is no file or folder `no/such`
    hint: check `--source`
    --- exit 2
    "#);
}

#[test]
fn what_cannot_be_read_makes_the_answer_incomplete() {
    let logq = logs().file(
        "broken.log.gz",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x02",
    );
    let ended = logq.run(&format!(
        "{ERRORS} --source broken.log.gz -o raw --fail-on-match"
    ));
    assert_eq!(
        ended.out.lines().count(),
        2,
        "the rest is read all the same"
    );
    assert_eq!(
        ended.code, 1,
        "incomplete beats a check that fired: {}",
        ended.err
    );
    assert!(ended.err.contains("broken.log.gz"), "{}", ended.err);
}

#[test]
fn the_environment_names_source_and_format() {
    let logq = logs()
        .variable("LOGQ_SOURCE", "app.log")
        .variable("LOGQ_OUTPUT", "ndjson");
    let ended = logq.run("filter billing");
    assert!(ended.out.starts_with('{'), "{}", ended.err);
}

#[test]
fn flags_stand_before_or_after_the_command() {
    let after = logs().run(&format!("{ERRORS} -o ndjson"));
    let before = logs().run(&format!("-o ndjson {ERRORS}"));
    assert_eq!(before.out, after.out);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let logq = Logq::new().file("app.log", LINES.repeat(20_000));
    let mut child = logq
        .command()
        .args(["filter", "\"\"", "--source", "app.log", "-o", "raw"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("piped"))
        .read_line(&mut first)
        .expect("a line");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn events_without_a_time_show_none_and_are_counted_where_a_window_leaves_them_out() {
    let logs = Logq::new().file("plain.log", "one\ntwo\n");
    let windowed = logs.run("filter ' ' --source plain.log --since 1h");
    assert_eq!(windowed.out, "");
    assert!(
        windowed
            .err
            .contains("2 events have no time and are left out by the window"),
        "{}",
        windowed.err
    );
    let asked = logs.run("query 'filter @message like /o/' --source plain.log --since 1h");
    assert!(asked.err.contains("2 events have no time"), "{}", asked.err);
    let all = "--source plain.log";
    let people = logs.run(&format!("filter one {all}"));
    assert_eq!(
        people.out.split_whitespace().collect::<Vec<_>>(),
        ["-", "one"]
    );
    let lines = logs.run(&format!("filter one {all} -o ndjson"));
    assert!(
        lines.out.starts_with(r#"{"@logStream":"plain","#),
        "{}",
        lines.out
    );
    let document = logs.run(&format!("filter one {all} -o json")).out;
    let nothing = r#"{"@timestamp":null,"@log":null,"@logStream":"plain","#;
    assert!(document.contains(nothing), "{document}");
    let rows = logs.run(&format!("query 'limit 1' {all} -o json"));
    assert!(!rows.out.contains("1970"), "{}", rows.out);
    let runs = logs.run(&format!("batch-runs {all} -o json"));
    assert!(!runs.out.contains("1970"), "{}", runs.out);
}
