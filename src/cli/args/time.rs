//! Flags about time.
#![allow(clippy::doc_markdown, reason = "the doc comments are help texts")]

use clap::Args;

/// When, and in which zone.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Time (see `logq help time`)")]
pub(in crate::cli) struct TimeArgs {
    /// Begin here: `15m`, `2h`, `1d`, `yesterday`, `09:00`, `2026-11-23`
    #[arg(long, global = true, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<String>,

    /// End before here
    #[arg(long, global = true, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<String>,

    /// The same as `--since`
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        allow_hyphen_values = true,
        hide = true
    )]
    pub(in crate::cli) from: Option<String>,

    /// The same as `--until`
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        allow_hyphen_values = true,
        hide = true
    )]
    pub(in crate::cli) to: Option<String>,

    /// Read and show local times in this zone: `Asia/Tokyo`, `UTC`, `+09:00` [env: LOGQ_TZ]
    #[arg(long, global = true, value_name = "ZONE", hide_short_help = true)]
    pub(in crate::cli) tz: Option<String>,

    /// Answer as of this time: it is the end of the window, and what relative times count from [env: LOGQ_NOW]
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) now: Option<String>,
}
