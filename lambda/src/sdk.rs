//! The configuration of the AWS SDK, read when the first client needs it: most calls need none, and start sooner.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use tokio::sync::OnceCell;

/// What clients are built from; clones share it.
#[derive(Clone, Default)]
pub struct Sdk(Arc<OnceCell<SdkConfig>>);

impl Sdk {
    /// Returns the configuration: that of the environment, unless another one was given.
    pub async fn config(&self) -> &SdkConfig {
        let load = || async {
            let loader = aws_config::defaults(BehaviorVersion::latest());
            loader.timeout_config(timeouts()).load().await
        };
        self.0.get_or_init(load).await
    }
}

impl From<SdkConfig> for Sdk {
    fn from(config: SdkConfig) -> Self {
        Self(Arc::new(OnceCell::new_with(Some(config))))
    }
}

/// The SDK's own form fills pages.
impl fmt::Debug for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sdk").finish_non_exhaustive()
    }
}

/// A service that does not answer must not take the time of a whole call.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(8))
        .build()
}
