//! From the tree to the plan: every name becomes a slot, a function or a complaint.
//!
//! All that can be known before any row is read is checked here; what the language has and this engine has not
//! is said as clearly as a mistake. Nothing is ever left out in silence.

mod calls;
mod commands;
mod expr;
mod ordered;
mod parse;
mod pattern;
mod placement;
mod row_commands;
mod scope;
mod stats;
mod subqueries;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::ast::{Command, CommandKind, Query, Span};
use super::plan::{Back, Operator, Order, Plan, Slot, Subquery};
use super::{LookupTables, Table};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use scope::Scope;
use stats::Bin;
use subqueries::Joined;

/// A plan, and what is odd about its query though not wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// What to do, as written: not optimized.
    pub plan: Plan,
    /// Remarks that do not keep the query from running.
    pub warnings: Vec<Diagnostic>,
}

/// Resolves a query that was read from `text`, or returns all that is wrong with it.
pub fn resolve(query: &Query, text: &str, table: Table) -> Result<Resolved, Diagnostics> {
    resolve_with(query, text, table, &LookupTables::default())
}

/// Resolves a query that may bring in columns of tables.
pub fn resolve_with(
    query: &Query,
    text: &str,
    table: Table,
    tables: &LookupTables,
) -> Result<Resolved, Diagnostics> {
    let mut resolver = Resolver::new(text, table, tables);
    resolver.errors = placement::check(query);
    resolver.commands(query);
    resolver.finish()
}

/// A column of the result and where its values stand.
type Column = (Arc<str>, Slot);

/// What the result shows, as far as the commands up to now decide it.
#[derive(Debug, Default)]
struct Shown {
    /// The outputs of the last `stats`.
    outputs: Vec<Column>,
    /// What `fields` lists.
    listed: Vec<Column>,
    /// What `parse` made, which shows by itself.
    made: Vec<Column>,
    /// What the last `display` lists, which is then all.
    display: Option<Vec<Column>>,
}

impl Shown {
    fn add_listed(&mut self, columns: Vec<Column>) {
        for column in columns {
            let known = self.outputs.iter().chain(&self.listed);
            if !known.into_iter().any(|(name, _)| *name == column.0) {
                self.listed.push(column);
            }
        }
    }

    /// Returns the columns that are shown by themselves, each once.
    fn all(&self) -> impl Iterator<Item = &Column> {
        let parts = [&self.outputs, &self.listed, &self.made];
        let all: Vec<&Column> = parts.into_iter().flatten().collect();
        (0..all.len()).filter_map(move |at| {
            let known = all[..at].iter().any(|(name, _)| *name == all[at].0);
            (!known).then_some(all[at])
        })
    }

    /// Shows another value wherever the name is shown; false when it is nowhere.
    fn replace(&mut self, name: &str, slot: Slot) -> bool {
        let display = self.display.iter_mut().flatten();
        let parts = [&mut self.outputs, &mut self.listed, &mut self.made];
        let mut found = false;
        for (known, old) in parts.into_iter().flatten() {
            if **known == *name {
                *old = slot;
                found = true;
            }
        }
        for (known, old) in display {
            if **known == *name {
                *old = slot;
            }
        }
        found
    }

    fn columns(self) -> Vec<Column> {
        let all = self.all().cloned().collect();
        self.display.unwrap_or(all)
    }
}

