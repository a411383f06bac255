use proptest::prelude::*;

use super::*;
use crate::event::{Event, Origin};

/// Runs messages through, each with its time.
fn assemble(events: &[(i64, &str)]) -> Vec<Attached> {
    let origin = Origin::default();
    let mut assembler = Assembler::new(AppRoots::default());
    let mut out = Vec::new();
    for (index, (at, message)) in events.iter().enumerate() {
        let record = Record::new(Event {
            timestamp: Timestamp(*at),
            ingestion: None,
            message: message.as_bytes(),
            origin: &origin,
            id: None,
        });
        assembler.push(index as u64, &record, &mut out);
    }
    assembler.finish(&mut out);
    assert_eq!(assembler.held(), 0);
    out
}

/// Returns which event carries which error, of lines written at once.
fn errors(text: &str) -> Vec<(u64, String)> {
    let events: Vec<(i64, &str)> = text.lines().map(|line| (0, line)).collect();
    carried(&assemble(&events))
}

fn carried(attached: &[Attached]) -> Vec<(u64, String)> {
    let with_error = attached
        .iter()
        .filter_map(|event| Some((event.index, event.error.as_ref()?)));
    with_error
        .map(|(index, error)| (index, error.headline()))
        .collect()
}

fn expect(index: u64, headline: &str) -> Vec<(u64, String)> {
    vec![(index, headline.to_owned())]
}

const TRACEBACK: &str = "Traceback (most recent call last):
  File \"/app/tasks.py\", line 33, in broken
    return sum(rows)
TypeError: no";

#[test]
fn a_bare_traceback_is_carried_by_its_exception() {
    let attached = assemble(&[
        (0, "Traceback (most recent call last):"),
        (1, "  File \"/app/manage.py\", line 3, in <module>"),
        (
            2,
            r#"{"created": 1.0, "levelname": "INFO", "name": "a", "message": "m"}"#,
        ),
        (2, "KeyError: 'x'"),
        (700, "  Applying rates.0006_x..."),
    ]);
    assert_eq!(carried(&attached), expect(3, "KeyError: 'x'"));
    assert_eq!(attached[3].level, Some(Level::Error));
    assert_eq!(
        attached.iter().map(|event| event.index).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4]
    );
}

#[test]
fn a_head_line_carries_the_traceback_behind_it() {
    let head = "[2026-11-23 13:58:36,986: ERROR/ForkPoolWorker-1] Task a.b[1] raised unexpected: TypeError('no')";
    let text = format!(
        "{head}\n{TRACEBACK}\n[2026-11-23 13:58:37,000: INFO/MainProcess] Task a.b[2] received"
    );
    assert_eq!(errors(&text), expect(0, "TypeError: no"));
    assert_eq!(errors(head), expect(0, &head[50..]));
}

#[test]
fn several_lines_of_a_message_come_between_a_head_and_its_traceback() {
    let head = "[2026-11-23 14:01:16,134: ERROR/MainProcess] Received unregistered task of type 'a.b'.\nThe message has been ignored and discarded.";
    assert_eq!(
        errors(&format!("{head}\n{TRACEBACK}")),
        expect(0, "TypeError: no")
    );
}

#[test]
fn retries_and_expected_errors_are_none() {
    let head = "[2026-11-23 13:58:36,986: INFO/ForkPoolWorker-1] Task a.b[1] retry: Retry in 1s: TypeError('no')";
    assert_eq!(errors(&format!("{head}\n{TRACEBACK}")), []);
    let record = r#"{"levelname": "INFO", "name": "celery.app.trace", "message": "x", "exc_info": "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\nE: x"}"#;
    assert_eq!(errors(record), []);
}

#[test]
fn a_crash_behind_an_ordinary_line_is_one() {
    let head = "[2026-11-23 13:58:36,986: INFO/MainProcess] Connected";
    let crash = TRACEBACK.replace("in broken", "in <module>");
    assert_eq!(
        errors(&format!("{head}\n{crash}")),
        expect(4, "TypeError: no")
    );
}

#[test]
fn ignored_exceptions_and_logging_errors_are_warnings() {
    let text = format!("Exception ignored in: <function x>\n{TRACEBACK}");
    let events: Vec<(i64, &str)> = text.lines().map(|line| (0, line)).collect();
    let attached = assemble(&events);
    assert_eq!(attached[4].level, Some(Level::Warning));
    let text = format!(
        "--- Logging error ---\n{TRACEBACK}\nCall stack:\n  File \"/app/manage.py\", line 1, in <module>\nMessage: 'x'\nArguments: ()"
    );
    assert_eq!(errors(&text), expect(4, "TypeError: no"));
}

