//! What a command reads and makes, without looking at what it does.

use crate::query::ast::{
    Command, CommandKind, Expr, ExprKind, Field, FillName, Item, Match, ParseMethod, Query, Span,
};

/// Returns the expressions of a command.
pub(super) fn exprs(command: &Command) -> Vec<&Expr> {
    match &command.kind {
        CommandKind::Fields(items) | CommandKind::Display(items) => values(items).collect(),
        CommandKind::Filter(one)
        | CommandKind::FilterIndex(one)
        | CommandKind::Pattern(one)
        | CommandKind::RelevantFields(_, Some(one)) => vec![one],
        CommandKind::Stats(stats) => values(&stats.items).chain(values(&stats.by)).collect(),
        CommandKind::FillMissing(fills) => fills.iter().map(|(value, _)| value).collect(),
        _ => Vec::new(),
    }
}

fn values(items: &[Item]) -> impl Iterator<Item = &Expr> {
    items.iter().map(|item| &item.expr)
}

/// Visits an expression and all its parts, but not the query of an `in`.
pub(super) fn each<'q>(expr: &'q Expr, visit: &mut impl FnMut(&'q Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Call(_, parts) | ExprKind::And(parts) | ExprKind::Or(parts) => {
            for part in parts {
                each(part, visit);
            }
        }
        ExprKind::Access(of, _) | ExprKind::Negate(of) | ExprKind::Not(of) => each(of, visit),
        ExprKind::Binary(left, _, right) => {
            each(left, visit);
            each(right, visit);
        }
        ExprKind::Like { value, .. } | ExprKind::InQuery { value, .. } => each(value, visit),
        ExprKind::In { value, list, .. } => {
            each(value, visit);
            for part in list {
                each(part, visit);
            }
        }
        ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Bool(_)
        | ExprKind::Period(_)
        | ExprKind::Star
        | ExprKind::Field(_) => {}
    }
}

/// Returns the fields that a command reads, in the order in which they are written.
pub(super) fn reads(command: &Command) -> Vec<&Field> {
    let mut fields = Vec::new();
    for expr in exprs(command) {
        each(expr, &mut |one| {
            if let ExprKind::Field(field) = &one.kind {
                fields.push(field);
            }
        });
    }
    fields.extend(plain_fields(command));
    fields
}

/// Returns the fields that stand in a command by themselves.
fn plain_fields(command: &Command) -> Vec<&Field> {
    match &command.kind {
        CommandKind::Sort(keys) => keys.iter().map(|key| &key.field).collect(),
        CommandKind::Dedup(fields)
        | CommandKind::CountFrequent(fields)
        | CommandKind::Outlier(_, fields)
        | CommandKind::RelevantFields(fields, _) => fields.iter().collect(),
        CommandKind::Parse(parse) => parse.source.iter().collect(),
        CommandKind::Json(json) => vec![&json.field],
        CommandKind::Unnest(field, _)
        | CommandKind::Expand(field)
        | CommandKind::Accum(field, _) => vec![field],
        CommandKind::Autoregress(one) => vec![&one.field],
        CommandKind::AddTotals(one) => one.names.iter().collect(),
        CommandKind::Sessionize(one) => one.names.iter().collect(),
        CommandKind::FillDown(names) => names.iter().filter_map(whole_name).collect(),
        CommandKind::Lookup(lookup) => lookup.matches.iter().map(event_side).collect(),
        CommandKind::CidrLookup(lookup) => vec![&lookup.address],
        _ => Vec::new(),
    }
}

fn whole_name(name: &FillName) -> Option<&Field> {
    match name {
        FillName::Field(field) => Some(field),
        FillName::Prefix(_) => None,
    }
}

fn event_side(one: &Match) -> &Field {
    one.field.as_ref().unwrap_or(&one.column)
}

fn make(field: &Field) -> (String, Span) {
    (field.name(), field.span)
}

/// Returns the names that a command makes.
pub(super) fn makes(command: &Command) -> Vec<(String, Span)> {
    let aliases = |items: &[Item]| -> Vec<(String, Span)> {
        let aliases = items.iter().filter_map(|item| item.alias.as_ref());
        aliases.map(make).collect()
    };
    match &command.kind {
        CommandKind::Fields(items) | CommandKind::Display(items) => aliases(items),
        CommandKind::Stats(stats) => [aliases(&stats.items), aliases(&stats.by)].concat(),
        CommandKind::Parse(parse) => parsed(&parse.method),
        CommandKind::Json(json) => vec![make(&json.name)],
        CommandKind::Unnest(_, name) | CommandKind::Accum(_, Some(name)) => vec![make(name)],
        CommandKind::Autoregress(one) => one.name.iter().map(make).collect(),
        CommandKind::Sessionize(one) => one.name.iter().map(make).collect(),
        _ => Vec::new(),
    }
}

fn parsed(method: &ParseMethod) -> Vec<(String, Span)> {
    match method {
        ParseMethod::Glob(_, names) | ParseMethod::Csv(names) => names.iter().map(make).collect(),
        ParseMethod::Logfmt(name) => vec![make(name)],
        ParseMethod::Regex { regex, names, .. } => {
            let compiled = regex::Regex::new(&regex.source).ok();
            let groups = compiled
                .iter()
                .flat_map(|one| one.capture_names().flatten());
            let groups = groups.map(|name| (name.to_owned(), regex.span));
            groups.chain(names.iter().map(make)).collect()
        }
    }
}

/// Returns the queries inside a command.
pub(super) fn queries(command: &Command) -> Vec<&Query> {
    let mut queries = Vec::new();
    match &command.kind {
        CommandKind::Join(join) => queries.push(&*join.query),
        CommandKind::AppendCols(_, query) => queries.push(&**query),
        _ => {}
    }
    for expr in exprs(command) {
        each(expr, &mut |one| {
            if let ExprKind::InQuery { query, .. } = &one.kind {
                queries.push(&**query);
            }
        });
    }
    queries
}
