//! What the function is told by its environment.

use std::path::PathBuf;

/// The variables of the function, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `LOGQ_STAGE`: the stage of what names none.
    pub stage: String,
    /// `LOGQ_TABLE`: the DynamoDB table; without one, memory.
    pub table: Option<String>,
    /// `LOGQ_TOPIC_ARN`: the SNS topic.
    pub topic: Option<String>,
    /// `LOGQ_SNS_FORMAT`: `text` or `amazon-q`.
    pub sns_format: Option<String>,
    /// `LOGQ_SLACK_WEBHOOK_PARAMETER`: where the webhook's address lies.
    pub slack_webhook: Option<String>,
    /// `LOGQ_SLACK_TOKEN_PARAMETER`: where the bot's token lies.
    pub slack_token: Option<String>,
    /// `LOGQ_SLACK_CHANNEL`: where the bot writes.
    pub slack_channel: Option<String>,
    /// `LOGQ_SLACK_API`: the base of Slack's Web API.
    pub slack_api: Option<String>,
    /// `LOGQ_CONFIG`, else `logq.toml` beside the program.
    pub config: PathBuf,
    /// Whether the configuration was named, and has to be there.
    pub config_named: bool,
    /// `LOGQ_METRICS_NAMESPACE`
    pub namespace: String,
}

/// A variable that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// One needs another.
    #[error("`{0}` needs `{1}` beside it")]
    Missing(&'static str, &'static str),
    /// One has a value that is not known.
    #[error("`LOGQ_SNS_FORMAT` is `text` or `amazon-q`, not `{0}`")]
    Format(String),
}

impl Settings {
    /// Reads the variables; one that is empty is not set.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = set("LOGQ_CONFIG");
        let root = set("LAMBDA_TASK_ROOT").unwrap_or_else(|| ".".to_owned());
        let settings = Self {
            stage: set("LOGQ_STAGE").unwrap_or_default(),
            table: set("LOGQ_TABLE"),
            topic: set("LOGQ_TOPIC_ARN"),
            sns_format: set("LOGQ_SNS_FORMAT"),
            slack_webhook: set("LOGQ_SLACK_WEBHOOK_PARAMETER"),
            slack_token: set("LOGQ_SLACK_TOKEN_PARAMETER"),
            slack_channel: set("LOGQ_SLACK_CHANNEL"),
            slack_api: set("LOGQ_SLACK_API"),
            config_named: named.is_some(),
            config: named.map_or_else(|| PathBuf::from(root).join("logq.toml"), PathBuf::from),
            namespace: set("LOGQ_METRICS_NAMESPACE").unwrap_or_else(|| "logq".to_owned()),
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        if self.slack_token.is_some() && self.slack_channel.is_none() {
            return Err(SettingsError::Missing(
                "LOGQ_SLACK_TOKEN_PARAMETER",
                "LOGQ_SLACK_CHANNEL",
            ));
        }
        match self.sns_format.as_deref() {
            None | Some("text" | "amazon-q") => Ok(()),
            Some(other) => Err(SettingsError::Format(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn everything_has_a_default() {
        let settings = read(&[("LAMBDA_TASK_ROOT", "/var/task")]).expect("fine");
        assert_eq!(settings.config, PathBuf::from("/var/task/logq.toml"));
        assert_eq!(
            (settings.namespace.as_str(), settings.config_named),
            ("logq", false)
        );
        assert_eq!(settings.table, None);
    }

    #[test]
    fn empty_is_not_set() {
        let settings = read(&[("LOGQ_TABLE", ""), ("LOGQ_STAGE", "staging")]).expect("fine");
        assert_eq!((settings.table, settings.stage.as_str()), (None, "staging"));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let error = read(&[("LOGQ_SLACK_TOKEN_PARAMETER", "/t")]).expect_err("no channel");
        assert_eq!(
            error.to_string(),
            "`LOGQ_SLACK_TOKEN_PARAMETER` needs `LOGQ_SLACK_CHANNEL` beside it"
        );
        assert!(read(&[("LOGQ_SNS_FORMAT", "html")]).is_err());
    }
}
