//! `logq doctor` on good and bad set-ups, against the simulator and moto.

use logq_simulator::{Fault, FaultKind, Group, Settings, Simulator};
use serde_json::Value;

use crate::logq::{Ended, Logq};
use crate::moto::Moto;

const SERVICES: [&str; 3] = [
    "/ecs/shop-webapp",
    "/ecs/shop-batch",
    "/aws/events/shop-ecs-tasks",
];
const CONFIG: &str = "\
timezone = \"Asia/Tokyo\"
[stages.shop]
region = \"us-east-1\"
[groups]
worker = false
";

/// An account with all groups of the stage `shop`, which were written to until now.
fn account() -> Simulator {
    let group = |name: &&str| Group {
        name: (*name).to_owned(),
        events: 50,
        streams: 2,
        retention_days: Some(30),
        ..Group::default()
    };
    let settings = Settings {
        groups: SERVICES.iter().map(group).collect(),
        ..Settings::default()
    };
    Simulator::start(settings).expect("a free port")
}

/// A project of this configuration that asks the account, by way of a proxy: live tail has a host name of its own.
fn project(account: &Simulator, config: &str) -> Logq {
    let logq = Logq::new()
        .file("logq.toml", config)
        .variable("HTTP_PROXY", &account.url())
        .variable("AWS_ENDPOINT_URL", "http://cwl.test")
        .variable("LOGQ_NOW", "")
        .variable("LOGQ_TZ", "");
    let variables = Simulator::environment();
    variables
        .into_iter()
        .fold(logq, |logq, (name, value)| logq.variable(name, value))
}

/// What `-o ndjson` printed, by subject.
struct Report {
    rows: Vec<Value>,
    code: i32,
}

impl Report {
    fn of(ended: &Ended) -> Self {
        let row = |line: &str| serde_json::from_str(line).expect("a row");
        Self {
            rows: ended.out.lines().map(row).collect(),
            code: ended.code,
        }
    }

    #[track_caller]
    fn row(&self, area: &str, subject: &str) -> &Value {
        let mut rows = self.rows.iter();
        let found = rows.find(|row| row["area"] == area && row["subject"] == subject);
        found.unwrap_or_else(|| panic!("no {area}/{subject} in {:#?}", self.rows))
    }

