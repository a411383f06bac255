//! The commands that take values apart and bring in columns of tables.

use std::sync::Arc;

use super::Resolver;
use super::scope::{Maker, SPARE};
use crate::diagnostic::codes;
use crate::query::ast::{self, CidrLookup, Field, JsonPath, Match, Output, Span};
use crate::query::eval::own;
use crate::query::lookup::LookupTable;
use crate::query::plan::{
    Expr, Lookup, LookupBy, LookupOutput, Operator, Slot, Spread, SpreadMethod,
};
use crate::suggest;

impl Resolver<'_> {
    pub(super) fn json(&mut self, json: &JsonPath) {
        let field = self.field(&json.field);
        let whole = Expr::Call("jsonParse", vec![field]);
        let value = Expr::Access(Box::new(whole), json_path(&json.path.value));
        let name = json.name.name();
        let slot = self.scope.new_slot(&name);
        self.operators.push(Operator::Extend(vec![(slot, value)]));
        self.make(&name, slot, Maker::Item, json.name.span);
    }

    pub(super) fn unnest(&mut self, list: &Field, into: &Field) {
        let source = self.whole(list);
        let name = into.name();
        let slot = self.scope.new_slot(&name);
        let method = SpreadMethod::Elements(slot);
        self.operators
            .push(Operator::Spread(Spread { source, method }));
        self.make(&name, slot, Maker::Item, into.span);
    }

    pub(super) fn expand(&mut self, field: &Field) {
        let source = self.whole(field);
        let name = field.name();
        let slot = self.scope.new_slot(&name);
        let method = SpreadMethod::Texts(slot);
        self.operators
            .push(Operator::Spread(Spread { source, method }));
        self.remake(&name, slot);
    }

    /// Resolves a field to all that is under its name, also a list that is no field by itself (D22).
    ///
    /// What an event holds is taken at the very beginning: behind an operator that keeps rows it is gone.
    fn whole(&mut self, field: &Field) -> Expr {
        match self.field(field) {
            Expr::Slot(slot) if slot.0 < SPARE && self.first.is_none() => {
                let whole = self.scope.new_slot(&field.name());
                let value = Expr::Call(own::WHOLE, vec![Expr::Slot(slot)]);
                self.operators
                    .insert(0, Operator::Extend(vec![(whole, value)]));
                Expr::Slot(whole)
            }
            other => other,
        }
    }

    pub(super) fn lookup(&mut self, lookup: &ast::Lookup) {
        let Some(table) = self.table_named(&lookup.table) else {
            return;
        };
        let mut by = Vec::new();
        for one in &lookup.matches {
            let value = self.field(one.field.as_ref().unwrap_or(&one.column));
            by.extend(self.column(&table, &one.column).map(|at| (at, value)));
        }
        let names = lookup.names.iter();
        let names: Vec<(Field, Field)> = names.map(|one| (one.clone(), one.clone())).collect();
        self.bring(&table, LookupBy::Equal(by), lookup.output, &names);
    }

    pub(super) fn cidr_lookup(&mut self, lookup: &CidrLookup) {
        let Some(table) = self.table_named(&lookup.table) else {
            return;
        };
        let address = self.field(&lookup.address);
        let column = lookup.column.as_ref().unwrap_or(&lookup.address);
        let Some(at) = self.column(&table, column) else {
            return;
        };
        let target = |one: &Match| {
            let field = one.field.as_ref().unwrap_or(&one.column);
            (one.column.clone(), field.clone())
        };
        let names: Vec<(Field, Field)> = lookup.names.iter().map(target).collect();
        self.bring(&table, LookupBy::Range(at, address), lookup.output, &names);
    }

    /// Brings in columns under names, which may be there already: that is what `OUTPUT` and `OUTPUTNEW` are about.
    fn bring(
        &mut self,
        table: &Arc<LookupTable>,
        by: LookupBy,
        output: Output,
        names: &[(Field, Field)],
    ) {
        let mut outputs = Vec::new();
        for (column, target) in names {
            let Some(column) = self.column(table, column) else {
                continue;
            };
            let unless = match output {
                Output::Replace => None,
                Output::Fill => self.scope.field(target).ok(),
            };
            let slot = self.scope.new_slot(&target.name());
            outputs.push((
                target.name(),
                LookupOutput {
                    column,
                    unless,
                    slot,
                },
            ));
        }
        for (name, one) in &outputs {
            self.remake(name, one.slot);
        }
        self.operators.push(Operator::Lookup(Lookup {
            table: table.clone(),
            by,
            outputs: outputs.into_iter().map(|(_, one)| one).collect(),
        }));
    }

    fn table_named(&mut self, name: &Field) -> Option<Arc<LookupTable>> {
        let written = name.name();
        if let Some(table) = self.tables.find(&written) {
            return Some(table.clone());
        }
        let message = format!("there is no table `{written}`");
        let near = suggest::did_you_mean(&written, self.tables.names());
        let hint = near.unwrap_or_else(|| format!("name a CSV file: --table {written}=FILE.csv"));
        self.error(codes::UNKNOWN_TABLE, name.span, message, hint);
        None
    }

    fn column(&mut self, table: &LookupTable, column: &Field) -> Option<usize> {
        let name = column.name();
        let found = table.column(&name);
        if found.is_none() {
            let message = format!("the table `{}` has no column `{name}`", table.name);
            let known = table.columns.iter().map(|one| &**one);
            let hint = suggest::did_you_mean(&name, known)
                .unwrap_or_else(|| format!("its columns are {}", table.columns.join(", ")));
            self.error(codes::UNKNOWN_COLUMN, column.span, message, hint);
        }
        found
    }

    /// Names a new value, which is shown by itself.
    pub(super) fn make(&mut self, name: &str, slot: Slot, maker: Maker, span: Span) {
        self.define(name, slot, maker, span);
        self.shown.made.push((Arc::from(name), slot));
    }

    /// Gives a name that may be there already to a new value, wherever it is shown.
    pub(super) fn remake(&mut self, name: &str, slot: Slot) {
        self.scope.redefine(name, slot, Maker::Item);
        if !self.shown.replace(name, slot) {
            self.shown.made.push((Arc::from(name), slot));
        }
    }
}

/// Divides the path of `json`: `a.b[0]`.
fn json_path(path: &str) -> Vec<String> {
    let parts = path.split(['.', '[']);
    let parts = parts.map(|part| part.strip_suffix(']').unwrap_or(part));
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}
