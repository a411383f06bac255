//! `--engine insights` against the simulator: what is sent, how rows come back, and what is said of them.

use aws_sdk_cloudwatchlogs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use logq::pattern::Pattern;
use logq_simulator::{Answer, Call};

use crate::aws_simulated::{Account, FROM, WINDOW, lines};
use crate::logq::{Ended, Logq};
use crate::moto::{Moto, block_on};

/// Fields of errors, in an order that is the same each time.
const ERRORS: &str = "fields @timestamp, name, status, @message | filter levelname = \"ERROR\" | sort @timestamp asc";

pub(crate) fn account() -> Account {
    Account::with(&[("webapp", 3000), ("batch", 2000)])
}

pub(crate) fn run(account: &Account, extra: &str, arguments: &str) -> Ended {
    let command = format!("{arguments} --engine insights -t webapp -t batch {WINDOW}");
    account.project(extra).run(&command)
}

pub(crate) fn query(account: &Account, query: &str, flags: &str) -> Ended {
    run(account, "", &format!("query '{query}' {flags}"))
}

#[track_caller]
pub(crate) fn says(ended: &Ended, text: &str) {
    assert!(ended.err.contains(text), "{}", ended.err);
}

#[track_caller]
pub(crate) fn ends(ended: &Ended, code: i32) {
    assert_eq!(ended.code, code, "{}{}", ended.out, ended.err);
}

pub(crate) fn started(account: &Account) -> Vec<Call> {
    account.simulator.calls("StartQuery")
}

/// Returns the values of a key in lines of JSON.
fn values<'o>(out: &'o str, key: &str) -> Vec<&'o str> {
    let key = format!("\"{key}\":");
    let behind = out.split(key.as_str()).skip(1);
    behind
        .filter_map(|rest| rest.split([',', '}']).next())
        .collect()
}

#[test]
fn rows_are_those_of_the_local_engine() {
    let account = account();
    for format in ["json", "ndjson", "csv", "raw", "table"] {
        let remote = query(&account, ERRORS, &format!("-o {format}"));
        ends(&remote, 0);
        let local = account.project("").run(&format!(
            "query '{ERRORS}' -o {format} -t webapp -t batch {WINDOW}"
        ));
        assert_eq!(remote.out, local.out, "{format}");
        assert!(lines(&remote).len() > 10, "{}", remote.out);
    }
}

#[test]
fn what_is_sent_is_the_query_the_groups_and_the_window() {
    let account = account();
    let ended = query(&account, "fields @message | limit 3", "-o raw");
    ends(&ended, 0);
    assert_eq!(lines(&ended).len(), 3);
    let [call] = started(&account).try_into().expect("one query");
    assert_eq!(call.number_of("startTime"), Some(FROM / 1000));
    assert_eq!(call.number_of("endTime"), Some(FROM / 1000 + 86_400));
    assert_eq!(call.request["logGroupNames"][0], "/ecs/shop-webapp");
    assert_eq!(call.request["logGroupNames"][1], "/ecs/shop-batch");
    assert_eq!(call.number_of("limit"), None);
    assert_eq!(
        call.text("queryString"),
        format!(
            "filter toMillis(@timestamp) < {} | fields @message | limit 3",
            FROM + 86_400_000
        )
    );
}

#[test]
fn windows_are_half_open_to_the_millisecond() {
    let account = Account::with(&[("webapp", 0), ("batch", 0)]);
    let texts = ["a", "b", "c", "d", "e"];
    let times = [1_499, 1_500, 2_000, 2_999, 3_000];
    let events = times.iter().map(|at| FROM + at).zip(texts);
    account
        .simulator
        .put("/ecs/shop-batch", "batch/app/1", events)
        .expect("they are kept");
    for (since, until, expected) in [
        ("00:00:01.500", "00:00:03", "bcd"),
        ("00:00:01.500", "00:00:02.999", "bc"),
        ("00:00:02", "00:00:03.001", "cde"),
    ] {
        let command = format!(
            "query 'fields @message | sort @timestamp asc' --engine insights -t batch -o raw \
             --since 2026-11-19T{since}Z --until 2026-11-19T{until}Z"
        );
        let ended = account.project("").run(&command);
        assert_eq!(
            ended.out.replace('\n', ""),
            expected,
            "{since} {until}: {}",
            ended.err
        );
    }
}

