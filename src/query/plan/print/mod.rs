//! Printing a plan for people: a line for each operator, slots by their names.

mod ordered;

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::{
    Among, Expr, Lookup, LookupBy, Operator, Order, Parse, ParseMethod, Plan, Slot, SortKey,
    Spread, SpreadMethod, Stats,
};
use crate::query::ast::Direction;
use crate::query::print::quoted;
use crate::value::Value;

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "read     {}", self.fields.join(", "))?;
        let mut names = &self.names;
        for operator in &self.operators {
            line(f, operator, names)?;
            if let Operator::Stats(stats) = operator {
                names = &stats.names;
            }
        }
        if self.order == Order::NewestFirst && !self.is_ordered() {
            writeln!(f, "order    newest first")?;
        }
        for (number, subquery) in self.subqueries.iter().enumerate() {
            writeln!(f, "query {number}")?;
            for line in subquery.plan.to_string().lines() {
                writeln!(f, "  {line}")?;
            }
        }
        let columns = self.columns.iter().map(|(name, slot)| {
            let (name, from) = (shown(name), slot_name(names, *slot));
            if from == name {
                from
            } else {
                format!("{name} = {from}")
            }
        });
        write!(f, "columns  {}", columns.collect::<Vec<_>>().join(", "))
    }
}

impl Plan {
    /// Says whether an operator decides the order of the rows.
    fn is_ordered(&self) -> bool {
        self.operators.iter().any(|operator| {
            matches!(
                operator,
                Operator::Sort(_) | Operator::TopK(..) | Operator::Stats(_)
            )
        })
    }
}

fn line(f: &mut Formatter<'_>, operator: &Operator, names: &[Arc<str>]) -> fmt::Result {
    let show = |expr: &Expr| expr_text(expr, names);
    match operator {
        Operator::Filter(all) if all.len() == 1 => writeln!(f, "filter   {}", show(&all[0])),
        Operator::Filter(all) => {
            let all: Vec<String> = all.iter().map(|one| operand(one, names)).collect();
            writeln!(f, "filter   {}", all.join(" and "))
        }
        Operator::Extend(made) => {
            let made = made
                .iter()
                .map(|(slot, one)| format!("{} = {}", slot_name(names, *slot), show(one)));
            writeln!(f, "extend   {}", made.collect::<Vec<_>>().join(", "))
        }
        Operator::Parse(parse) => writeln!(f, "parse    {}", parse_text(parse, names)),
        Operator::Stats(stats) => stats_lines(f, stats, names),
        Operator::Sort(keys) => writeln!(f, "sort     {}", keys_text(keys, names)),
        Operator::TopK(keys, count) => {
            writeln!(f, "top {count:<4} {}", keys_text(keys, names))
        }
        Operator::Limit(count) => writeln!(f, "limit    {count}"),
        Operator::LimitAny(count) => writeln!(f, "limit    any {count}"),
        Operator::Dedup(slots) => {
            let slots = slots.iter().map(|slot| slot_name(names, *slot));
            writeln!(f, "dedup    {}", slots.collect::<Vec<_>>().join(", "))
        }
        Operator::Spread(spread) => writeln!(f, "spread   {}", spread_text(spread, names)),
        Operator::Lookup(lookup) => writeln!(f, "lookup   {}", lookup_text(lookup, names)),
        Operator::Join(join) => {
            let kind = if join.keeps_left { "left" } else { "inner" };
            let made = list(&join.slots, names);
            let key = show(&join.key);
            writeln!(
                f,
                "join     {kind} {key} with query {} as {made}",
                join.query
            )
        }
        Operator::Ordered(one) => writeln!(f, "{}", ordered::text(one, names)),
    }
}

fn stats_lines(f: &mut Formatter<'_>, stats: &Stats, names: &[Arc<str>]) -> fmt::Result {
    let made = |at: usize, text: String| {
        let name = slot_name(&stats.names, Slot(at));
        if name == text {
            text
        } else {
            format!("{name} = {text}")
        }
    };
    let by = stats.by.iter().enumerate();
    let by: Vec<String> = by
        .map(|(at, one)| made(at, expr_text(one, names)))
        .collect();
    let aggregates = stats.aggregates.iter().enumerate().map(|(at, one)| {
        let arguments: Vec<String> = one
            .arguments
            .iter()
            .map(|one| expr_text(one, names))
            .collect();
        let call = format!("{}({})", one.function, arguments.join(", "));
        made(stats.by.len() + at, call)
    });
    write!(f, "stats    {}", aggregates.collect::<Vec<_>>().join(", "))?;
    if !by.is_empty() {
        write!(f, " by {}", by.join(", "))?;
    }
    writeln!(f)?;
    for (slot, one) in &stats.post {
        let name = slot_name(&stats.names, *slot);
        writeln!(f, "extend   {name} = {}", expr_text(one, &stats.names))?;
    }
    Ok(())
}

fn parse_text(parse: &Parse, names: &[Arc<str>]) -> String {
    let source = operand(&parse.source, names);
    let made: Vec<String> = parse
        .method
        .slots()
        .into_iter()
        .map(|slot| slot_name(names, slot))
        .collect();
    let how = match &parse.method {
        ParseMethod::Glob { parts, .. } => quoted(&parts.join("*")),
        ParseMethod::Regex { regex, .. } => format!("/{regex}/"),
        ParseMethod::Logfmt(_) => "logfmt".to_owned(),
        ParseMethod::Csv(_) => "csv".to_owned(),
    };
    format!("{source} {how} as {}", made.join(", "))
}

