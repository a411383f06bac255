//! Errors of AWS calls in a few words of our own.

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};

/// Returns why a call failed: the service's error code, or what kept it from answering.
///
/// The service's own words are left out, since they may quote what was sent.
pub(crate) fn reason<E, R>(error: &SdkError<E, R>) -> String
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    let reason = match error {
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_io() => "cannot connect",
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            "the call cannot be made; region or credentials may be missing"
        }
        _ => error.code().unwrap_or("an answer that cannot be read"),
    };
    reason.to_owned()
}