#[test]
fn limits_are_kept_and_told() {
    let account = account();
    let ended = query(&account, "fields @message", "--limit 7 -o json");
    ends(&ended, 0);
    assert!(
        ended.out.contains("\"complete\":true,\"truncated\":true"),
        "{}",
        ended.out
    );
    says(&ended, "7 of more rows; --limit 0 shows all");
    assert_eq!(started(&account)[0].number_of("limit"), Some(8));
    let all = query(&account, "fields @message", "--limit 0 -o raw");
    assert_eq!(lines(&all).len(), 5000);
}

#[test]
fn a_result_that_is_too_large_comes_in_pieces() {
    let account = account();
    account
        .simulator
        .behave(|behaviour| behaviour.insights.most = 500);
    for way in ["asc", "desc"] {
        let text = format!("query 'fields @message | sort @timestamp {way}' --limit 0 -o raw");
        let ended = run(&account, "insights_rows = 500", &text);
        ends(&ended, 0);
        let mut expected = account.expected("");
        let mut found = lines(&ended);
        assert_eq!(found.len(), expected.len());
        // Events of one millisecond come in any order.
        found.sort_unstable();
        expected.sort_unstable();
        assert!(found == expected, "every event once");
        says(&ended, "Logs Insights: 5,000 of 5,000 events matched; ");
    }
}

#[test]
fn what_only_this_program_knows_is_refused_with_what_to_do() {
    let account = account();
    let ended = account
        .project("")
        .run("query 'filter @level = \"ERROR\"' --engine insights --since 1h");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    error: only this program knows `@level`
     --> <query>:1:8
      |
    1 | filter @level = "ERROR"
      |        ^^^^^^
    hint: use the field of the records, as in `levelname = "ERROR"`
    hint: it runs here: logq query 'filter @level = "ERROR"' --since 1h --engine local
    --- exit 2
    "#);
    let ended = account
        .project("")
        .variable("LOGQ_ENGINE", "insights")
        .run("batch-failures");
    ends(&ended, 2);
    says(&ended, "only this program has the runs table");
    says(&ended, "it runs here: logq batch-failures --engine local");
    assert!(account.simulator.journal().is_empty());
}

#[test]
fn filter_patterns_are_translated_where_they_mean_the_same() {
    let account = account();
    let remote = query(
        &account,
        "fields @message | sort @timestamp asc",
        "-p '{ $.levelname = \"ERROR\" }' -o raw",
    );
    ends(&remote, 0);
    assert_eq!(
        lines(&remote),
        account.expected("{ $.levelname = \"ERROR\" }")
    );
    assert!(
        started(&account)[0]
            .text("queryString")
            .contains("| filter levelname = \"ERROR\" | fields @message")
    );
    let ended = query(&account, "fields @message", "-p '{ $.status >= 500 }'");
    ends(&ended, 2);
    says(
        &ended,
        "the filter pattern cannot be said in the query language",
    );
    says(&ended, "it runs here: logq query");
}

#[test]
fn streams_are_chosen_by_what_their_names_begin_with() {
    let account = account();
    account
        .simulator
        .put(
            "/ecs/shop-batch",
            "ecs/batch.x/1",
            [(FROM, "{\"levelname\":\"ERROR\"}")],
        )
        .expect("taken");
    for flags in [
        "--stream ecs/batch",
        "--stream ecs/batch/",
        // A point is one, and not any character.
        "--stream ecs/batch.",
        "--stream ecs.batch",
        "--stream ecs/webapp --stream ecs/batch.x/1",
        "--stream ''",
    ] {
        let remote = query(&account, ERRORS, &format!("-o ndjson {flags}"));
        ends(&remote, 0);
        let local = account.project("").run(&format!(
            "query '{ERRORS}' -o ndjson -t webapp -t batch {WINDOW} {flags}"
        ));
        assert_eq!(remote.out, local.out, "{flags}");
        assert_eq!(
            remote.out.is_empty(),
            flags.contains("ecs.batch"),
            "{flags}"
        );
    }
    let sent = started(&account);
    assert!(
        sent[1]
            .text("queryString")
            .contains(" | filter @logStream like /^ecs\\/batch\\// | fields @timestamp"),
        "{:?}",
        sent[1]
    );
    assert!(!sent[5].text("queryString").contains("@logStream"));
    let count = query(&account, "stats count(*) as n", "-o ndjson --stream ecs/w");
    assert_eq!(count.out, "{\"n\":3000}\n");
    // Every piece of the window is of these streams.
    account
        .simulator
        .behave(|behaviour| behaviour.insights.most = 500);
    let pieces = run(
        &account,
        "insights_rows = 500",
        "query 'fields @message | sort @timestamp asc' --limit 0 -o raw --stream ecs/batch/",
    );
    ends(&pieces, 0);
    assert_eq!(lines(&pieces).len(), 2000);
}

