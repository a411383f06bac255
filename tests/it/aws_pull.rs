//! What is pulled into a folder is a source, in which every event is once, however often it is pulled into.

use logq_simulator::{Fault, FaultKind};

use crate::aws_simulated::{Account, lines};
use crate::logq::Logq;

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
