//! What happened, read from the columns of a run or of an event.

use std::borrow::Cow;

use super::{Failure, Kind, Log, Migrations, Subject};
use crate::time::Timestamp;
use crate::value::Value;

/// Reads a column by name.
pub(super) type Column<'a> = &'a dyn Fn(&str) -> Value<'a>;

impl Subject {
    /// Reads a run by the columns of the runs table.
    pub fn of_run(column: Column<'_>) -> Self {
        let error = failure(column, "error");
        Self {
            stage: text(column, "stage"),
            service: service(&text(column, "@log").unwrap_or_default()),
            kind: match text(column, "kind").as_deref() {
                Some("migration") => Kind::Migration,
                Some("task") => Kind::Task,
                _ => Kind::Batch,
            },
            name: text(column, "name"),
            outcome: text(column, "outcome"),
            cause: text(column, "cause"),
            started: time(column, "started"),
            ended: time(column, "ended"),
            duration: column("duration").as_number(),
            exit_code: column("exit_code").as_number().map(|code| code as i64),
            error: (error != Failure::default()).then_some(error),
            migration: migrations(column),
            stop_reason: text(column, "stop_reason"),
            errors: count(column, "errors"),
            events: count(column, "events"),
            log: Log {
                group: group_name(&text(column, "@log").unwrap_or_default()),
                stream: text(column, "@logStream").unwrap_or_default(),
                first_timestamp: time(column, "started"),
                event_id: None,
            },
        }
    }

    /// Reads an event by the columns of the events table.
    pub fn of_event(column: Column<'_>, event_id: Option<&str>) -> Self {
        let mut error = failure(column, "@error");
        if error == Failure::default() {
            error.message = text(column, "@message");
        }
        Self {
            stage: text(column, "@stage"),
            service: text(column, "@service"),
            kind: Kind::Error,
            name: error.kind.clone(),
            error: Some(error),
            events: 1,
            log: Log {
                group: group_name(&text(column, "@log").unwrap_or_default()),
                stream: text(column, "@logStream").unwrap_or_default(),
                first_timestamp: time(column, "@timestamp"),
                event_id: event_id.map(str::to_owned),
            },
            ..Self::default()
        }
    }
}

fn failure(column: Column<'_>, prefix: &str) -> Failure {
    let member = |name: &str| text(column, &format!("{prefix}.{name}"));
    Failure {
        kind: member("type"),
        message: member("message"),
        culprit: member("culprit"),
        traceback: member("traceback"),
        fingerprint: member("fingerprint"),
        grouped_by: member("grouped_by"),
    }
}

fn migrations(column: Column<'_>) -> Option<Migrations> {
    let found = Migrations {
        applied: list(&column("migration.applied")),
        unapplied: list(&column("migration.unapplied")),
        failed: text(column, "migration.failed"),
    };
    let is_migration = column("kind") == Value::Text("migration".into());
    (is_migration || found != Migrations::default()).then_some(found)
}

fn list(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| item.to_text().map(Cow::into_owned))
            .collect(),
        _ => Vec::new(),
    }
}

fn text(column: Column<'_>, name: &str) -> Option<String> {
    let text = column(name).to_text()?.into_owned();
    (!text.is_empty()).then_some(text)
}

fn time(column: Column<'_>, name: &str) -> Option<Timestamp> {
    match column(name) {
        Value::Timestamp(at) => Some(at),
        value => value.as_number().map(|millis| Timestamp(millis as i64)),
    }
}

fn count(column: Column<'_>, name: &str) -> u64 {
    column(name).as_number().map_or(0, |count| count as u64)
}

/// Drops the account in front of a group's name: `111122223333:/ecs/production-batch`.
fn group_name(log: &str) -> String {
    let account = log
        .split_once(':')
        .filter(|(account, _)| account.bytes().all(|byte| byte.is_ascii_digit()));
    account.map_or(log, |(_, group)| group).to_owned()
}

/// Returns the service of a group named `/ecs/{stage}-{service}`.
fn service(log: &str) -> Option<String> {
    let (_, last) = log.rsplit_once('/')?;
    last.split_once('-').map(|(_, service)| service.to_owned())
}
