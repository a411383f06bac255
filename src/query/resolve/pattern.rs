//! `pattern` and `diff`: counts by templates, which are then put together.

use std::sync::Arc;

use super::{Column, Resolver};
use crate::diagnostic::codes;
use crate::query::ast::{BinaryOp, Expr, Name, Span};
use crate::query::eval::own;
use crate::query::plan::{self, Aggregate, Back, Cluster, Operator, Ordered, Slot};
use crate::value::Value;

/// The columns; the last one tells that they are no more than a likeness of the service's.
const COLUMNS: [&str; 5] = [
    "@pattern",
    "@sampleCount",
    "@ratio",
    "@severityLabel",
    "@approximate",
];

/// The columns of a comparison.
const COMPARED: [&str; 7] = [
    "@pattern",
    "@sampleCount",
    "@previousCount",
    "@difference",
    "@ratio",
    "@severityLabel",
    "@approximate",
];

const DAY: i64 = 86_400_000;

impl Resolver<'_> {
    pub(super) fn pattern(&mut self, text: &Expr, word: Span) {
        let text = self.row_expr(text);
        let count = Aggregate {
            function: "count",
            arguments: Vec::new(),
        };
        let columns = [2, 1, 3, 4, 5].map(Slot);
        self.begin_patterns(text, vec![count], COLUMNS.iter().zip(columns));
        self.cluster(
            Cluster {
                text: Slot(0),
                count: Slot(1),
                before: None,
                pattern: Slot(2),
                ratio: Slot(3),
                severity: Slot(4),
            },
            Slot(5),
        );
        self.remark_approximate(word);
    }

    /// Resolves `pattern` with the `diff` behind it: both times are counted in one pass.
    pub(super) fn pattern_diff(&mut self, text: &Expr, kind: Option<&Name>, word: Span) {
        let text = self.row_expr(text);
        let time = self.time_for("diff", word);
        let millis = kind.map(|kind| match kind.text.to_ascii_lowercase().as_str() {
            "previousday" => DAY,
            "previousweek" => 7 * DAY,
            // Months are of different lengths, and a window that is compared should not be.
            _ => 30 * DAY,
        });
        self.back = Some(Back { span: word, millis });
        let now = during(&time, &plan::Expr::Constant(Value::Number(0.0)));
        let before = during(&time, &shift(millis));
        let sum = |of: plan::Expr| Aggregate {
            function: "sum",
            arguments: vec![of],
        };
        let columns = [3, 1, 2, 4, 5, 6, 7].map(Slot);
        let counts = vec![sum(now), sum(before)];
        self.begin_patterns(text, counts, COMPARED.iter().zip(columns));
        self.cluster(
            Cluster {
                text: Slot(0),
                count: Slot(1),
                before: Some((Slot(2), Slot(4))),
                pattern: Slot(3),
                ratio: Slot(5),
                severity: Slot(6),
            },
            Slot(7),
        );
        self.remark_approximate(word);
    }

    /// Groups by templates: the template, its counts, then what is made of them.
    fn begin_patterns<'n>(
        &mut self,
        text: plan::Expr,
        counts: Vec<Aggregate>,
        columns: impl Iterator<Item = (&'n &'static str, Slot)>,
    ) {
        let by = vec![plan::Expr::Call(own::TEMPLATE, vec![text])];
        let columns: Vec<Column> = columns
            .map(|(name, slot)| (Arc::from(*name), slot))
            .collect();
        let mut names: Vec<Arc<str>> = vec![Arc::from("template"); columns.len() + 1];
        for (name, slot) in &columns {
            names[slot.0] = name.clone();
        }
        self.begin_groups(by, counts, names, columns);
    }

    fn cluster(&mut self, cluster: Cluster, mark: Slot) {
        self.ordered(Ordered::Cluster(cluster));
        let truth = plan::Expr::Constant(Value::Bool(true));
        self.operators.push(Operator::Extend(vec![(mark, truth)]));
    }

    fn remark_approximate(&mut self, word: Span) {
        let message =
            "the patterns are made in another way than the service does, and only resemble its";
        let hint = "`--engine insights` asks the service";
        self.warn(codes::APPROXIMATE, word, message, hint);
    }
}

/// Returns how many milliseconds the time before lies back.
fn shift(millis: Option<i64>) -> plan::Expr {
    let number = |number: f64| plan::Expr::Constant(Value::Number(number));
    match millis {
        Some(millis) => number(millis as f64),
        // The window's last instant is in it.
        None => binary(edge("queryTimeRange"), BinaryOp::Add, number(1.0)),
    }
}

/// Returns whether a time is in the window, or in one that lies back.
fn during(time: &plan::Expr, back: &plan::Expr) -> plan::Expr {
    let moved = || binary(time.clone(), BinaryOp::Add, back.clone());
    plan::Expr::And(vec![
        binary(moved(), BinaryOp::GreaterEqual, edge("queryStartTime")),
        binary(moved(), BinaryOp::LessEqual, edge("queryEndTime")),
    ])
}

fn edge(function: &'static str) -> plan::Expr {
    plan::Expr::Call(function, Vec::new())
}

fn binary(left: plan::Expr, op: BinaryOp, right: plan::Expr) -> plan::Expr {
    plan::Expr::Binary(Box::new(left), op, Box::new(right))
}
