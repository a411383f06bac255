//! `values` and `topk`: lists of values.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::count::Distinct;
use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::query::key;
use crate::value::Value;

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "values",
        aliases: &["collect_values", "collectValues"],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "values(field)",
        summary: "the list of the different values",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "values",
            start: || State::Members(Members::default()),
            finish: |state, _| match state {
                State::Members(state) => state.finish(),
                _ => Value::Null,
            },
        }),
    },
    Aggregate {
        name: "topk",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Wanted,
        signature: "topk(count, field)",
        summary: "the list of the most frequent values",
        by_time: false,
        parameter: Some(0),
        run: Some(Run {
            family: "frequent",
            start: || State::Frequent(Frequent::default()),
            finish: |state, count| match state {
                State::Frequent(state) => state.finish(count),
                _ => Value::Null,
            },
        }),
    },
];

/// The different values in order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Members {
    seen: Distinct,
    values: Vec<Value<'static>>,
}

impl Members {
    pub(super) fn push(&mut self, value: &Value<'_>) {
        if self.seen.push(value) {
            self.values.push(value.clone().into_owned());
        }
    }

    pub(super) fn merge(&mut self, later: &Self) {
        for value in &later.values {
            self.push(value);
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        // A value is about as long as its key.
        2 * self.seen.heap_bytes() + self.values.len() * size_of::<Value<'_>>()
    }

    fn finish(&self) -> Value<'static> {
        if self.values.is_empty() {
            return Value::Null;
        }
        Value::List(self.values.clone())
    }
}

/// How often each value occurs.
#[derive(Clone, Debug, Default)]
pub struct Frequent {
    places: HashMap<Vec<u8>, usize, RandomState>,
    counts: Vec<(u64, Value<'static>)>,
    /// The length of all keys.
    bytes: usize,
}

impl Frequent {
    pub(super) fn push(&mut self, value: &Value<'_>) {
        self.add(value, 1);
    }

    pub(super) fn merge(&mut self, later: &Self) {
        for (count, value) in &later.counts {
            self.add(value, *count);
        }
    }

    fn add(&mut self, value: &Value<'_>, count: u64) {
        if value.is_null() {
            return;
        }
        let mut bytes = Vec::new();
        key::push_value(value, &mut bytes);
        let length = bytes.len();
        let place = *self.places.entry(bytes).or_insert(self.counts.len());
        if place == self.counts.len() {
            self.bytes += length;
            self.counts.push((0, value.clone().into_owned()));
        }
        self.counts[place].0 += count;
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let entry = size_of::<(Vec<u8>, usize)>() + size_of::<(u64, Value<'_>)>();
        2 * self.bytes + self.counts.len() * entry
    }

    /// Returns the most frequent ones, of equals those that came first.
    fn finish(&self, count: &Value<'static>) -> Value<'static> {
        let wanted = count.as_number().unwrap_or_default() as usize;
        if self.counts.is_empty() || wanted == 0 {
            return Value::Null;
        }
        let mut ranked: Vec<&(u64, Value<'static>)> = self.counts.iter().collect();
        ranked.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let best = ranked.into_iter().take(wanted);
        Value::List(best.map(|(_, value)| value.clone()).collect())
    }
}
