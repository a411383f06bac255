//! Who the credentials are of, as the token service says, which tells it to everybody who asks about himself.

use aws_config::SdkConfig;

use crate::cloudwatch::{Kind, call_kind, call_reason};

/// An identity in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Caller {
    /// The account's number.
    pub(in crate::cli) account: String,
    /// The ARN of a user, or of a role that was assumed.
    pub(in crate::cli) arn: String,
}

/// Asks whose credentials these are; an error is what it means, and what the service said.
pub(in crate::cli) async fn caller(sdk: &SdkConfig) -> Result<Caller, (Kind, String)> {
    let client = aws_sdk_sts::Client::new(sdk);
    let answer = client.get_caller_identity().send().await;
    let answer = answer.map_err(|error| (call_kind(&error), call_reason(&error)))?;
    Ok(Caller {
        account: answer.account.unwrap_or_default(),
        arn: answer.arn.unwrap_or_default(),
    })
}
