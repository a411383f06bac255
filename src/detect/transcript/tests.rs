use proptest::prelude::*;

use super::*;
use crate::event::{Event, Origin};
use crate::time::Timestamp;

fn observe(transcript: &mut Transcript, timestamp: i64, id: Option<&str>, message: &str) {
    let origin = Origin::default();
    let event = Event {
        timestamp: Timestamp(timestamp),
        ingestion: None,
        message: message.as_bytes(),
        origin: &origin,
        id,
    };
    transcript.observe(&Record::new(event), Some("batch"));
}

/// What a test can compare of a transcript.
fn told(transcript: &Transcript) -> String {
    let entries: Vec<_> = transcript.entries().collect();
    format!(
        "{:?} {:?} {:?} {entries:?}",
        transcript.counts(),
        transcript.first(),
        transcript.name()
    )
}

#[test]
fn records_are_counted_by_level_and_once() {
    let mut transcript = Transcript::default();
    let lines = [
        (
            "1",
            r#"{"levelname": "INFO", "message": "a", "batch": "sync"}"#,
        ),
        (
            "2",
            r#"{"levelname": "WARNING", "message": "a", "batch": "other"}"#,
        ),
        ("3", r#"{"levelname": "ERROR", "message": "a"}"#),
        ("4", "plain"),
    ];
    for _ in 0..2 {
        for (id, line) in lines {
            observe(&mut transcript, 5, Some(id), line);
        }
    }
    let counts = transcript.counts();
    assert_eq!((counts.events, counts.errors, counts.warnings), (4, 1, 1));
    assert_eq!(transcript.name(), Some("sync"));
}

#[test]
fn a_log_that_ends_in_a_record_is_told_from_one_that_does_not() {
    let mut transcript = Transcript::default();
    observe(
        &mut transcript,
        1,
        None,
        r#"{"levelname": "INFO", "name": "a", "message": "hal"#,
    );
    assert!(transcript.ends_in_a_record());
    observe(
        &mut transcript,
        2,
        None,
        r#"{"levelname": "INFO", "name": "a", "message": "whole"}"#,
    );
    assert!(!transcript.ends_in_a_record());
}

#[test]
fn memory_is_bounded_and_both_ends_stay() {
    let mut transcript = Transcript::default();
    let filler = "x".repeat(2000);
    for at in 0..2000 {
        observe(&mut transcript, at, None, &format!("line {at} {filler}"));
    }
    let lines: Vec<i64> = transcript
        .entries()
        .map(|(place, _)| place.timestamp.0)
        .collect();
    assert!(lines.len() < 300);
    assert_eq!((lines.first(), lines.last()), (Some(&0), Some(&1999)));
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"levelname": "INFO", "message": "a", "batch": "sync"}"#.to_owned()),
        Just(r#"{"levelname": "ERROR", "message": "b"}"#.to_owned()),
        Just("  Applying a.0001_x... OK".to_owned()),
        "[ -~]{0,20}",
        "\\PC{0,20}",
    ]
}

proptest! {
    #[test]
    fn order_and_repeats_do_not_matter(
        lines in prop::collection::vec((0_i64..5, line()), 1..20),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut straight = Transcript::default();
        let mut mixed = Transcript::default();
        let feed = |transcript: &mut Transcript, at: usize| {
            let (timestamp, line) = &lines[at];
            observe(transcript, *timestamp, Some(&at.to_string()), line);
        };
        for at in 0..lines.len() {
            feed(&mut straight, at);
        }
        for at in order.iter().map(|at| at.index(lines.len())).chain((0..lines.len()).rev()) {
            feed(&mut mixed, at);
        }
        prop_assert_eq!(told(&straight), told(&mixed));
    }

    #[test]
    fn merging_parts_is_reading_the_whole(
        lines in prop::collection::vec((0_i64..5, line(), any::<bool>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(lines.len());
        let mut whole = Transcript::default();
        let mut parts = [Transcript::default(), Transcript::default()];
        for (at, (timestamp, line, has_id)) in lines.iter().enumerate() {
            let id = has_id.then(|| at.to_string());
            observe(&mut whole, *timestamp, id.as_deref(), line);
            observe(&mut parts[usize::from(at >= cut)], *timestamp, id.as_deref(), line);
        }
        let [mut merged, rest] = parts;
        merged.merge(rest);
        prop_assert_eq!(told(&whole), told(&merged));
    }
}

#[test]
fn a_message_longer_than_all_that_is_kept_leaves_the_class() {
    let long = "x".repeat(MAX_EXCEPTION);
    let text = format!(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nOSError: {long}"
    );
    assert!(last_part(&text, MAX_EXCEPTION).contains("\nOSError: x"));
    let chain = format!("{long}\n\n{}", text.trim_end_matches('x'));
    assert!(last_part(&chain, MAX_EXCEPTION).ends_with("line 1, in f\nOSError: "));
}
