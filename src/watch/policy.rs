//! When to tell: first at once (or each of the first few), then counted; and when it is over. A pure function over
//! one small memory.
//!
//! A [`Memory`] is all that is known about one key. It is a plain record, so that it can lie in a map here and in
//! a table elsewhere, and [`decide`] turns the one before into the one after: whoever stores it can make the two a
//! condition of writing. Time is that of what happened, never the clock.

use serde::{Deserialize, Serialize};

use crate::severity::Severity;
use crate::time::Timestamp;

/// A kind of error that was quiet for so long is new again.
const FORGOTTEN: i64 = 7 * 24 * 3_600_000;

/// What a rule says about telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long to stay quiet, in milliseconds, before saying again that it still happens.
    pub repeat: Option<i64>,
    /// How many times in a row it has to happen before it is told.
    pub after: u64,
    /// How many times in a row each is told by itself, before they are only counted.
    pub each: u64,
    /// Whether a quiet time makes it new again: for errors, which nothing ever reports as well.
    pub forgets: bool,
}

/// Something that happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// It happened, this badly.
    Bad(Severity),
    /// What was counted before has turned out to be this much worse: it is told anew, and still is one.
    Worse(Severity),
    /// It went well.
    Good,
}

/// What is remembered about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// When it first happened since it was last well.
    pub first_seen: Timestamp,
    /// When it last happened.
    pub last_seen: Timestamp,
    /// How often it happened since it was last well; 0 while it is well.
    pub occurrences: u64,
    /// How often it had happened when it was last told; 0 when it was not.
    pub told: u64,
    /// When what was last told happened.
    pub told_at: Timestamp,
    /// How bad it was when it was worst.
    pub worst: Severity,
}

/// What to tell about a sighting, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Nothing: it is counted, or there is nothing new.
    Nothing,
    /// It happens, for the first time.
    Firing,
    /// It still happens; so many were not told since the last time.
    Repeat {
        /// How many sightings had no alert of their own.
        suppressed: u64,
    },
    /// It is well again, after so many.
    Resolved {
        /// How often it had happened.
        occurrences: u64,
    },
}

/// Returns what is known after a sighting, and what to tell about it.
pub fn decide(
    before: Option<&Memory>,
    at: Timestamp,
    seen: Sighting,
    policy: &Policy,
) -> (Option<Memory>, Telling) {
    match seen {
        Sighting::Good => well(before, at),
        Sighting::Bad(severity) => {
            let (memory, telling) = bad(before, at, severity, policy);
            (Some(memory), telling)
        }
        Sighting::Worse(severity) => {
            let (memory, telling) = match before {
                Some(before) => worse(*before, at, severity, policy),
                // It went well in between: what is told now is one more.
                None => bad(None, at, severity, policy),
            };
            (Some(memory), telling)
        }
    }
}

fn worse(
    mut memory: Memory,
    at: Timestamp,
    severity: Severity,
    policy: &Policy,
) -> (Memory, Telling) {
    memory.last_seen = memory.last_seen.max(at);
    memory.worst = memory.worst.min(severity);
    if memory.told == 0 && memory.occurrences < policy.after {
        return (memory, Telling::Nothing);
    }
    let telling = match memory.occurrences {
        0 | 1 => Telling::Firing,
        // It is one of those that were not told, or the last that was.
        occurrences => Telling::Repeat {
            suppressed: (occurrences - memory.told).saturating_sub(1),
        },
    };
    memory.told = memory.occurrences;
    memory.told_at = at.max(memory.told_at);
    (memory, telling)
}

/// A good run ends an episode, unless it ended before the last bad one did.
fn well(before: Option<&Memory>, at: Timestamp) -> (Option<Memory>, Telling) {
    let Some(memory) = before else {
        return (None, Telling::Nothing);
    };
    if at < memory.last_seen {
        return (Some(*memory), Telling::Nothing);
    }
    let telling = match memory.told {
        0 => Telling::Nothing,
        _ => Telling::Resolved {
            occurrences: memory.occurrences,
        },
    };
    (None, telling)
}

