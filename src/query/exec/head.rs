//! The part of a query that each worker runs on the blocks it takes.

use std::ops::ControlFlow;

use super::EventKey;
use super::collect::{Collect, Collected, Collector};
use super::group::{Group, Grouping, Groups};
use super::stage::Stage;
use crate::query::fields::Slots;

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
    sink: Sink,
}

#[derive(Clone, Debug)]
enum Sink {
    Rows(Box<Collector>),
    Groups(Box<Groups>),
}

/// What was found in one block, to be merged in the order of the blocks.
#[derive(Debug)]
pub struct Partial(pub(super) Found);

#[derive(Debug)]
pub(super) enum Found {
    Rows(Collected),
    Groups(Vec<Group>),
}

impl Head {
    pub(super) fn new(stages: Vec<Stage>, sink: SinkSpec) -> Self {
        let sink = match sink {
            SinkSpec::Rows(spec) => Sink::Rows(Box::new(Collector::new(spec))),
            SinkSpec::Groups(spec) => Sink::Groups(Box::new(Groups::new(spec))),
        };
        Self { stages, sink }
    }

    /// Takes a row; `Break` says that nothing later in the input can change the result.
    pub fn push(&mut self, slots: &mut Slots<'_>, key: EventKey) -> ControlFlow<()> {
        let row = slots.cells.as_mut_slice();
        for stage in &mut self.stages {
            if !stage.apply(row) {
                return ControlFlow::Continue(());
            }
        }
        match &mut self.sink {
            Sink::Groups(groups) => groups.push(row),
            Sink::Rows(rows) => {
                if rows.push(row, key) {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns whether a row gets as far as the first operator that needs to see more than one row.
    ///
    /// It leaves no trace: for those who look at one event at a time.
    pub fn passes(&mut self, slots: &mut Slots<'_>) -> bool {
        let row = slots.cells.as_mut_slice();
        self.stages.iter_mut().all(|stage| stage.apply(row))
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
        Partial(match &mut self.sink {
            Sink::Rows(rows) => Found::Rows(rows.take()),
            Sink::Groups(groups) => Found::Groups(groups.take()),
        })
    }
}
