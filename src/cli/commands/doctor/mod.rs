//! `logq doctor`: what is set up well and what is not, and what mends it.
//!
//! `settings` and `queries` look at what is here; `service`, and what it calls, at AWS, all of it side by side. Each
//! thing that was looked at is a `Finding`; `report` writes them.

#[cfg(feature = "aws")]
mod access;
#[cfg(feature = "aws")]
mod cache;
#[cfg(feature = "aws")]
mod credentials;
#[cfg(feature = "aws")]
mod groups;
#[cfg(feature = "aws")]
mod place;
mod queries;
mod report;
#[cfg(feature = "aws")]
mod service;
mod settings;
#[cfg(feature = "aws")]
mod table;

use super::super::args::Flags;
use super::super::context::Context;
use super::super::output;
use super::super::{Exit, Failure};
use crate::render::{self, Format, Question};
use report::Finding;

/// Tell what is set up well, what is not, and what mends it
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq doctor                     everything that the configuration has
  logq doctor -s production       one stage
  logq doctor --profile shop --timeout 10s
  logq doctor -o json")]
#[command(after_help = "\
Looks at the configuration, the credentials, each log group, each permission that a command
needs, the quotas, the clock, the cache and the saved queries. Calls to AWS are made so that
they change nothing and cost nothing. Each thing is `ok`, `warning`, `wrong` or `unknown`.
Ends with 1 when something is wrong.")]
pub(in crate::cli) struct Args {
    /// The flags of the call, to tell a value that was given from one that was read.
    #[arg(skip)]
    given: Box<Flags>,

    /// What is wrong with the configuration's files.
    #[arg(skip)]
    broken: Option<String>,
}

impl Args {
    /// Takes note of the flags that were given.
    pub(in crate::cli) fn note_flags(&mut self, flags: &Flags) {
        *self.given = flags.clone();
    }

    /// Takes note of a configuration that cannot be used.
    pub(in crate::cli) fn note_broken(&mut self, failure: &Failure) {
        self.broken = Some(failure.render(false));
    }
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut findings = settings::findings(context, &args.given, args.broken.as_deref());
    findings.extend(of_aws(context)?);
    findings.extend(queries::findings(context));
    let mut out = Vec::new();
    match context.format() {
        Format::Table => report::write(&findings, &context.look, &mut out),
        format => {
            let mut renderer = render::renderer(format, &context.look, Question::default());
            report::write_rows(&findings, &mut *renderer, &mut out);
        }
    }
    output::print(context, &out)?;
    Ok(if report::is_bad(&findings) {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}

#[cfg(feature = "aws")]
fn of_aws(context: &Context) -> Result<Vec<Finding>, Failure> {
    service::findings(context)
}

#[cfg(not(feature = "aws"))]
#[allow(clippy::unnecessary_wraps, reason = "a build with AWS may fail")]
fn of_aws(_context: &Context) -> Result<Vec<Finding>, Failure> {
    let areas = ["credentials", "log groups", "permissions", "clock"];
    let finding = |area| {
        let detail = "this build of logq does not ask AWS";
        Finding::new(area, "AWS", report::Verdict::Unknown, detail)
            .mend("build it with its default features: cargo install --path . --locked".to_owned())
    };
    Ok(areas.map(finding).into())
}
