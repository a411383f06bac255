//! What is pulled into a folder is a source, in which every event is once, however often it is pulled into.

use std::path::Path;
use std::process::Stdio;

use logq_simulator::{Call, Fault, FaultKind};

use crate::aws_simulated::{Account, FROM, WINDOW, lines, signal, wait_for};
use crate::logq::{Logq, words};

const ACTION: &str = "FilterLogEvents";
const READ: &str = "filter '\"\"' --source copy -o raw";

fn account() -> Account {
    let account = Account::with(&[("webapp", 3000), ("batch", 2000)]);
    account
        .simulator
        .behave(|behaviour| behaviour.page.events = 300);
    account
}

/// Pulls what was logged from one hour to another one of 2026-11-19; the cache is out of the way.
#[track_caller]
fn pull(logq: &Logq, hours: (u32, u32), flags: &str) -> (i32, String) {
    let (from, to) = hours;
    let at = |hour: u32| format!("2026-11-{:02}T{:02}:00Z", 19 + hour / 24, hour % 24);
    let window = format!("--since {} --until {}", at(from), at(to));
    let ended = logq.run(&format!(
        "pull copy -t webapp -t batch --no-cache {window} {flags}"
    ));
    (ended.code, ended.err)
}

#[test]
fn overlapping_pulls_leave_every_event_once() {
    let account = account();
    let logq = account.project("");
    for hours in [(6, 9), (0, 7), (8, 24), (2, 20)] {
        let (code, said) = pull(&logq, hours, "");
        assert_eq!(code, 0, "{said}");
    }
    assert!(lines(&logq.run(READ)) == account.expected(""));
    let calls = account.calls();
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!((code, account.calls()), (0, calls));
    assert!(said.contains("has all of it already"), "{said}");
}

#[test]
fn a_dry_run_says_what_is_missing_and_copies_nothing() {
    let account = account();
    let logq = account.project("");
    let flags = "-t webapp -t batch --no-cache --dry-run";
    let ended = logq.run(&format!("pull copy {WINDOW} {flags}"));
    let expected = "\
FilterLogEvents  us-east-1  /ecs/shop-webapp  2026-11-19T00:00:00.000Z to 2026-11-20T00:00:00.000Z
FilterLogEvents  us-east-1  /ecs/shop-batch  2026-11-19T00:00:00.000Z to 2026-11-20T00:00:00.000Z
";
    assert_eq!((ended.code, &*ended.out), (0, expected), "{}", ended.err);
    assert_eq!(account.calls(), 0);
    assert!(!logq.path().join("copy").exists());
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    let ended = logq.run(&format!("pull copy {WINDOW} {flags}"));
    assert_eq!((ended.code, &*ended.out), (0, ""), "{}", ended.err);
}

#[test]
fn a_pull_that_fails_leaves_whole_files_and_goes_on_later() {
    let account = account();
    let logq = account.project("");
    let (code, said) = pull(&logq, (0, 3), "");
    assert_eq!(code, 0, "{said}");
    let before = lines(&logq.run(READ));
    let fails = account.calls() + 5;
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::ExpiredToken, fails).of(ACTION)];
    });
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the AWS credentials have expired"), "{said}");
    assert!(said.contains("when the same is pulled again"), "{said}");
    assert_eq!(lines(&logq.run(READ)), before);
    account
        .simulator
        .behave(|behaviour| behaviour.faults.clear());
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    assert!(lines(&logq.run(READ)) == account.expected(""));
}

#[test]
fn a_group_that_fails_does_not_cost_the_others() {
    let account = account();
    account.simulator.behave(|behaviour| {
        let gone = Some("/ecs/shop-batch".to_owned());
        behaviour.faults = vec![Fault {
            group: gone,
            ..Fault::at_call(FaultKind::GroupDeleted, 8).of(ACTION)
        }];
    });
    let logq = account.project("");
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("there is no log group `/ecs/shop-batch`"),
        "{said}"
    );
    let expected = account
        .simulator
        .events("/ecs/shop-webapp", "", 0, i64::MAX);
    let expected: Vec<String> = expected.into_iter().map(|event| event.message).collect();
    assert!(lines(&logq.run(READ)) == expected);
}

