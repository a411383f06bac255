use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

/// Pushes lines as they come from a stream, all at once; returns the blocks in order.
fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut reader = BlockReader::new(AppRoots::default());
    let mut blocks = Vec::new();
    for line in lines {
        if reader.push(line, Timestamp(0)) == Step::Closed {
            blocks.extend(reader.take());
            reader.push(line, Timestamp(0));
        }
    }
    blocks.extend(reader.take());
    blocks
}

fn only(text: &str) -> Traceback {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = blocks(&lines);
    assert_eq!(found.len(), 1, "{found:?}");
    let block = found.remove(0);
    assert_eq!(
        Traceback::parse(text, &AppRoots::default()),
        Some(block.traceback.clone())
    );
    block.traceback
}

fn exception(traceback: &Traceback) -> (&str, &str) {
    let exception = traceback.exception.as_ref().expect("an exception");
    (&exception.kind, &exception.message)
}

const PLAIN: &str = r#"Traceback (most recent call last):
  File "/app/manage.py", line 22, in <module>
    main()
    ~~~~^^
  File "/usr/local/lib/python3.13/site-packages/django/core/management/base.py", line 464, in execute
    output = self.handle(*args, **options)
  File "/app/core/management/commands/recalc.py", line 10, in walk
    return walk(
        {"parent": node},
    ...<3 lines>...
    )
  [Previous line repeated 990 more times]
RecursionError: maximum recursion depth exceeded"#;

#[test]
fn a_plain_traceback_is_read() {
    let traceback = only(PLAIN);
    assert_eq!(
        exception(&traceback),
        ("RecursionError", "maximum recursion depth exceeded")
    );
    assert!(traceback.starts_in_module());
    assert_eq!(traceback.command.as_deref(), Some("recalc"));
    assert_eq!(traceback.culprit.expect("a culprit").function, "walk");
    assert_eq!(traceback.text, PLAIN);
    assert_eq!(traceback.cause, None);
}

#[test]
fn the_last_of_a_chain_is_reported_and_the_first_is_the_cause() {
    let traceback = only(
        r#"Traceback (most recent call last):
  File "/app/core/channel.py", line 19, in get
    resp.raise_for_status()
requests.exceptions.HTTPError: 503 Server Error
The above exception was the direct cause of the following exception:
Traceback (most recent call last):
  File "/app/core/channel.py", line 21, in get
    raise Second from exc
LookupError
During handling of the above exception, another exception occurred:
Traceback (most recent call last):
  File "/app/manage.py", line 22, in <module>
    main()
  File "/app/rates/migrations/0006_x.py", line 9, in forwards
    raise
core.channel.ChannelError: airbnb answered 503"#,
    );
    assert_eq!(
        exception(&traceback),
        ("core.channel.ChannelError", "airbnb answered 503")
    );
    let cause = traceback.cause.as_ref().expect("a cause");
    assert_eq!(cause.kind, "requests.exceptions.HTTPError");
    assert_eq!(traceback.migration.as_deref(), Some("rates.0006_x"));
    assert!(traceback.starts_in_module());
}

#[test]
fn blank_lines_of_a_whole_text_change_nothing() {
    let with_blanks = "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/app/a.py\", line 3, in f\nValueError: y\n";
    let traceback = Traceback::parse(with_blanks, &AppRoots::default()).expect("a traceback");
    assert_eq!(exception(&traceback), ("ValueError", "y"));
    assert_eq!(traceback.cause.expect("a cause").message, "'x'");
    assert!(!traceback.text.is_empty());
}

