//! Slack by a bot's token: one message a failure, edited as it goes on, with details and its end in the thread.

use std::sync::Arc;

use logq::alert::Alert;
use logq::alert::sink::slack::{self, Posted};
use logq::alert::sink::{Storm, Verdict};
use logq::time::Zone;
use serde_json::{Value, json};

use super::{Delivered, Delivery, DeliveryError, Http, Sink};
use crate::secrets::Secrets;

/// Where Slack's Web API is.
pub const API: &str = "https://slack.com/api";

/// Posts to a channel as an app whose token is a secret.
#[derive(Debug)]
pub struct SlackBot {
    secrets: Arc<Secrets>,
    parameter: String,
    channel: String,
    api: String,
    zone: Zone,
    http: Http,
}

/// Which app posts where.
#[derive(Clone, Debug)]
pub struct Bot {
    /// The parameter that holds the token.
    pub parameter: String,
    /// The channel's name or id.
    pub channel: String,
    /// The base of the Web API, [`API`] outside of tests.
    pub api: String,
}

impl SlackBot {
    /// Prepares a bot.
    pub fn new(secrets: Arc<Secrets>, bot: Bot, zone: Zone, http: Http) -> Self {
        Self {
            secrets,
            parameter: bot.parameter,
            channel: bot.channel,
            api: bot.api.trim_end_matches('/').to_owned(),
            zone,
            http,
        }
    }

    async fn tell(
        &self,
        alert: &Alert,
        before: Option<&Posted>,
    ) -> Result<Delivered, DeliveryError> {
        if let Some(before) = before
            && let Some(posted) = self.edit(alert, before).await?
        {
            return Ok(posted);
        }
        let posted = self.post(slack::message(alert, &self.zone)).await?;
        // The message is there: an error now must not send it again.
        let flaw = match (slack::details(alert, &self.zone), &posted) {
            (Some(details), Some(posted)) => self.reply(details, posted).await.err(),
            _ => None,
        };
        Ok(Delivered {
            posted,
            flaw: flaw.map(|error| format!("details are missing: {error}")),
        })
    }

    /// Edits a message and says so in its thread; `None` when it is gone and a new one is needed.
    ///
    /// Editing twice changes nothing, so the edit comes first and all of it may be repeated.
    async fn edit(
        &self,
        alert: &Alert,
        before: &Posted,
    ) -> Result<Option<Delivered>, DeliveryError> {
        let mut message = slack::message(alert, &self.zone);
        message["channel"] = json!(before.channel);
        message["ts"] = json!(before.ts);
        let (verdict, _) = self.call("chat.update", &message).await?;
        if slack::is_gone(&verdict) {
            return Ok(None);
        }
        if let Some(error) = DeliveryError::of(verdict) {
            return Err(error);
        }
        self.reply(slack::follow_up(alert, &self.zone), before)
            .await?;
        Ok(Some(Delivered {
            posted: Some(before.clone()),
            flaw: None,
        }))
    }

    async fn reply(&self, mut message: Value, thread: &Posted) -> Result<(), DeliveryError> {
        message["channel"] = json!(thread.channel);
        message["thread_ts"] = json!(thread.ts);
        let (verdict, _) = self.call("chat.postMessage", &message).await?;
        DeliveryError::of(verdict).map_or(Ok(()), Err)
    }

    async fn post(&self, mut message: Value) -> Result<Option<Posted>, DeliveryError> {
        message["channel"] = json!(self.channel);
        let (verdict, posted) = self.call("chat.postMessage", &message).await?;
        DeliveryError::of(verdict).map_or(Ok(posted), Err)
    }

    /// Calls a method; when the token is refused, once more with a newer one.
    async fn call(
        &self,
        method: &str,
        message: &Value,
    ) -> Result<(Verdict, Option<Posted>), DeliveryError> {
        let address = format!("{}/{method}", self.api);
        let mut may_refetch = true;
        loop {
            let token = self.secrets.get(&self.parameter).await?;
            let answer = self.http.post(&address, Some(&token), message).await?;
            let retry_after = answer.retry_after.as_deref();
            let (verdict, posted) = slack::api_answer(answer.status, retry_after, &answer.body);
            if !may_refetch || !matches!(verdict, Verdict::Unauthorized(_)) {
                return Ok((verdict, posted));
            }
            self.secrets.forget(&self.parameter, &token).await;
            may_refetch = false;
        }
    }
}

