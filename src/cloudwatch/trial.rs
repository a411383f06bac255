//! Whether an identity may make a call, found out by making it so that it costs nothing and changes nothing.
//!
//! The service looks at permissions before it looks at what it is asked. So a call that it refuses for what stands in
//! it, such as a query that is none, or a query id that nobody has, is a call that may be made.

use std::future::Future;
use std::sync::Arc;

use super::{CallError, Client, Kind};

/// The id of a query, or of a query definition, that there is not.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";
/// The name of a stream that there is not.
const NO_STREAM: &str = "logq-doctor";
/// A text that is no query in the language of Logs Insights.
const NO_QUERY: &str = "this is no query | logq doctor";

/// A call that some command makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trial {
    /// Reads events of a group.
    FilterLogEvents,
    /// Lists the streams of a group.
    DescribeLogStreams,
    /// Reads the events of one stream.
    GetLogEvents,
    /// Lists log groups.
    DescribeLogGroups,
    /// Starts a query on the Logs Insights service.
    StartQuery,
    /// Fetches the rows of a query.
    GetQueryResults,
    /// Ends a query early.
    StopQuery,
    /// Follows a group.
    StartLiveTail,
    /// Lists saved queries of the service.
    DescribeQueryDefinitions,
    /// Saves a query on the service.
    PutQueryDefinition,
}

impl Trial {
    /// Those about one log group.
    pub const OF_GROUP: [Self; 5] = [
        Self::FilterLogEvents,
        Self::DescribeLogStreams,
        Self::GetLogEvents,
        Self::StartQuery,
        Self::StartLiveTail,
    ];

    /// Those about no log group.
    pub const OF_REGION: [Self; 5] = [
        Self::DescribeLogGroups,
        Self::GetQueryResults,
        Self::StopQuery,
        Self::DescribeQueryDefinitions,
        Self::PutQueryDefinition,
    ];

    /// Returns the name as AWS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FilterLogEvents => "FilterLogEvents",
            Self::DescribeLogStreams => "DescribeLogStreams",
            Self::GetLogEvents => "GetLogEvents",
            Self::DescribeLogGroups => "DescribeLogGroups",
            Self::StartQuery => "StartQuery",
            Self::GetQueryResults => "GetQueryResults",
            Self::StopQuery => "StopQuery",
            Self::StartLiveTail => "StartLiveTail",
            Self::DescribeQueryDefinitions => "DescribeQueryDefinitions",
            Self::PutQueryDefinition => "PutQueryDefinition",
        }
    }

    /// Tells from the end of the call whether it may be made; an error when the end does not say.
    pub fn verdict(self, end: Result<(), CallError>) -> Result<(), CallError> {
        match end {
            // What was refused for its content was let in.
            Err(error) if error.kind == Kind::Refused && self.is_meant_to_fail() => Ok(()),
            Err(error) if error.kind == Kind::Missing && self.asks_for_nothing() => Ok(()),
            // Others run as many queries or sessions as may run at once.
            Err(error) if error.is_limit() => Ok(()),
            end => end,
        }
    }

    fn is_meant_to_fail(self) -> bool {
        matches!(self, Self::StartQuery) || self.asks_for_nothing()
    }

    fn asks_for_nothing(self) -> bool {
        matches!(
            self,
            Self::GetQueryResults | Self::StopQuery | Self::PutQueryDefinition
        )
    }
}

/// What a call about a group needs to know of it.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The group's name.
    pub group: Arc<str>,
    /// Its ARN.
    pub arn: Option<String>,
    /// One of its streams.
    pub stream: Option<String>,
    /// An instant at which there may be events.
    pub at: i64,
}

/// The calls, made so that they do nothing.
pub trait Trials: Send + Sync + 'static {
    /// Makes a call; a group without an ARN or stream is asked for one that there is not.
    fn try_call(
        &self,
        trial: Trial,
        subject: Subject,
    ) -> impl Future<Output = Result<(), CallError>> + Send;
}

impl Trials for Client {
    async fn try_call(&self, trial: Trial, subject: Subject) -> Result<(), CallError> {
        let end = match trial {
            Trial::FilterLogEvents => self.try_filter_log_events(&subject).await,
            Trial::DescribeLogStreams => self.try_describe_log_streams(&subject).await,
            Trial::GetLogEvents => self.try_get_log_events(&subject).await,
            Trial::DescribeLogGroups => self.try_describe_log_groups().await,
            Trial::StartQuery => self.try_start_query(&subject).await,
            Trial::GetQueryResults => self.try_get_query_results().await,
            Trial::StopQuery => self.try_stop_query().await,
            Trial::StartLiveTail => self.try_start_live_tail(&subject).await,
            Trial::DescribeQueryDefinitions => self.try_describe_query_definitions().await,
            Trial::PutQueryDefinition => self.try_put_query_definition().await,
        };
        trial.verdict(end)
    }
}

impl Client {
    /// Reads a millisecond, one event at most.
    async fn try_filter_log_events(&self, subject: &Subject) -> Result<(), CallError> {
        let call = self.sdk().filter_log_events();
        let end = call
            .log_group_name(&*subject.group)
            .start_time(subject.at)
            .end_time(subject.at)
            .limit(1)
            .send();
        let error = |error| self.error("FilterLogEvents", &subject.group, &error);
        end.await.map(drop).map_err(error)
    }

