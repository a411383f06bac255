//! The natural order of `sort`, `min`, `max`, `sortsFirst` and `sortsLast`: a total order over all values.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::value::Value;

/// What a value is to the order: nothing, then text, then numbers.
enum Place<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Number(f64),
}

/// Compares two values in natural order: nothing lowest (D5), then all that is no number, then all numbers,
/// among them text that is wholly one (D43); equal numbers by their text.
pub fn natural(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    match (place(left), place(right)) {
        (Place::Nothing, Place::Nothing) => Ordering::Equal,
        (Place::Nothing, _) | (Place::Text(_), Place::Number(_)) => Ordering::Less,
        (_, Place::Nothing) | (Place::Number(_), Place::Text(_)) => Ordering::Greater,
        (Place::Text(one), Place::Text(other)) => natural_text(&one, &other),
        // Adding zero makes the two zeros one.
        (Place::Number(one), Place::Number(other)) => (one + 0.0)
            .total_cmp(&(other + 0.0))
            .then_with(|| left.to_text().cmp(&right.to_text())),
    }
}

fn place<'a>(value: &'a Value<'_>) -> Place<'a> {
    if let Some(number) = value.as_number() {
        return Place::Number(number);
    }
    value.to_text().map_or(Place::Nothing, Place::Text)
}

/// Compares two texts: where both have digits, whole runs of digits by length and then by value; elsewhere by
/// code point.
pub fn natural_text(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    // All before `at` is equal, so both texts are cut into runs at the same places.
    while let (Some(one), Some(other)) = (left.get(at), right.get(at)) {
        if one.is_ascii_digit() && other.is_ascii_digit() {
            let (one, other) = (digits(&left[at..]), digits(&right[at..]));
            let ordering = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
            if ordering.is_ne() {
                return ordering;
            }
            at += one.len();
        } else if one == other {
            at += 1;
        } else {
            return one.cmp(other);
        }
    }
    left.len().cmp(&right.len())
}

fn digits(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_sample_comes_out_in_its_order() {
        let expected = [
            "!:",
            "#",
            "*%04",
            "0#",
            "5A",
            "111A",
            "2345_",
            "@",
            "@_",
            "A",
            "A9876fghj",
            "a12345hfh",
            "0",
            "01",
            "1",
            "2",
            "3",
        ];
        let mut values: Vec<Value<'_>> = expected.iter().rev().map(|&text| text.into()).collect();
        values.sort_by(natural);
        assert_eq!(values, expected.map(Value::from));
    }

    #[test]
    fn nothing_is_lowest_and_numbers_are_highest() {
        let mut values = [
            Value::from(-5.0),
            "1.5".into(),
            Value::Null,
            "file10".into(),
            "file2".into(),
        ];
        values.sort_by(natural);
        assert_eq!(
            values,
            [
                Value::Null,
                "file2".into(),
                "file10".into(),
                Value::from(-5.0),
                "1.5".into()
            ]
        );
    }

    fn any_value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::number),
            (-3i32..3).prop_map(|n| Value::Number(f64::from(n))),
            "[0-9a:A.-]{0,5}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[0-9]{1,3}".prop_map(|text| Value::List(vec![text.into()])),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in any_value(), b in any_value(), c in any_value()) {
            prop_assert_eq!(natural(&a, &a), Ordering::Equal);
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
            if natural(&a, &b).is_eq() {
                prop_assert_eq!(natural(&a, &c), natural(&b, &c));
            }
        }
    }
}
