//! Tests of alert documents: their words, their ids, their JSON.

use super::*;
use crate::time::Zone;
use crate::value::Value;

fn value_of(columns: &[(&'static str, Value<'static>)], name: &str) -> Value<'static> {
    columns
        .iter()
        .find(|(column, _)| *column == name)
        .map_or(Value::Null, |(_, value)| value.clone())
}

fn text(text: &'static str) -> Value<'static> {
    Value::Text(text.into())
}

fn list(items: &[&'static str]) -> Value<'static> {
    Value::List(items.iter().map(|&item| text(item)).collect())
}

fn at(millis: i64) -> Value<'static> {
    Value::Timestamp(Timestamp(millis))
}

const START: i64 = 1_795_400_000_000;

fn run(changes: &[(&'static str, Value<'static>)]) -> Subject {
    let mut columns = changes.to_vec();
    columns.extend([
        ("kind", text("batch")),
        ("name", text("sync-reservations")),
        ("stage", text("production")),
        ("started", at(START)),
        ("ended", at(START + 192_000)),
        ("duration", Value::Number(192.0)),
        ("events", Value::Number(12.0)),
        ("@log", text("111122223333:/ecs/production-batch")),
        (
            "@logStream",
            text("ecs/batch/1cf0d28e12e9289741cd041d467ee616"),
        ),
    ]);
    Subject::of_run(&|name| value_of(&columns, name))
}

fn key_error() -> Vec<(&'static str, Value<'static>)> {
    vec![
        ("outcome", text("failed")),
        ("cause", text("exception")),
        ("exit_code", Value::Number(1.0)),
        ("error.type", text("KeyError")),
        ("error.message", text("'price'")),
        ("error.culprit", text("sync_rates (booking/sync.py:88)")),
        (
            "error.traceback",
            text(
                "Traceback (most recent call last):\n  File \"/app/booking/sync.py\", line 88, in sync_rates\nKeyError: 'price'",
            ),
        ),
        ("error.fingerprint", text("v1-abc")),
    ]
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
    }
}

fn alert(subject: Subject) -> Alert {
    Alert::new(
        subject,
        standing(Status::Firing, Severity::Critical),
        Place::default(),
    )
}

fn title(changes: &[(&'static str, Value<'static>)]) -> String {
    alert(run(changes)).title
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
    let failed = |cause, code: f64| {
        title(&[
            ("outcome", text("failed")),
            ("cause", text(cause)),
            ("exit_code", Value::Number(code)),
        ])
    };
    assert_eq!(
        failed("exit_code", 2.0),
        "sync-reservations failed after 3 min 12 s: exit code 2, and the log does not say why"
    );
    assert_eq!(
        failed("signal", 139.0),
        "sync-reservations failed after 3 min 12 s: killed by SIGSEGV (exit code 139)"
    );
    assert_eq!(
        failed("oom", 137.0),
        "sync-reservations failed after 3 min 12 s: killed, out of memory (exit code 137)"
    );
}

#[test]
fn a_task_that_never_started_gives_the_reason_of_ecs() {
    let reason = text("CannotPullContainerError: pull image manifest has been retried 5 time(s)");
    assert_eq!(
        title(&[
            ("outcome", text("failed")),
            ("cause", text("never_started")),
            ("stop_reason", reason)
        ]),
        "sync-reservations never started: CannotPullContainerError: pull image manifest has been retried 5 time(s)"
    );
}

#[test]
fn an_errored_run_finished_but_logged_errors() {
    assert_eq!(
        title(&[
            ("outcome", text("errored")),
            ("errors", Value::Number(2.0)),
            ("error.message", text("cannot push"))
        ]),
        "sync-reservations finished after 3 min 12 s but logged 2 errors: cannot push"
    );
}

#[test]
fn a_failed_migration_tells_what_is_applied() {
    let mut columns = key_error();
    columns.extend([
        ("kind", text("migration")),
        ("name", text("migrate")),
        ("migration.applied", list(&["rates.0041_x", "rates.0042_y"])),
        ("migration.failed", text("rates.0043_z")),
    ]);
    let alert = alert(run(&columns));
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
    let columns = [
        ("kind", text("migration")),
        ("name", text("migrate")),
        ("outcome", text("succeeded")),
        (
            "migration.applied",
            list(&["a.1", "a.2", "a.3", "a.4", "a.5", "a.6"]),
        ),
    ];
    assert_eq!(
        title(&columns),
        "migrate applied a.1, a.2, a.3, a.4, a.5 and 1 more in 3 min 12 s"
    );
}

#[test]
fn a_resolved_alert_counts_the_failures() {
    let mut over = standing(Status::Resolved, Severity::Info);
    over.occurrences = 3;
    let alert = Alert::new(
        run(&[("outcome", text("succeeded"))]),
        over,
        Place::default(),
    );
    assert_eq!(
        alert.title,
        "sync-reservations works again, after 3 failures"
    );
}

fn error_event() -> Subject {
    let columns = [
        ("@stage", text("production")),
        ("@service", text("webapp")),
        ("@error.type", text("django.db.utils.OperationalError")),
        (
            "@error.message",
            text("connection refused\n\tIs the server running?"),
        ),
        ("@timestamp", at(START)),
        ("@log", text("/ecs/production-webapp")),
        ("@logStream", text("web/app/1")),
    ];
    Subject::of_event(&|name| value_of(&columns, name), Some("37"))
}

#[test]
fn an_error_of_a_service_names_the_service() {
    let mut again = standing(Status::Repeat, Severity::Error);
    again.rule = "new-errors".to_owned();
    again.occurrences = 1000;
    again.suppressed = 899;
    again.last_seen = Timestamp(START + 192_000 + 5_400_000);
    let alert = Alert::new(error_event(), again, Place::default());
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
        "logq new-errors --stage production --since 2026-11-23T02:16:32Z"
    );
}

#[test]
fn log_text_cannot_drive_the_terminal() {
    let alert = alert(run(&[
        ("outcome", text("failed")),
        ("error.message", text("\u{1b}[2Jgone\u{7}")),
        ("error.traceback", text("x\u{1b}[2J")),
    ]));
    let printed = text::render(&alert, &Zone::utc());
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
    };
    let alert = Alert::new(
        run(&key_error()),
        standing(Status::Firing, Severity::Critical),
        place,
    );
    insta::assert_snapshot!(text::render(&alert, &Zone::utc()), @r#"
    2026-11-23 02:16:32  critical  production  batch
      sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
      The exit code is 1.
        Traceback (most recent call last):
          File "/app/booking/sync.py", line 88, in sync_rates
        KeyError: 'price'
      lines    /ecs/production-batch  ecs/batch/1cf0d28e12e9289741cd041d467ee616
      show     logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      runbook  https://wiki/sync
    "#);
}

#[test]
fn the_document_reads_back_and_fits_its_schema() {
    let place = Place {
        region: Some("eu-west-1"),
        runbook: Some("https://wiki/sync"),
    };
    for subject in [
        run(&key_error()),
        run(&[("kind", text("migration"))]),
        error_event(),
        Subject::default(),
    ] {
        let alert = Alert::new(subject, standing(Status::Firing, Severity::Critical), place);
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
