use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn samples() -> Vec<(Vec<u8>, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/payloads");
    let expected = std::fs::read_to_string(folder.join("expected.jsonl")).expect("there");
    let read = |line: &str| {
        let expected: Value = serde_json::from_str(line).expect("JSON");
        let name = expected["file"].as_str().expect("a name");
        (std::fs::read(folder.join(name)).expect("there"), expected)
    };
    expected.lines().map(read).collect()
}

pub(super) fn packed(document: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(document).expect("in memory");
    let data = STANDARD.encode(encoder.finish().expect("in memory"));
    json!({"awslogs": {"data": data}}).to_string().into_bytes()
}

/// Summarises a payload in the words of the samples' expectations.
fn summary(payload: &[u8]) -> Value {
    let document = match unpack(payload, LIMIT) {
        Ok(document) => document,
        Err(poison) => return json!({"decode": "poison", "reason": poison.name()}),
    };
    match Delivery::read(&document) {
        Err(poison) => json!({"decode": "poison", "reason": poison.name()}),
        Ok(delivery) if delivery.purpose == Purpose::Control => {
            json!({"decode": "control", "events": delivery.events.items().count()})
        }
        Ok(delivery) => {
            let messages: Vec<_> = delivery
                .events
                .items()
                .filter_map(|event| event.get("message")?.as_str())
                .collect();
            let records = messages.iter().filter(|text| {
                Json::parse(text.as_bytes()).is_ok_and(|json| json.kind() == Kind::Object)
            });
            json!({
                "decode": "data", "log_group": delivery.group(), "log_stream": delivery.stream(),
                "events": messages.len(), "json_records": records.count(),
            })
        }
    }
}

#[test]
fn every_sample_is_decided_as_expected() {
    for (payload, expected) in samples() {
        let summary = summary(&payload);
        for (name, value) in summary.as_object().expect("an object") {
            assert_eq!(value, &expected[name], "{name} of {expected}");
        }
        assert_eq!(summary.get("reason"), expected.get("reason"));
    }
}

#[test]
fn a_bomb_ends_at_the_limit() {
    let bomb = packed(&vec![b' '; 20 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(unpack(&bomb, 1 << 20), Err(Poison::TooLarge));
    let exact = packed(&vec![b' '; 1 << 20]);
    assert!(unpack(&exact, 1 << 20).is_ok());
}

#[test]
fn what_is_no_payload_is_named() {
    for text in [
        "",
        "{}",
        "x",
        r#"{"awslogs": {}}"#,
        r#"{"awslogs": {"data": 1}}"#,
    ] {
        assert_eq!(unpack(text.as_bytes(), LIMIT), Err(Poison::Shape), "{text}");
    }
    assert_eq!(
        unpack(br#"{"awslogs": {"data": "aGVsbG8="}}"#, LIMIT),
        Err(Poison::Gzip)
    );
    for (document, poison) in [
        ("nothing", Poison::Json),
        ("[]", Poison::Shape),
        (r#"{"messageType": "NEWS"}"#, Poison::MessageType),
        (
            r#"{"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s"}"#,
            Poison::Shape,
        ),
    ] {
        assert_eq!(
            Delivery::read(document.as_bytes()).err(),
            Some(poison),
            "{document}"
        );
    }
}

#[test]
fn events_become_lines_with_group_and_stream() {
    let document = json!({
        "messageType": "DATA_MESSAGE", "logGroup": "/a\"b", "logStream": "c/d/e", "new": 1,
        "logEvents": [{"id": "1", "timestamp": 5, "message": "a\nb"}, {}, 7],
    });
    let pretty = serde_json::to_vec_pretty(&document).expect("printable");
    let mut lines = Vec::new();
    Delivery::read(&pretty)
        .expect("valid")
        .write_lines(&mut lines);
    let lines = String::from_utf8(lines).expect("text");
    assert_eq!(
        lines,
        concat!(
            r#"{"logGroup":"/a\"b","logStream":"c/d/e","id":"1","message":"a\nb","timestamp":5}"#,
            "\n",
            r#"{"logGroup":"/a\"b","logStream":"c/d/e"}"#,
            "\n",
        )
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = (unpack(&bytes, 100), Delivery::read(&bytes).map(|delivery| delivery.purpose), gunzip(&bytes, 100));
        let _ = unpack(&packed(&bytes), 40);
    }
}
