//! `logq silence` against a table of moto's, and against a service that says no.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::logq::{Ended, Logq};
use crate::moto::Moto;

const CONFIG: &str = "\
[stages.production]
region = \"ap-northeast-1\"
table = \"TABLE\"
[batches.sync-reservations]
owner = \"booking team\"
";

/// A project whose only stage has a table of this name.
fn project(table: &str) -> Logq {
    Logq::new()
        .file("logq.toml", CONFIG.replace("TABLE", table))
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
}

/// The same, with the table in moto.
fn stack(table: &str) -> Logq {
    let moto = Moto::shared();
    moto.table(table);
    project(table).variable("AWS_ENDPOINT_URL", &moto.url())
}

#[track_caller]
fn done(ended: &Ended) {
    assert_eq!(ended.code, 0, "{}", ended.all());
}

#[test]
fn a_silence_begins_is_listed_and_ends() {
    let logq = stack("begins");
    let begun = logq.run("silence sync-reservations --for 2h --reason 'the partner is down'");
    insta::assert_snapshot!(begun.all(), @r#"
    stage       name               since (JST)          until (JST)          reason
    production  sync-reservations  2026-11-23 13:04:05  2026-11-23 15:04:05  the partner is down
    --- standard error
    logq: `sync-reservations` in production is silent until 2026-11-23 15:04 JST
    --- exit 0
    "#);
    let until = logq.run("silence --all --until '2026-11-23 14:00' --reason deploy");
    insta::assert_snapshot!(until.all(), @r#"
    stage       name  since (JST)          until (JST)          reason
    production  *     2026-11-23 13:04:05  2026-11-23 14:00:00  deploy
    --- standard error
    logq: all of production is silent until 2026-11-23 14:00 JST
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("silence").all(), @r#"
    stage       name               since (JST)          until (JST)          reason
    production  *                  2026-11-23 13:04:05  2026-11-23 14:00:00  deploy
    production  sync-reservations  2026-11-23 13:04:05  2026-11-23 15:04:05  the partner is down
    --- exit 0
    "#);
    assert_eq!(logq.run("silence list").all(), logq.run("silence").all());
    insta::assert_snapshot!(logq.run("silence end sync-reservations").all(), @r#"
    --- standard error
    logq: the silence of `sync-reservations` in production has ended
    logq: warning: the whole stage is silent until 2026-11-23 14:00 JST
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("silence end sync-reservations").all(), @r#"
    --- standard error
    error: no silence of `sync-reservations` in production is in force
    hint: logq silence list
    --- exit 1
    "#);
    insta::assert_snapshot!(logq.run("silence end --all").all(), @r#"
    --- standard error
    logq: the silence of all of production has ended
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("silence").all(), @r#"
    --- standard error
    logq: no silence is in force in production
    --- exit 0
    "#);
}

#[test]
fn programs_get_the_silences_in_every_format() {
    let logq = stack("formats");
    let begun = logq.run("silence new-errors --for 90m --reason '旅券, again' -q -o ndjson");
    insta::assert_snapshot!(begun.all(), @r#"
    {"stage":"production","name":"new-errors","since":"2026-11-23T04:04:05.000Z","until":"2026-11-23T05:34:05.000Z","reason":"旅券, again"}
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("silence -o json").all(), @r#"
    {"schema":"logq.rows.v1","query":null,"window":{"since":null,"until":null},"complete":true,"truncated":false,"rows":[
    {"stage":"production","name":"new-errors","since":"2026-11-23T04:04:05.000Z","until":"2026-11-23T05:34:05.000Z","reason":"旅券, again"}]}
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("silence list -o csv").all(), @r#"
    stage,name,since,until,reason
    production,new-errors,2026-11-23T04:04:05.000Z,2026-11-23T05:34:05.000Z,"旅券, again"
    --- exit 0
    "#);
    assert_eq!(logq.run("silence --fail-on-match").code, 3);
    assert_eq!(logq.run("silence --fail-on-empty").code, 0);
}

#[test]
fn what_has_ended_by_itself_is_not_in_force() {
    let logq = stack("ends");
    done(&logq.run("silence new-errors --for 1h --reason deploy"));
    let names = |now: &str| logq.run(&format!("silence --now {now} -o csv")).out;
    assert!(names("2026-11-23T14:04:04+09:00").contains("new-errors"));
    assert!(!names("2026-11-23T14:04:05+09:00").contains("new-errors"));
    let ended = logq.run("silence end new-errors --now 2026-11-23T14:04:05+09:00");
    assert_eq!(ended.code, 1, "{}", ended.all());
    assert!(ended.err.starts_with("error: no silence of `new-errors`"));
}

#[test]
fn a_second_silence_takes_the_place_of_the_first() {
    let logq = stack("replaced");
    done(&logq.run("silence new-errors --for 1h --reason deploy"));
    done(&logq.run("silence new-errors --for 3h --reason 'still deploying'"));
    let listed = logq.run("silence -o ndjson").out;
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(listed.contains("still deploying"));
}

#[test]
fn a_stage_has_its_own_silences_in_a_table_that_two_share() {
    let config = "[stages.production]\n[stages.staging]\n";
    let logq = stack("shared")
        .file("logq.toml", config)
        .variable("LOGQ_TABLE", "shared")
        .variable("AWS_REGION", "ap-northeast-1");
    for stage in ["production", "staging"] {
        done(&logq.run(&format!(
            "silence new-errors --for 1h --reason {stage} -s {stage}"
        )));
    }
    let rows = |flags: &str| logq.run(&format!("silence -o ndjson {flags}")).out;
    assert_eq!(rows("").lines().count(), 2);
    assert_eq!(rows("-s staging").lines().count(), 1);
    done(&logq.run("silence end new-errors -s staging"));
    assert_eq!(rows("").lines().count(), 1);
}

#[test]
fn a_dry_run_asks_nobody() {
    let logq = project("nowhere").variable("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let begun = logq.run("silence --all --for 1d12h --reason deploy --dry-run");
    insta::assert_snapshot!(begun.all(), @r#"
    stage       name  since (JST)          until (JST)          reason
    production  *     2026-11-23 13:04:05  2026-11-25 01:04:05  deploy
    --- standard error
    logq: all of production would be silent until 2026-11-25 01:04 JST
    logq: would ask dynamodb:PutItem on table `nowhere` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID; nothing was done
    --- exit 0
    "#);
    let ended = logq.run("silence end new-errors --dry-run --profile ops --region eu-west-1");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    logq: the silence of `new-errors` in production would end
    logq: would ask dynamodb:DeleteItem on table `nowhere` in eu-west-1, with profile `ops`; nothing was done
    --- exit 0
    "#);
}

#[test]
fn unknown_names_are_doubted_but_taken() {
    let logq = project("nowhere");
    let said = |name: &str| {
        let ended = logq.run(&format!("silence {name} --for 1h --reason x --dry-run"));
        done(&ended);
        ended.err.lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(said("sync-resevations"), @"logq: warning: `sync-resevations` is no saved query with an alert, and not in `[batches]`; did you mean `sync-reservations`?");
    insta::assert_snapshot!(said("batch-failurs"), @"logq: warning: `batch-failurs` is no saved query with an alert, and not in `[batches]`; did you mean `batch-failures`?");
    insta::assert_snapshot!(said("nightly"), @"logq: warning: `nightly` is no saved query with an alert, and not in `[batches]`; it is taken for a batch");
    insta::assert_snapshot!(said("batch-runs"), @"logq: warning: `batch-runs` is a saved query without an alert; it is taken for a batch");
    assert!(said("sync-reservations").contains("would be silent"));
}

#[test]
fn wrong_calls_say_what_is_missing() {
    let logq = project("nowhere");
    let fails = |arguments: &str| {
        let ended = logq.run(&format!("silence {arguments}"));
        assert_eq!((ended.out.as_str(), ended.code), ("", 2), "{}", ended.err);
        ended.err
    };
    insta::assert_snapshot!(fails("--for 1h --reason x"), @r#"
    error: neither a name nor `--all` is given
    hint: a batch or a saved query by its name, or the whole stage: `--all`
    "#);
    insta::assert_snapshot!(fails("a --all --for 1h --reason x"), @r#"
    error: a name and `--all` exclude each other
    hint: a batch or a saved query by its name, or the whole stage: `--all`
    "#);
    insta::assert_snapshot!(fails("'*' --for 1h --reason x"), @r#"
    error: `*` is no name
    hint: the whole stage: `--all`
    "#);
    insta::assert_snapshot!(fails("new-errors --reason x"), @r#"
    error: how long is not said
    hint: `--for 2h`, or `--until TIME`
    "#);
    insta::assert_snapshot!(fails("new-errors --for 1h"), @r#"
    error: the reason is missing
    hint: `--reason deploy`: the first alert afterwards says it
    "#);
    insta::assert_snapshot!(fails("new-errors --for 1M --reason x"), @r#"
    error: `M` can be read as minutes or as months
     --> --for:1:1
      |
    1 | 1M
      | ^^
    hint: `1m` is 1 min; a month has no fixed length, write days: `30d`
    "#);
    insta::assert_snapshot!(fails("new-errors --for 0s --reason x"), @r#"
    error: the silence would end before it begins
      cause: `--for 0s` is until 2026-11-23 13:04 JST
    hint: `--for 2h`, or with the day: `--until '2026-11-24 13:04'`
    "#);
    insta::assert_snapshot!(fails("new-errors --for 31d --reason x"), @r#"
    error: a silence lasts 30 days at most
      cause: `--for 31d` is until 2026-12-24 13:04 JST
    hint: `--for 30d`, and again when it ends
    "#);
    insta::assert_snapshot!(fails("new-errors --until 18:00 --reason x"), @r#"
    error: the silence would end before it begins
      cause: `--until 18:00` is until 2026-11-22 18:00 JST
    hint: `--for 2h`, or with the day: `--until '2026-11-23 18:00'`
    "#);
    insta::assert_snapshot!(fails("new-errors --for 1h --until now --reason x"), @"error: `--for` and `--until` exclude each other");
    insta::assert_snapshot!(fails("lst"), @r#"
    error: how long is not said
    hint: did you mean `list`?
    "#);
    insta::assert_snapshot!(fails("end"), @r#"
    error: neither a name nor `--all` is given
    hint: a batch or a saved query by its name, or the whole stage: `--all`
    "#);
    insta::assert_snapshot!(fails("--all end"), @r#"
    error: `list` and `end` take no flags of a new silence
    hint: logq silence list; logq silence end NAME
    "#);
    insta::assert_snapshot!(fails("new-errors --for 1h --reason x -s prodution"), @r#"
    error: unknown stage `prodution`
    hint: did you mean `production`?
    "#);
    assert!(fails(&format!("new-errors --for 1h --reason {}", "x".repeat(501))).contains("501"));
}

#[test]
fn stage_and_table_have_to_be_known() {
    let fails = |config: &str, arguments: &str| {
        let logq = Logq::new().file("logq.toml", config);
        let ended = logq.run(&format!("silence {arguments}"));
        assert_eq!((ended.out.as_str(), ended.code), ("", 2), "{}", ended.err);
        ended.err
    };
    insta::assert_snapshot!(fails("", "list"), @r#"
    error: the stage is not known
    hint: `--stage production`, or a table `[stages.production]` in logq.toml
    "#);
    insta::assert_snapshot!(fails("", "list -s production"), @r#"
    error: the table of the stage `production` is not known
      cause: silences are kept in the table of the stage's stack; the deploy prints it as `TableName`, Terraform as `table_name`
    hint: write `table = "NAME"` below `[stages.production]` in logq.toml, or set LOGQ_TABLE
    "#);
    insta::assert_snapshot!(fails("[stages.production]\n[stages.staging]\n", "list"), @r#"
    error: the stage is not said, and there are `production`, `staging`
    hint: --stage production
    "#);
    let logq = project("nowhere").file("logq.toml", "[stages.production]\ntable = \"t\"\n");
    insta::assert_snapshot!(logq.run("silence").all(), @r#"
    --- standard error
    error: the AWS region is not known
    hint: `--region ap-northeast-1`, or `region` below the stage in logq.toml, or AWS_REGION
    --- exit 2
    "#);
}

/// Answers every call with an error in the form of DynamoDB, worded from the access key that signed the call.
fn refusing(code: &'static str, message: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The program hangs up when it has its answer.
            let _ = refuse(stream, code, &message);
        }
    });
    format!("http://{address}")
}

fn refuse(
    mut stream: TcpStream,
    code: &str,
    message: &impl Fn(&str) -> String,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let after = |name: &str, end: char| {
        let found = head.split_once(name).map_or("", |(_, rest)| rest);
        found.split(end).next().unwrap_or_default().to_owned()
    };
    let length = after("content-length: ", '\r').parse().unwrap_or(0);
    reader.take(length).read_to_end(&mut Vec::new())?;
    let message = message(&after("Credential=", '/'));
    let body = format!(r#"{{"__type":"com.amazon.coral.service#{code}","message":"{message}"}}"#);
    write!(
        stream,
        "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn what_aws_refuses_is_told_with_the_way_out() {
    let told = |code, message: &'static str, arguments: &str| {
        let logq = project("logq-production-state");
        let logq = logq.variable("AWS_ENDPOINT_URL", &refusing(code, |_| message.to_owned()));
        let ended = logq.run(&format!("silence {arguments}"));
        assert_eq!((ended.out.as_str(), ended.code), ("", 1), "{}", ended.err);
        ended.err
    };
    let begin = "new-errors --for 1h --reason x";
    let denied =
        "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: dynamodb:PutItem";
    insta::assert_snapshot!(told("AccessDeniedException", denied, begin), @r#"
    error: AWS refused dynamodb:PutItem on table `logq-production-state` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: AccessDeniedException: User: arn:aws:iam::123456789012:user/ops is not authorized to perform: dynamodb:PutItem
    hint: allow `dynamodb:PutItem` on the table to that identity
    "#);
    insta::assert_snapshot!(told("AccessDeniedException", "no", "list"), @r#"
    error: AWS refused dynamodb:Query on table `logq-production-state` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: AccessDeniedException: no
    hint: allow `dynamodb:Query` on the table to that identity
    "#);
    insta::assert_snapshot!(told("AccessDeniedException", "no", "end new-errors"), @r#"
    error: AWS refused dynamodb:Query on table `logq-production-state` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: AccessDeniedException: no
    hint: allow `dynamodb:Query` on the table to that identity
    "#);
    let expired = "The security token included in the request is expired";
    insta::assert_snapshot!(told("ExpiredTokenException", expired, "list"), @r#"
    error: the AWS credentials have expired, for table `logq-production-state` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: ExpiredTokenException: The security token included in the request is expired
    hint: set new ones, or log in and name the profile: aws sso login --profile NAME
    "#);
    let unknown = "The security token included in the request is invalid.";
    insta::assert_snapshot!(told("UnrecognizedClientException", unknown, "list"), @r#"
    error: AWS does not accept the credentials, for table `logq-production-state` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: UnrecognizedClientException: The security token included in the request is invalid.
    hint: set new ones, or log in and name the profile: aws sso login --profile NAME
    "#);
    insta::assert_snapshot!(told("ValidationException", "too large", begin), @r#"
    error: AWS did not do dynamodb:PutItem on table `logq-production-state` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: ValidationException: too large
    "#);
}

#[test]
fn a_missing_table_and_a_silent_service_are_told() {
    let logq = project("missing").variable("AWS_ENDPOINT_URL", &Moto::shared().url());
    insta::assert_snapshot!(logq.run("silence").all(), @r#"
    --- standard error
    error: there is no table `missing` in ap-northeast-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: ResourceNotFoundException: Requested resource not found
    hint: check the name (the deploy prints it as `TableName`, Terraform as `table_name`), `--region` and `--profile`
    --- exit 1
    "#);
    let logq = project("t");
    let ended = logq.run("silence --endpoint-url http://127.0.0.1:9 --region eu-west-1");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    error: DynamoDB did not answer dynamodb:Query on table `t` in eu-west-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: Connection refused (os error 111)
    hint: check the network, the region and `--endpoint-url`
    --- exit 1
    "#);
}

#[test]
fn credentials_are_those_of_the_profile_that_is_named() {
    let files = "[ops]\naws_access_key_id = ops\naws_secret_access_key = ops\n";
    let moto = Moto::shared();
    moto.table("profiles");
    let logq = Logq::new()
        .file("logq.toml", CONFIG.replace("TABLE", "profiles"))
        .file(".aws/credentials", files)
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL", &moto.url());
    insta::assert_snapshot!(logq.run("silence").all(), @r#"
    --- standard error
    error: there are no AWS credentials for table `profiles` in ap-northeast-1, with the default profile
      cause: no credentials found in chain
    hint: aws sso login; `aws configure list-profiles` lists the profiles
    --- exit 1
    "#);
    insta::assert_snapshot!(logq.run("silence --profile dev").all(), @r#"
    --- standard error
    error: there are no AWS credentials for table `profiles` in ap-northeast-1, with profile `dev`
      cause: there is no profile `dev` in ~/.aws/config or ~/.aws/credentials
    hint: `aws configure list-profiles` lists the profiles
    --- exit 1
    "#);
    insta::assert_snapshot!(logq.run("silence --profile osp").all(), @r#"
    --- standard error
    error: there are no AWS credentials for table `profiles` in ap-northeast-1, with profile `osp`
      cause: there is no profile `osp` in ~/.aws/config or ~/.aws/credentials
    hint: did you mean `ops`?
    --- exit 1
    "#);
    done(&logq.run("silence --profile ops"));
    let logq = logq
        .variable("AWS_ACCESS_KEY_ID", "other")
        .variable("AWS_SECRET_ACCESS_KEY", "other")
        .variable(
            "AWS_ENDPOINT_URL",
            &refusing("AccessDeniedException", |key| format!("key {key}")),
        );
    assert!(logq.run("silence --profile ops").err.contains("key ops"));
    assert!(logq.run("silence").err.contains("key other"));
}

#[test]
fn flags_about_aws_change_nothing_where_nobody_is_asked() {
    let ended = project("t").run("queries -o csv --profile ops --region eu-west-1");
    done(&ended);
    insta::assert_snapshot!(ended.err, @r#"
    logq: warning: `--profile` changes nothing: no AWS service is asked
    logq: warning: `--region` changes nothing: no AWS service is asked
    "#);
    let ended = project("t").run("batch-runs --source logq.toml --endpoint-url http://x");
    assert!(ended.err.contains("`--endpoint-url` changes nothing"));
}

#[test]
fn what_can_be_silenced_is_completed() {
    let logq = project("t")
        .variable("LOGQ_COMPLETE", "bash")
        .variable("_CLAP_IFS", "\n")
        .variable("_CLAP_COMPLETE_INDEX", "2");
    let output = logq
        .command()
        .args(["--", "logq", "silence", "sync"])
        .output()
        .expect("the program starts");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "sync-reservations"
    );
}
