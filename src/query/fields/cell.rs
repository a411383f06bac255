//! One value of a row, decoded only when something asks for it.

use crate::decode::json::{Json, Kind};
use crate::query::functions::scalar;
use crate::query::key;
use crate::value::Value;

/// A value, or the bytes of one.
#[derive(Clone, Debug, Default)]
pub enum Cell<'a> {
    /// No value.
    #[default]
    Empty,
    /// A value of a JSON text; an object, an array or null is no value, and kept for `expand` alone.
    Json(Json<'a>),
    /// A whole message; what is not UTF-8 reads as U+FFFD.
    Bytes(&'a [u8]),
    /// A value that was computed.
    Value(Value<'a>),
}

impl<'a> Cell<'a> {
    /// Decodes the value.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Empty => Value::Null,
            Self::Json(json) => scalar(*json),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
            Self::Value(value) => value.reborrow(),
        }
    }

    /// Returns a copy that outlives the block it was read from.
    pub fn to_owned(&self) -> Cell<'static> {
        match self {
            Self::Empty => Cell::Empty,
            Self::Value(value) => Cell::Value(value.clone().into_owned()),
            other => Cell::Value(other.value().into_owned()),
        }
    }

    /// Returns the value as a number, as [`Value::as_number`] does.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Json(json) if json.kind() == Kind::Number => match json.as_f64() {
                Some(number) if number.is_finite() => Some(number),
                _ => self.value().as_number(),
            },
            Self::Value(value) => value.as_number(),
            other => other.value().as_number(),
        }
    }

    /// Turns the cell into an owned value.
    pub fn into_value(self) -> Value<'a> {
        match self {
            Self::Empty => Value::Null,
            Self::Json(json) => scalar(json),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
            Self::Value(value) => value,
        }
    }

    /// Returns the text when it stands in the block as it is, so that parts of it can be kept without copying.
    pub(crate) fn plain_text(&self) -> Option<&'a str> {
        match self {
            Self::Json(json) => std::str::from_utf8(json.as_plain_str()?).ok(),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Value(Value::Text(std::borrow::Cow::Borrowed(text))) => Some(text),
            _ => None,
        }
    }

    /// Returns the bytes of a text that needs no decoding: they are its UTF-8, but for bytes that are none.
    pub(crate) fn plain_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Json(json) => json.as_plain_str(),
            Self::Bytes(bytes) => Some(bytes),
            Self::Value(Value::Text(text)) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// Returns the JSON text that tells the value.
    #[inline]
    pub(crate) fn written(&self) -> Option<&'a [u8]> {
        match self {
            Self::Json(json) => Some(json.text()),
            _ => None,
        }
    }

    /// Appends the value to a key of groups, without decoding what need not be.
    #[inline]
    pub(crate) fn push_key(&self, key: &mut Vec<u8>) {
        match self {
            Self::Json(json) if json.kind() == Kind::String => match json.as_plain_str() {
                Some(text) if text.is_ascii() => key::push_text(text, key),
                _ => key::push_value(&self.value(), key),
            },
            Self::Json(json)
                if json
                    .number_text()
                    .is_some_and(|text| key::push_written_number(text, key)) => {}
            Self::Value(value) => key::push_value(value, key),
            other => key::push_value(&other.value(), key),
        }
    }

    /// Returns whether there is no value.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Json(json) => matches!(json.kind(), Kind::Null | Kind::Object | Kind::Array),
            Self::Bytes(_) => false,
            Self::Value(value) => value.is_null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_json() -> impl Strategy<Value = String> {
        prop_oneof![
            "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,18})?([eE][+-]?[0-9]{1,3})?",
            "\"(-?[0-9]{1,3}([.][0-9]{0,2})?|[a-c\u{e9} ]{0,4}|\\\\u00[36][0-9]|\\\\n){0,2}\"",
            Just("true".to_owned()),
            Just("null".to_owned()),
            Just("NaN".to_owned()),
            Just("[1, 2]".to_owned()),
            Just(r#"{"a": 1}"#.to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_read_from_the_bytes_is_what_the_value_tells(text in any_json()) {
            let cell = Cell::Json(Json::parse(text.as_bytes()).expect("valid"));
            prop_assert_eq!(cell.number(), cell.value().as_number());
            prop_assert_eq!(cell.is_null(), cell.value().is_null());
            let (mut quick, mut plain) = (Vec::new(), Vec::new());
            cell.push_key(&mut quick);
            key::push_value(&cell.value(), &mut plain);
            prop_assert_eq!(quick, plain);
        }
    }
}
