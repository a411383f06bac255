//! The permissions that commands need, each tried.

use super::super::super::aws::Caller;
use super::super::super::output::counted;
use super::report::{Finding, Verdict};
use super::service::{Seen, Visited};
use crate::cloudwatch::{Action, CallError, Kind};

const AREA: &str = "permissions";

/// One call's end: of which group, or in which region where it is about none.
struct Ended<'a> {
    of: &'a str,
    is_group: bool,
    end: &'a Result<(), CallError>,
}

/// Tells of each permission whether AWS granted it.
pub(super) fn findings(
    visited: &[Visited],
    caller: Option<&Result<Caller, (Kind, String)>>,
) -> Vec<Finding> {
    let mut seen = visited.iter().filter_map(|one| one.as_ref().ok());
    if seen.all(Seen::is_worthless) {
        let detail = "none was tried, since CloudWatch Logs cannot be asked";
        return vec![Finding::new(AREA, "all", Verdict::Unknown, detail)];
    }
    let who = match caller {
        Some(Ok(caller)) => caller.arn.as_str(),
        _ => "that identity",
    };
    let actions = Action::OF_GROUP.into_iter().chain(Action::OF_REGION);
    actions
        .map(|action| permission(action, &ends(action, visited), who))
        .collect()
}

/// Gathers how the calls of one kind ended.
fn ends(action: Action, visited: &[Visited]) -> Vec<Ended<'_>> {
    let mut ends = Vec::new();
    for seen in visited.iter().filter_map(|one| one.as_ref().ok()) {
        // What cannot be asked at all says nothing about permissions.
        if seen.is_worthless() {
            continue;
        }
        let of_region = seen.trials.iter().filter(|(one, _)| *one == action);
        ends.extend(of_region.map(|(_, end)| Ended {
            of: seen.region(),
            is_group: false,
            end,
        }));
        for group in &seen.groups {
            let of_group = group.trials.iter().filter(|(one, _)| *one == action);
            ends.extend(of_group.map(|(_, end)| Ended {
                of: &group.name,
                is_group: true,
                end,
            }));
        }
    }
    ends
}

fn permission(action: Action, ends: &[Ended<'_>], who: &str) -> Finding {
    let name = format!("logs:{}", action.name());
    let needed = needed_by(action);
    let finding = |verdict, detail: String| Finding::new(AREA, name.as_str(), verdict, detail);
    let refused: Vec<&Ended<'_>> = ends.iter().filter(|one| is(one, Kind::Denied)).collect();
    if let Some(first) = refused.first() {
        let places: Vec<&str> = refused.iter().map(|one| one.of).collect();
        let on = if first.is_group { "on" } else { "in" };
        let detail = format!("refused {on} {}; needed by {needed}", places.join(", "));
        let on = if first.is_group {
            "these log groups"
        } else {
            "`*`"
        };
        let mend = format!("allow `{name}` on {on} to {who}");
        return finding(severity(action), detail).mend(mend);
    }
    // A group that is not there has a line of its own.
    let failed = ends.iter().filter(|one| !is(one, Kind::Missing));
    let mut failed = failed.filter_map(|one| one.end.as_ref().err());
    if let Some(error) = failed.next() {
        let detail = format!("{error}: {}", error.reason);
        return finding(Verdict::Unknown, detail).mend(error.hint());
    }
    let allowed: Vec<&Ended<'_>> = ends.iter().filter(|one| one.end.is_ok()).collect();
    match allowed.first() {
        None => finding(
            Verdict::Unknown,
            "nothing was there to try it on".to_owned(),
        ),
        Some(first) if first.is_group => {
            let groups = counted(allowed.len() as u64, "log group", "log groups");
            finding(Verdict::Ok, format!("on {groups}, for {needed}"))
        }
        Some(_) => finding(Verdict::Ok, format!("for {needed}")),
    }
}

fn is(one: &Ended<'_>, kind: Kind) -> bool {
    matches!(one.end, Err(error) if error.kind == kind)
}

/// Without the first nothing can be read; the others are of single commands.
fn severity(action: Action) -> Verdict {
    match action {
        Action::FilterLogEvents => Verdict::Wrong,
        _ => Verdict::Warning,
    }
}

fn needed_by(action: Action) -> &'static str {
    match action {
        Action::FilterLogEvents => "everything that reads logs",
        Action::DescribeLogStreams | Action::GetLogEvents => "reading single runs",
        Action::DescribeLogGroups => {
            "`logq tail`, `--engine insights`, `logq init`, and reading where no stage is configured"
        }
        Action::StartQuery | Action::GetQueryResults | Action::StopQuery => "`--engine insights`",
        Action::StartLiveTail => "`logq tail`",
        Action::DescribeQueryDefinitions | Action::PutQueryDefinition => {
            "`logq queries push` and `pull`"
        }
        Action::DeleteQueryDefinition => "`logq queries push --prune`",
    }
}
