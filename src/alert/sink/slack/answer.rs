//! What Slack's answers mean. Their words are not repeated, only codes: an answer could hold anything.
//!
//! What is wrong with the message stays wrong, and it is given up ([`Verdict::Refused`]). What is wrong with the place it
//! goes to or with who sends it is a setting, which a person mends ([`Verdict::Unauthorized`]): the alert waits for that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::alert::sink::Verdict;

/// No service is waited for longer, whatever it asks for.
const LONGEST_WAIT: u64 = 3600;

/// Where a message stands, to edit it and to write into its thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The channel's id; its name would not do for edits.
    pub channel: String,
    /// The message's time stamp, which is its id.
    pub ts: String,
}

/// What the Web API answers, with 200 for errors too.
#[derive(Deserialize)]
struct ApiAnswer {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    ts: Option<String>,
}

/// Reads the answer of an incoming webhook: `ok` as plain text is the only good one.
pub fn webhook_answer(status: u16, retry_after: Option<&str>, body: &str) -> Verdict {
    let body = body.trim();
    match (status, code(body)) {
        (200, Some("ok")) => Verdict::Taken,
        // Another word is an error at any status; a whole page is something in between that does not know Slack.
        (200..300, Some(code)) => of_code(code),
        (200..300, None) => Verdict::Later(None),
        (401 | 403 | 404 | 410, Some(code)) if is_a_setting(code) => {
            Verdict::Unauthorized(told(code))
        }
        _ => of_status(status, retry_after, code(body)),
    }
}

/// Reads the answer of a method of the Web API.
pub fn api_answer(status: u16, retry_after: Option<&str>, body: &str) -> (Verdict, Option<Posted>) {
    let answer: Option<ApiAnswer> = serde_json::from_str(body).ok();
    let Some(answer) = answer else {
        let verdict = match status {
            200..300 => Verdict::Later(None),
            _ => of_status(status, retry_after, None),
        };
        return (verdict, None);
    };
    if answer.ok && (200..300).contains(&status) {
        let posted = answer.channel.zip(answer.ts);
        let posted = posted.map(|(channel, ts)| Posted { channel, ts });
        return (Verdict::Taken, posted);
    }
    let error = answer.error.unwrap_or_default();
    let verdict = match (status, code(&error)) {
        (429, _) | (_, None) => of_status(status, retry_after, None),
        (_, Some(code)) => of_code(code),
    };
    match verdict {
        Verdict::Later(None) => (Verdict::Later(wait(retry_after)), None),
        verdict => (verdict, None),
    }
}

/// Returns whether a refused edit means that the message is gone or closed, so that a new one has to be posted: to the
/// channel that is set now, which need not be the one that the message was in.
pub fn is_gone(verdict: &Verdict) -> bool {
    const GONE: [&str; 4] = [
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "thread_not_found",
    ];
    let (Verdict::Refused(text) | Verdict::Unauthorized(text)) = verdict else {
        return false;
    };
    let mut codes = GONE.iter().chain(&CHANNEL_IS_GONE);
    codes.any(|code| *text == told(code))
}

/// What is wrong with the channel.
const CHANNEL_IS_GONE: [&str; 4] = [
    "channel_not_found",
    "channel_is_archived",
    "is_archived",
    "not_in_channel",
];

fn of_code(code: &str) -> Verdict {
    const PASSING: [&str; 8] = [
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "rollup_error",
    ];
    if PASSING.contains(&code) {
        Verdict::Later(None)
    } else if is_a_setting(code) {
        Verdict::Unauthorized(told(code))
    } else {
        Verdict::Refused(told(code))
    }
}

/// Returns whether a code is about who sends or where to, which a person can mend, and not about the message.
fn is_a_setting(code: &str) -> bool {
    const SETTINGS: [&str; 27] = [
        // The secret.
        "invalid_auth",
        "not_authed",
        "token_expired",
        "token_revoked",
        "account_inactive",
        "invalid_token",
        "not_allowed_token_type",
        "no_service",
        "no_service_id",
        "no_team",
        "team_not_found",
        "user_not_found",
        // What the app may do.
        "missing_scope",
        "no_permission",
        "access_denied",
        "ekm_access_denied",
        "org_login_required",
        "team_access_not_granted",
        "accesslimited",
        "action_prohibited",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_non_threadable_channel",
        "posting_to_general_channel_denied",
        "channel_is_limited_access",
        "messages_tab_disabled",
        "invalid_channel",
    ];
    SETTINGS.contains(&code) || CHANNEL_IS_GONE.contains(&code)
}

fn of_status(status: u16, retry_after: Option<&str>, code: Option<&str>) -> Verdict {
    match status {
        429 | 503 => Verdict::Later(wait(retry_after)),
        408 | 500.. => Verdict::Later(None),
        // A webhook that was removed is not found; what leads elsewhere, or asks who is there, is not Slack.
        300..=399 | 401 | 407 => Verdict::Unauthorized(format!("Slack answers {status}")),
        403 | 404 | 410 if code.is_none() => {
            Verdict::Unauthorized(format!("Slack answers {status}"))
        }
        _ => Verdict::Refused(code.map_or_else(|| format!("Slack answers {status}"), told)),
    }
}

fn told(code: &str) -> String {
    format!("Slack answers `{code}`")
}