    #[track_caller]
    fn is(&self, area: &str, subject: &str, verdict: &str, part: &str) {
        let row = self.row(area, subject);
        assert_eq!(row["verdict"], verdict, "{row}");
        let detail = row["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(part), "{row}");
    }

    fn bad(&self) -> Vec<&Value> {
        let rows = self.rows.iter();
        rows.filter(|row| row["verdict"] != "ok").collect()
    }
}

fn doctor(account: &Simulator, flags: &str) -> Report {
    let command = format!("doctor -o ndjson {flags}");
    Report::of(&project(account, CONFIG).run(&command))
}

#[test]
fn a_good_set_up_is_told_to_be_good() {
    let account = account();
    let report = doctor(&account, "");
    assert!(report.bad().is_empty(), "{:#?}", report.bad());
    assert_eq!(report.code, 0);
    report.is(
        "credentials",
        "whose",
        "ok",
        "arn:aws:iam::123456789012:user/tester, in account 123456789012",
    );
    report.is(
        "log groups",
        "shop/batch",
        "ok",
        "/ecs/shop-batch: newest event ",
    );
    report.is("log groups", "shop/batch", "ok", "kept for 30 days");
    report.is("permissions", "logs:StartLiveTail", "ok", "on 3 log groups");
    report.is("quotas", "us-east-1", "ok", "FilterLogEvents 25");
}

#[test]
fn looking_changes_nothing_and_reads_next_to_nothing() {
    let account = account();
    doctor(&account, "");
    for call in account.calls("FilterLogEvents") {
        assert_eq!(call.number_of("startTime"), call.number_of("endTime"));
        assert_eq!(call.number_of("limit"), Some(1));
    }
    for (action, answer) in [
        ("StartQuery", "MalformedQueryException"),
        ("PutQueryDefinition", "ResourceNotFoundException"),
        ("StopQuery", "ResourceNotFoundException"),
    ] {
        let calls = account.calls(action);
        assert!(!calls.is_empty(), "{action}");
        assert!(calls.iter().all(|call| call.answer == answer), "{calls:?}");
    }
    assert_eq!(account.summary("StartLiveTail").ok, 3);
}

#[test]
fn each_permission_that_is_refused_is_named() {
    let account = account();
    for action in [
        "FilterLogEvents",
        "GetLogEvents",
        "DescribeLogStreams",
        "DescribeLogGroups",
        "StartQuery",
        "GetQueryResults",
        "StopQuery",
        "StartLiveTail",
        "DescribeQueryDefinitions",
        "PutQueryDefinition",
    ] {
        let permission = format!("logs:{action}");
        account.behave(|behaviour| behaviour.deny = vec![permission.clone()]);
        let report = doctor(&account, "");
        let (verdict, code) = match action {
            "FilterLogEvents" => ("wrong", 1),
            _ => ("warning", 0),
        };
        report.is("permissions", &permission, verdict, "refused ");
        let mend = report.row("permissions", &permission)["mend"].to_string();
        assert!(mend.contains(&format!("allow `{permission}`")), "{mend}");
        assert!(mend.contains("user/tester"), "{mend}");
        assert_eq!(report.code, code, "{action}");
    }
}

#[test]
fn a_group_is_there_if_it_can_be_read_though_it_may_not_be_described() {
    let account = account();
    account.delete_group("/ecs/shop-batch");
    account.behave(|behaviour| behaviour.deny = vec!["logs:DescribeLogGroups".to_owned()]);
    let report = doctor(&account, "");
    report.is("log groups", "shop/webapp", "ok", "it is there");
    report.is("log groups", "shop/batch", "wrong", "no such log group");
    assert_eq!(report.code, 1);
}

#[test]
fn a_group_that_is_missing_or_empty_is_told() {
    let account = account();
    account.delete_group("/ecs/shop-batch");
    let empty = Group {
        name: "/ecs/shop-batch-2".to_owned(),
        class: "INFREQUENT_ACCESS".to_owned(),
        ..Group::default()
    };
    account.add_group(empty).expect("added");
    let report = doctor(&account, "");
    report.is(
        "log groups",
        "shop/batch",
        "warning",
        "no such log group in us-east-1",
    );
    assert_eq!(report.code, 0);
    report.is(
        "permissions",
        "logs:FilterLogEvents",
        "ok",
        "on 2 log groups",
    );
    let config = format!("{CONFIG}batch = \"/ecs/{{stage}}-batch-2\"\n");
    let report = Report::of(&project(&account, &config).run("doctor -o ndjson"));
    report.is(
        "log groups",
        "shop/batch",
        "warning",
        "nothing was ever logged",
    );
    report.is("log groups", "shop/batch", "warning", "INFREQUENT_ACCESS");
    assert_eq!(
        report.row("log groups", "shop/batch")["origin"],
        "logq.toml:6"
    );
    assert_eq!(report.code, 0);
}

#[test]
fn a_wrong_clock_is_told_and_the_rest_is_looked_at() {
    let account = account();
    account.behave(|behaviour| behaviour.clock_skew_ms = 20_000);
    let report = doctor(&account, "");
    report.is("clock", "this machine", "warning", " behind AWS's");
    assert_eq!(report.code, 0);
    account.behave(|behaviour| behaviour.clock_skew_ms = -600_000);
    let report = doctor(&account, "");
    report.is(
        "clock",
        "this machine",
        "wrong",
        " ahead of AWS's: AWS refuses calls",
    );
    report.is("log groups", "shop/webapp", "ok", "newest event");
    assert_eq!(report.code, 1);
}

#[test]
fn credentials_that_have_expired_say_how_to_log_in() {
    let account = account();
    account.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::ExpiredToken, 1)];
    });
    let report = doctor(&account, "");
    report.is("credentials", "whose", "wrong", "they have expired");
    let mend = report.row("credentials", "whose")["mend"].to_string();
    assert!(mend.contains("aws sso login"), "{mend}");
    report.is(
        "regions",
        "logs.us-east-1",
        "wrong",
        "the AWS credentials have expired",
    );
    report.is("permissions", "all", "unknown", "none was tried");
    assert_eq!(report.code, 1);
}