#[test]
fn what_is_still_coming_is_pulled_again() {
    let account = Account::with(&[("webapp", 0), ("batch", 0)]);
    let logq = account.project("");
    let now = account.simulator.now();
    let put = |ago: i64, message: &str| {
        let events = [(now - ago * 60_000, message)];
        let put = account
            .simulator
            .put("/ecs/shop-batch", "ecs/batch/1", events);
        put.expect("events are taken");
    };
    let pull = || {
        let ended = logq.run("pull copy -t webapp -t batch --no-cache --since 30m");
        assert_eq!(ended.code, 0, "{}", ended.err);
        lines(&logq.run(READ))
    };
    put(20, "old");
    put(2, "new");
    assert_eq!(pull(), ["old", "new"]);
    put(3, "late");
    put(1, "newest");
    assert_eq!(pull(), ["old", "late", "new", "newest"]);
}

#[test]
fn a_part_is_what_fits_and_does_not_go_beside_the_whole() {
    let account = account();
    let logq = account.project("");
    let flags = "--pattern '{ $.levelname = \"ERROR\" }' --stream ecs/batch/";
    let (code, said) = pull(&logq, (0, 24), flags);
    assert_eq!(code, 0, "{said}");
    let errors = account.simulator.events(
        "/ecs/shop-batch",
        "{ $.levelname = \"ERROR\" }",
        0,
        i64::MAX,
    );
    let errors: Vec<String> = errors.into_iter().map(|event| event.message).collect();
    assert!(!errors.is_empty());
    assert_eq!(lines(&logq.run(READ)), errors);
    let (code, said) = pull(&logq, (3, 5), "");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("hint: name another folder"), "{said}");
    assert_eq!(lines(&logq.run(READ)), errors);
}

/// Returns the names of all files below a folder that no source reads.
fn hidden(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("readable").path()) {
        if path.is_dir() {
            found.extend(hidden(&path));
        } else {
            let name = path.file_name().expect("a file").to_string_lossy();
            found.extend(name.starts_with('.').then(|| name.into_owned()));
        }
    }
    found
}

/// What may be left of a pull beside the copies.
#[track_caller]
fn nothing_is_half_copied(logq: &Logq) {
    let left = hidden(&logq.path().join("copy"));
    assert!(
        left.iter().all(|name| name == ".logq-pull.lock"),
        "{left:?}"
    );
}

#[test]
fn a_copy_answers_as_the_service_does() {
    let account = account();
    let logq = account.project("");
    let failed = [
        "{\"levelname\": \"INFO\", \"message\": \"begins\", \"name\": \"sync\"}",
        "Traceback (most recent call last):",
        "  File \"/app/manage.py\", line 22, in <module>",
        "    main()",
        "  File \"/app/booking/sync.py\", line 88, in sync_rates",
        "    return row['price']",
        "KeyError: 'price'",
    ];
    let task = "7f3a9c0d11e24c5f8a6b7c8d9e0f1a2b";
    let events = (0..).zip(failed);
    account
        .simulator
        .put(
            "/ecs/shop-batch",
            &format!("ecs/batch/{task}"),
            events.map(|(at, line)| (FROM + 3_600_000 + at, line)),
        )
        .expect("taken");
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    let chosen = format!("-t webapp -t batch {WINDOW}");
    for command in [
        "filter '\"\"' -o ndjson",
        "filter '{ $.levelname = \"ERROR\" }' -o csv",
        "query 'stats count(*) as n, max(@ingestionTime) as last by @log, levelname | sort n' -o json",
        "query 'fields @timestamp, @logStream, @ptr, @message | sort @timestamp desc' -o json",
        "errors -o ndjson",
        "log-volume -o ndjson",
        "batch-failures -o ndjson",
    ] {
        let of_service = logq.run(&format!("{command} --no-cache {chosen}"));
        assert_eq!(of_service.code, 0, "{command}: {}", of_service.err);
        assert!(!of_service.out.is_empty(), "{command}: {}", of_service.err);
        let of_copy = logq.run(&format!("{command} --source copy {chosen}"));
        assert!(of_copy.out == of_service.out, "{command}: {}", of_copy.err);
    }
    let shown = |flags: &str| {
        logq.run(&format!("show {task} -o ndjson {flags} {WINDOW}"))
            .out
    };
    assert_eq!(shown("--source copy").lines().count(), failed.len());
    assert_eq!(shown("--source copy"), shown("--no-cache"));
}

