//! `logq replay`: which alerts these logs would have sent.

use super::super::context::Context;
use super::super::hint;
use super::super::output::{self, counted};
use super::super::run::{self, Answer};
use super::super::source::{self, Source};
use super::super::{Exit, Failure};
use crate::alert::text::{self, Style};
use crate::alert::{Alert, Status};
use crate::drive;
use crate::render::{self, Ending, Format};
use crate::suggest::did_you_mean;
use crate::watch::{Replay, Rules};

/// Tell which alerts these logs would have sent
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq replay --source logs/ --since 1w
  logq replay --source logs/ --full --rule batch-failures
  logq replay --source logs/ -o ndjson --fail-on-match")]
pub(in crate::cli) struct Args {
    /// Only the alerts of these saved queries
    #[arg(
        long,
        value_name = "NAME",
        add = clap_complete::ArgValueCandidates::new(super::super::completions::rule_names)
    )]
    rule: Vec<String>,

    /// Print each alert as it is sent, with the end of its traceback
    #[arg(long)]
    full: bool,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if matches!(context.format(), Format::Csv | Format::Raw) {
        return Err(Failure::usage("an alert is a document, not a row")
            .hint("print alerts with -o table, -o json or -o ndjson".to_owned()));
    }
    let rules = rules(context, &args.rule)?;
    let source = source::resolve(context)?;
    let described = source.describe();
    context.interrupt.listen();
    let (mut alerts, answer) = replay(context, source, rules)?;
    let total = alerts.len();
    alerts.truncate(context.row_limit().map_or(total, |limit| limit as usize));
    let complete = answer.is_complete() && !context.interrupt.is_asked();
    output::print(context, &written(context, args, &alerts, complete, total))?;
    tell(context, &alerts, total, &answer, &described);
    if alerts.is_empty() {
        hint::tell(context, &answer.again, &[])?;
    }
    Ok(output::exit(
        context,
        alerts.len() as u64,
        answer.is_complete(),
    ))
}

/// Compiles the rules, all or those asked for; a bad one is an error here, where somebody can mend it.
pub(super) fn rules(context: &Context, wanted: &[String]) -> Result<Rules, Failure> {
    let (mut rules, errors) = Rules::compile(&context.catalog, context.clock.now);
    let asked_for = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let wrong = errors.iter().filter(|error| asked_for(&error.name));
    let wrong: Vec<String> = wrong
        .map(|error| error.render(context.notices.color))
        .collect();
    if !wrong.is_empty() {
        return Err(Failure::rendered(wrong.join("\n")));
    }
    let names: Vec<String> = rules.names().map(str::to_owned).collect();
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name)) {
        let list = || format!("those that have one: `{}`", names.join("`, `"));
        let near = did_you_mean(unknown, names.iter().map(String::as_str));
        return Err(Failure::usage(format!(
            "no saved query `{unknown}` has an `[alert]` section"
        ))
        .hint(near.unwrap_or_else(list)));
    }
    rules.retain(asked_for);
    Ok(rules)
}

/// Reads a source and returns the alerts inside the window.
pub(super) fn replay(
    context: &Context,
    source: Source,
    rules: Rules,
) -> Result<(Vec<Alert>, Answer), Failure> {
    let mut replay = Replay::new(rules, drive::run_config(&context.config));
    let answer = run::assembled(context, source, |event| {
        replay.event(
            event.record,
            event.attached,
            &event.place.stage,
            &event.place.service,
        );
    })?;
    let mut alerts = replay.finish(context.clock.now, &context.config);
    let as_of = context.as_of;
    alerts.retain(|alert| context.window.contains_as_of(alert.last_seen, as_of));
    Ok((alerts, answer))
}

/// Writes the alerts; `total` is how many there were before a limit cut.
fn written(
    context: &Context,
    args: &Args,
    alerts: &[Alert],
    complete: bool,
    total: usize,
) -> Vec<u8> {
    let mut out = Vec::new();
    match context.format() {
        Format::Ndjson => {
            for alert in alerts {
                out.extend_from_slice(render::tame_json(&alert.to_json()).as_bytes());
                out.push(b'\n');
            }
        }
        Format::Json => {
            let rows: Vec<String> = alerts
                .iter()
                .map(|alert| format!(",\n{}", render::tame_json(&alert.to_json())))
                .collect();
            let question = render::Question {
                query: None,
                window: context.window,
            };
            let ending = Ending {
                complete,
                truncated: alerts.len() < total,
            };
            render::write_document(&question, ending, rows.concat().as_bytes(), &mut out);
        }
        _ => {
            let style = Style {
                zone: context.clock.zone.clone(),
                color: context.look.color,
            };
            let one = if args.full { text::full } else { text::brief };
            let texts: Vec<String> = alerts
                .iter()
                .map(|alert| one(alert, &style) + "\n")
                .collect();
            out.extend_from_slice(texts.join("\n").as_bytes());
        }
    }
    out
}

fn tell(context: &Context, alerts: &[Alert], total: usize, answer: &Answer, source: &str) {
    let notices = &context.notices;
    for problem in &answer.problems {
        notices.problem(problem);
    }
    for warning in &answer.warnings {
        notices.warn(warning);
    }
    if context.interrupt.is_asked() || !answer.is_complete() {
        notices.remark("the answer is incomplete");
    }
    let window = context.window.describe(&context.clock.zone);
    let seen = counted(answer.events, "event", "events");
    if alerts.is_empty() {
        notices.remark(&format!("no alerts in {source}, {window}; {seen} seen"));
    } else if alerts.len() < total {
        let shown = output::thousands(alerts.len() as u64);
        let total = counted(total as u64, "alert", "alerts");
        notices.remark(&format!(
            "{shown} of {total}; --limit 0 shows all; {window}; {seen} seen"
        ));
    } else {
        notices.remark(&format!("{}; {window}; {seen} seen", summary(alerts)));
    }
}

/// Returns `14 alerts: 5 critical, 1 warning, 2 resolved; 4 more were counted, not sent`.
pub(super) fn summary(alerts: &[Alert]) -> String {
    let resolved = alerts
        .iter()
        .filter(|alert| alert.status == Status::Resolved)
        .count();
    let mut parts = Vec::new();
    for severity in crate::severity::Severity::ALL {
        let of = |alert: &&Alert| alert.severity == severity && alert.status != Status::Resolved;
        let count = alerts.iter().filter(of).count();
        if count > 0 {
            parts.push(format!("{count} {}", severity.name()));
        }
    }
    if resolved > 0 {
        parts.push(format!("{resolved} resolved"));
    }
    let sent = counted(alerts.len() as u64, "alert", "alerts");
    let suppressed: u64 = alerts
        .iter()
        .filter(|alert| alert.status == Status::Repeat)
        .map(|alert| alert.counts.suppressed)
        .sum();
    let counted_only = match suppressed {
        0 => String::new(),
        more => format!("; {} more told only as a count", output::thousands(more)),
    };
    format!("{sent}: {}{counted_only}", parts.join(", "))
}
