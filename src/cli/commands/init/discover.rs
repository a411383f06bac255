//! The names of the log groups that there are, by region.

use tokio::time::{Instant, timeout_at};

use super::super::super::Failure;
use super::super::super::aws::{self, Region};
use super::super::super::context::Context;
use super::Found;
use crate::cloudwatch::{Action, CallError, Client, GroupPage, Inventory, Pace, Quotas};

/// How many pages of 50 groups are looked at in a region.
const MOST_PAGES: usize = 100;

/// Lists the log groups of regions; of that of AWS's own rules when none is named.
pub(super) fn discover(
    context: &Context,
    regions: &[Option<String>],
) -> Result<Vec<Found>, Failure> {
    let runtime = aws::runtime()?;
    let found = runtime.block_on(async {
        let mut found = Vec::new();
        for region in regions {
            found.push(in_region(context, region.as_deref()).await?);
        }
        Ok(found)
    });
    runtime.shutdown_background();
    found
}

async fn in_region(context: &Context, region: Option<&str>) -> Result<Found, Failure> {
    let patience = context.time_out;
    let patience = patience.unwrap_or(context.config.cloudwatch.call_timeout);
    let deadline = Instant::now() + patience;
    let late = || {
        Failure::incomplete("time is up before the log groups were found")
            .hint("give it longer with --timeout, or leave AWS out with --no-aws".to_owned())
    };
    let look = async {
        let opened = Region::named(context, region).open(context).await?;
        let client = &opened.client;
        let region = client.place().region.clone();
        let pace = Pace::new(&Quotas(context.config.cloudwatch.quotas.clone()), &region);
        let names = names(context, client, &pace).await.map_err(|error| {
            let failure = Failure::incomplete(error.to_string());
            failure.cause(&error.reason).hint(error.hint())
        })?;
        Ok(Found { region, names })
    };
    timeout_at(deadline, look)
        .await
        .unwrap_or_else(|_| Err(late()))
}

async fn names(context: &Context, client: &Client, pace: &Pace) -> Result<Vec<String>, CallError> {
    let (mut names, mut token) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let call = || client.groups("", token.clone(), None);
        let answer: GroupPage = pace.call(Action::DescribeLogGroups, call).await?;
        // What is no name of a log group would be no valid template either.
        let groups = answer.groups.into_iter().map(|group| group.name);
        names.extend(groups.filter(|name| crate::config::is_group_name(name)));
        token = answer.token;
        if token.is_none() {
            return Ok(names);
        }
    }
    let said = format!(
        "there are more than {} log groups; the others were not looked at",
        names.len()
    );
    context.notices.warn(&said);
    Ok(names)
}
