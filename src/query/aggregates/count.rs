//! `count` and `count_distinct`: how many rows, values, different values.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::{Aggregate, Run, State};
use crate::query::functions::{Arity, Level};
use crate::query::key;
use crate::value::Value;

pub(super) const TABLE: &[Aggregate] = &[
    Aggregate {
        name: "count",
        aliases: &[],
        arity: Arity::between(0, 1),
        level: Level::Core,
        signature: "count(*), count(field)",
        summary: "how many rows, or how many rows with the field",
        by_time: false,
        parameter: None,
        run: COUNT,
    },
    Aggregate {
        name: "countOverTime",
        aliases: &["count_over_time"],
        arity: Arity::between(0, 1),
        level: Level::Wanted,
        signature: "countOverTime(*)",
        summary: "the same as count, meant for `by bin(...)`",
        by_time: false,
        parameter: None,
        run: COUNT,
    },
    Aggregate {
        name: "count_distinct",
        aliases: &["countDistinct"],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "count_distinct(field)",
        summary: "how many different values, exactly",
        by_time: false,
        parameter: None,
        run: Some(Run {
            family: "distinct",
            start: || State::Distinct(Distinct::default()),
            finish: |state, _| match state {
                State::Distinct(state) => state.finish(),
                _ => Value::Null,
            },
        }),
    },
];

const COUNT: Option<Run> = Some(Run {
    family: "count",
    start: || State::Count(Count::default()),
    finish: |state, _| match state {
        State::Count(state) => state.finish(),
        _ => Value::Null,
    },
});

/// How many rows, or rows with a value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count(u64);

impl Count {
    /// Counts the row when its argument is there, or when there is no argument.
    pub(super) fn push(&mut self, arguments: &[Value<'_>]) {
        let counts = arguments.first().is_none_or(|value| !value.is_null());
        self.0 += u64::from(counts);
    }

    pub(super) fn merge(&mut self, later: Self) {
        self.0 += later.0;
    }

    /// Returns the count; none at all is no value (D8).
    fn finish(self) -> Value<'static> {
        match self.0 {
            0 => Value::Null,
            count => Value::number(count as f64),
        }
    }
}

/// The different values, exactly (D37).
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    seen: HashSet<Box<[u8]>, RandomState>,
    /// The length of all keys.
    bytes: usize,
    scratch: Vec<u8>,
}

impl Distinct {
    /// Takes a value and returns whether it is new.
    pub(super) fn push(&mut self, value: &Value<'_>) -> bool {
        if value.is_null() {
            return false;
        }
        self.scratch.clear();
        key::push_value(value, &mut self.scratch);
        if self.seen.contains(&*self.scratch) {
            return false;
        }
        self.bytes += self.scratch.len();
        self.seen.insert(self.scratch.as_slice().into())
    }

    pub(super) fn merge(&mut self, later: Self) {
        if self.seen.is_empty() {
            self.seen = later.seen;
            self.bytes = later.bytes;
        } else {
            for key in later.seen {
                let length = key.len();
                self.bytes += usize::from(self.seen.insert(key)) * length;
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes + self.seen.len() * size_of::<Box<[u8]>>()
    }

    fn finish(&self) -> Value<'static> {
        match self.seen.len() {
            0 => Value::Null,
            count => Value::number(count as f64),
        }
    }
}
