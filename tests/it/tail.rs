//! `logq tail` on files that grow and on standard input.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::following::Following;
use crate::logq::Logq;

fn project() -> Logq {
    Logq::new().variable("LOGQ_NOW", "").file(
        "app.log",
        "{\"levelname\": \"ERROR\", \"message\": \"before\"}\n",
    )
}

fn append(logq: &Logq, text: &str) {
    let path = logq.path().join("app.log");
    let file = OpenOptions::new().append(true).create(true).open(path);
    let mut file = file.expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}

/// Appends until the program, which may not have opened the file yet, has seen some of it.
fn is_followed(logq: &Logq, tail: &Following<'_>) {
    tail.says("reading");
    let mut count = 0;
    while tail.out_is_empty() {
        append(
            logq,
            &format!("{{\"levelname\": \"ERROR\", \"message\": \"probe {count}\"}}\n"),
        );
        count += 1;
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn what_is_appended_is_printed_and_a_rotation_is_followed() {
    let logq = project();
    let tail = Following::start(
        &logq,
        "tail '{ $.levelname = ERROR }' --source app.log -o raw -v",
    );
    is_followed(&logq, &tail);
    append(
        &logq,
        "{\"levelname\": \"INFO\"}\n{\"levelname\": \"ERROR\", \"n\": 1}\n",
    );
    tail.until("the first", || {
        tail.has("{\"levelname\": \"ERROR\", \"n\": 1}")
    });
    let moved = logq.path().join("app.log.1");
    std::fs::rename(logq.path().join("app.log"), moved).expect("moved");
    append(&logq, "{\"levelname\": \"ERROR\", \"n\": 2}\n");
    tail.until("the second", || {
        tail.has("{\"levelname\": \"ERROR\", \"n\": 2}")
    });
    let ended = tail.interrupt();
    assert_eq!(ended.code, 130);
    assert!(!ended.out.contains("before"), "{}", ended.out);
    assert!(!ended.out.contains("INFO"), "{}", ended.out);
    assert!(
        ended.err.contains("logq: interrupted after "),
        "{}",
        ended.err
    );
}

#[test]
fn with_since_a_file_is_read_from_its_beginning() {
    let at = jiff::Timestamp::now().as_millisecond();
    let line = |ago: i64, text: &str| {
        format!("{{\"timestamp\": {}, \"message\": \"{text}\"}}\n", at - ago)
    };
    let text = line(3_600_000, "too old") + &line(60_000, "recent");
    let logq = project().file("app.log", text);
    let tail = Following::start(&logq, "tail --since 10m --source app.log -o raw");
    assert_eq!(tail.lines(1), ["recent"]);
    append(&logq, &line(0, "new"));
    assert_eq!(tail.lines(2), ["recent", "new"]);
    assert_eq!(tail.interrupt().code, 130);
}

#[test]
fn standard_input_is_followed_to_its_end() {
    let logq = project();
    let mut tail = Following::piped(&logq, "tail ERROR -o raw");
    tail.write("ERROR one\nfine\n");
    assert_eq!(tail.lines(1), ["ERROR one"]);
    tail.write("ERROR two\n");
    assert_eq!(tail.lines(2), ["ERROR one", "ERROR two"]);
    tail.end_input();
    let ended = tail.end();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("logq: 2 events in "), "{}", ended.err);
    let empty = project().piped("").run("tail ERROR");
    assert_eq!(empty.code, 2, "{}", empty.err);
}

#[test]
fn a_limit_and_a_time_out_end_it() {
    let logq = project();
    let mut tail = Following::piped(&logq, "tail ERROR -o ndjson --limit 1 --fail-on-match");
    tail.write("ERROR one\nERROR two\n");
    let ended = tail.end();
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert_eq!(ended.out.lines().count(), 1, "{}", ended.out);
    assert!(ended.err.contains("stopped after 1 event"), "{}", ended.err);
    let quiet = logq.run("tail ERROR --source app.log --timeout 300ms --fail-on-empty");
    assert_eq!(quiet.code, 3, "{}", quiet.err);
    assert!(quiet.err.contains("0 events in "), "{}", quiet.err);
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let logq = project();
    let mut child = logq
        .command()
        .args(["tail", "-o", "raw", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    input.write_all(b"one\n").expect("it reads");
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    drop(reader);
    // Though nothing more comes, and its input goes on.
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    assert_eq!((line.as_str(), output.status.code()), ("one\n", Some(0)));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_cannot_be_followed_is_refused_with_a_reason() {
    let logq = project()
        .file("old.gz", [0x1f, 0x8b, 8, 0])
        .file("logs/a.log", "one\n");
    let fails = |arguments: &str| {
        let ended = logq.run(arguments);
        assert!(ended.out.is_empty(), "{}", ended.out);
        ended.all()
    };
    insta::assert_snapshot!(fails("tail --dry-run"), @r"
    --- standard error
    error: `logq tail` has no `--dry-run`
    hint: `--poll` costs nothing; `logq doctor` says what may be followed
    --- exit 2
    ");
    insta::assert_snapshot!(fails("tail --until 1h --source app.log"), @r"
    --- standard error
    error: `logq tail` prints what is still to come, so `--until` has no use
    hint: `logq filter` prints a window; `--timeout 10m` ends a tail
    --- exit 2
    ");
    insta::assert_snapshot!(fails("tail --now 2026-11-20 --source app.log"), @r"
    --- standard error
    error: nothing can be followed as of another time
    hint: leave `--now` and LOGQ_NOW out; `logq filter` prints what was logged
    --- exit 2
    ");
    insta::assert_snapshot!(fails("tail -o json --source app.log"), @r"
    --- standard error
    error: `json` is one document, which has no end here
    hint: one object a line: -o ndjson
    --- exit 2
    ");
    insta::assert_snapshot!(fails("tail --poll --source app.log"), @r"
    --- standard error
    error: only CloudWatch Logs is polled
    hint: leave `--poll` out
    --- exit 2
    ");
    insta::assert_snapshot!(fails("tail --source logs"), @r"
    --- standard error
    error: `logs` is a folder, and only files can be followed
    hint: name its files, `--source` for each
    --- exit 2
    ");
    insta::assert_snapshot!(fails("tail --source old.gz"), @r"
    --- standard error
    error: cannot open `old.gz`
      cause: it is compressed, and what is compressed does not grow
    --- exit 1
    ");
    insta::assert_snapshot!(fails("tail '{ $.a = }' --source app.log"), @r#"
    --- standard error
    error: the comparison has no value
     --> <pattern>:1:8
      |
    1 | { $.a = }
      |        ^ a value expected here
    hint: write a value such as `ERROR`, `"two words"` or `404`
    --- exit 2
    "#);
}
