use proptest::prelude::*;

use super::*;

fn text_of(json: &str, name: &str) -> String {
    let value = Json::parse(json.as_bytes())
        .expect("valid")
        .get(name)
        .expect("present");
    value.as_str().expect("a string").into_owned()
}

#[test]
fn members_come_in_order_with_their_exact_text() {
    let json = Json::parse(br#" {"a": 1.50, "b" : [1, {"c": "]"}], "a": null} "#).expect("valid");
    let members: Vec<(String, &[u8])> = json
        .members()
        .map(|m| m.expect("valid"))
        .map(|(k, v)| (k.text().into_owned(), v.text()))
        .collect();
    let expected: [(&str, &[u8]); 3] =
        [("a", b"1.50"), ("b", br#"[1, {"c": "]"}]"#), ("a", b"null")];
    assert_eq!(members, expected.map(|(k, v)| (k.to_owned(), v)));
    assert_eq!(json.get("a").expect("present").kind(), Kind::Null);
}

#[test]
fn objects_of_an_array_are_walked_as_far_as_wanted() {
    let json = br#" [ {"a": 1, "b": "]}"} , 7, {}, {"a" : {"a": 2}}, "x" ] "#;
    let json = Json::parse(json).expect("valid");
    let (mut firsts, mut others) = (Vec::new(), 0);
    let first = |members: &mut Members<'_>| {
        let member = members.next().map(|member| member.expect("valid").1.text());
        firsts.push(member.map(<[u8]>::to_vec));
    };
    json.each_object(first, || others += 1);
    let expected = [Some(b"1".to_vec()), None, Some(br#"{"a": 2}"#.to_vec())];
    assert_eq!((firsts.as_slice(), others), (expected.as_slice(), 2));
}

#[test]
fn what_python_writes_beyond_the_standard_is_read() {
    let json = br#"{"a": NaN, "b": -Infinity, "c": 1180591620717411303424, "d": 1e+22}"#;
    let json = Json::parse(json).expect("valid");
    assert_eq!(json.get("a").expect("present").kind(), Kind::NonFinite);
    assert_eq!(
        json.get("c").expect("present").number_text(),
        Some("1180591620717411303424")
    );
    assert_eq!(json.get("d").expect("present").as_f64(), Some(1e22));
}

#[test]
fn escapes_are_decoded_and_lone_surrogates_replaced() {
    assert_eq!(
        text_of(r#"{"x": "\u6771\u4eac \ud83d\ude00\n\"\\"}"#, "x"),
        "東京 😀\n\"\\"
    );
    assert_eq!(
        text_of(r#"{"x": "a\ud83db\udc00\ud83d\u0041"}"#, "x"),
        "a\u{fffd}b\u{fffd}\u{fffd}A"
    );
    assert_eq!(text_of(r#"{"\u0078": "found"}"#, "x"), "found");
}

#[test]
fn a_cut_record_is_read_as_far_as_it_goes() {
    let mut members = Members::new(br#"{"levelname": "ERROR", "message": "half of th"#);
    assert!(members.next().expect("one").is_ok());
    assert_eq!(members.next(), Some(Err(Malformed { at: 45, cut: true })));
    assert_eq!(members.next(), None);
}

#[test]
fn text_around_an_object_is_malformed() {
    for text in [
        r#"x {"a":1}"#,
        r#"{"a":1} {"b":2}"#,
        r#"{"a":1}}"#,
        "{'a': 1}",
        r#"{"a":01}"#,
        "",
        "{",
    ] {
        assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn depth_is_no_problem() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    assert!(Json::parse(deep.as_bytes()).is_ok());
    assert!(Json::parse(&deep.as_bytes()[..399_999]).is_err_and(|error| error.cut));
    let mixed = r#"{"a":["#.repeat(100) + &"]}".repeat(100);
    assert!(Json::parse(mixed.as_bytes()).is_ok());
    let crossed = r#"{"a":["#.repeat(100) + &"}]".repeat(100);
    assert!(Json::parse(crossed.as_bytes()).is_err());
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Rebuilds a serde value through this scanner, to compare whole trees.
fn rebuilt(json: Json<'_>) -> serde_json::Value {
    match json.kind() {
        Kind::Object => {
            let members = json.members().map(|m| m.expect("valid"));
            members
                .map(|(key, value)| (key.text().into_owned(), rebuilt(value)))
                .collect()
        }
        Kind::Array => json.items().map(rebuilt).collect(),
        Kind::String => json.as_str().expect("a string").into(),
        _ => serde_json::from_slice(json.text()).expect("a scalar"),
    }
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_what_it_writes(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("printable")] {
            let reference: serde_json::Value = serde_json::from_str(&text).expect("valid");
            prop_assert_eq!(rebuilt(Json::parse(text.as_bytes()).expect("valid")), reference);
        }
    }

    #[test]
    fn agrees_with_serde_json_on_near_json(text in r#"[\[\]{}",:0-9eE.\\/nulltruefas \t+-]{0,24}"#) {
        if let Ok(reference) = serde_json::from_str::<serde_json::Value>(&text) {
            prop_assert_eq!(rebuilt(Json::parse(text.as_bytes()).expect("serde took it")), reference);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(json) = Json::parse(&bytes) {
            rebuilt_shape(json);
        }
        Members::new(&bytes).for_each(drop);
    }
}

fn rebuilt_shape(json: Json<'_>) {
    json.members().for_each(drop);
    json.items().for_each(drop);
    let _ = (json.as_str(), json.as_f64(), json.as_plain_str());
}
