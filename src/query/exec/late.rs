//! What runs once, at the end: operators that are ready from the beginning, and those that wait for subqueries.

use std::sync::Arc;

use super::collect::SortedBy;
use super::group::Grouping;
use super::join::Joining;
use super::limits::Exceeded;
use super::ordered::InOrder;
use super::stage::Stage;
use super::tail::Rest;
use crate::query::Settings;
use crate::query::key::push_value;
use crate::query::plan::{Among, Expr, Members, Operator, SortKey};
use crate::row::Row;

/// The operators behind the sink.
#[derive(Clone, Debug)]
pub(super) enum Remaining {
    Ready(Vec<Rest>),
    /// Some of them need the results of subqueries.
    Waiting(Box<Waiting>),
}

/// Operators that cannot be prepared yet.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    operators: Vec<Operator>,
    settings: Settings,
    /// The slots of the result's columns.
    columns: Vec<usize>,
}

impl Remaining {
    /// Prepares operators, whose result has columns in these slots, unless some of them wait.
    pub(super) fn of(
        operators: &[Operator],
        settings: &Settings,
        columns: &[usize],
        waits: bool,
    ) -> Self {
        let waiting = Waiting {
            operators: operators.to_vec(),
            settings: settings.clone(),
            columns: columns.to_vec(),
        };
        if !waits && let Ok(rest) = waiting.prepare(&[]) {
            return Self::Ready(rest);
        }
        Self::Waiting(Box::new(waiting))
    }

    /// Makes the operators ready, now that the rows of all subqueries are there.
    pub(super) fn ready(self, found: &[Vec<Row>]) -> Result<Vec<Rest>, Exceeded> {
        match self {
            Self::Ready(rest) => Ok(rest),
            Self::Waiting(mut waiting) => {
                let members: Vec<Arc<Members>> = found.iter().map(|rows| members(rows)).collect();
                for operator in &mut waiting.operators {
                    fill_in(operator, &members);
                }
                waiting.prepare(found)
            }
        }
    }
}

impl Waiting {
    fn prepare(&self, found: &[Vec<Row>]) -> Result<Vec<Rest>, Exceeded> {
        let mut rest = Vec::new();
        for (at, operator) in self.operators.iter().enumerate() {
            let mut steps = steps(operator, &self.settings, found)?;
            if let [Rest::Stage(Stage::Spread(spreading))] = steps.as_mut_slice() {
                spreading.set_live(self.live_behind(at).into_iter());
            }
            rest.append(&mut steps);
        }
        Ok(rest)
    }

    /// Returns the slots that are looked at behind an operator, as long as the layout is the same.
    fn live_behind(&self, at: usize) -> Vec<usize> {
        let mut live = Vec::new();
        for operator in &self.operators[at + 1..] {
            operator.reads(&mut |slot| live.push(slot.0));
            if matches!(operator, Operator::Stats(_)) {
                return live;
            }
        }
        live.extend(&self.columns);
        live
    }
}

/// Collects the values of the first column.
fn members(rows: &[Row]) -> Arc<Members> {
    let values = rows.iter().filter_map(|row| row.values.first());
    let present = values.filter(|value| !value.is_null() && !value.is_nested());
    let keys = present.map(|value| {
        let mut key = Vec::new();
        push_value(value, &mut key);
        key
    });
    Arc::new(Members {
        keys: keys.collect(),
    })
}

fn fill_in(operator: &mut Operator, members: &[Arc<Members>]) {
    for expr in operator.exprs_mut() {
        fill_in_expr(expr, members);
    }
    if let Operator::Stats(stats) = operator {
        for (_, expr) in &mut stats.post {
            fill_in_expr(expr, members);
        }
    }
}

fn fill_in_expr(expr: &mut Expr, members: &[Arc<Members>]) {
    if let Expr::InQuery { among, .. } = expr
        && let Among::Query(number) = among
    {
        *among = Among::Values(members.get(*number).cloned().unwrap_or_default());
    }
    for part in expr.parts_mut() {
        fill_in_expr(part, members);
    }
}

/// Prepares an operator behind the sink.
fn steps(
    operator: &Operator,
    settings: &Settings,
    found: &[Vec<Row>],
) -> Result<Vec<Rest>, Exceeded> {
    let rows = |query: usize| found.get(query).map_or(&[][..], Vec::as_slice);
    Ok(match operator {
        Operator::Stats(stats) => vec![Rest::Groups(Box::new(Grouping::of(stats, settings)))],
        Operator::Sort(keys) => vec![sort(keys)],
        Operator::TopK(keys, limit) => vec![sort(keys), Rest::Limit(*limit as usize)],
        Operator::Limit(limit) | Operator::LimitAny(limit) => vec![Rest::Limit(*limit as usize)],
        Operator::Dedup(slots) => {
            vec![Rest::Distinct(slots.iter().map(|slot| slot.0).collect())]
        }
        Operator::Join(join) => {
            let joining = Joining::of(join, rows(join.query), settings)?;
            vec![Rest::Join(Box::new(joining))]
        }
        Operator::Ordered(one) => vec![Rest::Ordered(Box::new(InOrder::of(one, settings, &rows)))],
        other => Stage::of(other, settings)
            .map(Rest::Stage)
            .into_iter()
            .collect(),
    })
}

fn sort(keys: &[SortKey]) -> Rest {
    let keys = keys.iter().map(|key| SortedBy {
        slot: key.slot.0,
        held: key.slot.0,
        direction: key.direction,
    });
    Rest::Sort(keys.collect())
}
