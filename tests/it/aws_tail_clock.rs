//! `logq tail` where the clock of this machine is not that of CloudWatch Logs, which says when events were taken in.

use crate::aws_tail::{
    BEFORE, FLAGS, WEBAPP, account_ahead, called, is_whole, log_for, put, start,
};
use crate::following::Following;

/// The service is so many milliseconds ahead of this machine: more than a signature may be old.
const APART: [i64; 2] = [-600_000, 600_000];

/// What is said of a clock that is wrong.
fn warning(ahead: i64) -> &'static str {
    if ahead > 0 {
        " behind AWS's, and AWS's counts\n"
    } else {
        " ahead of AWS's, and AWS's counts\n"
    }
}

#[test]
fn a_wrong_clock_loses_nothing_between_sessions_and_shows_nothing_old() {
    for ahead in APART {
        let account = account_ahead(ahead);
        account
            .simulator
            .behave(|behaviour| behaviour.live_tail.session_ms = 700);
        put(&account, WEBAPP, &["long ago"]);
        std::thread::sleep(BEFORE);
        let logq = account.live_project("");
        let tail = start(&account, &logq, &format!("tail {FLAGS}"));
        let ended = is_whole(&account, tail, 120);
        let said = ended.err.matches("the clock of this machine is ").count();
        assert!(ended.err.contains(warning(ahead)), "{}", ended.err);
        assert_eq!(said, 1, "{}", ended.err);
    }
}

#[test]
fn a_wrong_clock_loses_nothing_where_groups_are_polled() {
    for ahead in APART {
        let account = account_ahead(ahead);
        put(&account, WEBAPP, &["long ago"]);
        std::thread::sleep(BEFORE);
        let logq = account.project("");
        let tail = Following::start(&logq, &format!("tail {FLAGS} --poll"));
        called(&account, &tail, "FilterLogEvents", 1);
        is_whole(&account, tail, 60);
    }
}

#[test]
fn history_begins_and_ends_by_the_clock_of_the_service() {
    for ahead in APART {
        let account = account_ahead(ahead);
        let now = account.simulator.now();
        let old = [(now - 420_000, "too old"), (now - 240_000, "00000 before")];
        let taken = account.simulator.put(WEBAPP, "ecs/app/1", old);
        taken.expect("events are taken");
        let mut logged = vec!["00000 before".to_owned()];
        logged.extend(log_for(&account, 20));
        let logq = account.live_project("");
        let tail = Following::start(&logq, &format!("tail {FLAGS} --since 5m"));
        logged.extend(log_for(&account, 80));
        tail.lines(logged.len());
        std::thread::sleep(BEFORE);
        let ended = tail.interrupt();
        let mut found: Vec<&str> = ended.out.lines().collect();
        found.sort_unstable();
        logged.sort();
        assert_eq!(found, logged, "{}", ended.err);
    }
}

#[test]
fn a_clock_that_is_off_by_less_than_a_header_tells_is_no_matter() {
    for ahead in [-900, 900] {
        let account = account_ahead(ahead);
        let logq = account.live_project("");
        let tail = start(&account, &logq, &format!("tail {FLAGS}"));
        let ended = is_whole(&account, tail, 40);
        assert!(!ended.err.contains("clock"), "{}", ended.err);
    }
}

#[test]
fn the_call_that_asks_the_time_is_counted() {
    let account = account_ahead(0);
    let logq = account.live_project("");
    let tail = start(&account, &logq, &format!("tail {FLAGS} -vv"));
    called(&account, &tail, "FilterLogEvents", 2);
    let ended = tail.interrupt();
    let calls = account.simulator.journal().len();
    let said = format!("logq: {calls} calls, 1 sessions of live tail\n");
    assert!(ended.err.contains(&said), "{}", ended.err);
}
