//! Commands and functions of which the service promises less, more, or something else.

use super::{Finding, doubt, walk};
use crate::diagnostic::codes;
use crate::query::ast::{
    Command, CommandKind, Expr, ExprKind, Field, Key, ParseMethod, Query, Span, Stats, Unit,
};

/// So many rows are given without a `limit`.
const DEFAULT_ROWS: u64 = 10_000;
/// So many `stats` are taken on log groups of the class Infrequent Access.
const FEW_STATS: usize = 2;

/// Checks the commands of a query that was read from `text`.
pub(super) fn check(query: &Query, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in &query.commands {
        findings.extend(one(command, text));
        for expr in walk::exprs(command) {
            walk::each(expr, &mut |part| findings.extend(call(part)));
        }
    }
    let mut stats = query.commands.iter().filter(|one| is_stats(one));
    findings.extend(stats.nth(FEW_STATS).map(|third| {
        let message = format!("more than {FEW_STATS} `stats`");
        standard_only(third, &message)
    }));
    findings.extend(unlimited(&query.commands));
    findings
}

fn is_stats(command: &Command) -> bool {
    matches!(command.kind, CommandKind::Stats(_))
}

/// Checks one command by itself.
fn one(command: &Command, text: &str) -> Vec<Finding> {
    let say = |code, message, hint| vec![doubt(code, command.word, message, hint)];
    match &command.kind {
        CommandKind::Pattern(_) | CommandKind::Diff(_) => approximate(command),
        CommandKind::Anomaly(_) => vec![standard_only(command, "`anomaly`")],
        CommandKind::Unmask(_) => vec![standard_only(command, "`unmask`")],
        CommandKind::FilterIndex(_) => say(
            codes::INDEX_ONLY,
            "the service skips the log groups that have no index of the field",
            "write `filter` to look at all of them",
        ),
        CommandKind::Lookup(_) | CommandKind::CidrLookup(_) => say(
            codes::OUTSIDE_TABLE,
            "the service looks into a table of the account, not into a file",
            "upload the same rows there under the same name",
        ),
        CommandKind::Expand(_) => say(
            codes::UNDOCUMENTED,
            "where this was tried it expanded only texts, not the lists of events",
            "parse and unnest: `fields jsonParse(@message) as j | unnest j.items into item`",
        ),
        CommandKind::Sort(keys) => keys
            .iter()
            .filter_map(|key| default_way(key, text))
            .collect(),
        CommandKind::Stats(stats) => moved(stats).into_iter().collect(),
        CommandKind::Parse(parse) => regex_forms(&parse.method),
        _ => Vec::new(),
    }
}

fn approximate(command: &Command) -> Vec<Finding> {
    let message = "the service learns its patterns: it makes others, and names their parts";
    let hint = "count what is known instead, as in `stats count(*) by name, levelname`";
    vec![
        doubt(codes::ESTIMATED, command.word, message, hint),
        standard_only(command, "this command"),
    ]
}

fn standard_only(command: &Command, what: &str) -> Finding {
    let message = format!("log groups of the class Infrequent Access refuse {what}");
    let hint = "it runs on log groups of the class Standard";
    doubt(codes::ACCESS_CLASS, command.span, message, hint)
}

/// Doubts a key of `sort` without a direction (D4).
fn default_way(key: &Key, text: &str) -> Option<Finding> {
    let behind = text.get(key.field.span.end..).unwrap_or_default();
    let word: String = behind
        .trim_start()
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    if ["asc", "desc"]
        .iter()
        .any(|way| word.eq_ignore_ascii_case(way))
    {
        return None;
    }
    let message = "which way the service sorts without being told is not documented";
    let hint = format!(
        "write `{} asc`, which is meant here",
        written(&key.field, text)
    );
    Some(undocumented(key.field.span, message, hint))
}

fn written<'t>(field: &Field, text: &'t str) -> &'t str {
    text.get(field.span.range()).unwrap_or_default()
}

