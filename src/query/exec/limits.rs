//! What a query may cost: rows of one event, and memory. Beyond it the query is given up with a reason, never the
//! program with none.

use std::fmt;

use super::Held;
use crate::query::fields::Cell;
use crate::value::Value;

/// Why a query was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// Rows or groups that have to be kept need more than so many bytes.
    Memory(usize),
    /// One event became more than so many rows.
    Parts(u32),
    /// One event became rows that need more than so many bytes.
    PartBytes(usize),
    /// An operator made far more rows than it got.
    Growth(usize),
    /// The right side of a `join` has more than so many keys.
    JoinKeys(usize),
    /// There are more than so many empty bins.
    Bins(usize),
}

/// The most rows that one event can become.
pub(super) const MOST_PARTS: u32 = 10_000;
/// The most memory that the rows of one event may need.
const MOST_PART_BYTES: usize = 64 << 20;
/// So many rows can be made of few.
const MOST_MADE: usize = 1_000_000;
/// So much memory may the rows need that are made of few.
const MOST_MADE_BYTES: usize = 256 << 20;
/// So many times what came in may go out where much came in.
const MOST_GROWTH: usize = 10;
/// The most keys on the right side of a `join`.
pub(super) const MOST_JOIN_KEYS: usize = 50_000;
/// The most bins that are filled.
pub(super) const MOST_BINS: usize = 100_000;
/// The most memory that kept rows and groups may need, about.
pub(super) const MOST_BYTES: usize = 2 << 30;

/// Says what was too much.
impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(bytes) => {
                write!(
                    f,
                    "the query keeps more than {} MiB of rows or groups",
                    bytes >> 20
                )
            }
            Self::Parts(most) => write!(f, "one event became more than {most} rows"),
            Self::PartBytes(bytes) => {
                write!(f, "one event became rows of more than {} MiB", bytes >> 20)
            }
            Self::Growth(most) => write!(f, "a command made more than {most} rows of few"),
            Self::JoinKeys(most) => write!(f, "the right side of `join` has more than {most} keys"),
            Self::Bins(most) => write!(f, "`fillmissing` would add more than {most} rows"),
        }
    }
}

impl std::error::Error for Exceeded {}

impl Exceeded {
    /// Returns what to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Memory(_) => "filter first, group by what has fewer values, or cut with `limit`",
            Self::Parts(_) => "take a smaller part of the event apart",
            Self::PartBytes(_) => {
                "keep less of it: name the columns with `display`, without the list itself"
            }
            Self::Growth(_) => "filter first, or pair rows by a field with more different values",
            Self::JoinKeys(_) => "filter the right side, or keep one row for each key with `stats`",
            Self::Bins(_) => "use longer bins or a shorter window",
        }
    }
}

/// How many rows have been made of the event at hand, and how large.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    pub(super) count: u32,
    bytes: usize,
}

impl Parts {
    /// Counts one more row; false when there are too many.
    pub(super) fn add(&mut self) -> bool {
        self.count += 1;
        self.count <= MOST_PARTS
    }

    /// Adds what a row takes that is kept; false when it is too much.
    pub(super) fn keep(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.count == 0 || self.bytes <= MOST_PART_BYTES
    }

    /// Says what there was too much of.
    pub(super) fn exceeded(&self) -> Option<Exceeded> {
        if self.count > MOST_PARTS {
            Some(Exceeded::Parts(MOST_PARTS))
        } else if self.count > 0 && self.bytes > MOST_PART_BYTES {
            Some(Exceeded::PartBytes(MOST_PART_BYTES))
        } else {
            None
        }
    }
}

/// How much an operator may make of the rows it gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    rows: usize,
    bytes: usize,
}

impl Growth {
    /// Returns what may be made of rows: always so much, and several times as much as they are.
    pub(super) fn of(rows: &[Held]) -> Self {
        let bytes: usize = rows.iter().map(row_bytes).sum();
        Self {
            rows: MOST_MADE.max(MOST_GROWTH * rows.len()),
            bytes: MOST_MADE_BYTES.max(MOST_GROWTH * bytes),
        }
    }

    /// Counts a row that was made.
    pub(super) fn make(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let left = self.rows.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        let (rows, bytes) = left.ok_or(Exceeded::Growth(MOST_MADE))?;
        *self = Self { rows, bytes };
        Ok(())
    }
}

/// How much memory is left for what is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    most: usize,
    used: usize,
}

impl Budget {
    pub(super) fn of(most: usize) -> Self {
        Self { most, used: 0 }
    }

    /// Takes bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.used = self.used.saturating_add(bytes);
        self.check(0)
    }

    /// Gives bytes back.
    pub(super) fn give(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Says whether there is room for bytes that are counted elsewhere.
    pub(super) fn check(&self, bytes: usize) -> Result<(), Exceeded> {
        if self.used.saturating_add(bytes) > self.most {
            Err(Exceeded::Memory(self.most))
        } else {
            Ok(())
        }
    }
}

/// Returns about how many bytes a row takes.
pub(super) fn row_bytes(held: &Held) -> usize {
    size_of::<Held>() + cells_bytes(&held.cells)
}

fn cells_bytes(cells: &[Cell<'_>]) -> usize {
    cells.iter().map(cell_bytes).sum()
}

fn cell_bytes(cell: &Cell<'_>) -> usize {
    let heap = match cell {
        Cell::Value(value) => heap_bytes(value),
        _ => 0,
    };
    size_of::<Cell<'_>>() + heap
}

/// Returns about how many bytes a value takes beside itself.
pub(super) fn heap_bytes(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) | Value::Literal(text, _) => text.len(),
        Value::List(items) => items
            .iter()
            .map(|item| size_of::<Value<'_>>() + heap_bytes(item))
            .sum(),
        Value::Map(members) => {
            let member = |(key, value): &(std::borrow::Cow<'_, str>, Value<'_>)| {
                size_of::<Value<'_>>() + size_of::<String>() + key.len() + heap_bytes(value)
            };
            members.iter().map(member).sum()
        }
        _ => 0,
    }
}
