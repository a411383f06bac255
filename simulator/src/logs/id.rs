//! Event ids: 56 decimal digits of a number that has the timestamp above its low 144 bits.

use super::Key;

/// Returns the id of an event of the group that the salt was made of.
pub(super) fn event_id(key: &Key, salt: u64) -> String {
    // From the lowest: the number in the stream, 48 bits of salt, 32 of the stream, and the timestamp.
    let limbs = [
        key.number,
        salt & 0xffff_ffff_ffff | u64::from(key.stream) << 48,
        u64::from(key.stream >> 16) | (key.timestamp as u64) << 16,
    ];
    format!("{:0>56}", decimal(limbs))
}

fn decimal(mut limbs: [u64; 3]) -> String {
    const CHUNK: u64 = 1_000_000_000_000_000_000;
    let mut chunks = [0_u64; 4];
    for chunk in &mut chunks {
        let mut rest = 0_u64;
        for limb in limbs.iter_mut().rev() {
            let whole = u128::from(rest) << 64 | u128::from(*limb);
            *limb = (whole / u128::from(CHUNK)) as u64;
            rest = (whole % u128::from(CHUNK)) as u64;
        }
        *chunk = rest;
    }
    let [low, middle, high, top] = chunks;
    let digits = format!("{top}{high:018}{middle:018}{low:018}");
    digits.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_three_limbs_is_written_in_decimal() {
        assert_eq!(decimal([7, 0, 0]), "7");
        assert_eq!(decimal([0, 1, 0]), "18446744073709551616");
        assert_eq!(
            decimal([u64::MAX; 3]),
            "6277101735386680763835789423207666416102355444464034512895"
        );
    }

    #[test]
    fn the_timestamp_is_above_144_bits() {
        let key = Key {
            timestamp: 1_795_132_800_123,
            ingestion: 0,
            stream: 0,
            number: 0,
        };
        // 1795132800123 times 2 to the 144.
        assert_eq!(
            event_id(&key, 0),
            "40032799173067825065229076889199309953178589384480391168"
        );
    }
}
