//! `sum` and `avg`.

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::value::Value;

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "sum",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "sum(field)",
        summary: "the sum of the numbers",
        by_time: false,
        parameter: None,
        run: SUM,
    },
    Aggregate {
        name: "sumOverTime",
        aliases: &["sum_over_time"],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "sumOverTime(field)",
        summary: "the same as sum, meant for `by bin(...)`",
        by_time: false,
        parameter: None,
        run: SUM,
    },
    Aggregate {
        name: "avg",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "avg(field)",
        summary: "the mean of the numbers",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "sum",
            start: || State::Sum(Sum::default()),
            finish: |state, _| match state {
                State::Sum(state) => state.mean().into(),
                _ => Value::Null,
            },
        }),
    },
];

const SUM: Option<Run> = Some(Run {
    family: "sum",
    start: || State::Sum(Sum::default()),
    finish: |state, _| match state {
        State::Sum(state) => state.result().into(),
        _ => Value::Null,
    },
});

/// A sum that carries what its additions rounded off, so that the order of blocks hardly shows in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    total: f64,
    lost: f64,
    count: u64,
}

impl Sum {
    pub(super) fn push(&mut self, number: Option<f64>) {
        if let Some(number) = number {
            self.add(number);
            self.count += 1;
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        self.add(later.total);
        self.lost += later.lost;
        self.count += later.count;
    }

    /// Adds as Neumaier does: what the smaller operand loses is kept apart.
    fn add(&mut self, number: f64) {
        let total = self.total + number;
        self.lost += if self.total.abs() >= number.abs() {
            (self.total - total) + number
        } else {
            (number - total) + self.total
        };
        self.total = total;
    }

    fn result(&self) -> Option<f64> {
        (self.count > 0).then_some(self.total + self.lost)
    }

    fn mean(&self) -> Option<f64> {
        self.result().map(|total| total / self.count as f64)
    }
}
