//! `pct`: exact for groups of moderate size, a sketch with a known error beyond.

use std::fmt;

use sketches_ddsketch::{Config, DDSketch};

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::value::Value;

pub(super) const TABLE: &[Aggregate] = &[Aggregate {
    name: "pct",
    aliases: &["percentile"],
    arity: Arity::exactly(2),
    level: Level::Core,
    signature: "pct(field, percent)",
    summary: "the value below which so many percent of the numbers are",
    by_time: false,
    parameter: Some(1),
    run: Some(Run {
        family: "percentile",
        start: || State::Percentile(Percentile::default()),
        finish: |state, percent| match state {
            State::Percentile(state) => percent
                .as_number()
                .and_then(|percent| state.at(percent))
                .into(),
            _ => Value::Null,
        },
    }),
}];

/// So many numbers of one group are kept, 64 KiB of them; of more only a sketch is.
pub(crate) const EXACT: usize = 8192;
/// The sketch is off by at most this share of the true value.
pub(crate) const RELATIVE_ERROR: f64 = 0.005;
/// Enough for numbers from 1 to 10^17; beyond, the small ones run together.
const BINS: u32 = 4096;
const SMALLEST: f64 = 1e-9;

/// The numbers of a group, or a sketch of them.
#[derive(Clone)]
pub enum Percentile {
    /// All of them.
    Exact(Vec<f64>),
    /// Their distribution.
    Sketch(Box<DDSketch>),
}

/// The count alone: a sketch has no readable form.
impl fmt::Debug for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, count) = match self {
            Self::Exact(numbers) => ("Exact", numbers.len()),
            Self::Sketch(sketch) => ("Sketch", sketch.count()),
        };
        f.debug_tuple(kind).field(&count).finish()
    }
}

impl Default for Percentile {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Percentile {
    pub(super) fn push(&mut self, number: Option<f64>) {
        let Some(number) = number else {
            return;
        };
        match self {
            Self::Exact(numbers) if numbers.len() < EXACT => numbers.push(number),
            Self::Exact(_) => self.sketch().add(number),
            Self::Sketch(sketch) => sketch.add(number),
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        match (&mut *self, later) {
            (Self::Exact(numbers), Self::Exact(more)) if numbers.len() + more.len() <= EXACT => {
                numbers.extend(more);
            }
            (_, Self::Exact(more)) => {
                let sketch = self.sketch();
                for number in more {
                    sketch.add(number);
                }
            }
            (_, Self::Sketch(more)) => {
                let merged = self.sketch().merge(&more);
                debug_assert!(merged.is_ok(), "all sketches are made alike");
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Exact(numbers) => numbers.capacity() * size_of::<f64>(),
            Self::Sketch(_) => BINS as usize * size_of::<u64>(),
        }
    }

    /// Makes a sketch of the numbers, if it is not one yet.
    fn sketch(&mut self) -> &mut DDSketch {
        if let Self::Exact(numbers) = self {
            let mut sketch = DDSketch::new(Config::new(RELATIVE_ERROR, BINS, SMALLEST));
            for &number in &*numbers {
                sketch.add(number);
            }
            *self = Self::Sketch(Box::new(sketch));
        }
        match self {
            Self::Sketch(sketch) => sketch,
            Self::Exact(_) => unreachable!("it was made a sketch above"),
        }
    }

    fn at(&mut self, percent: f64) -> Option<f64> {
        let share = percent / 100.0;
        match self {
            _ if !(0.0..=1.0).contains(&share) => None,
            Self::Exact(numbers) => interpolated(numbers, share),
            Self::Sketch(sketch) => sketch.quantile(share).ok().flatten(),
        }
    }
}

/// Interpolates linearly between the closest ranks (D9).
pub(crate) fn interpolated(numbers: &mut [f64], share: f64) -> Option<f64> {
    if !numbers.is_sorted_by(|one, other| one.total_cmp(other).is_le()) {
        numbers.sort_unstable_by(f64::total_cmp);
    }
    let rank = share * numbers.len().checked_sub(1)? as f64;
    let (below, above) = (
        numbers[rank.floor() as usize],
        numbers[rank.ceil() as usize],
    );
    Some(below + (above - below) * rank.fract())
}
