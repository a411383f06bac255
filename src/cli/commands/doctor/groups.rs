//! The log groups: whether they are there, and whether anything comes into them.

use super::super::super::context::Context;
use super::super::super::output::size;
use super::report::{DEFAULT, Finding, Verdict};
use super::service::{GroupSeen, Seen, Visited};
use super::settings;
use crate::cloudwatch::{Action, GroupFacts, Kind, StreamFacts};
use crate::time::duration;

const AREA: &str = "log groups";
/// Who logs at all does so within this time; the service tells of new events up to an hour late.
const QUIET: i64 = 2 * 86_400_000;

/// Tells of each log group that is configured.
pub(super) fn findings(context: &Context, visited: &[Visited]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for seen in visited.iter().filter_map(|one| one.as_ref().ok()) {
        if seen.is_worthless() {
            let detail = "not looked at, since CloudWatch Logs cannot be asked";
            findings.push(Finding::new(AREA, seen.region(), Verdict::Unknown, detail));
        }
        for group in &seen.groups {
            findings.push(group_finding(context, seen, group));
        }
    }
    findings
}

fn group_finding(context: &Context, seen: &Seen, group: &GroupSeen) -> Finding {
    let name = &group.name;
    let located = context.config.locate(name);
    let (subject, key) = match located {
        Some(at) if at.stage.is_empty() => (at.service.to_owned(), at.service),
        Some(at) => (format!("{}/{}", at.stage, at.service), at.service),
        None => (name.to_string(), ""),
    };
    let origin = context.config.origin(&format!("groups.{key}"));
    let origin = settings::origin(context, &origin);
    let finding = |verdict, words: &str| {
        let detail = format!("{name}: {words}");
        let origin = (origin != DEFAULT).then(|| origin.clone());
        Finding::new(AREA, subject.as_str(), verdict, detail).from(origin)
    };
    match &group.facts {
        Ok(None) => {
            let is_asked_for =
                origin != DEFAULT || context.scope.targets.iter().any(|one| one == key);
            let verdict = if is_asked_for || seen.has_no_group() {
                Verdict::Wrong
            } else {
                Verdict::Warning
            };
            finding(verdict, &missing(seen)).mend(mend_missing(key))
        }
        Ok(Some(facts)) => {
            let (verdict, words) = describe(context, facts, group.newest.as_ref());
            finding(verdict, &words)
        }
        Err(error) if error.kind == Kind::Denied => of_reading(group, seen, &finding, key),
        Err(error) => {
            finding(Verdict::Unknown, &format!("{error}: {}", error.reason)).mend(error.hint())
        }
    }
}

fn missing(seen: &Seen) -> String {
    format!("there is no such log group in {}", seen.region())
}

fn mend_missing(key: &str) -> String {
    format!(
        "`logq init --dry-run` finds those there are; `{key} = false` below `[groups]` leaves it out"
    )
}

/// Tells from reading it whether a group is there that may not be described.
fn of_reading(
    group: &GroupSeen,
    seen: &Seen,
    finding: &dyn Fn(Verdict, &str) -> Finding,
    key: &str,
) -> Finding {
    let mut trials = group.trials.iter();
    let read = trials.find(|(trial, _)| *trial == Action::FilterLogEvents);
    match read {
        Some((_, Ok(()))) => finding(
            Verdict::Ok,
            "it is there; what it is like may not be asked (logs:DescribeLogGroups)",
        ),
        Some((_, Err(error))) if error.kind == Kind::Missing => {
            finding(Verdict::Wrong, &missing(seen)).mend(mend_missing(key))
        }
        _ => finding(
            Verdict::Unknown,
            "neither logs:DescribeLogGroups nor logs:FilterLogEvents tells whether it is there",
        ),
    }
}

/// Describes a group that is there.
fn describe(
    context: &Context,
    facts: &GroupFacts,
    newest: Option<&StreamFacts>,
) -> (Verdict, String) {
    let now = context.environment.now.0;
    let age = newest
        .and_then(|stream| stream.newest)
        .map(|at| (now - at).max(0));
    let (mut verdict, age) = match age {
        None => (Verdict::Warning, "nothing was ever logged".to_owned()),
        Some(age) if age > QUIET => {
            let age = duration::human(age);
            (Verdict::Warning, format!("nothing was logged for {age}"))
        }
        Some(age) => (
            Verdict::Ok,
            format!("newest event {} ago", duration::human(age)),
        ),
    };
    let stored = facts
        .stored_bytes
        .map(|bytes| format!("{} stored", size(bytes)));
    let kept = match facts.retention_days {
        Some(1) => "kept for 1 day".to_owned(),
        Some(days) => format!("kept for {days} days"),
        None => "kept for ever".to_owned(),
    };
    let class = facts.class.as_deref().filter(|class| *class != "STANDARD");
    let class = class.map(|class| {
        verdict = Verdict::Warning;
        format!("of the class {class}, to which the Lambda cannot be subscribed")
    });
    let parts = [Some(age), stored, Some(kept), class];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (verdict, parts.join(", "))
}