fn spread_text(spread: &Spread, names: &[Arc<str>]) -> String {
    let source = operand(&spread.source, names);
    let made = list(&spread.method.slots(), names);
    match &spread.method {
        SpreadMethod::Elements(_) => format!("elements of {source} as {made}"),
        SpreadMethod::Texts(_) => format!("elements of the text {source} as {made}"),
        SpreadMethod::Matches { regex, .. } => format!("matches of {source} /{regex}/ as {made}"),
    }
}

fn lookup_text(lookup: &Lookup, names: &[Arc<str>]) -> String {
    let column = |at: usize| shown(lookup.table.columns.get(at).map_or("", |name| name));
    let by = match &lookup.by {
        LookupBy::Equal(columns) => {
            let pairs = columns.iter();
            let pairs =
                pairs.map(|(at, value)| format!("{} = {}", column(*at), operand(value, names)));
            pairs.collect::<Vec<_>>().join(" and ")
        }
        LookupBy::Range(at, address) => {
            format!("{} holds {}", column(*at), operand(address, names))
        }
    };
    let outputs = lookup.outputs.iter().map(|one| {
        let slot = slot_name(names, one.slot);
        match &one.unless {
            Some(kept) => format!(
                "{slot} = {} or {}",
                operand(kept, names),
                column(one.column)
            ),
            None => format!("{slot} = {}", column(one.column)),
        }
    });
    let outputs: Vec<String> = outputs.collect();
    format!(
        "{} by {by}: {}",
        shown(&lookup.table.name),
        outputs.join(", ")
    )
}

fn list(slots: &[Slot], names: &[Arc<str>]) -> String {
    let slots = slots.iter().map(|slot| slot_name(names, *slot));
    slots.collect::<Vec<_>>().join(", ")
}

fn keys_text(keys: &[SortKey], names: &[Arc<str>]) -> String {
    let keys = keys.iter().map(|key| {
        let direction = match key.direction {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        };
        format!("{} {direction}", slot_name(names, key.slot))
    });
    keys.collect::<Vec<_>>().join(", ")
}

/// Returns a name, in backticks when it is the text of an expression.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-');
    if name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("`{name}`")
    }
}

/// Returns a slot's name, with its number where another slot is called the same.
fn slot_name(names: &[Arc<str>], slot: Slot) -> String {
    let Some(name) = names.get(slot.0) else {
        return format!("#{}", slot.0);
    };
    let same = names.iter().filter(|other| *other == name).count();
    let name = shown(name);
    if same > 1 {
        format!("{name}#{}", slot.0)
    } else {
        name
    }
}

fn expr_text(expr: &Expr, names: &[Arc<str>]) -> String {
    let inner = |one: &Expr| operand(one, names);
    let join =
        |all: &[Expr], between: &str| all.iter().map(inner).collect::<Vec<_>>().join(between);
    match expr {
        Expr::Constant(value) => constant_text(value),
        Expr::Period(period) => period.to_string(),
        Expr::Slot(slot) => slot_name(names, *slot),
        Expr::Access(of, path) => {
            let path = path.iter().map(|part| format!("[{}]", quoted(part)));
            format!("{}{}", inner(of), path.collect::<String>())
        }
        Expr::Call(name, all) => {
            let all: Vec<String> = all.iter().map(|one| expr_text(one, names)).collect();
            format!("{name}({})", all.join(", "))
        }
        Expr::Negate(one) => format!("-{}", inner(one)),
        Expr::Not(one) => format!("not {}", inner(one)),
        Expr::And(all) => join(all, " and "),
        Expr::Or(all) => join(all, " or "),
        Expr::Binary(left, op, right) => {
            format!("{} {} {}", inner(left), op.symbol(), inner(right))
        }
        Expr::Contains {
            value,
            text,
            negated,
        } => {
            format!("{}{} like {}", inner(value), not(*negated), quoted(text))
        }
        Expr::Matches {
            value,
            regex,
            negated,
        } => {
            format!("{}{} like /{regex}/", inner(value), not(*negated))
        }
        Expr::In {
            value,
            list,
            negated,
        } => {
            format!(
                "{}{} in [{}]",
                inner(value),
                not(*negated),
                join(list, ", ")
            )
        }
        Expr::InQuery {
            value,
            among,
            negated,
        } => {
            let among = match among {
                Among::Query(number) => format!("(query {number})"),
                Among::Values(found) => format!("({} values)", found.keys.len()),
            };
            format!("{}{} in {among}", inner(value), not(*negated))
        }
    }
}

/// Prints an expression inside another: in parentheses unless it is a single thing.
fn operand(expr: &Expr, names: &[Arc<str>]) -> String {
    let text = expr_text(expr, names);
    match expr {
        Expr::Not(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Binary(..)
        | Expr::Contains { .. }
        | Expr::Matches { .. }
        | Expr::In { .. }
        | Expr::InQuery { .. } => format!("({text})"),
        _ => text,
    }
}

fn not(negated: bool) -> &'static str {
    if negated { " not" } else { "" }
}

fn constant_text(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Literal(text, _) => text.to_string(),
        Value::Timestamp(instant) => instant.to_string(),
        Value::Text(text) => quoted(text),
        Value::List(_) | Value::Map(_) => format!("{value:?}"),
    }
}
