//! `pattern`: counts by templates, which are then put together.

use std::sync::Arc;

use super::Resolver;
use crate::diagnostic::codes;
use crate::query::ast::{Expr, Span};
use crate::query::eval::own;
use crate::query::plan::{self, Aggregate, Cluster, Operator, Ordered, Slot};
use crate::value::Value;

/// The columns; the last one tells that they are no more than a likeness of the service's.
const COLUMNS: [&str; 5] = [
    "@pattern",
    "@sampleCount",
    "@ratio",
    "@severityLabel",
    "@approximate",
];

impl Resolver<'_> {
    pub(super) fn pattern(&mut self, text: &Expr, word: Span) {
        let text = self.row_expr(text);
        let by = vec![plan::Expr::Call(own::TEMPLATE, vec![text])];
        let aggregates = vec![Aggregate {
            function: "count",
            arguments: Vec::new(),
        }];
        let slots = [Slot(2), Slot(1), Slot(3), Slot(4), Slot(5)];
        let mut names: Vec<Arc<str>> = vec![Arc::from("template"); 6];
        for (name, slot) in COLUMNS.iter().zip(slots) {
            names[slot.0] = Arc::from(*name);
        }
        let columns = COLUMNS.iter().map(|name| Arc::from(*name)).zip(slots);
        self.begin_groups(by, aggregates, names, columns.collect());
        self.ordered(Ordered::Cluster(Cluster {
            text: Slot(0),
            count: Slot(1),
            pattern: Slot(2),
            ratio: Slot(3),
            severity: Slot(4),
        }));
        let mark = plan::Expr::Constant(Value::Bool(true));
        self.operators.push(Operator::Extend(vec![(Slot(5), mark)]));
        let message =
            "the patterns are made in another way than the service does, and only resemble its";
        let hint = "`--engine insights` asks the service";
        self.warn(codes::APPROXIMATE, word, message, hint);
    }
}
