//! The calls that following needs beside `FilterLogEvents` and `DescribeLogGroups`: a session of live tail.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::operation::start_live_tail::StartLiveTailOutput;
use aws_sdk_cloudwatchlogs::types::{
    LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionUpdate,
    StartLiveTailResponseStream,
};

use super::super::service::{LogEvent, Service};
use super::super::{CallError, Client, GroupFacts, Inventory, Kind};
use super::link::Found;

/// How many log groups one session takes.
pub(super) const MOST_GROUPS: usize = 10;
/// How many prefixes of streams one session takes.
const MOST_PREFIXES: usize = 100;
/// Only groups of this class have a live tail.
const STANDARD: &str = "STANDARD";

/// A log group as sessions name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Its ARN, without `:*` at the end.
    pub arn: String,
    /// Whether it is of a class that has a live tail.
    pub is_live: bool,
}

/// A call of `StartLiveTail`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveTailCall {
    /// The log groups, ten at most.
    pub groups: Vec<Group>,
    /// Only streams whose names begin with one of these; all when there is none.
    pub prefixes: Vec<Arc<str>>,
    /// The filter pattern.
    pub pattern: Option<Arc<str>>,
}

/// What a session says every second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The events, by log group as the service names it.
    pub events: Vec<(Arc<str>, LogEvent)>,
    /// Whether there were more, and these are a sample of them.
    pub sampled: bool,
}

/// Why there is no session.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What it means.
    pub why: Why,
    /// What the service said.
    pub error: CallError,
}

/// What a refused session means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The same call may succeed.
    Passing,
    /// The account has as many sessions as it may have.
    Full,
    /// There will be none.
    Lasting,
}

/// CloudWatch Logs in one region, with live tail.
pub trait LiveTail: Service + Inventory {
    /// A session.
    type Session: Session;

    /// Starts a session.
    fn start_live_tail(
        &self,
        call: LiveTailCall,
    ) -> impl Future<Output = Result<Self::Session, Refusal>> + Send;
}

/// A session of live tail.
pub trait Session: Send + 'static {
    /// Returns what the session says next, nothing when it has ended; an error is why it broke off.
    fn next(&mut self) -> impl Future<Output = Result<Option<Update>, String>> + Send;
}

/// A session of the AWS SDK.
#[derive(Debug)]
pub struct SdkSession(StartLiveTailOutput);

impl Group {
    /// Returns the group that the service tells of; nothing when it has no ARN.
    pub(super) fn of(facts: GroupFacts) -> Option<Self> {
        Some(Self {
            name: Arc::from(facts.name),
            arn: facts.arn?,
            is_live: facts.class.is_none_or(|class| class == STANDARD),
        })
    }
}

impl LiveTailCall {
    /// Creates the call for some groups.
    ///
    /// The service takes prefixes for a single group only, and not any number of them. Else it shows all streams, and
    /// whoever reads the events leaves out those of others.
    pub(super) fn of(groups: &[Group], prefixes: &[Arc<str>], pattern: Option<&Arc<str>>) -> Self {
        let takes_prefixes = groups.len() == 1 && prefixes.len() <= MOST_PREFIXES;
        let prefixes = if takes_prefixes { prefixes } else { &[] };
        Self {
            groups: groups.to_vec(),
            prefixes: prefixes.to_vec(),
            pattern: pattern.cloned(),
        }
    }
}

impl LiveTail for Client {
    type Session = SdkSession;

    async fn start_live_tail(&self, call: LiveTailCall) -> Result<SdkSession, Refusal> {
        let group = match call.groups.as_slice() {
            [one] => Arc::clone(&one.name),
            _ => Arc::from(""),
        };
        let arns = call.groups.into_iter().map(|group| group.arn).collect();
        let prefixes = call.prefixes.iter().map(ToString::to_string);
        // A list that is empty is refused.
        let prefixes = Some(prefixes.collect()).filter(|list: &Vec<String>| !list.is_empty());
        let answer = self
            .sdk()
            .start_live_tail()
            .set_log_group_identifiers(Some(arns))
            .set_log_stream_name_prefixes(prefixes)
            .set_log_event_filter_pattern(call.pattern.as_deref().map(str::to_owned))
            .send()
            .await;
        match answer {
            Ok(output) => Ok(SdkSession(output)),
            Err(error) => {
                let said = self.error("StartLiveTail", &group, &error);
                Err(Refusal {
                    why: why(&error, said.kind),
                    error: said,
                })
            }
        }
    }
}

