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
    Waiting(Vec<Operator>, Box<Settings>),
}

impl Remaining {
    pub(super) fn of(operators: &[Operator], settings: &Settings, waits: bool) -> Self {
        let ready = if waits {
            None
        } else {
            prepare(operators, settings, &[]).ok()
        };
        ready.map_or_else(
            || Self::Waiting(operators.to_vec(), Box::new(settings.clone())),
            Self::Ready,
        )
    }

    /// Makes the operators ready, now that the rows of all subqueries are there.
    pub(super) fn ready(self, found: &[Vec<Row>]) -> Result<Vec<Rest>, Exceeded> {
        match self {
            Self::Ready(rest) => Ok(rest),
            Self::Waiting(mut operators, settings) => {
                let members: Vec<Arc<Members>> = found.iter().map(|rows| members(rows)).collect();
                for operator in &mut operators {
                    fill_in(operator, &members);
                }
                prepare(&operators, &settings, found)
            }
        }
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

/// Prepares operators behind the sink.
fn prepare(
    operators: &[Operator],
    settings: &Settings,
    found: &[Vec<Row>],
) -> Result<Vec<Rest>, Exceeded> {
    let mut rest = Vec::new();
    for operator in operators {
        rest.extend(steps(operator, settings, found)?);
    }
    Ok(rest)
}

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
