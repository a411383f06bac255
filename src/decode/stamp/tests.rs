use proptest::prelude::*;

use super::*;

fn tokyo() -> Clock {
    Clock::new(TimeZone::get("Asia/Tokyo").expect("bundled"))
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "none".to_owned(), |time| time.to_string())
}

fn check_text(line: &str, expect: &str) {
    assert_eq!(shown(of_text(line.as_bytes(), &tokyo())), expect, "{line}");
}

fn check_record(line: &str, expect: &str) {
    assert_eq!(
        shown(of_record(line.as_bytes(), &tokyo())),
        expect,
        "{line}"
    );
}

#[test]
fn text_lines_say_their_time_in_many_forms() {
    check_text(
        "[2026-11-23 13:58:36,986: ERROR/ForkPoolWorker-1] Task",
        "2026-11-23T04:58:36.986Z",
    );
    check_text(
        "[2026-11-23 13:58:36 +0900] [7] [INFO] Booting worker",
        "2026-11-23T04:58:36.000Z",
    );
    check_text(
        "[2026-11-23 04:58:36 +0000] [7] [INFO] Booting worker",
        "2026-11-23T04:58:36.000Z",
    );
    check_text(
        "127.0.0.1 - - [23/Nov/2026:13:58:36 +0900] \"GET / HTTP/1.1\" 200",
        "2026-11-23T04:58:36.000Z",
    );
    check_text(
        "[23/Nov/2026 13:58:36] \"GET / HTTP/1.1\" 200 12",
        "2026-11-23T04:58:36.000Z",
    );
    check_text("2026-11-23 13:58:36,9 text", "2026-11-23T04:58:36.900Z");
    check_text(
        "2026-11-23T13:58:36.123456Z text",
        "2026-11-23T13:58:36.123Z",
    );
    check_text("2026-02-29 13:58:36 text", "none");
    check_text("Traceback (most recent call last):", "none");
    check_text("2026-11-23 13:58", "none");
    check_text("", "none");
}

