//! Expressions: fields to slots, texts to matchers, calls by their tables.

use regex::Regex;

use super::Resolver;
use super::stats::Outputs;
use crate::diagnostic::{Diagnostic, codes};
use crate::query::Table;
use crate::query::ast::{BinaryOp, Expr, ExprKind, Field, LikePattern, Period, Span};
use crate::query::plan;
use crate::value::Value;

/// Where an expression stands, which decides what its fields and calls mean.
pub(super) enum Place<'p> {
    /// Computed for each row.
    Row,
    /// An item of `stats`: aggregates of rows, and what was made of them before.
    Item(&'p mut Outputs),
}

impl Resolver<'_> {
    /// Resolves an expression that is computed for each row.
    pub(super) fn row_expr(&mut self, expr: &Expr) -> plan::Expr {
        self.expr(expr, &mut Place::Row)
    }

    /// Resolves an expression; what is wrong with it is written down, and gives null.
    pub(super) fn expr(&mut self, expr: &Expr, place: &mut Place<'_>) -> plan::Expr {
        match &expr.kind {
            ExprKind::Number(text) => constant(text.parse().map_or(Value::Null, Value::Number)),
            ExprKind::Text(text) => constant(Value::Text(text.clone().into())),
            ExprKind::Bool(value) => constant(Value::Bool(*value)),
            ExprKind::Field(field) => self.field_in(field, place),
            ExprKind::Call(name, arguments) => self.call(expr.span, name, arguments, place),
            ExprKind::Access(of, part) => self.access(of, part, place),
            ExprKind::Negate(one) => plan::Expr::Negate(Box::new(self.expr(one, place))),
            ExprKind::Not(one) => plan::Expr::Not(Box::new(self.expr(one, place))),
            ExprKind::And(all) => plan::Expr::And(self.flat(all, place, |one| match one {
                plan::Expr::And(all) => Ok(all),
                other => Err(other),
            })),
            ExprKind::Or(all) => plan::Expr::Or(self.flat(all, place, |one| match one {
                plan::Expr::Or(all) => Ok(all),
                other => Err(other),
            })),
            ExprKind::Binary(left, op, right) => self.binary(left, *op, right, place),
            ExprKind::Like {
                value,
                negated,
                pattern,
            } => self.like(value, *negated, pattern, place),
            ExprKind::In {
                value,
                negated,
                list,
            } => plan::Expr::In {
                value: Box::new(self.expr(value, place)),
                negated: *negated,
                list: list.iter().map(|one| self.expr(one, place)).collect(),
            },
            ExprKind::Period(_) => self.stray_period(expr.span),
            ExprKind::Star => self.stray_star(expr.span),
            ExprKind::InQuery {
                value,
                negated,
                query,
            } => {
                let value = self.expr(value, place);
                if self.complained_in(expr.span) {
                    return NULL;
                }
                self.in_query(value, *negated, query)
            }
        }
    }

    /// Resolves operands and opens those that are of the same kind again.
    fn flat(
        &mut self,
        all: &[Expr],
        place: &mut Place<'_>,
        open: fn(plan::Expr) -> Result<Vec<plan::Expr>, plan::Expr>,
    ) -> Vec<plan::Expr> {
        let mut flat = Vec::new();
        for one in all {
            match open(self.expr(one, place)) {
                Ok(inner) => flat.extend(inner),
                Err(one) => flat.push(one),
            }
        }
        flat
    }

    /// Resolves a field of the row.
    pub(super) fn field(&mut self, field: &Field) -> plan::Expr {
        self.scope.field(field).unwrap_or_else(|one| {
            self.errors.push(one);
            NULL
        })
    }

    fn field_in(&mut self, field: &Field, place: &mut Place<'_>) -> plan::Expr {
        match place {
            Place::Row => self.field(field),
            Place::Item(outputs) => outputs.field(field).unwrap_or_else(|one| {
                self.errors.push(one);
                NULL
            }),
        }
    }

    fn access(&mut self, of: &Expr, part: &str, place: &mut Place<'_>) -> plan::Expr {
        match self.expr(of, place) {
            plan::Expr::Access(of, mut path) => {
                path.push(part.to_owned());
                plan::Expr::Access(of, path)
            }
            of => plan::Expr::Access(Box::new(of), vec![part.to_owned()]),
        }
    }

    fn binary(
        &mut self,
        left: &Expr,
        op: BinaryOp,
        right: &Expr,
        place: &mut Place<'_>,
    ) -> plan::Expr {
        if is_comparison(op) {
            for (one, other) in [(left, right), (right, left)] {
                if self.is_null_word(one) {
                    return self.compared_with_null(left.span.to(right.span), op, other);
                }
            }
        }
        if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) {
            self.remark_unquoted(right);
        }
        let left = Box::new(self.expr(left, place));
        let right = Box::new(self.expr(right, place));
        plan::Expr::Binary(left, op, right)
    }

    /// Says whether an expression is the word that other languages have for a missing value.
    fn is_null_word(&self, expr: &Expr) -> bool {
        let ExprKind::Field(field) = &expr.kind else {
            return false;
        };
        // In backticks it is a field of that name.
        let written = self.written(expr.span);
        field.path.len() == 1
            && written.eq_ignore_ascii_case("null")
            && self.scope.made(written).is_none()
    }

    fn compared_with_null(&mut self, span: Span, op: BinaryOp, value: &Expr) -> plan::Expr {
        let not = if op == BinaryOp::NotEqual { "" } else { "not " };
        let hint = format!("write `{not}ispresent({value})`");
        let message = "there is no `null`: a comparison with a missing field is never true";
        self.error(codes::ARGUMENT_KIND, span, message, hint);
        NULL
    }

    /// Remarks on `levelname = ERROR`, which compares two fields.
    fn remark_unquoted(&mut self, right: &Expr) {
        let ExprKind::Field(field) = &right.kind else {
            return;
        };
        let [word] = field.path.as_slice() else {
            return;
        };
        let shouted = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if shouted && self.table == Table::Events && self.scope.made(word).is_none() {
            let message = format!("`{word}` is read as the name of a field");
            let hint = format!("a text stands in quotes: \"{word}\"");
            self.warn(codes::UNQUOTED_TEXT, right.span, message, hint);
        }
    }

    /// A text is looked for as it is, `%` and `*` too (D44).
    fn like(
        &mut self,
        value: &Expr,
        negated: bool,
        pattern: &LikePattern,
        place: &mut Place<'_>,
    ) -> plan::Expr {
        let value = Box::new(self.expr(value, place));
        match pattern {
            LikePattern::Text(text) => plan::Expr::Contains {
                value,
                text: text.value.clone(),
                negated,
            },
            LikePattern::Regex(regex) => {
                self.check_regex(&regex.source, regex.span);
                plan::Expr::Matches {
                    value,
                    regex: regex.source.clone(),
                    negated,
                }
            }
        }
    }

    /// Compiles a regular expression, whose dialect is RE2 with both forms of named groups (D17), or complains.
    pub(super) fn check_regex(&mut self, source: &str, span: Span) -> Option<Regex> {
        Regex::new(source)
            .map_err(|error| self.errors.push(bad_regex(source, span, &error)))
            .ok()
    }

    fn stray_period(&mut self, span: Span) -> plan::Expr {
        let message = "a period is not a value";
        let hint = "compare with a plain number, as in `duration > 300`; periods are for `bin` and its like";
        self.error(codes::ARGUMENT_KIND, span, message, hint);
        NULL
    }

    fn stray_star(&mut self, span: Span) -> plan::Expr {
        let message = "`*` can only be counted";
        self.error(codes::ARGUMENT_KIND, span, message, "write `count(*)`");
        NULL
    }

    /// Remarks on a period that the service lowers in silence, and this engine with it.
    pub(super) fn remark_capped(&mut self, period: Period) {
        let Some(cap) = period.unit.cap() else {
            return;
        };
        if period.count > cap {
            let symbol = period.unit.symbol();
            let message = format!("{period} counts as {cap}{symbol}");
            let hint = format!("at most {cap} of `{symbol}` are taken: use a larger unit");
            self.warn(codes::PERIOD_CAPPED, period.span, message, hint);
        }
    }
}

/// The value of what could not be resolved; a plan with it is never given away.
pub(super) const NULL: plan::Expr = plan::Expr::Constant(Value::Null);

fn constant(value: Value<'static>) -> plan::Expr {
    plan::Expr::Constant(value)
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
    )
}

fn bad_regex(source: &str, span: Span, error: &regex::Error) -> Diagnostic {
    let text = error.to_string();
    // The last line says what is wrong; those before it draw the expression, as the diagnostic does anyway.
    let reason = text.lines().last().unwrap_or_default();
    let reason = reason.trim_start_matches("error: ");
    let looks_around = ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .any(|part| source.contains(part));
    let hint = if looks_around || reason.contains("backreference") {
        "look-around and back-references are not part of the language"
    } else {
        "a special character is taken literally behind a backslash: `\\[`"
    };
    let message = format!("the regular expression is not valid: {reason}");
    Diagnostic::new(codes::BAD_REGEX, span.range(), message).hint(hint.to_owned())
}
