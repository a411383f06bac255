//! `logq queries push|pull`: saved queries and the definitions of the simulator, in both directions.

use std::fs;

use logq_simulator::{Fault, FaultKind, Settings, Simulator};
use serde_json::Value;

use crate::logq::{Ended, Logq};

const SLOW: &str = "\
title = \"Slow requests\"
groups = [\"webapp\"]
query = '''
filter took > ${seconds} and path like ${path}
| stats count(*) as requests by path
| sort requests desc
'''
[params.seconds]
description = \"how long is slow\"
default = 10
[params.path]
default = \"*\"
";

pub(crate) const WORDS: &str = "\
title = \"Words\"
groups = [\"batch\", \"worker\"]
filter = 'ERROR -health'
query = 'limit 20'
";

/// A simulated account, and a project whose stage `shop` is in it.
pub(crate) struct Account {
    pub(crate) simulator: Simulator,
    pub(crate) logq: Logq,
}

impl Account {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let simulator = Simulator::start(Settings::default()).expect("a free port");
        let logq = Logq::new()
            .file("logq.toml", "[stages.shop]\n")
            .variable("AWS_ENDPOINT_URL", &simulator.url());
        let logq = files.iter().fold(logq, |logq, (name, text)| {
            logq.file(&format!("queries/{name}.toml"), text)
        });
        let variables = Simulator::environment().into_iter();
        let logq = variables.fold(logq, |logq, (name, value)| logq.variable(name, value));
        Self { simulator, logq }
    }

    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.logq.run(arguments)
    }

    /// Returns the definitions that there are, as the service describes them.
    pub(crate) fn definitions(&self) -> Vec<Value> {
        self.simulator.definitions()
    }

    fn put(&self, definition: Value) {
        self.simulator.put_definition(definition);
    }

    pub(crate) fn calls(&self, action: &str) -> u64 {
        self.simulator.summary(action).calls
    }

    fn file(&self, name: &str) -> String {
        let path = self.logq.path().join(format!("queries/{name}.toml"));
        fs::read_to_string(path).unwrap_or_default()
    }
}

#[track_caller]
pub(crate) fn done(ended: &Ended) {
    assert_eq!(ended.code, 0, "{}", ended.all());
}

/// Returns the rows with these states.
pub(crate) fn states(ended: &Ended) -> Vec<(String, String)> {
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("a row");
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (text("query"), text("state"))
    };
    ended.out.lines().map(row).collect()
}

