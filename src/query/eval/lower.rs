//! From the expressions of a plan to what is run.

use std::sync::Arc;

use memchr::memmem::Finder;
use regex::Regex;

use super::{Arithmetic, Compute, Condition, own};
use crate::query::Settings;
use crate::query::ast::BinaryOp;
use crate::query::functions::{self, Run};
use crate::query::plan::{Among, Expr};
use crate::value::{Comparison, Value};

/// Prepares an expression that gives a value.
pub(crate) fn compute(expr: &Expr, settings: &Settings) -> Compute {
    let boxed = |expr: &Expr| Box::new(compute(expr, settings));
    match expr {
        Expr::Constant(value) => Compute::Constant(value.clone()),
        // Periods are arguments of the functions that take them and nothing else.
        Expr::Period(_) => Compute::Constant(Value::Null),
        Expr::Slot(slot) => Compute::Slot(slot.0),
        Expr::Access(of, path) => Compute::Access(boxed(of), path.clone()),
        Expr::Call(name, arguments) => call(name, arguments, settings),
        Expr::Negate(of) => Compute::Negate(boxed(of)),
        Expr::Binary(left, operator, right) => match arithmetic(*operator) {
            Some(operator) => Compute::Arithmetic(boxed(left), operator, boxed(right)),
            None => truth(expr, settings),
        },
        Expr::Not(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Contains { .. }
        | Expr::Matches { .. }
        | Expr::In { .. }
        | Expr::InQuery { .. } => truth(expr, settings),
    }
}

fn truth(expr: &Expr, settings: &Settings) -> Compute {
    Compute::Truth(Box::new(condition(expr, settings)))
}

fn call(name: &str, arguments: &[Expr], settings: &Settings) -> Compute {
    let all = || arguments.iter().map(|one| compute(one, settings)).collect();
    if let Some(run) = own::find(name) {
        return Compute::Call(run, all());
    }
    if let (own::WHOLE, [Expr::Slot(slot)]) = (name, arguments) {
        return Compute::Whole(slot.0);
    }
    let run = functions::find(name).and_then(|function| function.run);
    match (run, arguments) {
        (Some(Run::Values(run)), _) => Compute::Call(run, all()),
        (Some(Run::Regex(at, run)), _) => pattern(run, at, all()),
        (Some(Run::Settings(run)), _) => Compute::Constant(run(settings)),
        (Some(Run::Period(run)), [instant, Expr::Period(period)]) => {
            Compute::Period(run, Box::new(compute(instant, settings)), *period)
        }
        // The resolver lets nothing else through.
        _ => Compute::Constant(Value::Null),
    }
}

fn pattern(run: functions::Pattern, at: usize, arguments: Vec<Compute>) -> Compute {
    match arguments.get(at) {
        Some(Compute::Constant(source)) => {
            let regex = source.to_text().and_then(|source| Regex::new(&source).ok());
            Compute::Pattern(run, regex, arguments)
        }
        _ => Compute::RowPattern(run, at, arguments),
    }
}

/// Prepares an expression that gives a truth.
pub(crate) fn condition(expr: &Expr, settings: &Settings) -> Condition {
    let all = |list: &[Expr]| list.iter().map(|one| condition(one, settings)).collect();
    match expr {
        Expr::Not(of) => Condition::Not(Box::new(condition(of, settings))),
        Expr::And(list) => Condition::And(all(list)),
        Expr::Or(list) => Condition::Or(all(list)),
        Expr::Binary(left, operator, right) => match comparison(*operator) {
            Some(operator) => compare(left, operator, right, settings),
            None => Condition::Value(compute(expr, settings)),
        },
        Expr::Contains {
            value,
            text,
            negated,
        } => Condition::Contains {
            value: compute(value, settings),
            finder: Box::new(Finder::new(text).into_owned()),
            negated: *negated,
        },
        Expr::Matches {
            value,
            regex,
            negated,
        } => Condition::Matches {
            value: compute(value, settings),
            regex: Regex::new(regex).ok(),
            negated: *negated,
        },
        Expr::In {
            value,
            list,
            negated,
        } => Condition::In {
            value: compute(value, settings),
            list: list.iter().map(|one| compute(one, settings)).collect(),
            negated: *negated,
        },
        Expr::InQuery {
            value,
            among,
            negated,
        } => Condition::Among {
            value: compute(value, settings),
            members: match among {
                Among::Values(members) => members.clone(),
                // What needs a subquery is prepared once its result is there.
                Among::Query(_) => Arc::default(),
            },
            negated: *negated,
        },
        Expr::Call("ispresent", arguments) => match arguments.as_slice() {
            [Expr::Slot(slot)] => Condition::Present(slot.0),
            _ => Condition::Value(compute(expr, settings)),
        },
        other => Condition::Value(compute(other, settings)),
    }
}

fn compare(left: &Expr, operator: Comparison, right: &Expr, settings: &Settings) -> Condition {
    if let (Expr::Slot(slot), Expr::Constant(Value::Text(text))) = (left, right)
        && matches!(operator, Comparison::Equal | Comparison::NotEqual)
    {
        return Condition::IsText {
            slot: slot.0,
            text: text.clone().into_owned(),
            negated: operator == Comparison::NotEqual,
        };
    }
    Condition::Compare(compute(left, settings), operator, compute(right, settings))
}

fn arithmetic(operator: BinaryOp) -> Option<Arithmetic> {
    Some(match operator {
        BinaryOp::Add => Arithmetic::Add,
        BinaryOp::Subtract => Arithmetic::Subtract,
        BinaryOp::Multiply => Arithmetic::Multiply,
        BinaryOp::Divide => Arithmetic::Divide,
        BinaryOp::Remainder => Arithmetic::Remainder,
        BinaryOp::Power => Arithmetic::Power,
        _ => return None,
    })
}

fn comparison(operator: BinaryOp) -> Option<Comparison> {
    Some(match operator {
        BinaryOp::Equal => Comparison::Equal,
        BinaryOp::NotEqual => Comparison::NotEqual,
        BinaryOp::Less => Comparison::Less,
        BinaryOp::LessEqual => Comparison::LessOrEqual,
        BinaryOp::Greater => Comparison::Greater,
        BinaryOp::GreaterEqual => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
