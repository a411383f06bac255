//! Where the service is asked, how often, and how far its clock is away.

use std::collections::BTreeMap;

use super::super::super::Failure;
use super::super::super::aws::{self, Region};
use super::super::super::context::Context;
use super::report::{Finding, Verdict};
use super::service::{Seen, Visited};
use super::settings;
use crate::cloudwatch::{Action, Quotas};
use crate::config::Origin;

/// How far they may be apart before the service refuses to be asked.
const REFUSED: i64 = 300_000;

/// Tells the region of each stage, and whether the service answers there.
pub(super) fn regions(
    context: &Context,
    visited: &[Visited],
    unknown: Option<&Failure>,
) -> Vec<Finding> {
    const AREA: &str = "regions";
    let mut findings = Vec::new();
    if let Some(failure) = unknown {
        let (text, hint) = failure.parts();
        findings.push(Finding::new(AREA, "stages", Verdict::Unknown, text).mend(hint));
    } else if !aws::knows_stage(context) {
        let detail = "none is configured: log groups are those of the account that fit `[groups]`";
        findings
            .push(Finding::new(AREA, "stages", Verdict::Ok, detail).mend("logq init".to_owned()));
    }
    let asked = context.scope.stage.as_deref();
    let known = context
        .config
        .stage_names()
        .filter(|name| asked.is_none_or(|one| one == *name));
    let mut stages: Vec<&str> = known.collect();
    if let Some(asked) = asked.filter(|_| stages.is_empty()) {
        stages.push(asked);
    }
    for stage in stages {
        let account = Region::of_stage(context, Some(stage)).account;
        let seen = visited.iter().filter_map(|one| one.as_ref().ok());
        let mut seen = seen.filter(|seen| seen.site.asked.as_deref() == account.region());
        let name = seen.next().map(Seen::region).or(account.region());
        let finding = match name {
            Some(name) => Finding::new(AREA, stage, Verdict::Ok, name),
            None => Finding::new(AREA, stage, Verdict::Wrong, "the region is not known").mend(
                format!("write `region = \"...\"` below `[stages.{stage}]` in logq.toml"),
            ),
        };
        findings.push(finding.from(origin(context, stage)));
    }
    for seen in visited.iter().filter_map(|one| one.as_ref().ok()) {
        findings.push(reached(seen));
    }
    findings
}

/// Says which of those that can name a region did.
fn origin(context: &Context, stage: &str) -> String {
    let variable = |name| context.environment.variable(name).map(|_| name);
    let of_file = context.config.origin(&format!("stages.{stage}.region"));
    if context.aws.region.is_some() {
        return "--region".to_owned();
    }
    if of_file != Origin::Default {
        return settings::origin(context, &of_file);
    }
    let variable = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    variable.unwrap_or("the profile's").to_owned()
}

/// Says whether the service answers; a refusal is an answer.
fn reached(seen: &Seen) -> Finding {
    let subject = format!("logs.{}", seen.region());
    match &seen.first {
        Err(error) if seen.is_worthless() => {
            let detail = format!("{error}: {}", error.reason);
            Finding::new("regions", subject, Verdict::Wrong, detail).mend(error.hint())
        }
        _ => Finding::new("regions", subject, Verdict::Ok, "CloudWatch Logs answers"),
    }
}

/// Compares the clocks.
pub(super) fn clock(visited: &[Visited]) -> Vec<Finding> {
    const AREA: &str = "clock";
    let seen = visited.iter().filter_map(|one| one.as_ref().ok());
    let ahead = seen
        .filter_map(|seen| seen.ahead)
        .max_by_key(|ahead| ahead.abs());
    let Some(ahead) = ahead else {
        let detail = "no service answered that would have told the time";
        return vec![Finding::new(AREA, "this machine", Verdict::Unknown, detail)];
    };
    let detail = aws::apart(ahead);
    let mend = "set the clock, for example by turning on time synchronisation".to_owned();
    let finding = |verdict, detail| Finding::new(AREA, "this machine", verdict, detail);
    let finding = if ahead.abs() <= aws::ODD {
        finding(Verdict::Ok, detail)
    } else if ahead.abs() <= REFUSED {
        finding(Verdict::Warning, detail).mend(mend)
    } else {
        finding(Verdict::Wrong, format!("{detail}: AWS refuses calls")).mend(mend)
    };
    vec![finding]
}

/// Tells how many calls a second are made, and who says so.
pub(super) fn quotas(context: &Context, visited: &[Visited]) -> Vec<Finding> {
    let quotas = Quotas(context.config.cloudwatch.quotas.clone());
    let mut findings = Vec::new();
    for seen in visited.iter().filter_map(|one| one.as_ref().ok()) {
        let region = seen.region();
        // Those that one line has are told together.
        let mut by_origin: BTreeMap<Origin, Vec<String>> = BTreeMap::new();
        for action in Action::ALL {
            let name = action.name();
            let origin = context.config.origin(&format!("cloudwatch.quotas.{name}"));
            let number = quotas.of(action, region);
            let own = match origin {
                Origin::Default => String::new(),
                Origin::File(..) => {
                    format!(" (AWS's own {})", Quotas::default().of(action, region))
                }
            };
            by_origin
                .entry(origin)
                .or_default()
                .push(format!("{name} {number}{own}"));
        }
        for (origin, numbers) in by_origin {
            let detail = format!("{} calls a second", numbers.join(", "));
            let origin = match origin {
                Origin::Default => "AWS's own quotas".to_owned(),
                Origin::File(..) => settings::origin(context, &origin),
            };
            findings.push(Finding::new("quotas", region, Verdict::Ok, detail).from(origin));
        }
    }
    findings
}
