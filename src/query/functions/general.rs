//! Functions of any value: presence, choice, and what is the same for all rows of a query.

use super::{Args, Arity, Function, Level, Run};
use crate::query::Settings;
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "ispresent",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "ispresent(field)",
        summary: "1 when the field is there, also when it is empty",
        examples: &[("ispresent('')", "1"), ("ispresent(missing)", "0")],
        run: Some(Run::Values(is_present)),
    },
    Function {
        name: "coalesce",
        aliases: &[],
        arity: Arity::at_least(1),
        level: Level::Core,
        signature: "coalesce(value, ...)",
        summary: "the first value that is there",
        examples: &[
            ("coalesce(missing, '', 'x')", ""),
            ("coalesce(missing)", "null"),
        ],
        run: Some(Run::Values(coalesce)),
    },
    Function {
        name: "if",
        aliases: &[],
        arity: Arity::exactly(3),
        level: Level::Core,
        signature: "if(condition, then, otherwise)",
        summary: "one of two values",
        examples: &[
            ("if(503 >= 500, 'error', 'ok')", "error"),
            ("if(missing > 1, 'a', 'b')", "b"),
        ],
        run: Some(Run::Values(if_)),
    },
    Function {
        name: "case",
        aliases: &[],
        // Ten pairs and a default (D45).
        arity: Arity::between(2, 21),
        level: Level::Core,
        signature: "case(condition, value, ..., [default])",
        summary: "the value of the first condition that holds",
        examples: &[
            ("case(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"),
            ("case(1 > 2, 'a', 'c')", "c"),
            ("case(1 > 2, 'a')", "null"),
        ],
        run: Some(Run::Values(case)),
    },
    Function {
        name: "isNumeric",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "isNumeric(value)",
        summary: "1 when the value is a number or text that is one",
        examples: &[("isNumeric('12.5')", "1"), ("isNumeric('12ms')", "0")],
        run: Some(Run::Values(is_numeric)),
    },
    Function {
        name: "messageSize",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "messageSize(text)",
        summary: "the length of a text in bytes of UTF-8",
        examples: &[("messageSize('héllo')", "6")],
        run: Some(Run::Values(message_size)),
    },
    Function {
        name: "now",
        aliases: &[],
        arity: Arity::exactly(0),
        level: Level::Core,
        signature: "now()",
        summary: "when the query started, in seconds",
        examples: &[],
        run: Some(Run::Settings(now)),
    },
    Function {
        name: "queryStartTime",
        aliases: &[],
        arity: Arity::exactly(0),
        level: Level::Wanted,
        signature: "queryStartTime()",
        summary: "the start of the time range, in milliseconds",
        examples: &[],
        run: Some(Run::Settings(query_start)),
    },
    Function {
        name: "queryEndTime",
        aliases: &[],
        arity: Arity::exactly(0),
        level: Level::Wanted,
        signature: "queryEndTime()",
        summary: "the end of the time range, in milliseconds",
        examples: &[],
        run: Some(Run::Settings(query_end)),
    },
    Function {
        name: "queryTimeRange",
        aliases: &[],
        arity: Arity::exactly(0),
        level: Level::Wanted,
        signature: "queryTimeRange()",
        summary: "the length of the time range, in milliseconds",
        examples: &[],
        run: Some(Run::Settings(query_range)),
    },
];

fn is_present<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    Value::Bool(!args.get(0).is_null())
}

fn coalesce<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let present = args.0.iter_mut().find(|value| !value.is_null());
    present.map(std::mem::take).unwrap_or_default()
}

fn if_<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let holds = args.get(0).truth() == Some(true);
    args.take(if holds { 1 } else { 2 })
}

fn case<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let pairs = args.len() / 2;
    let holds = |pair: &usize| args.get(pair * 2).truth() == Some(true);
    // Behind the pairs stands the default, or nothing.
    let chosen = (0..pairs)
        .find(holds)
        .map_or(pairs * 2, |pair| pair * 2 + 1);
    args.take(chosen)
}

fn is_numeric<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    match args.get(0) {
        Value::Null => Value::Null,
        value => Value::Bool(value.as_number().is_some()),
    }
}

fn message_size<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.text(0).map(|text| text.len() as f64).into()
}

fn now(settings: &Settings) -> Value<'static> {
    Value::number(settings.now.as_millis().div_euclid(1000) as f64)
}

fn query_start(settings: &Settings) -> Value<'static> {
    settings.window.map(|(start, _)| start.as_millis()).into()
}

fn query_end(settings: &Settings) -> Value<'static> {
    settings.window.map(|(_, end)| end.as_millis()).into()
}

fn query_range(settings: &Settings) -> Value<'static> {
    let range = settings.window;
    range
        .map(|(start, end)| end.as_millis() - start.as_millis())
        .into()
}
