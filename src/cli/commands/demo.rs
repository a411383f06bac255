//! `logq demo`.

use super::super::context::Context;
use super::super::{Exit, Failure};

/// Make a day of realistic logs and run everything on it
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {}

pub(in crate::cli) fn run(_context: &Context, _args: &Args) -> Result<Exit, Failure> {
    Err(Failure::incomplete("the demo is not in this version"))
}
