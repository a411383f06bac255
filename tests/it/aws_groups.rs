//! Which groups and streams of CloudWatch Logs are read, with and without a configuration.

use crate::aws_simulated::{Account, WINDOW, answer, lines};
use crate::logq::{Ended, Logq};

/// A project without a configuration.
fn bare(account: &Account) -> Logq {
    let logq = account.project("");
    std::fs::remove_file(logq.path().join("logq.toml")).expect("there");
    logq
}

#[track_caller]
fn finds(account: &Account, ended: &Ended, groups: &[&str]) {
    assert_eq!(ended.code, 0, "{}", ended.err);
    let mut expected: Vec<String> = groups
        .iter()
        .flat_map(|group| account.simulator.events(group, "", 0, i64::MAX))
        .map(|event| event.message)
        .collect();
    let mut found = lines(ended);
    expected.sort();
    found.sort();
    assert!(!expected.is_empty());
    assert!(
        found == expected,
        "{} lines of {}",
        found.len(),
        expected.len()
    );
}

#[test]
fn with_no_configuration_the_account_is_asked_for_its_groups() {
    let account = Account::with(&[("webapp", 300), ("batch", 200)]);
    let extra = |name: &str| logq_simulator::Group {
        name: name.to_owned(),
        events: 40,
        from: Some(logq_simulator::Time(crate::aws_simulated::FROM)),
        to: Some(logq_simulator::Time(crate::aws_simulated::TO)),
        ..logq_simulator::Group::default()
    };
    for name in ["/ecs/staging-webapp", "/ecs/shop-beat", "/aws/lambda/other"] {
        account.simulator.add_group(extra(name)).expect("added");
    }
    let logq = bare(&account);
    let all = logq.run(&format!("filter '\"\"' --source aws -o raw {WINDOW}"));
    finds(
        &account,
        &all,
        &["/ecs/shop-webapp", "/ecs/shop-batch", "/ecs/staging-webapp"],
    );
    let webapps = logq.run(&format!(
        "filter '\"\"' --source aws -t webapp -o raw {WINDOW}"
    ));
    finds(
        &account,
        &webapps,
        &["/ecs/shop-webapp", "/ecs/staging-webapp"],
    );
    // A service that no template has is found by convention.
    let beat = logq.run(&format!(
        "filter '\"\"' --source aws -t beat -o raw {WINDOW}"
    ));
    finds(&account, &beat, &["/ecs/shop-beat"]);
    // With a stage nobody is asked.
    account.simulator.forget();
    let shop = logq.run(&format!(
        "filter '\"\"' --source aws -s shop -o raw {WINDOW}"
    ));
    finds(&account, &shop, &["/ecs/shop-webapp", "/ecs/shop-batch"]);
    assert_eq!(account.simulator.summary("DescribeLogGroups").calls, 0);
}

#[test]
fn an_account_without_such_groups_says_which_it_has() {
    let account = Account::with(&[]);
    let logq = bare(&account);
    let none = logq.run("filter x --source aws");
    assert_eq!(none.code, 2, "{}", none.err);
    assert!(none.err.contains("no log group"), "{}", none.err);
    account
        .simulator
        .put("/ecs/api", "s", [(1, "x")])
        .expect("taken");
    let none = logq.run("filter x --source aws");
    assert_eq!(none.code, 2, "{}", none.err);
    assert!(none.err.contains("`/ecs/api`"), "{}", none.err);
}

#[test]
fn who_may_not_ask_is_told_what_to_do() {
    let account = Account::with(&[("webapp", 10)]);
    account
        .simulator
        .behave(|behaviour| behaviour.deny = vec!["logs:DescribeLogGroups".to_owned()]);
    let ended = bare(&account).run("filter x --source aws");
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(
        ended.err.contains("AWS refused logs:DescribeLogGroups"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("--stage"), "{}", ended.err);
}

#[test]
fn a_usual_group_that_is_not_there_is_a_remark_and_one_with_a_name_is_missing() {
    let account = Account::with(&[("webapp", 300), ("batch", 200)]);
    let ask = |logq: &Logq, flags: &str| {
        logq.run(&format!(
            "filter '\"\"' -o json --no-cache {WINDOW} {flags}"
        ))
    };
    let logq = account.project("");
    let usual = ask(&logq, "");
    assert_eq!(usual.code, 0, "{}", usual.err);
    assert!(answer(&usual) == (true, account.expected("")));
    assert!(
        usual
            .err
            .contains("there is no log group `/ecs/shop-worker`"),
        "{}",
        usual.err
    );
    for named in [ask(&logq, "-t batch -t worker"), {
        let config = "[stages.shop]\n[groups]\nworker = \"/ecs/{stage}-celery\"\n";
        ask(&account.project("").file("logq.toml", config), "")
    }] {
        assert_eq!(named.code, 1, "{}", named.err);
        assert!(!answer(&named).0);
        assert!(
            named
                .err
                .contains("error: there is no log group `/ecs/shop-"),
            "{}",
            named.err
        );
    }
    // A stage that has none of them is misspelt.
    let none = ask(&account.project("").file("logq.toml", ""), "-s shpo");
    assert_eq!(none.code, 1, "{}", none.err);
    assert!(!answer(&none).0);
}

#[test]
fn streams_are_chosen_by_what_their_names_begin_with() {
    let account = Account::with(&[("webapp", 300), ("batch", 200)]);
    let logq = account.project("");
    let ask = |flags: &str| {
        logq.run(&format!(
            "filter '\"\"' -t webapp -t batch -o raw --no-cache {WINDOW} {flags}"
        ))
    };
    finds(&account, &ask("--stream ecs/batch"), &["/ecs/shop-batch"]);
    let both = ["/ecs/shop-webapp", "/ecs/shop-batch"];
    finds(
        &account,
        &ask("--stream ecs/batch/ --stream ecs/webapp/ --stream ecs/w"),
        &both,
    );
    let calls = account.simulator.calls("FilterLogEvents");
    assert!(
        calls
            .iter()
            .all(|call| call.text("logStreamNamePrefix").starts_with("ecs/"))
    );
    assert_eq!(ask("--stream batch").out, "");
    // Files are held to the same.
    assert_eq!(
        logq.run(&format!("pull copy -t webapp -t batch {WINDOW}"))
            .code,
        0
    );
    let of_files = logq.run("filter '\"\"' --source copy --stream ecs/batch -o raw");
    finds(&account, &of_files, &["/ecs/shop-batch"]);
}
