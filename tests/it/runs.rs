//! The table of runs: which runs are asked for, and what is known of each.

use crate::logq::Logq;

/// An ECS event of the task state changes that are kept beside the tests.
fn task_event(name: &str) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{folder}/tests/data/ecs-events/{name}.json"))
        .expect("the sample is there")
}

fn never_started() -> Logq {
    Logq::new().file(
        "logs/aws/events/production-ecs-tasks/1.json",
        task_event("scheduled-cannot-pull"),
    )
}

#[test]
fn a_batch_that_never_started_is_one_of_the_batches() {
    let batches = never_started().run("batch-failures --source logs -t batch -o csv");
    assert!(batches.out.contains("never_started"), "{}", batches.all());
    let others = never_started().run("batch-failures --source logs -t webapp -o csv");
    assert!(!others.out.contains("never_started"), "{}", others.all());
    let alerts = never_started().run("replay --source logs -o ndjson");
    assert!(
        alerts.out.contains(r#""service":"batch""#),
        "{}",
        alerts.all()
    );
}

const TASK: &str = "e4b5b07a1f8f3f8f0c0d0e0f10111213";

fn with_log(settings: &str) -> Logq {
    let line = r#"{"created":1795402800,"levelname":"INFO","name":"sync","message":"start"}"#;
    let path = format!("logs/ecs/production-batch/ecs/batch/{TASK}.log");
    Logq::new().file("logq.toml", settings).file(&path, line)
}

#[test]
fn a_run_links_to_its_lines_in_the_console() {
    let regions = "[stages.production]\nregion = \"ap-northeast-1\"\n";
    let address = format!(
        "https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1\
         #logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F{TASK}"
    );
    let asked = "query 'display link' --from runs --source logs -o csv";
    let rows = with_log(regions).run(asked);
    assert!(rows.out.contains(&address), "{}", rows.all());
    let shown = with_log(regions).run(&format!("show {TASK} --source logs"));
    assert!(shown.out.contains(&address), "{}", shown.all());
    let unknown = with_log("").run(asked);
    assert!(!unknown.out.contains("https"), "{}", unknown.all());
}

#[test]
fn the_region_of_the_ecs_event_is_as_good() {
    let event = task_event("scheduled-exit1");
    let arn = event
        .split("task/shop-prod/")
        .nth(1)
        .expect("it names a task");
    let task: String = arn.chars().take_while(char::is_ascii_hexdigit).collect();
    let line = r#"{"created":1795402800,"levelname":"INFO","name":"sync","message":"start"}"#;
    let logs = Logq::new()
        .file("logs/aws/events/production-ecs-tasks/1.json", event)
        .file(
            &format!("logs/ecs/production-batch/ecs/batch/{task}.log"),
            line,
        );
    let address = "https://eu-west-1.console.aws.amazon.com/";
    let rows = logs.run("query 'display link' --from runs --source logs -o csv");
    assert!(rows.out.contains(address), "{}", rows.all());
    let alerts = logs.run("replay --source logs -o ndjson");
    assert!(alerts.out.contains(address), "{}", alerts.all());
}

#[test]
fn a_line_from_the_future_does_not_hide_a_failure() {
    let failed = r#"{"created":1795402800,"levelname":"INFO","name":"sync","message":"start"}
Traceback (most recent call last):
  File "/app/manage.py", line 22, in <module>
    main()
KeyError: 'price'
"#;
    for created in ["1e300", "4102444800"] {
        let line = format!(r#"{{"created":{created},"levelname":"INFO","message":"tick"}}"#);
        for text in [
            format!("{line}\n{failed}"),
            failed.replacen('\n', &format!("\n{line}\n"), 1),
        ] {
            let path = format!("logs/ecs/production-batch/ecs/batch/{TASK}.log");
            let logs = Logq::new().file(&path, text);
            let rows = logs
                .run("query 'display outcome, started, ended' --from runs --source logs -o csv");
            assert_eq!(
                rows.out,
                "outcome,started,ended\nfailed,2026-11-23T03:00:00.000Z,2026-11-23T03:00:00.000Z\n",
                "{created}: {}",
                rows.all()
            );
        }
    }
}

#[test]
fn nothing_is_read_that_is_later_than_now() {
    let asked = |until: &str| {
        let logs = with_log("");
        let until = format!("query 'display outcome' --from runs --source logs --until {until}");
        logs.run(&format!("{until} --now 2026-11-23T02:00Z -o csv"))
            .out
    };
    assert_eq!(asked("2026-11-23T04:00Z"), "outcome\n");
    assert_eq!(asked("2026-11-23T01:00Z"), "outcome\n");
}

#[test]
fn as_of_a_time_a_run_that_ended_later_still_runs() {
    let task = "7f3a9c0123456789abcdef0123456789";
    let log = "{\"created\":1795402800,\"levelname\":\"INFO\",\"name\":\"sync\",\"message\":\"start\"}\n\
               {\"created\":1795402860,\"levelname\":\"INFO\",\"name\":\"sync\",\"message\":\"later\"}\n\
               Traceback (most recent call last):\n  File \"/app/manage.py\", line 22, in <module>\n    main()\n\
               KeyError: 'price'\n";
    let path = format!("logs/ecs/production-batch/ecs/batch/{task}.log");
    let logs = Logq::new().file(&path, log);
    let outcome = |more: &str| {
        let asked = "query 'display outcome' --from runs --source logs -o csv";
        logs.run(&format!("{asked} {more}")).out
    };
    assert_eq!(
        outcome("--now 2026-11-23T03:00:02Z --since 5s"),
        "outcome\nrunning\n"
    );
    assert_eq!(outcome(""), "outcome\nfailed\n");
    let shown = logs.run(&format!(
        "show {task} --source logs --now 2026-11-23T03:00:02Z"
    ));
    assert!(shown.out.contains("running"), "{}", shown.all());
    assert!(!shown.out.contains("KeyError"), "{}", shown.all());
    let alerts = logs.run("replay --source logs --now 2026-11-23T03:00:02Z -o ndjson");
    assert_eq!(alerts.out, "", "{}", alerts.all());
}

const TIMELESS: &str = "Traceback (most recent call last):\n  File \"/app/manage.py\", line 22, in <module>\n    \
                        main()\nKeyError: 'price'\n";

#[test]
fn a_window_says_how_many_events_of_runs_have_no_time() {
    let logs = Logq::new().file("tl.log", TIMELESS);
    let ended = logs.run("batch-failures --source tl.log --since 1d");
    let warning = "4 events have no time and are left out by the window";
    assert!(ended.err.contains(warning), "{}", ended.all());
    let all = logs.run("batch-failures --source tl.log");
    assert!(all.out.contains("KeyError"), "{}", all.all());
    assert!(!all.err.contains("no time"), "{}", all.all());
}

#[test]
fn what_happened_at_now_is_known_by_then() {
    let text = "2026-11-23T03:00:00Z start\n2026-11-23T03:00:05Z Traceback (most recent call last):\n\
                KeyError: 1\n";
    let logs = Logq::new().file("logs/ecs/production-batch/ecs/batch/1.log", text);
    let rows = |flags: &str| {
        let ended = logs.run(&format!("batch-runs --source logs -o ndjson {flags}"));
        assert_eq!(ended.code, 0, "{}", ended.all());
        ended.out.lines().count()
    };
    assert_eq!(rows("--now 2026-11-23T03:00:05Z"), 1);
    assert_eq!(rows("--now 2026-11-23T03:00:05Z --since 5s"), 1);
    assert_eq!(rows("--until 2026-11-23T03:00:05Z"), 0);
}

#[test]
fn a_limit_means_the_same_for_the_lines_of_a_run() {
    let line = |number: u32| format!("2026-11-23T03:00:{number:02}Z line\n");
    let lines: String = (0..60).map(line).collect();
    let logs = Logq::new().file("batch/1.log", lines);
    let count = |flags: &str| {
        let ended = logs.run(&format!("show 1 --source . {flags}"));
        assert_eq!(ended.code, 0, "{}", ended.all());
        (ended.out.matches("line\n").count(), ended.err)
    };
    assert_eq!(count("").0, 40);
    assert_eq!(count("--limit 5").0, 5);
    assert_eq!(count("--limit 0").0, 60);
    assert_eq!(count("--limit 50 --lines 7").0, 7);
    let (shown, said) = count("--limit 5 -o raw");
    assert_eq!(shown, 5);
    assert!(
        said.contains("the last 5 of 60 lines; --limit 0 shows all"),
        "{said}"
    );
}

#[test]
fn lines_left_out_of_a_run_are_told_with_the_flag_that_brings_them() {
    let line = |number: u32| format!("2026-11-23T03:00:{number:02}Z line\n");
    let lines: String = (0..60).map(line).collect();
    let logs = Logq::new().file("batch/1.log", lines);
    for (flags, said) in [
        ("", "last 40 of 60 lines; --lines 0 shows all"),
        ("--lines 7", "last 7 of 60 lines; --lines 0 shows all"),
        ("--limit 5", "last 5 of 60 lines; --limit 0 shows all"),
        (
            "--lines 9 --limit 5",
            "last 5 of 60 lines; --limit 0 shows all",
        ),
        (
            "--lines 5 --limit 9 -o ndjson",
            "last 5 of 60 lines; --lines 0 shows all",
        ),
        (
            "--lines 9 --limit 5 -o csv",
            "last 5 of 60 lines; --limit 0 shows all",
        ),
    ] {
        let ended = logs.run(&format!("show 1 --source . {flags}"));
        assert!(ended.all().contains(said), "{flags}: {}", ended.all());
    }
}
