//! What can go wrong with a call to CloudWatch Logs: which call it was, on which log group, asked by whom, and what
//! mends it.

use std::sync::Arc;

use thiserror::Error;

/// Who asks, and where: said in every error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The AWS region.
    pub region: String,
    /// Whose credentials are used, such as ``profile `x` ``.
    pub identity: String,
    /// What makes new credentials, as a hint.
    pub login: String,
    /// The flags with which AWS's own command line asks the same, such as `--region eu-west-1`.
    pub flags: String,
}

/// What a failed call means for whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The account makes too many calls: the same call succeeds later.
    Throttled,
    /// The service failed or could not be reached: the same call may succeed.
    Unavailable,
    /// There was no answer in time: the same call may succeed.
    Silent,
    /// The user's time-out passed.
    OutOfTime,
    /// The page's token is of no use any more.
    TokenLost,
    /// The credentials were good and are not any more.
    Expired,
    /// The credentials are not accepted, or there are none.
    Unknown,
    /// The identity may not make this call.
    Denied,
    /// There is no such log group.
    Missing,
    /// The clock of this machine is too far from the service's.
    Clock,
    /// The service took the call for a mistake.
    Refused,
}

impl Kind {
    /// Returns whether the same call may succeed when it is made again.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Silent)
    }

    /// Returns whether no other call with the same credentials can succeed either.
    pub fn concerns_all(self) -> bool {
        matches!(
            self,
            Self::Expired | Self::Unknown | Self::Clock | Self::OutOfTime
        )
    }
}

/// A call that failed.
#[derive(Clone, Debug, Error)]
#[error("{}", self.message())]
pub struct CallError {
    /// What it means.
    pub kind: Kind,
    /// The operation, such as `FilterLogEvents`.
    pub operation: &'static str,
    /// The log group it was about; empty for none.
    pub group: Arc<str>,
    /// Who asked, and where.
    pub place: Arc<Place>,
    /// What the service said.
    pub reason: String,
}

impl CallError {
    fn message(&self) -> String {
        let operation = self.operation;
        let place = self.place();
        let on = if self.group.is_empty() { "in " } else { "on " };
        match self.kind {
            Kind::Missing if self.group.is_empty() => {
                format!("CloudWatch Logs found nothing for {operation} in {place}")
            }
            Kind::Throttled => format!("CloudWatch Logs throttles {operation} {on}{place}"),
            Kind::Unavailable | Kind::Silent => {
                format!("CloudWatch Logs did not answer {operation} {on}{place}")
            }
            Kind::OutOfTime => format!("time is up before {operation} was done {on}{place}"),
            Kind::TokenLost => format!("CloudWatch Logs lost its place in {place}"),
            Kind::Expired => format!("the AWS credentials have expired, for {place}"),
            Kind::Unknown => format!("AWS does not accept the credentials, for {place}"),
            Kind::Denied => format!("AWS refused logs:{operation} {on}{place}"),
            Kind::Missing => format!("there is no {place}"),
            Kind::Clock => {
                "the clock of this machine is wrong, and AWS refuses its calls".to_owned()
            }
            Kind::Refused => format!("CloudWatch Logs did not do {operation} {on}{place}"),
        }
    }

    /// Describes what was asked for: ``log group `x` in ap-northeast-1, with profile `y` ``.
    fn place(&self) -> String {
        let Place {
            region, identity, ..
        } = &*self.place;
        match &*self.group {
            "" => format!("{region}, with {identity}"),
            group => format!("log group `{group}` in {region}, with {identity}"),
        }
    }

    /// Returns whether it is a limit on what may be at once, which time alone does not lift.
    pub(super) fn is_limit(&self) -> bool {
        self.reason.starts_with("LimitExceededException")
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.kind {
            Kind::Throttled => {
                "others in the account use up the quota; try again, or with a shorter window"
                    .to_owned()
            }
            Kind::Unavailable | Kind::Silent => {
                "check the network, the region and `--endpoint-url`".to_owned()
            }
            Kind::OutOfTime => "give it longer with --timeout, or take a shorter window".to_owned(),
            Kind::Expired | Kind::Unknown => self.place.login.clone(),
            Kind::Denied if self.group.is_empty() => {
                format!("allow `logs:{}` to that identity", self.operation)
            }
            Kind::Denied => format!(
                "allow `logs:{}` on the log group to that identity",
                self.operation
            ),
            Kind::Missing => {
                "check `[groups]` in logq.toml, `--stage`, `--region` and `--profile`".to_owned()
            }
            Kind::Clock => {
                "set the clock, for example by turning on time synchronisation".to_owned()
            }
            Kind::TokenLost | Kind::Refused => return None,
        };
        Some(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn error(kind: Kind) -> CallError {
        CallError {
            kind,
            operation: "FilterLogEvents",
            group: Arc::from("/ecs/production-batch"),
            place: Arc::new(Place {
                region: "ap-northeast-1".to_owned(),
                identity: "profile `shop`".to_owned(),
                login: "aws sso login --profile shop".to_owned(),
                flags: "--region ap-northeast-1 --profile shop".to_owned(),
            }),
            reason: String::new(),
        }
    }

    #[test]
    fn an_error_names_the_call_the_group_and_who_asked() {
        assert_eq!(
            error(Kind::Denied).to_string(),
            "AWS refused logs:FilterLogEvents on log group `/ecs/production-batch` in ap-northeast-1, with profile `shop`"
        );
        assert_eq!(
            error(Kind::Denied).hint().as_deref(),
            Some("allow `logs:FilterLogEvents` on the log group to that identity")
        );
    }

    #[test]
    fn one_about_no_group_names_the_region_alone() {
        let about_all = |kind| CallError {
            operation: "PutQueryDefinition",
            group: Arc::from(""),
            ..error(kind)
        };
        assert_eq!(
            about_all(Kind::Denied).to_string(),
            "AWS refused logs:PutQueryDefinition in ap-northeast-1, with profile `shop`"
        );
        assert_eq!(
            about_all(Kind::Denied).hint().as_deref(),
            Some("allow `logs:PutQueryDefinition` to that identity")
        );
        assert_eq!(
            about_all(Kind::Missing).to_string(),
            "CloudWatch Logs found nothing for PutQueryDefinition in ap-northeast-1, with profile `shop`"
        );
    }

    #[test]
    fn expired_credentials_say_how_to_log_in() {
        assert_eq!(
            error(Kind::Expired).hint().as_deref(),
            Some("aws sso login --profile shop")
        );
        assert!(Kind::Expired.concerns_all());
        assert!(!Kind::Denied.concerns_all());
    }
}
