//! Who signed a request, and when. The signature itself is not checked: there is no secret.

use hyper::http::request::Parts;

use crate::api::Refusal;
use crate::service::system_now;
use crate::settings::Behaviour;

/// How far the clocks of client and service may be apart.
const TOLERANCE: i64 = 5 * 60_000;

/// Returns the access key that a request was signed with.
pub(super) fn access_key(head: &Parts) -> Option<&str> {
    credential(head)?.split('/').next()
}

/// Returns the region that a request was signed for.
pub(super) fn region(head: &Parts) -> Option<&str> {
    // Key, day, region, service.
    credential(head)?.split('/').nth(2)
}

fn credential(head: &Parts) -> Option<&str> {
    let header = head.headers.get("authorization")?.to_str().ok()?;
    header
        .split_once("Credential=")
        .map(|(_, credential)| credential)
}

/// Checks who signed a request and when.
pub(super) fn check(head: &Parts, behaviour: &Behaviour) -> Result<(), Refusal> {
    let refuse = |code, message: String| Err(Refusal::new(400, code, message));
    let Some(key) = access_key(head) else {
        return refuse(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token".to_owned(),
        );
    };
    if !behaviour.access_keys.is_empty() && !behaviour.access_keys.iter().any(|known| known == key)
    {
        let message = "The security token included in the request is invalid.";
        return refuse("UnrecognizedClientException", message.to_owned());
    }
    let now = system_now() + behaviour.clock_skew_ms;
    let date = head
        .headers
        .get("x-amz-date")
        .and_then(|date| date.to_str().ok());
    let Some((date, signed)) = date.and_then(|date| Some((date, time_of(date)?))) else {
        return refuse(
            "IncompleteSignatureException",
            "x-amz-date is needed".to_owned(),
        );
    };
    let (clock, minutes) = (amz_date(now), "5 min.");
    if signed < now - TOLERANCE {
        let limit = amz_date(now - TOLERANCE);
        let message =
            format!("Signature expired: {date} is now earlier than {limit} ({clock} - {minutes})");
        return refuse("InvalidSignatureException", message);
    }
    if signed > now + TOLERANCE {
        let limit = amz_date(now + TOLERANCE);
        let message = format!(
            "Signature not yet current: {date} is still later than {limit} ({clock} + {minutes})"
        );
        return refuse("InvalidSignatureException", message);
    }
    Ok(())
}

fn time_of(date: &str) -> Option<i64> {
    let date = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    let time = jiff::tz::Offset::UTC.to_timestamp(date).ok()?;
    Some(time.as_millisecond())
}

fn amz_date(time: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(time).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Returns a time as HTTP writes it.
pub(super) fn http_date(time: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(time).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