#[test]
fn records_carry_their_own() {
    let error = r#"{"levelname": "ERROR", "name": "billing", "message": "nothing to invoice"}"#;
    assert_eq!(errors(error), expect(0, "nothing to invoice"));
    let warning = r#"{"levelname": "WARNING", "name": "b", "message": "skipped", "exc_info": "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\nE: x"}"#;
    assert_eq!(errors(warning), expect(0, "E: x"));
    let quoted = r#"{"levelname": "INFO", "name": "b", "message": "Traceback (most recent call last):\nKeyError: x"}"#;
    assert_eq!(errors(quoted), []);
    let none = r#"{"levelname": "ERROR", "name": "b", "message": "no exception", "exc_info": "NoneType: None"}"#;
    assert_eq!(errors(none), expect(0, "no exception"));
}

#[test]
fn refusals_are_errors() {
    assert_eq!(
        errors("CommandError: no such channel"),
        expect(0, "CommandError: no such channel")
    );
}

#[test]
fn a_refusal_that_the_program_survives_was_only_printed() {
    let refusal = "CommandError: is what you would see";
    let record = r#"{"levelname": "INFO", "name": "b", "message": "reconciled"}"#;
    assert_eq!(carried(&assemble(&[(0, refusal), (1, record)])), []);
    assert_eq!(
        carried(&assemble(&[(0, refusal), (2_000, record)])).len(),
        1
    );
}

#[test]
fn pieces_written_one_by_one_are_one_error() {
    let pieces = [
        "Traceback (most recent call last):",
        "  File \"/usr/local/bin/celery\", line 8, in <module>",
        "    ",
        "sys.exit(main())",
        " ",
        "^",
        "IndexError",
        ": ",
        "pop from empty list",
    ];
    let lines =
        pieces.map(|piece| format!("[2026-11-23 14:09:11,696: WARNING/MainProcess] {piece}"));
    assert_eq!(
        errors(&lines.join("\n")),
        expect(8, "IndexError: pop from empty list")
    );
    assert_eq!(
        errors(&lines[..6].join("\n")),
        expect(0, "Traceback: the output ends inside the traceback")
    );
}

#[test]
fn little_is_held_back() {
    let endless = "    source\n".repeat(20_000);
    let text = format!(
        "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\n{endless}"
    );
    let origin = Origin::default();
    let mut assembler = Assembler::new(AppRoots::default());
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let record = Record::new(Event {
            timestamp: Timestamp(0),
            ingestion: None,
            message: line.as_bytes(),
            origin: &origin,
            id: None,
        });
        assembler.push(index as u64, &record, &mut out);
        assert!(assembler.held() <= MAX_HELD);
    }
}

#[test]
fn silence_settles() {
    let origin = Origin::default();
    let mut assembler = Assembler::new(AppRoots::default());
    let mut out = Vec::new();
    let message = b"[2026-11-23 13:58:36,986: ERROR/MainProcess] lost";
    let record = Record::new(Event {
        timestamp: Timestamp(0),
        ingestion: None,
        message,
        origin: &origin,
        id: None,
    });
    assembler.push(7, &record, &mut out);
    assembler.settle(Timestamp(100), &mut out);
    assert_eq!(out.len(), 0);
    assembler.settle(Timestamp(10_000), &mut out);
    assert_eq!(carried(&out), expect(7, "lost"));
}

