//! `logq.toml`: stages, log groups, how runs are read, who owns which batch, and where alerts go.
//!
//! Everything has a default, so an empty file, or none, is valid. Two files count, key by key: the project's, found
//! upwards from the working directory, and the user's. [`load`] finds and joins them; [`Config::read`] takes a text.
//! Nothing here may name a program to run or a secret.

mod alerting;
mod cloudwatch;
mod discover;
mod groups;
mod read;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use cloudwatch::{CloudWatch, bytes as size};
pub use discover::{ConfigError, FILE_NAME, Places, load};
pub use groups::{GroupNames, Located};
pub use read::{is_group_name, wrong_template};
pub use settings::Setting;

use regex::Regex;

use crate::language::Language;
use crate::severity::Severity;
use crate::time::Zone;

/// All settings, with the defaults where no file has a word.
#[derive(Clone, Debug)]
pub struct Config {
    /// The zone that times print in, and that `asctime` is read in; `None`: the system's.
    pub timezone: Option<Zone>,
    /// The columns that a character of ambiguous width takes on this terminal: 1 or 2.
    pub ambiguous_width: usize,
    /// The stages by name.
    pub stages: BTreeMap<String, Stage>,
    /// The log groups by logical name.
    pub groups: GroupNames,
    /// How runs are told from log streams.
    pub runs: Runs,
    /// What is known of single batches, by name.
    pub batches: BTreeMap<String, Batch>,
    /// Which alerts go where; the first that fits decides.
    pub routes: Vec<Route>,
    /// What is taken out of alerts.
    pub redact: Redact,
    /// How alerts are told.
    pub alerts: Alerts,
    /// How CloudWatch Logs is read.
    pub cloudwatch: CloudWatch,
    /// The files that were read, nearest first.
    pub files: Vec<PathBuf>,
    origins: BTreeMap<String, Origin>,
}

/// Where one stage runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// The AWS region.
    pub region: Option<String>,
    /// The DynamoDB table with the state of the stage's function.
    pub table: Option<String>,
}

/// How runs are told from log streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    /// How long a stream must be quiet before it counts as ended, in milliseconds.
    pub settle_ms: i64,
    /// How long nothing must be heard of a task that ECS last called running until its stop counts as lost, in
    /// milliseconds.
    pub lost_ms: i64,
    /// The record field that holds a batch's name.
    pub name_field: Option<String>,
    /// The folders in the container that hold the application's own code.
    pub app_roots: Vec<String>,
}

/// What is known of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Who looks after it.
    pub owner: Option<String>,
    /// The address of its runbook.
    pub runbook: Option<String>,
}

/// Which alerts go where; an empty list of words stands for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Of these severities.
    pub severity: Vec<Severity>,
    /// Of these stages.
    pub stage: Vec<String>,
    /// Of these services.
    pub service: Vec<String>,
    /// Of these saved queries.
    pub rule: Vec<String>,
    /// To these sinks; to none when empty.
    pub sinks: Vec<Sink>,
}

/// A service that takes alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sink {
    /// An SNS topic.
    Sns,
    /// A Slack channel.
    Slack,
}

/// How alerts are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// The language of their texts.
    pub language: Language,
}

/// What is taken out of alerts before they leave.
#[derive(Clone, Debug)]
pub struct Redact {
    /// Whether anything is; on unless a file says otherwise.
    pub enabled: bool,
    /// What goes beside the secrets that are known.
    pub patterns: Vec<Regex>,
}

/// Where a setting's value was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// No file has it.
    Default,
    /// Line of a file, counted from 1.
    File(PathBuf, usize),
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            settle_ms: 300_000,
            lost_ms: 6 * 3_600_000,
            name_field: None,
            app_roots: vec!["/app".to_owned()],
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timezone: None,
            ambiguous_width: 1,
            stages: BTreeMap::new(),
            groups: GroupNames::default(),
            runs: Runs::default(),
            batches: BTreeMap::new(),
            routes: Vec::new(),
            redact: Redact::default(),
            alerts: Alerts::default(),
            cloudwatch: CloudWatch::default(),
            files: Vec::new(),
            origins: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Returns where the value of a setting comes from; `key` is dotted, as in `runs.settle`.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Returns every setting that a file has, with its place.
    pub fn origins(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.origins
            .iter()
            .map(|(key, origin)| (key.as_str(), origin))
    }

    /// Returns the folder of the nearest file, beside which `queries/` stands.
    pub fn folder(&self) -> Option<&Path> {
        self.files.first().and_then(|file| file.parent())
    }

    /// Returns the stages that have a name in the configuration.
    pub fn stage_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.stages.keys().map(String::as_str)
    }

    /// Finds stage and logical name of a log group, preferring the stages known by name.
    pub fn locate<'a>(&'a self, group: &'a str) -> Option<Located<'a>> {
        self.groups.locate_among(group, self.stage_names())
    }
}