struct Resolver<'t> {
    text: &'t str,
    table: Table,
    tables: &'t LookupTables,
    scope: Scope,
    operators: Vec<Operator>,
    shown: Shown,
    /// The layout up to the first `stats`, once there is one.
    first: Option<Scope>,
    /// The bins of the last `stats`, when it has some.
    bin: Option<Bin>,
    /// The time before that it compares with.
    back: Option<Back>,
    subqueries: Vec<Subquery>,
    /// The right side of the `join` whose fields can be used.
    joined: Option<Box<Joined<'t>>>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl<'t> Resolver<'t> {
    fn new(text: &'t str, table: Table, tables: &'t LookupTables) -> Self {
        Self {
            text,
            table,
            tables,
            scope: Scope::of_table(table),
            operators: Vec::new(),
            shown: Shown::default(),
            first: None,
            bin: None,
            back: None,
            subqueries: Vec::new(),
            joined: None,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Resolves the commands of a query in order, as far as they can be looked at.
    fn commands(&mut self, query: &Query) {
        self.source(query.source.as_ref());
        let behind = query.commands.iter().skip(1).map(Some).chain([None]);
        for (command, next) in query.commands.iter().zip(behind) {
            let kept = match (&command.kind, next.map(|next| (&next.kind, next.word))) {
                (CommandKind::Pattern(text), Some((CommandKind::Diff(kind), word))) => {
                    self.pattern_diff(text, kind.as_ref(), word);
                    true
                }
                _ => self.command(command),
            };
            if !kept {
                break;
            }
        }
    }

    /// Resolves one command; false when the ones behind it cannot be looked at.
    fn command(&mut self, command: &Command) -> bool {
        match &command.kind {
            CommandKind::Fields(items) => self.fields(items),
            CommandKind::Display(items) => self.display(items),
            CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
                self.filter(condition);
            }
            CommandKind::Stats(stats) => self.stats(stats, command.word),
            CommandKind::Sort(keys) => self.sort(keys),
            CommandKind::Limit(limit) => self.limit(limit),
            CommandKind::Dedup(fields) => self.dedup(fields),
            CommandKind::Parse(parse) => self.parse(parse, command),
            CommandKind::Json(json) => self.json(json),
            CommandKind::Unnest(list, into) => self.unnest(list, into),
            CommandKind::Expand(field) => self.expand(field),
            CommandKind::Lookup(lookup) => self.lookup(lookup),
            CommandKind::CidrLookup(lookup) => self.cidr_lookup(lookup),
            CommandKind::Join(join) => self.join(join),
            CommandKind::Pattern(text) => self.pattern(text, command.word),
            CommandKind::AddTotals(totals) => self.add_totals(totals, command.word),
            CommandKind::Accum(field, alias) => self.accum(field, alias.as_ref()),
            CommandKind::Autoregress(one) => self.autoregress(one, command.word),
            CommandKind::FillDown(names) => self.fill_down(names, command.word),
            CommandKind::FillMissing(fills) => self.fill_missing(fills, command.word),
            CommandKind::Sessionize(one) => self.sessionize(one, command.word),
            CommandKind::CountFrequent(fields) => self.count_frequent(fields),
            CommandKind::Outlier(settings, names) => self.outlier(settings, names),
            CommandKind::AppendCols(settings, query) => self.append_cols(settings, query),
            // Nothing is masked here; `diff` was read together with the `pattern` before it.
            CommandKind::Unmask(_) | CommandKind::Diff(_) => {}
            CommandKind::Anomaly(_)
            | CommandKind::RelevantFields(..)
            | CommandKind::LogCompare(_)
            | CommandKind::Estimate => return self.service_only(command),
        }
        true
    }

    fn service_only(&mut self, command: &Command) -> bool {
        if !self.complained_in(command.span) {
            let word = self.written(command.word).to_owned();
            self.say_service_only(&word, command.word);
        }
        false
    }

    fn say_not_built(&mut self, what: &str, span: Span) {
        let message =
            format!("{what} is part of the language but is not built into this engine yet");
        self.errors
            .push(Diagnostic::new(codes::NOT_BUILT, span.range(), message));
    }

    fn say_service_only(&mut self, word: &str, span: Span) {
        let message = format!("only the Logs Insights service can do `{word}`");
        let hint = "`--engine insights` runs the query there".to_owned();
        self.errors.push(
            Diagnostic::new(codes::SERVICE_ONLY, span.range(), message)
                .label("only there")
                .hint(hint),
        );
    }

    fn complained_in(&self, span: Span) -> bool {
        let inside = |one: &Diagnostic| span.start <= one.span.start && one.span.end <= span.end;
        self.errors.iter().any(inside)
    }

    /// Returns the text of a node as it was written.
    fn written(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    fn error(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let one = Diagnostic::new(code, span.range(), message);
        self.errors.push(one.label(label(code)).hint(hint.into()));
    }

    fn warn(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let one = Diagnostic::new(code, span.range(), message);
        self.warnings.push(one.hint(hint.into()));
    }

    fn finish(mut self) -> Result<Resolved, Diagnostics> {
        self.add_default_columns();
        self.close_last_join();
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|one| one.span.start);
            return Err(Diagnostics(self.errors));
        }
        let warnings = std::mem::take(&mut self.warnings);
        let plan = self.into_plan();
        Ok(Resolved { plan, warnings })
    }

    fn close_last_join(&mut self) {
        let mut last = self.scope.clone();
        self.close_join(&mut last);
        self.scope = last;
    }

    /// Puts the plan together.
    fn into_plan(mut self) -> Plan {
        self.close_last_join();
        let first = self.first.unwrap_or(self.scope.clone());
        let mut plan = Plan {
            width: first.width(),
            names: first.names(),
            fields: first.fields,
            operators: self.operators,
            columns: self.shown.columns(),
            order: Order::NewestFirst,
            back: self.back,
            subqueries: self.subqueries,
        };
        plan.grow_last_layout(&self.scope);
        let known = plan.fields.len();
        plan.renumber(0, &|slot| scope::settle(slot, known));
        plan
    }

    /// Adds the columns of a query that names none.
    fn add_default_columns(&mut self) {
        let named = self.shown.display.is_some() || !self.shown.listed.is_empty();
        if named || self.first.is_some() || !self.errors.is_empty() {
            return;
        }
        let columns = self.table.default_columns().iter();
        let columns = columns.map(|name| {
            let made = self.scope.made(name).map(|made| made.slot);
            let slot = made.unwrap_or_else(|| self.scope.table_field(name));
            (Arc::from(*name), slot)
        });
        self.shown.outputs = columns.collect();
    }
}

/// Returns the words under the place of a mistake, where one form fits all of its kind.
fn label(code: Code) -> &'static str {
    match code {
        codes::DEFINED_TWICE => "this name is taken",
        codes::LOST_FIELD => "not kept",
        codes::AGGREGATE_OUTSIDE_STATS => "an aggregate",
        codes::MISPLACED => "cannot stand here",
        codes::SERVICE_ONLY => "only there",
        codes::BAD_LIMIT => "from 1 to 100000",
        codes::NAME_COUNT => "these do not fit",
        codes::UNKNOWN_FUNCTION => "not a function",
        codes::UNKNOWN_TABLE | codes::UNKNOWN_COLUMN => "not there",
        _ => "",
    }
}

impl Plan {
    /// Takes over what commands behind the last `stats` added to its layout.
    fn grow_last_layout(&mut self, scope: &Scope) {
        let last = self
            .operators
            .iter_mut()
            .rev()
            .find_map(|operator| match operator {
                Operator::Stats(stats) => Some(stats),
                _ => None,
            });
        if let Some(stats) = last {
            stats.width = scope.width();
            stats.names = scope.names();
        }
    }
}