#[test]
fn saved_queries_are_sent_with_their_parameters() {
    let account = account();
    let saved = "title = \"Mine\"\ngroups = [\"batch\"]\nfilter = 'order'\n\
                 query = 'filter levelname = ${level} | stats count(*) as n'\n[params.level]\ndefault = \"ERROR\"\n";
    let logq = account.project("").file("queries/mine.toml", saved);
    let ended = logq.run(&format!(
        "mine level=INFO --engine insights {WINDOW} -o ndjson"
    ));
    ends(&ended, 0);
    let call = &started(&account)[0];
    assert!(
        call.text("queryString").ends_with(
            "| filter @message like \"order\" | filter levelname = \"INFO\" | stats count(*) as n"
        ),
        "{}",
        call.text("queryString")
    );
    assert_eq!(
        call.request["logGroupNames"].as_array().map(Vec::len),
        Some(1)
    );
    let again = logq.run(&format!(
        "run mine level=INFO --engine insights {WINDOW} -o ndjson"
    ));
    assert_eq!(again.out, ended.out);
}

#[test]
fn a_query_may_choose_its_groups_itself() {
    let account = account();
    let text = "SOURCE logGroups(namePrefix: [\"/ecs/shop-\"]) | stats count(*) as n";
    let ended = account.project("").run(&format!(
        "query '{text}' --engine insights {WINDOW} -o ndjson"
    ));
    ends(&ended, 0);
    assert_eq!(ended.out, "{\"n\":5000}\n");
    assert_eq!(started(&account)[0].request.get("logGroupNames"), None);
    let refused = account.project("").run(&format!(
        "query '{text}' --engine insights {WINDOW} --max-scan 1kB"
    ));
    ends(&refused, 2);
}

#[test]
fn a_group_that_nobody_named_need_not_be_there() {
    let account = account();
    let ask = |flags: &str| {
        let text =
            format!("query 'stats count(*) as n' --engine insights {WINDOW} -o ndjson {flags}");
        account.project("").run(&text)
    };
    let ended = ask("");
    ends(&ended, 0);
    assert_eq!(ended.out, "{\"n\":5000}\n");
    says(&ended, "there is no log group `/ecs/shop-worker`");
    says(&ended, "it is left out");
    let text = "query 'stats count(*) as n' --engine insights --since 1h --stage nowhere";
    let ended = account.project("[stages.nowhere]\n").run(text);
    ends(&ended, 1);
    says(&ended, "error: there is no log group `/ecs/nowhere-webapp`");
    assert_eq!(started(&account).len(), 1);
}

#[test]
fn a_region_that_is_spelt_in_two_ways_is_asked_once() {
    let account = account();
    let logq = account.project("").file(
        "logq.toml",
        "[stages.shop]\nregion = \"us-east-1\"\n[stages.other]\n\
         [groups]\nwebapp = \"/ecs/shop-webapp\"\nbatch = \"/ecs/shop-batch\"\n",
    );
    for text in [
        "stats count(*) as n",
        "SOURCE logGroups(namePrefix: [\"/ecs/shop-\"]) | stats count(*) as n",
    ] {
        let text = format!("query '{text}' --engine insights {WINDOW} -o ndjson");
        let ended = logq.run(&text);
        ends(&ended, 0);
        assert_eq!(ended.out, "{\"n\":5000}\n");
    }
    assert_eq!(started(&account).len(), 2);
}

