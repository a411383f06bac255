//! What CloudWatch Logs does to its clients: after each fault no event is missing and none comes twice, or the answer
//! says that it is incomplete.

use logq_simulator::{Fault, FaultKind};

use crate::aws_simulated::{Account, WINDOW, answer};
use crate::logq::Ended;

const ACTION: &str = "FilterLogEvents";

fn account() -> Account {
    let account = Account::with(&[("webapp", 3000), ("batch", 2000)]);
    account
        .simulator
        .behave(|behaviour| behaviour.page.events = 300);
    account
}

fn filter(account: &Account, extra: &str, flags: &str) -> Ended {
    let command = format!("filter '\"\"' -t webapp -t batch -o json --no-cache {WINDOW} {flags}");
    account.project(extra).run(&command)
}

#[track_caller]
fn is_whole(account: &Account, ended: &Ended) {
    assert_eq!(ended.code, 0, "{}", ended.err);
    let (is_complete, found) = answer(ended);
    assert!(is_complete);
    assert!(found == account.expected(""), "{} events", found.len());
}

/// What came is part of the truth, in its order, and nothing comes twice.
#[track_caller]
fn is_part(account: &Account, ended: &Ended) {
    assert_eq!(ended.code, 1, "{}", ended.err);
    let expected = account.expected("");
    let (is_complete, found) = answer(ended);
    assert!(!is_complete);
    assert!(found.len() < expected.len(), "{} events", found.len());
    let mut rest = expected.iter();
    assert!(found.iter().all(|line| rest.any(|one| one == line)));
    assert!(
        ended.err.contains("the answer is incomplete"),
        "{}",
        ended.err
    );
}

#[test]
fn every_event_comes_once_and_in_order() {
    let account = account();
    is_whole(&account, &filter(&account, "", ""));
}

#[test]
fn pages_that_are_empty_lead_back_or_come_again_lose_nothing() {
    for kind in [
        FaultKind::EmptyPage,
        FaultKind::RepeatToken,
        FaultKind::RepeatPage,
    ] {
        let account = account();
        account.simulator.behave(|behaviour| {
            behaviour.faults = vec![Fault::every(kind, 3).of(ACTION)];
        });
        is_whole(&account, &filter(&account, "", ""));
    }
}

#[test]
fn failing_and_broken_answers_are_asked_for_again() {
    for kind in [
        FaultKind::ServerError,
        FaultKind::Unavailable,
        FaultKind::Reset,
    ] {
        let account = account();
        account.simulator.behave(|behaviour| {
            behaviour.faults = vec![Fault::every(kind, 3).of(ACTION)];
        });
        is_whole(&account, &filter(&account, "", ""));
    }
}

#[test]
fn a_quota_below_the_one_that_is_believed_is_found() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.quotas.insert(ACTION.to_owned(), 5);
    });
    is_whole(
        &account,
        &filter(&account, "quotas = { FilterLogEvents = 100 }", ""),
    );
    // Twenty times as many calls as there may be were refused before it was.
    assert!(account.simulator.summary(ACTION).over_quota > 0);
}

#[test]
fn a_clock_that_is_a_little_wrong_is_no_matter_and_one_that_is_far_off_is_named() {
    for minutes in [-3, 3] {
        let account = account();
        account
            .simulator
            .behave(|behaviour| behaviour.clock_skew_ms = minutes * 60_000);
        is_whole(&account, &filter(&account, "", ""));
    }
    for minutes in [-40, 40] {
        let account = account();
        account
            .simulator
            .behave(|behaviour| behaviour.clock_skew_ms = minutes * 60_000);
        let ended = filter(&account, "", "");
        is_part(&account, &ended);
        assert!(
            ended.err.contains("the clock of this machine is wrong"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn the_quota_is_kept() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.quotas.insert(ACTION.to_owned(), 20);
    });
    is_whole(
        &account,
        &filter(&account, "quotas = { FilterLogEvents = 20 }", ""),
    );
    assert_eq!(account.simulator.summary(ACTION).over_quota, 0);
}

#[test]
fn a_page_that_never_comes_is_asked_for_again_and_then_given_up() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::at_call(FaultKind::Hang, 3).of(ACTION)];
    });
    is_whole(&account, &filter(&account, "call_timeout = \"1s\"", ""));
    account.simulator.forget();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 3).of(ACTION)];
    });
    let ended = filter(&account, "call_timeout = \"500ms\"", "");
    is_part(&account, &ended);
    assert!(
        ended
            .err
            .contains("CloudWatch Logs did not answer FilterLogEvents"),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("there was no answer in time"),
        "{}",
        ended.err
    );
}

#[test]
fn credentials_that_expire_half_way_leave_what_came_before() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::ExpiredToken, 12).of(ACTION)];
    });
    let ended = filter(&account, "", "");
    is_part(&account, &ended);
    assert!(
        ended.err.contains("the AWS credentials have expired"),
        "{}",
        ended.err
    );
}

#[test]
fn a_group_that_is_deleted_on_the_way_does_not_cost_the_others() {
    let account = account();
    let expected = account.expected("");
    account.simulator.behave(|behaviour| {
        let gone = Some("/ecs/shop-batch".to_owned());
        behaviour.faults = vec![Fault {
            group: gone,
            ..Fault::at_call(FaultKind::GroupDeleted, 8).of(ACTION)
        }];
    });
    let ended = filter(&account, "", "");
    assert_eq!(ended.code, 1, "{}", ended.err);
    let (is_complete, found) = answer(&ended);
    assert!(!is_complete);
    let mut rest = expected.iter();
    assert!(found.iter().all(|line| rest.any(|one| one == line)));
    let of_webapp = account
        .simulator
        .events("/ecs/shop-webapp", "", 0, i64::MAX);
    assert!(of_webapp.iter().all(|event| found.contains(&event.message)));
    assert!(
        ended
            .err
            .contains("there is no log group `/ecs/shop-batch`"),
        "{}",
        ended.err
    );
}

#[test]
fn what_is_refused_says_the_permission() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.deny = vec!["logs:FilterLogEvents".to_owned()];
    });
    let ended = filter(&account, "", "");
    assert_eq!(ended.code, 1);
    assert!(
        ended
            .err
            .contains("AWS refused logs:FilterLogEvents on log group `/ecs/shop-webapp`"),
        "{}",
        ended.err
    );
}

#[test]
fn time_that_is_up_ends_it() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Throttle, 12).of(ACTION)];
    });
    let ended = filter(&account, "", "--timeout 2s");
    is_part(&account, &ended);
    assert!(ended.err.contains("time is up"), "{}", ended.err);
}

#[test]
fn time_that_is_up_before_there_are_credentials_ends_it_too() {
    // Takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("bound");
    let project = account().project("");
    let logq = project
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "")
        .variable(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("http://{address}/"),
        );
    let ended = logq.run(&format!("filter x -t webapp {WINDOW} --timeout 1s"));
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(
        ended.err.contains("time is up before AWS gave credentials"),
        "{}",
        ended.err
    );
}
