//! Operators that look at all rows, in the order in which they are.

use super::{Expr, Slot};
use crate::query::ast::Period;

/// What is computed over rows in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Ordered {
    /// A running sum.
    Accum {
        /// What is added up.
        of: Expr,
        /// Where the sum so far goes.
        slot: Slot,
    },
    /// Values of rows before.
    Earlier {
        /// The value.
        of: Expr,
        /// How many rows before, and where it goes.
        slots: Vec<(u64, Slot)>,
    },
    /// The last value that was there.
    FillDown(Vec<(Expr, Slot)>),
    /// Numbers the sessions of rows with the same keys.
    Sessions {
        /// What the rows of a session have in common.
        by: Vec<Expr>,
        /// When a row was.
        at: Expr,
        /// The longest time between two rows of a session, in milliseconds.
        gap: f64,
        /// Where the number goes.
        slot: Slot,
    },
    /// Moves values to the edge of what is usual.
    Clamp(Vec<(Expr, Slot)>, Bounds),
    /// Drops rows with a value beyond what is usual.
    DropOutliers(Vec<Expr>, Bounds),
    /// Adds rows for empty bins.
    FillMissing(FillMissing),
    /// Adds a last row with the sums of columns.
    TotalRow(Vec<Slot>),
    /// Adds the columns of a subquery, row by row.
    Append(Append),
    /// Puts texts that differ in single words together.
    Cluster(Cluster),
}

/// What is beyond the usual: so many times the distance of the quartiles away from them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// How many times.
    pub factor: f64,
    /// Small values count too.
    pub lower: bool,
    /// What was moved is marked with zeros in front.
    pub mark: bool,
}

/// Adds rows for the empty bins between the first and the last.
#[derive(Clone, Debug, PartialEq)]
pub struct FillMissing {
    /// Where the bin stands.
    pub bin: Slot,
    /// Its length.
    pub period: Period,
    /// How far its edges are moved, in milliseconds.
    pub offset: f64,
    /// What the new rows hold beside the bin.
    pub values: Vec<(Slot, Expr)>,
}

/// Adds the columns of a subquery's rows to the rows at the same place.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// Which subquery.
    pub query: usize,
    /// Columns of its result.
    pub columns: Vec<Appended>,
    /// So many of its rows count.
    pub most: u64,
}

/// One column of an [`Append`].
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// Its position in the subquery's result.
    pub column: usize,
    /// A value that it replaces.
    pub over: Option<Expr>,
    /// Where it goes.
    pub slot: Slot,
}

/// Joins groups of texts that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster {
    /// Where the text of a group stands.
    pub text: Slot,
    /// How often it came.
    pub count: Slot,
    /// How often it came in the time before, and where the difference goes.
    pub before: Option<(Slot, Slot)>,
    /// Where the pattern goes.
    pub pattern: Slot,
    /// Where its share of all goes.
    pub ratio: Slot,
    /// Where its severity goes.
    pub severity: Slot,
}

impl Ordered {
    pub(super) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Accum { of, .. } | Self::Earlier { of, .. } => vec![of],
            Self::FillDown(all) | Self::Clamp(all, _) => all.iter().map(|(of, _)| of).collect(),
            Self::Sessions { by, at, .. } => by.iter().chain([at]).collect(),
            Self::DropOutliers(all, _) => all.iter().collect(),
            Self::FillMissing(fill) => fill.values.iter().map(|(_, value)| value).collect(),
            Self::Append(append) => {
                let over = append.columns.iter();
                over.filter_map(|column| column.over.as_ref()).collect()
            }
            Self::TotalRow(_) | Self::Cluster(_) => Vec::new(),
        }
    }

    pub(super) fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Accum { of, .. } | Self::Earlier { of, .. } => vec![of],
            Self::FillDown(all) | Self::Clamp(all, _) => all.iter_mut().map(|(of, _)| of).collect(),
            Self::Sessions { by, at, .. } => by.iter_mut().chain([at]).collect(),
            Self::DropOutliers(all, _) => all.iter_mut().collect(),
            Self::FillMissing(fill) => fill.values.iter_mut().map(|(_, value)| value).collect(),
            Self::Append(append) => {
                let over = append.columns.iter_mut();
                over.filter_map(|column| column.over.as_mut()).collect()
            }
            Self::TotalRow(_) | Self::Cluster(_) => Vec::new(),
        }
    }

    /// Returns the slots that must be there already, beside those in expressions.
    pub(super) fn reads(&self) -> Vec<Slot> {
        match self {
            Self::FillMissing(fill) => {
                let values = fill.values.iter().map(|(slot, _)| *slot);
                values.chain([fill.bin]).collect()
            }
            Self::TotalRow(slots) => slots.clone(),
            Self::Cluster(cluster) => {
                let before = cluster.before.map(|(count, _)| count);
                [cluster.text, cluster.count]
                    .into_iter()
                    .chain(before)
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the slots that every row is given a value in.
    pub(super) fn writes(&self) -> Vec<Slot> {
        match self {
            Self::Accum { slot, .. } | Self::Sessions { slot, .. } => vec![*slot],
            Self::Earlier { slots, .. } => slots.iter().map(|(_, slot)| *slot).collect(),
            Self::FillDown(all) | Self::Clamp(all, _) => {
                all.iter().map(|(_, slot)| *slot).collect()
            }
            Self::Append(append) => append.columns.iter().map(|column| column.slot).collect(),
            Self::Cluster(cluster) => {
                let made = [cluster.pattern, cluster.ratio, cluster.severity];
                let difference = cluster.before.map(|(_, slot)| slot);
                made.into_iter().chain(difference).collect()
            }
            Self::DropOutliers(..) | Self::FillMissing(_) | Self::TotalRow(_) => Vec::new(),
        }
    }

    pub(super) fn slots_mut(&mut self) -> Vec<&mut Slot> {
        match self {
            Self::Accum { slot, .. } | Self::Sessions { slot, .. } => vec![slot],
            Self::Earlier { slots, .. } => slots.iter_mut().map(|(_, slot)| slot).collect(),
            Self::FillDown(all) | Self::Clamp(all, _) => {
                all.iter_mut().map(|(_, slot)| slot).collect()
            }
            Self::Append(append) => {
                let columns = append.columns.iter_mut();
                columns.map(|column| &mut column.slot).collect()
            }
            Self::Cluster(cluster) => {
                let before = cluster.before.as_mut();
                let before = before.into_iter().flat_map(|(count, slot)| [count, slot]);
                let own = [
                    &mut cluster.text,
                    &mut cluster.count,
                    &mut cluster.pattern,
                    &mut cluster.ratio,
                    &mut cluster.severity,
                ];
                own.into_iter().chain(before).collect()
            }
            Self::FillMissing(fill) => {
                let values = fill.values.iter_mut().map(|(slot, _)| slot);
                values.chain([&mut fill.bin]).collect()
            }
            Self::TotalRow(slots) => slots.iter_mut().collect(),
            Self::DropOutliers(..) => Vec::new(),
        }
    }
}
