//! The part of a query that joins what the heads found and runs the rest on it.

use std::ops::ControlFlow;

use super::collect::{Collector, SortedBy, identity};
use super::group::{Grouping, Groups};
use super::head::{Found, Partial, SinkSpec};
use super::join::Joining;
use super::late::Remaining;
use super::limits::{Budget, Exceeded, Growth, MOST_PARTS, Parts, row_bytes};
use super::ordered::InOrder;
use super::spread::Spreading;
use super::stage::Stage;
use super::{Held, RowKey};
use crate::query::fields::Cell;
use crate::row::{Columns, Row};
use crate::value::Value;

/// What follows the sink of the heads.
#[derive(Clone, Debug)]
pub(super) enum Rest {
    Stage(Stage),
    Groups(Box<Grouping>),
    Sort(Vec<SortedBy>),
    Limit(usize),
    Distinct(Vec<usize>),
    Join(Box<Joining>),
    Ordered(Box<InOrder>),
}

/// What a tail does, prepared once for a program.
#[derive(Clone, Debug)]
pub(super) struct TailSpec {
    pub(super) sink: SinkSpec,
    /// How many slots the rows behind the sink have.
    pub(super) width: usize,
    pub(super) rest: Remaining,
    pub(super) columns: Columns,
    /// Where the columns stand in the last layout.
    pub(super) slots: Vec<usize>,
    /// At most so many rows are given, and it is told when there were more.
    pub(super) cap: Option<usize>,
    /// Rows can be given as soon as their block is merged: no later one comes before them.
    pub(super) streams: bool,
    /// About so much memory may be needed.
    pub(super) most_bytes: usize,
}

/// The tail of a program: takes what the heads found in the order of the blocks, gives the result.
#[derive(Clone, Debug)]
pub struct Tail {
    spec: TailSpec,
    merged: Merged,
    /// Rows that can be given already.
    ready: Vec<Row>,
    /// How many rows have been made ready.
    given: u64,
    /// How many rows there were, given or not.
    seen: u64,
    /// The tails of the queries inside.
    inner: Vec<Tail>,
    /// Why the query was given up.
    exceeded: Option<Exceeded>,
}

#[derive(Clone, Debug)]
enum Merged {
    Rows(Box<Collector>),
    Groups(Box<Groups>),
    /// Rows are given at once; at most so many, when the query says so itself.
    Stream(Option<u64>),
}

/// The result of a query.
#[derive(Clone, Debug)]
pub struct Results {
    /// The rows, but for those that were drained before.
    pub rows: Vec<Row>,
    /// How many rows there are without the default limit; `None` when too many were dropped to tell.
    pub total: Option<u64>,
    /// Whether the default limit cut rows off.
    pub truncated: bool,
    /// Why the query was given up; the rows are not its answer then.
    pub exceeded: Option<Exceeded>,
}

impl Results {
    fn given_up(why: Exceeded) -> Self {
        Self {
            rows: Vec::new(),
            total: None,
            truncated: false,
            exceeded: Some(why),
        }
    }
}

impl Tail {
    pub(super) fn new(spec: TailSpec, inner: Vec<Tail>) -> Self {
        let merged = match &spec.sink {
            SinkSpec::Rows(collect) if spec.streams => {
                Merged::Stream(collect.limit.map(|limit| limit as u64))
            }
            SinkSpec::Rows(collect) => Merged::Rows(Box::new(Collector::new(collect.clone()))),
            SinkSpec::Groups(grouping) => Merged::Groups(Box::new(Groups::new(grouping.clone()))),
        };
        Self {
            spec,
            merged,
            ready: Vec::new(),
            given: 0,
            seen: 0,
            inner,
            exceeded: None,
        }
    }

