//! Input that is broken, hostile or enormous: nothing else is lost by it, and the exit code says what happened.

use std::io::Write as _;
use std::process::Stdio;

use crate::logq::Logq;

const GOOD: &str =
    r#"{"created": 1795406400.5, "levelname": "ERROR", "name": "booking", "message": "kept"}"#;

/// Returns how many events of a file's text are read, whatever they are.
fn events(text: impl AsRef<[u8]>) -> String {
    let ended = Logq::new()
        .file("app.log", text)
        .run("query 'stats count(*) as n' --source app.log -o csv");
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.lines().nth(1).unwrap_or("none").to_owned()
}

/// Returns how many ERROR records a folder's files hold, and how reading them ended.
fn errors_in(logq: &Logq) -> (usize, i32, String) {
    let ended = logq.run("filter '{ $.levelname = \"ERROR\" }' --source logs -o raw");
    (ended.out.lines().count(), ended.code, ended.err)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(text.as_bytes())
        .expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

#[test]
fn no_line_is_lost_however_broken() {
    let deep = "[".repeat(100_000);
    let long = format!(r#"{{"message": "{}"}}"#, "x".repeat(1 << 20));
    let lines = [
        "not JSON",
        r#"{"levelname": "ERROR", "message": "cut in the mid"#,
        r#"{"levelname": "ERROR", "n": NaN, "i": 1180591620717411303424}"#,
        r#"{"levelname": "INFO", "levelname": "ERROR"}"#,
        r#"{"levelname": "ERROR", "message": "lone \ud83d"}"#,
        &deep,
        &long,
        "\u{1b}[31m<!channel>\u{0}",
        GOOD,
    ];
    assert_eq!(events(lines.join("\n")), lines.len().to_string());
    assert_eq!(
        events([b"\xff\xfe\n".as_slice(), GOOD.as_bytes()].concat()),
        "2"
    );
    let logq = Logq::new().file("logs/app.log", lines.join("\n"));
    let said = "logq: warning: 1 record is broken and read as far as possible: 1 ends too early\n";
    assert_eq!(errors_in(&logq), (4, 0, said.to_owned()));
}

#[test]
fn control_characters_reach_no_terminal_and_formulas_no_spreadsheet() {
    let record = r#"{"message": "=cmd|' /C calc'!A0 \u001b]0;title\u0007 \u009b2J \u202e"}"#;
    let logq = Logq::new().file("app.log", format!("{record}\n"));
    let table = logq.run("query 'display message' --source app.log").out;
    assert!(
        !table.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
        "{table}"
    );
    assert!(table.contains("\\x1b"), "{table}");
    let csv = logq
        .run("query 'display message' --source app.log -o csv")
        .out;
    assert!(
        csv.lines()
            .nth(1)
            .is_some_and(|line| line.trim_start_matches('"').starts_with("'=")),
        "{csv}"
    );
    let raw = logq.run("filter '' --source app.log -o raw").out;
    assert_eq!(raw, format!("{record}\n"));
}

#[test]
fn a_torn_archive_costs_its_own_end_only() {
    let many = format!("{GOOD}\n").repeat(2_000);
    let mut torn = gzip(&many);
    torn.truncate(torn.len() / 2);
    let logq = Logq::new()
        .file("logs/a.log.gz", &torn)
        .file("logs/b.log", format!("{GOOD}\n"));
    let (errors, code, said) = errors_in(&logq);
    assert!(errors > 1, "{errors}");
    assert_eq!(code, 1);
    assert!(
        said.contains("a.log.gz") && said.contains("hint: "),
        "{said}"
    );
}

#[test]
fn what_follows_an_archive_is_told_and_the_archive_read() {
    let mut archive = gzip(&format!("{GOOD}\n"));
    archive.extend_from_slice(b"garbage behind");
    let logq = Logq::new()
        .file("logs/a.log.gz", &archive)
        .file("logs/b.log", format!("{GOOD}\n"));
    let (errors, code, said) = errors_in(&logq);
    assert_eq!((errors, code), (2, 1), "{said}");
    assert!(said.contains("a.log.gz"), "{said}");
}

#[test]
fn several_members_of_an_archive_are_one_file() {
    let archive = [gzip(&format!("{GOOD}\n")), gzip(&format!("{GOOD}\n"))].concat();
    let (errors, code, said) = errors_in(&Logq::new().file("logs/a.log.gz", archive));
    assert_eq!((errors, code, said.as_str()), (2, 0, ""));
}

#[test]
fn nothing_to_read_is_said() {
    let empty = Logq::new().file("logs/app.log", "");
    let ended = empty.run("errors --source logs");
    assert_eq!((ended.code, ended.out.as_str()), (0, ""));
    assert!(ended.err.contains("empty"), "{}", ended.err);
    let none = Logq::new().file("logs/photo.png", [0x89, b'P', b'N', b'G']);
    let ended = none.run("errors --source logs");
    assert!(ended.err.contains("no log files"), "{}", ended.err);
    let ended = Logq::new().run("errors --source nowhere");
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("nowhere"), "{}", ended.err);
}

#[test]
fn forms_are_told_apart_file_by_file() {
    let envelope = r#"{"timestamp": 1795406400500, "message": "{\"levelname\": \"ERROR\"}", "logStream": "ecs/batch/1"}"#;
    let answer = r#"{"events": [{"timestamp": 1795406400500, "message": "{\"levelname\": \"ERROR\"}", "logStreamName": "s", "eventId": "1"}]}"#;
    let export = r#"2026-11-23T04:00:00.500Z {"levelname": "ERROR"}"#;
    let logq = Logq::new()
        .file("logs/a.log", format!("{GOOD}\n"))
        .file("logs/b.json", format!("{envelope}\n"))
        .file("logs/c.json", answer)
        .file("logs/d.log", format!("{export}\n"))
        .file("logs/e.log.gz", gzip(&format!("{envelope}\n")));
    assert_eq!(errors_in(&logq), (5, 0, String::new()));
}

/// Runs the program with so little memory to address that it cannot hold what is written to it.
fn with_little_memory(
    arguments: &[&str],
    write: impl FnOnce(&mut dyn std::io::Write),
) -> (i32, String) {
    let logq = Logq::new();
    let program = logq.command();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "ulimit -v 300000; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(arguments);
    shell
        .args(["--source", "-", "--threads", "1"])
        .env_clear()
        .env("TZ", "UTC");
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = shell.spawn().expect("a shell runs");
    let mut input = std::io::BufWriter::with_capacity(1 << 16, child.stdin.take().expect("piped"));
    write(&mut input);
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn a_line_without_end_takes_no_memory_without_end() {
    let (code, out) = with_little_memory(
        &[
            "query",
            "filter @message like \"kept\" | stats count(*) as n",
            "-o",
            "csv",
        ],
        |input| {
            let piece = vec![b'x'; 1 << 16];
            for _ in 0..(400 << 20) / piece.len() {
                input.write_all(&piece).expect("the program reads on");
            }
            write!(input, "\n{GOOD}\n").expect("the program reads on");
        },
    );
    assert_eq!((code, out.as_str()), (0, "n\n1\n"));
}

#[test]
fn many_streams_take_no_memory_unless_they_are_asked_for() {
    let write = |input: &mut dyn std::io::Write| {
        for number in 0..200_000 {
            writeln!(
                input,
                r#"{{"timestamp": 1795406400500, "message": "ok {number}", "logGroup": "/ecs/production-web", "logStream": "ecs/web/{number:032x}"}}"#
            )
            .expect("the program reads on");
        }
    };
    for (query, expected) in [
        ("stats count(*) as n", "n\n200000\n"),
        ("filter @level = \"ERROR\" | stats count(*) as n", "n\n"),
    ] {
        let (code, out) = with_little_memory(&["query", query, "-o", "csv"], write);
        assert_eq!((code, out.as_str()), (0, expected), "{query}");
    }
}

#[test]
fn a_file_that_grows_or_shrinks_while_it_is_read_is_no_trouble() {
    let line = format!("{GOOD}\n");
    for grows in [true, false] {
        let logq = Logq::new().file("logs/app.log", line.repeat(50_000));
        let path = logq.path().join("logs/app.log");
        let writer = std::thread::spawn(move || {
            for _ in 0..200 {
                let file = std::fs::OpenOptions::new()
                    .append(true)
                    .open(&path)
                    .expect("it is there");
                if grows {
                    (&file)
                        .write_all(GOOD.as_bytes())
                        .expect("it can be written");
                    (&file).write_all(b"\n").expect("it can be written");
                } else {
                    file.set_len(file.metadata().expect("it is there").len() / 2)
                        .expect("it can be cut");
                }
            }
        });
        let (errors, code, said) = errors_in(&logq);
        writer.join().expect("it wrote");
        assert!(code <= 1 && !said.contains("panic"), "{code} {said}");
        assert!(!grows || (errors >= 50_000 && code == 0), "{errors} {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_left_out_and_counted() {
    let logs = Logq::new().file("logs/a.log", "{\"message\": \"x\"}\n");
    let made = std::process::Command::new("mkfifo")
        .arg(logs.path().join("logs/pipe"))
        .status()
        .expect("mkfifo starts");
    assert!(made.success());
    let ended = logs.run("filter x --source logs -o raw");
    assert_eq!(ended.out, "{\"message\": \"x\"}\n");
    assert!(
        ended
            .err
            .contains("left out of the folder: 1 pipe, socket or device"),
        "{}",
        ended.err
    );
}

#[test]
fn a_broken_record_is_read_as_far_as_it_goes_and_counted() {
    let text = "{\"created\": 1795402803, \"levelname\": \"ERROR\", \"message\": \"broken\n\
                {\"created\": 1795402804, \"levelname\": \"ERROR\", \"message\": \"whole\"}\n\
                {braces} are no record\n";
    let logs = Logq::new().file("app.log", text);
    let rows = logs
        .run("query 'display levelname, message | sort @timestamp asc' --source app.log -o csv");
    assert_eq!(
        rows.out,
        "levelname,message\nERROR,\nERROR,whole\n,\n",
        "{}",
        rows.all()
    );
    assert!(
        rows.err
            .contains("warning: 1 record is broken and read as far as possible: 1 ends too early"),
        "{}",
        rows.err
    );
}

#[test]
fn broken_records_are_counted_once_by_whatever_reads_records() {
    let text = "{\"created\": 1795402803, \"levelname\": \"ERROR\", \"message\": \"cut\n\
                {\"created\": 1795402804, \"levelname\": \"ERROR\", \"message\": whole}\n\
                {\"created\": 1795402805, \"levelname\": \"INFO\", \"message\": \"well\"}\n";
    let logs = Logq::new().file("batch/1.log", text);
    let said = "logq: warning: 2 records are broken and read as far as possible: 1 ends too early, \
                1 stops being JSON before its end";
    for ask in [
        "filter '{ $.levelname = \"*\" }'",
        "filter ERROR",
        "query 'fields message'",
        "query 'fields @error.type'",
        "batch-runs",
        "replay",
        "show 1",
    ] {
        let ended = logs.run(&format!("{ask} --source ."));
        assert_eq!(ended.err.matches(said).count(), 1, "{ask}: {}", ended.err);
        let quiet = logs.run(&format!("{ask} --source . -q"));
        assert_eq!(quiet.err, "", "{ask}");
    }
}

#[test]
fn an_asctime_in_another_zone_is_told_where_nobody_asks_for_times_too() {
    let line =
        r#"{"created": 1600000000.25, "asctime": "2020-09-13 12:26:40,250", "levelname": "ERROR"}"#;
    let logs = Logq::new()
        .variable("LOGQ_NOW", "")
        .file("app.log", format!("{line}\n{line}\n"));
    let ended = logs.run("query 'stats count(*) by levelname' --source app.log");
    assert!(ended.err.contains("all times"), "{}", ended.err);
    let said = "`asctime`, read as JST, is 9 h behind the events' own times";
    assert_eq!(ended.err.matches(said).count(), 1, "{}", ended.err);
}

#[test]
fn an_asctime_in_another_zone_than_expected_is_told_once_with_its_mend() {
    // The application runs in UTC, while the clock of the tests is in Tokyo.
    let line = |number: u32| {
        format!(
            "{{\"created\": {}.25, \"asctime\": \"2026-11-23 03:00:{number:02},250\", \
              \"levelname\": \"ERROR\", \"message\": \"x\"}}\n",
            1_795_402_800 + number
        )
    };
    let text: String = (0..20).map(line).collect();
    let logs = Logq::new().file("batch/1.log", &text);
    let said = "logq: warning: `asctime`, read as JST, is 9 h behind the events' own times: the application's \
                clock is at +00:00; set `timezone` in logq.toml to its zone\n";
    for ask in [
        "filter ERROR",
        "query 'fields message'",
        "batch-runs",
        "replay",
        "show 1",
    ] {
        let ended = logs.run(&format!("{ask} --source ."));
        assert_eq!(ended.err.matches(said).count(), 1, "{ask}: {}", ended.err);
        let quiet = logs.run(&format!("{ask} --source . -q"));
        assert!(!quiet.err.contains("asctime"), "{ask}: {}", quiet.err);
    }
    let mended = logs.file("logq.toml", "timezone = \"UTC\"\n");
    let ended = mended.run("filter ERROR --source .");
    assert!(!ended.err.contains("asctime"), "{}", ended.err);
}