#[test]
fn groups_are_looked_up_where_no_stage_is_known() {
    let account = account();
    let logq = account.project("").file("logq.toml", "");
    let text = format!("query 'stats count(*) as n' --engine insights {WINDOW} -o ndjson");
    let ended = logq.run(&text);
    ends(&ended, 0);
    assert_eq!(ended.out, "{\"n\":5000}\n");
}

#[test]
fn regions_are_joined_in_the_order_of_the_query() {
    let account = account();
    let logq = account.project("").file(
        "logq.toml",
        "[stages.shop]\nregion = \"us-east-1\"\n[stages.other]\nregion = \"eu-west-1\"\n\
         [groups]\nwebapp = \"/ecs/shop-webapp\"\nbatch = \"/ecs/{stage}-batch\"\n",
    );
    account
        .simulator
        .put(
            "/ecs/other-batch",
            "batch/app/1",
            [(FROM + 5, "first"), (FROM + 86_399_999, "last")],
        )
        .expect("they are kept");
    let ask = |query: &str| {
        logq.run(&format!(
            "query '{query}' --engine insights -t batch {WINDOW} -o raw"
        ))
    };
    let ended = ask("fields @timestamp, @message | sort @timestamp desc");
    ends(&ended, 0);
    let found = lines(&ended);
    assert_eq!(found.len(), 2002);
    assert_eq!(found[0], "last");
    assert!(found.contains(&"first".to_owned()));
    assert_eq!(started(&account).len(), 2);
    let ended = ask("fields @timestamp, @message | sort @timestamp desc | limit 3");
    assert_eq!(lines(&ended).len(), 3);
    let ended = ask("stats count(*)");
    ends(&ended, 2);
    says(
        &ended,
        "the answers of 2 regions or sets of log groups cannot be joined",
    );
    let ended = ask("fields @message");
    ends(&ended, 2);
    says(&ended, "add `@timestamp`");
}

