//! Which commands may stand where: the rules that need no names.

use crate::diagnostic::{Diagnostic, codes};
use crate::query::ast::{Command, CommandKind, Expr, ExprKind, Query, Setting};

/// The most `stats` that the service takes.
const MOST_STATS: usize = 10;

/// Returns what stands where it cannot stand.
pub(super) fn check(query: &Query) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    check_stats(&query.commands, &mut errors);
    check_dedup(&query.commands, &mut errors);
    check_patterns(&query.commands, &mut errors);
    check_joins(&query.commands, &mut errors);
    check_fills(&query.commands, &mut errors);
    check_last(&query.commands, &mut errors);
    for command in &query.commands {
        check_options(command, &mut errors);
        check_subqueries(command, &mut errors);
    }
    errors
}

fn misplaced(command: &Command, message: &str, hint: &str) -> Diagnostic {
    Diagnostic::new(codes::MISPLACED, command.word.range(), message)
        .label("cannot stand here")
        .hint(hint.to_owned())
}

fn is_stats(command: &Command) -> bool {
    matches!(command.kind, CommandKind::Stats(_))
}

fn check_stats(commands: &[Command], errors: &mut Vec<Diagnostic>) {
    let count = commands.iter().filter(|one| is_stats(one)).count();
    if let Some(one) = commands.iter().filter(|one| is_stats(one)).nth(MOST_STATS) {
        let message = format!("{count} `stats` in one query, {MOST_STATS} are allowed");
        let hint = "compute several aggregates in one: `stats count(*) as n, max(x) as hi`";
        let place = one.word.range();
        errors.push(Diagnostic::new(codes::TOO_MANY_STATS, place, message).hint(hint.to_owned()));
    }
    let last = commands.iter().rposition(is_stats);
    let Some(last) = last.filter(|_| count > 1) else {
        return;
    };
    for command in &commands[..last] {
        if matches!(command.kind, CommandKind::Sort(_) | CommandKind::Limit(_)) {
            let message = "with several `stats`, `sort` and `limit` come after the last one";
            let hint = "move it to the end of the query";
            errors.push(misplaced(command, message, hint));
        }
    }
}

fn check_dedup(commands: &[Command], errors: &mut Vec<Diagnostic>) {
    let is_dedup = |command: &Command| matches!(command.kind, CommandKind::Dedup(_));
    let Some(first) = commands.iter().position(is_dedup) else {
        return;
    };
    let allowed =
        |command: &&Command| matches!(command.kind, CommandKind::Limit(_) | CommandKind::Unmask(_));
    for command in commands[first + 1..].iter().filter(|one| !allowed(one)) {
        let message = "only `limit` can come after `dedup`";
        let hint = "put `dedup` behind it: `sort @timestamp desc | dedup path`";
        errors.push(misplaced(command, message, hint));
    }
}

fn check_patterns(commands: &[Command], errors: &mut Vec<Diagnostic>) {
    let is_pattern = |command: &Command| matches!(command.kind, CommandKind::Pattern(_));
    for (at, command) in commands.iter().enumerate() {
        let before = &commands[..at];
        let sorted = before
            .iter()
            .any(|one| matches!(one.kind, CommandKind::Sort(_)));
        if is_pattern(command) && sorted {
            let message = "`pattern` cannot come after `sort`";
            let hint = "sort the patterns instead: `pattern @message | sort @sampleCount desc`";
            errors.push(misplaced(command, message, hint));
        }
        let needs = match command.kind {
            CommandKind::Diff(_) => "`diff` compares patterns: it comes right after `pattern`",
            CommandKind::Anomaly(_) => "`anomaly` judges patterns: it comes after `pattern`",
            _ => continue,
        };
        let is_there = match command.kind {
            CommandKind::Diff(_) => before.last().is_some_and(is_pattern),
            _ => before.iter().any(is_pattern),
        };
        if !is_there {
            errors.push(misplaced(command, needs, "write `pattern @message | diff`"));
        }
    }
}

fn check_joins(commands: &[Command], errors: &mut Vec<Diagnostic>) {
    let joins = commands
        .iter()
        .filter(|one| matches!(one.kind, CommandKind::Join(_)));
    for command in joins.skip(1) {
        let hint = "collect the second side with a saved result and `lookup`";
        errors.push(misplaced(command, "a second `join` in one query", hint));
    }
}

