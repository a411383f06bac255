use super::*;
use crate::event::{Event, Origin};
use crate::record::Record;
use crate::time::Timestamp;

/// Reads lines of the same stream; each is `+MILLIS text` with the time since the line before.
fn read(lines: &[&str]) -> Reading {
    let origin = Origin::default();
    let mut transcript = Transcript::default();
    let mut timestamp = 0;
    for line in lines {
        let (after, message) = match line.strip_prefix('+') {
            Some(rest) => rest.split_once(' ').expect("a blank follows the number"),
            None => ("0", *line),
        };
        timestamp += after.parse::<i64>().expect("a number follows the plus");
        let event = Event {
            timestamp: Timestamp(timestamp),
            ingestion: None,
            message: message.as_bytes(),
            origin: &origin,
            id: None,
        };
        transcript.observe(&Record::new(event), None);
    }
    Reading::of(&transcript, &AppRoots::default(), Some("batch"))
}

const INFO: &str = r#"+500 {"levelname": "INFO", "name": "a", "message": "going on"}"#;
const CRASH: [&str; 4] = [
    "Traceback (most recent call last):",
    "  File \"/app/manage.py\", line 22, in <module>",
    "  File \"/app/core/x.py\", line 3, in f",
    "KeyError: 'price'",
];

fn end_of(lines: &[&str]) -> Option<Class> {
    read(lines).end().map(|end| end.class)
}

#[test]
fn an_exception_that_left_the_program_is_its_end() {
    let reading = read(&CRASH);
    let end = reading.end().expect("it crashed");
    assert_eq!(
        (end.class, end.error.kind.as_str()),
        (Class::Crash, "KeyError")
    );
    assert_eq!(end.script, "/app/manage.py");
}

