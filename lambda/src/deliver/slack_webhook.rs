//! Slack by an incoming webhook: one message an alert, which can be neither edited nor answered in its thread.

use std::sync::Arc;

use logq::alert::Alert;
use logq::alert::sink::slack::{self, Posted};
use logq::alert::sink::{Storm, Verdict};
use logq::time::Zone;
use serde_json::Value;

use super::{Delivered, Delivery, DeliveryError, Http, Sink, without_layout};
use crate::secrets::Secrets;

/// Sends to the channel of a webhook whose address is a secret.
#[derive(Debug)]
pub struct SlackWebhook {
    secrets: Arc<Secrets>,
    parameter: String,
    zone: Zone,
    http: Http,
}

impl SlackWebhook {
    /// Prepares a webhook whose address is the value of a parameter.
    pub fn new(secrets: Arc<Secrets>, parameter: String, zone: Zone, http: Http) -> Self {
        Self {
            secrets,
            parameter,
            zone,
            http,
        }
    }

    /// Posts a message; as its words alone when it is not taken as it is.
    async fn post(&self, message: Value) -> Result<Delivered, DeliveryError> {
        let answer = self.post_once(&message).await;
        let Err(DeliveryError::Refused { reason }) = answer else {
            return answer;
        };
        let delivered = self.post_once(&slack::as_text(&message)).await?;
        Ok(Delivered {
            flaw: Some(without_layout(&reason)),
            ..delivered
        })
    }

    async fn post_once(&self, message: &Value) -> Result<Delivered, DeliveryError> {
        let mut may_refetch = true;
        loop {
            let address = self.secrets.get(&self.parameter).await?;
            let answer = self.http.post(address.expose(), None, message).await?;
            let retry_after = answer.retry_after.as_deref();
            let verdict = slack::webhook_answer(answer.status, retry_after, &answer.body);
            if may_refetch && matches!(verdict, Verdict::Unauthorized(_)) {
                self.secrets.forget(&self.parameter, &address).await;
                may_refetch = false;
                continue;
            }
            return DeliveryError::of(verdict).map_or(Ok(Delivered::default()), Err);
        }
    }
}

impl Sink for SlackWebhook {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn send<'a>(&'a self, alert: &'a Alert, _before: Option<&'a Posted>) -> Delivery<'a> {
        Box::pin(self.post(slack::message(alert, &self.zone)))
    }

    fn send_storm<'a>(&'a self, storm: &'a Storm) -> Delivery<'a> {
        Box::pin(self.post(slack::storm(storm, &self.zone)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deliver::loopback::{Answer, Loopback, alert, sdk_config, storm};

    const PATH: &str = "/services/T0/B0/s3cret";

    /// A webhook on a server of the test, whose address comes out of a Parameter Store of the test.
    fn webhook(server: &Loopback, store: &Loopback, patience: u64) -> SlackWebhook {
        store.push(Answer::parameter(&format!("{}{PATH}", server.address())));
        SlackWebhook::new(
            Arc::new(Secrets::new(&sdk_config(store))),
            "/logq/slack".to_owned(),
            Zone::utc(),
            Http::patient_for(Duration::from_millis(patience)),
        )
    }

    async fn send(answer: Answer) -> Result<Delivered, DeliveryError> {
        let server = Loopback::start(vec![answer.clone(), answer]);
        let store = Loopback::start(vec![]);
        let webhook = webhook(&server, &store, 500);
        store.push(Answer::parameter(&format!("{}{PATH}", server.address())));
        let sent = webhook.send(&alert(), None).await;
        let said = format!("{sent:?} {webhook:?}");
        assert!(
            !said.contains("s3cret") && !said.contains("127.0.0.1"),
            "{said}"
        );
        sent
    }

    fn later(after: Option<u64>, reason: &str) -> DeliveryError {
        DeliveryError::Later {
            after: after.map(Duration::from_secs),
            reason: reason.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_message_is_posted_to_the_address() {
        let server = Loopback::start(vec![Answer::new(200, "ok"), Answer::new(200, "ok")]);
        let store = Loopback::start(vec![]);
        let webhook = webhook(&server, &store, 5000);
        assert_eq!(webhook.send(&alert(), None).await, Ok(Delivered::default()));
        assert_eq!(webhook.send_storm(&storm()).await, Ok(Delivered::default()));
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].line, format!("POST {PATH} HTTP/1.1"));
        let message: Value = serde_json::from_str(&requests[0].body).expect("JSON");
        assert_eq!(message, slack::message(&alert(), &Zone::utc()));
    }

    #[tokio::test]
    async fn each_answer_has_its_meaning() {
        let again = "Slack asks to try again later";
        let refused = |reason: &str| DeliveryError::Refused {
            reason: reason.to_owned(),
        };
        for (answer, expected) in [
            (
                Answer::new(200, "invalid_blocks"),
                refused("Slack answers `invalid_blocks`"),
            ),
            (
                Answer::new(400, "no_text"),
                refused("Slack answers `no_text`"),
            ),
            (
                Answer::new(302, "").header("Location: http://127.0.0.1:9/"),
                later(None, "Slack answers 302"),
            ),
            (
                Answer::new(404, "channel_not_found"),
                later(None, "Slack answers `channel_not_found`"),
            ),
            (
                Answer::new(429, "").header("Retry-After: 30"),
                later(Some(30), again),
            ),
            (Answer::new(429, ""), later(None, again)),
            (Answer::new(500, "rollup_error"), later(None, again)),
            (
                Answer::hanging(),
                later(None, "Slack does not answer within 500 ms"),
            ),
            (
                Answer::closing(),
                later(None, "the connection to Slack broke"),
            ),
        ] {
            assert_eq!(send(answer.clone()).await, Err(expected), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_taken_as_it_looks_is_sent_as_words() {
        let server = Loopback::start(vec![
            Answer::new(400, "invalid_blocks"),
            Answer::new(200, "ok"),
        ]);
        let store = Loopback::start(vec![]);
        let delivered = webhook(&server, &store, 5000).send(&alert(), None).await;
        let flaw = delivered.expect("taken").flaw.expect("it is said");
        assert!(flaw.ends_with("Slack answers `invalid_blocks`"), "{flaw}");
        let bodies = server.requests().into_iter().map(|request| request.body);
        let bodies: Vec<Value> = bodies
            .map(|body| serde_json::from_str(&body).expect("JSON"))
            .collect();
        let text = |at: usize| bodies[at]["text"].as_str().unwrap_or_default();
        assert!(text(1).starts_with(text(0)), "{}", text(1));
        assert!(text(1).contains(&alert().command), "{}", text(1));
        assert!(bodies[1].get("blocks").is_none(), "{}", bodies[1]);
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_worth_another_try() {
        let (server, store) = (Loopback::start(vec![]), Loopback::start(vec![]));
        let webhook = webhook(&server, &store, 500);
        drop(server);
        let error = webhook
            .send(&alert(), None)
            .await
            .expect_err("nobody is there");
        assert_eq!(error, later(None, "cannot connect to Slack"));
    }

    #[tokio::test]
    async fn a_refused_address_is_fetched_anew_once() {
        let server = Loopback::start(vec![Answer::new(404, "no_service"), Answer::new(200, "ok")]);
        let store = Loopback::start(vec![]);
        let webhook = webhook(&server, &store, 500);
        store.push(Answer::parameter(&format!(
            "{}/services/new",
            server.address()
        )));
        assert_eq!(webhook.send(&alert(), None).await, Ok(Delivered::default()));
        assert_eq!(server.requests()[1].line, "POST /services/new HTTP/1.1");
    }
}