fn bad(
    before: Option<&Memory>,
    at: Timestamp,
    severity: Severity,
    policy: &Policy,
) -> (Memory, Telling) {
    let quiet = |memory: &Memory| at.as_millis() - memory.last_seen.as_millis();
    let known = before.filter(|memory| !(policy.forgets && quiet(memory) > FORGOTTEN));
    let mut memory = known.copied().unwrap_or(Memory {
        first_seen: at,
        last_seen: at,
        occurrences: 0,
        told: 0,
        told_at: at,
        worst: severity,
    });
    memory.occurrences += 1;
    memory.first_seen = memory.first_seen.min(at);
    memory.last_seen = memory.last_seen.max(at);
    // Severities are ordered from the worst.
    let worse = severity < memory.worst;
    memory.worst = memory.worst.min(severity);
    let telling = telling(&memory, at, worse, policy);
    if telling != Telling::Nothing {
        memory.told = memory.occurrences;
        memory.told_at = at.max(memory.told_at);
    }
    (memory, telling)
}

fn telling(memory: &Memory, at: Timestamp, worse: bool, policy: &Policy) -> Telling {
    if memory.told == 0 {
        let enough = memory.occurrences >= policy.after.max(1);
        return if enough {
            Telling::Firing
        } else {
            Telling::Nothing
        };
    }
    let since = at.as_millis() - memory.told_at.as_millis();
    let due = policy.repeat.is_some_and(|repeat| since >= repeat);
    let alone = memory.occurrences <= policy.each;
    if due || worse || alone || is_milestone(memory.occurrences) {
        return Telling::Repeat {
            suppressed: memory.occurrences - memory.told - 1,
        };
    }
    Telling::Nothing
}