#[test]
fn text_may_follow_a_crash_but_not_records() {
    let with = |line| end_of(&[&CRASH[..], &[line]].concat());
    assert_eq!(with("+900 finished"), Some(Class::Crash));
    assert_eq!(with("\rimporting 32%"), Some(Class::Crash));
    assert_eq!(with(INFO), None);
    assert_eq!(with("+900 Operations to perform:"), None, "a retry");
    assert_eq!(
        with(r#"+9 {"levelname": "INFO", "message": "bye"}"#),
        Some(Class::Crash),
        "an exit handler"
    );
}

#[test]
fn what_was_caught_or_belongs_to_a_child_is_no_end() {
    let caught = [
        "Traceback (most recent call last):",
        "  File \"/app/x.py\", line 3, in f",
        "KeyError: 1",
    ];
    assert_eq!(end_of(&caught), None);
    let child = [
        "Traceback (most recent call last):",
        "  File \"<string>\", line 1, in <module>",
        "KeyError: 1",
    ];
    assert_eq!(end_of(&child), None);
    let ignored = [&["Exception ignored in atexit callback: <f>"][..], &CRASH].concat();
    assert_eq!(end_of(&ignored), None);
}

#[test]
fn a_refusal_is_the_last_word() {
    assert_eq!(end_of(&[INFO, "CommandError: no"]), Some(Class::Refusal));
    assert_eq!(end_of(&["CommandError: no", INFO]), None);
    assert_eq!(
        end_of(&[INFO, "ERROR summary: 0", "CommandError: none"]),
        None,
        "in the middle of output"
    );
    assert_eq!(
        end_of(&[
            "usage: emit.py [-h] path",
            "emit.py: error: path is required"
        ]),
        Some(Class::Refusal)
    );
    assert_eq!(end_of(&["emit.py: error: quoted"]), None);
}

#[test]
fn a_hook_logs_a_crash_but_not_every_record_is_a_hooks() {
    let record = |message: &str, file: &str| {
        format!(
            "{{\"levelname\": \"CRITICAL\", \"message\": \"{message}\", \"exc_info\": \"Traceback (most recent call \
             last):\\n  File \\\"{file}\\\", line 2, in <module>\\nKeyError: 1\"}}"
        )
    };
    assert_eq!(
        end_of(&[&record("oh", "/app/manage.py")]),
        Some(Class::LoggedCrash)
    );
    assert_eq!(
        end_of(&[&record("Uncaught exception", "/app/emit.py")]),
        Some(Class::LoggedCrash)
    );
    assert_eq!(end_of(&[&record("shape 3", "/app/emit.py")]), None);
}

#[test]
fn a_text_log_line_has_the_traceback_that_follows_it() {
    let reading = read(&[
        "[2026-11-23 13:28:47,759: ERROR/a.b] could not import",
        "Traceback (most recent call last):",
        "  File \"/app/x.py\", line 3, in f",
        "KeyError: 1",
    ]);
    assert_eq!(reading.troubles.len(), 1);
    let error = &reading.troubles[0].error;
    assert_eq!(
        (error.kind.as_str(), error.logger.as_deref()),
        ("KeyError", Some("a.b"))
    );
}

#[test]
fn the_module_names_the_migration_only_while_it_runs() {
    let failed = |function: &str| {
        let frame =
            format!("  File \"/usr/lib/django/db/migrations/executor.py\", line 3, in {function}");
        let reading = read(&[
            CRASH[0],
            CRASH[1],
            "  File \"/usr/lib/django/core/management/commands/migrate.py\", line 3, in handle",
            &frame,
            "  File \"/app/rates/migrations/0006_x.py\", line 3, in forwards",
            "KeyError: 1",
        ]);
        reading.migration.and_then(|migration| migration.failed)
    };
    assert_eq!(failed("apply_migration").as_deref(), Some("rates.0006_x"));
    assert_eq!(failed("__init__"), None);
}

#[test]
fn the_error_that_says_most_is_found() {
    let main = |lines: &[&str]| {
        read(lines)
            .main_trouble()
            .map(|trouble| trouble.error.headline())
    };
    let record = r#"{"levelname": "ERROR", "name": "a", "message": "page 3 failed"}"#;
    let caught = [
        "Traceback (most recent call last):",
        "  File \"/app/x.py\", line 3, in f",
        "KeyError: 1",
    ];
    assert_eq!(
        main(&[&[record][..], &CRASH].concat()).as_deref(),
        Some("KeyError: 'price'")
    );
    assert_eq!(
        main(&[&["+1 x"][..], &caught, &[INFO, record]].concat()).as_deref(),
        Some("page 3 failed")
    );
    assert_eq!(main(&caught).as_deref(), Some("KeyError: 1"));
    assert_eq!(main(&[INFO]), None);
}

#[test]
fn a_refusal_that_was_talked_over_much_later_is_no_end() {
    let refused = "CommandError: nothing to do";
    assert_eq!(
        end_of(&[refused, "+50 left in a buffer"]),
        Some(Class::Refusal)
    );
    assert_eq!(end_of(&[refused, "+1500 27 sent"]), None);
    assert_eq!(
        end_of(&[refused, "+1500   Applying a.0001_x..."]),
        Some(Class::Refusal)
    );
}

#[test]
fn what_is_glued_to_an_open_migration_is_read() {
    let begun = [
        "Operations to perform:",
        "Running migrations:",
        "  Applying core.0002_x...Traceback (most recent call last):",
    ];
    let reading = read(&[&begun[..], &CRASH[1..]].concat());
    assert_eq!(reading.end().map(|end| end.class), Some(Class::Crash));
    let failed = |reading: &Reading| {
        let migration = reading.migration.as_ref().expect("it migrated");
        (migration.failed.clone(), migration.recovered)
    };
    assert_eq!(failed(&reading), (Some("core.0002_x".to_owned()), false));

    let again = [
        "+700   Applying core.0002_x...Operations to perform:",
        "Running migrations:",
        "  Applying core.0002_x... OK",
    ];
    let reading = read(&[&begun[..2], &CRASH, &again].concat());
    assert!(reading.end().is_none());
    assert_eq!(failed(&reading), (None, true));

    let refused = "  Applying core.0002_x...CommandError: no";
    assert_eq!(
        end_of(&[&begun[..2], &[refused]].concat()),
        Some(Class::Refusal)
    );
}

#[test]
fn the_last_words_come_before_the_open_line_of_a_migration() {
    let last = |lines: &[&str]| read(lines).last_line.map(|(_, line)| line);
    let open = "  Applying core.0002_x...";
    assert_eq!(
        last(&["Operations to perform:", "table is not empty", open]).as_deref(),
        Some("table is not empty")
    );
    assert_eq!(last(&["table is not empty", INFO]), None);
}

#[test]
fn a_migration_is_named_by_its_frame_wherever_it_lives() {
    let reading = read(&[
        "Traceback (most recent call last):",
        "  File \"/srv/manage.py\", line 22, in <module>",
        "  File \"/usr/local/lib/python3.11/site-packages/django/db/migrations/executor.py\", line 252, in apply_migration",
        "  File \"/usr/local/lib/python3.11/site-packages/tags/migrations/0004_fill.py\", line 6, in go",
        "ValueError: no",
    ]);
    let migration = reading.migration.expect("it migrated");
    assert_eq!(migration.failed.as_deref(), Some("tags.0004_fill"));
}

#[test]
fn records_spread_over_lines_are_records() {
    let lines = [
        "{",
        r#"  "levelname": "INFO","#,
        r#"  "batch": "export-invoices","#,
        "saved 3 rows",
        r#"  "message": "started""#,
        "}",
        "+500 {",
        r#"  "levelname": "ERROR","#,
        INFO.trim_start_matches("+500 "),
        r#"  "message": "room 7","#,
        r#"  "rooms": ["#,
        "    7",
        "  ]",
        "}",
        "+500 {",
        r#"  "message": "no record""#,
        "}",
    ];
    let reading = read(&lines);
    assert_eq!((reading.spread.errors, reading.spread.warnings), (1, 0));
    assert_eq!(reading.name.as_deref(), Some("export-invoices"));
    let headlines: Vec<String> = reading
        .troubles
        .iter()
        .map(|trouble| trouble.error.headline())
        .collect();
    assert_eq!(headlines, ["room 7"]);
    let last = reading.last_line.map(|(_, line)| line);
    assert_eq!(last.as_deref(), Some("}"));
}

#[test]
fn a_record_spread_over_lines_tells_that_the_program_went_on() {
    let lines = [
        "CommandError: x",
        "+500 {",
        r#"  "levelname": "INFO","#,
        r#"  "message": "m""#,
        "}",
    ];
    assert!(read(&lines).end().is_none());
    assert!(read(&lines[..1]).end().is_some());
}

#[test]
fn lines_that_come_in_one_event_are_read_as_lines() {
    let crash = CRASH.join("\n");
    let record = &INFO[5..];
    let head = "[2026-11-23 05:09:26 +0000] [7] [ERROR] Exception in worker process";
    assert_eq!(end_of(&[&crash]), Some(Class::Crash));
    assert_eq!(end_of(&[&crash.replace('\n', "\r\n")]), Some(Class::Crash));
    for above in [record, head, "starting"] {
        let event = format!("{above}\n{crash}");
        assert_eq!(end_of(&[&event]), Some(Class::Crash), "{above}");
        assert_eq!(end_of(&[&event, INFO]), None, "{above}");
    }
    let refusal = format!("{record}\nCommandError: no such thing\n");
    assert_eq!(end_of(&[&refusal]), Some(Class::Refusal));
    assert_eq!(end_of(&[&format!("{record}\n")]), None);
}