    async fn try_describe_log_streams(&self, subject: &Subject) -> Result<(), CallError> {
        let call = self.sdk().describe_log_streams();
        let end = call.log_group_name(&*subject.group).limit(1).send();
        let error = |error| self.error("DescribeLogStreams", &subject.group, &error);
        end.await.map(drop).map_err(error)
    }

    /// Reads a millisecond of a stream, one event at most.
    async fn try_get_log_events(&self, subject: &Subject) -> Result<(), CallError> {
        let call = self.sdk().get_log_events();
        let end = call
            .log_group_name(&*subject.group)
            .log_stream_name(subject.stream.as_deref().unwrap_or(NO_STREAM))
            .start_time(subject.at)
            .end_time(subject.at + 1)
            .limit(1)
            .send();
        match end.await {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = self.error("GetLogEvents", &subject.group, &error);
                // The group is there, so it is the stream that is missing.
                if error.kind == Kind::Missing && subject.stream.is_none() {
                    return Ok(());
                }
                Err(error)
            }
        }
    }

    async fn try_describe_log_groups(&self) -> Result<(), CallError> {
        let end = self.sdk().describe_log_groups().limit(1).send();
        let error = |error| self.error("DescribeLogGroups", &Arc::from(""), &error);
        end.await.map(drop).map_err(error)
    }

    /// Asks for what is no query, so that nothing is scanned.
    async fn try_start_query(&self, subject: &Subject) -> Result<(), CallError> {
        let call = self.sdk().start_query();
        let end = call
            .log_group_name(&*subject.group)
            .start_time(subject.at / 1000)
            .end_time(subject.at / 1000)
            .query_string(NO_QUERY)
            .limit(1)
            .send();
        match end.await {
            // A service that takes anything for a query has one running now.
            Ok(started) => {
                let call = self.sdk().stop_query().set_query_id(started.query_id);
                // It is over a millisecond's events: that it cannot be stopped any more is no harm.
                let _ = call.send().await;
                Ok(())
            }
            Err(error) => Err(self.error("StartQuery", &subject.group, &error)),
        }
    }

    async fn try_get_query_results(&self) -> Result<(), CallError> {
        let end = self.sdk().get_query_results().query_id(NO_ID).send();
        let error = |error| self.error("GetQueryResults", &Arc::from(""), &error);
        end.await.map(drop).map_err(error)
    }

    async fn try_stop_query(&self) -> Result<(), CallError> {
        let end = self.sdk().stop_query().query_id(NO_ID).send();
        let error = |error| self.error("StopQuery", &Arc::from(""), &error);
        end.await.map(drop).map_err(error)
    }

    /// Opens a session, which ends when it is dropped.
    async fn try_start_live_tail(&self, subject: &Subject) -> Result<(), CallError> {
        let call = self.sdk().start_live_tail();
        let end = call
            .log_group_identifiers(subject.arn.as_deref().unwrap_or(&subject.group))
            .send();
        let error = |error| self.error("StartLiveTail", &subject.group, &error);
        end.await.map(drop).map_err(error)
    }

    async fn try_describe_query_definitions(&self) -> Result<(), CallError> {
        let end = self
            .sdk()
            .describe_query_definitions()
            .max_results(1)
            .send();
        let error = |error| self.error("DescribeQueryDefinitions", &Arc::from(""), &error);
        end.await.map(drop).map_err(error)
    }

    /// Asks for a change of a definition that there is not.
    async fn try_put_query_definition(&self) -> Result<(), CallError> {
        let call = self.sdk().put_query_definition();
        let end = call
            .query_definition_id(NO_ID)
            .name("logq/doctor")
            .query_string("fields @timestamp | limit 1")
            .send();
        let error = |error| self.error("PutQueryDefinition", &Arc::from(""), &error);
        end.await.map(drop).map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(trial: Trial, kind: Kind) -> Result<(), Kind> {
        let error = CallError {
            kind,
            operation: trial.name(),
            group: Arc::from(""),
            place: Arc::default(),
            reason: String::new(),
        };
        trial.verdict(Err(error)).map_err(|error| error.kind)
    }

    #[test]
    fn what_is_refused_for_its_content_may_be_called() {
        assert_eq!(ended(Trial::StartQuery, Kind::Refused), Ok(()));
        assert_eq!(ended(Trial::GetQueryResults, Kind::Missing), Ok(()));
        assert_eq!(ended(Trial::StopQuery, Kind::Refused), Ok(()));
        assert_eq!(ended(Trial::PutQueryDefinition, Kind::Missing), Ok(()));
    }

    #[test]
    fn a_refusal_of_the_caller_stays_one() {
        for trial in Trial::OF_GROUP.into_iter().chain(Trial::OF_REGION) {
            assert_eq!(ended(trial, Kind::Denied), Err(Kind::Denied));
            assert_eq!(ended(trial, Kind::Silent), Err(Kind::Silent));
        }
        assert_eq!(ended(Trial::StartQuery, Kind::Missing), Err(Kind::Missing));
        assert_eq!(
            ended(Trial::FilterLogEvents, Kind::Refused),
            Err(Kind::Refused)
        );
    }
}
