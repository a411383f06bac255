//! AWS, for the commands that ask it: which table, as whom, and what to do when it says no.
//!
//! `--profile` beats the credentials of the environment, as in AWS's own command line. Everything that no flag and
//! no configuration says follows AWS's own rules.

use std::future::Future;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials};
use tokio::runtime::{Builder, Runtime};

use super::Failure;
use super::context::Context;
use crate::state::{Dynamo, StoreError};

/// Where to find a table's name.
const PRINTED: &str = "the deploy prints it as `TableName`, Terraform as `table_name`";
/// How long the service may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one call may take, with the attempts that it is made of.
const CALL: Duration = Duration::from_secs(30);

/// Which table is asked, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Place {
    table: String,
    /// What flags or configuration say.
    region: Option<String>,
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

/// A table that can be asked.
pub(super) struct Service {
    runtime: Runtime,
    /// The table.
    pub(super) store: Dynamo,
    place: Place,
}

impl Place {
    /// Decides which table of a stage is asked: that of the environment, else that of the configuration.
    pub(super) fn of_stage(context: &Context, stage: Option<&str>) -> Result<Self, Failure> {
        let configured = stage.and_then(|name| context.config.stages.get(name));
        let variable = |name: &str| context.environment.variable(name).map(str::to_owned);
        let table = variable("LOGQ_TABLE")
            .or_else(|| configured?.table.clone())
            .ok_or_else(|| no_table(stage))?;
        let flags = &context.aws;
        let region = flags.region.clone();
        Ok(Self {
            table,
            region: region.or_else(|| configured?.region.clone()),
            profile: flags.profile.clone(),
            endpoint: flags.endpoint_url.clone(),
            identity: Identity::of(context),
        })
    }

    /// Describes it: ``table `x` in ap-northeast-1, with profile `y` ``.
    pub(super) fn describe(&self) -> String {
        let region = self.region.as_deref().unwrap_or("the default region");
        let identity = self.identity.describe();
        format!("table `{}` in {region}, with {identity}", self.table)
    }

    async fn load(&self) -> Result<(SdkConfig, Credentials), Failure> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_timeout(CALL)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
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
            return Err(self.no_credentials("nothing provides any"));
        };
        match provider.provide_credentials().await {
            Ok(credentials) => Ok((sdk, credentials)),
            Err(error) => Err(self.no_credentials(&last_cause(&error))),
        }
    }

    /// Returns the credentials of a profile by name; those of the environment, which usually come first, do not count.
    async fn of_profile(&self, profile: &str) -> ProfileFileCredentialsProvider {
        let mut config = ProviderConfig::with_default_region().await;
        if let Some(region) = &self.region {
            config = config.with_region(Some(Region::new(region.clone())));
        }
        ProfileFileCredentialsProvider::builder()
            .configure(&config)
            .profile_name(profile)
            .build()
    }

    fn no_credentials(&self, cause: &str) -> Failure {
        let place = self.describe();
        // The first line says it; the others list what was tried.
        let cause = cause.lines().next().unwrap_or_default();
        Failure::incomplete(format!("there are no AWS credentials for {place}"))
            .cause(cause.trim_end_matches(". Attempted:"))
            .hint(format!(
                "{}; `aws configure list-profiles` lists the profiles",
                self.identity.login()
            ))
    }

    /// Words what the table's service said; `written` is what writing takes, such as `dynamodb:PutItem`.
    fn failure(&self, error: &StoreError, written: &str) -> Failure {
        let place = self.describe();
        let permission = match error.operation {
            // A transaction needs the permissions of its parts.
            "TransactWriteItems" => written.to_owned(),
            operation => format!("dynamodb:{operation}"),
        };
        let login = || Some(self.identity.login());
        let (message, hint) = match error.code.as_deref() {
            Some("AccessDeniedException") => (
                format!("AWS refused {permission} on {place}"),
                Some(format!(
                    "allow `{permission}` on the table to that identity"
                )),
            ),
            Some("ExpiredTokenException") => (
                format!("the AWS credentials have expired, for {place}"),
                login(),
            ),
            Some(
                "UnrecognizedClientException"
                | "InvalidSignatureException"
                | "IncompleteSignatureException"
                | "MissingAuthenticationTokenException",
            ) => (
                format!("AWS does not accept the credentials, for {place}"),
                login(),
            ),
            Some("ResourceNotFoundException") => (
                format!("there is no {place}"),
                Some(format!(
                    "check the name ({PRINTED}), `--region` and `--profile`"
                )),
            ),
            Some(_) => (format!("AWS did not do {permission} on {place}"), None),
            None => (
                format!("DynamoDB did not answer {permission} on {place}"),
                Some("check the network, the region and `--endpoint-url`".to_owned()),
            ),
        };
        Failure::incomplete(message).cause(&error.reason).hint(hint)
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

impl Service {
    /// Finds region and credentials; the table itself is not asked yet.
    pub(super) fn open(mut place: Place) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::incomplete("cannot wait for AWS").cause(error.to_string()))?;
        let (sdk, credentials) = runtime.block_on(place.load())?;
        let Some(region) = sdk.region() else {
            return Err(no_region());
        };
        place.region = Some(region.to_string());
        // The credentials are at hand; a provider would be asked for them once more.
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk)
            .credentials_provider(credentials)
            .build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        Ok(Self {
            runtime,
            store: Dynamo::new(&client, &place.table),
            place,
        })
    }

    /// Waits for an answer of the table; `written` is the permission that a write of it takes.
    pub(super) fn wait<T>(
        &self,
        written: &str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Failure> {
        self.runtime
            .block_on(work)
            .map_err(|error| self.place.failure(&error, written))
    }
}

fn no_table(stage: Option<&str>) -> Failure {
    let stage = stage.unwrap_or("production");
    Failure::usage(format!("the table of the stage `{stage}` is not known"))
        .cause(format!(
            "silences are kept in the table of the stage's stack; {PRINTED}"
        ))
        .hint(format!(
            "write `table = \"NAME\"` below `[stages.{stage}]` in logq.toml, or set LOGQ_TABLE"
        ))
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
