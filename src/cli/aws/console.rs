//! The address of a query in the console of CloudWatch, for who wants to go on there.

use super::super::context::Context;
use super::regions;
use crate::alert::links;
use crate::cloudwatch::insights::Text;
use crate::drive;
use crate::time::Timestamp;

/// Says at `-v` where the console runs a query on the same log groups and window, when it takes the query.
pub(in crate::cli) fn tell(
    context: &Context,
    pattern: Option<&str>,
    query: &str,
    groups: &[String],
) {
    if !context.notices.says(1) {
        return;
    }
    let Ok(query) = drive::on_service(pattern, query) else {
        return;
    };
    let text = Text::new(&query, None).of_streams(context.scope.prefixes());
    let query = text.within(None, None).text;
    let until = context.window.until.unwrap_or(context.clock.now);
    let Some(since) = context.window.since else {
        return;
    };
    for address in addresses(context, &query, groups, (since, until)) {
        context
            .notices
            .decision(&format!("in the console: {address}"));
    }
}

/// Returns an address for each region.
fn addresses(
    context: &Context,
    query: &str,
    groups: &[String],
    (since, until): (Timestamp, Timestamp),
) -> Vec<String> {
    let default = context.environment.variable("AWS_REGION");
    let regions = regions::find(context, groups).unwrap_or_default();
    let address = |region: &regions::Region| {
        let name = region.account.region.as_deref().or(default)?;
        let groups: Vec<&str> = region.groups.iter().map(|group| &**group).collect();
        Some(links::insights(name, &groups, query, since, until))
    };
    regions.iter().filter_map(address).collect()
}
