//! Where an event stands in its stream: the same place in whatever delivery it comes.
//!
//! Many events of a traceback share one millisecond. The service's event ids grow within a stream, so time and id
//! order them; events from sources without ids (files) stand as they were read.

use std::fmt;

use crate::event::Event;
use crate::time::Timestamp;

/// The place of an event in its stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The event's time.
    pub timestamp: Timestamp,
    /// What tells events of one millisecond apart.
    pub mark: Mark,
}

/// What tells events of one millisecond apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The number of the event among those that were read, where the source has no ids.
    Arrival(u64),
    /// The decimal event id as a number, most significant part first, and how many digits it has.
    Number([u64; 3], u8),
    /// An id of another form.
    Text(Box<str>),
}

impl Place {
    /// Returns the place of `event`; `arrival` counts the events of its stream.
    pub fn of(event: &Event<'_>, arrival: u64) -> Self {
        Self {
            timestamp: event.timestamp,
            mark: event.id.map_or(Mark::Arrival(arrival), Mark::of_id),
        }
    }

    /// Moves the place of an event without id back by as many events as were read before it.
    pub fn shift(&mut self, by: u64) {
        if let Mark::Arrival(number) = &mut self.mark {
            *number += by;
        }
    }

    /// Returns the event's id, where it has one.
    pub fn id(&self) -> Option<String> {
        match &self.mark {
            Mark::Arrival(_) => None,
            mark => Some(mark.to_string()),
        }
    }
}

impl Mark {
    /// The service's ids have 56 digits; 57 are the most that always fit.
    const MAX_DIGITS: usize = 57;

    fn of_id(id: &str) -> Self {
        let decimal = !id.is_empty()
            && id.len() <= Self::MAX_DIGITS
            && id.bytes().all(|byte| byte.is_ascii_digit());
        if !decimal {
            return Self::Text(id.into());
        }
        let mut number = [0; 3];
        for digit in id.bytes() {
            push_digit(&mut number, u64::from(digit - b'0'));
        }
        Self::Number(number, id.len() as u8)
    }
}

/// Multiplies the number by ten and adds the digit.
fn push_digit(number: &mut [u64; 3], digit: u64) {
    let mut carry = u128::from(digit);
    for part in number.iter_mut().rev() {
        carry += u128::from(*part) * 10;
        *part = carry as u64;
        carry >>= 64;
    }
}

/// Divides the number by ten and returns the digit left over.
fn pop_digit(number: &mut [u64; 3]) -> u8 {
    let mut rest = 0;
    for part in number.iter_mut() {
        let value = (rest << 64) | u128::from(*part);
        *part = (value / 10) as u64;
        rest = value % 10;
    }
    rest as u8
}

/// Prints the id as the service wrote it.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrival(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Number(number, digits) => {
                let mut number = *number;
                let mut text: Vec<u8> = (0..*digits)
                    .map(|_| b'0' + pop_digit(&mut number))
                    .collect();
                text.reverse();
                text.iter()
                    .try_for_each(|digit| write!(f, "{}", char::from(*digit)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_ordered_as_numbers_and_print_as_written() {
        let ids = [
            "7",
            "0010",
            "31953106606966983378809025079804211143289615424298221568",
            "31953106606966983378809025079804211143289615424298221569",
        ];
        let marks = ids.map(Mark::of_id);
        assert!(marks.is_sorted());
        assert_eq!(marks.map(|mark| mark.to_string()), ids);
        assert_eq!(Mark::of_id("a-1"), Mark::Text("a-1".into()));
    }

    proptest! {
        #[test]
        fn every_id_survives(id in "[0-9]{1,60}") {
            prop_assert_eq!(Mark::of_id(&id).to_string(), id);
        }

        #[test]
        fn numbers_compare_by_value(left in any::<u64>(), right in any::<u64>()) {
            let pad = |number: u64| Mark::of_id(&format!("{number:056}"));
            prop_assert_eq!(pad(left).cmp(&pad(right)), left.cmp(&right));
        }
    }
}
