//! Running a plan: heads work on blocks of input at the same time, one tail joins what they found.
//!
//! ```text
//! rows of a block → stages (filter, extend, parse, spread, ...) → sink (rows in order, or groups) → Partial
//! Partials in block order → merged sink → the remaining operators → result rows
//! ```
//!
//! The head of a plan is all up to the first operator that needs to see more than one row; that operator is the
//! sink, whose partial states of different blocks can be merged. What comes behind it works on few rows, in one
//! thread. Nothing grows with the input but what a query asks for: rows beyond a limit are dropped early, groups
//! keep states and no rows. What is kept all the same has a limit (`limits`), beyond which the query is given up.
//!
//! A query inside the query has a head and a tail of its own, which get the same rows. Its result is known only at
//! the end, so that all operators that wait for it run there (`late`).

mod collect;
mod csv;
mod group;
mod head;
mod join;
mod late;
mod limits;
mod logfmt;
mod lookup;
mod ordered;
mod parse;
mod split;
mod spread;
mod stage;
mod tail;
mod written;

use crate::query::fields::Cell;
use crate::time::Timestamp;

pub use head::{Head, Partial};
pub use limits::Exceeded;
pub(crate) use split::Split;
pub use tail::{Results, Tail};

/// Where a row stands among all: when its event was, and where in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventKey {
    /// The event's timestamp.
    pub timestamp: Timestamp,
    /// The number of the block in the input, and of the event in the block; no two events have the same.
    pub position: (u32, u32),
}

/// Where a row stands that was made of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowKey {
    timestamp: Timestamp,
    position: (u32, u32),
    /// Which of the rows that the event became: 0 where it stays one.
    part: u32,
}

impl EventKey {
    fn part(self, part: u32) -> RowKey {
        RowKey {
            timestamp: self.timestamp,
            position: self.position,
            part,
        }
    }
}

/// A row that is kept beyond its block.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    key: RowKey,
    cells: Vec<Cell<'static>>,
}

#[cfg(test)]
mod tests;
