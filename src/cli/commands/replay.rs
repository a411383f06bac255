//! `logq replay`.

use super::super::context::Context;
use super::super::{Exit, Failure};

/// Tell which alerts these logs would have sent
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {}

pub(in crate::cli) fn run(_context: &Context, _args: &Args) -> Result<Exit, Failure> {
    Err(Failure::incomplete("replaying is not in this version"))
}
