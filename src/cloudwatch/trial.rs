//! Whether an identity may make a call, found out by making it so that it costs nothing and changes nothing.
//!
//! The service looks at permissions before it looks at what it is asked. So a call that it refuses for what stands in
//! it, such as a query that is none, or a query id that nobody has, is a call that may be made.

use std::sync::Arc;

use super::{Action, CallError, Client, Kind};

/// The id of a query, or of a query definition, that there is not.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";
/// The name of a stream that there is not.
const NO_STREAM: &str = "logq-doctor";
/// A text that is no query in the language of Logs Insights.
const NO_QUERY: &str = "this is no query | logq doctor";

impl Action {
    /// Those that are about one log group.
    pub const OF_GROUP: [Self; 5] = [
        Self::FilterLogEvents,
        Self::DescribeLogStreams,
        Self::GetLogEvents,
        Self::StartQuery,
        Self::StartLiveTail,
    ];

    /// Those that are about none.
    pub const OF_REGION: [Self; 6] = [
        Self::DescribeLogGroups,
        Self::GetQueryResults,
        Self::StopQuery,
        Self::DescribeQueryDefinitions,
        Self::PutQueryDefinition,
        Self::DeleteQueryDefinition,
    ];

    /// Tells from the end of the call whether it may be made; an error when the end does not say.
    fn verdict(self, end: Result<(), CallError>) -> Result<(), CallError> {
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
            Self::GetQueryResults
                | Self::StopQuery
                | Self::PutQueryDefinition
                | Self::DeleteQueryDefinition
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

impl Client {
    /// Makes a call so that it does nothing; a group without an ARN or stream is asked for one that there is not.
    pub async fn try_call(&self, action: Action, subject: Subject) -> Result<(), CallError> {
        let end = match action {
            Action::FilterLogEvents => self.try_filter_log_events(&subject).await,
            Action::DescribeLogStreams => self.try_describe_log_streams(&subject).await,
            Action::GetLogEvents => self.try_get_log_events(&subject).await,
            Action::DescribeLogGroups => self.try_describe_log_groups().await,
            Action::StartQuery => self.try_start_query(&subject).await,
            Action::GetQueryResults => self.try_get_query_results().await,
            Action::StopQuery => self.try_stop_query().await,
            Action::StartLiveTail => self.try_start_live_tail(&subject).await,
            Action::DescribeQueryDefinitions => self.try_describe_query_definitions().await,
            Action::PutQueryDefinition => self.try_put_query_definition().await,
            Action::DeleteQueryDefinition => self.try_delete_query_definition().await,
        };
        action.verdict(end)
    }

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

    /// Removes a definition that there is not.
    async fn try_delete_query_definition(&self) -> Result<(), CallError> {
        let call = self.sdk().delete_query_definition();
        let end = call.query_definition_id(NO_ID).send();
        let error = |error| self.error("DeleteQueryDefinition", &Arc::from(""), &error);
        end.await.map(drop).map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(action: Action, kind: Kind) -> Result<(), Kind> {
        let error = CallError {
            kind,
            operation: action.name(),
            group: Arc::from(""),
            place: Arc::default(),
            reason: String::new(),
        };
        action.verdict(Err(error)).map_err(|error| error.kind)
    }

    #[test]
    fn what_is_refused_for_its_content_may_be_called() {
        assert_eq!(ended(Action::StartQuery, Kind::Refused), Ok(()));
        assert_eq!(ended(Action::GetQueryResults, Kind::Missing), Ok(()));
        assert_eq!(ended(Action::StopQuery, Kind::Refused), Ok(()));
        assert_eq!(ended(Action::PutQueryDefinition, Kind::Missing), Ok(()));
        assert_eq!(ended(Action::DeleteQueryDefinition, Kind::Missing), Ok(()));
    }

    #[test]
    fn a_refusal_of_the_caller_stays_one() {
        for action in Action::OF_GROUP.into_iter().chain(Action::OF_REGION) {
            assert_eq!(ended(action, Kind::Denied), Err(Kind::Denied));
            assert_eq!(ended(action, Kind::Silent), Err(Kind::Silent));
        }
        assert_eq!(ended(Action::StartQuery, Kind::Missing), Err(Kind::Missing));
        assert_eq!(
            ended(Action::FilterLogEvents, Kind::Refused),
            Err(Kind::Refused)
        );
    }
}
