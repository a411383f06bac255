//! The commands that work on single rows, and those that order and cut.

use std::sync::Arc;

use super::scope::Maker;
use super::{Column, Resolver};
use crate::diagnostic::codes;
use crate::query::ast::{BinaryOp, Expr, ExprKind, Field, Item, Key, Limit, Span};
use crate::query::plan::{self, Operator, Slot, SortKey};

/// The most rows that the service gives.
const MOST_ROWS: u64 = 100_000;

impl Resolver<'_> {
    pub(super) fn fields(&mut self, items: &[Item]) {
        self.refuse_parsed(items);
        for item in items {
            self.remark_assigned(item);
        }
        let columns = self.items(items);
        self.shown.add_listed(columns);
    }

    pub(super) fn display(&mut self, items: &[Item]) {
        let mut columns: Vec<Column> = Vec::new();
        for column in self.items(items) {
            if !columns.iter().any(|(name, _)| *name == column.0) {
                columns.push(column);
            }
        }
        self.shown.display = Some(columns);
    }

    /// Remarks on `seconds = duration / 1000`, which compares and names nothing.
    fn remark_assigned(&mut self, item: &Item) {
        let ExprKind::Binary(left, BinaryOp::Equal, right) = &item.expr.kind else {
            return;
        };
        let computed = matches!(
            right.kind,
            ExprKind::Call(..) | ExprKind::Binary(..) | ExprKind::Negate(_)
        );
        if let (ExprKind::Field(field), None, true) = (&left.kind, &item.alias, computed) {
            let (value, name) = (self.written(right.span), field.name());
            let hint = format!("to name the value write `{value} as {name}`");
            let message = "`=` compares: this column is 1 or 0";
            self.warn(codes::COMPARED_ITEM, item.span, message, hint);
        }
    }

    /// Complains about listing what `parse` made, which the service takes for making it again.
    fn refuse_parsed(&mut self, items: &[Item]) {
        for item in items {
            if let (ExprKind::Field(field), None) = (&item.expr.kind, &item.alias)
                && let Some(made) = self.scope.made(&field.name())
                && made.maker == Maker::Parse
            {
                let name = field.name();
                let message = format!("`{name}` is already a column: `parse` made it");
                let hint = format!("to choose the columns, write `display {name}`");
                self.error(codes::DEFINED_TWICE, item.span, message, hint);
            }
        }
    }

    /// Computes items; none of them sees another (D41).
    fn items(&mut self, items: &[Item]) -> Vec<Column> {
        let mut extend = Vec::new();
        let mut columns = Vec::new();
        for item in items {
            let value = self.row_expr(&item.expr);
            let name = self.item_name(item);
            let slot = self.slot_of(&name, value, item.alias.is_some(), &mut extend);
            columns.push((Arc::<str>::from(name), slot));
        }
        if !extend.is_empty() {
            self.operators.push(Operator::Extend(extend));
        }
        for (item, (name, slot)) in items.iter().zip(&columns) {
            self.define_item(item, name, *slot);
        }
        columns
    }

    /// Returns where a value stands, and makes a slot when it must be computed.
    fn slot_of(
        &mut self,
        name: &str,
        value: plan::Expr,
        named: bool,
        extend: &mut Vec<(Slot, plan::Expr)>,
    ) -> Slot {
        if let plan::Expr::Slot(slot) = value {
            return slot;
        }
        // An expression without a name that stood here before has its value already.
        let known = self.scope.made(name).filter(|_| !named);
        if let Some(made) = known {
            return made.slot;
        }
        let slot = self.scope.new_slot(name);
        extend.push((slot, value));
        slot
    }

    fn define_item(&mut self, item: &Item, name: &str, slot: Slot) {
        if let Some(alias) = &item.alias {
            self.define(name, slot, Maker::Item, alias.span);
        } else if !matches!(item.expr.kind, ExprKind::Field(_)) {
            self.scope.define(name, slot, Maker::Item);
        }
    }

    /// Gives a slot a name, or complains that the name is taken.
    pub(super) fn define(&mut self, name: &str, slot: Slot, maker: Maker, span: Span) {
        if !self.scope.define(name, slot, maker) {
            self.say_defined_twice(name, span);
        }
    }

    pub(super) fn say_defined_twice(&mut self, name: &str, span: Span) {
        let message = format!("`{name}` is already defined");
        let hint = format!("choose another name, such as `{name}2`");
        self.error(codes::DEFINED_TWICE, span, message, hint);
    }

    /// Returns the name of an item's column: its alias, the field, or the text of the expression (D35).
    pub(super) fn item_name(&self, item: &Item) -> String {
        match (&item.alias, &item.expr.kind) {
            (Some(alias), _) => alias.name(),
            (None, ExprKind::Field(field)) => field.name(),
            (None, _) => self.written(item.expr.span).trim().to_owned(),
        }
    }

    pub(super) fn filter(&mut self, condition: &Expr) {
        let conditions = match self.row_expr(condition) {
            plan::Expr::And(all) => all,
            one => vec![one],
        };
        self.operators.push(Operator::Filter(conditions));
    }

    pub(super) fn sort(&mut self, keys: &[Key]) {
        let mut extend = Vec::new();
        let mut sorted = Vec::new();
        for key in keys {
            let slot = self.field_slot(&key.field, &mut extend);
            let direction = key.direction;
            sorted.push(SortKey { slot, direction });
        }
        self.push_with_extend(extend, Operator::Sort(sorted));
    }

    pub(super) fn dedup(&mut self, fields: &[Field]) {
        let mut extend = Vec::new();
        let slots = fields
            .iter()
            .map(|field| self.field_slot(field, &mut extend))
            .collect();
        self.push_with_extend(extend, Operator::Dedup(slots));
    }

    /// Returns the slot of a field; a part of a map gets one of its own.
    pub(super) fn field_slot(
        &mut self,
        field: &Field,
        extend: &mut Vec<(Slot, plan::Expr)>,
    ) -> Slot {
        let value = self.field(field);
        let name = field.name();
        let slot = self.slot_of(&name, value, false, extend);
        self.scope.define(&name, slot, Maker::Item);
        slot
    }

    fn push_with_extend(&mut self, extend: Vec<(Slot, plan::Expr)>, operator: Operator) {
        if !extend.is_empty() {
            self.operators.push(Operator::Extend(extend));
        }
        self.operators.push(operator);
    }

    /// Each `limit` cuts where it stands; none of 0 (D16).
    pub(super) fn limit(&mut self, limit: &Limit) {
        if limit.count == 0 {
            let hint = "the smallest is `limit 1`; leave the command out for all rows";
            self.error(codes::BAD_LIMIT, limit.span, "a limit of no rows", hint);
        }
        if limit.count > MOST_ROWS {
            let message = format!("a limit of more than {MOST_ROWS} rows");
            let hint = format!("write `limit {MOST_ROWS}` or less");
            self.error(codes::BAD_LIMIT, limit.span, message, hint);
        }
        self.operators.push(if limit.any {
            Operator::LimitAny(limit.count)
        } else {
            Operator::Limit(limit.count)
        });
    }
}
