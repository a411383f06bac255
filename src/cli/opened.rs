//! A source that is being read, of whatever kind it is: files, a pipe, or CloudWatch Logs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::output::{counted, size};
use super::progress::State;
#[cfg(feature = "aws")]
use crate::cloudwatch;
use crate::scan::{Block, Blocks};
use crate::source::{self, Report};

/// What blocks come from.
pub(super) enum Opened {
    /// Files, folders or a pipe.
    Files(Box<source::Source>),
    /// CloudWatch Logs.
    #[cfg(feature = "aws")]
    Logs(Box<cloudwatch::Source>),
    /// Runs from CloudWatch Logs.
    #[cfg(feature = "aws")]
    Runs(Box<cloudwatch::streams::RunSource>),
}

/// What was read, and what went wrong on the way.
pub(super) enum Reported {
    /// Of files.
    Files(Report),
    /// Of CloudWatch Logs.
    #[cfg(feature = "aws")]
    Logs(cloudwatch::Report),
    /// Of runs from CloudWatch Logs.
    #[cfg(feature = "aws")]
    Runs(cloudwatch::streams::RunReport),
}

impl Opened {
    /// Ends reading.
    pub(super) fn into_report(self) -> Reported {
        match self {
            Self::Files(source) => Reported::Files(source.into_report()),
            #[cfg(feature = "aws")]
            Self::Logs(source) => Reported::Logs(source.into_report()),
            #[cfg(feature = "aws")]
            Self::Runs(source) => Reported::Runs(source.into_report()),
        }
    }
}

impl Blocks for Opened {
    fn claim(&mut self, block: &mut Block) -> bool {
        match self {
            Self::Files(source) => source.claim(block),
            #[cfg(feature = "aws")]
            Self::Logs(source) => source.claim(block),
            #[cfg(feature = "aws")]
            Self::Runs(source) => source.claim(block),
        }
    }

    fn is_live(&self) -> bool {
        match self {
            Self::Files(source) => source.is_live(),
            #[cfg(feature = "aws")]
            Self::Logs(source) => source.is_live(),
            #[cfg(feature = "aws")]
            Self::Runs(source) => source.is_live(),
        }
    }

    fn hands_over(&self) -> bool {
        match self {
            Self::Files(source) => source.hands_over(),
            #[cfg(feature = "aws")]
            Self::Logs(source) => source.hands_over(),
            #[cfg(feature = "aws")]
            Self::Runs(source) => source.hands_over(),
        }
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        match self {
            Self::Files(source) => source.halt(),
            #[cfg(feature = "aws")]
            Self::Logs(source) => source.halt(),
            #[cfg(feature = "aws")]
            Self::Runs(source) => source.halt(),
        }
    }
}

/// How much was read, for the answer that there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Volume {
    /// So many files, and bytes of them as stored.
    Files(u64, u64),
    /// So many calls, bytes of messages that they brought, and pieces from the cache.
    #[cfg(feature = "aws")]
    Calls(u64, u64, u64),
    /// So many events, and bytes of them, that the service looked at.
    #[cfg(feature = "aws")]
    Scanned(u64, u64),
}

impl Default for Volume {
    fn default() -> Self {
        Self::Files(0, 0)
    }
}

impl Volume {
    /// Returns `3 files, 12.4 MB read`.
    pub(super) fn words(self) -> String {
        match self {
            Self::Files(files, bytes) => {
                format!("{}, {} read", counted(files, "file", "files"), size(bytes))
            }
            #[cfg(feature = "aws")]
            Self::Calls(calls, bytes, reused) => {
                let calls = counted(calls, "call", "calls");
                let kept = match reused {
                    0 => String::new(),
                    _ => ", the rest from the cache".to_owned(),
                };
                format!("{calls}, {} read{kept}", size(bytes))
            }
            #[cfg(feature = "aws")]
            Self::Scanned(events, bytes) => {
                format!(
                    "{}, {} scanned",
                    counted(events, "event", "events"),
                    size(bytes)
                )
            }
        }
    }
}

/// What tells how far reading has come; `events` are those that a pass has looked at.
pub(super) struct Watch {
    counts: Counts,
    pub(super) events: Arc<AtomicU64>,
}

enum Counts {
    Files(Arc<source::Progress>),
    #[cfg(feature = "aws")]
    Logs(Arc<cloudwatch::Progress>),
    #[cfg(feature = "aws")]
    Runs(Arc<cloudwatch::streams::Stages>),
}

impl Watch {
    /// Watches files.
    pub(super) fn files(counts: Arc<source::Progress>, events: Arc<AtomicU64>) -> Self {
        Self {
            counts: Counts::Files(counts),
            events,
        }
    }

    /// Watches CloudWatch Logs.
    #[cfg(feature = "aws")]
    pub(super) fn logs(counts: Arc<cloudwatch::Progress>, events: Arc<AtomicU64>) -> Self {
        Self {
            counts: Counts::Logs(counts),
            events,
        }
    }

    /// Watches runs from CloudWatch Logs.
    #[cfg(feature = "aws")]
    pub(super) fn runs(counts: Arc<cloudwatch::streams::Stages>, events: Arc<AtomicU64>) -> Self {
        Self {
            counts: Counts::Runs(counts),
            events,
        }
    }

    /// Returns where reading is.
    pub(super) fn state(&self) -> State {
        match &self.counts {
            Counts::Files(counts) => State {
                read: counts.read(),
                total: counts.total(),
                events: self.events.load(Ordering::Relaxed),
                window: None,
            },
            #[cfg(feature = "aws")]
            Counts::Logs(counts) => State {
                read: counts.bytes(),
                total: 0,
                events: counts.events(),
                window: Some((counts.done(), counts.total())),
            },
            #[cfg(feature = "aws")]
            Counts::Runs(counts) => State {
                read: counts.bytes(),
                total: 0,
                events: counts.events(),
                window: Some((counts.done(), counts.total())),
            },
        }
    }
}
