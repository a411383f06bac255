//! Decimal numbers compared by their digits as written, so that no number is too long or too precise.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A number as `± 0.DIGITS × 10^exponent`, where the digits neither begin nor end with a zero.
#[derive(Clone, Debug)]
pub(crate) struct Decimal<'a> {
    sign: Sign,
    exponent: i128,
    /// The digits that count, perhaps with the decimal point among them.
    digits: Cow<'a, [u8]>,
}

/// Ordered, so that numbers of different sign need no look at their digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Negative,
    Zero,
    Positive,
}

impl<'a> Decimal<'a> {
    /// Reads a number that spans the whole text: sign, digits with at most one point, exponent.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let end = unsigned
            .iter()
            .position(|byte| matches!(byte, b'e' | b'E'))
            .unwrap_or(unsigned.len());
        let mantissa = &unsigned[..end];
        let exponent = match unsigned.get(end + 1..) {
            Some(exponent) => parse_exponent(exponent)?,
            None => 0,
        };
        let point = mantissa.iter().position(|&byte| byte == b'.');
        let whole = point.unwrap_or(mantissa.len());
        let digits = mantissa.len() - usize::from(point.is_some());
        let valid = |(at, byte): (usize, &u8)| byte.is_ascii_digit() || Some(at) == point;
        if digits == 0 || !mantissa.iter().enumerate().all(valid) {
            return None;
        }
        Some(Self::normal(negative, mantissa, whole, exponent))
    }

    fn normal(negative: bool, mantissa: &'a [u8], whole: usize, exponent: i128) -> Self {
        let counts = |byte: &u8| matches!(byte, b'1'..=b'9');
        let (Some(first), Some(last)) = (
            mantissa.iter().position(counts),
            mantissa.iter().rposition(counts),
        ) else {
            return Self {
                sign: Sign::Zero,
                exponent: 0,
                digits: Cow::Borrowed(b""),
            };
        };
        // Behind the point, the point itself is not one of the places passed over.
        let zeros = first - usize::from(first > whole);
        Self {
            sign: if negative {
                Sign::Negative
            } else {
                Sign::Positive
            },
            exponent: exponent.saturating_add(whole as i128 - zeros as i128),
            digits: Cow::Borrowed(&mantissa[first..=last]),
        }
    }

    /// Makes a number that outlives the text it was read from.
    pub(crate) fn into_owned(self) -> Decimal<'static> {
        Decimal {
            sign: self.sign,
            exponent: self.exponent,
            digits: Cow::Owned(self.digits.into_owned()),
        }
    }

    /// Compares two numbers exactly.
    pub(crate) fn compare(&self, other: &Decimal<'_>) -> Ordering {
        let magnitude = || {
            let places = self.exponent.cmp(&other.exponent);
            places.then_with(|| self.places().cmp(other.places()))
        };
        self.sign.cmp(&other.sign).then_with(|| match self.sign {
            Sign::Positive => magnitude(),
            Sign::Zero => Ordering::Equal,
            Sign::Negative => magnitude().reverse(),
        })
    }

    fn places(&self) -> impl Iterator<Item = &u8> {
        self.digits.iter().filter(|&&byte| byte != b'.')
    }
}

/// Reads an exponent; one too long to count with is as good as the largest.
fn parse_exponent(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0_i128, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(i128::from(digit - b'0'))
    });
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(one: &str, other: &str) -> Ordering {
        let parse = |text: &str| Decimal::parse(text.as_bytes()).expect(text).into_owned();
        parse(one).compare(&parse(other))
    }

    #[test]
    fn equal_numbers_have_many_spellings() {
        for (one, other) in [
            ("1000", "1e3"),
            ("1000", "+1.000E+3"),
            ("0.001", "1e-3"),
            ("12", "12.0"),
            ("12.", "12"),
            (".5", "0.50"),
            ("0", "-0.0e7"),
            ("-10e2", "-1000"),
            ("00012", "12"),
        ] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }

    #[test]
    fn order_is_exact_where_a_double_is_not() {
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("0.1", "0.10000000000000000001"),
            ("9", "10"),
            ("-10", "-9"),
            ("-1", "0"),
            ("0", "1e-400"),
            ("1e400", "1e401"),
            ("99", "100"),
        ] {
            assert_eq!(compare(less, more), Ordering::Less, "{less} {more}");
            assert_eq!(compare(more, less), Ordering::Greater, "{more} {less}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_none() {
        for text in [
            "", "-", ".", "+.", "1.2.3", "e5", "1e", "1e+", "1e5.0", "0x1", " 1", "1 ", "--1",
            "NaN", "1ee5",
        ] {
            assert!(Decimal::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_compare_as_integers_do(one in any::<i64>(), other in any::<i64>()) {
            prop_assert_eq!(compare(&one.to_string(), &other.to_string()), one.cmp(&other));
        }

        #[test]
        fn shifting_the_point_and_the_exponent_changes_nothing(digits in "[0-9]{1,9}", rest in "[0-9]{0,9}", by in 0_usize..9) {
            let shifted = format!("{digits}.{rest}");
            let whole = format!("{digits}{rest}e-{}", rest.len());
            prop_assert_eq!(compare(&shifted, &whole), Ordering::Equal);
            let padded = format!("{shifted}{}e0", "0".repeat(by));
            prop_assert_eq!(compare(&shifted, &padded), Ordering::Equal);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<Vec<u8>>()) {
            let _ = Decimal::parse(&text);
        }
    }
}