#[test]
fn groups_are_reported_by_themselves_with_a_member_as_cause() {
    let traceback = only(
        r#"  + Exception Group Traceback (most recent call last):
  |   File "/app/manage.py", line 22, in <module>
  |     main()
  |   File "/app/core/push.py", line 50, in handle
  |     raise ExceptionGroup("push failed", errors)
  | ExceptionGroup: push failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/core/push.py", line 26, in push
    |     raise PushError(channel)
    | core.push.PushError: airbnb rejected 12
    |
    | During handling of the above exception, another exception occurred:
    |
    | Traceback (most recent call last):
    |   File "/app/core/push.py", line 27, in push
    | ValueError: second
    +---------------- 2 ----------------
    | core.push.PushError: rakuten rejected 12
    +------------------------------------"#,
    );
    assert_eq!(
        exception(&traceback),
        ("ExceptionGroup", "push failed (2 sub-exceptions)")
    );
    assert_eq!(
        traceback.cause.as_ref().expect("a member").message,
        "airbnb rejected 12"
    );
    assert_eq!(
        traceback.culprit.as_ref().expect("a culprit").function,
        "handle"
    );
    assert!(traceback.starts_in_module());
}

#[test]
fn messages_go_on_over_lines() {
    let head = "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\n";
    for message in [
        "duplicate key\nDETAIL:  Key (id)=(1) already exists.",
        "calendar is inconsistent:\n  101: overlapping stays\nfix these and run again",
        "\nbegins with a line break",
    ] {
        let traceback = only(&format!("{head}ValueError: {message}"));
        assert_eq!(exception(&traceback), ("ValueError", message));
    }
}

#[test]
fn a_syntax_error_is_placed_where_it_is() {
    let traceback = only(
        "Traceback (most recent call last):\n  File \"/app/config/__init__.py\", line 1, in <module>\n    from .celery import app\n  File \"/app/config/celery.py\", line 4\n    app = Celery('hotelops'\n                ^\nSyntaxError: '(' was never closed",
    );
    let culprit = traceback.culprit.expect("a culprit");
    assert_eq!(
        (culprit.file.as_str(), culprit.function.as_str()),
        ("/app/config/celery.py", "")
    );
}

#[test]
fn colours_do_not_matter() {
    let traceback = only(
        "Traceback (most recent call last):\n  File \u{1b}[35m\"/app/manage.py\"\u{1b}[0m, line \u{1b}[35m22\u{1b}[0m, in \u{1b}[35m<module>\u{1b}[0m\n    \u{1b}[31mmain\u{1b}[0m()\n\u{1b}[1;35mZeroDivisionError\u{1b}[0m: \u{1b}[35mdivision by zero\u{1b}[0m",
    );
    assert_eq!(
        exception(&traceback),
        ("ZeroDivisionError", "division by zero")
    );
    assert!(traceback.starts_in_module());
}

#[test]
fn a_carried_traceback_is_the_one_that_counts() {
    let traceback = Traceback::parse(
        "Traceback (most recent call last):\n  File \"/usr/lib/python3/dist-packages/billiard/pool.py\", line 1, in f\nbilliard.einfo.ExceptionWithTraceback: \n\"\"\"\nTraceback (most recent call last):\n  File \"/usr/lib/python3/dist-packages/billiard/pool.py\", line 2, in g\nbilliard.exceptions.WorkerLostError: signal 9\n\"\"\"",
        &AppRoots::default(),
    );
    let traceback = traceback.expect("a traceback");
    assert_eq!(
        exception(&traceback),
        ("billiard.exceptions.WorkerLostError", "signal 9")
    );
    assert_eq!(traceback.cause, None);
}

#[test]
fn text_that_only_mentions_a_traceback_is_none() {
    assert_eq!(blocks(&["Traceback of your stay: none", "x"]), []);
    assert_eq!(
        blocks(&[
            "Traceback (most recent call last):",
            "OperationalError seen 0 times"
        ]),
        []
    );
    assert_eq!(
        blocks(&["Traceback (most recent call last):", "KeyError: 'x'"]),
        []
    );
    assert_eq!(
        Traceback::parse("nothing of the kind", &AppRoots::default()),
        None
    );
}

