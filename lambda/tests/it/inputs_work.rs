//! What the tests feed the function with: payloads, recordings and samples are what they are taken for.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use logq::decode::ecs::TaskEvent;
use logq::decode::subscription::{self, Delivery, Poison, Purpose};
use serde_json::Value;

use crate::corpus::{Recording, recording, recordings, samples};
use crate::payload::{Cut, LogEvent, Stream, bomb};

#[test]
fn event_ids_hold_the_time_and_are_unique() {
    let stream = Stream::new(
        "/g",
        "s",
        (0..300).map(|at| (1_795_407_844_614 + at / 3, "x".to_owned())),
    );
    let other = Stream::new("/g", "t", [(1_795_407_844_614, "x".to_owned())]);
    let mut ids: Vec<&str> = stream
        .events
        .iter()
        .chain(&other.events)
        .map(|event| event.id.as_str())
        .collect();
    for event in &stream.events {
        assert_eq!(event.id.len(), 56);
        assert_eq!(shifted(&event.id), event.timestamp);
    }
    assert!(ids.is_sorted() || ids[..300].is_sorted());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 301);
    assert_eq!(stream.moved(0).events, stream.events);
}

/// Divides by 2 to the 144th, digit by digit.
fn shifted(id: &str) -> i64 {
    let mut digits: Vec<u32> = id.bytes().map(|digit| u32::from(digit - b'0')).collect();
    for _ in 0..144 {
        let mut carry = 0;
        for digit in &mut digits {
            let value = carry * 10 + *digit;
            (*digit, carry) = (value / 2, value % 2);
        }
    }
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + i64::from(*digit))
}

fn unpacked(payload: &[u8]) -> (String, Vec<LogEvent>) {
    let document = subscription::unpack(payload, subscription::LIMIT).expect("a payload");
    let delivery = Delivery::read(&document).expect("a delivery");
    assert_eq!(delivery.purpose, Purpose::Data);
    let document: Value = serde_json::from_slice(&document).expect("JSON");
    let event = |event: &Value| LogEvent {
        id: event["id"].as_str().unwrap_or_default().to_owned(),
        timestamp: event["timestamp"].as_i64().unwrap_or_default(),
        message: event["message"].as_str().unwrap_or_default().to_owned(),
    };
    let events = document["logEvents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(event)
        .collect();
    (delivery.stream().into_owned(), events)
}

#[test]
fn any_cut_holds_each_event_as_often_as_asked() {
    let streams: Vec<Stream> = [
        "batch/close-day-chain-v4.jsonl",
        "migrate/retry-loop-v3.jsonl",
    ]
    .map(|file| recording(file).lines())
    .to_vec();
    for stream in &streams {
        assert_eq!(unpacked(&stream.payload()).1, stream.events);
    }
    let whole: usize = streams.iter().map(|stream| stream.events.len()).sum();
    for seed in 0..20 {
        let cut = Cut {
            seed,
            cuts: 4,
            times: 2,
            shuffled: true,
        };
        let payloads = cut.deliveries(&streams);
        assert_eq!(payloads, cut.deliveries(&streams));
        let mut seen = BTreeMap::new();
        for payload in &payloads {
            let (stream, events) = unpacked(payload);
            assert!(events.is_sorted_by(|a, b| a.id < b.id));
            for event in events {
                *seen.entry((stream.clone(), event.id)).or_insert(0) += 1;
            }
        }
        assert_eq!(seen.len(), whole);
        assert!(seen.values().all(|times| *times == 2));
    }
}

#[test]
fn recordings_have_the_events_of_their_tasks() {
    let runs: Vec<_> = recordings().into_iter().filter(Recording::is_run).collect();
    assert_eq!(runs.len(), 443);
    let failed = runs.iter().filter(|run| run.outcome == "failed");
    assert_eq!(failed.clone().count(), 176);
    assert_eq!(failed.filter(|run| run.evident == "failed").count(), 147);
    for run in runs {
        let event = TaskEvent::parse(run.stopped().to_string().as_bytes()).expect("an event");
        assert_eq!(event.last_status, "STOPPED");
        assert!(run.stream.ends_with(&event.task), "{}", run.file);
    }
    let at = 1_800_000_000_000;
    let moved = recording("batch/close-day-chain-v4.jsonl").ending(at);
    let last = moved.lines().events.last().expect("events").timestamp;
    assert!((at - 10_000..=at + 1_000).contains(&last), "{last}");
}

#[test]
fn the_bomb_is_a_payload_that_lambda_lets_through() {
    let bomb = bomb();
    assert!(
        bomb.len() <= 1 << 20 && bomb.len() > 1_000_000,
        "{}",
        bomb.len()
    );
    let limit = subscription::LIMIT;
    assert_eq!(subscription::unpack(&bomb, limit), Err(Poison::TooLarge));
    let payload: Value = serde_json::from_slice(&bomb).expect("JSON");
    let packed = STANDARD
        .decode(payload["awslogs"]["data"].as_str().expect("data"))
        .expect("base64");
    let mut sink = std::io::sink();
    let read = std::io::copy(
        &mut MultiGzDecoder::new(packed.as_slice()).take(2 << 30),
        &mut sink,
    );
    assert!(read.expect("gzip") > 700 << 20);
}

#[test]
fn samples_have_expectations() {
    assert_eq!(samples("payloads").len(), 8);
    assert_eq!(samples("ecs-events").len(), 8);
}
