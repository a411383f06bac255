//! Tests of what is sent: what it looks like, and that no log text can make it too long, broken or dangerous.

mod checks;
mod everywhere;
mod hostile;
mod to_amazon_q;
mod to_mail;
mod to_slack;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::limit::units;
use super::*;
use crate::alert::redact::Redactor;
use crate::alert::redact::tests::planted;
use crate::alert::{
    Alert, Failure, Kind, Log, Migrations, Place, Standing, Status, Subject, identity,
};
use crate::detect::Note;
use crate::time::Zone;
const END: i64 = 1_795_400_192_000;

const STREAM: &str = "ecs/batch/1cf0d28e12e9289741cd041d467ee616";

fn zone() -> Zone {
    Zone::named("Asia/Tokyo").expect("a known zone")
}

fn standing(status: Status, severity: Severity) -> Standing {
    Standing {
        id: identity(&["batch-failures", "x"]),
        status,
        severity,
        rule: "batch-failures".to_owned(),
        occurrences: 1,
        suppressed: 0,
        first_seen: Timestamp(END),
        last_seen: Timestamp(END),
        remarks: Vec::new(),
    }
}

fn place() -> Place<'static> {
    Place {
        region: Some("ap-northeast-1"),
        runbook: Some("https://wiki.example.com/sync?a=1&b=2"),
        owner: Some("booking team"),
    }
}

fn key_error() -> Failure {
    let traceback = "Traceback (most recent call last):\n  File \"/app/booking/sync.py\", line 88, in sync_rates\n    total += row['price']\nKeyError: 'price'";
    Failure {
        kind: Some("KeyError".to_owned()),
        message: Some("'price'".to_owned()),
        culprit: Some("sync_rates (booking/sync.py:88)".to_owned()),
        traceback: Some(traceback.to_owned()),
        fingerprint: Some("v1:abc".to_owned()),
        grouped_by: Some("KeyError in booking/sync.py sync_rates".to_owned()),
    }
}

fn failed_batch() -> Subject {
    Subject {
        stage: Some("production".to_owned()),
        service: Some("batch".to_owned()),
        kind: Kind::Batch,
        name: Some("sync-reservations".to_owned()),
        outcome: Some("failed".to_owned()),
        cause: Some("exception".to_owned()),
        started: Some(Timestamp(END - 192_000)),
        ended: Some(Timestamp(END)),
        duration: Some(192.0),
        exit_code: Some(1),
        error: Some(key_error()),
        task: Some("1cf0d28e12e9289741cd041d467ee616".to_owned()),
        events: 12,
        log: Log {
            group: "/ecs/production-batch".to_owned(),
            stream: STREAM.to_owned(),
            first_timestamp: Some(Timestamp(END - 192_000)),
            event_id: None,
        },
        ..Subject::default()
    }
}

fn migration(failed: Option<&str>) -> Subject {
    let applied = vec!["rates.0041_x".to_owned(), "rates.0042_y".to_owned()];
    let is_failed = failed.is_some();
    Subject {
        kind: Kind::Migration,
        name: Some("migrate".to_owned()),
        outcome: Some(if is_failed { "failed" } else { "succeeded" }.to_owned()),
        exit_code: Some(i64::from(is_failed)),
        error: is_failed.then(key_error),
        migration: Some(Migrations {
            applied,
            unapplied: Vec::new(),
            failed: failed.map(str::to_owned),
        }),
        ..failed_batch()
    }
}

fn web_error() -> Subject {
    Subject {
        service: Some("webapp".to_owned()),
        kind: Kind::Error,
        name: Some("KeyError".to_owned()),
        outcome: None,
        cause: None,
        exit_code: None,
        started: None,
        duration: None,
        task: None,
        log: Log {
            group: "/ecs/production-webapp".to_owned(),
            stream: "ecs/webapp/5d1e0c7a9b3f48e2a6c4d8f01b2e3a47".to_owned(),
            first_timestamp: Some(Timestamp(END)),
            event_id: None,
        },
        ..failed_batch()
    }
}

fn made(subject: Subject, status: Status, severity: Severity) -> Alert {
    Alert::new(
        subject,
        standing(status, severity),
        place(),
        Language::English,
    )
}

fn repeated() -> Alert {
    let mut again = standing(Status::Repeat, Severity::Error);
    again.occurrences = 1000;
    again.suppressed = 899;
    again.first_seen = Timestamp(END - 5_400_000);
    Alert::new(web_error(), again, place(), Language::English)
}

fn resolved() -> Alert {
    let mut over = standing(Status::Resolved, Severity::Info);
    over.occurrences = 3;
    over.first_seen = Timestamp(END - 5_400_000);
    let subject = Subject {
        outcome: Some("succeeded".to_owned()),
        cause: None,
        exit_code: Some(0),
        error: None,
        ..failed_batch()
    };
    Alert::new(subject, over, place(), Language::English)
}

fn many() -> Storm {
    Storm {
        language: Language::English,
        stage: "production".to_owned(),
        since: Timestamp(END - 60_000),
        until: Timestamp(END),
        alerts: 1234,
        occurrences: 10_000,
        worst: Severity::Critical,
        kinds: (0..12)
            .map(|n| (format!("New error in webapp: E{n} <!channel>"), 900 - n))
            .collect(),
        command: "logq replay --stage production --since 2026-11-23T02:15:32Z".to_owned(),
    }
}
