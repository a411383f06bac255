//! Log groups, their streams and their events, and reading them in order. Knows no requests.

mod generate;
mod group;
mod id;
mod read;
mod stream;
mod text;

pub(crate) use group::{Group, Line, Scope, StreamFacts, Streams};
pub(crate) use read::{Direction, Reader, Window};
pub use stream::Event;
pub(crate) use stream::Key;
pub(crate) use text::write_time;

/// Scrambles a number: the same number always gives the same one, and neighbours differ in every bit.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Makes a number of a text.
pub(crate) fn mix_text(text: &str) -> u64 {
    text.bytes().fold(0, |sum, byte| mix(sum ^ u64::from(byte)))
}
