//! Whether the zone that civil times are read in is the application's.
//!
//! Python's `asctime` names no zone. Where a record has one beside a time that is sure (its envelope's, its `created`,
//! its `timestamp`), the two differ by whole hours when the zone is wrong, and by nothing worth a word otherwise. A
//! few records of each block are looked at, so that the remark costs nothing and does not depend on the threads.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::decode::stamp::{Clock, asctime, of_record};
use crate::time::Timestamp;

/// How many JSON records of each block are looked at.
const SAMPLE: u8 = 4;
/// Zones lie half hours apart, but for very few.
const STEP: i64 = 30 * 60_000;
/// No two zones lie further apart: from -12:00 to +14:00.
const FURTHEST: i64 = 26 * 3_600_000;
/// How long after a record was made it may be taken in, or before by a clock that runs ahead.
const SLACK: i64 = 2_000;

/// What the records that were looked at say of the zone; shared by all workers.
#[derive(Debug, Default)]
pub struct Asctimes(Mutex<BTreeMap<i64, u64>>);

impl Asctimes {
    /// Returns by how many milliseconds the `asctime`s are ahead of the events' own times, where most of them are by
    /// the same whole or half hours, and not by nothing.
    pub fn offset(&self) -> Option<i64> {
        let votes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u64 = votes.values().sum();
        let (offset, most) = votes.iter().max_by_key(|(_, count)| **count)?;
        (*offset != 0 && most * 2 > all).then_some(*offset)
    }

    fn vote(&self, offset: i64) {
        let mut votes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *votes.entry(offset).or_default() += 1;
    }
}

/// The records of one block that are still to be looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    asctimes: Option<&'a Asctimes>,
    left: u8,
}

impl<'a> Sample<'a> {
    /// Begins a block.
    pub(super) fn new(asctimes: Option<&'a Asctimes>) -> Self {
        let left = if asctimes.is_some() { SAMPLE } else { 0 };
        Self { asctimes, left }
    }

    /// Looks at an event's message and time, if it is one of the first records of its block.
    #[inline]
    pub(super) fn look(&mut self, message: &[u8], time: Timestamp, clock: &Clock) {
        if self.left > 0 && message.first() == Some(&b'{') {
            self.left -= 1;
            self.compare(message, time, clock);
        }
    }

    fn compare(&self, message: &[u8], time: Timestamp, clock: &Clock) {
        let offset = asctime(message, clock).and_then(|written| {
            // Where nobody asks for the events' times, they are not read.
            let own = time.known().or_else(|| of_record(message, clock))?;
            offset(written.as_millis() - own.as_millis())
        });
        if let Some((asctimes, offset)) = self.asctimes.zip(offset) {
            asctimes.vote(offset);
        }
    }
}

/// Returns the whole or half hours that a difference is, give or take the slack.
fn offset(difference: i64) -> Option<i64> {
    let nearest = (difference + STEP / 2).div_euclid(STEP) * STEP;
    let is_near = (difference - nearest).abs() <= SLACK && nearest.abs() <= FURTHEST;
    is_near.then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(offsets: &[i64], expected: Option<i64>) {
        let asctimes = Asctimes::default();
        for offset in offsets {
            asctimes.vote(*offset);
        }
        assert_eq!(asctimes.offset(), expected, "{offsets:?}");
    }

    #[test]
    fn most_records_decide() {
        check(&[], None);
        check(&[0], None);
        check(&[STEP], Some(STEP));
        check(&[0, 18 * STEP, 18 * STEP], Some(18 * STEP));
        check(&[0, 18 * STEP], None);
        check(&[0, STEP, 2 * STEP], None);
    }

    #[test]
    fn only_whole_and_half_hours_are_zones() {
        assert_eq!(offset(9 * 3_600_000 + 400), Some(9 * 3_600_000));
        assert_eq!(offset(-1_500 - 5 * 3_600_000), Some(-5 * 3_600_000));
        assert_eq!(offset(330 * 60_000), Some(330 * 60_000));
        assert_eq!(offset(-900), Some(0));
        assert_eq!(offset(60_000), None);
        assert_eq!(offset(50 * 3_600_000), None);
    }
}
