//! `GetCallerIdentity` of the token service, which speaks XML.

use super::{Answer, Context};

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
