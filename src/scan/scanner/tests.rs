use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// Shows what a scanner makes of a block: time, group, stream and message of each event.
fn scan(block: &Block, need: &Need) -> Vec<String> {
    let mut scanner = Scanner::new(need, Clock::utc());
    let mut events = Vec::new();
    let flow = scanner.for_each_event(block, |_, event| {
        events.push(format!(
            "{} {}:{} {}",
            event.timestamp.0,
            event.origin.group,
            event.origin.stream,
            String::from_utf8_lossy(event.message)
        ));
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    events
}

fn check(format: LineFormat, lines: &str, expect: &[&str]) {
    let mut block = Block::of(lines);
    block.format = format;
    block.origin = Arc::new(Origin::new("g", "s"));
    block.carry = Some(Timestamp(7));
    assert_eq!(scan(&block, &Need::Anything), expect);
}

#[test]
fn plain_lines_lend_their_time_to_those_behind() {
    check(
        LineFormat::Plain,
        "early\n{\"created\": 1000000000.5, \"a\": 1}\r\n\nTraceback\n[2001-09-09 01:46:41 +0000] x\n  File\n",
        &[
            "7 g:s early",
            "1000000000500 g:s {\"created\": 1000000000.5, \"a\": 1}",
            "1000000000500 g:s Traceback",
            "1000000001000 g:s [2001-09-09 01:46:41 +0000] x",
            "1000000001000 g:s   File",
        ],
    );
}

#[test]
fn lines_before_the_first_time_of_a_file_take_that_one() {
    let block = Block::of("a\nb\n{\"created\": 1000000000}\n");
    let times: Vec<String> = scan(&block, &Need::Anything);
    assert!(
        times
            .iter()
            .all(|event| event.starts_with("1000000000000 ")),
        "{times:?}"
    );
    assert_eq!(scan(&Block::of("a"), &Need::Anything), ["0 : a"]);
}

#[test]
fn envelopes_are_opened_under_all_their_names() {
    check(
        LineFormat::Plain,
        concat!(
            r#"{"timestamp": 1795409937643, "message": "plain"}"#,
            "\n",
            r#"{"timestamp": 1795409937644, "message": "{\"a\": \"\\u0041\"}", "logGroup": "/x", "logStream": "y/z"}"#,
            "\n",
            r#"{"logStreamName": "n", "timestamp": 5, "message": "m", "ingestionTime": 6, "eventId": "1"}"#,
            "\n",
            r#"{"@timestamp": "2026-11-23T04:23:14.318Z", "@message": "m", "@log": "/x", "@logStream": "n"}"#,
            "\n",
            r#"{"logStream": "n", "message": "{\"created\": 1000000000.5}"}"#,
            "\n",
        ),
        &[
            "1795409937643 g:s plain",
            r#"1795409937644 /x:y/z {"a": "\u0041"}"#,
            "5000 g:n m",
            "1795407794318 /x:n m",
            r#"1000000000500 g:n {"created": 1000000000.5}"#,
        ],
    );
}

#[test]
fn records_that_look_like_envelopes_stay_records() {
    for record in [
        r#"{"created": 1000000000.0, "message": "m", "logGroup": "x"}"#,
        r#"{"logGroup": "x", "created": 1000000000.0, "message": "m"}"#,
        r#"{"timestamp": 1000000000, "level": "info", "message": "m"}"#,
        r#"{"timestamp": 1000000000, "message": "half"#,
        r#"{"timestamp": 1000000000, "message": "m"} behind"#,
        r#"{"timestamp": 1000000000, "message": null}"#,
        // Such a time is not believed, and the other one is.
        r#"{"created": 1e300, "timestamp": 1000000000, "message": "m"}"#,
    ] {
        check(
            LineFormat::Plain,
            record,
            &[&format!("1000000000000 g:s {record}")],
        );
    }
}

#[test]
fn exports_and_tails_have_a_stamp_before_the_message() {
    check(
        LineFormat::Export,
        "2026-11-23T04:23:14.318Z {\"a\": 1}\nmore of it\n2026-11-23T04:23:14.319Z \n",
        &[
            "1795407794318 g:s {\"a\": 1}",
            "1795407794318 g:s more of it",
            "1795407794319 g:s ",
        ],
    );
    check(
        LineFormat::Tail,
        "2026-11-23T04:23:14.318000+00:00 ecs/batch/1 a b\n2026-11-23T04:23:15+00:00 ecs/batch/2 c\n",
        &[
            "1795407794318 g:ecs/batch/1 a b",
            "1795407795000 g:ecs/batch/2 c",
        ],
    );
    check(
        LineFormat::TailShort,
        "2026-11-23T04:23:14 a b\n",
        &["1795407794000 g:s a b"],
    );
}

#[test]
fn lines_without_a_stamp_go_on_with_what_a_tail_printed_before() {
    check(
        LineFormat::Tail,
        "2026-11-23T04:23:14.318000+00:00 ecs/batch/1 Traceback:\n  File \"a.py\"\n2020-01-01 00:00:00 more\n\
         2026-11-23T04:23:15+00:00 ecs/batch/2 c\nlast\n",
        &[
            "1795407794318 g:ecs/batch/1 Traceback:",
            "1795407794318 g:ecs/batch/1   File \"a.py\"",
            "1795407794318 g:ecs/batch/1 2020-01-01 00:00:00 more",
            "1795407795000 g:ecs/batch/2 c",
            "1795407795000 g:ecs/batch/2 last",
        ],
    );
}

#[test]
fn task_events_go_to_their_own_group_unless_the_path_names_one() {
    let line = r#"{"version": "0", "detail-type": "ECS Task State Change", "time": "2026-11-23T04:23:14Z"}"#;
    let shown = format!("1795407794000 {TASKS_GROUP}: {line}");
    assert_eq!(scan(&Block::of(line), &Need::Anything), [shown]);
    check(
        LineFormat::Plain,
        line,
        &[&format!("1795407794000 g:s {line}")],
    );
}

#[test]
fn an_early_break_stops_the_scan() {
    let mut seen = 0;
    let flow = Scanner::new(&Need::Anything, Clock::utc()).for_each_event(
        &Block::of("a\nb\nc\n"),
        |at, _| {
            seen += 1;
            if at == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    assert!(flow.is_break());
    assert_eq!(seen, 2);
}

const FORMATS: [LineFormat; 4] = [
    LineFormat::Plain,
    LineFormat::Export,
    LineFormat::Tail,
    LineFormat::TailShort,
];

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c{}\" ]{0,12}",
        (0u32..2_000_000_000).prop_map(|at| format!(r#"{{"created": {at}.25, "m": "ERROR"}}"#)),
        "(1e300|7|1800000000|1950000000.5)".prop_map(|at| {
            format!(r#"{{"created": {at}, "detail-type": "ECS Task State Change", "time": "2026-11-23T04:23:14Z"}}"#)
        }),
        Just(r#"{"created": 1e300, "logGroup": "g", "message": "m"}"#.to_owned()),
        Just("2026-11-23T04:23:14.318000+00:00 ecs/batch/1 {\"created\": 1}".to_owned()),
        (0u32..2_000_000_000, "[a-cé\\\\\"\n]{0,6}").prop_map(|(at, text)| {
            serde_json::json!({"timestamp": u64::from(at) * 1000, "message": text, "logStream": "x"}).to_string()
        }),
        Just("[2026-11-23 13:58:36,986: ERROR/MainProcess] x".to_owned()),
    ]
}

proptest! {
    #[test]
    fn times_do_not_depend_on_which_lines_matter(lines in prop::collection::vec(any_line(), 0..12), carry in any::<bool>()) {
        let mut block = Block::of(lines.join("\n"));
        block.carry = carry.then_some(Timestamp(1));
        let all = scan(&block, &Need::Anything);
        let some = scan(&block, &Need::text("ERROR"));
        let expect: Vec<String> = all.into_iter().filter(|event| event.contains("ERROR")).collect();
        prop_assert_eq!(some, expect);
    }

    #[test]
    fn times_do_not_depend_on_where_blocks_are_cut(lines in prop::collection::vec(any_line(), 1..12), cut in 0usize..12) {
        let cut = cut.min(lines.len());
        let whole = scan(&Block::of(lines.join("\n")), &Need::Anything);
        let first = lines[..cut].join("\n");
        let mut second = Block::of(lines[cut..].join("\n"));
        second.carry = last_time(first.as_bytes(), LineFormat::Plain, &Clock::utc());
        let mut parts = scan(&Block::of(first), &Need::Anything);
        let known = parts.iter().any(|event| !event.starts_with("0 "));
        parts.extend(scan(&second, &Need::Anything));
        // Where nothing in the first block says a time, the second cannot lend it one.
        if known || cut == 0 {
            prop_assert_eq!(parts, whole);
        }
    }

    #[test]
    fn an_envelope_gives_back_what_was_put_in(message in any::<String>(), stream in "[a-z/é\"]{1,8}", at in 1u64..4_000_000_000_000) {
        let line = serde_json::json!({"timestamp": at, "message": message, "logStream": stream}).to_string();
        let mut scanner = Scanner::new(&Need::Anything, Clock::utc());
        let mut seen = 0;
        let flow = scanner.for_each_event(&Block::of(line), |_, event| {
            seen += 1;
            assert_eq!(event.message, message.as_bytes());
            assert_eq!(&*event.origin.stream, stream);
            ControlFlow::Continue(())
        });
        prop_assert!(flow.is_continue() && seen == 1);
    }

    #[test]
    fn without_times_the_events_are_the_same(lines in prop::collection::vec(any_line(), 0..12), format in 0usize..4) {
        let mut block = Block::of(lines.join("\n"));
        block.format = FORMATS[format];
        block.origin = Arc::new(Origin::new("", "s"));
        let events = |mut scanner: Scanner| {
            let (mut events, mut times) = (Vec::new(), Vec::new());
            let _ = scanner.for_each_event(&block, |at, event| {
                let id = event.id.map(str::to_owned);
                events.push((at, event.message.to_vec(), event.origin.clone(), event.ingestion, id));
                times.push(event.timestamp);
                ControlFlow::Continue(())
            });
            (events, times)
        };
        let clock = Clock::utc().until(Timestamp(1_900_000_000_000));
        let scanner = Scanner::new(&Need::Anything, clock);
        let (timed, times) = events(scanner.clone());
        let (timeless, some) = events(scanner.without_times());
        prop_assert_eq!(timed, timeless);
        prop_assert!(times.iter().zip(some).all(|(time, one)| one == *time || one == Timestamp::default()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), format in 0usize..4) {
        let mut block = Block::of(bytes);
        block.format = FORMATS[format];
        scan(&block, &Need::Anything);
        scan(&block, &Need::text("ab"));
    }
}