    /// Takes what a head found in the next block; `Break` says that no later block can change the result.
    pub fn merge(&mut self, partial: Partial) -> ControlFlow<()> {
        let alone = self.inner.is_empty();
        for (tail, partial) in self.inner.iter_mut().zip(partial.inner) {
            let _ = tail.merge(partial);
            self.exceeded = self.exceeded.or(tail.exceeded);
        }
        let enough = match (&mut self.merged, partial.found) {
            (Merged::Groups(groups), Found::Groups(more)) => {
                groups.merge(more);
                false
            }
            (Merged::Rows(rows), Found::Rows(more)) => rows.merge(more),
            (Merged::Stream(limit), Found::Rows(more)) => {
                let limit = *limit;
                self.stream(more.into_rows(), limit)
            }
            _ => false,
        };
        self.exceeded = self.exceeded.or(partial.exceeded).or(self.overflow());
        if enough && alone || self.exceeded.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Returns about how many bytes are kept, here and in the queries inside.
    fn bytes(&self) -> usize {
        let own = match &self.merged {
            Merged::Rows(rows) => rows.bytes(),
            Merged::Groups(groups) => groups.bytes(),
            Merged::Stream(_) => 0,
        };
        self.inner.iter().map(Self::bytes).sum::<usize>() + own
    }

    fn overflow(&self) -> Option<Exceeded> {
        let budget = Budget::of(self.spec.most_bytes);
        budget.check(self.bytes()).err()
    }

    /// Makes rows ready and returns whether there are as many as the query wants.
    fn stream(&mut self, mut rows: Vec<Held>, limit: Option<u64>) -> bool {
        let left =
            |all: Option<u64>, taken: u64| all.map_or(usize::MAX, |all| (all - taken) as usize);
        rows.truncate(left(limit, self.seen));
        self.seen += rows.len() as u64;
        rows.truncate(left(self.spec.cap.map(|cap| cap as u64), self.given));
        self.given += rows.len() as u64;
        let spec = &mut self.spec;
        // What streams waits for nothing, and keeps one row for each that comes.
        if let Remaining::Ready(rest) = &mut spec.rest {
            let mut budget = Budget::of(spec.most_bytes);
            rows = run_rest(rest, rows, spec.width, &mut budget).unwrap_or_default();
        }
        let spec = &self.spec;
        self.ready
            .extend(rows.into_iter().map(|held| row(spec, held)));
        limit.is_some_and(|limit| self.seen >= limit)
    }

    /// Returns the rows that are final before the input has ended: those of a query that keeps its order.
    pub fn drain(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.ready)
    }

    /// Runs what remains and returns the rows that were not drained.
    pub fn finish(mut self) -> Results {
        if let Some(why) = self.exceeded {
            return Results::given_up(why);
        }
        if let Merged::Stream(_) = self.merged {
            return Results {
                rows: self.ready,
                total: Some(self.seen),
                truncated: self.seen > self.given,
                exceeded: None,
            };
        }
        self.answer().unwrap_or_else(Results::given_up)
    }

    fn answer(&mut self) -> Result<Results, Exceeded> {
        let mut budget = Budget::of(self.spec.most_bytes);
        budget.take(self.bytes())?;
        let merged = std::mem::replace(&mut self.merged, Merged::Stream(None));
        let (rows, total) = match merged {
            Merged::Rows(rows) => rows.finish(),
            Merged::Groups(groups) => (groups.finish(), None),
            Merged::Stream(_) => (Vec::new(), None),
        };
        let waiting = std::mem::replace(&mut self.spec.rest, Remaining::Ready(Vec::new()));
        let found = self.found()?;
        let mut rest = waiting.ready(&found)?;
        let keeps_all = rest.iter().all(Rest::keeps_all);
        let from_rows = matches!(self.spec.sink, SinkSpec::Rows(_));
        let mut rows = run_rest(&mut rest, rows, self.spec.width, &mut budget)?;
        let total = if keeps_all && from_rows && self.spec.cap.is_some() {
            // The sink dropped rows beyond the cap: only it knows how many there were.
            total
        } else {
            Some(rows.len() as u64)
        };
        rows.truncate(self.spec.cap.unwrap_or(usize::MAX));
        let spec = &self.spec;
        Ok(Results {
            truncated: total.is_none_or(|total| total > rows.len() as u64),
            total,
            rows: rows.into_iter().map(|held| row(spec, held)).collect(),
            exceeded: None,
        })
    }

    /// Returns the rows of the queries inside.
    fn found(&mut self) -> Result<Vec<Vec<Row>>, Exceeded> {
        let inner = std::mem::take(&mut self.inner).into_iter();
        let finished = inner.map(|tail| {
            let results = tail.finish();
            match results.exceeded {
                Some(why) => Err(why),
                None => Ok(results.rows),
            }
        });
        finished.collect()
    }
}

