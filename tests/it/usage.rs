//! Wrong calls: each says what is wrong, points at it, and gives one hint; nothing is read.

use crate::logq::Logq;

#[track_caller]
fn fails(arguments: &str) -> String {
    let ended = Logq::new().run(arguments);
    assert_eq!(
        ended.out, "",
        "nothing but the answer goes to standard output"
    );
    assert_eq!(ended.code, 2, "{}", ended.err);
    ended.err
}

#[test]
fn no_arguments_show_how_to_start() {
    insta::assert_snapshot!(Logq::new().run("").all(), @r#"
    logq 0.1.0: ask the logs of a Django application on ECS what happened

    Start with one of these:
      logq demo                                        see it work, on logs it makes itself
      logq batch-failures --source logs/ --since 1d    failed batch runs of the last day
      logq filter '{ $.levelname = "ERROR" }' --source app.log

    There are 12 saved queries: logq queries
    All commands and flags: logq --help
    --- exit 0
    "#);
}

#[test]
fn flags_alone_are_no_command() {
    insta::assert_snapshot!(fails("--since 1d"), @r#"
    error: no command was given
    hint: logq batch-failures --since 1d; `logq --help` lists the commands
    "#);
}

#[test]
fn slips_in_names_get_the_near_one() {
    insta::assert_snapshot!(fails("batch-failure --since 1d"), @r#"
    error: unknown command `batch-failure`
    hint: did you mean `logq batch-failures`?
    "#);
    insta::assert_snapshot!(fails("qeury x"), @r#"
    error: unknown command `qeury`
    hint: did you mean `logq query`?
    "#);
    insta::assert_snapshot!(fails("run batch-failure"), @r#"
    error: there is no saved query `batch-failure`
    hint: did you mean `batch-failures`?
    "#);
    insta::assert_snapshot!(fails("queries shwo errors"), @r#"
    error: unknown command `shwo`
    hint: did you mean `logq queries show`?
    "#);
    insta::assert_snapshot!(fails("help tmie"), @r#"
    error: there is no topic or command `tmie`
    hint: did you mean `time`?
    "#);
    insta::assert_snapshot!(fails("query 'limit 1' --sorce x"), @r#"
    error: unknown flag `--sorce`
    hint: did you mean `--source`?
    "#);
    insta::assert_snapshot!(fails("query 'limit 1' -o jsno"), @r#"
    error: `--output` cannot be `jsno`
    hint: did you mean `json`?
    "#);
    insta::assert_snapshot!(fails("query 'limit 1' -t wroker"), @r#"
    error: unknown target `wroker`
    hint: did you mean `worker`?
    "#);
    insta::assert_snapshot!(fails("query 'limit 1' --from run"), @r#"
    error: there is no table `run`
    hint: did you mean `runs`?
    "#);
    insta::assert_snapshot!(fails("batch-runs bacth=sync"), @r#"
    error: `batch-runs` has no parameter `bacth`
    hint: did you mean `batch`?
    "#);
}

#[test]
fn nothing_near_gets_the_way_to_the_list() {
    insta::assert_snapshot!(fails("xyzzy"), @r#"
    error: unknown command `xyzzy`
    hint: `logq --help` lists the commands, `logq queries` the saved queries
    "#);
    insta::assert_snapshot!(fails("query 'limit 1' --xyzzy"), @r#"
    error: unknown flag `--xyzzy`
    hint: `logq --help` lists the flags
    "#);
}

#[test]
fn commands_and_flags_are_never_matched_by_their_beginning() {
    insta::assert_snapshot!(fails("comp bash"), @r#"
    error: unknown command `comp`
    hint: `logq --help` lists the commands, `logq queries` the saved queries
    "#);
    insta::assert_snapshot!(fails("query 'limit 1' --sinc 1d"), @r#"
    error: unknown flag `--sinc`
    hint: did you mean `--since`?
    "#);
}

#[test]
fn missing_and_surplus_arguments() {
    insta::assert_snapshot!(fails("query"), @r#"
    error: `<QUERY>` is missing
    hint: logq query <QUERY>
    "#);
    insta::assert_snapshot!(fails("query a b"), @r#"error: unexpected argument `b`"#);
    insta::assert_snapshot!(fails("query 'limit 1' --since"), @r#"
    error: `--since` needs a value
    hint: --since <TIME>
    "#);
    insta::assert_snapshot!(fails("batch-runs sync"), @r#"
    error: `sync` is not `param=value`
    hint: `batch-runs` takes `batch`, `outcome`
    "#);
}

#[test]
fn times_are_pointed_at() {
    insta::assert_snapshot!(fails("errors --since 1M"), @r#"
    error: `M` can be read as minutes or as months
     --> --since:1:1
      |
    1 | 1M
      | ^^
    hint: `1m` is 1 min; a month has no fixed length, write days: `30d`
    "#);
    insta::assert_snapshot!(fails("errors --since 11/12"), @r#"
    error: `11/12` is a date with more than one reading
     --> --since:1:1
      |
    1 | 11/12
      | ^^^^^
    hint: write the year first, with hyphens: `2026-11-12`
    "#);
    insta::assert_snapshot!(fails("errors --since yesterdy"), @r#"
    error: `yesterdy` is not a time
     --> --since:1:1
      |
    1 | yesterdy
      | ^^^^^^^^
    hint: did you mean `yesterday`?
    "#);
    insta::assert_snapshot!(fails("errors --tz Asia/Tokio"), @r#"
    error: unknown time zone `Asia/Tokio`
     --> --tz:1:1
      |
    1 | Asia/Tokio
      | ^^^^^^^^^^
    hint: did you mean `Asia/Tokyo` or `Asia/Tomsk`?
    "#);
}

#[test]
fn numbers_that_are_none_get_one_to_write() {
    insta::assert_snapshot!(fails("errors --limit x"), @r#"
    error: `--limit` cannot be `x`
    hint: a whole number, such as `--limit 100`; 0 for all
    "#);
    insta::assert_snapshot!(fails("errors --limit -1"), @r#"
    error: `--limit` cannot be `-1`
    hint: a whole number, such as `--limit 100`; 0 for all
    "#);
    insta::assert_snapshot!(fails("show 7f3a --lines x"), @r#"
    error: `--lines` cannot be `x`
    hint: a whole number, such as `--lines 100`; 0 for all
    "#);
    insta::assert_snapshot!(fails("errors --threads -2"), @r#"
    error: `--threads` cannot be `-2`
    hint: a whole number, such as `--threads 2`
    "#);
}

#[test]
fn what_is_given_twice_is_given_once() {
    insta::assert_snapshot!(fails("batch-runs -s a -s b"), @r#"
    error: `--stage` is given twice
    hint: give `--stage <STAGE>` once
    "#);
    insta::assert_snapshot!(fails("batch-runs batch=a batch=b"), @r#"
    error: `batch` is given twice
    hint: logq batch-runs batch=b
    "#);
    insta::assert_snapshot!(fails("errors -q -q"), @r#"
    error: `--quiet` is given twice
    hint: give `--quiet` once
    "#);
}

#[test]
fn a_missing_source_is_looked_for_where_it_was_written() {
    let ended = Logq::new().variable("LOGQ_SOURCE", "nope").run("errors");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    error: there is no file or folder `nope`
    hint: check `LOGQ_SOURCE`
    --- exit 2
    "#);
    insta::assert_snapshot!(fails("errors --source nope"), @r#"
    error: there is no file or folder `nope`
    hint: check `--source`
    "#);
}

#[test]
fn names_of_files_do_not_steer_the_terminal() {
    insta::assert_snapshot!(fails("errors --source a\x1b[2Jb"), @r#"
    error: there is no file or folder `a\x1b[2Jb`
    hint: check `--source`
    "#);
}

#[test]
fn windows_with_nothing_in_them_are_errors() {
    insta::assert_snapshot!(fails("errors --since today --until yesterday"), @r#"
    error: the window ends before it starts
      cause: 2026-11-23 00:00 to 2026-11-22 00:00 JST
    "#);
    insta::assert_snapshot!(fails("errors --since 2026-11-24"), @r#"
    error: the window lies in the future
      cause: since 2026-11-24 00:00 JST
    "#);
    insta::assert_snapshot!(fails("errors --from 1h --to 2h"), @r#"
    error: the window ends before it starts
      cause: 2026-11-23 12:04:05 to 2026-11-23 11:04:05 JST
    "#);
}

#[test]
fn patterns_and_queries_are_pointed_at() {
    insta::assert_snapshot!(fails("filter '{ $.levelname = }'"), @r#"
    error: the comparison has no value
     --> <pattern>:1:16
      |
    1 | { $.levelname = }
      |                ^ a value expected here
    hint: write a value such as `ERROR`, `"two words"` or `404`
    "#);
    insta::assert_snapshot!(fails("query 'filtr x = 1'"), @r#"
    error: unknown command `filtr`
     --> <query>:1:1
      |
    1 | filtr x = 1
      | ^^^^^ not a command
    hint: did you mean `filter`?
    "#);
}

#[test]
fn commands_of_later_versions_say_so() {
    insta::assert_snapshot!(fails("report --help"), @r#"
    error: `logq report` is not in this version
    hint: print rows for another program: -o json
    "#);
}

#[test]
fn what_this_build_cannot_do_says_what_it_can() {
    insta::assert_snapshot!(fails("errors --engine insights --source x"), @r#"
    error: Logs Insights reads log groups, and not `x`
    hint: leave out `--source`, or `--engine insights`
    "#);
    insta::assert_snapshot!(fails("errors"), @r#"
    error: there is nothing to read
      cause: no `--source`, nothing piped in, and no `logq.toml`
    hint: name a file or folder of logs: --source PATH; or try `logq demo`
    "#);
}

#[test]
fn variables_are_checked_like_flags() {
    let ended = Logq::new().variable("LOGQ_OUTPUT", "xml").run("errors");
    insta::assert_snapshot!(ended.all(), @r#"
    --- standard error
    error: `LOGQ_OUTPUT` cannot be `xml`
    hint: one of `table`, `json`, `ndjson`, `csv`, `raw`
    --- exit 2
    "#);
    let ended = Logq::new()
        .variable("LOGQ_OUTPUT", "")
        .run("queries -o ndjson --tz UTC");
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn a_broken_configuration_is_pointed_at_and_help_still_works() {
    let logq = Logq::new().file("logq.toml", "[runs]\nsetle = \"5m\"\n");
    insta::assert_snapshot!(logq.run("errors --source x").all(), @r#"
    --- standard error
    error: unknown key `setle` in `[runs]`
     --> [folder]/logq.toml:2:1
      |
    2 | setle = "5m"
      | ^^^^^
    hint: did you mean `settle`?
    --- exit 2
    "#);
    assert_eq!(logq.run("--help").code, 0);
    assert_eq!(logq.run("help time").code, 0);
}

#[test]
fn colour_is_on_when_asked_for() {
    let ended = Logq::new().run("errors --since 1M --color always");
    assert!(ended.err.contains("\x1b["), "{}", ended.err);
    let ended = Logq::new().run("errors --since 1M");
    assert!(!ended.err.contains('\x1b'), "{}", ended.err);
}

#[test]
fn a_dry_run_is_refused_where_nothing_would_be_done() {
    insta::assert_snapshot!(fails("filter ERROR --source x --dry-run"), @r"
    error: `logq filter` has no `--dry-run`
    hint: it changes nothing: leave `--dry-run` out
    ");
    insta::assert_snapshot!(fails("--dry-run queries check"), @r"
    error: `logq queries check` has no `--dry-run`
    hint: it changes nothing: leave `--dry-run` out
    ");
    insta::assert_snapshot!(fails("explain 'limit 1' --dry-run"), @r"
    error: `logq explain` has no `--dry-run`
    hint: it runs nothing: leave `--dry-run` out
    ");
    insta::assert_snapshot!(fails("demo --dry-run"), @r"
    error: `logq demo` has no `--dry-run`
    hint: it writes into a folder of its own: logq demo --dir FOLDER
    ");
    insta::assert_snapshot!(fails("man pages --dry-run"), @r"
    error: `logq man` has no `--dry-run`
    hint: it writes into the folder that is named, and nowhere else
    ");
    for query in ["batch-runs", "run batch-runs", "query 'limit 1'"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(fails(&format!("{query} --source x --dry-run")), @r"
            error: `--dry-run` is for queries that cost: this one runs here
            hint: `logq explain` says what a query does
            ");
        }
    }
    let quiet = [
        "show x",
        "replay",
        "queries",
        "doctor",
        "help time",
        "completions bash",
    ];
    for command in quiet {
        let told = fails(&format!("{command} --dry-run"));
        assert!(told.contains("has no `--dry-run`"), "{told}");
    }
    #[cfg(feature = "aws")]
    for command in ["cache", "cache info", "silence", "silence list"] {
        let told = fails(&format!("{command} --dry-run"));
        assert!(told.contains("has no `--dry-run`"), "{told}");
    }
}