#[test]
fn what_others_write_in_between_is_looked_past() {
    let mut reader = BlockReader::new(AppRoots::default());
    let at = Timestamp(0);
    reader.push("Traceback (most recent call last):", at);
    reader.push("  File \"/app/a.py\", line 1, in f", at);
    assert_eq!(reader.push_foreign(at), Step::Foreign);
    assert_eq!(reader.push("Daily report", at), Step::Foreign);
    assert_eq!(reader.push("KeyError: 'x'", at), Step::Exception);
    assert_eq!(reader.push_foreign(at), Step::Foreign);
    assert_eq!(reader.push("retry 1", Timestamp(500)), Step::Closed);
    assert!(reader.take().is_some());
    assert!(!reader.is_open());
}

#[test]
fn logging_errors_and_ignored_exceptions_are_one_block_each() {
    let lines: Vec<&str> = r#"--- Logging error ---
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/logging/__init__.py", line 1110, in emit
    msg = self.format(record)
TypeError: %d format: a real number is required, not str
Call stack:
  File "/app/manage.py", line 22, in <module>
    main()
Message: 'wrote %d rows'
Arguments: ('many',)
Exception ignored in: <function Handle.__del__ at 0x7f48c6cbc680>
Traceback (most recent call last):
  File "/app/poll.py", line 21, in __del__
OSError: [Errno 9] Bad file descriptor"#
        .lines()
        .collect();
    let found = blocks(&lines);
    let leads: Vec<Lead> = found.iter().map(|block| block.lead).collect();
    assert_eq!(leads, [Lead::LoggingError, Lead::Ignored]);
    assert!(!found[0].traceback.starts_in_module());
}

