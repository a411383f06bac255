//! `stddev` and `variance`, both of the population (D10).

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::value::Value;

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "stddev",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "stddev(field)",
        summary: "the standard deviation of the numbers",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "spread",
            start: || State::Spread(Spread::default()),
            finish: |state, _| match state {
                State::Spread(state) => state.variance().map(f64::sqrt).into(),
                _ => Value::Null,
            },
        }),
    },
    Aggregate {
        name: "variance",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "variance(field)",
        summary: "the variance of the numbers",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "spread",
            start: || State::Spread(Spread::default()),
            finish: |state, _| match state {
                State::Spread(state) => state.variance().into(),
                _ => Value::Null,
            },
        }),
    },
];

/// Mean and sum of squared distances from it, kept as Welford does: no large squares are subtracted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    pub(super) fn push(&mut self, number: Option<f64>) {
        let Some(number) = number else {
            return;
        };
        self.count += 1.0;
        let distance = number - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (number - self.mean);
    }

    pub(super) fn merge(&mut self, later: Self) {
        let count = self.count + later.count;
        if count == 0.0 {
            return;
        }
        let distance = later.mean - self.mean;
        self.mean += distance * later.count / count;
        self.squares += later.squares + distance * distance * self.count * later.count / count;
        self.count = count;
    }

    fn variance(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.squares / self.count)
    }
}
