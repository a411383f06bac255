//! Tests of the made day: it ends now, its lines carry their new times, and it is the same each time.

use serde_json::Value;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_123);

fn envelopes_of(file: &File) -> Vec<Value> {
    file.text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an envelope"))
        .collect()
}

#[test]
fn the_day_ends_now_and_is_in_order() {
    let mut last = 0;
    for file in day(NOW) {
        let times: Vec<i64> = envelopes_of(&file)
            .iter()
            .map(|event| event["timestamp"].as_i64().expect("a time"))
            .collect();
        assert!(times.is_sorted(), "{}", file.path);
        assert!(
            times
                .iter()
                .all(|at| (NOW.0 - 86_400_000..=NOW.0).contains(at)),
            "{}",
            file.path
        );
        last = last.max(times.last().copied().unwrap_or_default());
    }
    assert!(
        NOW.0 - last < 600_000,
        "the last event is {} ms ago",
        NOW.0 - last
    );
}

#[test]
fn records_carry_the_time_of_their_event() {
    let mut checked = 0;
    for file in day(NOW) {
        for event in envelopes_of(&file) {
            let message: Option<Value> = event["message"]
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok());
            let Some(created) = message.and_then(|record| record["created"].as_f64()) else {
                continue;
            };
            let late = event["timestamp"].as_f64().expect("a time") - created * 1000.0;
            assert!((-2.0..200.0).contains(&late), "{late} ms in {}", file.path);
            checked += 1;
        }
    }
    assert!(checked > 200);
}

#[test]
fn the_same_moment_makes_the_same_day() {
    assert_eq!(day(NOW), day(NOW));
}

#[test]
fn every_time_in_a_line_moves() {
    const HOUR: i64 = 3_600_000;
    let check =
        |text: &str, expected: &str| assert_eq!(retime::moved_text(text, 25 * HOUR), expected);
    check(
        r#"{"created": 1795407876.479058, "asctime": "2026-11-23 13:24:36,479"}"#,
        r#"{"created": 1795497876.479058, "asctime": "2026-11-24 14:24:36,479"}"#,
    );
    check(
        "[2026-11-30 23:30:00 +0000] [1] [INFO] x",
        "[2026-12-02 00:30:00 +0000] [1] [INFO] x",
    );
    check(
        "[2026-11-23 13:58:36,986: ERROR/Main] x",
        "[2026-11-24 14:58:36,986: ERROR/Main] x",
    );
    check(
        "- - [23/Nov/2026:14:09:25 +0900] \"GET",
        "- - [24/Nov/2026:15:09:25 +0900] \"GET",
    );
    check(
        "[23/Nov/2026 14:09:25] \"GET",
        "[24/Nov/2026 15:09:25] \"GET",
    );
    check("closing 2026-11-22 now", "closing 2026-11-23 now");
    check(
        "not a time: 2026-13-45, 1795407876.4",
        "not a time: 2026-13-45, 1795407876.4",
    );
}

#[test]
fn what_is_printed_in_one_breath_stays_together() {
    let lines = |times: &[i64]| -> Vec<recording::Recorded> {
        times
            .iter()
            .map(|&timestamp| recording::Recorded {
                timestamp,
                message: String::new(),
            })
            .collect()
    };
    let placed = retime::placed(&lines(&[7, 8, 1008, 1009]), 100_000, 10);
    let times: Vec<i64> = placed.iter().map(|line| line.timestamp).collect();
    assert_eq!(times, [99_007, 99_008, 109_008, 109_009]);
}
