//! The printed form of values: all results of a query are text.

use std::borrow::Cow;
use std::fmt::Write;

use crate::time::Timestamp;
use crate::value::Value;

impl<'a> Value<'a> {
    /// Returns the printed form, `None` for no value.
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(true) => Cow::Borrowed("1"),
            Self::Bool(false) => Cow::Borrowed("0"),
            Self::Number(number) => Cow::Owned(number_text(*number)),
            Self::Literal(text, _) | Self::Text(text) => Cow::Borrowed(text),
            Self::Timestamp(instant) => Cow::Owned(timestamp_text(*instant)),
            Self::List(_) | Self::Map(_) => Cow::Owned(self.to_json()),
        })
    }

    /// Returns the same without copying text that is borrowed.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Literal(text, _) | Self::Text(text) => Some(text),
            other => other.to_text().map(|text| Cow::Owned(text.into_owned())),
        }
    }

    /// Returns JSON text without blanks, maps in source order (D19, D23); what has no JSON form is quoted text.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        write_json(self, &mut json);
        json
    }
}

/// Returns a number without exponent: integral ones bare, others with at most four decimals, half away from
/// zero (D3).
pub fn number_text(number: f64) -> String {
    let rounded = if number.fract() == 0.0 {
        number
    } else {
        round_decimals(number, 4)
    };
    // Adding zero turns -0 into 0.
    (rounded + 0.0).to_string()
}

/// Rounds half away from zero (D34) at a number of decimals, as the decimal digits of the number tell it.
pub(crate) fn round_decimals(number: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    let scaled = number * scale;
    if !scaled.is_finite() || scaled.abs() >= 9e15 {
        return number;
    }
    scaled.round() / scale
}

/// Returns `2026-03-02 10:00:00.000`: always UTC, always three decimals.
pub fn timestamp_text(instant: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(instant.as_millis()) {
        Ok(instant) => instant.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => instant.as_millis().to_string(),
    }
}

fn write_json(value: &Value<'_>, json: &mut String) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(truth) => json.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => json.push_str(&number_text(*number)),
        Value::Literal(text, _) => json.push_str(text),
        Value::Timestamp(instant) => write_quoted(&timestamp_text(*instant), json),
        Value::Text(text) => write_quoted(text, json),
        Value::List(items) => write_list(items, json),
        Value::Map(members) => write_map(members, json),
    }
}

fn write_list(items: &[Value<'_>], json: &mut String) {
    json.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write_json(item, json);
    }
    json.push(']');
}

fn write_map(members: &[(Cow<'_, str>, Value<'_>)], json: &mut String) {
    json.push('{');
    for (at, (key, value)) in members.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write_quoted(key, json);
        json.push(':');
        write_json(value, json);
    }
    json.push('}');
}

fn write_quoted(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if control < ' ' => {
                write!(json, "\\u{:04x}", u32::from(control)).expect("a String takes all text");
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &Value<'_>, expected: &str) {
        assert_eq!(value.to_text().as_deref(), Some(expected));
    }

    #[test]
    fn numbers_print_without_exponent_and_with_four_decimals() {
        check(&Value::Number(512_000_000.0), "512000000");
        check(&Value::Number(1e21), "1000000000000000000000");
        check(&Value::Number(2.0 / 3.0), "0.6667");
        check(&Value::Number(1.5), "1.5");
        check(&Value::Number(0.031_25), "0.0313");
        check(&Value::Number(-0.000_01), "0");
        check(&Value::Number(-0.0), "0");
        check(&Value::Literal("1.50".into(), 1.5), "1.50");
    }

    #[test]
    fn instants_print_in_utc_with_three_decimals() {
        check(
            &Value::Timestamp(Timestamp(1_772_445_600_123)),
            "2026-03-02 10:00:00.123",
        );
        check(&Value::Timestamp(Timestamp(-1)), "1969-12-31 23:59:59.999");
        check(
            &Value::Timestamp(Timestamp(i64::MAX)),
            "9223372036854775807",
        );
    }

    #[test]
    fn nested_values_print_as_json() {
        let list = Value::List(vec![
            "a\"\u{1}".into(),
            true.into(),
            Value::Null,
            1.0.into(),
        ]);
        check(&list, "[\"a\\\"\\u0001\",true,null,1]");
        check(
            &Value::Map(vec![("k".into(), list)]),
            "{\"k\":[\"a\\\"\\u0001\",true,null,1]}",
        );
    }

    #[test]
    fn nothing_prints_nothing() {
        assert_eq!(Value::Null.to_text(), None);
    }
}
