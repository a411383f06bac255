//! Decimal digits, eight bytes at a time.

/// Returns how many bytes from the first on are digits.
#[inline]
pub(crate) fn leading(bytes: [u8; 8]) -> usize {
    // Of a byte that is no digit the highest bit gets set, be it by the sum; what that carries is behind it.
    let values = u64::from_le_bytes(bytes) ^ 0x3030_3030_3030_3030;
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    (others.trailing_zeros() / 8) as usize
}

/// Returns the value of eight digits: of neighbours, then of neighbours of these, and so on.
#[inline]
pub(crate) fn value(digits: [u8; 8]) -> i64 {
    let ones = u64::from_le_bytes(digits) & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = ones.wrapping_mul(10 << 8 | 1) >> 8 & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_FFFF_0000_FFFF;
    (fours.wrapping_mul(10_000 << 32 | 1) >> 32) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_counted_up_to_the_first_other_byte(bytes in any::<[u8; 8]>(), digits in 0_usize..=8) {
            let mut bytes = bytes;
            bytes[..digits].fill(b'7');
            let expected = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(leading(bytes), expected);
        }

        #[test]
        fn eight_digits_have_their_value(number in 0_i64..100_000_000) {
            let text = format!("{number:08}");
            prop_assert_eq!(value(text.as_bytes().try_into().expect("eight digits")), number);
        }
    }
}