/// Returns whether a count is 10, 100, 1000 and so on.
fn is_milestone(count: u64) -> bool {
    count >= 10 && 10_u64.checked_pow(count.ilog10()) == Some(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;
    const POLICY: Policy = Policy {
        repeat: Some(4 * HOUR),
        after: 1,
        each: 1,
        forgets: false,
    };

    /// Feeds sightings and returns what was told, as `(time, telling)`.
    fn told(policy: Policy, sightings: &[(i64, Sighting)]) -> Vec<(i64, Telling)> {
        let mut memory = None;
        let mut told = Vec::new();
        for &(at, seen) in sightings {
            let (after, telling) = decide(memory.as_ref(), Timestamp(at), seen, &policy);
            memory = after;
            if telling != Telling::Nothing {
                told.push((at, telling));
            }
        }
        told
    }

    const BAD: Sighting = Sighting::Bad(Severity::Error);

    #[test]
    fn first_at_once_then_at_ten_and_a_hundred() {
        let storm: Vec<(i64, Sighting)> = (0..150).map(|at| (at, BAD)).collect();
        assert_eq!(
            told(POLICY, &storm),
            [
                (0, Telling::Firing),
                (9, Telling::Repeat { suppressed: 8 }),
                (99, Telling::Repeat { suppressed: 89 })
            ]
        );
    }

    #[test]
    fn what_goes_on_is_told_again_after_a_while() {
        let hourly: Vec<(i64, Sighting)> = (0..9).map(|hour| (hour * HOUR, BAD)).collect();
        assert_eq!(
            told(POLICY, &hourly),
            [
                (0, Telling::Firing),
                (4 * HOUR, Telling::Repeat { suppressed: 3 }),
                (8 * HOUR, Telling::Repeat { suppressed: 3 })
            ]
        );
    }

    #[test]
    fn what_works_again_is_told_once() {
        let runs = [
            (0, BAD),
            (1, BAD),
            (2, BAD),
            (3, Sighting::Good),
            (4, Sighting::Good),
            (5, BAD),
        ];
        assert_eq!(
            told(POLICY, &runs),
            [
                (0, Telling::Firing),
                (3, Telling::Resolved { occurrences: 3 }),
                (5, Telling::Firing)
            ]
        );
    }

    #[test]
    fn one_failure_in_between_is_not_enough_for_after_two() {
        let policy = Policy { after: 2, ..POLICY };
        let runs = [
            (0, BAD),
            (1, Sighting::Good),
            (2, BAD),
            (3, BAD),
            (4, BAD),
            (5, Sighting::Good),
        ];
        assert_eq!(
            told(policy, &runs),
            [
                (3, Telling::Firing),
                (5, Telling::Resolved { occurrences: 3 })
            ]
        );
    }

    #[test]
    fn the_first_of_a_row_may_each_be_told() {
        let policy = Policy { each: 3, ..POLICY };
        let row: Vec<(i64, Sighting)> = (0..12).map(|at| (at, BAD)).collect();
        let suppressed = |suppressed| Telling::Repeat { suppressed };
        assert_eq!(
            told(policy, &row),
            [
                (0, Telling::Firing),
                (1, suppressed(0)),
                (2, suppressed(0)),
                (9, suppressed(6))
            ]
        );
    }

    #[test]
    fn what_gets_worse_is_told_at_once() {
        let runs = [(0, Sighting::Bad(Severity::Warning)), (1, BAD), (2, BAD)];
        assert_eq!(
            told(POLICY, &runs),
            [(0, Telling::Firing), (1, Telling::Repeat { suppressed: 0 })]
        );
    }

    #[test]
    fn what_turns_out_worse_is_told_anew_and_still_is_one() {
        let mild = Sighting::Bad(Severity::Warning);
        let worse = Sighting::Worse(Severity::Critical);
        assert_eq!(
            told(POLICY, &[(0, mild), (0, worse), (9, BAD)]),
            [(0, Telling::Firing), (0, Telling::Firing)],
            "the next one is the second"
        );
        assert_eq!(
            told(POLICY, &[(0, mild), (1, mild), (2, mild), (2, worse)]),
            [(0, Telling::Firing), (2, Telling::Repeat { suppressed: 1 })]
        );
        let after = Policy { after: 2, ..POLICY };
        assert_eq!(told(after, &[(0, mild), (0, worse)]), []);
    }

    #[test]
    fn an_error_of_long_ago_is_new_again() {
        let policy = Policy {
            forgets: true,
            ..POLICY
        };
        let later = FORGOTTEN + 1;
        assert_eq!(
            told(policy, &[(0, BAD), (later, BAD)]),
            [(0, Telling::Firing), (later, Telling::Firing)]
        );
    }

    #[test]
    fn a_good_run_that_ended_earlier_ends_nothing() {
        assert_eq!(
            told(POLICY, &[(10, BAD), (5, Sighting::Good)]),
            [(10, Telling::Firing)]
        );
    }

    proptest! {
        /// Nothing is suppressed silently: told and suppressed add up to what happened.
        #[test]
        fn every_sighting_is_told_or_counted(
            gaps in proptest::collection::vec((0..10 * HOUR, proptest::bool::weighted(0.9)), 0..300),
            after in 1..4_u64,
        ) {
            let policy = Policy { after, ..POLICY };
            let (mut memory, mut at, mut told, mut untold) = (None, 0, 0, 0);
            for (gap, is_bad) in gaps {
                at += gap;
                let seen = if is_bad { BAD } else { Sighting::Good };
                let (next, telling) = decide(memory.as_ref(), Timestamp(at), seen, &policy);
                match telling {
                    Telling::Repeat { suppressed } => {
                        prop_assert_eq!(suppressed, untold);
                        (told, untold) = (told + 1, 0);
                    }
                    Telling::Firing => (told, untold) = (told + 1, 0),
                    Telling::Resolved { occurrences } => {
                        prop_assert!(told > 0 && occurrences >= told + untold);
                    }
                    Telling::Nothing if is_bad => untold += 1,
                    Telling::Nothing => {}
                }
                if !is_bad {
                    (told, untold) = (0, 0);
                }
                memory = next;
            }
        }
    }
}
