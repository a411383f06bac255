//! `--engine insights` against the simulator: what a query may cost, and what becomes of one that fails, takes too long
//! or is interrupted.

use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use logq_simulator::{Fault, FaultKind};

use crate::aws_insights::{account, ends, query, run, says, started};
use crate::aws_simulated::WINDOW;

#[test]
fn what_was_looked_at_and_its_price_are_told_afterwards() {
    let account = account();
    let ended = query(&account, "stats count(*) as n", "-o ndjson");
    ends(&ended, 0);
    assert_eq!(ended.out, "{\"n\":5000}\n");
    says(&ended, "Logs Insights: 5,000 of 5,000 events matched; ");
    says(&ended, " scanned, less than $0.0001");
    let quiet = query(&account, "stats count(*) as n", "-o ndjson -q");
    assert_eq!(quiet.err, "");
    let dear = run(
        &account,
        "insights_price = 100",
        "query 'stats count(*) as n' -o ndjson",
    );
    says(&dear, " scanned, about $0.");
}

#[test]
fn a_result_that_cannot_be_complete_says_so() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.insights.most = 500);
    let text = "query 'fields @message, n | sort n desc' --limit 0 -o json";
    let ended = run(&account, "insights_rows = 500", text);
    ends(&ended, 1);
    assert!(ended.out.contains("\"complete\":false"), "{}", ended.out);
    says(
        &ended,
        "rows are missing: Logs Insights gives 500 rows of a query at most",
    );
    says(&ended, "the answer is incomplete");
}

#[test]
fn what_would_look_at_too_much_is_refused_before() {
    let account = account();
    let ended = query(&account, "stats count(*)", "--max-scan 100kB");
    ends(&ended, 2);
    says(&ended, "the query would look at about ");
    says(&ended, ", and --max-scan allows 100.0 kB");
    assert!(started(&account).is_empty());
    ends(
        &run(&account, "max_scan = \"100 kB\"", "query 'stats count(*)'"),
        2,
    );
    ends(
        &run(
            &account,
            "max_scan = \"100 kB\"",
            "query 'stats count(*)' --max-scan 0",
        ),
        0,
    );
    ends(&query(&account, "stats count(*)", "--max-scan much"), 2);
}

#[test]
fn a_size_that_nobody_tells_is_no_size_within_a_limit() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.deny = vec!["logs:DescribeLogGroups".to_owned()];
    });
    let ended = query(&account, "stats count(*)", "--max-scan 100GB");
    ends(&ended, 1);
    says(&ended, "AWS refused logs:DescribeLogGroups");
    assert!(started(&account).is_empty());
    let ended = query(&account, "stats count(*)", "");
    ends(&ended, 0);
    says(
        &ended,
        "warning: how much the query will look at is not known",
    );
}

#[test]
fn a_dry_run_prints_the_calls_and_makes_none() {
    let account = account();
    let ended = query(&account, "fields @message", "--dry-run");
    ends(&ended, 0);
    let (head, expected) = ended.out.split_once("expected: about ").expect("a size");
    insta::assert_snapshot!(head, @r"
    StartQuery
      region  us-east-1, with the credentials in AWS_ACCESS_KEY_ID
      groups  /ecs/shop-webapp, /ecs/shop-batch
      window  2026-11-19T00:00:00.000Z to 2026-11-20T00:00:00.000Z (seconds 1795046400 to 1795132800)
      limit   10001
      query
        filter toMillis(@timestamp) < 1795132800000 | fields @message
    ");
    assert!(expected.contains("$0.0001"), "{expected}");
    assert!(
        expected.contains("\n  an upper estimate: ") && expected.contains("storedBytes"),
        "{expected}"
    );
    assert!(started(&account).is_empty());
    let json = query(&account, "fields @message", "--dry-run -o json");
    assert!(
        json.out
            .starts_with("{\"calls\":[{\"action\":\"StartQuery\""),
        "{}",
        json.out
    );
    assert!(
        json.out.contains("\"expected_from\":\"an upper estimate: "),
        "{}",
        json.out
    );
    let local = account
        .project("")
        .run("query 'fields @message' --dry-run --source x");
    ends(&local, 2);
}

#[test]
fn a_group_that_is_not_there_does_not_cost_the_others() {
    let account = account();
    let ended = run(
        &account,
        "",
        "query 'stats count(*) as n' -t worker -o ndjson",
    );
    ends(&ended, 1);
    assert_eq!(ended.out, "{\"n\":5000}\n");
    says(&ended, "there is no log group `/ecs/shop-worker`");
}

#[test]
fn a_dry_run_without_time_for_the_sizes_is_incomplete() {
    let account = account();
    account.simulator.behave(|behaviour| {
        let slow = ("DescribeLogGroups".to_owned(), 10_000);
        behaviour.latency_by_action.extend([slow]);
    });
    let ended = query(&account, "fields @message", "--dry-run --timeout 1s");
    ends(&ended, 1);
    assert!(
        ended.out.contains("expected: not known: time is up"),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("estimate"), "{}", ended.out);
    says(
        &ended,
        "time is up before the sizes of the log groups were told",
    );
}

#[test]
fn a_start_that_is_not_answered_is_not_made_again() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::at_call(FaultKind::Hang, 1).of("StartQuery")];
    });
    let ended = run(
        &account,
        "call_timeout = \"1s\"",
        "query 'stats count(*)' -o ndjson",
    );
    ends(&ended, 1);
    says(&ended, "CloudWatch Logs did not answer StartQuery");
    says(
        &ended,
        "aws logs describe-queries --status Running --region us-east-1",
    );
    assert_eq!(started(&account).len(), 1);
    let url = account.simulator.url();
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 1).of("StartQuery")];
    });
    let ended = run(
        &account,
        "call_timeout = \"1s\"",
        &format!("query 'stats count(*)' -o ndjson --endpoint-url {url}"),
    );
    says(
        &ended,
        &format!(
            "hint: the query may be running all the same: \
             aws logs describe-queries --status Running --region us-east-1 --endpoint-url {url}\n"
        ),
    );
}

