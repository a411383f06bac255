//! Queries inside the query, and where a query reads from.

use std::sync::Arc;

use super::ordered::setting;
use super::scope::{JoinSide, Maker};
use super::{Column, Resolver};
use crate::diagnostic::codes;
use crate::query::ast::{self, Field, Query, Select, SelectOption, Setting, Source, Text};
use crate::query::plan::{
    Among, Append, Appended, Expr, Join, Operator, Ordered, Plan, Slot, Subquery,
};

/// The most prefixes that the service takes.
const MOST_PREFIXES: usize = 5;
/// How many rows of `appendcols` count when the query does not say.
const MOST_APPENDED: u64 = 10_000;

/// The right side of a `join`, which is complete only once all its fields that are used are known.
pub(super) struct Joined<'t> {
    resolver: Resolver<'t>,
    /// The number of the subquery.
    number: usize,
    key: Expr,
}

impl<'t> Resolver<'t> {
    pub(super) fn source(&mut self, source: Option<&Source>) {
        let Some(source) = source else {
            return;
        };
        let patterns = match &source.select {
            Select::Group(name) => vec![format!("^(\\d+:)?{}$", regex::escape(&name.value))],
            Select::Groups(options) => {
                let prefixes = self.prefixes(options);
                let pattern = |text: &&Text| format!("^(\\d+:)?{}", regex::escape(&text.value));
                prefixes.iter().map(pattern).collect()
            }
            Select::Service(name, _) => {
                self.say_service_only(&name.text, name.span);
                return;
            }
        };
        let log = Field {
            span: source.span,
            path: vec!["@log".to_owned()],
        };
        let value = self.field(&log);
        let matches = patterns.into_iter().map(|regex| Expr::Matches {
            value: Box::new(value.clone()),
            regex,
            negated: false,
        });
        let mut matches: Vec<Expr> = matches.collect();
        match matches.len() {
            // All groups are read anyway.
            0 => {}
            1 => self.operators.push(Operator::Filter(matches)),
            _ => {
                let any = Expr::Or(std::mem::take(&mut matches));
                self.operators.push(Operator::Filter(vec![any]));
            }
        }
    }

