//! What `logq tail` follows: log groups, files that grow, or standard input; and what is said on the way.

mod leaving;
#[cfg(feature = "aws")]
mod logs;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Failure;
use super::context::Context;
use super::reader;
use super::run::log_zone;
use super::source::{self, Source, StandardInput};
#[cfg(feature = "aws")]
use crate::cloudwatch::tail::Tail;
use crate::scan::{Block, Blocks};
use crate::source::{Followed, SourceError, StartAt, Stream};

pub(super) use leaving::watch;

/// Something that is followed.
pub(super) enum Opened {
    /// Files, or standard input, with the count of its bytes where nobody asked for it.
    Followed(Followed, Option<Arc<AtomicU64>>),
    /// Log groups.
    #[cfg(feature = "aws")]
    Logs(Box<Tail>),
}

/// How following ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ending {
    /// Whether something could not be read; it has been said.
    pub(super) is_incomplete: bool,
    /// In how many seconds only a sample came.
    pub(super) sampled: u64,
}

/// Begins to follow a source.
#[cfg_attr(
    not(feature = "aws"),
    allow(unused_variables, reason = "only CloudWatch Logs is asked")
)]
pub(super) fn open(
    context: &Context,
    source: Source,
    pattern: &str,
    polls: bool,
) -> Result<Opened, Failure> {
    let settings = reader::reading(context, &log_zone(context));
    let (stop, time_out) = (context.interrupt.flag(), context.time_out);
    match source {
        Source::Files(paths) => {
            refuse_folders(&paths)?;
            let from = if context.window.since.is_some() {
                StartAt::Beginning
            } else {
                StartAt::End
            };
            let followed = Followed::files(&paths, from, &settings, stop, time_out);
            let followed = followed.map_err(|error| cannot_follow(&error))?;
            Ok(Opened::Followed(followed, None))
        }
        Source::Standard { guessed } => {
            let input = StandardInput::open(guessed, context.notices, context.interrupt.clone());
            let count = guessed.then(|| input.count());
            let stream = Stream::new("standard input", input);
            let followed = Followed::stream(stream, &settings, stop, time_out);
            Ok(Opened::Followed(followed, count))
        }
        #[cfg(not(feature = "aws"))]
        Source::Aws => Err(source::no_service()),
        #[cfg(feature = "aws")]
        Source::Aws => Ok(Opened::Logs(Box::new(logs::open(context, pattern, polls)?))),
    }
}

impl Opened {
    /// Ends following. That a standard input nobody asked for held nothing is an error.
    pub(super) fn finish(self, context: &Context) -> Result<Ending, Failure> {
        match self {
            Self::Followed(followed, guessed) => {
                let (problems, is_over) = followed.into_problems();
                let nothing = guessed.is_some_and(|count| count.load(Ordering::Relaxed) == 0);
                if nothing && !is_over && !context.interrupt.is_asked() {
                    return Err(source::nothing_came());
                }
                for problem in &problems {
                    context.notices.problem(&reader::problem(problem));
                }
                Ok(Ending {
                    is_incomplete: !problems.is_empty(),
                    sampled: 0,
                })
            }
            #[cfg(feature = "aws")]
            Self::Logs(tail) => Ok(logs::finish(context, *tail)),
        }
    }
}

impl Blocks for Opened {
    fn claim(&mut self, block: &mut Block) -> bool {
        match self {
            Self::Followed(followed, _) => followed.claim(block),
            #[cfg(feature = "aws")]
            Self::Logs(tail) => tail.claim(block),
        }
    }

    fn is_live(&self) -> bool {
        true
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        match self {
            Self::Followed(followed, _) => followed.halt(),
            #[cfg(feature = "aws")]
            Self::Logs(tail) => tail.halt(),
        }
    }
}

fn refuse_folders(paths: &[PathBuf]) -> Result<(), Failure> {
    match paths.iter().find(|path| path.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(Failure::usage(format!(
            "`{}` is a folder, and only files can be followed",
            folder.display()
        ))
        .hint("name its files, `--source` for each".to_owned())),
    }
}

fn cannot_follow(error: &SourceError) -> Failure {
    Failure::caused(super::Exit::Incomplete, error)
}
