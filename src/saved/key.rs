//! The columns of an alert's key: each must be one that the rows have, or all alerts of a rule would be the same one.
//!
//! Rows of runs have known columns. Events may have any field that their JSON gives them, but the names that begin
//! with one `@` are known here too. What the query makes counts in both.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Input, SavedQuery};
use crate::diagnostic::{Diagnostic, codes};
use crate::query::resolve::resolve;
use crate::query::{Table, parser};
use crate::suggest::did_you_mean;

/// Returns what is wrong with the names in `[alert] key`.
pub(super) fn problems(query: &SavedQuery, root: &DeTable<'_>) -> Vec<Diagnostic> {
    let table = match query.from {
        Input::Events => Table::Events,
        Input::Runs => Table::Runs,
        Input::Schedule => return Vec::new(),
    };
    let made = made(query, table).unwrap_or_default();
    let written = written(root).unwrap_or_default();
    let unknown = written.iter().filter(|name| {
        let name = text(name);
        !table.has(name) && !made.iter().any(|made| made == name)
    });
    unknown
        .map(|name| unknown_column(name, table, &made))
        .collect()
}

fn unknown_column(name: &Spanned<DeValue<'_>>, table: Table, made: &[String]) -> Diagnostic {
    let column = text(name);
    let rows = match table {
        Table::Runs => "runs have no column",
        Table::Events => "events have no field",
    };
    let mut known: Vec<&str> = made.iter().map(String::as_str).collect();
    for name in table.known() {
        known.push(name);
    }
    let hint = did_you_mean(column, known).unwrap_or_else(|| match table {
        Table::Runs => format!(
            "the columns are `{}`",
            table.known().collect::<Vec<_>>().join("`, `")
        ),
        Table::Events => "a field of the record is written without @".to_owned(),
    });
    let said = format!("{rows} `{column}`, so it cannot be part of `key`");
    Diagnostic::new(codes::SAVED_VALUE, name.span(), said).hint(hint)
}

fn text<'a>(name: &'a Spanned<DeValue<'_>>) -> &'a str {
    name.get_ref().as_str().unwrap_or_default()
}

fn written<'a, 'i>(root: &'a DeTable<'i>) -> Option<&'a [Spanned<DeValue<'i>>]> {
    let alert = root.get("alert")?.get_ref().as_table()?;
    Some(alert.get("key")?.get_ref().as_array()?)
}

/// Returns the names that the query gives a row; none where it cannot be compiled, which is told elsewhere.
fn made(query: &SavedQuery, table: Table) -> Option<Vec<String>> {
    let text = query.expand(&[]).ok()?.query;
    let plan = resolve(&parser::parse(&text).ok()?, &text, table)
        .ok()?
        .plan;
    Some(plan.made().map(|(name, _)| name.to_owned()).collect())
}
