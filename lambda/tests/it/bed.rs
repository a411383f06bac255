//! A deployment of the function for one test: an account, a Slack, a folder with its files.

use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::aws::{Aws, TABLE};
use crate::function::Function;
use crate::slack::{CHANNEL, Slack, TOKEN};

const WEBHOOK_PARAMETER: &str = "/logq/production/slack-webhook";
const TOKEN_PARAMETER: &str = "/logq/production/slack-token";

/// Everything around the function.
pub(crate) struct Bed {
    pub(crate) aws: Aws,
    pub(crate) slack: Slack,
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Bed {
    /// Lays out a stack for production with a topic, a table and a Slack webhook.
    pub(crate) async fn new() -> Self {
        let (aws, slack) = (Aws::new().await, Slack::start().await);
        aws.put_secret(WEBHOOK_PARAMETER, &slack.webhook()).await;
        aws.put_secret(TOKEN_PARAMETER, TOKEN).await;
        let folder = TempDir::new().expect("a folder for the function's files");
        let variables = vec![
            ("LOGQ_STAGE", "production".to_owned()),
            ("LOGQ_TABLE", TABLE.to_owned()),
            ("LOGQ_TOPIC_ARN", aws.topic().to_owned()),
            ("LOGQ_SLACK_WEBHOOK_PARAMETER", WEBHOOK_PARAMETER.to_owned()),
            ("LAMBDA_TASK_ROOT", folder.path().display().to_string()),
            ("AWS_ENDPOINT_URL", aws.proxy().url()),
        ];
        Self {
            aws,
            slack,
            folder,
            variables,
        }
    }

    /// Posts by bot token instead of by webhook.
    pub(crate) fn with_bot(self) -> Self {
        let api = self.slack.api();
        self.without("LOGQ_SLACK_WEBHOOK_PARAMETER")
            .with("LOGQ_SLACK_TOKEN_PARAMETER", TOKEN_PARAMETER)
            .with("LOGQ_SLACK_CHANNEL", CHANNEL)
            .with("LOGQ_SLACK_API", &api)
    }

    /// Sets a variable of the function's environment.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Leaves a variable out: `LOGQ_TABLE`, `LOGQ_TOPIC_ARN`, `LOGQ_SLACK_WEBHOOK_PARAMETER`.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(other, _)| *other != name);
        self
    }

    /// Writes a file of the package: `logq.toml`, `queries/NAME.toml`.
    pub(crate) fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("a folder for the file");
        std::fs::write(path, text).expect("the file is written");
        self
    }

    /// Returns one environment of the function; two of one bed work at once on one table.
    pub(crate) async fn function(&self) -> Function {
        self.function_of(env!("CARGO_BIN_EXE_bootstrap")).await
    }

    /// Returns an environment of another program.
    pub(crate) async fn function_of(&self, program: &str) -> Function {
        let mut function = Function::new(program).await;
        for (name, value) in &self.variables {
            function.set(name, value);
        }
        function
    }
}

/// Returns the time of this machine in milliseconds.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_millis() as i64
}
