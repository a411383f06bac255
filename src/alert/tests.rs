//! Tests of alert documents: their words, their ids, their JSON.

use super::text::Style;
use super::*;
use crate::decode::exception::ErrorInfo;
use crate::detect::{Cause, Direction, Migration, MigrationStep, Outcome, Run, RunKind, StepState};
use crate::event::{Event, Origin};
use crate::time::Zone;

const START: i64 = 1_795_400_000_000;

fn run(outcome: Outcome) -> Run {
    Run {
        name: "sync-reservations".to_owned(),
        stage: "production".to_owned(),
        service: "batch".to_owned(),
        outcome,
        settled: true,
        started: Some(Timestamp(START)),
        ended: Some(Timestamp(START + 192_000)),
        last_seen: Timestamp(START + 192_000),
        counts: crate::detect::Counts {
            events: 12,
            ..crate::detect::Counts::default()
        },
        origin: Origin::new(
            "111122223333:/ecs/production-batch",
            "ecs/batch/1cf0d28e12e9289741cd041d467ee616",
        ),
        ..Run::default()
    }
}

fn failed(cause: Cause, exit_code: Option<i64>) -> Run {
    Run {
        cause: Some(cause),
        exit_code,
        ..run(Outcome::Failed)
    }
}

fn key_error() -> Run {
    let traceback = "Traceback (most recent call last):\n  File \"/app/booking/sync.py\", line 88, in sync_rates\nKeyError: 'price'";
    let error = ErrorInfo {
        kind: "KeyError".to_owned(),
        message: "'price'".to_owned(),
        culprit: Some("sync_rates (booking/sync.py:88)".to_owned()),
        traceback: traceback.to_owned(),
        fingerprint: "v1:abc".to_owned(),
        grouped_by: "KeyError in booking/sync.py sync_rates".to_owned(),
        ..ErrorInfo::default()
    };
    Run {
        error: Some(error),
        ..failed(Cause::Exception, Some(1))
    }
}

fn logged(message: &str) -> ErrorInfo {
    ErrorInfo {
        message: message.to_owned(),
        ..ErrorInfo::default()
    }
}

fn migrated(run: Run, applied: &[&str], failed: Option<&str>) -> Run {
    let step = |name: &&str| MigrationStep {
        name: (*name).to_owned(),
        direction: Direction::Forwards,
        state: StepState::Done,
        seconds: None,
        attempt: 0,
    };
    let migration = Migration {
        steps: applied.iter().map(step).collect(),
        failed: failed.map(str::to_owned),
        ..Migration::default()
    };
    Run {
        kind: RunKind::Migration,
        name: "migrate".to_owned(),
        migration: Some(migration),
        ..run
    }
}

fn standing(status: Status, severity: Severity) -> Standing {
    Standing {
        id: identity(&["batch-failures", "x"]),
        status,
        severity,
        rule: "batch-failures".to_owned(),
        occurrences: 1,
        suppressed: 0,
        first_seen: Timestamp(START + 192_000),
        last_seen: Timestamp(START + 192_000),
        remarks: Vec::new(),
    }
}

fn alert(run: &Run) -> Alert {
    Alert::new(
        Subject::of_run(run),
        standing(Status::Firing, Severity::Critical),
        Place::default(),
        Language::English,
    )
}

fn title(run: &Run) -> String {
    alert(run).title
}

#[test]
fn the_title_says_what_why_and_where() {
    assert_eq!(
        title(&key_error()),
        "sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)"
    );
}

#[test]
fn without_an_exception_the_exit_code_speaks() {
    assert_eq!(
        title(&failed(Cause::ExitCode, Some(2))),
        "sync-reservations failed after 3 min 12 s: exit code 2, and the log does not say why"
    );
    assert_eq!(
        title(&failed(Cause::Signal, Some(139))),
        "sync-reservations failed after 3 min 12 s: killed by SIGSEGV (exit code 139)"
    );
    assert_eq!(
        title(&failed(Cause::Oom, Some(137))),
        "sync-reservations failed after 3 min 12 s: killed, out of memory (exit code 137)"
    );
}

#[test]
fn a_task_that_never_started_gives_the_reason_of_ecs() {
    let reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s)";
    let run = Run {
        stop_reason: Some(reason.to_owned()),
        ..failed(Cause::NeverStarted, None)
    };
    assert_eq!(
        title(&run),
        format!("sync-reservations never started: {reason}")
    );
}

#[test]
fn an_errored_run_finished_but_logged_errors() {
    let mut run = Run {
        error: Some(logged("cannot push")),
        ..run(Outcome::Errored)
    };
    run.counts.errors = 2;
    assert_eq!(
        title(&run),
        "sync-reservations finished after 3 min 12 s but logged 2 errors: cannot push"
    );
}

#[test]
fn a_note_stands_in_the_summary() {
    let run = Run {
        note: Some(Note::CrashHidden("KeyError: 1".to_owned())),
        ..run(Outcome::Succeeded)
    };
    assert_eq!(
        alert(&run).summary,
        "A command in this task crashed (KeyError: 1), the task exited 0."
    );
}

