//! What is computed over all rows, in the order in which they are: one file for each kind.
//!
//! The commands are those of 2026, whose fine points are not documented; where they are silent, they do as the
//! commands of the same names do that they come from (D29).

mod append;
mod cluster;
mod fill;
mod outliers;
mod running;
mod sessions;

use super::Held;
use super::limits::{Budget, Exceeded};
use crate::query::Settings;
use crate::query::eval::{self, Compute};
use crate::query::plan::{Expr, Ordered, Slot};
use crate::row::Row;
use append::Appending;
use cluster::Clustering;
use fill::Filling;
use outliers::{Clamping, Dropping};
use sessions::Sessions;

/// A prepared operator.
#[derive(Clone, Debug)]
pub(super) enum InOrder {
    Accum(Compute, usize),
    Earlier(Compute, Vec<(usize, usize)>),
    FillDown(Vec<(Compute, usize)>),
    Sessions(Sessions),
    Clamp(Clamping),
    Drop(Dropping),
    Fill(Filling),
    TotalRow(Vec<usize>),
    Append(Appending),
    Cluster(Clustering),
}

impl InOrder {
    /// Prepares an operator; `found` gives the rows of a subquery.
    pub(super) fn of<'f>(
        one: &Ordered,
        settings: &Settings,
        found: &dyn Fn(usize) -> &'f [Row],
    ) -> Self {
        let compute = |expr: &Expr| eval::compute(expr, settings);
        let all = |exprs: &[Expr]| exprs.iter().map(compute).collect();
        let pairs = |pairs: &[(Expr, Slot)]| {
            let pairs = pairs.iter();
            pairs.map(|(of, slot)| (compute(of), slot.0)).collect()
        };
        match one {
            Ordered::Accum { of, slot } => Self::Accum(compute(of), slot.0),
            Ordered::Earlier { of, slots } => {
                let slots = slots.iter().map(|(rows, slot)| (*rows as usize, slot.0));
                Self::Earlier(compute(of), slots.collect())
            }
            Ordered::FillDown(filled) => Self::FillDown(pairs(filled)),
            Ordered::Sessions { by, at, gap, slot } => Self::Sessions(Sessions {
                by: all(by),
                at: compute(at),
                gap: *gap,
                slot: slot.0,
            }),
            Ordered::Clamp(of, bounds) => Self::Clamp(Clamping {
                of: pairs(of),
                bounds: *bounds,
            }),
            Ordered::DropOutliers(of, bounds) => Self::Drop(Dropping {
                of: all(of),
                bounds: *bounds,
            }),
            Ordered::FillMissing(fill) => Self::Fill(Filling::of(fill, settings)),
            Ordered::TotalRow(slots) => Self::TotalRow(slots.iter().map(|slot| slot.0).collect()),
            Ordered::Append(append) => {
                Self::Append(Appending::of(append, found(append.query), settings))
            }
            Ordered::Cluster(cluster) => Self::Cluster(Clustering::of(*cluster)),
        }
    }

    /// Runs over rows that have `width` slots.
    pub(super) fn run(
        &self,
        mut rows: Vec<Held>,
        width: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Held>, Exceeded> {
        match self {
            Self::Accum(of, slot) => running::accum(of, *slot, &mut rows),
            Self::Earlier(of, slots) => running::earlier(of, slots, &mut rows),
            Self::FillDown(filled) => running::fill_down(filled, &mut rows),
            Self::TotalRow(slots) => running::total_row(slots, width, &mut rows),
            Self::Sessions(sessions) => sessions.run(&mut rows),
            Self::Clamp(clamping) => clamping.run(&mut rows),
            Self::Drop(dropping) => dropping.run(&mut rows),
            Self::Fill(filling) => return filling.run(rows, width),
            Self::Append(appending) => return appending.run(rows, width, budget),
            Self::Cluster(clustering) => return Ok(clustering.run(&rows, width)),
        }
        Ok(rows)
    }
}
