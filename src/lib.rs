//! Saved queries, failed-run detection and alerts over the JSON logs of a Django application on ECS Fargate.

pub mod alert;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod decode;
pub mod demo;
pub mod detect;
pub mod diagnostic;
pub mod drive;
pub mod event;
pub mod pattern;
pub mod query;
pub mod record;
pub mod render;
pub mod row;
pub mod saved;
pub mod scan;
pub mod severity;
pub mod source;
pub mod suggest;
pub mod time;
pub mod value;
pub mod watch;
