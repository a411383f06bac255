//! Values of query fields: what a record, a run or an expression gives.
//!
//! Four things are asked of a value, one file each: its printed form (`print`), how it compares in a condition
//! (`compare`), where it stands when rows are sorted (`order`), and what it is as a number or a truth (here).

mod compare;
mod order;
mod print;

pub use compare::{Comparison, equal};
pub use order::{natural, natural_text};
pub(crate) use print::round_decimals;
pub use print::{number_text, timestamp_text};

use std::borrow::Cow;

use crate::time::Timestamp;

/// A field's value, borrowed from the record where it can be.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value<'a> {
    /// No value: the field is not there, or a function had no result.
    #[default]
    Null,
    /// A comparison's result; prints and counts as 1 or 0.
    Bool(bool),
    /// A number computed by an expression or held by a run.
    Number(f64),
    /// A JSON number as written, so that it prints unchanged, with its value.
    Literal(Cow<'a, str>, f64),
    /// An instant.
    Timestamp(Timestamp),
    /// Text.
    Text(Cow<'a, str>),
    /// A list, from `jsonParse`, `split`, `values`, or a run's migrations.
    List(Vec<Value<'a>>),
    /// A map in source order.
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Returns a number, or `Null` where arithmetic left the numbers (D33).
    pub fn number(number: f64) -> Self {
        if number.is_finite() {
            Self::Number(number)
        } else {
            Self::Null
        }
    }

    /// Returns an integer of 64 bits, exact also where a double is not.
    pub fn integer(number: i64) -> Self {
        let double = number as f64;
        if number.unsigned_abs() <= 1 << 53 {
            Self::Number(double)
        } else {
            Self::Literal(Cow::Owned(number.to_string()), double)
        }
    }

    /// Returns whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether it is a list or a map.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// Returns the value as a number: text counts when all of it is a number, a truth as 1 or 0, an instant as
    /// its milliseconds.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) | Self::Literal(_, number) => Some(*number),
            Self::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Self::Timestamp(instant) => Some(instant.as_millis() as f64),
            Self::Text(text) => parse_number(text),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Returns whether the value holds as a condition: numbers but 0 do, nothing can be said of other text (D1).
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            Self::List(_) | Self::Map(_) => Some(false),
            other => other.as_number().map(|number| number != 0.0),
        }
    }

    /// Returns the same value, borrowing its text.
    pub fn reborrow(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Number(number) => Value::Number(*number),
            Self::Literal(text, number) => Value::Literal(Cow::Borrowed(text), *number),
            Self::Timestamp(instant) => Value::Timestamp(*instant),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::List(items) => Value::List(items.iter().map(Value::reborrow).collect()),
            Self::Map(members) => Value::Map(
                members
                    .iter()
                    .map(|(key, value)| (Cow::Borrowed(&**key), value.reborrow()))
                    .collect(),
            ),
        }
    }

    /// Copies what is borrowed, so that the value outlives the record.
    pub fn into_owned(self) -> Value<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(number) => Value::Number(number),
            Self::Literal(text, number) => Value::Literal(own(text), number),
            Self::Timestamp(instant) => Value::Timestamp(instant),
            Self::Text(text) => Value::Text(own(text)),
            Self::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Self::Map(members) => Value::Map(
                members
                    .into_iter()
                    .map(|(key, value)| (own(key), value.into_owned()))
                    .collect(),
            ),
        }
    }

    /// Returns the member `key` of a map; of several the last.
    pub fn member(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Self::Map(members) => members
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the item at `index` of a list.
    pub fn item(&self, index: usize) -> Option<&Value<'a>> {
        match self {
            Self::List(items) => items.get(index),
            _ => None,
        }
    }
}

/// Reads text that is wholly a decimal number; blanks, words such as `inf`, and hexadecimal are none.
pub fn parse_number(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let plausible = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    if !bytes.first().is_some_and(plausible) || !bytes.iter().all(plausible) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::number(number)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::integer(number)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(instant: Timestamp) -> Self {
        Self::Timestamp(instant)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        // Written out, so that no `Null` is made and dropped beside each value.
        match value {
            Some(value) => value.into(),
            None => Self::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_number_only_when_all_of_it_is() {
        for (text, number) in [
            ("404", Some(404.0)),
            ("-1.5e3", Some(-1500.0)),
            ("12ms", None),
            (" 1", None),
            ("inf", None),
            ("NaN", None),
            ("e", None),
            ("", None),
            ("1e999", None),
        ] {
            assert_eq!(Value::from(text).as_number(), number, "{text:?}");
        }
    }

    #[test]
    fn big_integers_stay_exact() {
        let value = Value::integer(9_007_199_254_740_993);
        assert_eq!(value.to_text().as_deref(), Some("9007199254740993"));
    }

    #[test]
    fn only_numbers_but_zero_hold() {
        assert_eq!(Value::from(1.5).truth(), Some(true));
        assert_eq!(Value::from("0").truth(), Some(false));
        assert_eq!(Value::from("yes").truth(), None);
        assert_eq!(Value::Null.truth(), None);
    }

    #[test]
    fn the_last_of_several_members_counts() {
        let map = Value::Map(vec![
            ("a".into(), 1.0.into()),
            ("a".into(), 2.0.into()),
            ("b".into(), Value::List(vec!["x".into()])),
        ]);
        assert_eq!(map.member("a"), Some(&Value::Number(2.0)));
        assert_eq!(
            map.member("b").and_then(|list| list.item(0)),
            Some(&"x".into())
        );
        assert_eq!(map.member("c"), None);
    }
}
