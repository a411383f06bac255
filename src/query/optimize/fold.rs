//! Computing what does not depend on the row.

use crate::query::plan::{Expr, Operator, Plan};
use crate::value::Value;

/// Replaces every expression that reads no slot by its value.
pub(super) fn fold(plan: &mut Plan, evaluate: &dyn Fn(&Expr) -> Value<'static>) {
    for operator in &mut plan.operators {
        for one in operator.exprs_mut() {
            fold_expr(one, evaluate);
        }
        match operator {
            Operator::Filter(conditions) => {
                conditions.retain(|one| *one != Expr::Constant(Value::Bool(true)));
            }
            Operator::Stats(stats) => {
                let post = stats.post.iter_mut();
                post.for_each(|(_, one)| fold_expr(one, evaluate));
            }
            _ => {}
        }
    }
    let empty = |operator: &Operator| *operator == Operator::Filter(Vec::new());
    plan.operators.retain(|operator| !empty(operator));
}

fn fold_expr(expr: &mut Expr, evaluate: &dyn Fn(&Expr) -> Value<'static>) {
    if matches!(expr, Expr::Constant(_) | Expr::Period(_)) {
        return;
    }
    if is_constant(expr) && !expr.waits() {
        *expr = Expr::Constant(evaluate(expr));
        return;
    }
    for part in expr.parts_mut() {
        fold_expr(part, evaluate);
    }
    drop_certain(expr);
}

fn is_constant(expr: &Expr) -> bool {
    let mut constant = true;
    expr.reads(&mut |_| constant = false);
    constant
}

/// Drops operands that decide nothing, and an `and` or `or` that one operand decides.
fn drop_certain(expr: &mut Expr) {
    // Whether a subquery is waited for decides the order of ties.
    if expr.waits() {
        return;
    }
    let (all, neutral) = match expr {
        Expr::And(all) => (all, true),
        Expr::Or(all) => (all, false),
        _ => return,
    };
    let is = |one: &Expr, value: bool| *one == Expr::Constant(Value::Bool(value));
    if all.iter().any(|one| is(one, !neutral)) {
        *expr = Expr::Constant(Value::Bool(!neutral));
        return;
    }
    all.retain(|one| !is(one, neutral));
    // A single operand is not the same as the `and` of it: a number would stay itself instead of becoming true.
    if all.is_empty() {
        *expr = Expr::Constant(Value::Bool(neutral));
    }
}
