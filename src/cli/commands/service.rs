//! What the Logs Insights service makes of queries: for `queries check --engine insights` and for `explain`.

use std::fmt::Write;

use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::{Exit, Failure};
use crate::diagnostic::Rank;
use crate::drive::{self, Told, Unusable};
use crate::query::Table;
use crate::query::portability::{self, Finding, Seen, Verdict};
use crate::render::escape;
use crate::saved::SavedQuery;

/// How the queries came off.
#[derive(Default)]
struct Count {
    accepted: u64,
    doubtful: u64,
    refused: u64,
}

impl Count {
    fn add(&mut self, told: &[Told]) {
        match told.iter().map(|one| one.verdict).max() {
            None => self.accepted += 1,
            Some(Verdict::Doubt) => self.doubtful += 1,
            Some(Verdict::Refused) => self.refused += 1,
        }
    }

    /// Returns `the service takes 3 queries, 2 of them in doubt, and refuses 4`.
    fn words(&self) -> String {
        let run = counted(self.accepted + self.doubtful, "query", "queries");
        format!(
            "the service takes {run}, {} of them in doubt, and refuses {}\n",
            self.doubtful, self.refused
        )
    }
}

/// Tells of each query what the service would make of it; the answer is a verdict, so a refusal ends with 1.
pub(super) fn check(context: &Context, queries: &[&SavedQuery]) -> Result<Exit, Failure> {
    let mut text = String::new();
    let mut count = Count::default();
    for query in queries {
        let told = drive::portable(query).map_err(|error| unusable(query, error))?;
        count.add(&told);
        for one in &told {
            text.push_str(&rendered(one, query, context.look.color));
            text.push('\n');
        }
    }
    output::print_text(&format!("{text}{}", count.words()))?;
    Ok(if count.refused == 0 {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn rendered(told: &Told, query: &SavedQuery, color: bool) -> String {
    let rank = match told.verdict {
        Verdict::Refused => Rank::Error,
        Verdict::Doubt => Rank::Warning,
    };
    let at = &told.at;
    let path = escape::safe(&query.file.path);
    at.faults
        .render_coded(rank, &path, &at.text, at.first_line, color)
}

fn unusable(query: &SavedQuery, error: Unusable) -> Failure {
    let path = &query.file.path;
    match error {
        Unusable::Mistakes(at) => Failure::located(at, path),
        Unusable::Parameters(message) => Failure::usage(format!("{path}: {message}")),
        Unusable::NoTable(input) => {
            let table = input.name();
            Failure::usage(format!(
                "{path}: the table `{table}` is not in this version"
            ))
        }
    }
}

/// Tells in a few lines what the service would make of a query, of whose events nothing is known.
pub(super) fn explain(text: &str, table: Table) -> String {
    let findings = portability::check(text, table, &Seen::default());
    if findings.is_empty() {
        return "runs there as it is".to_owned();
    }
    findings.iter().map(|one| line(one, text)).collect()
}

fn line(finding: &Finding, text: &str) -> String {
    let one = &finding.diagnostic;
    let verdict = match finding.verdict {
        Verdict::Refused => "refused",
        Verdict::Doubt => "in doubt",
    };
    let (row, column) = place(text, one.span.start);
    let mut line = format!(
        "{verdict} at {row}:{column}: {} ({})\n",
        one.message, one.code.0
    );
    if let Some(hint) = &one.hint {
        writeln!(line, "  {hint}").expect("a String takes all text");
    }
    line
}

/// Returns the line and the column of a byte, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
