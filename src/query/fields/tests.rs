use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::event::{Event, Origin};
use crate::time::Timestamp;

fn with_event<R>(message: &str, use_it: impl FnOnce(&Event<'_>) -> R) -> R {
    let origin = Origin::new("/ecs/web", "web/app/1");
    use_it(&Event {
        timestamp: Timestamp(1_772_445_600_000),
        ingestion: None,
        message: message.as_bytes(),
        origin: &origin,
        id: None,
    })
}

fn read(message: &str, names: &[&str]) -> Vec<Option<String>> {
    let set = FieldSet::new(names.iter().map(|&name| name.into()).collect(), 0);
    with_event(message, |event| {
        let mut slots = set.slots();
        set.read(event, &Extras::default(), &mut slots);
        let texts = (0..names.len()).map(|slot| slots.get(slot).to_text().map(Cow::into_owned));
        texts.collect()
    })
}

fn check(message: &str, expected: &[(&str, Option<&str>)]) {
    let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
    let texts: Vec<Option<&str>> = expected.iter().map(|(_, text)| *text).collect();
    let read = read(message, &names);
    let read: Vec<Option<&str>> = read.iter().map(Option::as_deref).collect();
    assert_eq!(read, texts, "{message}");
}

#[test]
fn paths_lead_through_objects_and_arrays() {
    check(
        r#"{"a": {"b": {"c": 1.50}, "d": [true, {"e": "x\n"}]}, "f": null, "g": {}}"#,
        &[
            ("a.b.c", Some("1.50")),
            ("a.d.0", Some("1")),
            ("a.d.1.e", Some("x\n")),
            ("a", None),
            ("a.d", None),
            ("a.d.01", None),
            ("f", None),
            ("g", None),
        ],
    );
}

#[test]
fn the_last_key_counts_and_a_key_with_a_dot_before_a_path() {
    check(r#"{"a": 1, "a": 2}"#, &[("a", Some("2"))]);
    check(r#"{"a": 1, "a": null}"#, &[("a", None)]);
    check(
        r#"{"a": {"b": 1}, "a": 2}"#,
        &[("a.b", None), ("a", Some("2"))],
    );
    check(r#"{"a.b": 1, "a": {"b": 2}}"#, &[("a.b", Some("1"))]);
    check(r#"{"a": {"b": 2}, "a.b": 1}"#, &[("a.b", Some("1"))]);
    check(r#"{"a.b": {}, "a": {"b": 2}}"#, &[("a.b", Some("2"))]);
}

#[test]
fn a_key_that_begins_with_an_at_sign_gets_one_more() {
    check(
        r#"{"@version": "1", "@timestamp": "x"}"#,
        &[
            ("@@version", Some("1")),
            ("@version", None),
            ("@timestamp", Some("2026-03-02 10:00:00.000")),
        ],
    );
}

#[test]
fn only_a_message_that_is_wholly_an_object_has_fields() {
    for message in [
        r#"x {"a": 1}"#,
        r#"{"a": 1} {"a": 2}"#,
        r#"[{"a": 1}]"#,
        r#"{"a"#,
        r#"{a} {"a": 1}"#,
        "",
    ] {
        check(message, &[("a", None), ("@message", Some(message))]);
    }
    check(" {\"a\": 1}\n", &[("a", Some("1"))]);
}

#[test]
fn a_broken_record_has_the_fields_before_the_break_and_is_counted() {
    check(r#"{"a": 1, "b": "cut"#, &[("a", Some("1")), ("b", None)]);
    check(r#"{"a": 1"#, &[("a", Some("1"))]);
    check(r#"{"a": 1, b: 2}"#, &[("a", Some("1")), ("b", None)]);
    let set = FieldSet::new(vec!["a".into()], 0);
    let mut reader = set.reader();
    for message in [
        r#"{"a": 1, "b"#,
        r#"{"a": 1, "b": "as long as most"}"#,
        "{braces}",
    ] {
        with_event(message, |event| {
            reader.read(event, &Extras::default(), &mut set.slots());
        });
    }
    assert_eq!(reader.take_broken().cut, 1);
    for message in [
        "hello",
        "",
        "[2026-11-23 05:09:26 +0000] [11086] [INFO] Listening at: http://0.0.0.0:8000 (11086)",
        r#"  Applying shop.0002_price...{"levelname": "INFO", "message": "x"}"#,
        r#"["a", "b"#,
        r#", "a": 1"#,
        // Begins as records do, and is none.
        r#"{"a": tru, "b": "x"}"#,
        r#"{"a": as it was before}"#,
    ] {
        with_event(message, |event| {
            reader.read(event, &Extras::default(), &mut set.slots());
        });
        assert_eq!(reader.take_broken().total(), 0, "{message}");
    }
}

#[test]
fn the_first_two_hundred_values_are_fields() {
    let members: Vec<String> = (0..201)
        .map(|n| format!(r#""f{n}": {{"x": [{n}, null]}}"#))
        .collect();
    let message = format!("{{{}}}", members.join(", "));
    check(
        &message,
        &[
            ("f0.x.0", Some("0")),
            ("f199.x.0", Some("199")),
            ("f200.x.0", None),
        ],
    );
}

#[test]
fn only_the_first_values_are_fields_however_many_the_records_before_had() {
    let set = FieldSet::new(vec!["n".into(), "items.0".into()], 0);
    let mut reader = set.reader();
    for count in [150, 150, 250, 199, 200, 150, 250] {
        let items = vec!["7"; count].join(",");
        let message = format!(r#"{{"a": "x", "items": [{items}], "n": 5, "text": "behind it"}}"#);
        let n = (count < 199).then_some("5");
        with_event(&message, |event| {
            let mut slots = set.slots();
            reader.read(event, &Extras::default(), &mut slots);
            assert_eq!(slots.get(0).to_text().as_deref(), n, "{count}");
            assert_eq!(slots.get(1).to_text().as_deref(), Some("7"), "{count}");
        });
    }
}

#[test]
fn system_fields_come_from_the_event() {
    check(
        "hello",
        &[
            ("@log", Some("/ecs/web")),
            ("@logStream", Some("web/app/1")),
            ("@ingestionTime", None),
            ("@ptr", Some("/ecs/web:web/app/1:0")),
            ("@level", None),
        ],
    );
}

#[test]
fn depth_is_no_problem() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000));
    check(&deep, &[(&vec!["a"; 5000].join("."), None)]);
    let wide = format!(r#"{{"x": {deep}, "y": [{}1], "a": 2}}"#, "0,".repeat(300));
    check(&wide, &[("a", None), ("y.3", Some("0"))]);
}

/// The slow and obvious way to the value of a path.
fn naive(json: &serde_json::Value, path: &str) -> Option<serde_json::Value> {
    let below = |part: &str| match json {
        serde_json::Value::Object(members) => members.get(part),
        serde_json::Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    };
    if let Some(value) = below(path)
        && !value.is_null()
        && !value.is_object()
        && !value.is_array()
    {
        return Some(value.clone());
    }
    // A longer key counts before a shorter one: the fewer steps, the better.
    let mut dots: Vec<usize> = path.match_indices('.').map(|(dot, _)| dot).collect();
    dots.reverse();
    dots.into_iter()
        .find_map(|dot| naive(below(&path[..dot])?, &path[dot + 1..]))
}

fn any_object() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        (0i32..9).prop_map(Into::into),
        "[a-c\\\\\"é]{0,3}".prop_map(Into::into),
    ];
    let nested = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::hash_map("[a-c]", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::hash_map("[a-c]", nested, 0..4)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn it_finds_what_a_tree_of_the_message_holds(object in any_object(), path in "[a-c]([.][a-c0-2]){0,3}") {
        let expected = naive(&object, &path).map(|value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        });
        prop_assert_eq!(&read(&object.to_string(), &[&path])[0], &expected);
    }

    #[test]
    fn no_message_makes_it_panic(message in r#"[{}\[\]",:a.0 1\\u]{0,40}"#) {
        read(&message, &["a", "a.a", "a.0", "@message"]);
    }

    #[test]
    fn what_was_read_before_changes_nothing(
        objects in prop::collection::vec((any_object(), 0usize..6), 1..12),
        separator in prop::sample::select(&[", ", ","][..]),
    ) {
        let names = ["a", "b", "c", "a.b", "b.0"];
        let set = FieldSet::new(names.iter().map(|&name| name.into()).collect(), 0);
        let mut reader = set.reader();
        for (object, cut) in &objects {
            // Also records that are cut, or whose members stand closer together.
            let mut message = object.to_string().replace(',', separator);
            for _ in 0..cut / 4 {
                message.pop();
            }
            with_event(&message, |event| {
                let mut slots = set.slots();
                reader.read(event, &Extras::default(), &mut slots);
                let texts = (0..names.len()).map(|slot| slots.get(slot).to_text().map(Cow::into_owned));
                assert_eq!(texts.collect::<Vec<_>>(), read(&message, &names), "{message}");
            });
        }
    }
}

proptest! {
    #[test]
    fn what_was_read_before_changes_nothing_where_there_are_many_values(
        records in prop::collection::vec((150usize..260, 0usize..40, any::<prop::sample::Index>()), 1..8),
    ) {
        let names = ["n", "items.0", "items.120", "items.220", "text"];
        let set = FieldSet::new(names.iter().map(|&name| name.into()).collect(), 0);
        let mut reader = set.reader();
        for (count, commas, cut) in records {
            let items = vec!["7"; count].join(",");
            let text = ",".repeat(commas * 10);
            let whole = format!(r#"{{"a": "x", "items": [{items}], "n": 5, "text": "{text}", "b": "behind it"}}"#);
            // Many of them are cut.
            let message = &whole[..whole.len().min(1 + cut.index(2 * whole.len()))];
            with_event(message, |event| {
                let mut slots = set.slots();
                reader.read(event, &Extras::default(), &mut slots);
                let texts = (0..names.len()).map(|slot| slots.get(slot).to_text().map(Cow::into_owned));
                assert_eq!(texts.collect::<Vec<_>>(), read(message, &names), "{message}");
                let mut fresh = set.reader();
                fresh.read(event, &Extras::default(), &mut set.slots());
                assert_eq!(reader.take_broken(), fresh.take_broken(), "{message}");
            });
        }
    }
}

#[test]
fn blanks_may_stand_in_one_record_and_not_in_the_next() {
    let set = FieldSet::new(vec!["a".into(), "b".into()], 0);
    let mut reader = set.reader();
    for message in [
        r#"{"a":1,"b":22222222222222222222}"#,
        r#"{"a": 1,"b": 22222222222222222222}"#,
        r#"{ "a":1, "b"  :  22222222222222222222}"#,
        r#"{"a":1,"b":22222222222222222222}"#,
    ] {
        with_event(message, |event| {
            let mut slots = set.slots();
            reader.read(event, &Extras::default(), &mut slots);
            let texts = [0, 1].map(|slot| slots.get(slot).to_text().map(Cow::into_owned));
            let expected = ["1", "22222222222222222222"].map(|text| Some(text.to_owned()));
            assert_eq!(texts, expected, "{message}");
        });
    }
    assert_eq!(reader.take_broken().total(), 0);
}

#[test]
fn a_member_without_its_comma_is_no_member() {
    let set = FieldSet::new(vec!["b".into()], 0);
    let mut reader = set.reader();
    for (message, expected) in [
        (r#" {"b": 1}"#, Some("1")),
        (r#" {"a": 1, "b": 2}"#, Some("2")),
        (r#"{"a": 1"b": 2}"#, None),
    ] {
        with_event(message, |event| {
            let mut slots = set.slots();
            reader.read(event, &Extras::default(), &mut slots);
            assert_eq!(slots.get(0).to_text().as_deref(), expected, "{message}");
        });
    }
}

#[test]
fn names_are_told_apart_by_every_byte() {
    for length in 1..40 {
        let name = "a".repeat(length);
        let set = FieldSet::new(vec![name.as_str().into()], 0);
        for other in 0..length {
            let mut near = name.clone();
            near.replace_range(other..=other, "b");
            let mut reader = set.reader();
            for (key, expected) in [(&name, Some("2")), (&near, None), (&name, Some("2"))] {
                let message =
                    format!(r#"{{"x": 1, "{key}": 2, "y": "a value to stand behind it"}}"#);
                with_event(&message, |event| {
                    let mut slots = set.slots();
                    reader.read(event, &Extras::default(), &mut slots);
                    assert_eq!(slots.get(0).to_text().as_deref(), expected, "{message}");
                });
            }
        }
    }
}

#[test]
fn members_that_cannot_be_recognized_take_no_place() {
    let set = FieldSet::new(vec!["a".into()], 0);
    let mut reader = set.reader();
    let mut read = |message: &str| {
        with_event(message, |event| {
            reader.read(event, &Extras::default(), &mut set.slots());
        });
    };
    for _ in 0..60 {
        read(r#"{"n":1}"#);
        read(r#"{"message":"as long as most are","n":5}"#);
    }
    read(r#"{"logger":"of another program","level":"not met before"}"#);
    let first = br#""logger":"of another program"}"#;
    assert!(reader.shape.recognize_first(first).is_some());
    let further = br#","level":"not met before"}"#;
    assert!(reader.shape.ahead(0).recognize(further).is_some());
}
