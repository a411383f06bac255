//! Flags about what is read.
#![allow(clippy::doc_markdown, reason = "the doc comments are help texts")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What to read")]
pub(in crate::cli) struct SourceArgs {
    /// Read only this stage, such as `production` [env: LOGQ_STAGE]
    #[arg(short, long, global = true)]
    pub(in crate::cli) stage: Option<String>,

    /// Read only this service, such as `batch`; repeatable [env: LOGQ_TARGET]
    #[arg(short, long, global = true, value_delimiter = ',')]
    pub(in crate::cli) target: Vec<String>,

    /// Read only log streams whose names begin like this; repeatable
    #[arg(long, global = true, value_name = "PREFIX", hide_short_help = true)]
    pub(in crate::cli) stream: Vec<String>,

    /// Read this file or folder; repeatable [env: LOGQ_SOURCE]
    #[arg(long, global = true, value_name = "PATH|-|aws", value_hint = clap::ValueHint::AnyPath)]
    pub(in crate::cli) source: Vec<String>,

    /// Run the query here, or on the Logs Insights service [env: LOGQ_ENGINE]
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) engine: Option<Engine>,

    /// Refuse a query that the service would look at more for, such as `20 GB`; 0 for no limit [env: LOGQ_MAX_SCAN]
    #[arg(long, global = true, value_name = "SIZE", hide_short_help = true)]
    pub(in crate::cli) max_scan: Option<String>,

    /// With `pull`, `cache clear` and `--engine insights`: say what would be done, and do nothing
    // Commands that send or write have a flag of this name themselves; both end up in one value.
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) dry_run: bool,

    /// Make the rows of a CSV file available to `lookup` under a name; repeatable
    #[arg(long, global = true, value_name = "NAME=FILE", hide_short_help = true)]
    pub(in crate::cli) table: Vec<String>,

    /// Use this configuration file instead of the `logq.toml` found upwards [env: LOGQ_CONFIG]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, value_hint = clap::ValueHint::FilePath)]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Use this AWS profile [env: AWS_PROFILE]
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) profile: Option<String>,

    /// Use this AWS region [env: AWS_REGION]
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) region: Option<String>,

    /// Send AWS requests here [env: AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(in crate::cli) endpoint_url: Option<String>,

    /// Neither use nor fill the cache of what was read from AWS [env: LOGQ_NO_CACHE]
    #[arg(long, global = true, hide_short_help = true)]
    pub(in crate::cli) no_cache: bool,

    /// Give up asking AWS after this time, such as `5m`; default: never [env: LOGQ_TIMEOUT]
    #[arg(long, global = true, value_name = "TIME", hide_short_help = true)]
    pub(in crate::cli) timeout: Option<String>,

    /// Use so many threads; default: one for each processor [env: LOGQ_THREADS]
    #[arg(
        long,
        global = true,
        value_name = "N",
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub(in crate::cli) threads: Option<usize>,
}

/// What executes a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Engine {
    /// This program
    Local,
    /// The Logs Insights service
    Insights,
}
