//! Printed values read back: the service gives every value of a row as text.
//!
//! The plan tells which columns are numbers, times or lists. Of a field of events it cannot know that: what is written
//! as JSON writes a number is taken for one, so `404` is a number, and `007` is text.

use std::borrow::Cow;

use super::functions::read_nested;
use super::plan::Kind;
use crate::time::Timestamp;
use crate::value::Value;

/// Reads a printed value of a column of this kind; what does not fit the kind stays text.
pub fn read(text: String, kind: Kind) -> Value<'static> {
    match kind {
        Kind::Text => Value::Text(Cow::Owned(text)),
        Kind::Time => match timestamp(&text) {
            Some(at) => Value::Timestamp(at),
            None => number_or_text(text),
        },
        Kind::Number | Kind::Field => number_or_text(text),
        Kind::Nested => match read_nested(&text) {
            Value::Null => number_or_text(text),
            nested => nested.into_owned(),
        },
    }
}

fn number_or_text(text: String) -> Value<'static> {
    match json_number(&text) {
        Some(number) => Value::Literal(Cow::Owned(text), number),
        None => Value::Text(Cow::Owned(text)),
    }
}

/// Reads a number as JSON writes it.
fn json_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.split(['.', 'e', 'E']).next().unwrap_or_default();
    let is_plain = !whole.is_empty()
        && whole.bytes().all(|byte| byte.is_ascii_digit())
        && (whole == "0" || !whole.starts_with('0'))
        && !text.ends_with('.')
        && !text.contains(".e")
        && !text.contains(".E");
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.filter(|_| is_plain)
}

/// Reads `2026-03-02 10:00:00.000`, which is in UTC.
fn timestamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(' ')?;
    let at: jiff::Timestamp = format!("{date}T{time}Z").parse().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::timestamp_text;

    #[test]
    fn times_are_read_as_they_are_printed() {
        let at = Timestamp(1_795_306_424_123);
        assert_eq!(read(timestamp_text(at), Kind::Time), Value::Timestamp(at));
        assert_eq!(
            read("1795306424123".to_owned(), Kind::Time).as_number(),
            Some(1_795_306_424_123.0)
        );
        assert_eq!(
            read(timestamp_text(at), Kind::Text),
            Value::Text(timestamp_text(at).into())
        );
    }

    #[test]
    fn numbers_are_what_json_writes_as_numbers() {
        for text in ["0", "404", "-1", "0.5", "1.5e-11", "512000000"] {
            let value = read(text.to_owned(), Kind::Field);
            assert!(matches!(value, Value::Literal(..)), "{text}: {value:?}");
        }
        for text in [
            "", "007", "+1", "1.", ".5", "0x10", "NaN", "inf", "1 ", "1.e5", "-",
        ] {
            let value = read(text.to_owned(), Kind::Field);
            assert!(matches!(value, Value::Text(_)), "{text}: {value:?}");
        }
    }

    #[test]
    fn lists_are_read_as_they_are_printed() {
        let list = read("[1,\"a\"]".to_owned(), Kind::Nested);
        assert_eq!(list.to_json(), "[1,\"a\"]");
        assert!(matches!(list, Value::List(_)));
        assert_eq!(
            read("[1".to_owned(), Kind::Nested),
            Value::Text("[1".into())
        );
        assert_eq!(
            read("[1]".to_owned(), Kind::Field),
            Value::Text("[1]".into())
        );
    }
}
