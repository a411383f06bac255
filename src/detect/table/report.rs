//! Puts a run together from its verdict and all that is known beside it.

use crate::decode::ecs::{TaskEvent, TaskKind};
use crate::decode::exception::ErrorInfo;
use crate::decode::traceback::{AppRoots, Traceback};
use crate::detect::command::Command;
use crate::detect::groups::BATCH;
use crate::detect::outcome::{Case, Verdict};
use crate::detect::reading::{Class, Trouble};
use crate::detect::run::{Cause, Outcome, Run, RunKind};
use crate::detect::table::{Stream, Task};
use crate::detect::transcript::{Counts, Transcript};
use crate::time::Timestamp;

/// Puts a run together.
pub(super) struct Builder<'a> {
    pub(super) case: Case<'a>,
    pub(super) roots: &'a AppRoots,
    pub(super) stream: Option<&'a Stream>,
    pub(super) task: Option<&'a Task>,
}

impl Builder<'_> {
    /// Returns the run of a batch or of a one-off task.
    pub(super) fn run(&self) -> Run {
        let verdict = self.case.verdict();
        let trouble = self.trouble(&verdict);
        let crash = self.case.reading.last_crash();
        let mut run = self.outline();
        run.ended = self.ended(verdict.outcome);
        run.outcome = verdict.outcome;
        run.cause = verdict.cause;
        run.evidence = verdict.evidence;
        run.note = verdict.note;
        run.settled = verdict.settled;
        run.crash_seen = crash.is_some();
        run.error_at = trouble.map(|trouble| trouble.place.clone());
        run.error = trouble.map(|trouble| trouble.error.clone());
        let said = matches!(run.exit_code, Some(1 | 2)) && run.outcome == Outcome::Failed;
        if run.error.is_none() && said {
            self.take_last_line(&mut run);
        }
        run
    }

    /// Returns the error to report.
    ///
    /// A run that went well has none, but for a crash that a later attempt made good; one that was ended from
    /// outside has only what it said last: errors it logged before are not why it ended.
    fn trouble(&self, verdict: &Verdict) -> Option<&Trouble> {
        let reading = self.case.reading;
        let crash = || {
            reading
                .last_crash()
                .filter(|crash| crash.class != Class::Refusal)
        };
        match (verdict.outcome, verdict.cause) {
            (Outcome::Succeeded | Outcome::Running, _) => crash(),
            (_, None | Some(Cause::ExitCode | Cause::Exception | Cause::CommandError)) => {
                reading.main_trouble()
            }
            _ => reading.end(),
        }
    }

    /// `sys.exit("text")` prints the text and exits with 1: nothing else marks it as an error. A syntax error of
    /// the script itself is printed without a traceback's head.
    fn take_last_line(&self, run: &mut Run) {
        let line = self.case.reading.last_line.as_ref();
        let margin = |line: &str| !line.starts_with([' ', '\t', '\r']);
        let last = line.filter(|(_, line)| margin(line));
        let Some((place, line)) = last else { return };
        let class = line.split(':').next().unwrap_or_default();
        let raised = class.ends_with("Error") || class.ends_with("Exception");
        let roots = self.roots;
        let traceback = Traceback::parse(line, roots).filter(|_| raised);
        run.error = Some(match traceback {
            Some(traceback) => ErrorInfo::from_traceback(traceback, roots),
            None => ErrorInfo::from_message(None, line),
        });
        run.error_at = Some(place.clone());
    }

    /// A service's task is no run, but what it may do is: a migration before it begins, and its own end.
    pub(super) fn service_runs(&self) -> Vec<Run> {
        let ended = self.task.filter(|task| task.event.is_final()).map(|_| Run {
            kind: RunKind::Task,
            migration: None,
            ..self.run()
        });
        ended.into_iter().chain(self.entrypoint()).collect()
    }

    /// Returns the migration that an entrypoint ran before the service itself.
    fn entrypoint(&self) -> Option<Run> {
        let reading = self.case.reading;
        let migration = reading.migration.as_ref()?;
        let crash = reading
            .troubles
            .iter()
            .rev()
            .find(|trouble| trouble.in_migrate && trouble.is_end());
        let verdict = Case {
            task: None,
            main: None,
            ..self.case
        }
        .verdict();
        let failed = migration.failed.is_some() && verdict.outcome == Outcome::Failed
            || crash.is_some_and(|crash| crash.is_last);
        let mut run = self.outline();
        run.kind = RunKind::Migration;
        run.outcome = match verdict.outcome {
            _ if failed => Outcome::Failed,
            Outcome::Unknown => Outcome::Unknown,
            Outcome::Running if reading.last_line.is_some() => Outcome::Running,
            _ if migration.failed.is_some() => Outcome::Running,
            _ => Outcome::Succeeded,
        };
        run.ended = self.ended(run.outcome);
        run.cause = verdict.cause.filter(|_| failed);
        run.evidence = verdict.evidence;
        run.settled = verdict.settled;
        run.crash_seen = crash.is_some();
        run.error = crash.map(|crash| crash.error.clone());
        run.error_at = crash.map(|crash| crash.place.clone());
        Some(run)
    }

    /// Fills in all that does not depend on the outcome.
    fn outline(&self) -> Run {
        let event = self.task.map(|task| &task.event);
        let transcript = self.case.transcript;
        let origin = self
            .stream
            .map(|stream| stream.origin.clone())
            .unwrap_or_default();
        let known_task = event
            .map(|event| event.task.as_str())
            .or_else(|| origin.task().filter(|id| is_task_id(id)));
        let kind = self.kind();
        let name = self.name(kind);
        Run {
            kind,
            is_named: self.is_named(&name),
            name,
            command: self.case.command.map(|command| command.text.clone()),
            stage: self.stage(),
            service: self.service(),
            started: self.started(),
            last_seen: self.last_seen(),
            exit_code: self.case.main.and_then(|main| main.exit_code),
            stop_reason: event
                .and_then(|event| event.stop_reason(self.case.main))
                .map(str::to_owned),
            counts: self.counts(),
            migration: self.case.reading.migration.clone(),
            task: known_task.map(str::to_owned),
            cluster: event.map(|event| event.cluster.clone()),
            region: event.map(|event| event.region.clone()),
            first: transcript.and_then(Transcript::first).cloned(),
            last: transcript.and_then(Transcript::last).cloned(),
            origin,
            ..Run::default()
        }
    }

    fn counts(&self) -> Counts {
        let counts = self.case.transcript.map(Transcript::counts);
        let mut counts = counts.unwrap_or_default();
        counts.errors += self.case.reading.spread.errors;
        counts.warnings += self.case.reading.spread.warnings;
        counts
    }

    fn kind(&self) -> RunKind {
        let reading = self.case.reading;
        let migrates = self.case.command.is_some_and(Command::is_migration)
            || reading.migration.is_some()
            || reading.end().is_some_and(|end| end.in_migrate);
        match (migrates, self.is_batch()) {
            (true, _) => RunKind::Migration,
            (false, true) => RunKind::Batch,
            (false, false) => RunKind::Task,
        }
    }

    fn name(&self, kind: RunKind) -> String {
        let container = || {
            let own = self.stream.and_then(|stream| stream.origin.container());
            own.or_else(|| self.case.main.map(|main| main.name.as_str()))
        };
        let from_lines = (kind == RunKind::Migration).then_some("migrate");
        let name = self.case.command.and_then(Command::name);
        name.or_else(|| self.case.transcript?.name())
            .or(self.case.reading.name.as_deref())
            .or(from_lines)
            .or_else(container)
            .or_else(|| self.stream.map(|stream| &*stream.origin.stream))
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns whether the run's name tells what ran: a container that is called as its service is may run anything.
    fn is_named(&self, name: &str) -> bool {
        let command = self.case.command.and_then(Command::name);
        let recorded = || self.case.transcript?.name();
        let own = command
            .or_else(recorded)
            .or(self.case.reading.name.as_deref());
        let service = self.stream.map_or("batch", |stream| &stream.site.service);
        own.is_some() || name != service
    }

    fn stage(&self) -> String {
        let of_stream = self.stream.map(|stream| stream.site.stage.as_str());
        let of_task = self.task.map(|task| task.stage.as_str());
        let mut stages = of_stream.into_iter().chain(of_task);
        stages
            .find(|stage| !stage.is_empty())
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns whose log it wrote; a batch that never came to write one belongs to those that do.
    fn service(&self) -> String {
        match self.stream {
            Some(stream) => stream.site.service.clone(),
            None if self.is_batch() => BATCH.to_owned(),
            None => String::new(),
        }
    }

    fn is_batch(&self) -> bool {
        match self.stream {
            Some(stream) => stream.site.holds_runs(),
            None => self.task.is_some_and(|task| is_batch(&task.event)),
        }
    }

    fn started(&self) -> Option<Timestamp> {
        let event = self.task.map(|task| &task.event);
        let first = self.case.transcript.and_then(Transcript::first);
        event
            .and_then(|event| event.started)
            .or(first.and_then(|first| first.timestamp.known()))
            .or(event.and_then(|event| event.created))
    }

    fn ended(&self, outcome: Outcome) -> Option<Timestamp> {
        let event = self.task.map(|task| &task.event);
        match event.filter(|event| event.is_final()) {
            Some(event) => event
                .execution_stopped
                .or(event.stopped)
                .or(event.stopping)
                .or(event.time),
            None => self
                .last_seen()
                .known()
                .filter(|_| outcome != Outcome::Running),
        }
    }

    fn last_seen(&self) -> Timestamp {
        let last = self
            .case
            .transcript
            .and_then(Transcript::last)
            .map(|last| last.timestamp);
        let heard = || last_heard(&self.task?.event);
        last.or_else(heard).unwrap_or_default()
    }
}

/// Returns whether a task that wrote no log would have written that of a batch.
fn is_batch(event: &TaskEvent) -> bool {
    let named = |name: &str| name.split(['-', '_']).any(|part| part == "batch");
    event.kind == TaskKind::Scheduled
        || named(&event.family)
        || event
            .containers
            .iter()
            .any(|container| named(&container.name))
}

/// Returns when something was last heard of a task.
fn last_heard(event: &TaskEvent) -> Option<Timestamp> {
    event
        .stopped
        .or(event.time)
        .or(event.stopping)
        .or(event.started)
        .or(event.created)
}

/// Returns whether the last part of a stream's name is an ECS task id; the older ones are UUIDs.
pub(crate) fn is_task_id(id: &str) -> bool {
    let hexadecimal = id
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    hexadecimal && matches!(id.len(), 32 | 36)
}
