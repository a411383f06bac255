//! The verdict on a run, from the two witnesses there are: its log, and the ECS event of its task.
//!
//! Either alone is enough to speak. Where both speak the exit code has the last word, but for two things it cannot
//! know: a shell that hid the exit code of what it ran, and a migration that was not applied although the
//! process ended with 0.

use std::path::Path;

use crate::decode::ecs::{Container, Stop, TaskEvent, TaskKind};
use crate::detect::command::Command;
use crate::detect::migration::StepState;
use crate::detect::note::Note;
use crate::detect::reading::{Class, Reading, Trouble};
use crate::detect::run::{Cause, Outcome};
use crate::detect::transcript::Transcript;
use crate::time::Timestamp;

/// What is known of a run when it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// Its log, if it wrote any.
    pub(crate) transcript: Option<&'a Transcript>,
    /// Its log, read.
    pub(crate) reading: &'a Reading,
    /// The last state of its task.
    pub(crate) task: Option<&'a TaskEvent>,
    /// The container that speaks for the task.
    pub(crate) main: Option<&'a Container>,
    /// Its command.
    pub(crate) command: Option<&'a Command>,
    /// The time at which the verdict is asked for.
    pub(crate) now: Timestamp,
    /// How many milliseconds without a line count as the end, when no event tells.
    pub(crate) settle: i64,
    /// How many milliseconds nothing must be heard of a running task until its stop counts as lost.
    pub(crate) lost: i64,
}

/// How a run ended, why, and how that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) cause: Option<Cause>,
    pub(crate) evidence: Vec<String>,
    pub(crate) note: Option<Note>,
    /// Whether no event that could change the outcome is to be expected.
    pub(crate) settled: bool,
}

impl Verdict {
    fn of(outcome: Outcome, evidence: impl Into<String>) -> Self {
        Self {
            outcome,
            evidence: vec![evidence.into()],
            ..Self::default()
        }
    }

    fn failed(cause: impl Into<Option<Cause>>, evidence: impl Into<String>) -> Self {
        Self {
            cause: cause.into(),
            ..Self::of(Outcome::Failed, evidence)
        }
    }

