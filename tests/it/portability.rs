//! What `queries check --engine insights` and `explain` say of the service, and what they end with.

use crate::logq::Logq;

const MINE: &str = "\
title = \"Mine\"
filter = '{ $.status >= 500 }'
query = '''
filter status != 200
| parse @message \"s=* \" as status
| stats count(*) as n by @level, bin(90m) as t
| sort n
'''
[[tests]]
name = \"one\"
events = ['{\"status\": 500}', 'plain']
rows = 1
";

#[test]
fn a_check_points_into_the_file_and_ends_with_1_when_something_is_refused() {
    let logq = Logq::new()
        .file("logq.toml", "")
        .file("queries/mine.toml", MINE);
    insta::assert_snapshot!(logq.run("queries check --engine insights mine").all(), @r#"
    error[Q082]: the filter pattern cannot be said in the query language: numbers, truths and texts of digits compare alike there, and not in a pattern
     --> [folder]/queries/mine.toml:2:11
      |
    2 | filter = '{ $.status >= 500 }'
      |           ^^^^^^^^^^^^^^^^^^^
    hint: say it in a `filter` of the query: `filter levelname = "ERROR"`
    warning[Q073]: this leaves out the events without `status`
     --> [folder]/queries/mine.toml:4:8
      |
    4 | filter status != 200
      |        ^^^^^^^^^^^^^
    hint: say which are meant: `not ispresent(status) or ...`, or `ispresent(status) and ...`
    error[Q071]: the service takes no new name `status`, which the query reads as a field of events before
     --> [folder]/queries/mine.toml:5:28
      |
    5 | | parse @message "s=* " as status
      |                            ^^^^^^
    hint: choose another name, such as `status2`
    error[Q070]: only this program knows `@level`
     --> [folder]/queries/mine.toml:6:26
      |
    6 | | stats count(*) as n by @level, bin(90m) as t
      |                          ^^^^^^
    hint: use the field of the records, as in `levelname = "ERROR"`
    warning[Q050]: 90m counts as 60m
     --> [folder]/queries/mine.toml:6:38
      |
    6 | | stats count(*) as n by @level, bin(90m) as t
      |                                      ^^^
    hint: at most 60 of `m` are taken: use a larger unit
    warning[Q080]: which way the service sorts without being told is not documented
     --> [folder]/queries/mine.toml:7:8
      |
    7 | | sort n
      |        ^
    hint: write `n asc`, which is meant here
    the service takes 0 queries, 0 of them in doubt, and refuses 1
    --- exit 1
    "#);
}

#[test]
fn a_query_that_runs_there_as_it_is_says_nothing() {
    let query = "title = \"Mine\"\nquery = 'filter levelname = \"ERROR\" | limit 20'\n";
    let logq = Logq::new()
        .file("logq.toml", "")
        .file("queries/mine.toml", query);
    insta::assert_snapshot!(logq.run("queries check mine --engine insights").all(), @r"
    the service takes 1 query, 0 of them in doubt, and refuses 0
    --- exit 0
    ");
    let ended = logq.run("queries check mine --engine local");
    assert_eq!(ended.out, "0 tests passed, 0 failed\n");
}

#[test]
fn what_the_service_alone_can_do_is_no_mistake_there() {
    let query = "title = \"Mine\"\nquery = 'relevantfields path where status >= 500'\n";
    let logq = Logq::new()
        .file("logq.toml", "")
        .file("queries/mine.toml", query);
    assert_eq!(logq.run("queries check mine").code, 1);
    assert_eq!(logq.run("queries check mine --engine insights").code, 0);
}

#[test]
fn queries_over_runs_are_only_here() {
    let ended = Logq::new().run("queries check batch-failures --engine insights");
    assert!(
        ended
            .out
            .contains("error[Q070]: only this program has the runs table")
    );
    assert_eq!(ended.code, 1);
}

#[test]
fn the_other_actions_still_want_an_engine_that_is_there() {
    let ended = Logq::new().run("queries list --engine insights");
    assert_eq!(ended.code, 2);
}

#[test]
fn explain_tells_it_of_any_query() {
    let ended = Logq::new().run("explain 'filter path != 1 | stats pct(a, 95) by b'");
    let told = ended.out.split("on the service:\n").nth(1).expect("told");
    insta::assert_snapshot!(told, @r#"
      in doubt at 1:8: this leaves out the events without `path` (Q073)
        say which are meant: `not ispresent(path) or ...`, or `ispresent(path) and ...`
      in doubt at 1:26: `pct` is approximate there when there are many values (Q076)
        here it is exact: compare on a short time range

    where:
      all of it runs here; CloudWatch Logs is asked for events that match
      ?"path" ?u00
    "#);
}
