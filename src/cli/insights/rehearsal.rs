//! `--dry-run`: what the service would be asked, printed instead of asked.

use std::fmt::Write;

use serde_json::{Value, json};

use super::super::context::Context;
use super::super::output;
use super::super::{Exit, Failure};
use super::plan::Plan;
use super::size::Size;
use crate::cloudwatch::Client;
use crate::cloudwatch::insights::{Halted, Part, QueryCall};
use crate::render::{Format, escape};
use crate::time::Timestamp;

/// Prints the calls that would be made.
pub(super) fn print(
    context: &Context,
    plan: &Plan,
    parts: &[Part<Client>],
    size: &Size,
) -> Result<Exit, Failure> {
    for problem in &size.problems {
        context.notices.problem(problem);
    }
    let request = &plan.request;
    let call = |part: &Part<Client>| request.call(&part.groups, request.start, request.end).0;
    let calls: Vec<(&Part<Client>, QueryCall)> =
        parts.iter().map(|part| (part, call(part))).collect();
    if matches!(context.format(), Format::Json | Format::Ndjson) {
        let calls: Vec<Value> = calls
            .iter()
            .map(|(part, call)| document(part, call))
            .collect();
        let document = json!({
            "calls": calls,
            "expected_bytes": size.bytes.map(|bytes| bytes as u64),
            "expected_dollars": size.dollars,
            "expected_from": size.basis(),
        });
        output::print_text(&format!("{document}\n"))?;
    } else {
        let mut text = String::new();
        for (part, call) in &calls {
            describe(plan, part, call, &mut text);
        }
        writeln!(text, "expected: {}", size.words()).expect("a String takes all text");
        if let Some(basis) = size.basis() {
            writeln!(text, "  {basis}").expect("a String takes all text");
        }
        output::print_text(&escape::safe_lines(&text))?;
    }
    context.notices.remark("dry run: no query was started");
    Ok(exit(context, size))
}

/// Says why the size is not known when nobody waited for it, and how it ends.
fn exit(context: &Context, size: &Size) -> Exit {
    let notices = &context.notices;
    match size.halted {
        Some(Halted::Interrupted) => {
            notices.remark("interrupted: the size of the log groups is not known");
            Exit::Interrupted
        }
        Some(Halted::OutOfTime) => {
            notices.problem(
                "time is up before the sizes of the log groups were told\n\
                 hint: give it longer with --timeout",
            );
            Exit::Incomplete
        }
        None if size.problems.is_empty() => Exit::Done,
        None => Exit::Incomplete,
    }
}

fn describe(plan: &Plan, part: &Part<Client>, call: &QueryCall, text: &mut String) {
    let place = &part.region.place;
    let window = format!(
        "{} to {} (seconds {} to {})",
        instant(plan.request.start),
        instant(plan.request.end),
        call.start,
        call.end
    );
    let groups: Vec<&str> = call.groups.iter().map(|group| &**group).collect();
    let groups = match groups.as_slice() {
        [] => "those of SOURCE".to_owned(),
        groups => groups.join(", "),
    };
    let limit = call
        .limit
        .map_or_else(|| "that of the query".to_owned(), |limit| limit.to_string());
    let facts = [
        (
            "region",
            format!("{}, with {}", place.region, place.identity),
        ),
        ("groups", groups),
        ("window", window),
        ("limit", limit),
    ];
    text.push_str("StartQuery\n");
    for (name, value) in facts {
        writeln!(text, "  {name:<8}{value}").expect("a String takes all text");
    }
    text.push_str("  query\n");
    for line in call.text.trim_end().lines() {
        writeln!(text, "    {line}").expect("a String takes all text");
    }
}

fn document(part: &Part<Client>, call: &QueryCall) -> Value {
    let groups: Vec<&str> = call.groups.iter().map(|group| &**group).collect();
    json!({
        "action": "StartQuery",
        "region": part.region.place.region,
        "log_groups": groups,
        "start_time": call.start,
        "end_time": call.end,
        "limit": call.limit,
        "query": call.text,
    })
}

fn instant(at: i64) -> String {
    let mut text = Vec::new();
    Timestamp(at).write_rfc3339(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
