//! `stats`: groups of rows and the states of their aggregates.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::limits::heap_bytes;
use super::written::{Words, Written};
use super::{Held, RowKey};
use crate::query::Settings;
use crate::query::aggregates::{self, Run, State};
use crate::query::eval::{self, Compute};
use crate::query::fields::Cell;
use crate::query::plan::{Aggregate, Expr, Stats};
use crate::value::Value;

/// A prepared `stats`, the same for all blocks.
#[derive(Clone, Debug)]
pub(super) struct Grouping {
    by: Vec<Compute>,
    states: Vec<StateOf>,
    results: Vec<ResultOf>,
    post: Vec<(usize, Compute)>,
    width: usize,
    /// One hasher for all blocks, so that a group's hash is worked out once.
    hasher: RandomState,
}

/// A state of each group: several aggregates may share it.
#[derive(Clone, Debug)]
struct StateOf {
    run: Run,
    arguments: Vec<Compute>,
}

/// One aggregate: the state it reads, and how.
#[derive(Clone, Debug)]
struct ResultOf {
    state: usize,
    run: Option<Run>,
    parameter: Value<'static>,
}

impl Grouping {
    pub(super) fn of(stats: &Stats, settings: &Settings) -> Self {
        let compute = |expr: &Expr| eval::compute(expr, settings);
        let (shared, results) = aggregated(&stats.aggregates, settings);
        Self {
            by: stats.by.iter().map(compute).collect(),
            states: shared,
            results,
            post: stats
                .post
                .iter()
                .map(|(slot, expr)| (slot.0, compute(expr)))
                .collect(),
            width: stats.width,
            hasher: RandomState::default(),
        }
    }
}

impl Grouping {
    /// Returns how many slots the rows have that come out.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns the one value that a row is grouped by, where it stands in the record or is an instant.
    #[inline]
    fn written(&self, row: &[Cell<'_>]) -> Option<Words> {
        let [by] = self.by.as_slice() else {
            return None;
        };
        if let Some(slot) = by.as_slot() {
            return Words::of(row[slot].written()?);
        }
        by.period(row).map(Words::of_instant)
    }
}

/// Prepares aggregates: one state for each family and argument, and one result for each aggregate.
fn aggregated<'p>(
    aggregates: &'p [Aggregate],
    settings: &Settings,
) -> (Vec<StateOf>, Vec<ResultOf>) {
    let mut families: Vec<(&'static str, Vec<&'p Expr>)> = Vec::new();
    let mut states = Vec::new();
    let prepare = |aggregate: &'p Aggregate| {
        let known = aggregates::find(aggregate.function);
        // The resolver lets nothing through that is not built.
        let Some((known, run)) = known.and_then(|known| Some((known, known.run?))) else {
            return ResultOf::nothing();
        };
        let (values, parameter) = divide(aggregate, known.parameter);
        let family = (run.family, values);
        let shared = families.iter().position(|other| *other == family);
        let place = shared.unwrap_or_else(|| {
            let arguments = family.1.iter().map(|expr| eval::compute(expr, settings));
            let arguments = arguments.collect();
            states.push(StateOf { run, arguments });
            families.push(family);
            states.len() - 1
        });
        ResultOf {
            state: place,
            run: Some(run),
            parameter,
        }
    };
    let results = aggregates.iter().map(prepare).collect();
    (states, results)
}

impl ResultOf {
    fn nothing() -> Self {
        Self {
            state: 0,
            run: None,
            parameter: Value::Null,
        }
    }
}

/// Divides the arguments of an aggregate into those it takes from each row, and its constant parameter.
fn divide(aggregate: &Aggregate, parameter: Option<usize>) -> (Vec<&Expr>, Value<'static>) {
    let is_value = |(at, _): &(usize, &Expr)| Some(*at) != parameter;
    let arguments = aggregate.arguments.iter().enumerate();
    let values = arguments.filter(is_value).map(|(_, one)| one).collect();
    let constant = parameter.and_then(|at| aggregate.arguments.get(at));
    match constant {
        Some(Expr::Constant(value)) => (values, value.clone()),
        _ => (values, Value::Null),
    }
}

/// The groups found so far, in the order in which they were met (D42).
#[derive(Clone, Debug)]
pub(super) struct Groups {
    spec: Grouping,
    table: HashTable<usize>,
    met: Vec<Group>,
    /// The group of the row before.
    last: usize,
    /// The groups of single values.
    written: Written,
    /// About how many bytes the groups take.
    bytes: usize,
    scratch: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    hash: u64,
    key: Box<[u8]>,
    by: Vec<Value<'static>>,
    states: Vec<State>,
}

impl Groups {
    pub(super) fn new(spec: Grouping) -> Self {
        Self {
            spec,
            table: HashTable::new(),
            met: Vec::new(),
            last: 0,
            written: Written::new(),
            bytes: 0,
            scratch: Vec::new(),
        }
    }

