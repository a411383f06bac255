//! Sorts the words ECS uses for the end of a task.
//!
//! Amazon changes the sentences, so only their fixed beginnings are looked at (what stands before the first
//! colon), and what is not known falls into a class that says so.

use super::{Container, TaskEvent};

/// Why a task ended, as far as ECS knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It has not ended.
    NotYet,
    /// No process of it ever ran.
    NeverStarted(NeverStarted),
    /// Its capacity was taken back.
    Spot,
    /// Its memory was not enough.
    OutOfMemory,
    /// The service's scheduler replaced it or scaled in.
    Scheduler,
    /// Somebody asked for the stop, or the host failed.
    Asked,
    /// Its main process ended by itself: the exit code tells how.
    Exited,
}

/// What kept a task from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeverStarted {
    /// The image could not be pulled.
    ImagePull,
    /// Secrets, files or the network interface were not to be had.
    Resources,
    /// The container was there, but its process did not start.
    Container,
    /// Something else, or nothing that is known here.
    Other,
}

impl NeverStarted {
    /// Returns the class in a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImagePull => "the image could not be pulled",
            Self::Resources => "its resources were not to be had",
            Self::Container => "the container could not be started",
            Self::Other => "the task could not be started",
        }
    }

    fn of(reasons: &[&str]) -> Self {
        let class = |reason: &&str| {
            let head = reason.split(':').next().unwrap_or_default().trim();
            match head {
                _ if head.starts_with("CannotPull") => Some(Self::ImagePull),
                "ResourceInitializationError"
                | "Timeout waiting for network interface provisioning to complete." => {
                    Some(Self::Resources)
                }
                _ if head.starts_with("CannotCreateVolume") => Some(Self::Resources),
                _ if head.starts_with("CannotStart") || head.starts_with("CannotInspect") => {
                    Some(Self::Container)
                }
                "ContainerRuntimeError" | "ContainerRuntimeTimeoutError" | "DockerTimeoutError" => {
                    Some(Self::Container)
                }
                _ => None,
            }
        };
        reasons.iter().find_map(class).unwrap_or(Self::Other)
    }
}

impl TaskEvent {
    /// Returns why the task ended; `main` is the container that speaks for it.
    pub fn stop(&self, main: Option<&Container>) -> Stop {
        let ran = self.started.is_some() || main.is_some_and(|one| one.exit_code.is_some());
        let reason = main.map_or("", |one| one.reason.as_str());
        let reasons = [reason, self.stopped_reason.as_str()];
        match self.stop_code.as_str() {
            _ if !self.is_final() => Stop::NotYet,
            "TaskFailedToStart" => Stop::NeverStarted(NeverStarted::of(&reasons)),
            "SpotInterruption" | "TerminationNotice" => Stop::Spot,
            // A task that was called off before it started did not fail to start: somebody did not want it.
            "UserInitiated" | "InfrastructureHealth" => Stop::Asked,
            _ if !ran => Stop::NeverStarted(NeverStarted::of(&reasons)),
            _ if reasons.iter().any(|reason| is_spot(reason)) => Stop::Spot,
            _ if reasons.iter().any(|reason| is_out_of_memory(reason)) => Stop::OutOfMemory,
            "ServiceSchedulerInitiated" => Stop::Scheduler,
            _ => Stop::Exited,
        }
    }

    /// Returns what ECS says about the end in its own words, the container's before the task's.
    pub fn stop_reason<'a>(&'a self, main: Option<&'a Container>) -> Option<&'a str> {
        let own = main.map_or("", |one| one.reason.as_str());
        [own, &self.stopped_reason]
            .into_iter()
            .find(|reason| !reason.is_empty())
    }
}

fn is_spot(reason: &str) -> bool {
    reason.starts_with("SpotInterruption") || reason.starts_with("Your Spot Task was interrupted")
}

/// Returns whether a reason names memory; the case of its letters varies between platform versions.
fn is_out_of_memory(reason: &str) -> bool {
    let head = reason.split(':').next().unwrap_or_default();
    head.to_ascii_lowercase().contains("outofmemory")
}
