use super::*;
use crate::detect::run::{Cause, Outcome, RunKind};
use crate::event::Event;

fn sample(name: &str) -> TaskEvent {
    let path = format!(
        "{}/tests/data/ecs-events/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    TaskEvent::parse(&std::fs::read(path).expect("the sample is there")).expect("it is an event")
}

fn observe(table: &mut RunTable, group: &str, stream: &str, lines: &[(i64, &str)]) {
    let origin = Origin::new(group, stream);
    for (timestamp, message) in lines {
        table.observe(&Record::new(Event {
            timestamp: Timestamp(*timestamp),
            ingestion: None,
            message: message.as_bytes(),
            origin: &origin,
            id: None,
        }));
    }
}

fn only(table: &RunTable, now: i64) -> Run {
    let mut runs = table.runs(Timestamp(now));
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

const TASK: &str = "a4a073b8df56710722728a42a1d380b1";
const DONE: &str = r#"{"levelname": "INFO", "name": "a", "message": "done"}"#;
const ERROR: &str = r#"{"levelname": "ERROR", "name": "a", "message": "page 3 failed"}"#;

#[test]
fn every_sample_of_an_ecs_event_gets_its_outcome() {
    let check = |name: &str, kind, run_name: &str, outcome, cause| {
        let mut table = RunTable::new(RunConfig::default());
        table.observe_task(&sample(name), "production");
        let run = only(&table, i64::MAX);
        assert_eq!(
            (run.kind, run.name.as_str(), run.outcome, run.cause),
            (kind, run_name, outcome, cause),
            "{name}"
        );
        assert!(run.settled && !run.evidence.is_empty(), "{name}");
        assert_eq!(run.stage, "production");
    };
    check(
        "scheduled-exit0",
        RunKind::Batch,
        "rollup_invoices",
        Outcome::Succeeded,
        None,
    );
    check(
        "scheduled-exit1",
        RunKind::Batch,
        "expire_carts",
        Outcome::Failed,
        Some(Cause::ExitCode),
    );
    check(
        "scheduled-cannot-pull",
        RunKind::Batch,
        "sync_stock",
        Outcome::Failed,
        Some(Cause::NeverStarted),
    );
    check(
        "migrate-exit0",
        RunKind::Migration,
        "migrate",
        Outcome::Succeeded,
        None,
    );
    check(
        "migrate-exit1",
        RunKind::Migration,
        "migrate",
        Outcome::Failed,
        Some(Cause::ExitCode),
    );
    check(
        "sidecar-143-main-0",
        RunKind::Batch,
        "sales_report",
        Outcome::Succeeded,
        None,
    );
    // Services are no runs, but the end of one of their tasks is told.
    check(
        "service-oom-137",
        RunKind::Task,
        "worker",
        Outcome::Failed,
        Some(Cause::Oom),
    );
    check(
        "service-scale-in-143",
        RunKind::Task,
        "web",
        Outcome::Unknown,
        Some(Cause::Stopped),
    );
}

#[test]
fn log_and_event_are_joined_by_the_task() {
    let mut table = RunTable::new(RunConfig::default());
    let stream = format!("ecs/app/{TASK}");
    observe(
        &mut table,
        "/ecs/production-batch",
        &stream,
        &[(1_773_000_000_000, ERROR)],
    );
    observe(
        &mut table,
        "/ecs/production-batch",
        &format!("ecs/otel-collector/{TASK}"),
        &[(1, "x"), (2, "y")],
    );
    table.observe_task(&sample("scheduled-exit0"), "");
    let run = only(&table, i64::MAX);
    assert_eq!(
        (run.name.as_str(), run.stage.as_str()),
        ("rollup_invoices", "production")
    );
    assert_eq!((run.outcome, run.counts.errors), (Outcome::Errored, 1));
    assert_eq!(
        (&*run.origin.stream, run.task.as_deref()),
        (stream.as_str(), Some(TASK))
    );
    assert_eq!(run.duration(), Some(412.7));
    assert_eq!(
        run.error.as_ref().map(|error| error.message.as_str()),
        Some("page 3 failed")
    );
}

#[test]
fn a_quiet_log_is_taken_for_an_end() {
    let mut table = RunTable::new(RunConfig::default());
    observe(
        &mut table,
        "/ecs/production-batch",
        "ecs/batch/x",
        &[(1000, DONE)],
    );
    assert_eq!(only(&table, 200_000).outcome, Outcome::Running);
    assert_eq!(only(&table, 301_000).outcome, Outcome::Succeeded);
    observe(
        &mut table,
        "/ecs/production-batch",
        "ecs/batch/x",
        &[(2000, ERROR)],
    );
    assert_eq!(only(&table, 302_000).outcome, Outcome::Errored);
    assert_eq!(only(&table, 302_000).ended, Some(Timestamp(2000)));
}

#[test]
fn ecs_events_in_a_log_group_are_understood() {
    let path = format!(
        "{}/tests/data/ecs-events/scheduled-exit1.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).expect("the sample is there");
    for (group, stage) in [("/aws/events/staging-ecs-tasks", "staging"), ("", "")] {
        let mut table = RunTable::new(RunConfig::default());
        observe(&mut table, group, "a", &[(0, &text)]);
        let run = only(&table, 0);
        assert_eq!((run.stage.as_str(), run.outcome), (stage, Outcome::Failed));
    }
}

#[test]
fn of_several_events_the_latest_version_counts() {
    let stopped = sample("scheduled-exit1");
    let running = TaskEvent {
        version: 3,
        last_status: "RUNNING".to_owned(),
        ..stopped.clone()
    };
    for order in [[&stopped, &running], [&running, &stopped]] {
        let mut table = RunTable::new(RunConfig::default());
        for event in order {
            table.observe_task(event, "");
        }
        assert_eq!(only(&table, 0).outcome, Outcome::Failed);
    }
    let mut table = RunTable::new(RunConfig::default());
    table.observe_task(&running, "");
    let heard = running.time.expect("it was sent at some time").0;
    assert_eq!(only(&table, heard + HOUR).outcome, Outcome::Running);
}

const HOUR: i64 = 3_600_000;

/// Returns a table in which ECS last said that the task runs, and when it said so.
fn running(lines: &[(i64, &str)]) -> (RunTable, i64) {
    let event = TaskEvent {
        last_status: "RUNNING".to_owned(),
        containers: Vec::new(),
        ..sample("scheduled-exit1")
    };
    let heard = event.time.expect("it was sent at some time").0;
    let mut table = RunTable::new(RunConfig::default());
    table.observe_task(&event, "production");
    let lines: Vec<(i64, &str)> = lines.iter().map(|(at, line)| (heard + at, *line)).collect();
    let stream = format!("ecs/batch/{}", event.task);
    observe(&mut table, "/ecs/production-batch", &stream, &lines);
    (table, heard)
}

#[test]
fn a_stop_that_is_lost_is_made_up_for_by_the_log_after_a_long_silence() {
    let crash = [
        (1, "Traceback (most recent call last):"),
        (2, "  File \"/app/manage.py\", line 22, in <module>"),
        (3, "    main()"),
        (4, "KeyError: 'price'"),
    ];
    for (lines, outcome) in [
        (crash.as_slice(), Outcome::Failed),
        (&[(1, ERROR), (4, DONE)], Outcome::Errored),
        (&[(4, DONE)], Outcome::Unknown),
    ] {
        let (table, heard) = running(lines);
        let before = only(&table, heard + 6 * HOUR);
        assert!(!before.settled, "{outcome:?}");
        let after = only(&table, heard + 4 + 6 * HOUR);
        assert_eq!((after.outcome, after.settled), (outcome, true));
        let said = after.evidence.join(", ");
        assert!(
            said.contains("nothing for 6 h, ECS last said that it runs"),
            "{said}"
        );
    }
}

#[test]
fn a_service_has_no_runs_but_its_entrypoint_migrates() {
    let mut table = RunTable::new(RunConfig::default());
    let stream = "ecs/webapp/x";
    observe(
        &mut table,
        "/ecs/production-webapp",
        stream,
        &[(1, DONE), (2, ERROR)],
    );
    assert_eq!(table.runs(Timestamp(i64::MAX)), []);
    observe(
        &mut table,
        "/ecs/production-webapp",
        stream,
        &[
            (3, "Operations to perform:"),
            (4, "Running migrations:"),
            (5, "  Applying a.0001_x... OK"),
        ],
    );
    let run = only(&table, i64::MAX);
    assert_eq!(
        (run.kind, run.outcome),
        (RunKind::Migration, Outcome::Succeeded)
    );
}

#[test]
fn a_task_that_was_cut_short_did_not_succeed() {
    let check = |change: &dyn Fn(&mut TaskEvent), cause| {
        let mut event = sample("scheduled-exit0");
        change(&mut event);
        let mut table = RunTable::new(RunConfig::default());
        table.observe_task(&event, "");
        let run = only(&table, 0);
        assert_eq!((run.outcome, run.cause), (Outcome::Failed, Some(cause)));
    };
    check(
        &|event| "SpotInterruption".clone_into(&mut event.stop_code),
        Cause::Spot,
    );
    check(
        &|event| "UserInitiated".clone_into(&mut event.stop_code),
        Cause::Stopped,
    );
    check(
        &|event| event.containers[0].exit_code = Some(139),
        Cause::Signal,
    );
    check(
        &|event| "OutOfMemoryError: container killed".clone_into(&mut event.containers[0].reason),
        Cause::Oom,
    );
}

#[test]
fn an_exit_code_of_0_and_a_crash_of_the_command_itself_contradict_each_other() {
    let crash = [
        (1, "Traceback (most recent call last):"),
        (1, "  File \"/app/manage.py\", line 2, in <module>"),
        (1, "KeyError: 1"),
    ];
    let judge = |command: &[&str]| {
        let mut event = sample("scheduled-exit0");
        event.overrides[0].command = Some(command.iter().map(|word| (*word).to_owned()).collect());
        let mut table = RunTable::new(RunConfig::default());
        table.observe_task(&event, "");
        observe(
            &mut table,
            "/ecs/production-batch",
            &format!("ecs/app/{TASK}"),
            &crash,
        );
        only(&table, 0)
    };
    assert_eq!(
        judge(&["python", "manage.py", "sync"]).outcome,
        Outcome::Unknown
    );
    let hidden = judge(&["sh", "-c", "python manage.py sync; echo done"]);
    assert_eq!(hidden.outcome, Outcome::Errored);
    assert_eq!(
        hidden.note.map(|note| note.to_string()).as_deref(),
        Some("a command in this task crashed (KeyError: 1), the task exited 0")
    );
}

#[test]
fn the_last_line_speaks_where_nothing_else_does() {
    let error = |code: i64, line: &str| {
        let mut event = sample("scheduled-exit1");
        event.containers[0].exit_code = Some(code);
        let mut table = RunTable::new(RunConfig::default());
        table.observe_task(&event, "");
        let stream = format!("ecs/app/{}", event.task);
        observe(
            &mut table,
            "/ecs/production-batch",
            &stream,
            &[(1, DONE), (2, line)],
        );
        only(&table, 0).error.map(|error| error.headline())
    };
    assert_eq!(
        error(1, "month 2026-11 is already invoiced").as_deref(),
        Some("month 2026-11 is already invoiced")
    );
    assert_eq!(
        error(1, "SyntaxError: '(' was never closed").as_deref(),
        Some("SyntaxError: '(' was never closed")
    );
    assert_eq!(error(1, "  indented"), None);
    assert_eq!(error(137, "page 3"), None);
}

#[test]
fn an_error_that_was_logged_before_is_not_why_a_task_was_killed() {
    let mut event = sample("scheduled-exit1");
    event.containers[0].exit_code = Some(137);
    let mut table = RunTable::new(RunConfig::default());
    table.observe_task(&event, "");
    let stream = format!("ecs/app/{}", event.task);
    observe(
        &mut table,
        "/ecs/production-batch",
        &stream,
        &[(1, ERROR), (2, DONE)],
    );
    let run = only(&table, 0);
    assert_eq!(
        (run.cause, run.error, run.counts.errors),
        (Some(Cause::Signal), None, 1)
    );
}

#[test]
fn what_spoke_after_the_end_of_a_command_does_not_hide_it_from_its_exit_code() {
    let cause = |code: i64, command: &[&str]| {
        let mut event = sample("scheduled-exit1");
        event.containers[0].exit_code = Some(code);
        event.overrides[0].command = Some(command.iter().map(|&word| word.into()).collect());
        let mut table = RunTable::new(RunConfig::default());
        table.observe_task(&event, "");
        let stream = format!("ecs/app/{}", event.task);
        let lines = [(1, "CommandError: no carrier"), (600, DONE)];
        observe(&mut table, "/ecs/production-batch", &stream, &lines);
        only(&table, 0).cause
    };
    let own = ["python", "manage.py", "sync"];
    assert_eq!(cause(1, &own), Some(Cause::CommandError));
    assert_eq!(cause(137, &own), Some(Cause::Signal));
    let shell = ["sh", "-c", "python manage.py sync; python manage.py bill"];
    assert_eq!(cause(1, &shell), Some(Cause::ExitCode));
}