impl Sink for SlackBot {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn send<'a>(&'a self, alert: &'a Alert, before: Option<&'a Posted>) -> Delivery<'a> {
        Box::pin(self.tell(alert, before))
    }

    fn send_storm<'a>(&'a self, storm: &'a Storm) -> Delivery<'a> {
        Box::pin(async {
            let posted = self.post(slack::storm(storm, &self.zone)).await?;
            Ok(Delivered { posted, flaw: None })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deliver::loopback::{Answer, Loopback, alert, sdk_config, storm};

    const TOKEN: &str = "xoxb-1-s3cret";

    fn bot(server: &Loopback, store: &Loopback) -> SlackBot {
        store.push(Answer::parameter(TOKEN));
        let bot = Bot {
            parameter: "/logq/token".to_owned(),
            channel: "#alerts".to_owned(),
            api: server.address(),
        };
        let secrets = Arc::new(Secrets::new(&sdk_config(store)));
        SlackBot::new(
            secrets,
            bot,
            Zone::utc(),
            Http::patient_for(Duration::from_millis(500)),
        )
    }

    fn posted(ts: &str) -> Posted {
        Posted {
            channel: "C1".to_owned(),
            ts: ts.to_owned(),
        }
    }

    fn good(ts: &str) -> Answer {
        Answer::new(200, format!(r#"{{"ok":true,"channel":"C1","ts":"{ts}"}}"#))
    }

    fn bad(code: &str) -> Answer {
        Answer::new(200, format!(r#"{{"ok":false,"error":"{code}"}}"#))
    }

    /// Returns method, channel, `ts` and `thread_ts` of each call.
    fn calls(server: &Loopback) -> Vec<String> {
        let text = |body: &Value, name: &str| body[name].as_str().unwrap_or("-").to_owned();
        let requests = server.requests();
        let calls = requests.iter().map(|request| {
            let method = request.line.split([' ', '/']).nth(2).unwrap_or_default();
            let body: Value = serde_json::from_str(&request.body).expect("JSON");
            let names = ["channel", "ts", "thread_ts"];
            format!("{method} {}", names.map(|name| text(&body, name)).join(" "))
        });
        calls.collect()
    }

    #[tokio::test]
    async fn a_new_failure_is_a_message_with_details_in_its_thread() {
        let server = Loopback::start(vec![good("1.1"), good("1.2")]);
        let store = Loopback::start(vec![]);
        let delivered = bot(&server, &store)
            .send(&alert(), None)
            .await
            .expect("taken");
        assert_eq!(delivered.posted, Some(posted("1.1")));
        assert_eq!(delivered.flaw, None);
        assert_eq!(
            calls(&server),
            ["chat.postMessage #alerts - -", "chat.postMessage C1 - 1.1"]
        );
        let token = format!("authorization: bearer {TOKEN}");
        assert!(server.requests()[0].headers.to_lowercase().contains(&token));
    }

    #[tokio::test]
    async fn missing_details_do_not_send_the_message_again() {
        for second in [
            bad("internal_error"),
            Answer::new(500, ""),
            Answer::hanging(),
            Answer::closing(),
        ] {
            let server = Loopback::start(vec![good("1.1"), second]);
            let store = Loopback::start(vec![]);
            let delivered = bot(&server, &store)
                .send(&alert(), None)
                .await
                .expect("taken");
            assert_eq!(delivered.posted, Some(posted("1.1")));
            assert!(delivered.flaw.is_some());
        }
    }

    #[tokio::test]
    async fn what_goes_on_edits_the_message_and_is_told_in_the_thread() {
        let server = Loopback::start(vec![good("1.1"), good("1.3")]);
        let store = Loopback::start(vec![]);
        let before = posted("1.1");
        let delivered = bot(&server, &store)
            .send(&alert(), Some(&before))
            .await
            .expect("taken");
        assert_eq!(delivered.posted, Some(before));
        assert_eq!(
            calls(&server),
            ["chat.update C1 1.1 -", "chat.postMessage C1 - 1.1"]
        );
    }

    #[tokio::test]
    async fn a_message_that_is_gone_is_posted_anew() {
        let server = Loopback::start(vec![bad("message_not_found"), good("2.1"), good("2.2")]);
        let store = Loopback::start(vec![]);
        let before = posted("1.1");
        let delivered = bot(&server, &store)
            .send(&alert(), Some(&before))
            .await
            .expect("taken");
        assert_eq!(delivered.posted, Some(posted("2.1")));
        assert_eq!(calls(&server).len(), 3);
    }

    #[tokio::test]
    async fn a_refused_token_is_fetched_anew_once() {
        let server = Loopback::start(vec![bad("token_expired"), good("1.1")]);
        let store = Loopback::start(vec![]);
        let bot = bot(&server, &store);
        store.push(Answer::parameter("xoxb-2-new"));
        let delivered = bot.send_storm(&storm()).await.expect("taken");
        assert_eq!(delivered.posted, Some(posted("1.1")));
        assert!(server.requests()[1].headers.contains("xoxb-2-new"));
    }

    #[tokio::test]
    async fn errors_do_not_tell_the_token() {
        for (answer, expected) in [
            (
                bad("channel_not_found"),
                "Slack answers `channel_not_found`",
            ),
            (bad("xoxb-1-s3cret is bad"), "Slack answers 200"),
            (
                Answer::new(429, "").header("Retry-After: 7"),
                "Slack asks to try again later",
            ),
            (Answer::new(200, "<html>"), "Slack asks to try again later"),
            (Answer::hanging(), "Slack does not answer within 500 ms"),
        ] {
            let server = Loopback::start(vec![answer]);
            let store = Loopback::start(vec![]);
            let bot = bot(&server, &store);
            let error = bot.send(&alert(), None).await.expect_err("not taken");
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?} {bot:?}").contains("s3cret"));
        }
    }
}