fn any_message() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Traceback (most recent call last):".to_owned()),
        Just("  File \"/app/a.py\", line 7, in f".to_owned()),
        Just("KeyError: 'x'".to_owned()),
        Just("The above exception was the direct cause of the following exception:".to_owned()),
        Just("[2026-11-23 13:58:36,986: ERROR/ForkPoolWorker-1] lost".to_owned()),
        Just("[2026-11-23 13:58:36,986: INFO/MainProcess] x".to_owned()),
        Just(
            "[2026-11-23 13:58:36,986: WARNING/MainProcess] Traceback (most recent call last):"
                .to_owned()
        ),
        Just(
            "[2026-11-23 13:58:36,986: WARNING/MainProcess]   File \"/app/a.py\", line 7, in f"
                .to_owned()
        ),
        Just("[2026-11-23 13:58:36,986: WARNING/MainProcess] KeyError".to_owned()),
        Just("[2026-11-23 05:10:09 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:10998)".to_owned()),
        Just(r#"{"levelname": "ERROR", "name": "a", "message": "m"}"#.to_owned()),
        Just(r#"{"levelname": "INFO", "name": "a", "message": "m"}"#.to_owned()),
        Just("--- Logging error ---".to_owned()),
        Just("Call stack:".to_owned()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn every_event_comes_back_once_and_in_order(events in prop::collection::vec((0_i64..60, any_message()), 0..60)) {
        let mut at = 0;
        let events: Vec<(i64, &str)> = events
            .iter()
            .map(|(gap, message)| {
                at += gap;
                (at, message.as_str())
            })
            .collect();
        let attached = assemble(&events);
        let indices: Vec<u64> = attached.iter().map(|event| event.index).collect();
        prop_assert_eq!(indices, (0..events.len() as u64).collect::<Vec<_>>());
    }
}

/// A record as python-json-logger 0.1.11 to 4.2.0 write it with `json_indent=4`.
const SPREAD: &str = r#"{
    "created": 1795536319.807,
    "asctime": "2026-11-24 16:05:19,807",
    "levelname": "ERROR",
    "name": "billing.export",
    "message": "could not price room {",
    "exc_info": "Traceback (most recent call last):\n  File \"/app/emit.py\", line 13, in price\n    {}[\"price\"]\n    ~~^^^^^^^^^\nKeyError: 'price'",
    "run": {
        "id": 7,
        "rooms": [
            1,
            {
                "n": 3
            }
        ],
        "none": {},
        "empty": []
    }
}"#;

#[test]
fn a_record_spread_over_lines_is_one() {
    assert_eq!(errors(SPREAD), expect(0, "KeyError: 'price'"));
    let twice = format!("{SPREAD}\n{SPREAD}");
    assert_eq!(errors(&twice).len(), 2);
    let prefixed = format!("hotelops: {SPREAD}\nbye");
    assert_eq!(errors(&prefixed), expect(0, "KeyError: 'price'"));
    let quiet = SPREAD.replace("ERROR", "INFO");
    assert_eq!(errors(&quiet), []);
}

#[test]
fn an_object_spread_over_lines_that_is_no_record_stays_text() {
    assert_eq!(errors(&SPREAD.replace("levelname", "kind")), []);
    let refusal = "CommandError: bad config {\n    \"levelname\": 3\n}";
    let message = "CommandError: bad config {\n    \"levelname\": 3\n}";
    let told = assemble(&refusal.lines().map(|line| (0, line)).collect::<Vec<_>>());
    let error = told[0].error.as_ref().expect("the refusal");
    assert_eq!(format!("{}: {}", error.kind, error.message), message);
}

#[test]
fn a_record_spread_over_lines_is_no_part_of_a_message() {
    let text = format!("{TRACEBACK}\n{}", SPREAD.replace("ERROR", "INFO"));
    let told = assemble(&text.lines().map(|line| (0, line)).collect::<Vec<_>>());
    let error = told[3].error.as_ref().expect("the exception");
    assert_eq!(error.message, "no");
}

proptest! {
    #[test]
    fn lines_of_others_do_not_tear_a_record(others in prop::collection::vec((0_usize..19, 0_usize..4), 0..12)) {
        const OTHERS: [&str; 4] = [
            "saved 3 rows",
            "  Applying rates.0006_x... OK",
            r#"{"created": 1.0, "levelname": "INFO", "name": "a", "message": "m"}"#,
            r#"10.0.1.57 - - [23/Nov/2026:14:09:20 +0900] "GET /healthz HTTP/1.1" 200 2"#,
        ];
        let mut lines: Vec<&str> = SPREAD.lines().collect();
        for (at, other) in others {
            lines.insert(1 + at, OTHERS[other]);
        }
        let events: Vec<(i64, &str)> = lines.iter().map(|line| (0, *line)).collect();
        let attached = assemble(&events);
        prop_assert_eq!(attached.len(), lines.len());
        prop_assert_eq!(carried(&attached), expect(0, "KeyError: 'price'"));
    }
}

#[test]
fn lines_that_come_in_one_event_are_read_as_lines() {
    let record = r#"{"created": 1.0, "levelname": "INFO", "name": "a", "message": "m"}"#;
    let head = "[2026-11-23 05:09:26 +0000] [7] [ERROR] Exception in worker process";
    for above in [
        record,
        head,
        "starting",
        "[2026-11-23 05:09:26 +0000] [7] [INFO] Booting",
    ] {
        let event = format!("{above}\n{TRACEBACK}\n");
        let errors = carried(&assemble(&[(0, &event), (1, "bye")]));
        let is_retry = above.contains("INFO]");
        let wanted = if is_retry {
            vec![]
        } else {
            expect(0, "TypeError: no")
        };
        assert_eq!(errors, wanted, "{above}");
    }
    let refusal = format!("{record}\nCommandError: no such thing");
    assert_eq!(
        carried(&assemble(&[(0, &refusal)])),
        expect(0, "CommandError: no such thing")
    );
}
