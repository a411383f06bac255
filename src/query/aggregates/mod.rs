//! The aggregates of `stats`: one file per family, one row per aggregate.
//!
//! An aggregate is a [`State`] that takes values one by one, takes over another state of the same family, and
//! gives a result at the end. Each block of input has states of its own, which are merged in the order of the
//! blocks. Nulls never count, and without any value there is no result.

mod count;
mod edge;
mod extreme;
mod list;
mod percentile;
mod spread;
mod sum;
mod timed;

use crate::query::functions::{Arity, Level};
use crate::value::Value;

pub use count::{Count, Distinct};
pub use edge::Edge;
pub use extreme::Extreme;
pub use list::{Frequent, Members};
pub use percentile::Percentile;
pub(crate) use percentile::interpolated;
pub use spread::Spread;
pub use sum::Sum;
pub use timed::{Rate, Timed};

/// One aggregate of the language.
#[derive(Debug)]
pub struct Aggregate {
    /// The name as the documentation spells it; queries may write it in any case.
    pub name: &'static str,
    /// Other names of the same aggregate.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes; the `*` of `count(*)` is none.
    pub arity: Arity,
    /// How far it is supported.
    pub level: Level,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives, in a few words.
    pub summary: &'static str,
    /// Whether it goes by the time of events, which it takes as an argument of its own behind those of the call.
    pub by_time: bool,
    /// Which argument is a constant that shapes the result and is no value to aggregate.
    pub parameter: Option<usize>,
    /// What computes it; `None` when it is known but not built.
    pub run: Option<Run>,
}

/// What computes an aggregate.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Aggregates of one family over the same argument share one state.
    pub family: &'static str,
    /// Makes the state of a new group.
    pub start: fn() -> State,
    /// Gives the result, with the parameter where the aggregate has one.
    pub finish: fn(&mut State, &Value<'static>) -> Value<'static>,
}

/// What an aggregate knows of the values so far.
#[derive(Clone, Debug)]
pub enum State {
    /// How many rows, or values.
    Count(Count),
    /// Which different values.
    Distinct(Distinct),
    /// Sum and count.
    Sum(Sum),
    /// Smallest or largest.
    Extreme(Extreme),
    /// First or last in the order of `sort`.
    Edge(Edge),
    /// First or last in time.
    Timed(Timed),
    /// First and last in time.
    Rate(Rate),
    /// The distribution.
    Percentile(Percentile),
    /// Mean and squared distances from it.
    Spread(Spread),
    /// Different values in order of appearance.
    Members(Members),
    /// How often each value occurs.
    Frequent(Frequent),
}

impl State {
    /// Takes the arguments of one row.
    #[inline]
    pub fn push(&mut self, arguments: &[Value<'_>]) {
        let first = arguments.first().unwrap_or(const { &Value::Null });
        match self {
            Self::Count(state) => state.push(arguments),
            Self::Distinct(state) => {
                state.push(first);
            }
            Self::Sum(state) => state.push(first.as_number()),
            Self::Extreme(state) => state.push(first),
            Self::Edge(state) => state.push(first),
            Self::Timed(state) => state.push(first, arguments.get(1)),
            Self::Rate(state) => state.push(first, arguments.get(1)),
            Self::Percentile(state) => state.push(first.as_number()),
            Self::Spread(state) => state.push(first.as_number()),
            Self::Members(state) => state.push(first),
            Self::Frequent(state) => state.push(first),
        }
    }

    /// Takes the number of a row's value, if the state looks at numbers alone; false when it needs the value.
    pub fn push_number(&mut self, number: impl FnOnce() -> Option<f64>) -> bool {
        match self {
            Self::Sum(state) => state.push(number()),
            Self::Percentile(state) => state.push(number()),
            Self::Spread(state) => state.push(number()),
            _ => return false,
        }
        true
    }

    /// Takes a row of an aggregate without arguments.
    #[inline]
    pub fn push_row(&mut self) {
        match self {
            Self::Count(state) => state.push(&[]),
            other => other.push(&[]),
        }
    }

    /// Returns about how many bytes the state takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Distinct(state) => state.heap_bytes(),
            Self::Percentile(state) => state.heap_bytes(),
            Self::Members(state) => state.heap_bytes(),
            Self::Frequent(state) => state.heap_bytes(),
            Self::Count(_)
            | Self::Sum(_)
            | Self::Extreme(_)
            | Self::Edge(_)
            | Self::Timed(_)
            | Self::Rate(_)
            | Self::Spread(_) => 0,
        }
    }

    /// Takes over what a state of the same aggregate knows of later rows.
    pub fn merge(&mut self, later: Self) {
        match (self, later) {
            (Self::Count(state), Self::Count(later)) => state.merge(later),
            (Self::Distinct(state), Self::Distinct(later)) => state.merge(later),
            (Self::Sum(state), Self::Sum(later)) => state.merge(later),
            (Self::Extreme(state), Self::Extreme(later)) => state.merge(later),
            (Self::Edge(state), Self::Edge(later)) => state.merge(later),
            (Self::Timed(state), Self::Timed(later)) => state.merge(later),
            (Self::Rate(state), Self::Rate(later)) => state.merge(later),
            (Self::Percentile(state), Self::Percentile(later)) => state.merge(later),
            (Self::Spread(state), Self::Spread(later)) => state.merge(later),
            (Self::Members(state), Self::Members(later)) => state.merge(&later),
            (Self::Frequent(state), Self::Frequent(later)) => state.merge(&later),
            _ => debug_assert!(false, "states of one aggregate are of one kind"),
        }
    }
}

const TABLES: &[&[Aggregate]] = &[
    count::TABLE,
    sum::TABLE,
    extreme::TABLE,
    percentile::TABLE,
    timed::TABLE,
    edge::TABLE,
    spread::TABLE,
    list::TABLE,
];

/// Walks all aggregates.
pub fn all() -> impl Iterator<Item = &'static Aggregate> {
    TABLES.iter().copied().flatten()
}

/// Finds an aggregate by its name or another name of it, in any case.
pub fn find(name: &str) -> Option<&'static Aggregate> {
    all().find(|aggregate| {
        let mut names = std::iter::once(&aggregate.name).chain(aggregate.aliases);
        names.any(|known| known.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests;
