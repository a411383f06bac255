//! `logq init`: what it finds, what it writes, and what it leaves alone.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::{BehaviorVersion, Config, Credentials, Region};
use logq_simulator::{Group, Settings, Simulator};

use crate::logq::Logq;
use crate::moto::{Moto, block_on};

fn account(names: &[&str]) -> Simulator {
    let group = |name: &&str| Group {
        name: (*name).to_owned(),
        ..Group::default()
    };
    let settings = Settings {
        groups: names.iter().map(group).collect(),
        ..Settings::default()
    };
    Simulator::start(settings).expect("a free port")
}

fn shop() -> Simulator {
    account(&[
        "/aws/events/production-ecs-tasks",
        "/aws/lambda/thumbnails",
        "/ecs/production-beat",
        "/ecs/production-webapp",
        "/ecs/production-batch",
        "/ecs/staging-webapp",
    ])
}

fn project(account: &Simulator) -> Logq {
    let logq = Logq::new().variable("AWS_ENDPOINT_URL", &account.url());
    let variables = Simulator::environment();
    variables
        .into_iter()
        .fold(logq, |logq, (name, value)| logq.variable(name, value))
}

fn written(logq: &Logq) -> String {
    std::fs::read_to_string(logq.path().join("logq.toml")).expect("it is written")
}

