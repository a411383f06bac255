//! Comparison in conditions: three-valued, numeric where both sides are numbers.

use std::cmp::Ordering;

use crate::value::{Value, parse_number};

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Returns whether `left OP right` holds; `None` where nothing can be said (D1, D38).
    ///
    /// A missing side leaves every comparison open. A list or map compared with anything is false, also with `!=`.
    pub fn holds(self, left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
        if left.is_null() || right.is_null() {
            return None;
        }
        if left.is_nested() || right.is_nested() {
            return Some(false);
        }
        match self {
            Self::Equal => Some(same(left, right)),
            Self::NotEqual => Some(!same(left, right)),
            _ => order(left, right).map(|ordering| self.accepts(ordering)),
        }
    }

    /// Returns whether the operator holds for two values in this order.
    pub fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Returns whether two values are equal by the rules of `=`: the test of `in` and of `jsonArrayContains`.
pub fn equal(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    Comparison::Equal.holds(left, right)
}

fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left == right,
        // A truth equals the literals `true` and 1, not the texts "true" and "1" (D24).
        (Value::Bool(_), Value::Text(_)) | (Value::Text(_), Value::Bool(_)) => false,
        // The text of a number equals the number (D2).
        _ => match (left.as_number(), right.as_number()) {
            (Some(left), Some(right)) => left.partial_cmp(&right) == Some(Ordering::Equal),
            _ => false,
        },
    }
}

fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(order_texts(left, right)),
        _ => left.as_number()?.partial_cmp(&right.as_number()?),
    }
}

/// Orders two texts: as numbers when both are, else by code point (D40), which is the order of UTF-8 bytes.
fn order_texts(left: &str, right: &str) -> Ordering {
    let numbers = parse_number(left).zip(parse_number(right));
    numbers
        .and_then(|(left, right)| left.partial_cmp(&right))
        .unwrap_or_else(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn check(
        left: impl Into<Value<'static>>,
        op: Comparison,
        right: impl Into<Value<'static>>,
    ) -> Option<bool> {
        op.holds(&left.into(), &right.into())
    }

    #[test]
    fn a_missing_side_leaves_the_answer_open() {
        for op in [Comparison::Equal, Comparison::NotEqual, Comparison::Less] {
            assert_eq!(check(Value::Null, op, "x"), None);
            assert_eq!(check(1.0, op, Value::Null), None);
        }
    }

    #[test]
    fn text_of_digits_is_a_number_against_a_number() {
        assert_eq!(check("404", Comparison::GreaterOrEqual, 400.0), Some(true));
        assert_eq!(check(404.0, Comparison::Equal, "404"), Some(true));
        assert_eq!(check("abc", Comparison::Equal, 1.0), Some(false));
        assert_eq!(check("abc", Comparison::NotEqual, 1.0), Some(true));
        assert_eq!(check("abc", Comparison::Less, 1.0), None);
    }

    #[test]
    fn texts_are_equal_only_when_exact_and_ordered_by_code_point() {
        assert_eq!(check("1.0", Comparison::Equal, "1"), Some(false));
        assert_eq!(check("9", Comparison::Less, "10"), Some(true));
        assert_eq!(check("a9", Comparison::Less, "a10"), Some(false));
        assert_eq!(check("B", Comparison::Less, "a"), Some(true));
    }

    #[test]
    fn a_truth_is_one_and_not_its_name() {
        assert_eq!(check(true, Comparison::Equal, 1.0), Some(true));
        assert_eq!(check(true, Comparison::Equal, true), Some(true));
        assert_eq!(check(true, Comparison::Equal, "true"), Some(false));
        assert_eq!(check(true, Comparison::Equal, "1"), Some(false));
    }

    #[test]
    fn lists_and_maps_compare_false_both_ways() {
        let list = || Value::List(vec![]);
        assert_eq!(check(list(), Comparison::Equal, "x"), Some(false));
        assert_eq!(check(list(), Comparison::NotEqual, "x"), Some(false));
    }

    #[test]
    fn instants_are_their_milliseconds() {
        assert_eq!(check(Timestamp(5), Comparison::Equal, 5.0), Some(true));
        assert_eq!(
            check(Timestamp(5), Comparison::Less, Timestamp(6)),
            Some(true)
        );
    }
}
