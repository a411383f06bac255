//! The MD5 digest (RFC 1321), for comparing values and nothing that must be safe.

const SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Returns the digest of some bytes.
pub(super) fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize((bytes.len() + 8) / 64 * 64 + 56, 0);
    padded.extend((bytes.len() as u64 * 8).to_le_bytes());
    let state = padded.as_chunks::<64>().0.iter().fold(START, compress);
    let mut digest = [0; 16];
    for (place, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *place = word.to_le_bytes();
    }
    digest
}

fn compress(state: [u32; 4], block: &[u8; 64]) -> [u32; 4] {
    let words = block.as_chunks::<4>().0;
    let mut mixed = state;
    for step in 0..64 {
        let (bits, word) = round(step, mixed);
        let sum = mixed[0]
            .wrapping_add(bits)
            .wrapping_add(constant(step))
            .wrapping_add(u32::from_le_bytes(words[word]));
        let turned = sum.rotate_left(SHIFTS[step / 16][step % 4]);
        mixed = [mixed[3], mixed[1].wrapping_add(turned), mixed[1], mixed[2]];
    }
    std::array::from_fn(|at| state[at].wrapping_add(mixed[at]))
}

/// Returns the bits that a step mixes in, and which word of the block.
fn round(step: usize, [_, b, c, d]: [u32; 4]) -> (u32, usize) {
    match step / 16 {
        0 => ((b & c) | (!b & d), step),
        1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
        2 => (b ^ c ^ d, (3 * step + 5) % 16),
        _ => (c ^ (b | !d), 7 * step % 16),
    }
}

/// Returns the constant of a step: the digits of a sine, as the algorithm defines it.
fn constant(step: usize) -> u32 {
    (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_samples_come_out() {
        let samples = [
            ("", [0xd4, 0x1d, 0x8c, 0xd9]),
            ("abc", [0x90, 0x01, 0x50, 0x98]),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                [0x57, 0xed, 0xf4, 0xa2],
            ),
        ];
        for (text, begin) in samples {
            assert_eq!(digest(text.as_bytes())[..4], begin, "{text}");
        }
    }
}
