//! The credentials: whether there are any, whose they are, and how long they last.

use super::super::super::aws::Caller;
use super::super::super::context::Context;
use super::report::{Finding, Verdict};
use super::service::Visited;
use crate::cloudwatch::Kind;
use crate::time::{Timestamp, duration};

const AREA: &str = "credentials";
/// Who is about to begin something wants to know that they end within this time.
const SOON: i64 = 15 * 60_000;

/// Tells of the credentials that were found; all regions are asked with the same.
pub(super) fn findings(
    context: &Context,
    visited: &[Visited],
    caller: Option<&Result<Caller, (Kind, String)>>,
) -> Vec<Finding> {
    let seen = visited.iter().find_map(|one| one.as_ref().ok());
    let (Some(seen), Some(caller)) = (seen, caller) else {
        return visited
            .iter()
            .find_map(|one| one.as_ref().err())
            .map(|failure| {
                let (text, hint) = failure.parts();
                // Where nothing says that CloudWatch Logs is read, nothing is missing.
                let verdict = if context.config.files.is_empty() {
                    Verdict::Unknown
                } else {
                    Verdict::Wrong
                };
                Finding::new(AREA, "found", verdict, text).mend(hint)
            })
            .into_iter()
            .collect();
    };
    let opened = &seen.site.opened;
    let place = opened.client.place();
    let found = Finding::new(AREA, "found", Verdict::Ok, place.identity.as_str());
    vec![
        found,
        whose(caller, &place.login),
        lasting(context, opened.expiry, &place.login),
    ]
}

fn whose(caller: &Result<Caller, (Kind, String)>, login: &str) -> Finding {
    let (kind, reason) = match caller {
        Ok(Caller { account, arn }) => {
            let detail = format!("{arn}, in account {account}");
            return Finding::new(AREA, "whose", Verdict::Ok, detail);
        }
        Err((kind, reason)) => (*kind, reason),
    };
    match kind {
        Kind::Expired => {
            Finding::new(AREA, "whose", Verdict::Wrong, "they have expired").mend(login.to_owned())
        }
        Kind::Unknown => {
            let detail = format!("AWS does not accept them: {reason}");
            Finding::new(AREA, "whose", Verdict::Wrong, detail).mend(login.to_owned())
        }
        _ => {
            let detail = format!("sts:GetCallerIdentity was not answered: {reason}");
            Finding::new(AREA, "whose", Verdict::Unknown, detail)
        }
    }
}

/// Says until when they hold, as far as they say it themselves.
fn lasting(context: &Context, expiry: Option<i64>, login: &str) -> Finding {
    let Some(expiry) = expiry else {
        return Finding::new(AREA, "until", Verdict::Ok, "they name no end");
    };
    let left = expiry - context.environment.now.0;
    let at = Timestamp(expiry);
    let zone = &context.clock.zone;
    let at = format!("{} {}", zone.seconds(at), zone.name_at(at));
    let (verdict, detail) = match left {
        ..=0 => (Verdict::Wrong, format!("over since {at}")),
        1..=SOON => (
            Verdict::Warning,
            format!("{at}, in {}", duration::human(left)),
        ),
        _ => (Verdict::Ok, format!("{at}, in {}", duration::human(left))),
    };
    let mend = (verdict != Verdict::Ok).then(|| login.to_owned());
    Finding::new(AREA, "until", verdict, detail).mend(mend)
}
