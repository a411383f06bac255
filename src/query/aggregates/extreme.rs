//! `min` and `max`.

use std::cmp::Ordering;

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::value::{Value, natural_text};

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "min",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "min(field)",
        summary: "the smallest number, or the first text",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "min",
            start: || State::Extreme(Extreme::of(Ordering::Less)),
            finish,
        }),
    },
    Aggregate {
        name: "max",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "max(field)",
        summary: "the largest number, or the last text",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "max",
            start: || State::Extreme(Extreme::of(Ordering::Greater)),
            finish,
        }),
    },
];

fn finish(state: &mut State, _: &Value<'static>) -> Value<'static> {
    match state {
        State::Extreme(state) => state.finish(),
        _ => Value::Null,
    }
}

/// The smallest or largest value: of numbers when there is any, else of texts in the order of `sort`.
#[derive(Clone, Debug)]
pub struct Extreme {
    /// How a better value compares with the best so far.
    better: Ordering,
    number: Option<f64>,
    text: Option<String>,
}

impl Extreme {
    fn of(better: Ordering) -> Self {
        Self {
            better,
            number: None,
            text: None,
        }
    }

    pub(super) fn push(&mut self, value: &Value<'_>) {
        if let Some(number) = value.as_number() {
            self.push_number(number);
        } else if let Value::Text(text) = value
            && self.number.is_none()
        {
            self.push_text(text);
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        if let Some(number) = later.number {
            self.push_number(number);
        }
        if let Some(text) = later.text {
            self.push_text(&text);
        }
    }

    fn push_number(&mut self, number: f64) {
        let better = |best: f64| number.total_cmp(&best) == self.better;
        if self.number.is_none_or(better) {
            self.number = Some(number);
        }
    }

    fn push_text(&mut self, text: &str) {
        let better = |best: &String| natural_text(text, best) == self.better;
        if self.text.as_ref().is_none_or(better) {
            self.text = Some(text.to_owned());
        }
    }

    /// Returns the value; an instant comes as its milliseconds (D6).
    fn finish(&self) -> Value<'static> {
        match self.number {
            Some(number) => Value::number(number),
            None => self.text.clone().into(),
        }
    }
}