#[test]
fn values_come_back_as_what_they_are() {
    let account = account();
    let text = "stats count(*) as n, avg(took) as mean, values(kind) as kinds by bin(1h) as hour, name, code";
    let row = [
        ("hour", "2026-11-19 01:00:00.000"),
        ("name", "shop"),
        ("code", "007"),
        ("n", "3"),
        ("mean", "0.5"),
        ("kinds", "[\"a\",\"b\"]"),
    ];
    let rows = vec![
        row.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        vec![("n".to_owned(), "\u{1b}[2J".to_owned())],
    ];
    account.simulator.behave(|behaviour| {
        let query = text.to_owned();
        behaviour.insights.answers = vec![Answer { query, rows }];
    });
    let ended = query(&account, text, "-o ndjson");
    ends(&ended, 0);
    insta::assert_snapshot!(ended.out, @r#"
    {"hour":"2026-11-19T01:00:00.000Z","name":"shop","code":"007","n":3,"mean":0.5,"kinds":["a","b"]}
    {"n":"\u001b[2J"}
    "#);
}

#[test]
fn other_sources_and_commands_do_not_take_the_engine() {
    let account = account();
    let logq = account.project("").file("x.log", "{\"a\": 1}\n");
    let ended = logq.run("query 'fields a' --engine insights --source x.log");
    ends(&ended, 2);
    says(&ended, "Logs Insights reads log groups, and not `x.log`");
    ends(&logq.run("filter a --engine insights --source x.log"), 2);
    let from_environment = account
        .project("")
        .file("x.log", "{\"a\": 1}\n")
        .variable("LOGQ_ENGINE", "insights");
    ends(&from_environment.run("filter a --source x.log"), 0);
    let local = from_environment.run("query 'fields a' --engine local --source x.log -o ndjson");
    assert_eq!(values(&local.out, "a"), ["1"]);
}

#[test]
fn explain_shows_what_the_service_gets() {
    let account = account();
    let ended = account.project("").run(&format!(
        "explain 'fields @timestamp, name | filter levelname = \"ERROR\"' --engine insights {WINDOW}"
    ));
    ends(&ended, 0);
    let sent = ended
        .out
        .split("sent to Logs Insights:\n")
        .nth(1)
        .expect("told");
    insta::assert_snapshot!(sent, @r#"
      filter toMillis(@timestamp) < 1795132800000 | fields @timestamp, name | filter levelname = "ERROR"

      startTime 1795046400, endTime 1795132800, limit 10001
      a result that is too large is asked for in pieces of the window
    "#);
    let ended = account
        .project("")
        .run("explain 'relevantfields name where status >= 500' --engine insights --since 1h");
    ends(&ended, 0);
    assert!(ended.out.contains("sent to Logs Insights"), "{}", ended.out);
    assert!(account.simulator.journal().is_empty());
}

/// Messages that the two languages could take otherwise.
const ODD: &[&str] = &[
    r#"{"levelname": "ERROR", "name": "booking.sync", "a": {"b": ["x", "y"]}}"#,
    r#"{"levelname": "error", "name": "booking", "a": {"b": []}}"#,
    r#"{"levelname": ["ERROR"], "name": null, "a": {"b": "x"}}"#,
    r#"{"levelname": true, "name": 1, "a.b.0": 7}"#,
    r#"{"levelname": "true", "name": "1e5", "in": "x in it y"}"#,
    r#"{"levelname": 12, "name": "", "in": "in it"}"#,
    r#"{"levelname": "ERROR ", "name": "xbooking."}"#,
    r#"{"message": "levelname ERROR", "c-d": "ERROR"}"#,
    r#"["ERROR"]"#,
    r#"prefix {"levelname": "ERROR"}"#,
    "ERROR in text, a \"quoted\" and a back\\slash",
    "nothing",
];

#[test]
fn a_translated_pattern_chooses_the_events_of_the_pattern() {
    let logq = Logq::new().piped(ODD.join("\n"));
    for pattern in [
        "ERROR",
        "\"ERROR in\" -nothing",
        "-ERROR",
        "?nothing ?true",
        "?nothing ERROR",
        "\"a \\\"quoted\\\"\"",
        "\"back\\\\slash\"",
        "%ERROR|nothing%",
        "{ $.levelname = ERROR }",
        "{ $.levelname = \"ERROR\" || $.c-d = ERROR }",
        "{ $.levelname = \"ERROR\" && $.name = \"booking.*\" }",
        "{ $.name = booking* }",
        "{ $.in = \"*in it*\" }",
        "{ $.a.b[0] = x }",
    ] {
        let parsed = Pattern::parse(pattern).expect(pattern);
        let condition = parsed.as_condition().expect(pattern).expect(pattern);
        let chosen = |ended: Ended| {
            ends(&ended, 0);
            let mut lines = lines(&ended);
            lines.sort_unstable();
            lines
        };
        let matched = chosen(logq.run(&format!("filter -o raw --source - -- '{pattern}'")));
        let text = format!("query 'filter {condition} | fields @message' -o raw --source -");
        assert_eq!(chosen(logq.run(&text)), matched, "{pattern}: {condition}");
        assert!(
            !matched.is_empty() && matched.len() < ODD.len(),
            "{pattern}"
        );
    }
}

#[test]
fn moto_takes_the_calls_and_gives_rows() {
    let moto = Moto::shared();
    let config = aws_sdk_cloudwatchlogs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(moto.url());
    let client = aws_sdk_cloudwatchlogs::Client::from_conf(config.build());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("after 1970").as_millis() as i64;
    let event = |at: i64, message: &str| {
        let event = InputLogEvent::builder().timestamp(at).message(message);
        event.build().expect("complete")
    };
    block_on(async {
        let group = "/ecs/insights-batch";
        let made = client.create_log_group().log_group_name(group).send().await;
        made.expect("a group");
        let stream = client.create_log_stream().log_group_name(group);
        let made = stream.log_stream_name("batch/app/1").send().await;
        made.expect("a stream");
        let put = client.put_log_events().log_group_name(group);
        let put = put.log_stream_name("batch/app/1");
        let put = put.log_events(event(now - 60_000, "{\"n\": 1}"));
        let put = put
            .log_events(event(now - 30_000, "{\"n\": 2}"))
            .send()
            .await;
        put.expect("events");
    });
    let ended = Logq::new()
        .file("logq.toml", "[stages.insights]\nregion = \"ap-northeast-1\"\n")
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL", &moto.url())
        .variable("LOGQ_NOW", "")
        .run("query 'fields @message | sort @timestamp asc' --engine insights -t batch --since 10m -o raw");
    ends(&ended, 0);
    assert_eq!(ended.out, "{\"n\": 1}\n{\"n\": 2}\n");
}