#[test]
fn a_query_that_is_left_is_told_with_what_stops_it() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.insights.run_ms = 600_000;
        behaviour.deny = vec!["logs:StopQuery".to_owned()];
        behaviour.faults = vec![Fault::from_call(FaultKind::Denied, 1).of("GetQueryResults")];
    });
    let ended = query(&account, "fields @message", "");
    ends(&ended, 1);
    says(&ended, "AWS refused logs:GetQueryResults");
    says(
        &ended,
        "could not be stopped and may still be running: aws logs stop-query --query-id ",
    );
    says(&ended, " --region us-east-1\n");
    let url = account.simulator.url();
    let ended = query(
        &account,
        "fields @message",
        &format!("--endpoint-url {url}"),
    );
    says(
        &ended,
        &format!(" --region us-east-1 --endpoint-url {url}\n"),
    );
}

#[test]
fn what_the_service_does_not_understand_is_shown_where_it_was_written() {
    let account = account();
    let ended = query(&account, "filter status = 500 | stats avg(n) as a", "");
    ends(&ended, 2);
    insta::assert_snapshot!(ended.err, @r"
    error: Logs Insights does not understand this: the simulator does not know `stats avg(n) as a`
     --> <query>:1:23
      |
    1 | filter status = 500 | stats avg(n) as a
      |                       ^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn faults_that_pass_cost_nothing_but_time() {
    for kind in [
        FaultKind::ServerError,
        FaultKind::Unavailable,
        FaultKind::Throttle,
        FaultKind::Reset,
    ] {
        let account = account();
        account.simulator.behave(|behaviour| {
            behaviour.faults = ["DescribeLogGroups", "StartQuery", "GetQueryResults"]
                .map(|action| Fault::at_call(kind, 1).of(action))
                .to_vec();
        });
        let ended = query(&account, "stats count(*) as n", "-o ndjson");
        ends(&ended, 0);
        assert_eq!(ended.out, "{\"n\":5000}\n");
    }
}

#[test]
fn an_account_with_too_many_queries_is_waited_for() {
    let account = account();
    account.simulator.behave(|behaviour| {
        behaviour.insights.at_once = 0;
    });
    let simulator = &account.simulator;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while simulator.calls("StartQuery").len() < 2 {
                std::thread::sleep(Duration::from_millis(20));
            }
            simulator.behave(|behaviour| behaviour.insights.at_once = 30);
        });
        let ended = query(&account, "stats count(*) as n", "-o ndjson");
        ends(&ended, 0);
    });
    let refused = started(&account);
    assert_eq!(refused[0].answer, "LimitExceededException");
}

#[test]
fn each_bad_end_is_told_and_the_answer_is_incomplete() {
    for (status, words) in [
        ("Failed", "the query failed on Logs Insights"),
        ("Timeout", "Logs Insights gave the query up"),
        ("Cancelled", "somebody else stopped the query"),
    ] {
        let account = account();
        account
            .simulator
            .behave(|behaviour| behaviour.insights.ends = vec![status.to_owned()]);
        let ended = query(&account, "stats count(*)", "-o json");
        ends(&ended, 1);
        assert!(ended.out.contains("\"complete\":false"), "{}", ended.out);
        says(&ended, words);
        says(&ended, "query id 00000000-");
    }
}

#[test]
fn credentials_that_expire_say_how_to_log_in() {
    for action in ["DescribeLogGroups", "StartQuery", "GetQueryResults"] {
        let account = account();
        account.simulator.behave(|behaviour| {
            behaviour.faults = vec![Fault::from_call(FaultKind::ExpiredToken, 1).of(action)];
        });
        let ended = query(&account, "stats count(*)", "");
        ends(&ended, 1);
        says(&ended, "the AWS credentials have expired");
        says(&ended, "aws sso login");
    }
}

#[test]
fn time_that_is_up_stops_the_query() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.insights.run_ms = 600_000);
    let ended = query(&account, "fields @message", "--timeout 1s -o json");
    ends(&ended, 1);
    says(&ended, "time is up before Logs Insights was done");
    assert!(ended.out.contains("\"complete\":false"), "{}", ended.out);
    assert_eq!(account.simulator.calls("StopQuery").len(), 1);
}

#[test]
fn an_interrupt_stops_the_query_and_prints_what_there_is() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.insights.run_ms = 1_000_000_000);
    let logq = account.project("");
    let mut command = logq.command();
    command
        .args([
            "query",
            "fields @message",
            "--engine",
            "insights",
            "-o",
            "json",
            "-t",
            "batch",
        ])
        .args(WINDOW.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let begun = Instant::now();
    while account.simulator.calls("GetQueryResults").is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(1), "no query came");
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill runs").success());
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(130));
    let (mut out, mut err) = (String::new(), String::new());
    let streams = (child.stdout.take(), child.stderr.take());
    streams
        .0
        .expect("a pipe")
        .read_to_string(&mut out)
        .expect("text");
    streams
        .1
        .expect("a pipe")
        .read_to_string(&mut err)
        .expect("text");
    assert!(out.contains("\"complete\":false"), "{out}");
    assert!(
        err.contains("interrupted: the answer is incomplete"),
        "{err}"
    );
    assert_eq!(account.simulator.calls("StopQuery").len(), 1);
}
