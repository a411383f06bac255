//! Groups found by how a value is written in its record: the values of a field come again and again, and the bytes of
//! a JSON value tell it whole, so that one met before need not be decoded to find its group.

use crate::time::Timestamp;

/// So many values are remembered; what is forgotten costs time alone.
const PLACES: usize = 512;
/// Longer values are not remembered.
const LONGEST: usize = 32;

/// The groups of values met before.
#[derive(Clone, Debug)]
pub(super) struct Written {
    places: Box<[Place]>,
    is_empty: bool,
}

/// A value and its group.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    value: Words,
    group: usize,
}

/// All of a short text in few words, which are compared at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    /// Its first bytes and its last, which may be some of the same.
    ends: [u64; 4],
    /// Zero for no text, and the highest number for an instant.
    length: usize,
}

impl Words {
    /// Takes up a text that is neither empty nor long.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let length = text.len();
        let ends = match length {
            16..=LONGEST => {
                let [first, second] = halves(*text.first_chunk()?);
                let [third, fourth] = halves(*text.last_chunk()?);
                [first, second, third, fourth]
            }
            8..16 => {
                let first = u64::from_le_bytes(*text.first_chunk()?);
                [first, u64::from_le_bytes(*text.last_chunk()?), 0, 0]
            }
            4..8 => {
                let first = u32::from_le_bytes(*text.first_chunk()?);
                let last = u32::from_le_bytes(*text.last_chunk()?);
                [first.into(), last.into(), 0, 0]
            }
            1..4 => {
                let [first, middle, last] = [0, length / 2, length - 1].map(|at| text[at].into());
                [first, middle, last, 0]
            }
            _ => return None,
        };
        Some(Self { ends, length })
    }

    /// Takes up an instant, which no text is taken for.
    #[inline]
    pub(super) fn of_instant(instant: Timestamp) -> Self {
        Self {
            ends: [instant.as_millis() as u64, 0, 0, 0],
            length: usize::MAX,
        }
    }

    /// Returns where to remember it.
    #[inline]
    fn place(&self) -> usize {
        // An odd number without a pattern: its product has bits of every byte in its highest ones.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        let [first, second, third, fourth] = self.ends;
        let outer = (first ^ third.rotate_left(32)).wrapping_mul(SPREAD);
        let inner = (second ^ fourth.rotate_left(32)).wrapping_add(self.length as u64);
        let mixed = (outer ^ outer >> 32 ^ inner).wrapping_mul(SPREAD);
        (mixed >> (u64::BITS - PLACES.ilog2())) as usize
    }
}

#[inline]
fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    [both as u64, (both >> 64) as u64]
}

impl PartialEq for Words {
    /// Compares word by word: a processor waits long for what was just written in smaller pieces than it is read in.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.ends.into_iter().zip(other.ends);
        let differs = pairs.fold(0, |differs, (one, other)| differs | (one ^ other));
        differs == 0 && self.length == other.length
    }
}

impl Written {
    pub(super) fn new() -> Self {
        Self {
            places: vec![Place::default(); PLACES].into(),
            is_empty: true,
        }
    }

    /// Returns the group of a value, if it is known.
    #[inline]
    pub(super) fn find(&self, value: &Words) -> Option<usize> {
        let first = &self.places[value.place()];
        if first.value == *value {
            return Some(first.group);
        }
        let second = &self.places[value.place() ^ 1];
        (second.value == *value).then_some(second.group)
    }

    /// Remembers the group of a value; the one that stood in its place moves next to it.
    pub(super) fn note(&mut self, value: Words, group: usize) {
        self.is_empty = false;
        let place = value.place();
        self.places[place ^ 1] = self.places[place];
        self.places[place] = Place { value, group };
    }

    /// Forgets all values.
    pub(super) fn clear(&mut self) {
        if !self.is_empty {
            self.places.fill(Place::default());
            self.is_empty = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_the_same_where_texts_are(one in "[ab]{0,40}", other in "[ab]{0,40}") {
            let words = [&one, &other].map(|text| Words::of(text.as_bytes()));
            for (text, words) in [&one, &other].into_iter().zip(words) {
                prop_assert_eq!(words.is_some(), (1..=LONGEST).contains(&text.len()));
            }
            if let [Some(words), Some(others)] = words {
                prop_assert_eq!(words == others, one == other);
            }
        }

        #[test]
        fn a_byte_more_or_another_is_another_text(text in "[a-z]{1,32}", at in 0_usize..32) {
            let words = Words::of(text.as_bytes());
            let mut near = text.clone().into_bytes();
            let at = at % near.len();
            near[at] ^= 1;
            prop_assert_ne!(words, Words::of(&near));
            near[at] ^= 1;
            near.push(near[near.len() - 1]);
            prop_assert_ne!(words, Words::of(&near));
        }
    }

    #[test]
    fn many_values_have_places_of_their_own() {
        let mut written = Written::new();
        let values: Vec<String> = (0..40)
            .map(|number| format!("\"app.view{number}\""))
            .collect();
        let words = |text: &String| Words::of(text.as_bytes()).expect("short");
        for (group, value) in values.iter().enumerate() {
            written.note(words(value), group);
        }
        let known = values.iter().enumerate();
        let kept = known.filter(|(group, value)| written.find(&words(value)) == Some(*group));
        assert!(kept.count() > 20);
        written.clear();
        assert!(
            values
                .iter()
                .all(|value| written.find(&words(value)).is_none())
        );
    }
}