/// Returns an answer that is one of Slack's codes: a short word, never free text.
fn code(body: &str) -> Option<&str> {
    let is_code = !body.is_empty()
        && body.len() <= 60
        && body
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_code.then_some(body)
}

fn wait(retry_after: Option<&str>) -> Option<Duration> {
    let seconds: u64 = retry_after?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> Verdict {
        Verdict::Refused(told(code))
    }

    #[test]
    fn a_webhook_answers_in_plain_text() {
        let after = |seconds| Verdict::Later(Some(Duration::from_secs(seconds)));
        let unknown = Verdict::Later(None);
        for (status, retry_after, body, verdict) in [
            (200, None, "ok", Verdict::Taken),
            (200, None, "ok\n", Verdict::Taken),
            (200, None, "invalid_blocks", refused("invalid_blocks")),
            (200, None, "<html>login</html>", unknown.clone()),
            (200, None, "", unknown.clone()),
            (400, None, "invalid_payload", refused("invalid_payload")),
            (
                403,
                None,
                "action_prohibited",
                Verdict::Unauthorized(told("action_prohibited")),
            ),
            (
                403,
                None,
                "invalid_token",
                Verdict::Unauthorized(told("invalid_token")),
            ),
            (
                404,
                None,
                "no_service",
                Verdict::Unauthorized(told("no_service")),
            ),
            (
                404,
                None,
                "channel_not_found",
                Verdict::Unauthorized(told("channel_not_found")),
            ),
            (400, None, "no_text", refused("no_text")),
            (
                403,
                None,
                "<html>",
                Verdict::Unauthorized("Slack answers 403".to_owned()),
            ),
            (
                410,
                None,
                "channel_is_archived",
                Verdict::Unauthorized(told("channel_is_archived")),
            ),
            (429, Some("30"), "ratelimited", after(30)),
            (429, None, "", unknown.clone()),
            (429, Some("Tue, 24 Nov"), "", unknown.clone()),
            (429, Some("999999999"), "", after(3600)),
            (500, None, "rollup_error", unknown.clone()),
            (503, Some("5"), "", after(5)),
            (
                302,
                None,
                "moved",
                Verdict::Unauthorized("Slack answers 302".to_owned()),
            ),
        ] {
            assert_eq!(
                webhook_answer(status, retry_after, body),
                verdict,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn the_api_answers_errors_with_200() {
        let posted = Posted {
            channel: "C123".to_owned(),
            ts: "1503435956.000247".to_owned(),
        };
        let good = r#"{"ok":true,"channel":"C123","ts":"1503435956.000247","message":{}}"#;
        assert_eq!(api_answer(200, None, good), (Verdict::Taken, Some(posted)));
        let after = Verdict::Later(Some(Duration::from_secs(7)));
        for (status, retry_after, body, verdict) in [
            (
                200,
                None,
                r#"{"ok":false,"error":"channel_not_found"}"#,
                Verdict::Unauthorized(told("channel_not_found")),
            ),
            (
                200,
                None,
                r#"{"ok":false,"error":"msg_blocks_too_long"}"#,
                refused("msg_blocks_too_long"),
            ),
            (
                200,
                None,
                r#"{"ok":false,"error":"invalid_auth"}"#,
                Verdict::Unauthorized(told("invalid_auth")),
            ),
            (
                200,
                None,
                r#"{"ok":false,"error":"internal_error"}"#,
                Verdict::Later(None),
            ),
            (
                200,
                Some("7"),
                r#"{"ok":false,"error":"ratelimited"}"#,
                after.clone(),
            ),
            (
                429,
                Some("7"),
                r#"{"ok":false,"error":"ratelimited"}"#,
                after.clone(),
            ),
            (429, Some("7"), "", after),
            (200, None, "<html>", Verdict::Later(None)),
            (500, None, "", Verdict::Later(None)),
            (
                403,
                None,
                "no",
                Verdict::Unauthorized("Slack answers 403".to_owned()),
            ),
        ] {
            assert_eq!(
                api_answer(status, retry_after, body),
                (verdict, None),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn an_answer_is_never_repeated() {
        let secret = "no team for https://hooks.slack.com/services/T0/B0/abc";
        for status in [200, 302, 400, 403, 404, 500] {
            let verdict = webhook_answer(status, None, secret);
            assert!(!format!("{verdict:?}").contains("abc"), "{verdict:?}");
        }
        let (verdict, _) = api_answer(200, None, r#"{"ok":false,"error":"Token xoxb-1-2 is bad"}"#);
        assert!(!format!("{verdict:?}").contains("xoxb"), "{verdict:?}");
    }

    #[test]
    fn a_message_that_is_gone_is_told_from_other_refusals() {
        let gone = |code: &str| is_gone(&of_code(code));
        for code in [
            "message_not_found",
            "edit_window_closed",
            "thread_not_found",
        ] {
            assert!(gone(code), "{code}");
        }
        for code in CHANNEL_IS_GONE {
            assert!(gone(code), "{code}");
            assert_eq!(of_code(code), Verdict::Unauthorized(told(code)));
        }
        for code in ["invalid_blocks", "invalid_auth", "internal_error"] {
            assert!(!gone(code), "{code}");
        }
    }
}
