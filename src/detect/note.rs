//! Facts beside a run's outcome that somebody should know.

use std::fmt;

/// A fact beside the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The task exited 0, and a migration was not applied.
    MigrationNotApplied,
    /// A command crashed with this error, and the task exited 0.
    CrashHidden(String),
    /// A command crashed with this error, and others went on.
    OthersWentOn(String),
}

impl Note {
    /// Returns the error that it names.
    pub fn error_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::MigrationNotApplied => None,
            Self::CrashHidden(error) | Self::OthersWentOn(error) => Some(error),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MigrationNotApplied => {
                out.write_str("the task exited 0 although a migration was not applied")
            }
            Self::CrashHidden(error) => write!(
                out,
                "a command in this task crashed ({error}), the task exited 0"
            ),
            Self::OthersWentOn(error) => {
                write!(out, "a command of it crashed ({error}), others went on")
            }
        }
    }
}