#[test]
fn records_say_their_time_in_created_before_the_other_fields() {
    check_record(
        r#"{"created": 1795407794.3184667, "asctime": "x"}"#,
        "2026-11-23T04:23:14.318Z",
    );
    check_record(
        r#"{"asctime": "2026-11-23 13:23:14,318", "created": 1795407795}"#,
        "2026-11-23T04:23:15.000Z",
    );
    check_record(
        r#"{"asctime": "2026-11-23 13:23:14,318", "message": "x"}"#,
        "2026-11-23T04:23:14.318Z",
    );
    check_record(
        r#"{"asctime": "2026-11-23 13:23:14+0100"}"#,
        "2026-11-23T12:23:14.000Z",
    );
    check_record(
        r#"{"timestamp": "2026-11-23T04:23:45.959012"}"#,
        "2026-11-23T04:23:45.959Z",
    );
    check_record(
        r#"{"timestamp": "2026-11-23T04:23:45+00:00", "a": 1"#,
        "2026-11-23T04:23:45.000Z",
    );
    check_record(
        r#"{"timestamp": 1795407794318}"#,
        "2026-11-23T04:23:14.318Z",
    );
    check_record(
        r#"{"detail-type": "x", "time": "2026-11-23T04:23:45Z"}"#,
        "2026-11-23T04:23:45.000Z",
    );
    check_record(
        r#"{"created": "yesterday", "timestamp": 12345}"#,
        "1970-01-01T03:25:45.000Z",
    );
    check_record(r#"{"message": "none"}"#, "none");
}

#[test]
fn a_time_without_a_zone_is_local_but_for_an_iso_timestamp() {
    check_record(
        r#"{"timestamp": "2026-11-23T13:00:00.123"}"#,
        "2026-11-23T13:00:00.123Z",
    );
    check_record(
        r#"{"timestamp": "2026-11-23 13:00:00,123"}"#,
        "2026-11-23T04:00:00.123Z",
    );
    check_record(
        r#"{"time": "2026-11-23T13:00:00"}"#,
        "2026-11-23T04:00:00.000Z",
    );
    check_record(
        r#"{"time": "2026-11-23 13:00:00,123"}"#,
        "2026-11-23T04:00:00.123Z",
    );
}

#[test]
fn what_cannot_be_when_a_line_was_logged_is_no_time() {
    check_record(r#"{"created": 1e300, "message": "x"}"#, "none");
    check_record(r#"{"created": -1, "message": "x"}"#, "none");
    check_record(
        r#"{"created": 1e300, "asctime": "2026-11-23 13:00:00,123"}"#,
        "2026-11-23T04:00:00.123Z",
    );
    let clock = tokyo().until(Timestamp(1_795_500_000_000));
    for line in [
        r#"{"created": 4102444800, "message": "x"}"#,
        r#"{"message": "x", "created": 4102444800.5}"#,
        r#"{"timestamp": "2100-01-01T00:00:00Z"}"#,
        r#"{"time": "2100-01-01 00:00:00"}"#,
        r#"{"asctime": "2100-01-01 00:00:00,000"}"#,
    ] {
        assert_eq!(of_record(line.as_bytes(), &clock), None, "{line}");
    }
    assert_eq!(of_text(b"2100-01-01 00:00:00,000 x", &clock), None);
    assert!(of_text(b"2026-11-23 00:00:00,000 x", &clock).is_some());
}

#[test]
fn zones_with_summer_time_are_resolved_by_date() {
    let berlin = Clock::new(TimeZone::get("Europe/Berlin").expect("bundled"));
    for (line, expect) in [
        (
            "[2026-07-01 12:00:00,000: INFO]",
            "2026-07-01T10:00:00.000Z",
        ),
        (
            "[2026-12-01 12:00:00,000: INFO]",
            "2026-12-01T11:00:00.000Z",
        ),
        // Does not exist: read with the offset before the gap.
        (
            "[2026-03-29 02:30:00,000: INFO]",
            "2026-03-29T01:30:00.000Z",
        ),
    ] {
        assert_eq!(shown(of_text(line.as_bytes(), &berlin)), expect, "{line}");
    }
}

proptest! {
    #[test]
    fn agrees_with_jiff_on_every_instant(millis in 0i64..7_258_118_400_000) {
        let instant = jiff::Timestamp::from_millisecond(millis).expect("in range");
        let text = format!("{instant:.3}");
        prop_assert_eq!(iso(text.as_bytes()), Some(Timestamp(millis)));
        let zoned = instant.to_zoned_datetime(TimeZone::get("Asia/Tokyo").expect("bundled"));
        let line = zoned.strftime("[%Y-%m-%d %H:%M:%S,%3f: INFO/MainProcess] x").to_string();
        prop_assert_eq!(of_text(line.as_bytes(), &tokyo()), Some(Timestamp(millis)));
    }

    #[test]
    fn the_fast_path_of_created_agrees_with_the_slow_one(seconds in 100_000_000i64..9_999_999_999, micros in 0i64..1_000_000) {
        let created = seconds as f64 + micros as f64 / 1e6;
        let fast = leading_created(format!(r#"{{"created": {created:?}, "name": "x"}}"#).as_bytes(), &Clock::utc());
        let slow = of_record(format!(r#"{{"a": 1, "created": {created:?}}}"#).as_bytes(), &Clock::utc());
        let (fast, slow) = (fast.expect("read"), slow.expect("read"));
        prop_assert!((fast.0 - slow.0).abs() <= 1, "{} {}", fast, slow);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = (iso(&bytes), leading_iso(&bytes), of_text(&bytes, &tokyo()), of_record(&bytes, &tokyo()));
    }

    #[test]
    fn no_near_stamp_makes_it_panic(text in r"[\[{]?[0-9]{1,4}[-/][0-9A-Za-z]{1,3}[-/][0-9]{1,4}[T :][0-9:.,+Z \]-]{0,20}") {
        let _ = (iso(text.as_bytes()), of_text(text.as_bytes(), &tokyo()));
    }
}