/// Doubts where the edges of moved bins are (D12).
fn moved(stats: &Stats) -> Option<Finding> {
    let offset = stats.offset?;
    let message = "which way `offset` moves the edges of bins is not documented";
    let hint = "here `offset 9h` begins days at 09:00 UTC: compare a few rows";
    Some(undocumented(offset.span, message, hint))
}

/// Doubts forms of regular expressions (D17).
fn regex_forms(method: &ParseMethod) -> Vec<Finding> {
    let ParseMethod::Regex { regex, names, .. } = method else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if regex.source.contains("(?P<") {
        let message = "groups named with `(?P<` are not documented";
        let hint = "write `(?<name>...)`";
        findings.push(undocumented(regex.span, message, hint));
    }
    if let Some(first) = names.first() {
        let message = "names for plain groups were refused where this was tried";
        let hint = format!("name the groups themselves: `(?<{}>...)`", first.name());
        findings.push(undocumented(first.span, message, hint));
    }
    findings
}

fn undocumented(span: Span, message: &str, hint: impl Into<String>) -> Finding {
    doubt(codes::UNDOCUMENTED, span, message, hint)
}

/// Functions that are approximations on the service.
const SAMPLED: &[&str] = &["count_distinct", "countDistinct", "pct"];

/// Functions of which the service promises something else than what it was seen to do.
const DISPUTED: &[(&str, &str, &str)] = &[
    (
        "histogram",
        "the number is documented as how many buckets, and was measured as how wide one is (D30)",
        "write `floor(field / 100) * 100` for buckets of 100",
    ),
    (
        "rate",
        "what is divided by what is not documented (D30)",
        "compute it: `stats count(*) / 5 as per_minute by bin(5m)`",
    ),
];

/// Checks one call by itself.
fn call(expr: &Expr) -> Option<Finding> {
    let ExprKind::Call(name, arguments) = &expr.kind else {
        return None;
    };
    let is = |other: &str| name.text.eq_ignore_ascii_case(other);
    if SAMPLED.iter().any(|one| is(one)) {
        let message = format!(
            "`{}` is approximate there when there are many values",
            name.text
        );
        let hint = "here it is exact: compare on a short time range";
        return Some(doubt(codes::ESTIMATED, name.span, message, hint));
    }
    if let Some((_, message, hint)) = DISPUTED.iter().find(|(one, ..)| is(one)) {
        return Some(undocumented(name.span, message, *hint));
    }
    // A third argument was found to have no effect (D20).
    if is("strcontains") && arguments.len() == 3 {
        let message = "a third argument is documented, and had no effect where this was tried";
        let hint = "write `strcontains(tolower(field), \"text\")`";
        return Some(undocumented(arguments[2].span, message, hint));
    }
    arguments.iter().find_map(week)
}

/// Doubts where weeks begin (D11).
fn week(argument: &Expr) -> Option<Finding> {
    let ExprKind::Period(period) = argument.kind else {
        return None;
    };
    (period.unit == Unit::Week).then(|| {
        let message = "on which day the service begins a week is not documented";
        let hint = "here it is Monday; `7d` counts from a Thursday, 1970-01-01";
        undocumented(argument.span, message, hint)
    })
}

/// Doubts a query of events that gives as many rows as there are.
fn unlimited(commands: &[Command]) -> Option<Finding> {
    let ends = |one: &Command| {
        matches!(
            one.kind,
            CommandKind::Stats(_)
                | CommandKind::Limit(_)
                | CommandKind::Pattern(_)
                | CommandKind::CountFrequent(_)
                | CommandKind::RelevantFields(..)
                | CommandKind::LogCompare(_)
                | CommandKind::Estimate
        )
    };
    let last = commands.last().filter(|_| !commands.iter().any(ends))?;
    let message = format!("without `limit` the service gives at most {DEFAULT_ROWS} rows");
    let hint = "write `| limit 100000` for the most there is, or a shorter one";
    Some(doubt(codes::ROWS_CUT, last.span, message, hint))
}