    fn prefixes<'s>(&mut self, options: &'s [SelectOption]) -> Vec<&'s Text> {
        let mut prefixes = Vec::new();
        for option in options {
            match option.name.text.to_ascii_lowercase().as_str() {
                "nameprefix" => prefixes.extend(&option.values),
                "accountidentifier" | "class" => {
                    self.say_service_only(&option.name.text, option.name.span);
                }
                other => {
                    let message = format!("`logGroups` takes no `{other}`");
                    let hint = "write `SOURCE logGroups(namePrefix: ['/ecs/'])`";
                    self.error(codes::BAD_OPTION, option.name.span, message, hint);
                }
            }
        }
        if let Some(sixth) = prefixes.get(MOST_PREFIXES) {
            let message = format!("more than {MOST_PREFIXES} prefixes");
            let hint = "use a shorter prefix that they have in common";
            self.error(codes::BAD_OPTION, sixth.span, message, hint);
        }
        prefixes
    }

    /// Returns a resolver for a query inside, which has read all its commands.
    fn inside(&self, query: &Query) -> Resolver<'t> {
        let mut inner = Resolver::new(self.text, self.table, self.tables);
        inner.commands(query);
        inner
    }

    /// Takes over what was said of a query inside, and its plan, whose fields the query around it reads.
    fn take_in(&mut self, mut inner: Resolver<'t>) -> Plan {
        if let Some(back) = inner.back {
            let message = "a query inside the query has no time before it to compare with";
            let hint = "compare patterns in a query of their own: `pattern @message | diff`";
            self.error(codes::MISPLACED, back.span, message, hint);
        }
        self.errors.append(&mut inner.errors);
        self.warnings.append(&mut inner.warnings);
        inner.into_plan()
    }

    fn add_subquery(&mut self, number: usize, plan: Plan) {
        let first = self.first.as_mut().unwrap_or(&mut self.scope);
        let inputs = plan.fields.iter().map(|name| first.table_field(name));
        let inputs = inputs.collect();
        if number == self.subqueries.len() {
            self.subqueries.push(Subquery { plan, inputs });
        } else {
            self.subqueries[number] = Subquery { plan, inputs };
        }
    }

    /// Resolves `x in ( query )`.
    pub(super) fn in_query(&mut self, value: Expr, negated: bool, query: &Query) -> Expr {
        let mut inner = self.inside(query);
        inner.add_default_columns();
        let plan = self.take_in(inner);
        if plan.columns.len() != 1 && !self.complained_in(query.span) {
            let message = format!("the subquery gives {} columns", plan.columns.len());
            let hint = "end it with the one that is compared: `| fields id`";
            self.error(codes::NAME_COUNT, query.span, message, hint);
        }
        let number = self.subqueries.len();
        self.add_subquery(number, plan);
        Expr::InQuery {
            value: Box::new(value),
            among: Among::Query(number),
            negated,
        }
    }

    pub(super) fn join(&mut self, join: &ast::Join) {
        let kind = self.choice(&join.settings, "type", &["inner", "left"]);
        let alias = |name: &str| {
            let found = setting(&join.settings, name);
            found.map_or_else(|| name.to_owned(), |one| one.value.text.clone())
        };
        let (left, right) = (alias("left"), alias("right"));
        let mut inner = self.inside(&join.query);
        let (mine, other) = sides(&join.on, &left, &right);
        let key = self.field(&without(mine, &left));
        let theirs = inner.field(&without(other, &right));
        let number = self.subqueries.len();
        // The number is taken now, the plan follows.
        let placeholder = Resolver::new("", self.table, self.tables).into_plan();
        self.add_subquery(number, placeholder);
        self.operators.push(Operator::Join(Join {
            query: number,
            key,
            keeps_left: kind.as_deref() == Some("left"),
            slots: Vec::new(),
        }));
        let scope = std::mem::replace(&mut inner.scope, super::Scope::of_table(self.table));
        self.scope.join = Some(Box::new(JoinSide {
            left,
            right,
            scope,
            wanted: Vec::new(),
        }));
        self.joined = Some(Box::new(Joined {
            resolver: inner,
            number,
            key: theirs,
        }));
    }

    /// Completes the right side of the `join` whose fields a layout uses, now that the layout is left behind.
    pub(super) fn close_join(&mut self, layout: &mut super::Scope) {
        let (Some(side), Some(joined)) = (layout.join.take(), self.joined.take()) else {
            return;
        };
        let Joined {
            resolver: mut inner,
            number,
            key,
        } = *joined;
        inner.scope = side.scope;
        let slots: Vec<Slot> = side.wanted.iter().map(|(_, slot)| *slot).collect();
        let values = [key]
            .into_iter()
            .chain(side.wanted.into_iter().map(|(value, _)| value));
        let columns = values.map(|value| inner.column_of(value)).collect();
        inner.shown.display = Some(columns);
        let plan = self.take_in(inner);
        // The layout that is left may be the first one, which the query inside reads from.
        let inputs = self.first.as_mut().unwrap_or(layout);
        let inputs = plan
            .fields
            .iter()
            .map(|name| inputs.table_field(name))
            .collect();
        self.subqueries[number] = Subquery { plan, inputs };
        for operator in &mut self.operators {
            if let Operator::Join(join) = operator {
                join.slots.clone_from(&slots);
            }
        }
    }

    /// Makes a column of a value.
    fn column_of(&mut self, value: Expr) -> Column {
        if let Expr::Slot(slot) = value {
            return (Arc::from("value"), slot);
        }
        let slot = self.scope.new_slot("value");
        self.operators.push(Operator::Extend(vec![(slot, value)]));
        (Arc::from("value"), slot)
    }

    pub(super) fn append_cols(&mut self, settings: &[Setting], query: &Query) {
        let overrides = self.switch(settings, "override", false);
        let most = setting(settings, "max").and_then(|max| max.value.text.parse().ok());
        let mut inner = self.inside(query);
        inner.add_default_columns();
        let plan = self.take_in(inner);
        let mut columns = Vec::new();
        for (at, (name, _)) in plan.columns.iter().enumerate() {
            let known = self.shown.all().find(|(known, _)| known == name);
            let known = known.map(|(_, slot)| Expr::Slot(*slot));
            if known.is_some() && !overrides {
                continue;
            }
            let slot = self.scope.new_slot(name);
            let appended = Appended {
                column: at,
                over: known,
                slot,
            };
            columns.push((name.clone(), appended));
        }
        let number = self.subqueries.len();
        self.add_subquery(number, plan);
        for (name, one) in &columns {
            match one.over {
                Some(_) => self.remake(name, one.slot),
                None => self.make(name, one.slot, Maker::Item, query.span),
            }
        }
        self.ordered(Ordered::Append(Append {
            query: number,
            columns: columns.into_iter().map(|(_, one)| one).collect(),
            most: most.unwrap_or(MOST_APPENDED),
        }));
    }
}

/// Returns which field of a join's condition is the left one, whichever side it was written on.
fn sides<'f>(on: &'f (Field, Field), left: &str, right: &str) -> (&'f Field, &'f Field) {
    let begins = |field: &Field, alias: &str| field.path.len() > 1 && field.path[0] == alias;
    if begins(&on.0, right) || begins(&on.1, left) {
        (&on.1, &on.0)
    } else {
        (&on.0, &on.1)
    }
}

/// Takes the name of a side off a field.
fn without(field: &Field, alias: &str) -> Field {
    match field.path.split_first() {
        Some((first, rest)) if first == alias && !rest.is_empty() => Field {
            span: field.span,
            path: rest.to_vec(),
        },
        _ => field.clone(),
    }
}
