//! What the Logs Insights service makes of a query that is meant to run there too.
//!
//! A query that runs here is looked at as it is written: what the service refuses, and what may give other
//! rows there or is nowhere promised. Events that the query is meant for make the answer sharper; the service is
//! not asked. What is plainly wrong in any engine is refused in the words of the resolver.

mod commands;
mod conditions;
mod names;
mod seen;
#[cfg(test)]
mod tests;
mod walk;

use super::Table;
use super::ast::{CommandKind, Query, Span};
use super::parser;
use super::resolve::resolve;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};

pub use seen::Seen;

/// Something about a query that matters on the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is, and where.
    pub diagnostic: Diagnostic,
}

/// What the service makes of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It runs there, and may mean something else than here or than was meant.
    Doubt,
    /// It does not run there.
    Refused,
}

/// Tells what the service would make of a query over a table, for events like those seen.
pub fn check(text: &str, table: Table, seen: &Seen) -> Vec<Finding> {
    let query = match parser::parse(text) {
        Ok(query) => query,
        Err(faults) => return refused(faults).collect(),
    };
    if table == Table::Runs {
        return vec![only_here(&query)];
    }
    let mut findings = faults(&query, text, table);
    check_query(&query, text, seen, &mut findings);
    findings.sort_by_key(|one| (one.diagnostic.span.start, one.diagnostic.span.end));
    findings.dedup_by_key(|one| (one.diagnostic.code, one.diagnostic.span.clone()));
    findings
}

/// Checks a query and those inside it.
fn check_query(query: &Query, text: &str, seen: &Seen, findings: &mut Vec<Finding>) {
    findings.extend(names::check(&query.commands, seen));
    findings.extend(conditions::check(&query.commands, seen));
    findings.extend(commands::check(query, text));
    for command in &query.commands {
        for inner in walk::queries(command) {
            check_query(inner, text, seen, findings);
        }
    }
}

fn refused(faults: Diagnostics) -> impl Iterator<Item = Finding> {
    faults.0.into_iter().map(|diagnostic| Finding {
        verdict: Verdict::Refused,
        diagnostic,
    })
}

/// Returns what is wrong in any engine; what only this one cannot do, or what a table would have to hold, is no
/// matter.
fn faults(query: &Query, text: &str, table: Table) -> Vec<Finding> {
    let elsewhere = |code: Code| [codes::NOT_BUILT, codes::SERVICE_ONLY].contains(&code);
    match resolve(query, text, table) {
        // Of what is approximate here, `commands` says what the service does.
        Ok(resolved) => resolved
            .warnings
            .into_iter()
            .filter(|one| one.code != codes::APPROXIMATE)
            .map(doubted)
            .collect(),
        Err(faults) => refused(faults)
            .filter(|one| !elsewhere(one.diagnostic.code))
            .filter(|one| !is_about_a_table(query, &one.diagnostic))
            .collect(),
    }
}

/// Returns whether something is said of the command that looks into a table, of which nothing is known here.
fn is_about_a_table(query: &Query, one: &Diagnostic) -> bool {
    query.commands.iter().any(|command| {
        let looks = matches!(
            command.kind,
            CommandKind::Lookup(_) | CommandKind::CidrLookup(_)
        );
        let inside = command.span.start <= one.span.start && one.span.end <= command.span.end;
        looks && inside
    })
}

fn doubted(diagnostic: Diagnostic) -> Finding {
    Finding {
        verdict: Verdict::Doubt,
        diagnostic,
    }
}

fn only_here(query: &Query) -> Finding {
    let message = "only this program has the runs table";
    let hint = "the service has events: look for what the runs are told from, such as `@message like \"Traceback\"`";
    let place = query.commands.first().map_or(query.span, |one| one.word);
    refuse(codes::LOCAL_ONLY, place, message, hint)
}

fn refuse(code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding {
        verdict: Verdict::Refused,
        diagnostic: Diagnostic::new(code, span.range(), message).hint(hint.into()),
    }
}

fn doubt(code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) -> Finding {
    doubted(Diagnostic::new(code, span.range(), message).hint(hint.into()))
}