    fn and(mut self, evidence: Option<String>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

impl Case<'_> {
    /// Judges the run.
    pub(crate) fn verdict(&self) -> Verdict {
        let Some(task) = self.task else {
            return self.by_log();
        };
        let stop = task.stop(self.main);
        let verdict = match stop {
            Stop::NotYet if self.is_lost(task) => return self.without_stop(),
            Stop::NotYet => return self.while_running(),
            Stop::NeverStarted(why) => Verdict::failed(Cause::NeverStarted, why.as_str()),
            Stop::Spot => Verdict::failed(Cause::Spot, "its Spot capacity was taken back"),
            Stop::OutOfMemory => {
                Verdict::failed(Cause::Oom, "ECS killed the container for its memory")
            }
            Stop::Asked if !is_service(task) => {
                Verdict::failed(Cause::Stopped, "the task was told to stop")
            }
            Stop::Asked | Stop::Scheduler => self.by_scheduler(task),
            Stop::Exited => self.by_exit_code(task),
        };
        let said = (stop != Stop::Exited)
            .then(|| self.exit_code().map(exit_words))
            .flatten();
        Verdict {
            settled: true,
            ..verdict.and(said)
        }
    }

    fn exit_code(&self) -> Option<i64> {
        self.main?.exit_code
    }

    /// A service's tasks are ended when it is deployed or scaled in, and when they are not healthy.
    fn by_scheduler(&self, task: &TaskEvent) -> Verdict {
        let unhealthy = task.stopped_reason.contains("failed");
        match self.exit_code() {
            Some(0) if !unhealthy => Verdict {
                cause: Some(Cause::Stopped),
                ..Verdict::of(Outcome::Succeeded, "its service stopped it")
            },
            None | Some(0 | 130 | 137 | 143) if !unhealthy => Verdict {
                cause: Some(Cause::Stopped),
                ..Verdict::of(Outcome::Unknown, "its service stopped it")
            },
            _ if unhealthy => {
                Verdict::failed(Cause::Stopped, "its service stopped it as unhealthy")
            }
            Some(code) => self.by_bad_code(code),
            None => Verdict::of(Outcome::Unknown, "its service stopped it"),
        }
    }

    fn by_exit_code(&self, task: &TaskEvent) -> Verdict {
        match self.exit_code() {
            Some(0) => self.by_good_code(),
            Some(code) => self.by_bad_code(code),
            None => self.without_code(task),
        }
    }

    fn by_bad_code(&self, code: i64) -> Verdict {
        let end = self
            .reading
            .end()
            .or_else(|| self.end_talked_over().filter(|_| code < 128));
        let cause = match end {
            Some(end) if end.error.kind != "FatalError" => cause_of(end),
            _ if code > 128 => Cause::Signal,
            Some(end) => cause_of(end),
            None => Cause::ExitCode,
        };
        let words = exit_words(code);
        Verdict::failed(cause, words)
            .and(end.map(end_words))
            .and(self.migration_words())
    }

    /// Returns the crash or refusal of the command itself that others spoke after: exit handlers, threads that
    /// still ran. Only an exit code that is not 0 tells it from one that was quoted, or hidden by a shell.
    fn end_talked_over(&self) -> Option<&Trouble> {
        let alone = self.command.is_some_and(|command| !command.in_shell);
        let last = self.reading.troubles.last().filter(|_| alone)?;
        let own = match last.class {
            Class::Crash | Class::LoggedCrash => self.is_of_the_command(last),
            Class::Refusal => true,
            Class::Logged | Class::Caught => false,
        };
        own.then_some(last)
    }

    fn by_good_code(&self) -> Verdict {
        let zero = exit_words(0);
        if self.failed_migration().is_some() {
            let crash = self.reading.last_crash();
            let words = crash.map(|_| "a command of it crashed".to_owned());
            return Verdict {
                note: Some(Note::MigrationNotApplied),
                ..Verdict::failed(crash.map(cause_of), zero)
                    .and(words)
                    .and(self.migration_words())
            };
        }
        let Some(crash) = self.crash_that_counts() else {
            return self.by_records(zero);
        };
        let note = Some(Note::CrashHidden(crash.error.headline()));
        if self
            .reading
            .migration
            .as_ref()
            .is_some_and(|migration| migration.recovered)
        {
            let words = Some("a later migrate made good what failed".to_owned());
            return Verdict {
                note,
                ..self.by_records(zero).and(words)
            };
        }
        // A shell or an entrypoint may have hidden the code. The program itself cannot die of an exception and
        // exit with 0.
        let contradiction = crash.is_last && self.is_of_the_command(crash);
        let outcome = if contradiction {
            Outcome::Unknown
        } else {
            Outcome::Errored
        };
        let words = if contradiction {
            Some(end_words(crash))
        } else {
            None
        };
        Verdict {
            note,
            ..Verdict::of(outcome, zero).and(words)
        }
    }

    /// Returns the crash that an exit code of 0 does not take back.
    ///
    /// A refusal always comes with another exit code: where no shell can have hidden that, it was only quoted.
    fn crash_that_counts(&self) -> Option<&Trouble> {
        let in_shell = self.command.is_none_or(|command| command.in_shell);
        let counts = |trouble: &&Trouble| match trouble.class {
            Class::Crash | Class::LoggedCrash => true,
            Class::Refusal => in_shell && trouble.is_last,
            Class::Logged | Class::Caught => false,
        };
        self.reading.troubles.iter().rev().find(counts)
    }

    fn is_of_the_command(&self, crash: &Trouble) -> bool {
        let file = Path::new(&crash.script)
            .file_name()
            .and_then(|name| name.to_str());
        self.command
            .zip(file)
            .is_some_and(|(command, file)| !command.in_shell && command.runs_file(file))
    }

    fn without_code(&self, task: &TaskEvent) -> Verdict {
        let words = "the ECS event has no exit code";
        if let Some(end) = self.reading.end() {
            return Verdict::failed(cause_of(end), end_words(end)).and(Some(words.to_owned()));
        }
        let ordinary = task.stopped_reason.is_empty()
            || task.stopped_reason.starts_with("Essential container");
        if ordinary {
            Verdict::of(Outcome::Unknown, words)
        } else {
            Verdict::failed(Cause::Stopped, words)
        }
    }

    /// A run that ended well may still have logged errors.
    fn by_records(&self, evidence: String) -> Verdict {
        let errors = self
            .transcript
            .map_or(0, |transcript| transcript.counts().errors);
        match errors + self.reading.spread.errors {
            0 => Verdict::of(Outcome::Succeeded, evidence),
            1 => Verdict::of(Outcome::Errored, evidence).and(Some("1 error was logged".to_owned())),
            errors => Verdict::of(Outcome::Errored, evidence)
                .and(Some(format!("{errors} errors were logged"))),
        }
    }

    /// The task runs, says ECS: only a crash in the log speaks against it, unless a shell may go on.
    fn while_running(&self) -> Verdict {
        let in_shell = self.command.is_some_and(|command| command.in_shell);
        self.crashed()
            .filter(|_| !in_shell)
            .unwrap_or_else(|| Verdict::of(Outcome::Running, "the task has not stopped yet"))
    }

    /// The event of the stop is lost, or the task hangs: what the log says is all that will be known. That it says
    /// nothing bad is no sign of a good end, since ECS has seen none.
    fn without_stop(&self) -> Verdict {
        let quiet = format!(
            "nothing for {} h, ECS last said that it runs",
            self.lost / 3_600_000
        );
        let verdict = self.crashed().unwrap_or_else(|| self.by_silence(true));
        let verdict = match verdict.outcome {
            Outcome::Succeeded => Verdict::of(Outcome::Unknown, quiet),
            _ => verdict.and(Some(quiet)),
        };
        Verdict {
            settled: true,
            ..verdict
        }
    }

    fn is_lost(&self, task: &TaskEvent) -> bool {
        let line = self.transcript.and_then(Transcript::last);
        let heard = line.map(|last| last.timestamp).max(task.time);
        heard.is_some_and(|heard| self.now.0.saturating_sub(heard.0) >= self.lost)
    }

    /// No event tells: the log alone speaks.
    fn by_log(&self) -> Verdict {
        let settled = self.is_quiet();
        let verdict = self.crashed().unwrap_or_else(|| self.by_silence(settled));
        Verdict { settled, ..verdict }
    }

    fn crashed(&self) -> Option<Verdict> {
        if let Some(end) = self.reading.end() {
            let verdict = Verdict::failed(cause_of(end), end_words(end));
            return Some(verdict.and(self.migration_words()));
        }
        self.failed_migration()?;
        let crash = self.reading.last_crash();
        let certain = crash.is_some()
            || self
                .reading
                .migration
                .as_ref()
                .is_some_and(|found| found.cut_off);
        certain.then(|| {
            Verdict::failed(
                crash.map(cause_of),
                self.migration_words().unwrap_or_default(),
            )
        })
    }

    fn by_silence(&self, settled: bool) -> Verdict {
        if !settled {
            return Verdict::of(Outcome::Running, "no end seen yet");
        }
        if let Some(words) = self.migration_words() {
            return Verdict::of(Outcome::Unknown, words);
        }
        if self.transcript.is_some_and(Transcript::ends_in_a_record) {
            return Verdict::of(Outcome::Unknown, "the log ends in the middle of a record");
        }
        let quiet = format!("no line for {} s, no ECS event", self.settle / 1000);
        let verdict = self.by_records(quiet);
        match self
            .reading
            .last_crash()
            .filter(|crash| crash.class != Class::Refusal)
        {
            Some(crash) if verdict.outcome == Outcome::Succeeded && !self.has_recovered() => {
                Verdict {
                    note: Some(Note::OthersWentOn(crash.error.headline())),
                    outcome: Outcome::Errored,
                    ..verdict
                }
            }
            _ => verdict,
        }
    }

    fn has_recovered(&self) -> bool {
        self.reading
            .migration
            .as_ref()
            .is_some_and(|migration| migration.recovered)
    }

    fn is_quiet(&self) -> bool {
        let last = self.transcript.and_then(Transcript::last);
        last.is_some_and(|last| self.now.0.saturating_sub(last.timestamp.0) >= self.settle)
    }

    fn failed_migration(&self) -> Option<&str> {
        self.reading.migration.as_ref()?.failed.as_deref()
    }

    fn migration_words(&self) -> Option<String> {
        let migration = self.reading.migration.as_ref()?;
        let failed = migration.failed.as_deref()?;
        let open = migration
            .steps
            .iter()
            .any(|step| step.name == failed && step.state == StepState::Open);
        Some(if open {
            format!("migration {failed} was begun and not finished")
        } else {
            format!("migration {failed} failed")
        })
    }
}

/// Returns whether a task's stops are its own business: services are ended and replaced all the time.
pub(crate) fn is_service(task: &TaskEvent) -> bool {
    task.kind == TaskKind::Service
}

fn cause_of(end: &Trouble) -> Cause {
    match (end.class, end.error.kind.as_str()) {
        (Class::Refusal, "FatalError") => fatal_cause(&end.error.message),
        (Class::Refusal, _) => Cause::CommandError,
        _ => Cause::Exception,
    }
}

/// The interpreter's last words name either a signal it caught, or its own trouble.
fn fatal_cause(message: &str) -> Cause {
    const SIGNALS: [&str; 6] = [
        "Segmentation fault",
        "Aborted",
        "Bus error",
        "Illegal instruction",
        "Floating point exception",
        "Floating-point exception",
    ];
    if SIGNALS.iter().any(|signal| message.starts_with(signal)) {
        Cause::Signal
    } else {
        Cause::Exception
    }
}

fn end_words(end: &Trouble) -> String {
    match end.class {
        Class::LoggedCrash => "an uncaught exception, logged at the end".to_owned(),
        Class::Refusal => format!("`{}` at the end of the log", end.error.kind),
        _ => "an uncaught traceback at the end of the log".to_owned(),
    }
}

fn exit_words(code: i64) -> String {
    match signal_name(code) {
        Some(signal) => format!("exit code {code} ({signal}) in the ECS event"),
        None => format!("exit code {code} in the ECS event"),
    }
}

/// Returns the name of the signal that an exit code above 128 stands for.
pub fn signal_name(code: i64) -> Option<&'static str> {
    Some(match code - 128 {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}