fn check_fills(commands: &[Command], errors: &mut Vec<Diagnostic>) {
    let mut filled = false;
    for command in commands {
        match command.kind {
            CommandKind::FillMissing(_) if filled => {
                let message = "a second `fillmissing` finds nothing to fill";
                let hint = "fill several fields in one: `fillmissing with 0 for n, 0 for m`";
                errors.push(misplaced(command, message, hint));
            }
            CommandKind::FillMissing(_) => filled = true,
            CommandKind::Stats(_) => filled = false,
            _ => {}
        }
    }
}

fn check_last(commands: &[Command], errors: &mut Vec<Diagnostic>) {
    let before_last = commands.split_last().map_or(&[][..], |(_, before)| before);
    for command in before_last {
        if command.kind == CommandKind::Estimate {
            let message = "`estimate` must be the last command";
            errors.push(misplaced(
                command,
                message,
                "move it to the end of the query",
            ));
        }
    }
}

fn check_options(command: &Command, errors: &mut Vec<Diagnostic>) {
    match &command.kind {
        CommandKind::RelevantFields(_, None) => {
            let message = "`relevantfields` needs a condition that tells the events apart";
            let hint = "for example: `relevantfields status, path where status >= 500`";
            let place = command.span.range();
            errors.push(Diagnostic::new(codes::INCOMPLETE, place, message).hint(hint.to_owned()));
        }
        CommandKind::AppendCols(settings, _) => check_max(settings, errors),
        _ => {}
    }
}

fn check_max(settings: &[Setting], errors: &mut Vec<Diagnostic>) {
    let max = settings
        .iter()
        .find(|one| one.name.text.eq_ignore_ascii_case("max"));
    if let Some(max) = max
        && !max.value.text.parse::<u64>().is_ok_and(|rows| rows > 0)
    {
        let message = "`max` is a number of rows from 1 on";
        let place = max.value.span.range();
        let hint = "leave it out for 10000, or write `max=100`".to_owned();
        errors.push(Diagnostic::new(codes::BAD_OPTION, place, message).hint(hint));
    }
}

/// Checks the queries inside a command, which hold no query of their own.
fn check_subqueries(command: &Command, errors: &mut Vec<Diagnostic>) {
    let mut queries = Vec::new();
    collect_queries(command, &mut queries);
    for query in queries {
        errors.extend(check(query));
        let mut inner = Vec::new();
        for command in &query.commands {
            collect_queries(command, &mut inner);
        }
        for nested in inner {
            let place = nested.span.range();
            let hint = "a subquery cannot hold another: run the inner one first".to_owned();
            let one = Diagnostic::new(codes::MISPLACED, place, "a subquery inside a subquery");
            errors.push(one.hint(hint));
        }
    }
}

fn collect_queries<'q>(command: &'q Command, queries: &mut Vec<&'q Query>) {
    match &command.kind {
        CommandKind::Join(join) => queries.push(&join.query),
        CommandKind::AppendCols(_, query) => queries.push(query),
        CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
            queries_of(condition, queries);
        }
        CommandKind::Fields(items) | CommandKind::Display(items) => {
            for item in items {
                queries_of(&item.expr, queries);
            }
        }
        CommandKind::Stats(stats) => {
            for item in stats.items.iter().chain(&stats.by) {
                queries_of(&item.expr, queries);
            }
        }
        CommandKind::Pattern(text) => queries_of(text, queries),
        _ => {}
    }
}

fn queries_of<'q>(expr: &'q Expr, queries: &mut Vec<&'q Query>) {
    match &expr.kind {
        ExprKind::InQuery { value, query, .. } => {
            queries_of(value, queries);
            queries.push(query);
        }
        ExprKind::Not(one) | ExprKind::Negate(one) | ExprKind::Access(one, _) => {
            queries_of(one, queries);
        }
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Call(_, all) => {
            for one in all {
                queries_of(one, queries);
            }
        }
        ExprKind::Binary(left, _, right) => {
            queries_of(left, queries);
            queries_of(right, queries);
        }
        ExprKind::Like { value, .. } => queries_of(value, queries),
        ExprKind::In { value, list, .. } => {
            queries_of(value, queries);
            for one in list {
                queries_of(one, queries);
            }
        }
        _ => {}
    }
}
