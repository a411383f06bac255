//! The table of a stage's stack, for the commands that read or write it.

use std::future::Future;

use tokio::runtime::Runtime;

use super::super::Failure;
use super::super::context::Context;
use super::{Account, no_region, runtime};
use crate::state::{Dynamo, StoreError};

/// Where to find a table's name.
const PRINTED: &str = "the deploy prints it as `TableName`, Terraform as `table_name`";

/// Which table is asked, and as whom.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Place {
    table: String,
    account: Account,
}

/// A table that can be asked.
pub(in crate::cli) struct Service {
    runtime: Runtime,
    /// The table.
    pub(in crate::cli) store: Dynamo,
    place: Place,
}

impl Place {
    /// Decides which table of a stage is asked: that of the environment, else that of the configuration.
    pub(in crate::cli) fn of_stage(
        context: &Context,
        stage: Option<&str>,
    ) -> Result<Self, Failure> {
        let configured = stage.and_then(|name| context.config.stages.get(name));
        let variable = |name: &str| context.environment.variable(name).map(str::to_owned);
        let table = variable("LOGQ_TABLE")
            .or_else(|| configured?.table.clone())
            .ok_or_else(|| no_table(stage))?;
        Ok(Self {
            table,
            account: Account::of_stage(context, stage),
        })
    }

    /// Describes it: ``table `x` in ap-northeast-1, with profile `y` ``.
    pub(in crate::cli) fn describe(&self) -> String {
        format!("table `{}` in {}", self.table, self.account.describe())
    }

    /// Words what the table's service said; `written` is what writing takes, such as `dynamodb:PutItem`.
    fn failure(&self, error: &StoreError, written: &str) -> Failure {
        let place = self.describe();
        let permission = match error.operation {
            // A transaction needs the permissions of its parts.
            "TransactWriteItems" => written.to_owned(),
            operation => format!("dynamodb:{operation}"),
        };
        let login = || Some(self.account.identity.login());
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

impl Service {
    /// Finds region and credentials; the table itself is not asked yet.
    pub(in crate::cli) fn open(mut place: Place) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let (sdk, credentials) = runtime.block_on(place.account.load(&place.describe()))?;
        let Some(region) = sdk.region() else {
            return Err(no_region());
        };
        place.account.region = Some(region.to_string());
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
    pub(in crate::cli) fn wait<T>(
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