#[test]
fn the_file_says_what_was_found() {
    let ended = project(&shop()).run("init --dry-run");
    insta::assert_snapshot!(ended.all(), @r#"
    # Where the logs of this application are, and how they are read.
    # `logq doctor` says whether it is right; `logq help environment` lists all settings.

    # The zone that times print in, and that times without a zone are read in.
    timezone = "Asia/Tokyo"

    [stages.production]
    region = "us-east-1"
    # table = "logq-production-state"    # for `logq silence`: the stack's output `TableName`

    [stages.staging]
    region = "us-east-1"
    # table = "logq-staging-state"    # for `logq silence`: the stack's output `TableName`

    # The log groups; `{stage}` stands for the stage's name. These were found in us-east-1.
    [groups]
    batch = "/ecs/{stage}-batch"
    beat = "/ecs/{stage}-beat"
    # The "ECS Task State Change" events, which an EventBridge rule writes; they have the exit codes.
    tasks = "/aws/events/{stage}-ecs-tasks"
    webapp = "/ecs/{stage}-webapp"
    worker = false    # there is none

    # [runs]
    # settle = "5m"            # quiet for so long is over, when no ECS event tells
    # name_field = "batch"     # the field of a record that names the batch
    # app_roots = ["/app"]     # frames below are the application's

    # [batches."sync-reservations"]
    # owner = "booking team"
    # runbook = "https://wiki.example.com/sync"

    # [cloudwatch]
    # call_timeout = "30s"
    # cache_size = "2 GB"

    # Queries of your own: a file queries/NAME.toml beside this one is the command `logq NAME`. One to begin with:
    #   mkdir -p queries && logq queries show errors > queries/my-errors.toml
    # Then:
    #   logq batch-failures -s production --since 1d
    --- standard error
    logq: 6 log groups in us-east-1
    logq: warning: not there, though other stages have it: `/ecs/staging-batch`, `/ecs/staging-beat`, `/aws/events/staging-ecs-tasks`
    --- exit 0
    "#);
}

#[test]
fn what_is_written_is_read_and_stays() {
    let account = shop();
    let logq = project(&account);
    let ended = logq.run("init");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    logq: 6 log groups in us-east-1
    logq: warning: not there, though other stages have it: `/ecs/staging-batch`, `/ecs/staging-beat`, `/aws/events/staging-ecs-tasks`
    logq: logq.toml is written: 2 stages, 4 log groups each; `logq doctor` says whether it is right
    --- exit 0
    "#);
    let text = written(&logq);
    assert_eq!(logq.run("queries").code, 0);
    let again = logq.run("init --yes");
    insta::assert_snapshot!(again.all(), @r#"
    --- standard error
    error: `[folder]/logq.toml` is there already
    hint: `logq doctor` says whether it is right, `logq init --dry-run` shows a new one, --force replaces it
    --- exit 2
    "#);
    assert_eq!(written(&logq), text);
    let replaced = logq.run("init tokyo --no-aws --force --timezone Europe/Paris");
    assert_eq!(replaced.code, 0, "{}", replaced.all());
    assert!(written(&logq).contains("[stages.tokyo]"));
    assert!(written(&logq).contains("timezone = \"Europe/Paris\""));
    let names: Vec<_> = std::fs::read_dir(logq.path()).expect("a folder").collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_broken_file_can_be_replaced() {
    let account = shop();
    let logq = project(&account).file("logq.toml", "timezone = 9\n");
    assert_eq!(logq.run("init").code, 2);
    assert_eq!(logq.run("init --force").code, 0);
    assert_eq!(logq.run("queries").code, 0);
}

#[test]
fn many_groups_come_in_pages() {
    let mut names: Vec<String> = (0..120).map(|at| format!("/aws/lambda/f{at:03}")).collect();
    names.push("/ecs/production/webapp".to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let account = account(&names);
    let ended = project(&account).run("init --dry-run");
    assert!(
        ended.out.contains("webapp = \"/ecs/{stage}/webapp\""),
        "{}",
        ended.out
    );
    assert!(
        ended.err.contains("121 log groups in us-east-1"),
        "{}",
        ended.err
    );
    assert_eq!(account.calls("DescribeLogGroups").len(), 3);
}

#[test]
fn stages_have_their_regions() {
    let account = shop();
    let ended = project(&account)
        .run("init production=ap-northeast-1 -s staging --region eu-west-1 --dry-run");
    let production = "[stages.production]\nregion = \"ap-northeast-1\"\n";
    let staging = "[stages.staging]\nregion = \"eu-west-1\"\n";
    assert!(
        ended.out.contains(production) && ended.out.contains(staging),
        "{}",
        ended.all()
    );
}

#[test]
fn without_aws_the_usual_names_are_written_and_that_is_said() {
    let bare = Logq::new().variable("AWS_EC2_METADATA_DISABLED", "true");
    let ended = bare.run("init");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    logq: warning: the log groups are not known, so their usual names are taken: there are no AWS credentials for CloudWatch Logs in the default region, with the default profile: no credentials found in chain; aws sso login; `aws configure list-profiles` lists the profiles
    logq: logq.toml is written: 1 stage, 4 log groups each; `logq doctor` says whether it is right
    --- exit 0
    "#);
    assert!(written(&bare).contains("webapp = \"/ecs/{stage}-webapp\""));
    let bare = Logq::new();
    insta::assert_snapshot!(bare.run("init staging --no-aws").all(), @r#"
    --- standard error
    logq: logq.toml is written: 1 stage, 4 log groups each; `logq doctor` says whether it is right
    --- exit 0
    "#);
    assert_eq!(bare.run("queries").code, 0);
}

#[test]
fn a_refusal_is_told_and_names_the_permission() {
    let account = shop();
    account.behave(|behaviour| behaviour.deny = vec!["logs:DescribeLogGroups".to_owned()]);
    let ended = project(&account).run("init --dry-run");
    assert_eq!(ended.code, 0);
    assert!(
        ended.err.contains("AWS refused logs:DescribeLogGroups"),
        "{}",
        ended.err
    );
    assert!(
        ended.out.contains("batch = \"/ecs/{stage}-batch\""),
        "{}",
        ended.out
    );
}

#[test]
fn what_cannot_be_a_stage_or_region_is_a_mistake() {
    for arguments in [
        "init 'pro duction'",
        "init a/b",
        "init production=Tokyo",
        "init --region ''",
    ] {
        let ended = Logq::new().run(arguments);
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.all());
    }
    let ended = Logq::new().run("init --timezone Asia/Tokio");
    assert_eq!(ended.code, 2);
}

#[test]
fn names_that_no_group_can_have_are_left_out() {
    let account = account(&["/ecs/production-webapp", "/ecs/production-\u{1b}[2Jx\"\n"]);
    let ended = project(&account).run("init --dry-run");
    assert_eq!(ended.code, 0);
    assert!(
        !ended.out.contains('\u{1b}') && !ended.out.contains("2Jx"),
        "{}",
        ended.out
    );
}

#[test]
fn moto_s_groups_are_found_as_well() {
    let moto = Moto::shared();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-southeast-2"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(moto.url());
    let client = Client::from_conf(config.build());
    for name in ["shop-prod-web", "shop-prod-jobs", "shop-dev-web"] {
        block_on(client.create_log_group().log_group_name(name).send()).expect("it is made");
    }
    let logq = Logq::new()
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL", &moto.url());
    let ended = logq.run("init --region ap-southeast-2 --dry-run");
    for line in [
        "batch = \"shop-{stage}-jobs\"",
        "webapp = \"shop-{stage}-web\"",
        "[stages.dev]",
    ] {
        assert!(ended.out.contains(line), "{}", ended.all());
    }
}
