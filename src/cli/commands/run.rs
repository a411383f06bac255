//! `logq NAME` and `logq run NAME`: saved queries.

use super::super::context::Context;
use super::super::{Exit, Failure};
use super::ask::{self, Question};
use crate::query::Table;
use crate::saved::{Expanded, Input, SavedQuery};

/// Run a saved query, whatever its name
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq run batch-failures --since 1d
  logq run batch-runs batch=sync-reservations -o json")]
pub(in crate::cli) struct Args {
    /// The name of the query; `logq queries` lists them
    #[arg(add = clap_complete::ArgValueCandidates::new(super::super::completions::query_names))]
    name: String,

    /// Set parameters of the query
    #[arg(value_name = "PARAM=VALUE")]
    params: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let query = find(context, &args.name)?;
    saved(context, query, &args.params)
}

/// Returns the saved query of a name; a near name is suggested, never taken.
pub(in crate::cli) fn find<'a>(
    context: &'a Context,
    name: &str,
) -> Result<&'a SavedQuery, Failure> {
    if let Some(query) = context.catalog.get(name) {
        return Ok(query);
    }
    if let Some(mistake) = context.catalog.mistake(name) {
        return Err(Failure::rendered(mistake.render(context.notices.color)));
    }
    let hint = match context.catalog.nearest(name).as_slice() {
        [] => "`logq queries` lists the saved queries".to_owned(),
        [one] => format!("did you mean `{one}`?"),
        [one, two, ..] => format!("did you mean `{one}` or `{two}`?"),
    };
    Err(Failure::usage(format!("there is no saved query `{name}`")).hint(hint))
}

/// Runs a saved query with the parameters as written.
pub(in crate::cli) fn saved(
    context: &Context,
    query: &SavedQuery,
    params: &[String],
) -> Result<Exit, Failure> {
    let expanded = expand(query, params)?;
    let table = table(query)?;
    ask::answer(
        context,
        &Question {
            table,
            pattern: expanded.filter.as_deref(),
            query: &expanded.query,
            saved: Some((query, &expanded)),
            groups: &query.groups,
        },
    )
}

/// Fills in the parameters as written, and defaults for the rest.
pub(in crate::cli) fn expand(query: &SavedQuery, params: &[String]) -> Result<Expanded, Failure> {
    let given = parse_params(query, params)?;
    query
        .expand(&given)
        .map_err(|error| Failure::usage(error.message).hint(error.hint))
}

/// Returns the table that a saved query starts from.
pub(in crate::cli) fn table(query: &SavedQuery) -> Result<Table, Failure> {
    match query.from {
        Input::Events => Ok(Table::Events),
        Input::Runs => Ok(Table::Runs),
        Input::Schedule => Err(Failure::usage(format!(
            "`{}` reads the schedule, which is not in this version",
            query.name
        ))),
    }
}

/// Splits `param=value`.
fn parse_params(query: &SavedQuery, written: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let one =
        |text: &String| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Failure::usage(format!("`{text}` is not `param=value`"))
                .hint(spelling(query, text))),
        };
    let params: Vec<(String, String)> = written.iter().map(one).collect::<Result<_, _>>()?;
    for (at, (name, value)) in params.iter().enumerate() {
        if params[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(Failure::usage(format!("`{name}` is given twice"))
                .hint(format!("logq {} {name}={value}", query.name)));
        }
    }
    Ok(params)
}

fn spelling(query: &SavedQuery, written: &str) -> String {
    let names: Vec<&str> = query
        .params
        .iter()
        .map(|param| param.name.as_str())
        .collect();
    match names.as_slice() {
        [] => format!("`{}` takes no parameters", query.name),
        [one] => format!("logq {} {one}={written}", query.name),
        many => format!("`{}` takes `{}`", query.name, many.join("`, `")),
    }
}
