//! Secrets from Parameter Store: fetched when first needed, kept for five minutes, never printed.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_ssm::Client;
use tokio::sync::{Mutex, OnceCell};

use crate::deliver::aws;
use crate::sdk::Sdk;

/// How long a secret is used before it is asked for again.
const KEPT: Duration = Duration::from_mins(5);

/// A text that no output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// A secret that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the parameter `{name}`: {reason}")]
pub struct SecretError {
    /// The parameter's name.
    pub name: String,
    /// Why, without anything that a service has written.
    pub reason: String,
}

/// The secrets of this function, by the names of their parameters.
pub struct Secrets {
    sdk: Sdk,
    client: OnceCell<Client>,
    kept: Mutex<HashMap<String, (Secret, Instant)>>,
    time_to_live: Duration,
}

/// The SDK's own form fills pages.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Prepares to read parameters; nothing is called before a secret is needed.
    pub fn new(sdk: &Sdk) -> Self {
        Self::kept_for(sdk, KEPT)
    }

    fn kept_for(sdk: &Sdk, time_to_live: Duration) -> Self {
        Self {
            sdk: sdk.clone(),
            client: OnceCell::new(),
            kept: Mutex::new(HashMap::new()),
            time_to_live,
        }
    }

    /// Returns the secret of a parameter.
    ///
    /// When Parameter Store does not answer, a secret that is past its time is better than none.
    pub async fn get(&self, name: &str) -> Result<Secret, SecretError> {
        // Held during the call, so that many deliveries at once make one call.
        let mut kept = self.kept.lock().await;
        let known = kept.get(name);
        if let Some((secret, _)) = known.filter(|(_, at)| at.elapsed() < self.time_to_live) {
            return Ok(secret.clone());
        }
        match self.fetch(name).await {
            Ok(secret) => {
                kept.insert(name.to_owned(), (secret.clone(), Instant::now()));
                Ok(secret)
            }
            Err(error) => known.map(|(secret, _)| secret.clone()).ok_or(error),
        }
    }

    /// Forgets a secret that a service has refused, unless it has been replaced meanwhile.
    pub async fn forget(&self, name: &str, refused: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.get(name).is_some_and(|(secret, _)| secret == refused) {
            kept.remove(name);
        }
    }

    async fn fetch(&self, name: &str) -> Result<Secret, SecretError> {
        let failed = |reason: String| SecretError {
            name: name.to_owned(),
            reason,
        };
        let request = self.client().await.get_parameter();
        let answer = request.name(name).with_decryption(true).send().await;
        let answer = answer.map_err(|error| failed(aws::reason(&error)))?;
        let value = answer.parameter.and_then(|parameter| parameter.value);
        match value.as_deref().map(str::trim) {
            None | Some("") => Err(failed("it is empty".to_owned())),
            Some(value) => Ok(Secret::new(value)),
        }
    }

    async fn client(&self) -> &Client {
        let build = || async {
            let timeouts = TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(3))
                .operation_timeout(Duration::from_secs(8))
                .build();
            let config = aws_sdk_ssm::config::Builder::from(self.sdk.config().await);
            let config = config.timeout_config(timeouts);
            // The delivery that needs the secret is tried again, and asks again.
            let config = config.retry_config(RetryConfig::disabled());
            Client::from_conf(config.build())
        };
        self.client.get_or_init(build).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::loopback::{Answer, Loopback, sdk_config};

    fn parameter(value: &str) -> Answer {
        Answer::new(
            200,
            format!(r#"{{"Parameter":{{"Name":"/x","Value":"{value}"}}}}"#),
        )
    }

    fn refused() -> Answer {
        Answer::new(
            400,
            r#"{"__type":"AccessDeniedException","message":"no, s3cret"}"#,
        )
    }

    #[tokio::test]
    async fn a_secret_is_fetched_once() {
        let server = Loopback::start(vec![parameter("s3cret"), parameter("other")]);
        let secrets = Secrets::new(&sdk_config(&server));
        for _ in 0..3 {
            assert_eq!(secrets.get("/x").await, Ok(Secret::new("s3cret")));
        }
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert!(
            requests[0].body.contains("\"WithDecryption\":true"),
            "{}",
            requests[0].body
        );
    }

    #[tokio::test]
    async fn a_refused_secret_is_fetched_anew_once() {
        let server = Loopback::start(vec![parameter("old"), parameter("new")]);
        let secrets = Secrets::new(&sdk_config(&server));
        let old = secrets.get("/x").await.expect("answered");
        secrets.forget("/x", &old).await;
        assert_eq!(secrets.get("/x").await, Ok(Secret::new("new")));
        secrets.forget("/x", &old).await;
        assert_eq!(secrets.get("/x").await, Ok(Secret::new("new")));
    }

    #[tokio::test]
    async fn an_old_secret_is_better_than_none() {
        let server = Loopback::start(vec![parameter("s3cret"), refused()]);
        let secrets = Secrets::kept_for(&sdk_config(&server), Duration::ZERO);
        assert!(secrets.get("/x").await.is_ok());
        assert_eq!(secrets.get("/x").await, Ok(Secret::new("s3cret")));
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn an_error_names_the_parameter_and_no_secret() {
        let server = Loopback::start(vec![refused()]);
        let error = Secrets::new(&sdk_config(&server)).get("/logq/slack").await;
        let error = error.expect_err("refused");
        assert_eq!(
            error.to_string(),
            "cannot read the parameter `/logq/slack`: AccessDeniedException"
        );
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "Secret([redacted])");
    }
}