impl Session for SdkSession {
    async fn next(&mut self) -> Result<Option<Update>, String> {
        match self.0.response_stream.recv().await {
            Ok(Some(StartLiveTailResponseStream::SessionUpdate(update))) => {
                Ok(Some(of_session(update)))
            }
            // The start of a session, and what later versions of the service may say.
            Ok(Some(_)) => Ok(Some(Update::default())),
            Ok(None) => Ok(None),
            Err(error) => Err(reason(&error)),
        }
    }
}

/// Tells what a refusal means, by its code where the kind says too little.
fn why<E>(error: &SdkError<E>, kind: Kind) -> Why
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if error.code() == Some("LimitExceededException") {
        return Why::Full;
    }
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    // 501 is what servers say that do not have the operation.
    if kind.is_passing() && status != Some(501) {
        Why::Passing
    } else {
        Why::Lasting
    }
}

/// Words why a session broke off: its code, else the last cause.
fn reason<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    if let Some(code) = error.code() {
        return code.to_owned();
    }
    let mut last: &dyn Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

fn of_session(update: LiveTailSessionUpdate) -> Update {
    let sampled = update
        .session_metadata()
        .is_some_and(LiveTailSessionMetadata::sampled);
    let events = update.session_results.unwrap_or_default();
    Update {
        events: events.into_iter().map(of_event).collect(),
        sampled,
    }
}

fn of_event(event: LiveTailSessionLogEvent) -> (Arc<str>, LogEvent) {
    let group = event.log_group_identifier.unwrap_or_default();
    let event = LogEvent {
        timestamp: event.timestamp.unwrap_or_default(),
        ingestion: event.ingestion_time,
        stream: Arc::from(event.log_stream_name.unwrap_or_default()),
        id: String::new(),
        message: event.message.unwrap_or_default(),
    };
    (Arc::from(group), event)
}

/// Returns the name of the group that an identifier of a session names: an ARN, `account:name`, or the name.
pub(super) fn name_of(identifier: &Arc<str>) -> Arc<str> {
    let name = match identifier.split_once(":log-group:") {
        Some((_, name)) => name.strip_suffix(":*").unwrap_or(name),
        // No name of a group has a colon in it.
        None => identifier.rsplit(':').next().unwrap_or(identifier),
    };
    if name == &**identifier {
        return Arc::clone(identifier);
    }
    Arc::from(name)
}

impl Update {
    /// Returns the events with the names of their groups.
    pub(super) fn into_found(self) -> Vec<Found> {
        let events = self.events.into_iter();
        let found = events.map(|(group, event)| Found {
            group: name_of(&group),
            event,
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_known_by_each_of_its_names() {
        for name in [
            "/ecs/production-batch",
            "123456789012:/ecs/production-batch",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/production-batch",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/production-batch:*",
        ] {
            assert_eq!(&*name_of(&Arc::from(name)), "/ecs/production-batch");
        }
    }

    #[test]
    fn prefixes_are_for_one_group_and_not_for_too_many_streams() {
        let group = |name: &str| Group {
            name: Arc::from(name),
            arn: format!("arn:aws:logs:eu-west-1:123456789012:log-group:{name}"),
            is_live: true,
        };
        let count = |groups: &[Group], prefixes: usize| {
            let prefixes = vec![Arc::from("ecs/batch/"); prefixes];
            LiveTailCall::of(groups, &prefixes, None).prefixes.len()
        };
        assert_eq!(count(&[group("a")], 0), 0);
        assert_eq!(count(&[group("a")], MOST_PREFIXES), MOST_PREFIXES);
        assert_eq!(count(&[group("a")], MOST_PREFIXES + 1), 0);
        assert_eq!(count(&[group("a"), group("b")], 1), 0);
    }

    #[test]
    fn only_groups_of_the_standard_class_are_live() {
        let of = |class: Option<&str>| {
            Group::of(GroupFacts {
                arn: Some("arn".to_owned()),
                class: class.map(str::to_owned),
                ..GroupFacts::default()
            })
        };
        let is_live = |class| of(class).expect("an ARN").is_live;
        assert!(is_live(None) && is_live(Some("STANDARD")));
        assert!(!is_live(Some("INFREQUENT_ACCESS")));
        assert_eq!(Group::of(GroupFacts::default()), None);
    }
}