#[test]
fn long_texts_and_messages_are_cut_but_read_to_the_end() {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    for line in 0..5_000 {
        let frame = format!("  File \"/app/a.py\", line {line}, in f\n");
        text.push_str(&frame);
    }
    text.push_str("ValueError: ");
    text.push_str(&"very long ".repeat(2_000));
    let traceback = Traceback::parse(&text, &AppRoots::default()).expect("a traceback");
    assert!(traceback.text.len() < 40_000 && traceback.text.contains("lines left out"));
    assert!(exception(&traceback).1.len() < 5_000);
    assert_eq!(traceback.culprit.expect("a culprit").line, 4_999);
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Traceback (most recent call last):".to_owned()),
        Just("  + Exception Group Traceback (most recent call last):".to_owned()),
        Just("  |   File \"/app/a.py\", line 7, in <module>".to_owned()),
        Just("  File \"/app/a.py\", line 7, in f".to_owned()),
        Just("    source".to_owned()),
        Just("KeyError: 'x'".to_owned()),
        Just("  | KeyError: 'x'".to_owned()),
        Just("billiard.einfo.RemoteTraceback: ".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("The above exception was the direct cause of the following exception:".to_owned()),
        Just("--- Logging error ---".to_owned()),
        Just("Call stack:".to_owned()),
        Just("Exception ignored in: <x>".to_owned()),
        Just("CommandError: no".to_owned()),
        Just("  +-+---------------- 1 ----------------".to_owned()),
        Just(String::new()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn no_lines_make_it_panic(lines in prop::collection::vec((any_line(), 0_i64..40), 0..40)) {
        let mut reader = BlockReader::new(AppRoots::default());
        let mut at = 0;
        for (line, gap) in &lines {
            at += gap;
            let step = reader.push(line, Timestamp(at));
            if step == Step::Closed {
                reader.take();
                prop_assert!(!reader.is_open());
                prop_assert_ne!(reader.push(line, Timestamp(at)), Step::Closed);
            }
        }
        let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
        let _ = Traceback::parse(&text.join("\n"), &AppRoots::default());
    }

    #[test]
    fn a_text_reads_the_same_line_by_line(
        functions in prop::collection::vec("[a-z]{1,8}", 1..6),
        kinds in prop::collection::vec("[A-Z][a-z]{1,8}(Error)?", 1..4),
        message in "[ -~]{0,30}",
    ) {
        let parts = kinds.iter().map(|kind| {
            let frames = functions.iter().enumerate().map(|(line, function)| {
                format!("  File \"/app/{function}.py\", line {line}, in {function}\n    {function}()\n")
            });
            format!("Traceback (most recent call last):\n{}{kind}: {message}", frames.collect::<String>())
        });
        let link = "\nThe above exception was the direct cause of the following exception:\n";
        let text = parts.collect::<Vec<_>>().join(link);
        let traceback = only(&text);
        prop_assert_eq!(&traceback.exception.expect("an exception").kind, kinds.last().expect("one"));
        prop_assert_eq!(traceback.cause.is_some(), kinds.len() > 1);
    }
}

#[test]
fn a_head_may_be_glued_to_other_text() {
    for before in [
        "\r 40%|####      | 4/10",
        "working... ",
        "  Applying a.0001_x...",
    ] {
        let lines = [&*format!("{before}{}", &PLAIN[..34])];
        let rest: Vec<&str> = PLAIN.lines().skip(1).collect();
        let found = blocks(&[&lines[..], &rest].concat());
        assert_eq!(found.len(), 1, "{before}");
        assert!(found[0].traceback.starts_in_module());
        assert_eq!(found[0].traceback.text, PLAIN);
    }
    assert!(
        blocks(&[
            "they saw: Traceback (most recent call last):",
            "and went on"
        ])
        .is_empty()
    );
}

#[test]
fn a_syntax_error_needs_no_head() {
    let lines = ["  File \"/app/x.py\", line 2", "    print(1", "         ^"];
    let found = blocks(&[&lines[..], &["SyntaxError: '(' was never closed"]].concat());
    assert_eq!((found.len(), found[0].lead), (1, Lead::Syntax));
    assert!(found[0].traceback.starts_in_module());
    assert!(blocks(&[&lines[..], &["ValueError: x"]].concat()).is_empty());
    assert!(blocks(&lines).is_empty());
}

#[test]
fn a_message_may_quote_a_traceback() {
    let found = blocks(&[
        "Traceback (most recent call last):",
        "  File \"/app/manage.py\", line 22, in <module>",
        "RuntimeError: the other side said:",
        "Traceback (most recent call last):",
        "  File \"/remote/x.py\", line 3, in <module>",
        "KeyError: 'x'",
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(exception(&found[0].traceback).0, "RuntimeError");
}

#[test]
fn the_end_of_a_migration_is_no_part_of_a_message() {
    let head = [
        "Traceback (most recent call last):",
        "  File \"/app/a.py\", line 3, in f",
    ];
    let found = blocks(&[&head[..], &["KeyError: 'k'", " OK"]].concat());
    assert_eq!(exception(&found[0].traceback), ("KeyError", "'k'"));
}

#[test]
fn the_culprit_may_live_outside_of_the_known_folders() {
    let culprit = |files: &[&str]| {
        let frames: Vec<String> = files
            .iter()
            .map(|file| format!("  File \"{file}\", line 3, in f"))
            .collect();
        let text = format!(
            "Traceback (most recent call last):\n{}\nKeyError: 1",
            frames.join("\n")
        );
        only(&text).culprit.map(|frame| frame.file)
    };
    let library = "/usr/local/lib/python3.11/json/decoder.py";
    assert_eq!(
        culprit(&["/srv/manage.py", "/srv/x.py", library]).as_deref(),
        Some("/srv/x.py")
    );
    assert_eq!(
        culprit(&["/app/x.py", "/tmp/plugin.py"]).as_deref(),
        Some("/app/x.py")
    );
    assert_eq!(culprit(&["/srv/manage.py", library]), None);
}

#[test]
fn the_lines_of_a_member_are_not_those_of_its_group() {
    let found = blocks(&[
        "  + Exception Group Traceback (most recent call last):",
        "  |   File \"/app/manage.py\", line 22, in <module>",
        "  | ExceptionGroup: outer",
        "second (1 sub-exception)",
        "  +-+---------------- 1 ----------------",
        "    | app.Refused: inner",
        "third",
        "    +------------------------------------",
    ]);
    let traceback = &found[0].traceback;
    assert_eq!(
        exception(traceback),
        ("ExceptionGroup", "outer\nsecond (1 sub-exception)")
    );
    assert_eq!(
        traceback.cause.as_ref().map(|cause| cause.message.as_str()),
        Some("inner")
    );
}
