//! How many calls a second AWS allows, by action and region, as *CloudWatch Logs quotas* in its user guide says.
//!
//! The quotas are an account's in one region, shared by everybody in it. `[cloudwatch.quotas]` in `logq.toml` says
//! other numbers, for quotas that were raised or for a part that is left to others.

use std::collections::BTreeMap;

/// An operation of CloudWatch Logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// `FilterLogEvents`.
    FilterLogEvents,
    /// `GetLogEvents`.
    GetLogEvents,
    /// `DescribeLogStreams`.
    DescribeLogStreams,
    /// `DescribeLogGroups`.
    DescribeLogGroups,
    /// `DescribeQueryDefinitions`.
    DescribeQueryDefinitions,
    /// `PutQueryDefinition`.
    PutQueryDefinition,
    /// `DeleteQueryDefinition`.
    DeleteQueryDefinition,
    /// `StartQuery`.
    StartQuery,
    /// `GetQueryResults`.
    GetQueryResults,
    /// `StopQuery`.
    StopQuery,
    /// `StartLiveTail`.
    StartLiveTail,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::FilterLogEvents,
        Self::GetLogEvents,
        Self::DescribeLogStreams,
        Self::DescribeLogGroups,
        Self::DescribeQueryDefinitions,
        Self::PutQueryDefinition,
        Self::DeleteQueryDefinition,
        Self::StartQuery,
        Self::GetQueryResults,
        Self::StopQuery,
        Self::StartLiveTail,
    ];

    /// Returns the name as AWS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FilterLogEvents => "FilterLogEvents",
            Self::GetLogEvents => "GetLogEvents",
            Self::DescribeLogStreams => "DescribeLogStreams",
            Self::DescribeLogGroups => "DescribeLogGroups",
            Self::DescribeQueryDefinitions => "DescribeQueryDefinitions",
            Self::PutQueryDefinition => "PutQueryDefinition",
            Self::DeleteQueryDefinition => "DeleteQueryDefinition",
            Self::StartQuery => "StartQuery",
            Self::GetQueryResults => "GetQueryResults",
            Self::StopQuery => "StopQuery",
            Self::StartLiveTail => "StartLiveTail",
        }
    }

    /// Returns whether a call that nobody answered may be made again: a query that was started all the same would be
    /// charged for twice.
    pub(super) fn may_be_repeated(self) -> bool {
        self != Self::StartQuery
    }

    /// Returns AWS's default quota in a region, in calls a second.
    fn default_quota(self, region: &str) -> f64 {
        match (self, region) {
            (Self::FilterLogEvents, "us-east-1") | (Self::DescribeLogStreams, _) => 25.0,
            (
                Self::FilterLogEvents,
                "eu-central-1" | "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "il-central-1",
            )
            // Of definitions no quota is known; a few calls are all that is needed.
            | (
                Self::DescribeQueryDefinitions
                | Self::PutQueryDefinition
                | Self::DeleteQueryDefinition
                | Self::StartLiveTail,
                _,
            ) => 5.0,
            (Self::GetLogEvents, "eu-west-3") => 30.0,
            (
                Self::GetLogEvents,
                "us-west-2" | "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "eu-central-1"
                | "eu-west-1" | "il-central-1",
            )
            | (
                Self::FilterLogEvents
                | Self::DescribeLogGroups
                | Self::StartQuery
                | Self::GetQueryResults
                | Self::StopQuery,
                _,
            ) => 10.0,
            (Self::GetLogEvents, _) => 25.0,
        }
    }
}

/// The quotas by the names of operations, where the configuration says others than AWS's defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quotas(pub BTreeMap<String, f64>);

impl Quotas {
    /// Returns how many calls a second may be made in a region.
    pub fn of(&self, action: Action, region: &str) -> f64 {
        let configured = self.0.get(action.name()).copied();
        configured.unwrap_or_else(|| action.default_quota(region))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_its_quota_unless_the_configuration_has_another() {
        let mut quotas = Quotas::default();
        let filter = Action::FilterLogEvents;
        assert!((quotas.of(filter, "us-east-1") - 25.0).abs() < 1e-9);
        assert!((quotas.of(filter, "ap-northeast-1") - 10.0).abs() < 1e-9);
        assert!((quotas.of(filter, "eu-central-1") - 5.0).abs() < 1e-9);
        for (region, quota) in [
            ("eu-central-1", 10.0),
            ("eu-west-3", 30.0),
            ("ap-northeast-1", 25.0),
        ] {
            assert!((quotas.of(Action::GetLogEvents, region) - quota).abs() < 1e-9);
        }
        quotas.0.insert("FilterLogEvents".to_owned(), 50.0);
        assert!((quotas.of(filter, "eu-central-1") - 50.0).abs() < 1e-9);
    }
}
