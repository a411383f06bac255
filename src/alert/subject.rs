//! What happened, read from a run or from an event that carries an error.

use super::{Failure, Kind, Log, Migrations, Subject};
use crate::decode::exception::ErrorInfo;
use crate::detect::{Migration, Place, Run, RunKind};
use crate::event::Event;
use crate::time::Timestamp;

impl Subject {
    /// Reads a run.
    pub fn of_run(run: &Run) -> Self {
        Self {
            stage: filled(&run.stage),
            service: filled(&run.service),
            kind: match run.kind {
                RunKind::Batch => Kind::Batch,
                RunKind::Migration => Kind::Migration,
                RunKind::Task => Kind::Task,
            },
            name: filled(&run.name),
            outcome: Some(run.outcome.as_str().to_owned()),
            cause: run.cause.map(|cause| cause.as_str().to_owned()),
            started: run.started,
            ended: run.ended,
            duration: run.duration(),
            exit_code: run.exit_code,
            error: run.error.as_ref().map(failure),
            migration: run.migration.as_ref().map(migrations),
            task: run.task.clone(),
            stop_reason: run.stop_reason.clone(),
            note: run.note.clone(),
            errors: run.counts.errors,
            events: run.counts.events,
            log: Log {
                group: group_name(&run.origin.group),
                stream: run.origin.stream.to_string(),
                first_timestamp: run
                    .first
                    .as_ref()
                    .map(|first| first.timestamp)
                    .or(run.started)
                    .and_then(Timestamp::known),
                event_id: run.error_at.as_ref().and_then(Place::id),
            },
        }
    }

    /// Reads an event that carries an error.
    pub fn of_event(event: &Event<'_>, error: &ErrorInfo, stage: &str, service: &str) -> Self {
        Self {
            stage: filled(stage),
            service: filled(service),
            kind: Kind::Error,
            name: filled(&error.kind),
            error: Some(failure(error)),
            events: 1,
            log: Log {
                group: group_name(&event.origin.group),
                stream: event.origin.stream.to_string(),
                first_timestamp: event.timestamp.known(),
                event_id: event.id.map(str::to_owned),
            },
            ..Self::default()
        }
    }
}

fn failure(error: &ErrorInfo) -> Failure {
    Failure {
        kind: filled(&error.kind),
        message: filled(&error.message),
        culprit: error.culprit.clone(),
        traceback: filled(&error.traceback),
        fingerprint: filled(&error.fingerprint),
        grouped_by: filled(&error.grouped_by),
    }
}

fn migrations(migration: &Migration) -> Migrations {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    Migrations {
        applied: owned(migration.applied()),
        unapplied: owned(migration.unapplied()),
        failed: migration.failed.clone(),
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Drops the account in front of a group's name: `111122223333:/ecs/production-batch`.
fn group_name(log: &str) -> String {
    let account = log
        .split_once(':')
        .filter(|(account, _)| account.bytes().all(|byte| byte.is_ascii_digit()));
    account.map_or(log, |(_, group)| group).to_owned()
}