#[test]
fn stages_are_pulled_one_by_one_or_all() {
    let account = account();
    for (at, group) in (1..).zip(["/ecs/other-batch", "/ecs/other-webapp"]) {
        let event = (FROM + at, group);
        let put = account.simulator.put(group, "ecs/app/1", [event]);
        put.expect("taken");
    }
    let logq = account
        .project("")
        .file("logq.toml", "[stages.shop]\n[stages.other]\n");
    let (code, said) = pull(&logq, (0, 24), "-s other");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("2 events, "), "{said}");
    let others = ["/ecs/other-batch", "/ecs/other-webapp"];
    assert_eq!(lines(&logq.run(READ)), others);
    account.simulator.forget();
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    let calls = account.simulator.calls(ACTION);
    let of_others = |call: &&Call| call.text("logGroupName").starts_with("/ecs/other");
    assert_eq!(calls.iter().filter(of_others).count(), 0);
    assert_eq!(lines(&logq.run(&format!("{READ} -s other"))), others);
    assert!(lines(&logq.run(&format!("{READ} -s shop"))) == account.expected(""));
    assert_eq!(lines(&logq.run(READ)).len(), account.expected("").len() + 2);
}

#[test]
fn groups_whose_names_differ_by_a_slash_are_two() {
    let account = Account::with(&[]);
    let names = ["jobs", "/jobs", "//jobs", "/jobs/"];
    for (at, name) in (1..).zip(names) {
        let put = account.simulator.put(name, "s", [(FROM + at, name)]);
        put.expect("taken");
    }
    let config = "[stages.shop]\n[groups]\nwebapp = \"jobs\"\nworker = \"/jobs\"\n\
                  batch = \"//jobs\"\ntasks = \"/jobs/\"\n";
    let logq = account.project("").file("logq.toml", config);
    for _ in 0..2 {
        let ended = logq.run(&format!("pull copy --no-cache {WINDOW}"));
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert_eq!(lines(&logq.run(READ)), names);
    }
    for (service, name) in ["webapp", "worker", "batch", "tasks"].iter().zip(names) {
        let ended = logq.run(&format!("{READ} -t {service}"));
        assert_eq!(lines(&ended), [name], "{service}");
    }
}

#[test]
fn a_pull_that_is_interrupted_leaves_whole_files_and_goes_on_later() {
    let account = account();
    let logq = account.project("");
    let (code, said) = pull(&logq, (0, 3), "");
    assert_eq!(code, 0, "{said}");
    let before = lines(&logq.run(READ));
    account.simulator.forget();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 4).of(ACTION)];
    });
    let child = logq
        .command()
        .args(words(&format!(
            "pull copy -t webapp -t batch --no-cache {WINDOW}"
        )))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    wait_for("calls hang", || account.calls() >= 4);
    signal(&child, "INT");
    let output = child.wait_with_output().expect("it ends");
    let said = logq.neutral(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("when the same is pulled again"), "{said}");
    assert_eq!(lines(&logq.run(READ)), before);
    nothing_is_half_copied(&logq);
    account
        .simulator
        .behave(|behaviour| behaviour.faults.clear());
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    assert!(lines(&logq.run(READ)) == account.expected(""));
}

