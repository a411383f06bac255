//! Rows in order: all of them, the first so many, or the first of each combination of values.

use std::cmp::Ordering;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::limits::row_bytes;
use super::{Held, RowKey};
use crate::query::ast::Direction;
use crate::query::fields::Cell;
use crate::value::{Value, natural};

/// Which row comes before another.
#[derive(Clone, Debug)]
pub(super) enum Sequence {
    /// The newest event first; of equals the one that came first.
    NewestFirst,
    /// As they came.
    Input,
    /// By values; equal ones as they came (D42).
    Sorted(Vec<SortedBy>),
}

/// A value that rows are sorted by.
#[derive(Clone, Copy, Debug)]
pub(super) struct SortedBy {
    /// Its slot in the rows that come.
    pub(super) slot: usize,
    /// Its place in the cells that are held.
    pub(super) held: usize,
    pub(super) direction: Direction,
}

impl SortedBy {
    pub(super) fn compare(self, left: &Value<'_>, right: &Value<'_>) -> Ordering {
        let ordering = natural(left, right);
        match self.direction {
            Direction::Ascending => ordering,
            Direction::Descending => ordering.reverse(),
        }
    }
}

impl Sequence {
    fn compare(&self, left: &Held, right: &Held) -> Ordering {
        let by_value =
            |by: SortedBy| by.compare(&left.cells[by.held].value(), &right.cells[by.held].value());
        self.compare_by(left.key, right.key, by_value)
    }

    fn compare_row(&self, row: &[Cell<'_>], key: RowKey, held: &Held) -> Ordering {
        let by_value =
            |by: SortedBy| by.compare(&row[by.slot].value(), &held.cells[by.held].value());
        self.compare_by(key, held.key, by_value)
    }

    fn compare_by(
        &self,
        left: RowKey,
        right: RowKey,
        by_value: impl Fn(SortedBy) -> Ordering,
    ) -> Ordering {
        let first = match self {
            Self::NewestFirst => right.timestamp.cmp(&left.timestamp),
            Self::Input => Ordering::Equal,
            Self::Sorted(keys) => keys
                .iter()
                .map(|key| by_value(*key))
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal),
        };
        let left = (left.position, left.part);
        first.then(left.cmp(&(right.position, right.part)))
    }
}

/// What is collected, the same for all blocks.
#[derive(Clone, Debug)]
pub(super) struct Collect {
    pub(super) sequence: Sequence,
    /// The slots of the rows that come which are held, in the order of the held cells.
    pub(super) keep: Vec<usize>,
    /// Only the first row of each combination of these slots.
    pub(super) distinct: Option<Vec<usize>>,
    /// Only the first so many rows.
    pub(super) limit: Option<usize>,
    /// Any rows will do: enough of them end the search.
    pub(super) any: bool,
}

/// Rows that were collected.
#[derive(Clone, Debug)]
pub(super) struct Collector {
    spec: Collect,
    rows: Rows,
    /// How many rows came, as far as that can be told.
    seen: u64,
    /// Once there are more rows than are wanted: none behind this one is.
    last: Option<Held>,
    /// Whether rows were dropped, here or in a block that was merged.
    dropped: bool,
    /// About how many bytes the rows take.
    bytes: usize,
    scratch: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Rows {
    All(Vec<Held>),
    Distinct(HashMap<Box<[u8]>, Held, RandomState>),
}

impl Rows {
    fn new(distinct: bool) -> Self {
        if distinct {
            Self::Distinct(HashMap::default())
        } else {
            Self::All(Vec::new())
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::All(rows) => rows.len(),
            Self::Distinct(rows) => rows.len(),
        }
    }
}

/// What a collector found in one block.
#[derive(Debug)]
pub(super) struct Collected {
    rows: Rows,
    seen: u64,
    dropped: bool,
    bytes: usize,
}

impl Collected {
    /// Returns the rows of a block in the order of the input.
    pub(super) fn into_rows(self) -> Vec<Held> {
        match self.rows {
            Rows::All(rows) => rows,
            Rows::Distinct(rows) => rows.into_values().collect(),
        }
    }
}

impl Collector {
    pub(super) fn new(spec: Collect) -> Self {
        Self {
            rows: Rows::new(spec.distinct.is_some()),
            spec,
            seen: 0,
            last: None,
            dropped: false,
            bytes: 0,
            scratch: Vec::new(),
        }
    }

