//! What `logq explain` says of the service: the text that it gets, and why it gets none.

use std::fmt::Write;

use super::super::Failure;
use super::super::context::Context;
use super::super::run::Ask;
use super::plan;
use crate::query::plan::Whole;

/// Returns what the service gets, and how its rows are put together.
pub(in crate::cli) fn explain(context: &Context, ask: &Ask<'_>) -> Result<String, Failure> {
    let plan = plan::plan(context, ask)?;
    let request = &plan.request;
    let (call, _) = request.call(&[], request.start, request.end);
    let mut text = call.text.trim_end().to_owned();
    let limit = call
        .limit
        .map_or_else(|| "as the query says".to_owned(), |limit| limit.to_string());
    write!(
        text,
        "\n\nstartTime {}, endTime {}, limit {limit}\n",
        call.start, call.end
    )
    .expect("a String takes all text");
    text.push_str(match (&request.cut, &plan.parts) {
        (Some(_), _) => "a result that is too large is asked for in pieces of the window",
        (None, Some(Err(Whole::Stats))) => "the service computes the aggregates, all at once",
        _ => "the window is asked for as a whole",
    });
    Ok(text)
}
