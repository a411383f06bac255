//! The values of numbers.

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
        fn it_is_what_the_standard_library_reads(text in "-?(0|[1-9][0-9]{0,17})([.][0-9]{1,17})?(e[0-9])?") {
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