#[test]
fn what_would_be_pushed_is_shown_and_then_pushed_once() {
    let account = Account::new(&[("slow", SLOW), ("words", WORDS)]);
    insta::assert_snapshot!(account.run("queries push slow words --dry-run").all(), @r#"
    new        slow  logq/slow in us-east-1
        + group /ecs/shop-webapp
        + parameter seconds = 10  how long is slow
        + # Slow requests
        + # Filled in: path=*
        + filter took > {{seconds}} and path like /(?s)^.*$/
        + | stats count(*) as requests by path
        + | sort requests desc
    new        words  logq/words in us-east-1
        + group /ecs/shop-batch
        + group /ecs/shop-worker
        + # Words
        + filter @message like "ERROR" and @message not like "health"
        + | limit 20
    --- standard error
    logq: 2 new; nothing was changed (--dry-run)
    --- exit 0
    "#);
    assert_eq!(account.calls("PutQueryDefinition"), 0);
    insta::assert_snapshot!(account.run("queries push slow words").all(), @r"
    new        slow  logq/slow in us-east-1
    new        words  logq/words in us-east-1
    --- standard error
    logq: 2 new
    --- exit 0
    ");
    let definitions = account.definitions();
    assert_eq!(definitions.len(), 2);
    assert_eq!(definitions[0]["name"], "logq/slow");
    assert_eq!(
        definitions[0]["logGroupNames"],
        serde_json::json!(["/ecs/shop-webapp"])
    );
    assert_eq!(definitions[0]["parameters"][0]["name"], "seconds");
    assert_eq!(definitions[0]["parameters"][0]["defaultValue"], "10");
    let again = account.run("queries push slow words -o ndjson");
    done(&again);
    assert!(
        states(&again).iter().all(|(_, state)| state == "unchanged"),
        "{}",
        again.all()
    );
    assert_eq!(account.calls("PutQueryDefinition"), 2);
}

#[test]
fn all_saved_queries_are_looked_at_and_those_for_logq_alone_are_left_out() {
    let account = Account::new(&[("words", WORDS)]);
    let ended = account.run("queries push -o ndjson");
    done(&ended);
    let refused = |query: &str, reason: &str| {
        let line = format!("{{\"query\":\"{query}\",\"state\":\"refused\",\"reason\":\"{reason}");
        assert!(ended.out.contains(&line), "{line}: {}", ended.out);
    };
    refused("batch-failures", "only this program has the runs table");
    refused("errors", "only this program knows `@error.fingerprint`");
    assert!(
        states(&ended).contains(&("words".to_owned(), "new".to_owned())),
        "{}",
        ended.out
    );
    let named = account.run("queries push batch-failures");
    assert_eq!(named.code, 1, "{}", named.all());
}

#[test]
fn a_change_of_the_file_is_pushed_and_one_of_the_console_is_not_replaced() {
    let account = Account::new(&[("words", WORDS)]);
    done(&account.run("queries push words"));
    let changed = WORDS.replace("limit 20", "limit 30");
    fs::write(account.logq.path().join("queries/words.toml"), changed).expect("written");
    let dry = account.run("queries push words --dry-run --fail-on-match");
    assert_eq!(dry.code, 3);
    insta::assert_snapshot!(dry.all(), @r#"
    changed    words  logq/words in us-east-1
          ...
          # Words
          filter @message like "ERROR" and @message not like "health"
        - | limit 20
        + | limit 30
    --- standard error
    logq: 1 changed; nothing was changed (--dry-run)
    --- exit 3
    "#);
    done(&account.run("queries push words"));
    assert_eq!(account.definitions().len(), 1);
    let mut there = account.definitions().remove(0);
    let text = there["queryString"]
        .as_str()
        .expect("a text")
        .replace("limit 30", "limit 1000");
    there["queryString"] = text.into();
    account.put(there);
    let refused = account.run("queries push words");
    insta::assert_snapshot!(refused.all(), @r"
    different  words  logq/words in us-east-1: somebody changed it since it was pushed
    --- standard error
    logq: 1 different
    error: 1 definition is left as it is
    hint: `--dry-run` shows the difference, `--yes` replaces and removes
    --- exit 1
    ");
    assert!(account.definitions()[0].to_string().contains("limit 1000"));
    done(&account.run("queries push words --yes"));
    assert!(account.definitions()[0].to_string().contains("limit 30"));
}

#[test]
fn a_definition_of_the_same_name_that_logq_did_not_make_is_left_alone() {
    let account = Account::new(&[("words", WORDS)]);
    account.put(serde_json::json!({ "name": "logq/words", "queryString": "limit 1" }));
    let ended = account.run("queries push words");
    assert_eq!(ended.code, 1, "{}", ended.all());
    assert!(
        ended.out.contains("it was not made by logq"),
        "{}",
        ended.out
    );
    account.put(serde_json::json!({ "name": "logq/words", "queryString": "limit 2" }));
    let twice = account.run("queries push words --yes");
    assert_eq!(twice.code, 1, "{}", twice.all());
    assert!(
        twice.out.contains("there are 2 definitions of this name"),
        "{}",
        twice.out
    );
    assert_eq!(account.calls("PutQueryDefinition"), 0);
}

#[test]
fn what_is_gone_is_removed_when_that_is_asked_for() {
    let account = Account::new(&[("words", WORDS), ("slow", SLOW)]);
    done(&account.run("queries push words slow"));
    account.put(serde_json::json!({ "name": "mine", "queryString": "limit 1" }));
    fs::remove_file(account.logq.path().join("queries/slow.toml")).expect("removed");
    // A file that cannot be read is not gone.
    fs::write(account.logq.path().join("queries/words.toml"), "title = 3").expect("written");
    done_but_for_files(&account.run("queries push"));
    // Of those that come with logq the service takes one.
    assert_eq!(account.definitions().len(), 4);
    let unasked = account.run("queries push --prune");
    assert!(
        unasked
            .out
            .contains("gone       slow  logq/slow in us-east-1"),
        "{}",
        unasked.all()
    );
    assert!(
        unasked.err.contains("1 definition is left as it is"),
        "{}",
        unasked.all()
    );
    assert_eq!(account.definitions().len(), 4);
    done_but_for_files(&account.run("queries push --prune --yes"));
    let names: Vec<String> = account
        .definitions()
        .iter()
        .map(|one| one["name"].to_string())
        .collect();
    assert_eq!(
        names,
        ["\"logq/slow-requests\"", "\"logq/words\"", "\"mine\""]
    );
    let bare = Account::new(&[]);
    let refused = bare.run("queries push --prune --yes");
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert_eq!(bare.simulator.journal().len(), 0);
}

#[track_caller]
fn done_but_for_files(ended: &Ended) {
    assert_eq!(ended.code, 2, "{}", ended.all());
    assert!(ended.err.contains("queries/words.toml"), "{}", ended.err);
}

#[test]
fn each_region_gets_the_groups_of_its_stages() {
    let account = Account::new(&[("words", WORDS)]);
    let config =
        "[stages.production]\nregion = \"eu-west-1\"\n[stages.staging]\nregion = \"eu-west-1\"\n";
    fs::write(account.logq.path().join("logq.toml"), config).expect("written");
    done(&account.run("queries push words"));
    let groups = account.definitions()[0]["logGroupNames"].clone();
    let both = [
        "production-batch",
        "production-worker",
        "staging-batch",
        "staging-worker",
    ];
    assert_eq!(
        groups,
        serde_json::json!(both.map(|name| format!("/ecs/{name}")))
    );
    done(&account.run("queries push words --stage staging"));
    let groups = account.definitions()[0]["logGroupNames"].clone();
    assert_eq!(
        groups,
        serde_json::json!(["/ecs/staging-batch", "/ecs/staging-worker"])
    );
}

#[test]
fn a_pushed_query_comes_back_as_the_same() {
    let account = Account::new(&[("slow", SLOW), ("words", WORDS)]);
    done(&account.run("queries push slow words"));
    let same = account.run("queries pull");
    done(&same);
    assert!(states_of_people(&same, "unchanged") == 2, "{}", same.all());
    fs::remove_dir_all(account.logq.path().join("queries")).expect("removed");
    let pulled = account.run("queries pull");
    done(&pulled);
    assert_eq!(states_of_people(&pulled, "new"), 2, "{}", pulled.all());
    insta::assert_snapshot!(account.file("slow"), @r#"
    # Pulled from `logq/slow` in us-east-1.
    title = "Slow requests"
    groups = ["webapp"]
    query = '''
    # Filled in: path=*
    filter took > ${seconds} and path like /(?s)^.*$/
    | stats count(*) as requests by path
    | sort requests desc
    '''

    [params.seconds]
    description = "how long is slow"
    default = 10
    "#);
    insta::assert_snapshot!(account.file("words"), @r#"
    # Pulled from `logq/words` in us-east-1.
    title = "Words"
    groups = ["batch", "worker"]
    query = '''
    filter @message like "ERROR" and @message not like "health"
    | limit 20
    '''
    "#);
    done(&account.run("queries check slow words"));
    let put = account.calls("PutQueryDefinition");
    done(&account.run("queries push slow words"));
    assert_eq!(account.calls("PutQueryDefinition"), put);
}

fn states_of_people(ended: &Ended, state: &str) -> usize {
    ended
        .out
        .lines()
        .filter(|line| line.starts_with(state))
        .count()
}

#[test]
fn files_that_say_something_else_are_kept_unless_it_is_forced() {
    let account = Account::new(&[("words", WORDS)]);
    account.put(serde_json::json!({ "name": "logq/words", "queryString": "filter @message like \"x\"\n| limit 1" }));
    let kept = account.run("queries pull");
    insta::assert_snapshot!(kept.all(), @r#"
    different  words  logq/words in us-east-1: the file says something else
        - title = "Words"
        - groups = ["batch", "worker"]
        - filter = 'ERROR -health'
        - query = 'limit 20'
        + # Pulled from `logq/words` in us-east-1.
        + title = "logq/words"
        + query = '''
        + filter @message like "x"
        + | limit 1
        + '''
    --- standard error
    logq: 1 different
    error: 1 file is left as it is
    hint: logq queries pull NAME --force replaces one
    --- exit 1
    "#);
    assert_eq!(account.file("words"), WORDS);
    let dry = account.run("queries pull words --force --dry-run");
    done(&dry);
    assert_eq!(account.file("words"), WORDS);
    done(&account.run("queries pull words --force"));
    assert!(
        account.file("words").contains("limit 1\n"),
        "{}",
        account.file("words")
    );
    // A query of the program itself counts as a file.
    account.put(serde_json::json!({ "name": "logq/errors", "queryString": "limit 5" }));
    let of_logq = account.run("queries pull errors");
    assert_eq!(of_logq.code, 1, "{}", of_logq.all());
    assert!(
        of_logq
            .out
            .contains("it would take the place of the query that comes with logq"),
        "{}",
        of_logq.out
    );
    assert_eq!(account.file("errors"), "");
}

#[test]
fn definitions_of_others_are_pulled_by_name_or_all_together_and_stay_in_the_folder() {
    let account = Account::new(&[]);
    for (name, text) in [
        ("../../evil", "limit 1"),
        ("a/../b\u{1b}[31m", "limit 2"),
        ("query", "limit 3"),
        ("予約", "limit 4"),
        ("Team/Errors", "filter level = \"ERROR\""),
        ("team errors", "limit 6"),
        ("broken", "fitler x"),
        ("steers", "limit 7 # \u{1b}[2J"),
    ] {
        account.put(serde_json::json!({ "name": name, "queryString": text }));
    }
    account
        .put(serde_json::json!({ "name": "ppl", "queryString": "head 5", "queryLanguage": "PPL" }));
    let ended = account.run("queries pull --all");
    done(&ended);
    insta::assert_snapshot!(ended.all(), @r"
    new        evil  ../../evil in us-east-1
    new        team-errors  Team/Errors in us-east-1
    new        a-b-31m  a/../b\x1b[31m in us-east-1
    refused    broken  broken in us-east-1: unknown command `fitler`
    refused    ppl  ppl in us-east-1: it is written in PPL, which only the service reads
    new        query-query  query in us-east-1
    new        steers  steers in us-east-1
    refused    team-errors  team errors in us-east-1: `Team/Errors` in us-east-1 has the same file
    new        query-5e92ec80  予約 in us-east-1
    --- standard error
    logq: 6 new, 3 refused
    --- exit 0
    ");
    assert!(!ended.out.contains('\u{1b}'));
    let folder = account.logq.path().join("queries");
    let mut files: Vec<String> = fs::read_dir(folder)
        .expect("there is a folder")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "a-b-31m.toml",
            "evil.toml",
            "query-5e92ec80.toml",
            "query-query.toml",
            "steers.toml",
            "team-errors.toml"
        ]
    );
    done(&account.run("queries check"));
    done(&account.run("queries pull Team/Errors"));
    let missing = account.run("queries pull 'Team/Error'");
    insta::assert_snapshot!(missing.all(), @r"
    --- standard error
    error: there is no definition `Team/Error` or `logq/Team/Error`
    hint: did you mean `Team/Errors` or `team errors`?
    --- exit 1
    ");
}

#[test]
fn pages_faults_and_lost_answers_leave_neither_gaps_nor_doubles() {
    for kind in [
        FaultKind::EmptyPage,
        FaultKind::ServerError,
        FaultKind::Reset,
        FaultKind::Throttle,
    ] {
        let account = Account::new(&[("words", WORDS), ("slow", SLOW)]);
        for at in 0..7 {
            account.put(
                serde_json::json!({ "name": format!("logq/other-{at}"), "queryString": "limit 1" }),
            );
        }
        account.simulator.behave(|behaviour| {
            behaviour.page.definitions = 3;
            behaviour.faults = vec![Fault::every(kind, 2)];
        });
        done(&account.run("queries push words slow"));
        assert_eq!(account.definitions().len(), 9, "{kind:?}");
        let again = account.run("queries push words slow -o ndjson");
        assert!(
            states(&again).iter().all(|(_, state)| state == "unchanged"),
            "{kind:?}: {}",
            again.all()
        );
        let pulled = account.run("queries pull -o ndjson");
        done(&pulled);
        assert_eq!(states(&pulled).len(), 9, "{kind:?}");
    }
}

#[test]
fn an_account_that_can_have_no_more_definitions_is_told_at_once() {
    let account = Account::new(&[("words", WORDS)]);
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Full, 1).of("PutQueryDefinition")];
    });
    let ended = account.run("queries push words");
    assert_eq!(ended.code, 1, "{}", ended.all());
    assert!(ended.err.contains("maximum number"), "{}", ended.all());
    assert_eq!(account.calls("PutQueryDefinition"), 1, "{}", ended.all());
}

#[test]
fn what_is_refused_or_expired_is_told_and_the_rest_is_done() {
    let account = Account::new(&[("words", WORDS), ("slow", SLOW)]);
    account.simulator.behave(|behaviour| {
        behaviour.deny = vec!["logs:DescribeQueryDefinitions".to_owned()];
    });
    insta::assert_snapshot!(account.run("queries push words").all(), @r"
    --- standard error
    error: AWS refused logs:DescribeQueryDefinitions in us-east-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: AccessDeniedException: User: arn:aws:iam::123456789012:user/tester is not authorized to perform: logs:DescribeQueryDefinitions on resource: arn:aws:logs:us-east-1:123456789012:log-group:* because no identity-based policy allows the logs:DescribeQueryDefinitions action
    hint: allow `logs:DescribeQueryDefinitions` to that identity
    --- exit 1
    ");
    account.simulator.behave(|behaviour| {
        behaviour.deny = Vec::new();
        behaviour.faults = vec![Fault::at_call(FaultKind::Denied, 1).of("PutQueryDefinition")];
    });
    account.simulator.forget();
    insta::assert_snapshot!(account.run("queries push words slow").all(), @r"
    failed     words  logq/words in us-east-1: AWS refused logs:PutQueryDefinition in us-east-1, with the credentials in AWS_ACCESS_KEY_ID
    new        slow  logq/slow in us-east-1
    --- standard error
    error: AWS refused logs:PutQueryDefinition in us-east-1, with the credentials in AWS_ACCESS_KEY_ID
      cause: AccessDeniedException: User: arn:aws:iam::123456789012:user/tester is not authorized to perform: logs:PutQueryDefinition on resource: arn:aws:logs:us-east-1:123456789012:log-group:* because no identity-based policy allows the logs:PutQueryDefinition action
    hint: allow `logs:PutQueryDefinition` to that identity
    logq: 1 new, 1 failed
    --- exit 1
    ");
    assert_eq!(account.definitions().len(), 1);
    account.simulator.behave(|behaviour| {
        behaviour.faults =
            vec![Fault::from_call(FaultKind::ExpiredToken, 1).of("PutQueryDefinition")];
    });
    account.simulator.forget();
    fs::write(account.logq.path().join("queries/more.toml"), WORDS).expect("written");
    let expired = account.run("queries push words more");
    assert_eq!(expired.code, 1, "{}", expired.all());
    assert_eq!(account.calls("PutQueryDefinition"), 1, "{}", expired.all());
    account.simulator.behave(|behaviour| {
        behaviour.faults = vec![Fault::from_call(FaultKind::Throttle, 1).of("PutQueryDefinition")];
    });
    let late = account.run("queries push words more --timeout 1s");
    assert_eq!(late.code, 1, "{}", late.all());
    assert!(
        late.err
            .contains("time is up before PutQueryDefinition was done"),
        "{}",
        late.err
    );
}

#[test]
fn without_a_configuration_there_is_no_folder_to_pull_into() {
    let ended = Logq::new().run("queries pull");
    insta::assert_snapshot!(ended.all(), @r"
    --- standard error
    error: there is no logq.toml, and so no folder for saved queries
    hint: an empty file is enough: touch logq.toml
    --- exit 2
    ");
}
