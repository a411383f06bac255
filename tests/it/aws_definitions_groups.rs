//! `logq queries push|pull` where no stage is known: the log groups are those of the account.

use std::fs;

use logq_simulator::Group;

use crate::aws_definitions::{Account, WORDS, done, states};

/// Adds log groups of two stages, and one that no template fits.
fn with_groups(account: &Account) {
    for name in [
        "/ecs/shop-webapp",
        "/ecs/shop-batch",
        "/ecs/staging-batch",
        "/aws/lambda/other",
    ] {
        let group = Group {
            name: name.to_owned(),
            ..Group::default()
        };
        account.simulator.add_group(group).expect("added");
    }
}

#[test]
fn where_no_stage_is_known_the_account_is_asked_for_its_groups() {
    let account = Account::new(&[("words", WORDS)]);
    with_groups(&account);
    fs::write(account.logq.path().join("logq.toml"), "").expect("written");
    done(&account.run("queries push words"));
    let groups = || account.definitions()[0]["logGroupNames"].clone();
    let batches = ["/ecs/shop-batch", "/ecs/staging-batch"];
    assert_eq!(groups(), serde_json::json!(batches));
    // It is asked for once, whatever it is about.
    assert_eq!(
        states(&account.run("queries pull -o ndjson")),
        [("words".to_owned(), "unchanged".to_owned())]
    );
    done(&account.run("queries push words -t batch"));
    assert_eq!(groups(), serde_json::json!(batches));
    let elsewhere = account.run("queries push words -t webapp --dry-run");
    assert_eq!(elsewhere.code, 1, "{}", elsewhere.all());
    assert!(
        elsewhere.out.contains("it reads no log group of us-east-1"),
        "{}",
        elsewhere.all()
    );
    // A stage says which they are, and then nobody is asked.
    account.simulator.forget();
    done(&account.run("queries push words --stage other"));
    assert_eq!(
        groups(),
        serde_json::json!(["/ecs/other-batch", "/ecs/other-worker"])
    );
    assert_eq!(account.calls("DescribeLogGroups"), 0);
}

#[test]
fn with_no_configuration_a_region_is_enough_to_push() {
    let account = Account::new(&[]);
    with_groups(&account);
    fs::remove_file(account.logq.path().join("logq.toml")).expect("there");
    let pushed = account.run("queries push slow-requests --region eu-west-1");
    insta::assert_snapshot!(pushed.all(), @r"
    new        slow-requests  logq/slow-requests in eu-west-1
    --- standard error
    logq: 1 new
    --- exit 0
    ");
    assert_eq!(
        account.definitions()[0]["logGroupNames"],
        serde_json::json!(["/ecs/shop-webapp"])
    );
}

#[test]
fn who_may_not_ask_for_groups_is_told_what_to_do() {
    let account = Account::new(&[("words", WORDS)]);
    with_groups(&account);
    fs::write(account.logq.path().join("logq.toml"), "").expect("written");
    account
        .simulator
        .behave(|behaviour| behaviour.deny = vec!["logs:DescribeLogGroups".to_owned()]);
    for command in ["queries push --dry-run", "queries pull"] {
        let ended = account.run(command);
        assert_eq!(ended.code, 1, "{}", ended.all());
        assert!(
            ended.err.contains("AWS refused logs:DescribeLogGroups")
                && ended.err.contains("--stage"),
            "{}",
            ended.all()
        );
    }
    assert_eq!(account.calls("DescribeQueryDefinitions"), 0);
    done(&account.run("queries push words --stage shop"));
}
