//! `earliest` and `latest`: the value of the first or last event in time.

use std::cmp::Ordering;

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::value::Value;

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "earliest",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "earliest(field)",
        summary: "the field of the earliest event that has it",
        by_time: true,
        parameter: None,
        run: Some(Run {
            family: "earliest",
            start: || State::Timed(Timed::of(Ordering::Less)),
            finish,
        }),
    },
    Aggregate {
        name: "latest",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "latest(field)",
        summary: "the field of the latest event that has it",
        by_time: true,
        parameter: None,
        run: Some(Run {
            family: "latest",
            start: || State::Timed(Timed::of(Ordering::Greater)),
            finish,
        }),
    },
    Aggregate {
        name: "rate",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Later,
        signature: "rate(field, period)",
        summary: "the change per period within a bin",
        by_time: true,
        parameter: Some(1),
        run: Some(Run {
            family: "rate",
            start: || State::Rate(Rate::default()),
            finish: |state, periods| match state {
                State::Rate(state) => state.finish(periods),
                _ => Value::Null,
            },
        }),
    },
];

/// Gives the value; an instant comes as its milliseconds, as it was measured.
fn finish(state: &mut State, _: &Value<'static>) -> Value<'static> {
    match state {
        State::Timed(state) => match &state.value {
            Value::Timestamp(instant) => instant.as_millis().into(),
            value => value.clone(),
        },
        _ => Value::Null,
    }
}

/// The value of the event that is first or last in time, of those that have the field (D28).
#[derive(Clone, Debug)]
pub struct Timed {
    /// How a better time compares with the best so far.
    better: Ordering,
    at: f64,
    value: Value<'static>,
}

impl Timed {
    fn of(better: Ordering) -> Self {
        Self {
            better,
            at: 0.0,
            value: Value::Null,
        }
    }

    pub(super) fn push(&mut self, value: &Value<'_>, at: Option<&Value<'_>>) {
        if value.is_null() {
            return;
        }
        let at = at.and_then(Value::as_number).unwrap_or_default();
        if self.improves(at) {
            self.at = at;
            self.value = value.clone().into_owned();
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        if !later.value.is_null() && self.improves(later.at) {
            *self = later;
        }
    }

    fn improves(&self, at: f64) -> bool {
        self.value.is_null() || at.total_cmp(&self.at) == self.better
    }
}

/// The numbers of the first and the last event in time.
#[derive(Clone, Debug)]
pub struct Rate {
    first: Timed,
    last: Timed,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            first: Timed::of(Ordering::Less),
            last: Timed::of(Ordering::Greater),
        }
    }
}

impl Rate {
    pub(super) fn push(&mut self, value: &Value<'_>, at: Option<&Value<'_>>) {
        if value.as_number().is_some() {
            self.first.push(value, at);
            self.last.push(value, at);
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        self.first.merge(later.first);
        self.last.merge(later.last);
    }

    /// Divides the change by the number of periods in the bin (D30).
    fn finish(&self, periods: &Value<'static>) -> Value<'static> {
        let numbers = self
            .last
            .value
            .as_number()
            .zip(self.first.value.as_number());
        let change = numbers.map(|(last, first)| last - first);
        let periods = periods.as_number().unwrap_or(1.0);
        change.map(|change| change / periods).into()
    }
}
