//! Filters: as early as they can run, and the cheapest condition first.

use crate::query::plan::{Expr, Operator};

/// Moves each condition ahead of the operators that it does not depend on, and joins neighbours.
pub(super) fn push(operators: Vec<Operator>) -> Vec<Operator> {
    let mut pushed: Vec<Operator> = Vec::new();
    for operator in operators {
        match operator {
            Operator::Filter(conditions) => {
                for condition in conditions {
                    place(&mut pushed, condition);
                }
            }
            other => pushed.push(other),
        }
    }
    pushed
}

/// Puts a condition as far forward as it can stand.
fn place(operators: &mut Vec<Operator>, condition: Expr) {
    let mut at = operators.len();
    // A condition that needs a subquery holds up all behind it.
    if condition.waits() {
        operators.push(Operator::Filter(vec![condition]));
        return;
    }
    while at > 0 && passes(&operators[at - 1], &condition) {
        at -= 1;
    }
    match operators.get_mut(at) {
        Some(Operator::Filter(conditions)) if !conditions.iter().any(Expr::waits) => {
            conditions.push(condition);
        }
        _ => operators.insert(at, Operator::Filter(vec![condition])),
    }
}

/// Says whether a condition gives the same ahead of an operator.
fn passes(operator: &Operator, condition: &Expr) -> bool {
    match operator {
        Operator::Filter(_) | Operator::Sort(_) => true,
        Operator::Extend(_) | Operator::Parse(_) | Operator::Spread(_) | Operator::Lookup(_) => {
            let mut needs = false;
            operator.writes(&mut |written| {
                condition.reads(&mut |read| needs |= read == written);
            });
            !needs
        }
        _ => false,
    }
}

/// Puts the conditions of each filter in the order of what they cost.
pub(super) fn order(mut operators: Vec<Operator>) -> Vec<Operator> {
    for operator in &mut operators {
        if let Operator::Filter(conditions) = operator {
            conditions.sort_by_key(cost);
        }
    }
    operators
}

/// Estimates what it costs to compute an expression: only the order of the numbers matters.
fn cost(expr: &Expr) -> u32 {
    let own = match expr {
        Expr::Constant(_) | Expr::Period(_) => 0,
        Expr::Slot(_) | Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Negate(_) => 1,
        Expr::Binary(..) => 2,
        Expr::In { list, .. } => 2 + list.len() as u32,
        Expr::InQuery { .. } => 30,
        Expr::Contains { .. } => 10,
        Expr::Call(..) => 20,
        Expr::Matches { .. } => 40,
        Expr::Access(..) => 100,
    };
    own + expr.parts().into_iter().map(cost).sum::<u32>()
}