    /// Takes a row of a block and returns whether there are enough, whatever comes later in the input.
    pub(super) fn push(&mut self, row: &[Cell<'_>], key: RowKey) -> bool {
        self.seen += 1;
        let behind = |last: &Held| self.spec.sequence.compare_row(row, key, last).is_gt();
        if self.last.as_ref().is_some_and(behind) {
            return false;
        }
        match &mut self.rows {
            Rows::All(rows) => {
                let held = hold(&self.spec, row, key);
                self.bytes += row_bytes(&held);
                rows.push(held);
            }
            Rows::Distinct(rows) => {
                let slots = self.spec.distinct.as_deref().unwrap_or_default();
                identity(slots, row, key, &mut self.scratch);
                let known = rows.get_mut(&*self.scratch);
                let better = |known: &Held| self.spec.sequence.compare_row(row, key, known).is_lt();
                match known {
                    Some(known) if better(known) => *known = hold(&self.spec, row, key),
                    Some(_) => {}
                    None => {
                        let held = hold(&self.spec, row, key);
                        self.bytes += row_bytes(&held) + self.scratch.len();
                        rows.insert(self.scratch.as_slice().into(), held);
                    }
                }
            }
        }
        self.prune();
        self.is_enough()
    }

    /// Hands over what was found in a block and begins the next.
    pub(super) fn take(&mut self) -> Collected {
        self.last = None;
        Collected {
            rows: std::mem::replace(&mut self.rows, Rows::new(self.spec.distinct.is_some())),
            seen: std::mem::take(&mut self.seen),
            dropped: std::mem::take(&mut self.dropped),
            bytes: std::mem::take(&mut self.bytes),
        }
    }

    /// Takes over what was found in a later block and returns whether there are enough.
    pub(super) fn merge(&mut self, later: Collected) -> bool {
        self.seen += later.seen;
        self.dropped |= later.dropped;
        self.bytes += later.bytes;
        match (&mut self.rows, later.rows) {
            (Rows::All(rows), Rows::All(more)) => rows.extend(more),
            (Rows::Distinct(rows), Rows::Distinct(more)) => {
                for (identity, held) in more {
                    merge_distinct(&self.spec.sequence, rows, identity, held);
                }
            }
            _ => debug_assert!(false, "all blocks are collected alike"),
        }
        self.prune();
        self.is_enough()
    }

    /// Returns about how many bytes the rows take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn is_enough(&self) -> bool {
        self.spec.any
            && self
                .spec
                .limit
                .is_some_and(|limit| self.rows.len() >= limit)
    }

    /// Drops the rows behind the wanted ones, whenever there are twice as many: constant work for each row.
    fn prune(&mut self) {
        let Some(limit) = self.spec.limit.map(|limit| limit.max(1)) else {
            return;
        };
        if self.rows.len() < 2 * limit {
            return;
        }
        self.dropped = true;
        // The rows that stay are about as large as those that go.
        self.bytes = self.bytes / self.rows.len() * limit;
        let sequence = &self.spec.sequence;
        match &mut self.rows {
            Rows::All(rows) => {
                rows.select_nth_unstable_by(limit - 1, |one, other| sequence.compare(one, other));
                rows.truncate(limit);
                self.last = rows.last().cloned();
            }
            Rows::Distinct(rows) => {
                let mut entries: Vec<(Box<[u8]>, Held)> = rows.drain().collect();
                entries.select_nth_unstable_by(limit - 1, |(_, one), (_, other)| {
                    sequence.compare(one, other)
                });
                entries.truncate(limit);
                self.last = entries.last().map(|(_, held)| held.clone());
                rows.extend(entries);
            }
        }
    }

    /// Returns the wanted rows in order, and how many there would have been: not known of distinct rows that
    /// were dropped.
    pub(super) fn finish(self) -> (Vec<Held>, Option<u64>) {
        let sequence = self.spec.sequence;
        let (mut rows, total) = match self.rows {
            Rows::All(rows) => (rows, Some(self.seen)),
            Rows::Distinct(rows) => {
                let total = (!self.dropped).then_some(rows.len() as u64);
                (rows.into_values().collect(), total)
            }
        };
        rows.sort_unstable_by(|one, other| sequence.compare(one, other));
        rows.truncate(self.spec.limit.unwrap_or(usize::MAX));
        (rows, total)
    }
}

fn hold(spec: &Collect, row: &[Cell<'_>], key: RowKey) -> Held {
    Held {
        key,
        cells: spec.keep.iter().map(|slot| row[*slot].to_owned()).collect(),
    }
}

fn merge_distinct(
    sequence: &Sequence,
    rows: &mut HashMap<Box<[u8]>, Held, RandomState>,
    identity: Box<[u8]>,
    held: Held,
) {
    match rows.get_mut(&identity) {
        Some(known) if sequence.compare(&held, known).is_lt() => *known = held,
        Some(_) => {}
        None => {
            rows.insert(identity, held);
        }
    }
}

/// Writes what rows must have in common to be one: their values, or, with a null among them, nothing at all.
pub(super) fn identity(slots: &[usize], row: &[Cell<'_>], key: RowKey, identity: &mut Vec<u8>) {
    /// No value begins like this.
    const ALONE: u8 = u8::MAX;
    identity.clear();
    for slot in slots {
        if row[*slot].is_null() {
            identity.clear();
            identity.push(ALONE);
            identity.extend(key.position.0.to_le_bytes());
            identity.extend(key.position.1.to_le_bytes());
            identity.extend(key.part.to_le_bytes());
            return;
        }
        row[*slot].push_key(identity);
    }
}
