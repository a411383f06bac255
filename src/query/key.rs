//! Values as bytes that are equal when the values are the same: the keys of groups, `dedup` and `count_distinct`.
//!
//! Numbers are the same when their values are, however they were written; a text that is a number as it would
//! print is the same as that number, because both print alike. A list or map is its JSON text.

use std::io::Write;

use crate::value::Value;

const NULL: u8 = 0;
const TEXT: u8 = 1;
const INSTANT: u8 = 2;
const NESTED: u8 = 3;
/// The longest number that is printed without an exponent: a sign, `0.`, and 324 zeros before 17 digits.
const MOST_DIGITS: usize = 344;
/// Stands in place of a length that does not fit into a byte.
const LONG: u8 = u8::MAX;

/// Appends a value to a key; several values in a row cannot be taken for others.
pub(crate) fn push_value(value: &Value<'_>, key: &mut Vec<u8>) {
    match value {
        Value::Null => key.push(NULL),
        Value::Bool(truth) => push_text(if *truth { b"1" } else { b"0" }, key),
        Value::Literal(text, _) if push_written_number(text, key) => {}
        Value::Number(number) | Value::Literal(_, number) => push_number(*number, key),
        Value::Text(text) => push_text(text.as_bytes(), key),
        Value::Timestamp(instant) => {
            key.push(INSTANT);
            key.extend(instant.as_millis().to_le_bytes());
        }
        nested @ (Value::List(_) | Value::Map(_)) => {
            push_tagged(NESTED, nested.to_json().as_bytes(), key);
        }
    }
}

/// Appends a JSON number to a key; false when it must be read as a number first.
pub(crate) fn push_written_number(text: &str, key: &mut Vec<u8>) -> bool {
    let canonical = is_canonical(text);
    if canonical {
        push_text(text.as_bytes(), key);
    }
    canonical
}

/// Appends a text to a key.
#[inline]
pub(crate) fn push_text(text: &[u8], key: &mut Vec<u8>) {
    push_tagged(TEXT, text, key);
}

/// The length in front makes the end of a text unmistakable, whatever bytes it holds; that of a short text is a byte.
#[inline]
fn push_tagged(tag: u8, bytes: &[u8], key: &mut Vec<u8>) {
    match u8::try_from(bytes.len()) {
        Ok(length) if length < LONG => key.extend_from_slice(&[tag, length]),
        _ => {
            let [a, b, c, d] = (bytes.len() as u32).to_le_bytes();
            key.extend_from_slice(&[tag, LONG, a, b, c, d]);
        }
    }
    key.extend_from_slice(bytes);
}

fn push_number(number: f64, key: &mut Vec<u8>) {
    let mut digits = [0; MOST_DIGITS];
    let mut room = digits.as_mut_slice();
    // Adding zero makes the two zeros one.
    write!(room, "{}", number + 0.0).expect("there is room for every number");
    let left = room.len();
    push_text(&digits[..MOST_DIGITS - left], key);
}

/// Returns whether a JSON number is written as it would be printed: most are, and need not be formatted again.
fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let fraction = digits.split_once('.').map(|(_, fraction)| fraction);
    let ends_plainly = fraction.is_none_or(|digits| !digits.is_empty() && !digits.ends_with('0'));
    let begins_plainly =
        digits == "0" || digits.starts_with("0.") || !digits.starts_with(['0', '.']);
    plain && digits.len() <= 15 && begins_plainly && ends_plainly && text != "-0"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;
    use crate::value::parse_number;

    fn key(values: &[Value<'_>]) -> Vec<u8> {
        let mut key = Vec::new();
        for value in values {
            push_value(value, &mut key);
        }
        key
    }

    #[test]
    fn numbers_are_the_same_however_written() {
        let written = |text: &'static str| {
            let number = parse_number(text).expect("a number");
            key(&[Value::Literal(text.into(), number)])
        };
        assert_eq!(written("1.0"), written("1"));
        assert_eq!(written("1e3"), key(&[Value::Number(1000.0)]));
        assert_eq!(written("-0"), key(&[Value::Number(0.0)]));
        // No JSON has these, but lines of Lambda's own are read as numbers too.
        assert_eq!(written("01.5"), written("1.5"));
        assert_eq!(written("3."), written("3"));
        assert_eq!(written("0"), key(&["0".into()]));
        assert_eq!(written("0.5"), key(&["0.5".into()]));
        assert_eq!(written("404"), key(&["404".into()]));
        assert_ne!(written("1.5"), written("1.50001"));
    }

    #[test]
    fn neighbours_do_not_run_into_each_other() {
        assert_ne!(
            key(&["a".into(), "b".into()]),
            key(&["ab".into(), "".into()])
        );
        assert_ne!(key(&[Value::Null]), key(&["".into()]));
        assert_ne!(key(&[Timestamp(5).into()]), key(&[5.0.into()]));
    }

    #[test]
    fn texts_of_any_length_have_keys_of_their_own() {
        let texts: Vec<String> = [0, 1, 254, 255, 256, 70_000].map(|n| "a".repeat(n)).into();
        for one in &texts {
            for other in &texts {
                let pair =
                    |a: &str, b: &str| key(&[Value::from(a.to_owned()), Value::from(b.to_owned())]);
                assert_eq!(pair(one, other) == pair(other, one), one == other);
            }
        }
        for number in [f64::MIN, f64::MAX, -5e-324, f64::MIN_POSITIVE] {
            assert_eq!(
                key(&[Value::Number(number)]),
                key(&[Value::from(number.to_string())])
            );
        }
    }

    proptest! {
        #[test]
        fn a_written_number_has_the_key_of_its_value(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            for text in [number.to_string(), format!("{number:e}"), format!("{number:.3}")] {
                let value = parse_number(&text).expect("a number");
                prop_assert_eq!(key(&[Value::Literal(text.into(), value)]), key(&[Value::Number(value)]));
            }
        }
    }
}