#[test]
fn keys_that_aws_does_not_know_are_told() {
    let account = account();
    account.behave(|behaviour| behaviour.access_keys = vec!["AKIAOTHER".to_owned()]);
    let report = doctor(&account, "");
    report.is("credentials", "whose", "wrong", "AWS does not accept them");
    assert_eq!(report.code, 1);
}

#[test]
fn a_service_that_does_not_answer_is_waited_for_no_longer_than_was_said() {
    let account = account();
    account.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Hang, 1)];
    });
    let report = doctor(&account, "--timeout 500ms");
    report.is("credentials", "whose", "unknown", "no answer in time");
    report.is("regions", "logs.us-east-1", "wrong", "time is up");
    report.is("clock", "this machine", "unknown", "");
    assert_eq!(report.code, 1);
}

#[test]
fn what_is_throttled_is_asked_for_again() {
    let account = account();
    account.behave(|behaviour| {
        behaviour.faults = vec![Fault::every(FaultKind::Throttle, 3).of("FilterLogEvents")];
    });
    let report = doctor(&account, "");
    report.is(
        "permissions",
        "logs:FilterLogEvents",
        "ok",
        "on 3 log groups",
    );
}

#[test]
fn a_stage_narrows_what_is_looked_at() {
    let account = account();
    let config = format!("{CONFIG}[stages.other]\nregion = \"eu-west-1\"\n");
    let report = Report::of(&project(&account, &config).run("doctor -o ndjson -s shop"));
    assert_eq!(report.code, 0);
    assert!(
        report
            .rows
            .iter()
            .all(|row| row["subject"] != "other/batch")
    );
    assert_eq!(report.row("configuration", "stage")["origin"], "--stage");
    let report = Report::of(&project(&account, &config).run("doctor -o ndjson"));
    report.is("regions", "other", "ok", "eu-west-1");
    report.is(
        "log groups",
        "other/batch",
        "wrong",
        "no such log group in eu-west-1",
    );
}

