//! HTTP for Slack: short patience, no redirects, and errors that cannot tell the address.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, redirect};
use serde_json::Value;

use super::DeliveryError;
use crate::secrets::Secret;

const CONNECT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(5);
/// Slack's answers are short; more than this is not read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A client that is built when it is first needed.
#[derive(Debug)]
pub struct Http {
    client: OnceLock<Client>,
    whole: Duration,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) body: String,
}

impl Default for Http {
    fn default() -> Self {
        Self::patient_for(WHOLE)
    }
}

impl Http {
    /// Prepares a client that gives up after the given time.
    pub(super) fn patient_for(whole: Duration) -> Self {
        Self {
            client: OnceLock::new(),
            whole,
        }
    }

    /// Posts a document; `token` is sent as a bearer token.
    pub(super) async fn post(
        &self,
        address: &str,
        token: Option<&Secret>,
        document: &Value,
    ) -> Result<Answer, DeliveryError> {
        let mut request = self
            .client()?
            .post(address)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(document.to_string());
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer(token)?);
        }
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        self.read(response).await
    }

    async fn read(&self, mut response: Response) -> Result<Answer, DeliveryError> {
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failed(&error))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    fn client(&self) -> Result<&Client, DeliveryError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let built = Client::builder()
            .connect_timeout(CONNECT.min(self.whole))
            .timeout(self.whole)
            // The address is the secret: nobody else is sent to it, nor it to anybody else.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|_| DeliveryError::later("cannot set up HTTPS"))?;
        Ok(self.client.get_or_init(|| built))
    }

    /// Says in our own words what went wrong: the library's may hold the address.
    fn failed(&self, error: &reqwest::Error) -> DeliveryError {
        let reason = if error.is_timeout() {
            format!("Slack does not answer within {} ms", self.whole.as_millis())
        } else if error.is_connect() {
            "cannot connect to Slack".to_owned()
        } else if error.is_builder() {
            "the address of Slack is not one".to_owned()
        } else {
            "the connection to Slack broke".to_owned()
        };
        DeliveryError::later(reason)
    }
}

/// Returns the header's value, marked so that no output of the library shows it.
fn bearer(token: &Secret) -> Result<HeaderValue, DeliveryError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| DeliveryError::later("the Slack token holds characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}
