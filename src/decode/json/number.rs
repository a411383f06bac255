//! The values of numbers.

use super::skip::marked;
use crate::decode::digits;

/// So many digits make up a whole number that a double holds exactly.
const EXACT_DIGITS: usize = 15;
/// The powers of ten by which such a number is divided: doubles hold them exactly too.
const POWERS: [f64; EXACT_DIGITS + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Returns the nearest double of a JSON number without an exponent and of few digits, as nearly all are.
///
/// The quotient of two doubles that are exact is the nearest one to the true quotient.
pub(super) fn short_decimal(text: &[u8]) -> Option<f64> {
    decimal_of_few(text).or_else(|| decimal_of_more(text))
}

/// Returns one to eight bytes as a little-endian word.
#[inline]
fn word_of(text: &[u8]) -> Option<u64> {
    let length = text.len();
    Some(match length {
        4..=8 => {
            let first = u32::from_le_bytes(*text.first_chunk()?);
            let last = u32::from_le_bytes(*text.last_chunk()?);
            u64::from(first) | u64::from(last) << (8 * (length - 4))
        }
        1..4 => {
            let byte = |at: usize| u64::from(text[at]) << (8 * at);
            byte(0) | byte(length / 2) | byte(length - 1)
        }
        _ => return None,
    })
}

/// Reads one to eight bytes that are digits and perhaps a point.
#[inline]
fn decimal_of_few(text: &[u8]) -> Option<f64> {
    let word = word_of(text)?;
    let point = (marked(word, b'.').trailing_zeros() / 8) as usize;
    let (word, count, behind) = if point < text.len() {
        // The digits behind the point move into its place.
        let before = !(u64::MAX << (8 * point));
        let count = text.len() - 1;
        (word & before | word >> 8 & !before, count, count - point)
    } else {
        (word, text.len(), 0)
    };
    if digits::leading(word.to_le_bytes()) != count {
        return None;
    }
    // The value is that of eight digits: zeros come in front.
    let word = word.unbounded_shl(8 * (8 - count) as u32);
    Some(digits::value(word.to_le_bytes()) as f64 / POWERS[behind])
}

/// Reads digits, perhaps with a sign and a point, of any number of bytes.
fn decimal_of_more(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let (mut value, mut count, mut fraction) = (0_u64, 0, None);
    for &byte in digits.get(..=EXACT_DIGITS).unwrap_or(digits) {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' => fraction = Some(count),
            _ => return None,
        }
    }
    if count > EXACT_DIGITS || digits.len() > EXACT_DIGITS + 1 {
        return None;
    }
    let behind = fraction.map_or(0, |before| count - before);
    let value = value as f64 / POWERS[behind];
    Some(if digits.len() < text.len() {
        -value
    } else {
        value
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_reads(text in prop_oneof![
            "-?(0|[1-9][0-9]{0,17})([.][0-9]{1,17})?(e[0-9])?",
            "[0-9]{1,4}([.][0-9]{1,4})?",
        ]) {
            if let Some(value) = short_decimal(text.as_bytes()) {
                let expected: f64 = text.parse().expect("a number");
                prop_assert_eq!(value.to_bits(), expected.to_bits(), "{}", text);
            }
        }
    }

    #[test]
    fn most_numbers_are_short() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("-12.50", Some(-12.5)),
            ("1795407794.31846", Some(1_795_407_794.318_46)),
        ] {
            assert_eq!(short_decimal(text.as_bytes()), expected, "{text}");
        }
        for text in ["1e3", "17954077943184667", "0.0000000000000001"] {
            assert_eq!(short_decimal(text.as_bytes()), None, "{text}");
        }
    }
}
