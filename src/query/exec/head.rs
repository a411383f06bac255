//! The part of a query that each worker runs on the blocks it takes.

use std::ops::ControlFlow;

use super::collect::{Collect, Collected, Collector};
use super::group::{Group, Grouping, Groups};
use super::limits::{Exceeded, Parts};
use super::stage::{Stage, flow};
use super::{EventKey, RowKey};
use crate::query::fields::{Cell, Slots};

/// What a head's rows end in.
#[derive(Clone, Debug)]
pub(super) enum SinkSpec {
    Rows(Collect),
    Groups(Grouping),
}

/// The head of a program: takes rows one by one, gives what it found in each block.
#[derive(Clone, Debug)]
pub struct Head {
    stages: Vec<Stage>,
    /// Whether one row can become several.
    spreads: bool,
    sink: Sink,
    inner: Vec<InnerHead>,
    exceeded: Option<Exceeded>,
}

/// The head of a query inside the query.
#[derive(Clone, Debug)]
pub(super) struct InnerHead {
    pub(super) head: Head,
    /// Where its fields stand in the rows of the query around it.
    pub(super) inputs: Vec<usize>,
    /// How many slots its rows have.
    pub(super) width: usize,
}

#[derive(Clone, Debug)]
enum Sink {
    Rows(Box<Collector>),
    Groups(Box<Groups>),
}

/// What was found in one block, to be merged in the order of the blocks.
#[derive(Debug)]
pub struct Partial {
    pub(super) found: Found,
    pub(super) inner: Vec<Partial>,
    pub(super) exceeded: Option<Exceeded>,
}

#[derive(Debug)]
pub(super) enum Found {
    Rows(Collected),
    Groups(Vec<Group>),
}

impl Head {
    pub(super) fn new(stages: Vec<Stage>, sink: SinkSpec, inner: Vec<InnerHead>) -> Self {
        let sink = match sink {
            SinkSpec::Rows(spec) => Sink::Rows(Box::new(Collector::new(spec))),
            SinkSpec::Groups(spec) => Sink::Groups(Box::new(Groups::new(spec))),
        };
        Self {
            spreads: stages.iter().any(|stage| matches!(stage, Stage::Spread(_))),
            stages,
            sink,
            inner,
            exceeded: None,
        }
    }

    /// Takes a row; `Break` says that nothing later in the input can change the result.
    #[inline]
    pub fn push(&mut self, slots: &mut Slots<'_>, key: EventKey) -> ControlFlow<()> {
        let row = slots.cells.as_mut_slice();
        if self.inner.is_empty() {
            return self.push_row(row, key);
        }
        self.push_to_all(row, key)
    }

    /// Takes a row for the query and those inside it.
    #[inline(never)]
    fn push_to_all(&mut self, row: &mut [Cell<'_>], key: EventKey) -> ControlFlow<()> {
        for inner in &mut self.inner {
            inner.push(row, key);
        }
        // What is enough for one of the queries is not for the others, except that nothing is once one is given up.
        let _ = self.push_row(row, key);
        if self.has_exceeded() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    #[inline]
    fn push_row(&mut self, row: &mut [Cell<'_>], key: EventKey) -> ControlFlow<()> {
        if self.spreads {
            return self.push_spread(row, key);
        }
        if self.stages.iter_mut().all(|stage| stage.apply(row)) {
            self.sink.push(row, key.part(0))
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Takes a row that may become several.
    #[inline(never)]
    fn push_spread(&mut self, row: &mut [Cell<'_>], key: EventKey) -> ControlFlow<()> {
        let Self { stages, sink, .. } = self;
        let mut parts = Parts::default();
        let flow = flow(stages, row, &mut parts, &mut |row, parts| {
            let before = sink.bytes();
            sink.push(row, key.part(parts.count))?;
            if parts.keep(sink.bytes().saturating_sub(before)) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        self.exceeded = self.exceeded.or(parts.exceeded());
        flow
    }

    fn has_exceeded(&self) -> bool {
        self.exceeded.is_some() || self.inner.iter().any(|inner| inner.head.has_exceeded())
    }

    /// Returns whether a row gets as far as the first operator that needs to see more than one row.
    ///
    /// It leaves no trace: for those who look at one event at a time. Of an event that becomes several rows, the
    /// slots hold the first that gets there.
    pub fn passes(&mut self, slots: &mut Slots<'_>) -> bool {
        let row = slots.cells.as_mut_slice();
        let mut parts = Parts::default();
        let flow = flow(&mut self.stages, row, &mut parts, &mut |_, _| {
            ControlFlow::Break(())
        });
        flow.is_break() && parts.exceeded().is_none()
    }

    /// Computes what the query makes of a row up to there, whether or not its filters let the row through.
    pub fn compute(&mut self, slots: &mut Slots<'_>) {
        let row = slots.cells.as_mut_slice();
        for stage in &mut self.stages {
            let _ = stage.apply(row);
        }
    }

    /// Hands over what was found since the last call: once for each block.
    pub fn take_partial(&mut self) -> Partial {
        let found = match &mut self.sink {
            Sink::Rows(rows) => Found::Rows(rows.take()),
            Sink::Groups(groups) => Found::Groups(groups.take()),
        };
        let inner = self.inner.iter_mut();
        Partial {
            found,
            inner: inner.map(|one| one.head.take_partial()).collect(),
            exceeded: self.exceeded,
        }
    }
}

impl Sink {
    /// Returns about how many bytes it keeps.
    fn bytes(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.bytes(),
            Self::Groups(groups) => groups.bytes(),
        }
    }

    #[inline]
    fn push(&mut self, row: &[Cell<'_>], key: RowKey) -> ControlFlow<()> {
        let enough = match self {
            Self::Groups(groups) => {
                groups.push(row);
                false
            }
            Self::Rows(rows) => rows.push(row, key),
        };
        if enough {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl InnerHead {
    fn push(&mut self, row: &[Cell<'_>], key: EventKey) {
        let mut own = vec![Cell::Empty; self.width.max(self.inputs.len())];
        for (cell, from) in own.iter_mut().zip(&self.inputs) {
            *cell = row[*from].clone();
        }
        // That one query has enough is no reason to stop reading for the other.
        let _ = self.head.push_row(&mut own, key);
    }
}
