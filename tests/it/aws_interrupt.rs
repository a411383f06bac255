//! Ctrl-C while CloudWatch Logs is read: the first prints what is there and says so, the second ends at once.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::Duration;

use logq_simulator::{Fault, FaultKind};

use crate::aws_simulated::{Account, answer, lines, signal, wait_for};
use crate::logq::{Ended, Logq};

const ACTION: &str = "FilterLogEvents";

fn account() -> Account {
    let account = Account::with(&[("webapp", 3000), ("batch", 2000)]);
    account
        .simulator
        .behave(|behaviour| behaviour.page.events = 300);
    account
}

/// Starts to read both groups.
fn start(logq: &Logq, format: &str) -> Child {
    let window = [
        "--since",
        "2026-11-19T00:00Z",
        "--until",
        "2026-11-20T00:00Z",
    ];
    logq.command()
        .args([
            "filter", "\"\"", "-t", "webapp", "-t", "batch", "-o", format,
        ])
        .args(window)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn end(child: Child) -> Ended {
    let output = child.wait_with_output().expect("the program ends");
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

#[test]
fn what_came_is_printed_and_marked_incomplete() {
    let account = account();
    let logq = account.project("");
    let kept = "filter '\"\"' -t webapp -t batch -o raw --since 2026-11-19T00:00Z --until 2026-11-19T06:00Z";
    let first = lines(&logq.run(kept));
    // What is kept comes at once, and the rest never.
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 1).of(ACTION)];
    });
    let mut child = start(&logq, "raw");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let mut found = output.lines().map(|line| line.expect("text"));
    let kept: Vec<String> = found.by_ref().take(first.len()).collect();
    assert!(!first.is_empty() && kept == first);
    signal(&child, "INT");
    assert_eq!(found.next(), None);
    says_so(&end(child));
}

#[test]
fn a_document_says_that_it_is_incomplete() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 16).of(ACTION)];
    });
    let logq = account.project("");
    let child = start(&logq, "json");
    wait_for("calls hang", || account.calls() >= 16);
    signal(&child, "INT");
    let ended = end(child);
    says_so(&ended);
    let (is_complete, found) = answer(&ended);
    assert!(!is_complete && account.expected("").starts_with(&found));
}

#[test]
fn pages_of_slices_that_go_on_are_what_came() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 6).of(ACTION)];
    });
    // One slice for each group, of which too few pages come to be handed out before its end.
    let logq = account.project("[cloudwatch.quotas]\nFilterLogEvents = 2");
    let child = start(&logq, "json");
    wait_for("calls hang", || account.calls() >= 7);
    signal(&child, "INT");
    let ended = end(child);
    says_so(&ended);
    let (is_complete, found) = answer(&ended);
    assert!(!is_complete && found.len() >= 300, "{}", found.len());
    assert!(account.expected("").starts_with(&found));
}

#[test]
fn nothing_is_said_of_what_was_not_read() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 1).of(ACTION)];
    });
    let logq = account.project("");
    let child = start(&logq, "json");
    wait_for("a call hangs", || account.calls() >= 1);
    signal(&child, "INT");
    let ended = end(child);
    says_so(&ended);
    let said = "no event matches in what was read of CloudWatch Logs, ";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[track_caller]
fn says_so(ended: &Ended) {
    assert_eq!(ended.code, 130, "{}", ended.err);
    let said = "interrupted: the answer is incomplete";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[test]
fn the_second_ends_at_once() {
    let account = account();
    let logq = account.project("");
    // Nobody reads more of what it prints than the first byte, so that it cannot end by itself.
    let mut child = start(&logq, "raw");
    let mut output = child.stdout.take().expect("piped");
    output.read_exact(&mut [0]).expect("it prints");
    std::thread::sleep(Duration::from_secs(1));
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("asked").is_none());
    signal(&child, "INT");
    let code = child.wait().expect("it ends").code();
    assert_eq!(code, Some(130));
}
