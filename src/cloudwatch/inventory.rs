//! What there is to read: the log groups of an account, what they are like, and which stream was written to last.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::{LogGroup, OrderBy};

use super::{CallError, Client};

/// How many groups or streams a page holds at most.
const PAGE: i32 = 50;

/// What the service tells of a log group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its name.
    pub name: String,
    /// Its ARN, without the `:*` behind it.
    pub arn: Option<String>,
    /// How many bytes it holds, compressed.
    pub stored_bytes: Option<u64>,
    /// After how many days events are deleted; `None`: never.
    pub retention_days: Option<u32>,
    /// Its class, such as `STANDARD`; `None` where the service does not say.
    pub class: Option<String>,
}

/// Some log groups, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPage {
    /// The groups.
    pub groups: Vec<GroupFacts>,
    /// Where to go on; `None` at the end.
    pub token: Option<String>,
}

/// What the service tells of a log stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFacts {
    /// Its name.
    pub name: String,
    /// When its newest event was logged, which the service brings up to date within an hour or so.
    pub newest: Option<i64>,
}

/// The calls that tell what there is to read.
pub trait Inventory: Send + Sync + 'static {
    /// Returns a page of the groups whose names begin so, with at most so many.
    fn groups(
        &self,
        prefix: &str,
        token: Option<String>,
        most: Option<i32>,
    ) -> impl Future<Output = Result<GroupPage, CallError>> + Send;

    /// Returns the stream of a group that was written to last; `None` when it has none.
    fn newest_stream(
        &self,
        group: &Arc<str>,
    ) -> impl Future<Output = Result<Option<StreamFacts>, CallError>> + Send;
}

impl Inventory for Client {
    async fn groups(
        &self,
        prefix: &str,
        token: Option<String>,
        most: Option<i32>,
    ) -> Result<GroupPage, CallError> {
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let answer = self
            .sdk()
            .describe_log_groups()
            .set_log_group_name_prefix(prefix.map(str::to_owned))
            .limit(most.unwrap_or(PAGE))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| self.error("DescribeLogGroups", &Arc::from(""), &error))?;
        let groups = answer.log_groups.unwrap_or_default();
        Ok(GroupPage {
            groups: groups.into_iter().filter_map(group).collect(),
            token: answer.next_token,
        })
    }

    async fn newest_stream(&self, group: &Arc<str>) -> Result<Option<StreamFacts>, CallError> {
        let answer = self
            .sdk()
            .describe_log_streams()
            .log_group_name(&**group)
            .order_by(OrderBy::LastEventTime)
            .descending(true)
            .limit(1)
            .send()
            .await
            .map_err(|error| self.error("DescribeLogStreams", group, &error))?;
        let first = answer.log_streams.unwrap_or_default().into_iter().next();
        Ok(first.map(|stream| StreamFacts {
            name: stream.log_stream_name.unwrap_or_default(),
            newest: stream.last_event_timestamp,
        }))
    }
}

fn group(group: LogGroup) -> Option<GroupFacts> {
    // The other form of the ARN is told by each endpoint, this one only by newer ones.
    let arn = group.log_group_arn.or(group.arn);
    let arn = arn.map(|arn| arn.strip_suffix(":*").unwrap_or(&arn).to_owned());
    Some(GroupFacts {
        name: group.log_group_name?,
        arn,
        stored_bytes: group.stored_bytes.and_then(|bytes| bytes.try_into().ok()),
        retention_days: group
            .retention_in_days
            .and_then(|days| days.try_into().ok()),
        class: group.log_group_class.map(|class| class.as_str().to_owned()),
    })
}

/// Returns the facts of the group of exactly this name; `None` when there is none.
pub async fn find_group(
    service: &impl Inventory,
    name: &str,
) -> Result<Option<GroupFacts>, CallError> {
    let mut token = None;
    loop {
        let page = service.groups(name, token, None).await?;
        if let Some(found) = page.groups.into_iter().find(|group| group.name == name) {
            return Ok(Some(found));
        }
        // A prefix sorts before everything that begins with it, but an empty page is allowed to come first.
        let Some(next) = page.token else {
            return Ok(None);
        };
        token = Some(next);
    }
}
