//! What there is to read: the log groups of an account, what they are like, and which stream was written to last.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::{LogGroup, OrderBy};

use super::{Action, CallError, Client, Pace};

/// How many groups or streams a page holds at most.
const PAGE: i32 = 50;

/// What the service tells of a log group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its name.
    pub name: String,
    /// Its ARN, without the `:*` behind it.
    pub arn: Option<String>,
    /// How many bytes it holds.
    pub stored_bytes: Option<u64>,
    /// When it was made, in milliseconds.
    pub created: i64,
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

/// A service that tells its log groups: the AWS SDK is behind [`Client`], scripted services behind the tests.
pub trait Inventory: Send + Sync + 'static {
    /// Returns a page of the groups whose names begin so, with at most so many.
    fn groups(
        &self,
        prefix: &str,
        token: Option<String>,
        most: Option<i32>,
    ) -> impl Future<Output = Result<GroupPage, CallError>> + Send;
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
}

impl Client {
    /// Returns the stream of a group that was written to last; `None` when it has none.
    pub async fn newest_stream(&self, group: &Arc<str>) -> Result<Option<StreamFacts>, CallError> {
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
        created: group.creation_time.unwrap_or_default(),
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
    pace: &Pace,
    name: &str,
) -> Result<Option<GroupFacts>, CallError> {
    let mut token = None;
    loop {
        let answer = a_page(service, pace, name, token.as_ref()).await;
        let answer = answer.map_err(|error| CallError {
            group: Arc::from(name),
            ..error
        })?;
        if let Some(found) = answer.groups.into_iter().find(|group| group.name == name) {
            return Ok(Some(found));
        }
        // A prefix sorts before everything that begins with it, but an empty page is allowed to come first.
        if answer.token.is_none() || answer.token == token {
            return Ok(None);
        }
        token = answer.token;
    }
}

/// Returns the facts of all groups whose names begin so, sorted by name.
pub async fn find_groups(
    service: &impl Inventory,
    pace: &Pace,
    prefix: &str,
) -> Result<Vec<GroupFacts>, CallError> {
    let (mut groups, mut token) = (Vec::new(), None);
    loop {
        let answer = a_page(service, pace, prefix, token.as_ref()).await?;
        groups.extend(answer.groups);
        // A token that leads back to itself leads nowhere else.
        if answer.token.is_none() || answer.token == token {
            break;
        }
        token = answer.token;
    }
    groups.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    groups.dedup_by(|one, other| one.name == other.name);
    Ok(groups)
}

async fn a_page(
    service: &impl Inventory,
    pace: &Pace,
    prefix: &str,
    token: Option<&String>,
) -> Result<GroupPage, CallError> {
    let call = || service.groups(prefix, token.cloned(), None);
    pace.call(Action::DescribeLogGroups, call).await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::{Kind, Place, Quotas};
    use super::*;

    #[test]
    fn a_group_is_told_by_either_arn() {
        let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/a";
        let described = LogGroup::builder().log_group_name("/ecs/a");
        let old = described.clone().arn(format!("{arn}:*")).build();
        let new = described.log_group_arn(arn).build();
        for described in [old, new] {
            let facts = group(described).expect("a name");
            assert_eq!(facts.arn.as_deref(), Some(arn));
        }
    }

    /// Answers in this order.
    struct Scripted(Mutex<Vec<Result<GroupPage, Kind>>>);

    impl Inventory for Scripted {
        async fn groups(
            &self,
            _: &str,
            _: Option<String>,
            _: Option<i32>,
        ) -> Result<GroupPage, CallError> {
            let next = self.0.lock().expect("no panic").remove(0);
            next.map_err(|kind| CallError {
                kind,
                operation: "DescribeLogGroups",
                group: Arc::from(""),
                place: Arc::new(Place::default()),
                reason: String::new(),
            })
        }
    }

    fn scripted(answers: Vec<Result<GroupPage, Kind>>) -> (Scripted, Pace) {
        let pace = Pace::new(&Quotas::default(), "us-east-1").with_tries(4);
        (Scripted(Mutex::new(answers)), pace)
    }

    fn page(names: &[&str], token: Option<&str>) -> GroupPage {
        let group = |name: &&str| GroupFacts {
            name: (*name).to_owned(),
            ..GroupFacts::default()
        };
        GroupPage {
            groups: names.iter().map(group).collect(),
            token: token.map(str::to_owned),
        }
    }

    async fn names(answers: Vec<Result<GroupPage, Kind>>) -> Result<Vec<String>, Kind> {
        let (service, pace) = scripted(answers);
        let found = find_groups(&service, &pace, "/ecs/").await;
        let names = found.map(|groups| groups.into_iter().map(|group| group.name).collect());
        names.map_err(|error| error.kind)
    }

    #[tokio::test(start_paused = true)]
    async fn all_pages_are_read_whatever_becomes_of_single_calls() {
        let answers = vec![
            Err(Kind::Throttled),
            Ok(page(&["/ecs/b", "/ecs/c"], Some("1"))),
            Err(Kind::Unavailable),
            Ok(page(&[], Some("2"))),
            Err(Kind::Silent),
            Ok(page(&["/ecs/a", "/ecs/b"], Some("3"))),
            Ok(page(&[], Some("3"))),
        ];
        let expected = ["/ecs/a", "/ecs/b", "/ecs/c"].map(str::to_owned);
        assert_eq!(names(answers).await, Ok(expected.to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_or_keeps_failing_is_an_error() {
        assert_eq!(names(vec![Err(Kind::Denied)]).await, Err(Kind::Denied));
        let failing = vec![Err(Kind::Unavailable); 4];
        assert_eq!(names(failing).await, Err(Kind::Unavailable));
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_is_found_by_its_whole_name() {
        let answers = |last: &str| {
            vec![
                Ok(page(&[], Some("1"))),
                Ok(page(&["/ecs/a-1"], Some("2"))),
                Ok(page(&[last], None)),
            ]
        };
        for (last, is_there) in [("/ecs/a", true), ("/ecs/a-2", false)] {
            let (service, pace) = scripted(answers(last));
            let found = find_group(&service, &pace, "/ecs/a").await;
            assert_eq!(found.expect("answered").is_some(), is_there);
        }
    }
}