#[test]
fn a_failed_migration_tells_what_is_applied() {
    let alert = alert(&migrated(
        key_error(),
        &["rates.0041_x", "rates.0042_y"],
        Some("rates.0043_z"),
    ));
    assert_eq!(
        alert.title,
        "migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)"
    );
    assert_eq!(
        alert.summary,
        "rates.0041_x and rates.0042_y are applied, rates.0043_z failed. The exit code is 1."
    );
}

#[test]
fn a_good_migration_is_told_too() {
    let run = migrated(
        run(Outcome::Succeeded),
        &["a.1", "a.2", "a.3", "a.4", "a.5", "a.6"],
        None,
    );
    assert_eq!(
        title(&run),
        "migrate applied a.1, a.2, a.3, a.4, a.5 and 1 more in 3 min 12 s"
    );
}

#[test]
fn a_resolved_alert_counts_the_failures() {
    let mut over = standing(Status::Resolved, Severity::Info);
    over.occurrences = 3;
    let alert = Alert::new(
        Subject::of_run(&run(Outcome::Succeeded)),
        over,
        Place::default(),
        Language::English,
    );
    assert_eq!(
        alert.title,
        "sync-reservations works again, after 3 failures"
    );
}

fn error_event() -> Subject {
    let origin = Origin::new("/ecs/production-webapp", "web/app/1");
    let event = Event {
        timestamp: Timestamp(START),
        ingestion: None,
        message: b"x",
        origin: &origin,
        id: Some("37"),
    };
    let error = ErrorInfo {
        kind: "django.db.utils.OperationalError".to_owned(),
        message: "connection refused\n\tIs the server running?".to_owned(),
        fingerprint: "v1:0123".to_owned(),
        ..ErrorInfo::default()
    };
    Subject::of_event(&event, &error, "production", "webapp")
}

#[test]
fn an_error_of_a_service_names_the_service() {
    let mut again = standing(Status::Repeat, Severity::Error);
    again.rule = "new-errors".to_owned();
    again.occurrences = 1000;
    again.suppressed = 899;
    again.last_seen = Timestamp(START + 192_000 + 5_400_000);
    let alert = Alert::new(error_event(), again, Place::default(), Language::English);
    assert_eq!(
        alert.title,
        "1,000 times in webapp: OperationalError: connection refused"
    );
    assert_eq!(
        alert.summary,
        "It has been logged 1,000 times in 1 h 30 min, 899 of them since the last alert without one of its own. \
         Logged by /ecs/production-webapp, web/app/1."
    );
    assert_eq!(
        alert.command,
        "logq errors fingerprint=v1:0123 --stage production --since 2026-11-23T02:16:32Z"
    );
}

#[test]
fn log_text_cannot_drive_the_terminal() {
    let error = ErrorInfo {
        traceback: "x\u{1b}[2J".to_owned(),
        ..logged("\u{1b}[2Jgone\u{7}")
    };
    let printed = text::full(
        &alert(&Run {
            error: Some(error),
            ..run(Outcome::Failed)
        }),
        &Style::plain(&Zone::utc()),
    );
    assert!(
        printed.chars().all(|c| c == '\n' || !c.is_control()),
        "{printed:?}"
    );
}

#[test]
fn the_text_form_says_when_what_and_where() {
    let place = Place {
        region: None,
        runbook: Some("https://wiki/sync"),
        owner: Some("booking team"),
    };
    let subject = Subject::of_run(&key_error());
    let alert = Alert::new(
        subject,
        standing(Status::Firing, Severity::Critical),
        place,
        Language::English,
    );
    insta::assert_snapshot!(text::full(&alert, &Style::plain(&Zone::utc())), @r#"
    2026-11-23 02:16:32  critical  production  batch
      sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
      The exit code is 1.
        Traceback (most recent call last):
          File "/app/booking/sync.py", line 88, in sync_rates
        KeyError: 'price'
      lines    /ecs/production-batch  ecs/batch/1cf0d28e12e9289741cd041d467ee616
      show     logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      runbook  https://wiki/sync
      owner    booking team
    "#);
}

#[test]
fn the_document_reads_back_and_fits_its_schema() {
    let place = Place {
        region: Some("eu-west-1"),
        runbook: Some("https://wiki/sync"),
        owner: Some("booking team"),
    };
    let migration = migrated(run(Outcome::Succeeded), &["a.1"], None);
    let subjects = [
        Subject::of_run(&key_error()),
        Subject::of_run(&migration),
        error_event(),
        Subject::default(),
    ];
    for subject in subjects {
        let alert = Alert::new(
            subject,
            standing(Status::Firing, Severity::Critical),
            place,
            Language::English,
        );
        let json = alert.to_json();
        schema::assert_valid(&json);
        let back: Alert = serde_json::from_str(&json).expect("it reads back");
        assert_eq!(back.to_json(), json);
    }
}

#[test]
fn parts_of_an_identity_do_not_run_together() {
    assert_ne!(identity(&["ab", "c"]), identity(&["a", "bc"]));
    assert_eq!(identity(&["ab", "c"]), identity(&["ab", "c"]));
}