impl Rest {
    /// Returns whether as many rows go out as come in.
    pub(super) fn keeps_all(&self) -> bool {
        match self {
            Self::Stage(stage) => stage.keeps_all(),
            Self::Sort(_) => true,
            _ => false,
        }
    }
}

fn run_rest(
    rest: &mut [Rest],
    mut rows: Vec<Held>,
    mut width: usize,
    budget: &mut Budget,
) -> Result<Vec<Held>, Exceeded> {
    widen(&mut rows, width);
    for step in rest {
        rows = step.run(rows, width, budget)?;
        if let Rest::Groups(grouping) = step {
            width = grouping.width();
        }
    }
    Ok(rows)
}

/// Makes room for what will be computed.
fn widen(rows: &mut [Held], width: usize) {
    for held in rows {
        let width = width.max(held.cells.len());
        held.cells.resize(width, Cell::Empty);
    }
}

impl Rest {
    fn run(
        &mut self,
        mut rows: Vec<Held>,
        width: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Held>, Exceeded> {
        match self {
            Self::Stage(Stage::Spread(spreading)) => return spread(spreading, rows, budget),
            Self::Stage(stage) => rows.retain_mut(|held| stage.apply(&mut held.cells)),
            Self::Sort(keys) => sort(keys, &mut rows),
            Self::Limit(limit) => rows.truncate(*limit),
            Self::Distinct(slots) => distinct(slots, &mut rows),
            Self::Join(joining) => return joining.run(rows, budget),
            Self::Ordered(in_order) => return in_order.run(rows, width, budget),
            Self::Groups(grouping) => {
                let mut groups = Groups::new((**grouping).clone());
                for held in &rows {
                    groups.push(&held.cells);
                    budget.check(groups.bytes())?;
                }
                budget.take(groups.bytes())?;
                return Ok(groups.finish());
            }
        }
        Ok(rows)
    }
}

/// Makes several rows of each.
fn spread(
    spreading: &Spreading,
    rows: Vec<Held>,
    budget: &mut Budget,
) -> Result<Vec<Held>, Exceeded> {
    let mut growth = Growth::of(&rows);
    let mut made = Vec::new();
    for mut held in rows {
        budget.give(row_bytes(&held));
        let Some(found) = spreading.parts(&held.cells) else {
            budget.take(row_bytes(&held))?;
            made.push(held);
            continue;
        };
        let mut parts = Parts::default();
        for part in found {
            spreading.fill(&mut held.cells, part);
            let cells = spreading.copy(&held.cells);
            let one = Held {
                key: held.key,
                cells,
            };
            let bytes = row_bytes(&one);
            budget.take(bytes)?;
            growth.make(bytes)?;
            if !parts.add() || !parts.keep(bytes) {
                return Err(parts.exceeded().unwrap_or(Exceeded::Parts(MOST_PARTS)));
            }
            made.push(one);
        }
    }
    Ok(made)
}

/// Sorts rows that have an order already: equal ones keep it.
fn sort(keys: &[SortedBy], rows: &mut [Held]) {
    rows.sort_by(|one, other| {
        let compare = |key: &SortedBy| {
            let (one, other) = (&one.cells[key.held], &other.cells[key.held]);
            key.compare(&one.value(), &other.value())
        };
        keys.iter()
            .map(compare)
            .find(|ordering| ordering.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}

fn distinct(slots: &[usize], rows: &mut Vec<Held>) {
    let mut seen = std::collections::HashSet::new();
    let mut scratch = Vec::new();
    let mut at = 0;
    rows.retain(|held| {
        // Here rows come from anywhere, and are told apart by their place.
        let key = RowKey {
            position: (0, at),
            ..RowKey::default()
        };
        at += 1;
        identity(slots, &held.cells, key, &mut scratch);
        seen.insert(scratch.clone())
    });
}

fn row(spec: &TailSpec, mut held: Held) -> Row {
    let slots = spec.slots.iter().enumerate();
    let values = slots.map(|(at, slot)| {
        let again = spec.slots[at + 1..].contains(slot);
        let cell = &mut held.cells[*slot];
        if again {
            cell.clone().into_value()
        } else {
            std::mem::take(cell).into_value()
        }
    });
    let values: Vec<Value<'static>> = values.collect();
    Row {
        columns: spec.columns.clone(),
        values,
    }
}
