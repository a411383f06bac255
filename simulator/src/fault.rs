//! What goes wrong, and at which calls.

use serde::{Deserialize, Serialize};

/// A kind of fault, and the calls it happens to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// The action it happens to, whose calls are then counted alone; each when there is none.
    #[serde(default)]
    pub action: Option<String>,
    /// The number of the first call it happens to, from 1.
    #[serde(default = "one")]
    pub from: u64,
    /// It then happens to each Nth call.
    #[serde(default = "one")]
    pub every: u64,
    /// How often it happens at most.
    #[serde(default)]
    pub times: Option<u64>,
    /// The access key it happens to; each when there is none.
    #[serde(default)]
    pub access_key: Option<String>,
    /// The log group that is deleted, with [`FaultKind::GroupDeleted`].
    #[serde(default)]
    pub group: Option<String>,
    /// The time over which a body is sent, with [`FaultKind::SlowBody`].
    #[serde(default)]
    pub ms: u64,
}

fn one() -> u64 {
    1
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Status 500, `InternalFailure`.
    ServerError,
    /// Status 503, `ServiceUnavailableException`.
    Unavailable,
    /// `ThrottlingException`, whatever the quota is.
    Throttle,
    /// The connection is reset in the middle of the body.
    Reset,
    /// No answer ever comes.
    Hang,
    /// The body comes in pieces.
    SlowBody,
    /// `AccessDeniedException`.
    Denied,
    /// `LimitExceededException`: the account has as many of it as it may.
    Full,
    /// `ExpiredTokenException`: the credentials are over.
    ExpiredToken,
    /// A page without events, whose token leads to the page that would have come.
    EmptyPage,
    /// A page without events with the token that was sent, which works when it is sent again.
    RepeatToken,
    /// The page comes, and its token leads to the same page once more.
    RepeatPage,
    /// The log group is deleted just before the call.
    GroupDeleted,
}

impl Fault {
    /// Makes a fault of each call from one on.
    pub fn from_call(kind: FaultKind, from: u64) -> Self {
        Self {
            kind,
            action: None,
            from,
            every: 1,
            times: None,
            access_key: None,
            group: None,
            ms: 0,
        }
    }

    /// Makes a fault of one call.
    pub fn at_call(kind: FaultKind, number: u64) -> Self {
        Self {
            times: Some(1),
            ..Self::from_call(kind, number)
        }
    }

    /// Makes a fault of each Nth call.
    pub fn every(kind: FaultKind, every: u64) -> Self {
        Self {
            every,
            ..Self::from_call(kind, every)
        }
    }

    /// Returns the fault for one action alone, whose calls are counted by themselves.
    #[must_use]
    pub fn of(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Returns the fault for the calls that one access key signs.
    #[must_use]
    pub fn signed_by(mut self, access_key: &str) -> Self {
        self.access_key = Some(access_key.to_owned());
        self
    }

    /// Returns whether it happens to a call, given its number among all and among those of its action.
    pub(crate) fn happens(&self, action: &str, of_all: u64, of_action: u64, key: &str) -> bool {
        let concerned = self.action.as_deref().is_none_or(|name| name == action)
            && self.access_key.as_deref().is_none_or(|name| name == key);
        let number = if self.action.is_some() {
            of_action
        } else {
            of_all
        };
        let Some(past) = number.checked_sub(self.from) else {
            return false;
        };
        let every = self.every.max(1);
        let often = self.times.is_none_or(|times| past / every < times);
        concerned && often && past % every == 0
    }
}
