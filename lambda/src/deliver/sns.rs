//! SNS: plain text for people, or the document of Amazon Q Developer, with attributes for filters.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use logq::alert::Alert;
use logq::alert::sink::slack::Posted;
use logq::alert::sink::sns::Publication;
use logq::alert::sink::{Storm, amazon_q, sns};
use logq::time::Zone;
use tokio::sync::OnceCell;

use super::{Delivered, Delivery, DeliveryError, Sink, aws};
use crate::sdk::Sdk;

/// What a message looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Text, as for mail.
    #[default]
    Text,
    /// The document that Amazon Q Developer shows in a chat.
    AmazonQ,
}

/// Publishes to a topic.
pub struct Sns {
    sdk: Sdk,
    client: OnceCell<Client>,
    topic: String,
    format: Format,
    zone: Zone,
}

impl Sns {
    /// Prepares a topic, given by its ARN.
    pub fn new(sdk: &Sdk, topic: String, format: Format, zone: Zone) -> Self {
        Self {
            sdk: sdk.clone(),
            client: OnceCell::new(),
            topic,
            format,
            zone,
        }
    }

    async fn publish(&self, publication: Publication) -> Result<Delivered, DeliveryError> {
        let mut request = self
            .client()
            .await
            .publish()
            .topic_arn(&self.topic)
            .subject(publication.subject)
            .message(publication.message);
        for (name, value) in publication.attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|_| DeliveryError::later("an attribute has no type"))?;
            request = request.message_attributes(name, value);
        }
        match request.send().await {
            Ok(_) => Ok(Delivered::default()),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn client(&self) -> &Client {
        let build = || async {
            let timeouts = TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(5))
                .operation_timeout(Duration::from_secs(12))
                .build();
            let config = aws_sdk_sns::config::Builder::from(self.sdk.config().await);
            let config = config.timeout_config(timeouts);
            let config = config.retry_config(RetryConfig::disabled());
            Client::from_conf(config.build())
        };
        self.client.get_or_init(build).await
    }
}

/// Only what is wrong with the message itself is given up: a topic or a permission that is missing can be mended. One
/// code stands for both, and the service's words, which are not repeated, say which of its parameters is meant.
fn failed(error: &SdkError<PublishError>) -> DeliveryError {
    let reason = format!("SNS: {}", aws::reason(error));
    let words = error.message().unwrap_or_default();
    let is_the_message = match error.code() {
        Some("InvalidParameter" | "InvalidParameterException" | "ValidationException") => {
            is_about_the_message(words)
        }
        Some("ParameterValueInvalid" | "InvalidParameterValue") => true,
        _ => false,
    };
    if is_the_message {
        DeliveryError::Refused { reason }
    } else {
        DeliveryError::later(reason)
    }
}

/// Returns whether words such as `Invalid parameter: Message too long` name what is published, and not where to.
fn is_about_the_message(words: &str) -> bool {
    const PARTS: [&str; 4] = [
        "Subject",
        "Message",
        "MessageAttributes",
        "MessageStructure",
    ];
    let named = words.split_once("nvalid parameter: ");
    let named = named.map_or(words, |(_, named)| named);
    let end = named.find([' ', ':', '.']).unwrap_or(named.len());
    PARTS.contains(&&named[..end]) || named.starts_with("Empty message")
}

impl Sink for Sns {
    fn name(&self) -> &'static str {
        "sns"
    }

    fn send<'a>(&'a self, alert: &'a Alert, _before: Option<&'a Posted>) -> Delivery<'a> {
        let mut publication = sns::publication(alert, &self.zone);
        if self.format == Format::AmazonQ {
            publication.message = amazon_q::message(alert, &self.zone);
        }
        Box::pin(self.publish(publication))
    }

    fn send_storm<'a>(&'a self, storm: &'a Storm) -> Delivery<'a> {
        let mut publication = sns::storm(storm, &self.zone);
        if self.format == Format::AmazonQ {
            publication.message = amazon_q::storm(storm, &self.zone);
        }
        Box::pin(self.publish(publication))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::loopback::{Answer, Loopback, alert, sdk_config, storm};

    const TAKEN: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";

    fn topic(server: &Loopback, format: Format) -> Sns {
        let arn = "arn:aws:sns:eu-west-1:111122223333:alerts".to_owned();
        Sns::new(&sdk_config(server), arn, format, Zone::utc())
    }

    fn error(status: u16, code: &str) -> Answer {
        error_saying(status, code, "s3cret")
    }

    fn error_saying(status: u16, code: &str, words: &str) -> Answer {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error></ErrorResponse>"
        );
        Answer::new(status, body)
    }

    #[tokio::test]
    async fn subject_message_and_attributes_are_published() {
        let server = Loopback::start(vec![Answer::new(200, TAKEN)]);
        let sns = topic(&server, Format::Text);
        assert_eq!(sns.send(&alert(), None).await, Ok(Delivered::default()));
        let body = &server.requests()[0].body;
        for part in [
            "Action=Publish",
            "Subject=%5BCritical%20production%5D",
            "MessageAttributes.entry.6.Value.StringValue=",
        ] {
            assert!(body.contains(part), "{part} in {body}");
        }
        assert!(!body.contains("MessageStructure"), "{body}");
    }

    #[tokio::test]
    async fn amazon_q_gets_its_document() {
        let server = Loopback::start(vec![Answer::new(200, TAKEN), Answer::new(200, TAKEN)]);
        let sns = topic(&server, Format::AmazonQ);
        assert!(sns.send(&alert(), None).await.is_ok());
        assert!(sns.send_storm(&storm()).await.is_ok());
        for request in server.requests() {
            assert!(
                request.body.contains("%22source%22%3A%22custom%22"),
                "{}",
                request.body
            );
        }
    }

    #[tokio::test]
    async fn what_can_be_mended_is_tried_again() {
        let refused = |reason: &str| DeliveryError::Refused {
            reason: reason.to_owned(),
        };
        for (answer, expected) in [
            (
                error_saying(
                    400,
                    "InvalidParameter",
                    "Invalid parameter: Message too long",
                ),
                refused("SNS: InvalidParameter"),
            ),
            (
                error_saying(400, "InvalidParameter", "Invalid parameter: Subject"),
                refused("SNS: InvalidParameter"),
            ),
            (
                error_saying(
                    400,
                    "InvalidParameter",
                    "Invalid parameter: TopicArn Reason: no",
                ),
                DeliveryError::later("SNS: InvalidParameter"),
            ),
            (
                error_saying(
                    400,
                    "InvalidParameter",
                    "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
                ),
                DeliveryError::later("SNS: InvalidParameter"),
            ),
            (
                error(403, "AuthorizationError"),
                DeliveryError::later("SNS: AuthorizationError"),
            ),
            (
                error(404, "NotFound"),
                DeliveryError::later("SNS: NotFound"),
            ),
        ] {
            let server = Loopback::start(vec![answer]);
            let sent = topic(&server, Format::Text).send(&alert(), None).await;
            assert_eq!(sent, Err(expected));
        }
    }

    #[tokio::test]
    async fn whoever_keeps_the_marks_tries_again_and_nobody_else() {
        let server = Loopback::start(vec![error(500, "InternalError"), Answer::new(200, TAKEN)]);
        let sns = topic(&server, Format::Text);
        let trouble = DeliveryError::later("SNS: InternalError");
        assert_eq!(sns.send(&alert(), None).await, Err(trouble));
        assert_eq!(server.requests().len(), 1);
    }
}
