//! A plan that gives the same rows with less work.
//!
//! Every step keeps the result: rows, their order and their columns. What is folded, moved or dropped is always
//! free of effects, so that only how often and when it is computed changes.

mod filters;
mod fold;
#[cfg(test)]
mod tests;
mod unused;

use super::plan::{Expr, Operator, Plan, Subquery};
use crate::value::Value;

/// Optimizes a plan; `evaluate` gives the value of an expression that reads no slot.
pub fn optimize(mut plan: Plan, evaluate: &dyn Fn(&Expr) -> Value<'static>) -> Plan {
    for subquery in &mut plan.subqueries {
        optimize_inner(subquery, evaluate);
    }
    fold::fold(&mut plan, evaluate);
    plan.operators = filters::push(plan.operators);
    unused::drop_unused(&mut plan);
    plan.operators = filters::order(plan.operators);
    plan.operators = join_cuts(plan.operators);
    plan
}

/// Optimizes a query inside the query; the fields that it no longer reads need not be brought to it.
fn optimize_inner(subquery: &mut Subquery, evaluate: &dyn Fn(&Expr) -> Value<'static>) {
    let before = subquery.plan.fields.clone();
    subquery.plan = optimize(subquery.plan.clone(), evaluate);
    let known = before.iter().zip(&subquery.inputs);
    let kept = known.filter(|(name, _)| subquery.plan.fields.contains(name));
    subquery.inputs = kept.map(|(_, slot)| *slot).collect();
}

/// Makes one operator of `sort` and `limit`, and of two `limit`s.
fn join_cuts(operators: Vec<Operator>) -> Vec<Operator> {
    let mut joined: Vec<Operator> = Vec::new();
    for operator in operators {
        let Operator::Limit(count) = operator else {
            joined.push(operator);
            continue;
        };
        match joined.last_mut() {
            Some(Operator::Sort(keys)) => {
                let keys = std::mem::take(keys);
                joined.pop();
                joined.push(Operator::TopK(keys, count));
            }
            Some(Operator::Limit(before) | Operator::TopK(_, before)) => {
                *before = count.min(*before);
            }
            _ => joined.push(Operator::Limit(count)),
        }
    }
    joined
}