    /// Adds a row to its group; the values of a group that is known are not copied.
    pub(super) fn push(&mut self, row: &[Cell<'_>]) {
        let at = match self.spec.written(row) {
            Some(value) => self.of_written(value, row),
            None => self.of_values(row),
        };
        let states = self.met[at].states.iter_mut();
        for (state, of) in states.zip(&self.spec.states) {
            push_arguments(state, &of.arguments, row);
        }
    }

    /// Finds or begins the group of a row that is grouped by one value that can be remembered.
    #[inline]
    fn of_written(&mut self, value: Words, row: &[Cell<'_>]) -> usize {
        self.written.find(&value).unwrap_or_else(|| {
            let at = self.of_values(row);
            self.written.note(value, at);
            at
        })
    }

    /// Finds or begins the group of a row.
    #[inline(never)]
    fn of_values(&mut self, row: &[Cell<'_>]) -> usize {
        self.scratch.clear();
        for by in &self.spec.by {
            by.push_key(row, &mut self.scratch);
        }
        let at = match self.met.get(self.last) {
            // Rows come in the order of time, and many groups are by time.
            Some(last) if *last.key == *self.scratch => self.last,
            _ => self.find(row),
        };
        self.last = at;
        at
    }

    /// Finds or begins the group with the key in the scratch space.
    fn find(&mut self, row: &[Cell<'_>]) -> usize {
        let hash = self.spec.hasher.hash_one(&self.scratch);
        let is_same = |at: &usize| *self.met[*at].key == *self.scratch;
        let known = self.table.find(hash, is_same).copied();
        known.unwrap_or_else(|| self.begin(hash, row))
    }

    /// Begins a group with the key in the scratch space.
    fn begin(&mut self, hash: u64, row: &[Cell<'_>]) -> usize {
        let by = self.spec.by.iter();
        self.insert(Group {
            hash,
            key: self.scratch.as_slice().into(),
            by: by.map(|by| by.value(row).into_owned()).collect(),
            states: self.spec.states.iter().map(|of| (of.run.start)()).collect(),
        })
    }

    fn insert(&mut self, group: Group) -> usize {
        let at = self.met.len();
        self.bytes += group.bytes();
        let met = &self.met;
        self.table
            .insert_unique(group.hash, at, |other| met[*other].hash);
        self.met.push(group);
        at
    }

    /// Hands over the groups of a block and begins the next.
    pub(super) fn take(&mut self) -> Vec<Group> {
        self.table.clear();
        self.written.clear();
        self.bytes = 0;
        std::mem::take(&mut self.met)
    }

    /// Takes over the groups of a later block.
    pub(super) fn merge(&mut self, later: Vec<Group>) {
        for group in later {
            let is_same = |at: &usize| self.met[*at].key == group.key;
            match self.table.find(group.hash, is_same).copied() {
                None => {
                    self.insert(group);
                }
                Some(at) => {
                    for (state, later) in self.met[at].states.iter_mut().zip(group.states) {
                        let before = state.heap_bytes();
                        state.merge(later);
                        self.bytes += state.heap_bytes().saturating_sub(before);
                    }
                }
            }
        }
    }

    /// Returns about how many bytes the groups take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns a row for each group; without any row there is none, also without `by` (D7).
    pub(super) fn finish(self) -> Vec<Held> {
        let spec = self.spec;
        let met = self.met.into_iter().enumerate();
        met.map(|(at, group)| group.finish(at, &spec)).collect()
    }
}

/// Evaluates the arguments of an aggregate; the usual one needs no allocation.
fn push_arguments(state: &mut State, arguments: &[Compute], row: &[Cell<'_>]) {
    match arguments {
        [] => state.push_row(),
        [one] => {
            if !state.push_number(|| one.number(row)) {
                state.push(&[one.value(row)]);
            }
        }
        more => {
            let values: Vec<Value<'_>> = more.iter().map(|one| one.value(row)).collect();
            state.push(&values);
        }
    }
}

impl Group {
    fn bytes(&self) -> usize {
        let by = self.by.iter();
        let by: usize = by.map(|value| size_of_val(value) + heap_bytes(value)).sum();
        let states = self.states.iter();
        let states: usize = states
            .map(|state| size_of_val(state) + state.heap_bytes())
            .sum();
        // The index holds a number for each group, with room to grow.
        size_of::<Self>() + 2 * size_of::<usize>() + self.key.len() + by + states
    }

    /// Returns the row of a group: its keys, its aggregates, and what is computed from both.
    fn finish(mut self, at: usize, spec: &Grouping) -> Held {
        let mut cells: Vec<Cell<'static>> = self.by.into_iter().map(Cell::Value).collect();
        for result in &spec.results {
            let value = result
                .run
                .map(|run| (run.finish)(&mut self.states[result.state], &result.parameter));
            cells.push(Cell::Value(value.unwrap_or_default()));
        }
        cells.resize(spec.width.max(cells.len()), Cell::Empty);
        for (slot, one) in &spec.post {
            cells[*slot] = Cell::Value(one.value(&cells).into_owned());
        }
        let key = RowKey {
            position: (0, at as u32),
            ..RowKey::default()
        };
        Held { key, cells }
    }
}
