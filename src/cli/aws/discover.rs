//! The log groups of an account, for a call that names no stage and has no configuration that does.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::Failure;
use super::super::context::Context;
use super::Account;
use super::regions::{Region, names};
use crate::cloudwatch::{CallError, Pace, Quotas, find_groups};

/// What groups are called by convention, where no template says it.
const USUAL: &str = "/ecs/";
/// How often a call is made that fails.
const TRIES: u32 = 4;
/// How many of the groups that fit nothing are named.
const NAMED: usize = 3;

/// Asks for the groups of the account and returns those that the templates fit; of `about`, by logical names, unless
/// that is empty.
pub(super) async fn region(context: &Context, about: &[String]) -> Result<Region, Failure> {
    let mut region = Region {
        account: Account::of_stage(context, None),
        groups: Vec::new(),
        optional: BTreeSet::new(),
    };
    let (client, _) = region.client(context).await?;
    let quotas = Quotas(context.config.cloudwatch.quotas.clone());
    let pace = Pace::new(&quotas, &client.place().region).with_tries(TRIES);
    let mut found = Vec::new();
    for prefix in prefixes(context) {
        let below = find_groups(&client, &pace, &prefix).await;
        let below = below.map_err(|error| refused(&error))?;
        found.extend(below.into_iter().map(|group| group.name));
    }
    let groups: Vec<Arc<str>> = found.iter().map(|group| Arc::from(&**group)).collect();
    region.groups = fitting(context, &groups, about);
    if region.groups.is_empty() {
        return Err(nothing(&found, &client.place().region));
    }
    Ok(region)
}

/// Returns those of an account's groups that the templates fit; of `about`, by logical names, unless that is empty.
pub(in crate::cli) fn fitting(
    context: &Context,
    groups: &[Arc<str>],
    about: &[String],
) -> Vec<Arc<str>> {
    let wanted = names(context, about);
    let is_wanted = |group: &&Arc<str>| {
        let located = context.config.locate(group);
        located.is_some_and(|located| wanted.iter().any(|name| name == located.service))
    };
    groups.iter().filter(is_wanted).cloned().collect()
}

/// Returns what the names of groups begin with, by the templates and by convention; none begins with another.
fn prefixes(context: &Context) -> Vec<String> {
    let templates = context.config.groups.names().filter_map(|name| {
        // What a template is for two stages is the same up to the stage's name.
        let groups = ["\u{1}", "\u{2}"].map(|stage| context.config.groups.group(name, stage));
        let [Some(one), Some(other)] = groups else {
            return None;
        };
        let same = one
            .chars()
            .zip(other.chars())
            .take_while(|(one, other)| one == other);
        Some(same.map(|(one, _)| one).collect())
    });
    let mut prefixes: Vec<String> = templates.chain([USUAL.to_owned()]).collect();
    prefixes.sort_unstable();
    prefixes.dedup_by(|prefix, before| prefix.starts_with(&**before));
    prefixes
}

fn refused(error: &CallError) -> Failure {
    let failure = Failure::incomplete(error.to_string()).cause(error.reason.clone());
    let named = "name the stage: `--stage production`, or `[stages.production]` in logq.toml";
    failure.hint(
        error
            .hint()
            .map_or_else(|| named.to_owned(), |hint| format!("{hint}, or {named}")),
    )
}

/// The account has no group that any template fits.
fn nothing(found: &[String], region: &str) -> Failure {
    let failure = Failure::usage(format!(
        "no log group in {region} is one that is looked for"
    ));
    let some: Vec<String> = found
        .iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    if some.is_empty() {
        return failure.hint(
            "check `--region` and `--profile`, or name the groups below `[groups]` in logq.toml"
                .to_owned(),
        );
    }
    let more = if found.len() > NAMED {
        " and others"
    } else {
        ""
    };
    failure
        .cause(format!("there are {}{more}", some.join(", ")))
        .hint(
            "name them below `[groups]` in logq.toml, as in: batch = \"/ecs/{stage}-batch\""
                .to_owned(),
        )
}
