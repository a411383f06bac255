//! AWS, for the commands that ask it: which region, as whom, and what to do when it says no.
//!
//! `--profile` beats the credentials of the environment, as in AWS's own command line. Everything that no flag and
//! no configuration says follows AWS's own rules.

mod clock;
mod console;
pub(super) mod discover;
mod identity;
mod logs;
mod profiles;
pub(super) mod regions;
mod table;

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials};

use tokio::runtime::{Builder, Runtime};

use super::Failure;
use super::context::Context;
use super::environment::without_user;
use super::shell::quoted;

pub(super) use clock::{ODD, ServiceClock, apart};
pub(super) use console::tell as tell_console;
pub(super) use identity::{Caller, caller};
pub(super) use logs::{Logs, cache, within};
pub(super) use regions::{
    Opened, Region, find as find_regions, found as found_regions, knows_stage,
};
pub(super) use table::{Place, Service};

/// How long the service may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one call may take, with the attempts that it is made of.
const CALL: Duration = Duration::from_secs(30);

/// Which region is asked, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// What flags or configuration say.
    pub(super) region: Option<String>,
    profile: Option<String>,
    endpoint: Option<String>,
    identity: Identity,
}

/// Whose credentials are used.
#[derive(Clone, Debug)]
enum Identity {
    /// Those of the variables.
    Environment,
    /// Those of a profile that has a name.
    Profile(String),
    /// Whatever AWS's own rules find.
    Default,
}

impl Account {
    /// Decides who asks for a stage, and where.
    fn of_stage(context: &Context, stage: Option<&str>) -> Self {
        let configured = stage.and_then(|name| context.config.stages.get(name));
        let flags = &context.aws;
        let region = flags.region.clone();
        Self {
            region: region.or_else(|| configured?.region.clone()),
            profile: flags.profile.clone(),
            endpoint: flags.endpoint_url.clone(),
            identity: Identity::of(context),
        }
    }

    /// Returns the region that flags or configuration name.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Describes it: ``ap-northeast-1, with profile `y` ``.
    fn describe(&self) -> String {
        let region = self.region.as_deref().unwrap_or("the default region");
        format!("{region}, with {}", self.identity.describe())
    }

    /// Returns the flags with which AWS's own command line asks there, as the same: what variables say, they say to it
    /// as well.
    fn flags(&self, region: &str) -> String {
        let endpoint = self.endpoint.as_deref().map(without_user);
        let optional = [
            ("--profile", self.profile.as_deref()),
            ("--endpoint-url", endpoint.as_deref()),
        ];
        let mut flags = format!("--region {}", quoted(region));
        for (flag, value) in optional {
            if let Some(value) = value {
                flags = format!("{flags} {flag} {}", quoted(value));
            }
        }
        flags
    }

    /// Finds region and credentials for what is described.
    async fn load(&self, what: &str) -> Result<(SdkConfig, Credentials), Failure> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_timeout(CALL)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        if let Some(region) = &self.region {
            loader = loader.region(aws_config::Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader
                .profile_name(profile)
                .credentials_provider(self.of_profile(profile).await);
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let sdk = loader.load().await;
        let Some(provider) = sdk.credentials_provider() else {
            return Err(self.no_credentials(what, "nothing provides any").await);
        };
        match provider.provide_credentials().await {
            Ok(credentials) => Ok((sdk, credentials)),
            Err(error) => Err(self.no_credentials(what, &last_cause(&error)).await),
        }
    }

    /// Returns the credentials of a profile by name; those of the environment, which usually come first, do not count.
    async fn of_profile(&self, profile: &str) -> ProfileFileCredentialsProvider {
        let mut config = ProviderConfig::with_default_region().await;
        if let Some(region) = &self.region {
            config = config.with_region(Some(aws_config::Region::new(region.clone())));
        }
        ProfileFileCredentialsProvider::builder()
            .configure(&config)
            .profile_name(profile)
            .build()
    }

    async fn no_credentials(&self, what: &str, cause: &str) -> Failure {
        let failure = Failure::incomplete(format!("there are no AWS credentials for {what}"));
        if let Identity::Profile(name) = &self.identity
            && let Some(missing) = profiles::missing(name).await
        {
            return failure.cause(missing.cause).hint(missing.hint);
        }
        // The first line says it; the others list what was tried.
        let cause = cause.lines().next().unwrap_or_default();
        failure
            .cause(cause.trim_end_matches(". Attempted:"))
            .hint(format!(
                "{}; `aws configure list-profiles` lists the profiles",
                self.identity.login()
            ))
    }
}

impl Identity {
    /// A profile that is named by flag beats the variables, those beat `AWS_PROFILE`.
    fn of(context: &Context) -> Self {
        let variable = |name: &str| context.environment.variable(name).map(str::to_owned);
        match &context.aws.profile {
            Some(profile) => Self::Profile(profile.clone()),
            None if variable("AWS_ACCESS_KEY_ID").is_some() => Self::Environment,
            None => variable("AWS_PROFILE").map_or(Self::Default, Self::Profile),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Environment => "the credentials in AWS_ACCESS_KEY_ID".to_owned(),
            Self::Profile(profile) => format!("profile `{profile}`"),
            Self::Default => "the default profile".to_owned(),
        }
    }

    /// Returns what makes new credentials, as a hint.
    fn login(&self) -> String {
        match self {
            Self::Environment => {
                "set new ones, or log in and name the profile: aws sso login --profile NAME"
                    .to_owned()
            }
            Self::Profile(profile) => format!("aws sso login --profile {profile}"),
            Self::Default => "aws sso login".to_owned(),
        }
    }
}

/// Creates what waits for the answers of AWS.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::incomplete("cannot wait for AWS").cause(error.to_string()))
}

fn no_region() -> Failure {
    Failure::usage("the AWS region is not known").hint(
        "`--region ap-northeast-1`, or `region` below the stage in logq.toml, or AWS_REGION"
            .to_owned(),
    )
}

fn last_cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_paste_ask_the_same_place_and_tell_no_secret() {
        let account = |profile: Option<&str>, endpoint: Option<&str>| Account {
            region: None,
            profile: profile.map(str::to_owned),
            endpoint: endpoint.map(str::to_owned),
            identity: Identity::Default,
        };
        let flags = |profile, endpoint| account(profile, endpoint).flags("eu-west-1");
        assert_eq!(flags(None, None), "--region eu-west-1");
        assert_eq!(
            flags(Some("my shop"), Some("http://me:secret@localhost:4566?a&b")),
            "--region eu-west-1 --profile 'my shop' --endpoint-url 'http://localhost:4566?a&b'"
        );
    }
}