/// Returns what is told of quotas, a line each.
fn quotas(report: &Report) -> String {
    let rows = report.rows.iter().filter(|row| row["area"] == "quotas");
    let row = |row: &Value| {
        ["verdict", "subject", "origin", "detail"]
            .map(|key| row[key].as_str().expect("a text").to_owned())
            .join(" | ")
    };
    rows.map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn quotas_are_those_of_each_region_unless_the_configuration_has_others() {
    let account = account();
    let config = format!(
        "{CONFIG}[stages.other]\nregion = \"eu-central-1\"\n\
         [cloudwatch.quotas]\nGetLogEvents = 50\nFilterLogEvents = 2.5\n"
    );
    let report = Report::of(&project(&account, &config).run("doctor -o ndjson"));
    insta::assert_snapshot!(quotas(&report), @r"
    ok | eu-central-1 | AWS's own quotas | DescribeLogStreams 25, DescribeLogGroups 10, DescribeQueryDefinitions 5, PutQueryDefinition 5, DeleteQueryDefinition 5, StartQuery 10, GetQueryResults 10, StopQuery 10, StartLiveTail 5 calls a second
    ok | eu-central-1 | logq.toml:9 | GetLogEvents 50 (AWS's own 10) calls a second
    ok | eu-central-1 | logq.toml:10 | FilterLogEvents 2.5 (AWS's own 5) calls a second
    ok | us-east-1 | AWS's own quotas | DescribeLogStreams 25, DescribeLogGroups 10, DescribeQueryDefinitions 5, PutQueryDefinition 5, DeleteQueryDefinition 5, StartQuery 10, GetQueryResults 10, StopQuery 10, StartLiveTail 5 calls a second
    ok | us-east-1 | logq.toml:9 | GetLogEvents 50 (AWS's own 25) calls a second
    ok | us-east-1 | logq.toml:10 | FilterLogEvents 2.5 (AWS's own 25) calls a second
    ");
    // A number above AWS's own may be right: quotas can be raised.
    let none = Report::of(&project(&account, CONFIG).run("doctor -o ndjson -s shop"));
    insta::assert_snapshot!(quotas(&none), @"ok | us-east-1 | AWS's own quotas | FilterLogEvents 25, GetLogEvents 25, DescribeLogStreams 25, DescribeLogGroups 10, DescribeQueryDefinitions 5, PutQueryDefinition 5, DeleteQueryDefinition 5, StartQuery 10, GetQueryResults 10, StopQuery 10, StartLiveTail 5 calls a second");
}

#[test]
fn a_quota_that_is_none_is_pointed_at() {
    let account = account();
    let config = format!("{CONFIG}[cloudwatch.quotas]\nGetLogEvent = 5\nFilterLogEvents = 0\n");
    let report = Report::of(&project(&account, &config).run("doctor -o ndjson"));
    for part in [
        "logq.toml:7",
        "unknown key `GetLogEvent`",
        "logq.toml:8",
        "from 0.1 to 1000",
    ] {
        report.is("configuration", "files", "wrong", part);
    }
    // The rest is told by AWS's own.
    report.is("quotas", "us-east-1", "ok", "FilterLogEvents 25, ");
    assert_eq!(report.code, 1);
}

#[test]
fn each_value_says_where_it_comes_from() {
    let account = account();
    let logq = project(&account, CONFIG)
        .file(
            ".config/logq/config.toml",
            "ambiguous_width = 2\n[runs]\nsettle = \"1m\"\n",
        )
        .variable("LOGQ_OUTPUT", "ndjson")
        .variable("LOGQ_STAG", "shop");
    let report = Report::of(&logq.run("doctor --threads 2 --region us-east-1"));
    let origin = |subject: &str| report.row("configuration", subject)["origin"].clone();
    assert_eq!(origin("timezone"), "logq.toml:1");
    assert_eq!(origin("groups.worker"), "logq.toml:5");
    assert_eq!(origin("runs.settle"), ".config/logq/config.toml:3");
    assert_eq!(origin("runs.lost"), "default");
    assert_eq!(origin("output"), "LOGQ_OUTPUT");
    assert_eq!(origin("threads"), "--threads");
    assert_eq!(report.row("regions", "shop")["origin"], "--region");
    report.is(
        "configuration",
        "LOGQ_STAG",
        "warning",
        "no variable of logq's",
    );
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_finding() {
    let account = account();
    let logq = project(&account, "[stages.shop]\nregoin = \"us-east-1\"\n");
    let report = Report::of(&logq.run("doctor -o ndjson"));
    report.is("configuration", "files", "wrong", "logq.toml:2:1");
    report.is("credentials", "whose", "ok", "123456789012");
    assert_eq!(report.code, 1);
}

#[test]
fn a_saved_query_that_does_not_compile_is_a_finding() {
    let account = account();
    let logq =
        project(&account, CONFIG).file("queries/mine.toml", "title = \"x\"\nquery = 'statz'\n");
    let report = Report::of(&logq.run("doctor -o ndjson"));
    report.is("saved queries", "mine", "wrong", "queries/mine.toml");
    assert_eq!(report.code, 1);
}

#[test]
fn the_table_of_silences_is_tried() {
    let moto = Moto::shared();
    moto.table("doctored");
    let project = |table: &str| {
        let config =
            format!("[stages.production]\nregion = \"ap-northeast-1\"\ntable = \"{table}\"\n");
        Logq::new()
            .file("logq.toml", config)
            .variable("AWS_ACCESS_KEY_ID", "test")
            .variable("AWS_SECRET_ACCESS_KEY", "test")
            .variable("AWS_EC2_METADATA_DISABLED", "true")
            .variable("AWS_ENDPOINT_URL", &moto.url())
    };
    let logq = project("doctored");
    let report = Report::of(&logq.run("doctor -o ndjson"));
    report.is("tables", "production", "ok", "`logq silence` may use it");
    report.is("credentials", "whose", "ok", "123456789012");
    assert_eq!(logq.run("silence list").out, "", "nothing was written");
    let report = Report::of(&project("elsewhere").run("doctor -o ndjson"));
    report.is("tables", "production", "wrong", "there is no such table");
    assert_eq!(report.row("tables", "production")["origin"], "logq.toml:3");
}

#[test]
fn without_credentials_the_rest_is_looked_at() {
    let bare = || Logq::new().variable("AWS_EC2_METADATA_DISABLED", "true");
    let ended = bare().run("doctor");
    insta::assert_snapshot!(ended.all(), @r#"
    configuration
      ok       files     there is no logq.toml here or above, and none of the user's
                         mend: logq init
      ok       now       2026-11-23T13:04:05+09:00  (LOGQ_NOW)
      ok       timezone  Asia/Tokyo  (LOGQ_TZ)
      ok       by default  ambiguous_width = 1
                         groups.batch = /ecs/{stage}-batch
                         groups.tasks = /aws/events/{stage}-ecs-tasks
                         groups.webapp = /ecs/{stage}-webapp
                         groups.worker = /ecs/{stage}-worker
                         runs.settle = 5 min
                         runs.lost = 6 h
                         runs.app_roots = /app
                         cloudwatch.call_timeout = 30 s
                         cloudwatch.ingestion_delay = 10 min
                         cloudwatch.cache_size = 2.1 GB
                         route = 0 in the list
                         alerts.language = en
                         redact.enabled = true
                         redact.patterns = 0 in the list

    credentials
      unknown  found  there are no AWS credentials for CloudWatch Logs in the default region, with the default profile: no credentials found in chain
                      mend: aws sso login; `aws configure list-profiles` lists the profiles

    regions
      unknown  stages  the stage is not known
                       mend: `--stage production`, or a table `[stages.production]` in logq.toml

    clock
      unknown  this machine  no service answered that would have told the time

    permissions
      unknown  all  none was tried, since CloudWatch Logs cannot be asked

    cache
      ok       folder  [folder]/.cache/logq: 0 files, 0 bytes of at most 2.1 GB

    saved queries
      ok       here              12 queries compile; 40 tests in their files were run
      ok       on Logs Insights  the service takes 1 query, and refuses batch-errors, batch-failures, batch-runs, crashes, errors, http-5xx, log-volume, migrations, new-errors, oom, task-failures
                                 mend: logq queries check --engine insights

    4 unknown, 21 ok
    --- exit 0
    "#);
    let report = Report::of(&bare().file("logq.toml", CONFIG).run("doctor -o ndjson"));
    report.is(
        "credentials",
        "found",
        "wrong",
        "there are no AWS credentials",
    );
    assert_eq!(report.code, 1);
}

#[test]
fn without_a_stage_the_groups_of_the_account_are_looked_at() {
    let account = account();
    let report = Report::of(&project(&account, "").run("doctor -o ndjson"));
    assert_eq!(report.code, 0, "{:?}", report.rows);
    report.is("regions", "stages", "ok", "none is configured");
    report.is("log groups", "shop/batch", "ok", "/ecs/shop-batch: newest");
    report.is(
        "permissions",
        "logs:FilterLogEvents",
        "ok",
        "on 3 log groups",
    );
    let nothing = Simulator::start(Settings::default()).expect("a free port");
    let report = Report::of(&project(&nothing, "").run("doctor -o ndjson"));
    report.is("regions", "stages", "unknown", "no log group in us-east-1");
}