#[test]
fn time_that_is_up_is_told_and_nothing_is_half_copied() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 4).of(ACTION)];
    });
    let logq = account.project("");
    let (code, said) = pull(&logq, (0, 24), "--timeout 1s");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("time is up"), "{said}");
    assert!(said.contains("when the same is pulled again"), "{said}");
    nothing_is_half_copied(&logq);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_nothing_is_half_copied() {
    let account = account();
    let logq = account.project("");
    let (code, said) = pull(&logq, (0, 1), "");
    assert_eq!(code, 0, "{said}");
    let before = lines(&logq.run(READ));
    // No file may be longer than the smallest there is, as if there were no room for it.
    let limited = format!(
        "ulimit -f 1; trap '' XFSZ; exec '{}' pull copy -t webapp -t batch --no-cache {WINDOW}",
        env!("CARGO_BIN_EXE_logq"),
    );
    let ended = logq.run_shell(&limited);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(
        ended
            .err
            .contains("error: cannot write `[folder]/copy/ecs/shop-"),
        "{}",
        ended.err
    );
    nothing_is_half_copied(&logq);
    assert_eq!(lines(&logq.run(READ)), before);
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    assert!(lines(&logq.run(READ)) == account.expected(""));
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_asked() {
    let account = account();
    // A file stands where the folder, or the one of a group, would be.
    for file in ["copy", "copy/ecs/shop-webapp", "copy/ecs/shop-batch"] {
        let logq = account.project("").file(file, "");
        let (code, said) = pull(&logq, (0, 24), "");
        assert_eq!(code, 1, "{file}: {said}");
        assert!(
            said.contains("error: cannot write `[folder]/copy/ecs/shop-"),
            "{file}: {said}"
        );
        nothing_is_half_copied(&logq);
    }
    assert_eq!(account.calls(), 0);
}

#[test]
fn one_at_a_time_copies_into_a_folder() {
    let account = account();
    let logq = account.project("").file("copy/.logq-pull.lock", "");
    let path = logq.path().join("copy/.logq-pull.lock");
    let held = std::fs::File::open(path).expect("there");
    held.lock().expect("locked");
    let (code, said) = pull(&logq, (0, 24), "");
    insta::assert_snapshot!(format!("{said}--- exit {code}"), @r"
    error: another `logq pull` copies into `[folder]/copy`
    hint: pull again when it is done
    --- exit 1
    ");
    assert_eq!(account.calls(), 0);
    drop(held);
    let (code, said) = pull(&logq, (0, 24), "");
    assert_eq!(code, 0, "{said}");
    assert!(lines(&logq.run(READ)) == account.expected(""));
}

#[test]
fn what_is_piped_in_and_a_missing_configuration_are_no_hindrance() {
    let account = account();
    let logq = account.project("").piped("");
    std::fs::remove_file(logq.path().join("logq.toml")).expect("there");
    let (code, said) = pull(&logq, (0, 24), "--region us-east-1");
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("warning"), "{said}");
    assert!(lines(&logq.run(READ)) == account.expected(""));
}

#[test]
fn what_cannot_be_pulled_is_refused_before_anything_is_asked() {
    let account = account();
    let files = account.project("").file("app.log", "x\n");
    insta::assert_snapshot!(files.run("pull copy --source app.log").all(), @r"
    --- standard error
    error: only CloudWatch Logs can be pulled, and not `app.log`
    hint: files are read as they are; `--source aws` pulls whatever LOGQ_SOURCE says
    --- exit 2
    ");
    let variable = account.project("").variable("LOGQ_SOURCE", "copy");
    assert_eq!(pull(&variable, (0, 24), "").0, 2);
    let pattern = files.run("pull copy --pattern '{ $.a = }'");
    assert_eq!(pattern.code, 2, "{}", pattern.err);
    assert_eq!(account.calls(), 0);
    assert!(!files.path().join("copy").exists());
    assert_eq!(pull(&variable, (0, 1), "--source aws").0, 0);
}

#[test]
fn a_stage_that_has_no_group_is_misspelt() {
    let account = account();
    let logq = account.project("").file("logq.toml", "");
    let ended = logq.run(&format!("pull copy -s shpo --no-cache {WINDOW}"));
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(
        ended
            .err
            .contains("error: there is no log group `/ecs/shpo-batch`"),
        "{}",
        ended.err
    );
    nothing_is_half_copied(&logq);
    // One that need not be there costs nothing: it is told, and what there is is copied.
    let usual = logq.run(&format!("pull copy -s shop --no-cache {WINDOW}"));
    assert_eq!(usual.code, 0, "{}", usual.err);
    assert!(
        usual
            .err
            .contains("there is no log group `/ecs/shop-worker`"),
        "{}",
        usual.err
    );
    assert!(lines(&logq.run(READ)) == account.expected(""));
}
