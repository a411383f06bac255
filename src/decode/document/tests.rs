use proptest::prelude::*;
use serde_json::json;

use super::*;

fn lines(document: &str) -> String {
    let mut lines = Vec::new();
    let value = Json::parse(document.as_bytes()).expect("valid");
    write_lines(value, &mut lines).expect("no poison");
    String::from_utf8(lines).expect("text")
}

#[test]
fn each_kind_of_document_becomes_lines() {
    let event = r#"{"timestamp":5,"message":"m"}"#;
    for document in [
        json!({"events": [{"timestamp": 5, "message": "m"}], "nextToken": "x"}),
        json!({"searchedLogStreams": [], "events": [{"timestamp": 5, "message": "m"}]}),
        json!([{"timestamp": 5, "message": "m"}]),
        json!({"timestamp": 5, "message": "m"}),
    ] {
        let pretty = serde_json::to_string_pretty(&document).expect("printable");
        let line = lines(&pretty).replace(r#"{"message":"m","timestamp":5}"#, event);
        assert_eq!(line, format!("{event}\n"), "{pretty}");
    }
    let other = r#"{"events":3,"message":"x y"}"#;
    assert_eq!(lines(other), format!("{other}\n"));
    assert_eq!(lines("[]"), "");
}

#[test]
fn the_start_of_a_file_tells_documents_from_lines() {
    for (start, documents) in [
        ("{\n    \"events\": [", true),
        ("{\n    \"version\": \"0\"", true),
        (r#"{"events":[{"timestamp""#, true),
        (r#"{"events": 3, "message""#, false),
        (r#"{"awslogs": {"data": "x"}}"#, true),
        (r#" {"messageType":"DATA_MESSAGE""#, true),
        (r#"[{"version": "0""#, true),
        ("[\n", true),
        ("[2026-11-23 13:58:36,986: ERROR/MainProcess] x", false),
        (r#"{"created": 1.5}"#, false),
        (
            r#"{"version":"0","detail-type":"ECS Task State Change"}"#,
            false,
        ),
        ("{\nnot json", false),
        ("{", false),
        ("", false),
    ] {
        let expect = if documents {
            Start::Documents
        } else {
            Start::Lines
        };
        assert_eq!(Start::of(start.as_bytes()), expect, "{start}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
        any::<String>().prop_map(Into::into)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("[a-c\"\\\\]{0,3}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn line_feeds_inside_a_string_do_not_end_the_line() {
    let mut line = Vec::new();
    compact(b"\"a\nb\\\n\n\\", &mut line);
    assert_eq!(line, br#""a\nb\n\n\"#);
}

proptest! {
    #[test]
    fn compacting_keeps_the_value(value in any_json()) {
        let pretty = serde_json::to_string_pretty(&value).expect("printable");
        let mut line = Vec::new();
        compact(pretty.as_bytes(), &mut line);
        prop_assert!(!line.contains(&b'\n'));
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&line).expect("valid"), value);
    }

    #[test]
    fn a_value_ends_where_it_ends_however_it_comes_in(value in any_json(), behind in "[ ,\\]}\n]", piece in 1usize..9) {
        let pretty = serde_json::to_string_pretty(&value).expect("printable");
        let text = format!("{pretty}{behind}");
        let mut extent = Extent::default();
        let mut end = None;
        for length in (0..=text.len()).step_by(piece).chain([text.len()]) {
            end = end.or_else(|| extent.end(&text.as_bytes()[..length]));
        }
        prop_assert_eq!(end, Some(pretty.len()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"[]{}\",:\\\n e"[..])], 0..60)) {
        let mut line = Vec::new();
        compact(&bytes, &mut line);
        prop_assert!(!line.contains(&b'\n'));
        let end = Extent::default().end(&bytes);
        prop_assert!(end.is_none_or(|end| end <= bytes.len()));
        let _ = Start::of(&bytes);
        if let Ok(value) = Json::parse(&bytes) {
            let _ = write_lines(value, &mut line);
        }
    }
}
