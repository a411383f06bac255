//! Functions that no query can call: what the resolver makes of commands.

use crate::decode::json::Kind;
use crate::query::fields::Cell;
use crate::query::functions::{self, Args, Run, Values};
use crate::query::template;
use crate::value::Value;

/// The sum of those arguments that are numbers.
pub(crate) const TOTAL: &str = "@total";
/// A text with placeholders for its varying words.
pub(crate) const TEMPLATE: &str = "@template";
/// A field, also when it is a list or a map.
pub(crate) const WHOLE: &str = "@whole";

/// Finds a function of values by its name.
pub(super) fn find(name: &str) -> Option<Values> {
    match name {
        TOTAL => Some(total),
        TEMPLATE => Some(template),
        _ => None,
    }
}

/// Adds numbers and texts that are numbers; instants and what is missing add nothing (D29).
fn total<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let numbers = args.0.iter().filter_map(summand);
    numbers.reduce(|sum, number| sum + number).into()
}

/// Returns a value as a number to be added up: an instant is none.
pub(crate) fn summand(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Timestamp(_) => None,
        other => other.as_number(),
    }
}

fn template<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let text = args.text(0);
    text.map(|text| template::of(&text)).into()
}

/// Returns a field's value, decoded also when it is a list or a map.
pub(crate) fn whole<'s>(cell: &'s Cell<'_>) -> Value<'s> {
    match cell {
        Cell::Json(json) if matches!(json.kind(), Kind::Object | Kind::Array) => {
            let text = std::str::from_utf8(json.text());
            text.map_or(Value::Null, parsed)
        }
        other => other.value(),
    }
}

/// Reads the list or map that a JSON text holds; null for anything else.
pub(crate) fn parsed(text: &str) -> Value<'_> {
    match functions::find("jsonParse").and_then(|function| function.run) {
        Some(Run::Values(run)) => run(&mut Args(&mut [text.into()])),
        _ => Value::Null,
    }
}
