//! `sortsFirst` and `sortsLast`.

use std::cmp::Ordering;

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::value::{Value, natural};

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "sortsFirst",
        aliases: &["sorts_first"],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "sortsFirst(field)",
        summary: "the value that `sort` puts first",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "sortsFirst",
            start: || State::Edge(Edge::of(Ordering::Less)),
            finish,
        }),
    },
    Aggregate {
        name: "sortsLast",
        aliases: &["sorts_last"],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "sortsLast(field)",
        summary: "the value that `sort` puts last",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "sortsLast",
            start: || State::Edge(Edge::of(Ordering::Greater)),
            finish,
        }),
    },
];

fn finish(state: &mut State, _: &Value<'static>) -> Value<'static> {
    match state {
        State::Edge(state) => state.best.clone(),
        _ => Value::Null,
    }
}

/// The first or last value in the order of `sort`.
#[derive(Clone, Debug)]
pub struct Edge {
    /// How a better value compares with the best so far.
    better: Ordering,
    best: Value<'static>,
}

impl Edge {
    fn of(better: Ordering) -> Self {
        Self {
            better,
            best: Value::Null,
        }
    }

    pub(super) fn push(&mut self, value: &Value<'_>) {
        if self.improves(value) {
            self.best = value.clone().into_owned();
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        if self.improves(&later.best) {
            self.best = later.best;
        }
    }

    fn improves(&self, value: &Value<'_>) -> bool {
        !value.is_null() && (self.best.is_null() || natural(value, &self.best) == self.better)
    }
}
