//! The Lambda: from what CloudWatch Logs, ECS and a schedule deliver to alerts on SNS and Slack.

pub mod deliver;
pub mod secrets;
