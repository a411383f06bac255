//! Conditions that leave out more than they say, or compare what is not comparable.

use super::{Finding, Seen, doubt, walk};
use crate::diagnostic::codes;
use crate::query::ast::{BinaryOp, Command, CommandKind, Expr, ExprKind, Field};

/// Checks the conditions of a query.
pub(super) fn check(commands: &[Command], seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before: Vec<&Expr> = Vec::new();
    for command in commands {
        for expr in walk::exprs(command) {
            walk::each(expr, &mut |one| findings.extend(boolean(one, seen)));
        }
        match &command.kind {
            CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
                before.push(condition);
                findings.extend(unguarded(condition, &before, seen));
            }
            // Behind it a field that is missing is one that no value was found for.
            CommandKind::Stats(_) => break,
            _ => {}
        }
    }
    findings
}

/// Doubts a comparison of a JSON `true` with a word or a text (D24).
fn boolean(expr: &Expr, seen: &Seen) -> Option<Finding> {
    let ExprKind::Binary(left, BinaryOp::Equal | BinaryOp::NotEqual, right) = &expr.kind else {
        return None;
    };
    let sides = (&left.kind, &right.kind);
    let ((ExprKind::Field(field), other) | (other, ExprKind::Field(field))) = sides else {
        return None;
    };
    let name = field.name();
    let (message, number) = match other {
        ExprKind::Bool(truth) => (
            format!("nothing promises that a JSON `{truth}` equals the word `{truth}`"),
            u8::from(*truth),
        ),
        ExprKind::Text(text) if seen.is_boolean(&name) => (
            format!("`{name}` is true or false in some events: 1 or 0, which no text equals"),
            u8::from(!["false", "0"].contains(&text.as_str())),
        ),
        _ => return None,
    };
    let hint = format!("compare with the number: `{name} = {number}`");
    Some(doubt(codes::BOOLEAN_COMPARED, expr.span, message, hint))
}

/// Doubts a negative comparison with a field that events may lack (D1): such events are left out.
fn unguarded(condition: &Expr, filters: &[&Expr], seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk::each(condition, &mut |one| {
        let Some(field) = negated(one) else { return };
        let name = field.name();
        let system = name.starts_with('@');
        if system || seen.is_always_there(&name) || filters.iter().any(|one| guards(one, &name)) {
            return;
        }
        let message = format!("this leaves out the events without `{name}`");
        let hint = format!(
            "say which are meant: `not ispresent({name}) or ...`, or `ispresent({name}) and ...`"
        );
        findings.push(doubt(codes::UNGUARDED, one.span, message, hint));
    });
    findings
}

/// Returns the field of `f != x`, `f not like x` or `f not in [...]`.
fn negated(expr: &Expr) -> Option<&Field> {
    let value = match &expr.kind {
        ExprKind::Binary(left, BinaryOp::NotEqual, right) => match &left.kind {
            ExprKind::Field(_) => left,
            _ => right,
        },
        ExprKind::Like {
            value,
            negated: true,
            ..
        }
        | ExprKind::In {
            value,
            negated: true,
            ..
        }
        | ExprKind::InQuery {
            value,
            negated: true,
            ..
        } => value,
        _ => return None,
    };
    as_field(value)
}

fn as_field(expr: &Expr) -> Option<&Field> {
    match &expr.kind {
        ExprKind::Field(field) => Some(field),
        _ => None,
    }
}

/// Returns whether a condition asks whether the field is there, or holds only when it is.
fn guards(condition: &Expr, name: &str) -> bool {
    let is = |expr: &Expr| as_field(expr).is_some_and(|field| field.name() == name);
    let mut asks = false;
    walk::each(condition, &mut |one| {
        if let ExprKind::Call(call, arguments) = &one.kind {
            let words = ["ispresent", "isempty", "isblank"];
            let asking = words
                .iter()
                .any(|word| call.text.eq_ignore_ascii_case(word));
            asks |= asking && arguments.iter().any(is);
        }
    });
    asks || needs(condition, &is)
}

/// Returns whether a condition holds only for rows that have the field, and is not a negative one.
fn needs(condition: &Expr, is: &impl Fn(&Expr) -> bool) -> bool {
    match &condition.kind {
        ExprKind::And(all) => all.iter().any(|one| needs(one, is)),
        ExprKind::Or(any) => any.iter().all(|one| needs(one, is)),
        ExprKind::Binary(_, BinaryOp::NotEqual, _) => false,
        ExprKind::Binary(left, _, right) => is(left) || is(right),
        ExprKind::Like {
            value,
            negated: false,
            ..
        }
        | ExprKind::In {
            value,
            negated: false,
            ..
        }
        | ExprKind::InQuery {
            value,
            negated: false,
            ..
        } => is(value),
        _ => false,
    }
}
