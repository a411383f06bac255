//! `GetCallerIdentity` of the token service, which speaks XML.

use super::{Answer, Context, Refusal};

pub(super) fn answer(context: &Context) -> Answer {
    let account = &context.service.account;
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/tester</Arn><UserId>AIDASIMULATED</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-{:012}</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>",
        context.number
    );
    Answer {
        body: body.into_bytes(),
        ..Answer::default()
    }
}

/// Returns the body of a refusal, whose codes are not those of the services that speak JSON.
pub(crate) fn refusal(refusal: &Refusal) -> Vec<u8> {
    let code = match refusal.code {
        "ExpiredTokenException" => "ExpiredToken",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
        "AccessDeniedException" => "AccessDenied",
        "ThrottlingException" => "Throttling",
        other => other,
    };
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{}</Message></Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId>\
         </ErrorResponse>",
        refusal.message
    );
    body.into_bytes()
}
