//! Functions of JSON text, and of the lists and maps it holds.

use std::borrow::Cow;

use super::{Args, Arity, Function, Level, Run};
use crate::decode::json::{Json, Kind};
use crate::value::{Value, equal};

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "jsonParse",
        aliases: &["json_parse"],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "jsonParse(text)",
        summary: "the map or list that a JSON text holds",
        examples: &[
            ("jsonParse('{\"a\": [5, 6]}').a[1]", "6"),
            ("jsonParse('[1, {\"b\": true}]')", "[1,{\"b\":true}]"),
            ("jsonParse('5')", "null"),
        ],
        run: Some(Run::Values(json_parse)),
    },
    Function {
        name: "jsonStringify",
        aliases: &["json_stringify"],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "jsonStringify(value)",
        summary: "the JSON text of a map or list",
        examples: &[
            ("jsonStringify(jsonParse('{\"a\": 1}'))", "{\"a\":1}"),
            ("jsonStringify('x')", "null"),
        ],
        run: Some(Run::Values(json_stringify)),
    },
    Function {
        name: "jsonArraySize",
        aliases: &["json_array_size"],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "jsonArraySize(text)",
        summary: "how many items a JSON array has",
        examples: &[
            ("jsonArraySize('[1, [2, 3]]')", "2"),
            ("jsonArraySize('{}')", "null"),
        ],
        run: Some(Run::Values(json_array_size)),
    },
    Function {
        name: "jsonArrayContains",
        aliases: &["json_array_contains"],
        arity: Arity::exactly(2),
        level: Level::Wanted,
        signature: "jsonArrayContains(text, value)",
        summary: "1 when the value is one of a JSON array's items",
        examples: &[
            ("jsonArrayContains('[\"a\", 2]', 2)", "1"),
            ("jsonArrayContains('[\"a\"]', 'A')", "0"),
            ("jsonArrayContains('a', 'a')", "0"),
        ],
        run: Some(Run::Values(json_array_contains)),
    },
];

/// Values nested deeper than this are left out: a tree of them could not be walked safely.
const DEEPEST: usize = 128;

fn json_parse<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    match args.take(0) {
        nested @ (Value::List(_) | Value::Map(_)) => nested,
        Value::Text(Cow::Borrowed(text)) => tree(text),
        Value::Text(Cow::Owned(text)) => tree(&text).into_owned(),
        _ => Value::Null,
    }
}

/// Returns the list or the map that a JSON text holds.
pub(crate) fn tree(text: &str) -> Value<'_> {
    match Json::parse(text.as_bytes()) {
        Ok(json) if matches!(json.kind(), Kind::Object | Kind::Array) => value_of(json, 0),
        _ => Value::Null,
    }
}

fn value_of(json: Json<'_>, depth: usize) -> Value<'_> {
    if depth == DEEPEST {
        return Value::Null;
    }
    match json.kind() {
        Kind::Array => Value::List(json.items().map(|item| value_of(item, depth + 1)).collect()),
        Kind::Object => {
            let members = json.members().filter_map(Result::ok);
            Value::Map(
                members
                    .map(|(key, member)| (key.text(), value_of(member, depth + 1)))
                    .collect(),
            )
        }
        _ => scalar(json),
    }
}

/// Returns the value of a JSON text that is no container; an object or an array is none (D27).
pub(crate) fn scalar(json: Json<'_>) -> Value<'_> {
    match json.kind() {
        Kind::String => json.as_str().into(),
        Kind::Number => number(json),
        Kind::True => Value::Bool(true),
        Kind::False => Value::Bool(false),
        Kind::NonFinite => String::from_utf8_lossy(json.text()).into(),
        Kind::Null | Kind::Object | Kind::Array => Value::Null,
    }
}

/// Reads a number; one that no double can hold stays a text.
fn number(json: Json<'_>) -> Value<'_> {
    let Some(text) = json.number_text() else {
        return Value::Null;
    };
    match json.as_f64() {
        Some(number) if number.is_finite() => Value::Literal(Cow::Borrowed(text), number),
        _ => text.into(),
    }
}

fn json_stringify<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    match args.get(0) {
        nested if nested.is_nested() => nested.to_json().into(),
        _ => Value::Null,
    }
}

fn json_array_size<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    match json_parse(args) {
        Value::List(items) => Value::number(items.len() as f64),
        _ => Value::Null,
    }
}

fn json_array_contains<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let wanted = args.take(1);
    if wanted.is_null() || args.get(0).is_null() {
        return Value::Null;
    }
    let Value::List(items) = json_parse(args) else {
        return Value::Bool(false);
    };
    Value::Bool(items.iter().any(|item| equal(item, &wanted) == Some(true)))
}
