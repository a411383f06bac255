//! Slack by a bot's token: one message a failure, edited as it goes on, with details and its end in the thread.

use std::sync::Arc;

use logq::alert::Alert;
use logq::alert::sink::slack::{self, Posted};
use logq::alert::sink::{Storm, Verdict};
use logq::time::Zone;
use serde_json::{Value, json};

use super::{Delivered, Delivery, DeliveryError, Http, Sink, without_layout};
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
        let said = self.post(slack::message(alert, &self.zone)).await?;
        // The message is there: an error now must not send it again.
        let missing = match (slack::details(alert, &self.zone), &said.posted) {
            (Some(details), Some(posted)) => self.reply(details, posted).await.err(),
            _ => None,
        };
        let missing = missing.map(|error| format!("details are missing: {error}"));
        Ok(Delivered {
            posted: said.posted,
            flaw: said.flaw.or(missing),
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
        let edited = self.say("chat.update", &message).await?;
        if slack::is_gone(&edited.verdict) {
            return Ok(None);
        }
        let edited = edited.taken()?;
        let follow_up = slack::follow_up(alert, &self.zone);
        let flaw = match self.reply(follow_up, before).await {
            Ok(said) => edited.flaw.or(said.flaw),
            // The message says it all the same, and the thread never will.
            Err(DeliveryError::Refused { reason }) => Some(format!("not in the thread: {reason}")),
            Err(later) => return Err(later),
        };
        Ok(Some(Delivered {
            posted: Some(before.clone()),
            flaw,
        }))
    }

    async fn reply(&self, mut message: Value, thread: &Posted) -> Result<Said, DeliveryError> {
        message["channel"] = json!(thread.channel);
        message["thread_ts"] = json!(thread.ts);
        self.say("chat.postMessage", &message).await?.taken()
    }

    async fn post(&self, mut message: Value) -> Result<Said, DeliveryError> {
        message["channel"] = json!(self.channel);
        self.say("chat.postMessage", &message).await?.taken()
    }

    /// Calls a method with a message; with its words alone when that is not taken as it is.
    async fn say(&self, method: &str, message: &Value) -> Result<Said, DeliveryError> {
        let said = self.call(method, message).await?;
        let Verdict::Refused(reason) = &said.verdict else {
            return Ok(said);
        };
        if slack::is_gone(&said.verdict) {
            return Ok(said);
        }
        let flaw = without_layout(reason);
        let said = self.call(method, &slack::as_text(message)).await?;
        Ok(Said {
            flaw: Some(flaw),
            ..said
        })
    }

    /// Calls a method; when the token is refused, once more with a newer one.
    async fn call(&self, method: &str, message: &Value) -> Result<Said, DeliveryError> {
        let address = format!("{}/{method}", self.api);
        let mut may_refetch = true;
        loop {
            let token = self.secrets.get(&self.parameter).await?;
            let answer = self.http.post(&address, Some(&token), message).await?;
            let retry_after = answer.retry_after.as_deref();
            let (verdict, posted) = slack::api_answer(answer.status, retry_after, &answer.body);
            // Another token finds no channel that is gone.
            let is_refused =
                matches!(verdict, Verdict::Unauthorized(_)) && !slack::is_gone(&verdict);
            if !may_refetch || !is_refused {
                return Ok(Said {
                    verdict,
                    posted,
                    flaw: None,
                });
            }
            self.secrets.forget(&self.parameter, &token).await;
            may_refetch = false;
        }
    }
}

/// What Slack said to a message.
struct Said {
    verdict: Verdict,
    posted: Option<Posted>,
    flaw: Option<String>,
}

impl Said {
    /// Returns an error unless the message was taken.
    fn taken(mut self) -> Result<Self, DeliveryError> {
        let verdict = std::mem::replace(&mut self.verdict, Verdict::Taken);
        DeliveryError::of(verdict).map_or(Ok(self), Err)
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
            let said = self.post(slack::storm(storm, &self.zone)).await?;
            Ok(Delivered {
                posted: said.posted,
                flaw: said.flaw,
            })
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
    async fn a_message_in_a_channel_that_is_gone_is_posted_where_the_setting_says() {
        for code in ["channel_not_found", "is_archived", "not_in_channel"] {
            let server = Loopback::start(vec![bad(code), good("2.1"), good("2.2")]);
            let store = Loopback::start(vec![]);
            let bot = bot(&server, &store);
            let delivered = bot.send(&alert(), Some(&posted("1.1"))).await;
            assert_eq!(delivered.expect("taken").posted, Some(posted("2.1")));
            assert_eq!(calls(&server)[1], "chat.postMessage #alerts - -", "{code}");
        }
    }

    #[tokio::test]
    async fn what_is_not_taken_as_it_looks_is_sent_as_words() {
        let server = Loopback::start(vec![bad("invalid_blocks"), good("1.1"), good("1.2")]);
        let store = Loopback::start(vec![]);
        let delivered = bot(&server, &store).send(&alert(), None).await;
        let delivered = delivered.expect("taken");
        assert_eq!(delivered.posted, Some(posted("1.1")));
        assert!(
            delivered
                .flaw
                .is_some_and(|flaw| flaw.contains("invalid_blocks"))
        );
        let body = &server.requests()[1].body;
        assert!(!body.contains("\"blocks\""), "{body}");
        // An edit has to say that it takes the blocks away.
        let server = Loopback::start(vec![bad("invalid_blocks"), good("1.1"), good("1.3")]);
        let store = Loopback::start(vec![]);
        let bot = bot(&server, &store);
        let edited = bot.send(&alert(), Some(&posted("1.1"))).await;
        assert!(edited.is_ok_and(|edited| edited.flaw.is_some()));
        let body = &server.requests()[1].body;
        assert!(body.contains("\"blocks\":[]"), "{body}");
    }

    #[tokio::test]
    async fn a_thread_that_takes_nothing_does_not_send_the_message_again() {
        let refused = || bad("restricted_action_thread_locked");
        let server = Loopback::start(vec![good("1.1"), refused(), refused()]);
        let store = Loopback::start(vec![]);
        let before = posted("1.1");
        let delivered = bot(&server, &store).send(&alert(), Some(&before)).await;
        let delivered = delivered.expect("the message was edited");
        assert_eq!(delivered.posted, Some(before));
        assert!(
            delivered
                .flaw
                .is_some_and(|flaw| flaw.starts_with("not in the thread"))
        );
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
            // What is refused is sent once more without its layout.
            let server = Loopback::start(vec![answer.clone(), answer]);
            let store = Loopback::start(vec![]);
            let bot = bot(&server, &store);
            let error = bot.send(&alert(), None).await.expect_err("not taken");
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?} {bot:?}").contains("s3cret"));
        }
    }
}
