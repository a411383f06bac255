//! What is said of a query of the service: what went wrong, what is missing, what it cost.

use super::super::context::Context;
use super::super::output::{counted, size, thousands};
use super::super::run::Ask;
use super::super::shell::quoted;
use super::super::{Exit, Failure};
use super::plan::{self, Plan};
use crate::cloudwatch::Client;
use crate::cloudwatch::insights::{
    Answer, Capped, Halted, Left, Malformed, Part, QueryError, Request, Spent, cost,
};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};

/// Points at what the service does not understand, where it was written.
pub(super) fn malformed(ask: &Ask<'_>, plan: &Plan, malformed: &Malformed) -> Failure {
    let request = &plan.request;
    let (_, sent) = request.call(&[], request.start, request.end);
    let message = format!(
        "Logs Insights does not understand this: {}",
        malformed.message
    );
    let Some(place) = &malformed.place else {
        return Failure::usage(message).hint(format!("it was sent: {}", one_line(&sent.text)));
    };
    let fault = |span| Diagnostics::from(Diagnostic::new(codes::NOT_UNDERSTOOD, span, message));
    if let Some(span) = sent.written(place) {
        return plan::located(ask, fault(span));
    }
    // What was put in front is shown as it was sent.
    Failure::text(fault(sent.bytes(place)), "<query as sent>", sent.text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words an error that keeps everything from being answered.
pub(super) fn failure(error: &QueryError) -> Failure {
    let failure = Failure::incomplete(error.to_string()).hint(error.hint());
    match error.cause() {
        Some(cause) => failure.cause(cause),
        None => failure,
    }
}

/// Ends when nobody waits any more, before it is known who is asked.
pub(super) fn too_soon(context: &Context) -> Result<Exit, Failure> {
    if context.interrupt.is_asked() {
        context.notices.remark("interrupted: nothing was asked");
        return Ok(Exit::Interrupted);
    }
    Err(
        Failure::incomplete("time is up before AWS gave credentials and log groups")
            .hint("give it longer with --timeout, or check what gives the credentials".to_owned()),
    )
}

/// Words what is missing, and why.
pub(super) fn problems(request: &Request, answer: &Answer) -> Vec<String> {
    let mut problems: Vec<String> = answer.problems.iter().map(problem).collect();
    if answer.halted == Some(Halted::OutOfTime) {
        problems.push(
            "time is up before Logs Insights was done\n\
             hint: give it longer with --timeout, or take a shorter window"
                .to_owned(),
        );
    }
    let capped = answer.found.iter().find_map(|found| found.capped);
    problems.extend(capped.map(|why| missing(request, why)));
    problems
}

fn problem(error: &QueryError) -> String {
    let mut text = error.to_string();
    if let Some(cause) = error.cause() {
        text = format!("{text}\n  cause: {cause}");
    }
    match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}

fn missing(request: &Request, why: Capped) -> String {
    let most = thousands(request.most);
    let (cause, hint) = match why {
        Capped::NotCut => (
            "its rows depend on each other or on their order, so that its window cannot be cut",
            "take a shorter window, narrow it with `filter`, or say how many rows: `| limit 1000`",
        ),
        Capped::TooDense => ("a single millisecond has more", "narrow it with `filter`"),
        Capped::TooDear => (
            "to cut its window would look at more bytes than --max-scan allows",
            "allow more: --max-scan 0 is without limit; or take a shorter window",
        ),
    };
    format!(
        "rows are missing: Logs Insights gives {most} rows of a query at most\n  cause: {cause}\nhint: {hint}"
    )
}

/// Words what is odd and costs nothing.
pub(super) fn warnings(request: &Request, answer: &Answer) -> Vec<String> {
    let left = answer.left.iter();
    let mut warnings: Vec<String> = left.map(still_running).collect();
    if request.text.has_rough_ends() {
        warnings.push(
            "the ends of the window are those of whole seconds: the query looks outside it"
                .to_owned(),
        );
    }
    warnings
}

fn still_running(left: &Left) -> String {
    let id = &left.id;
    format!(
        "query {id} could not be stopped and may still be running: \
         aws logs stop-query --query-id {} {}",
        quoted(id),
        left.place.flags
    )
}

/// Returns `Logs Insights: 12 of 3,000 events matched; 1.2 MB looked at, about $0.0001`.
pub(super) fn cost(
    context: &Context,
    parts: &[Part<Client>],
    answer: &Answer,
    seen: Spent,
) -> String {
    let (mut bytes, mut queries, mut dollars) = (0.0, 0, Some(0.0));
    for (part, found) in parts.iter().zip(&answer.found) {
        bytes += found.spent.bytes;
        queries += found.queries;
        let more = price(context, &part.region.place.region)
            .map(|price| cost::dollars(found.spent.bytes, price));
        dollars = dollars.zip(more).map(|(so_far, more)| so_far + more);
    }
    let price = dollars.map_or_else(
        || {
            "at a price that is not known for the region: set `insights_price` in logq.toml"
                .to_owned()
        },
        cost::words,
    );
    let queries = match queries {
        1 => String::new(),
        many => format!(" by {}", counted(many, "query", "queries")),
    };
    format!(
        "Logs Insights: {} of {} matched; {} scanned{queries}, {price}",
        thousands(seen.matched as u64),
        counted(seen.scanned as u64, "event", "events"),
        size(bytes as u64),
    )
}

/// Returns the price of a gigabyte: that of the configuration, else the region's, where it is known.
pub(super) fn price(context: &Context, region: &str) -> Option<f64> {
    let configured = context.config.cloudwatch.insights_price;
    configured.or_else(|| cost::price(region))
}
