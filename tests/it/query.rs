//! `logq query`, `show` and `explain`: rows in every format, and what is told beside them.

use crate::logq::Logq;

const LINES: &str = r#"{"created":1795402800.5,"levelname":"INFO","name":"booking.sync","message":"start","duration_ms":12}
{"created":1795402801.5,"levelname":"ERROR","name":"booking.sync","message":"予約を同期できません","duration_ms":1200.25}
{"created":1795402802,"levelname":"ERROR","name":"billing","message":"=1+1","user":{"id":7}}
"#;

const FAILED: &str = r#"{"created":1795402800,"levelname":"INFO","name":"sync","message":"start"}
Traceback (most recent call last):
  File "/app/manage.py", line 22, in <module>
    main()
  File "/app/booking/sync.py", line 88, in sync_rates
    price = plan["price"]
KeyError: 'price'
"#;

const TASK: &str = "7f3a9c0123456789abcdef0123456789";

pub(crate) fn logs() -> Logq {
    Logq::new().file("app.log", LINES)
}

/// A folder with one failed run and one that went well.
pub(crate) fn runs() -> Logq {
    let good = r#"{"created":1795402900,"levelname":"INFO","name":"billing","message":"closed"}"#;
    Logq::new()
        .file(
            &format!("logs/ecs/production-batch/ecs/batch/{TASK}.log"),
            FAILED,
        )
        .file(
            "logs/ecs/production-batch/ecs/batch/7f3b000000000000.log",
            good,
        )
}

const QUERY: &str = "query 'fields @timestamp, name, duration_ms, message | filter levelname = \"ERROR\"' --source app.log";

#[test]
fn people_get_a_table_and_the_window() {
    insta::assert_snapshot!(logs().run(QUERY).all(), @r#"
    @timestamp (JST)         name          duration_ms  message
    2026-11-23 12:00:02.000  billing                    =1+1
    2026-11-23 12:00:01.500  booking.sync      1200.25  予約を同期できません
    --- standard error
    logq: 2 rows; until 2026-11-23 13:04:05 JST
    --- exit 0
    "#);
}

#[test]
fn groups_are_the_same_whether_anybody_asks_for_times_or_not() {
    let lines = r#"{"created": 1600000000.5, "name": "booking"}
{"created":1600000001, "name": "booking"}
{"timestamp":1600000002000,"message":"{\"created\": 1600000002, \"name\": \"billing\"}"}
no record
"#;
    // Without an instant as of which is asked the window has no end.
    let logs = Logq::new().variable("LOGQ_NOW", "").file("app.log", lines);
    let query = "query 'stats count(*) as n by name | sort name asc' --source app.log";
    let groups = |more: &str| logs.run(&format!("{query} {more}"));
    let footer = groups("").err;
    assert!(footer.contains("all times"), "{footer}");
    assert_eq!(groups("-o csv").out, "name,n\n,1\nbilling,1\nbooking,2\n");
    let since = groups("-o csv --since 2020-09-01");
    assert_eq!(since.out, groups("-o csv").out);
}

#[test]
fn programs_get_what_they_ask_for() {
    insta::assert_snapshot!(logs().run(&format!("{QUERY} -o json")).all(), @r#"
    {"schema":"logq.rows.v1","query":"fields @timestamp, name, duration_ms, message | filter levelname = \"ERROR\"","window":{"since":null,"until":"2026-11-23T04:04:05.000Z"},"complete":true,"truncated":false,"rows":[
    {"@timestamp":"2026-11-23T03:00:02.000Z","name":"billing","duration_ms":null,"message":"=1+1"},
    {"@timestamp":"2026-11-23T03:00:01.500Z","name":"booking.sync","duration_ms":1200.25,"message":"予約を同期できません"}]}
    --- exit 0
    "#);
    insta::assert_snapshot!(logs().run(&format!("{QUERY} -o ndjson")).all(), @r#"
    {"@timestamp":"2026-11-23T03:00:02.000Z","name":"billing","message":"=1+1"}
    {"@timestamp":"2026-11-23T03:00:01.500Z","name":"booking.sync","duration_ms":1200.25,"message":"予約を同期できません"}
    --- exit 0
    "#);
    insta::assert_snapshot!(logs().run(&format!("{QUERY} -o csv")).all(), @r#"
    @timestamp,name,duration_ms,message
    2026-11-23T03:00:02.000Z,billing,,'=1+1
    2026-11-23T03:00:01.500Z,booking.sync,1200.25,予約を同期できません
    --- exit 0
    "#);
    insta::assert_snapshot!(logs().run("query 'filter name = \"billing\"' --source app.log -o raw").all(), @r#"
    {"created":1795402802,"levelname":"ERROR","name":"billing","message":"=1+1","user":{"id":7}}
    --- exit 0
    "#);
}

#[test]
fn an_aggregate_is_one_table() {
    let ended = logs()
        .run("query 'stats count(*) as n, max(duration_ms) as longest by name' --source app.log");
    insta::assert_snapshot!(ended.all(), @r#"
    name          n  longest
    booking.sync  2  1200.25
    billing       1
    --- standard error
    logq: 2 rows; until 2026-11-23 13:04:05 JST
    --- exit 0
    "#);
}

#[test]
fn a_limit_that_cuts_says_how_many_there_are() {
    insta::assert_snapshot!(logs().run(&format!("{QUERY} --limit 1")).all(), @r#"
    @timestamp (JST)     name     duration_ms  message
    2026-11-23 12:00:02  billing               =1+1
    --- standard error
    logq: 1 of 2 rows; --limit 0 shows all; until 2026-11-23 13:04:05 JST
    --- exit 0
    "#);
    let ended = logs().run(&format!("{QUERY} --limit 1 -o json -q"));
    assert!(ended.out.contains("\"truncated\":true"), "{}", ended.out);
    assert_eq!(ended.err, "");
}

#[test]
fn no_rows_say_what_was_searched() {
    insta::assert_snapshot!(logs().run("query 'filter name = \"x\"' --source app.log --since 1h").all(), @r#"
    --- standard error
    logq: no rows in app.log, 2026-11-23 12:04:05 to 2026-11-23 13:04:05 JST; 1 file, 326 bytes read
    --- exit 0
    "#);
    insta::assert_snapshot!(runs().run("batch-failures batch=nothing --source logs").all(), @r#"
    --- standard error
    logq: no rows for batch-failures in logs, until 2026-11-23 13:04:05 JST; 2 runs seen
    --- exit 0
    "#);
}

#[test]
fn a_pattern_goes_before_the_query() {
    let ended =
        logs().run("query 'stats count(*)' -p '{ $.duration_ms > 1000 }' --source app.log -o csv");
    insta::assert_snapshot!(ended.all(), @r#"
    count(*)
    1
    --- exit 0
    "#);
}

#[test]
fn checks_end_with_three() {
    let code = |flags: &str| {
        runs()
            .run(&format!("batch-failures --source logs {flags}"))
            .code
    };
    assert_eq!(code("--fail-on-match"), 3);
    assert_eq!(code("--fail-on-empty"), 0);
    assert_eq!(code("batch=nothing --fail-on-empty"), 3);
}

#[test]
fn stage_and_target_narrow() {
    assert_eq!(
        runs()
            .run("batch-failures --source logs -s production -t batch -o ndjson")
            .out
            .lines()
            .count(),
        1
    );
    assert_eq!(
        runs()
            .run("batch-failures --source logs -s staging -o ndjson")
            .out,
        ""
    );
}

#[test]
fn a_run_is_shown_on_a_page() {
    let logq = runs().file("logq.toml", "[batches.batch]\nowner = \"booking team\"\n");
    insta::assert_snapshot!(logq.run("show 7f3a --source logs").all(), @r#"
    batch failed: KeyError: 'price' in sync_rates (booking/sync.py:88)
    It logged 7 lines.

      outcome     failed (exception)
      told by     an uncaught traceback at the end of the log
      kind        batch
      stage       production
      started     2026-11-23 12:00:00 JST
      ended       2026-11-23 12:00:00 JST
      took        0 ms
      events      7, 0 errors, 0 warnings
      task        7f3a9c0123456789abcdef0123456789
      log         /ecs/production-batch
      stream      ecs/batch/7f3a9c0123456789abcdef0123456789
      owner       booking team

    error
      Traceback (most recent call last):
        File "/app/manage.py", line 22, in <module>
          main()
        File "/app/booking/sync.py", line 88, in sync_rates
          price = plan["price"]
      KeyError: 'price'
      culprit     sync_rates (booking/sync.py:88)
      grouped by  KeyError in booking/sync.py sync_rates  v1:284b4c88b6d35899

    lines (JST)
      2026-11-23 12:00:00.000 INFO     sync: start
      2026-11-23 12:00:00.000          Traceback (most recent call last):
      2026-11-23 12:00:00.000            File "/app/manage.py", line 22, in <module>
      2026-11-23 12:00:00.000              main()
      2026-11-23 12:00:00.000            File "/app/booking/sync.py", line 88, in sync_rates
      2026-11-23 12:00:00.000              price = plan["price"]
    > 2026-11-23 12:00:00.000          KeyError: 'price'
    --- exit 0
    "#);
}

#[test]
fn a_task_has_many_names() {
    let logq = runs();
    let whole = logq.run("show 7f3a --source logs").out;
    for name in [
        "7f3a9c0123456789abcdef0123456789",
        "ecs/batch/7f3a9c0123456789abcdef0123456789",
        "ecs/batch/7f3a",
        "arn:aws:ecs:ap-northeast-1:111122223333:task/shop/7f3a9c0123456789abcdef0123456789",
    ] {
        let ended = logq.run(&format!("show {name} --source logs"));
        assert_eq!(ended.out, whole, "{name}: {}", ended.err);
    }
}

#[test]
fn the_lines_of_a_run_can_be_narrowed_and_it_is_judged_whole() {
    let lines = [
        r#"{"created":1795402800,"levelname":"INFO","name":"sync","message":"start"}"#,
        r#"{"created":1795402860,"levelname":"ERROR","name":"sync","message":"one went wrong"}"#,
        r#"{"created":1795402920,"levelname":"INFO","name":"sync","message":"done"}"#,
    ];
    let logq = Logq::new().file(
        "logs/ecs/production-batch/ecs/batch/7f3a9c.log",
        lines.join("\n"),
    );
    let ended = logq.run("show 7f3a --source logs --since 12:01:30");
    assert!(ended.out.contains("outcome     errored"), "{}", ended.out);
    assert!(
        ended
            .out
            .ends_with("lines (JST)\n  2026-11-23 12:02:00.000 INFO     sync: done\n"),
        "{}",
        ended.out
    );
    insta::assert_snapshot!(ended.err, @r#"logq: 1 of 3 lines are in the window, 2026-11-23 12:01:30 to 2026-11-23 13:04:05 JST; the run is judged whole"#);
}

#[test]
fn lines_of_a_run_are_for_programs_too() {
    insta::assert_snapshot!(runs().run("show 7f3a --source logs -o raw --lines 2").all(), @r#"
        price = plan["price"]
    KeyError: 'price'
    --- standard error
    logq: the last 2 of 7 lines; --lines 0 shows all
    --- exit 0
    "#);
    let json = runs().run("show 7f3a --source logs -o json").out;
    let document: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(document["schema"], "logq.run.v1");
    assert_eq!(document["run"]["outcome"], "failed");
    assert_eq!(document["lines"].as_array().map(Vec::len), Some(7));
}

#[test]
fn the_beginning_of_several_tasks_lists_them() {
    insta::assert_snapshot!(runs().run("show 7f3 --source logs").all(), @r#"
    --- standard error
    error: `7f3` begins 2 tasks
      7f3a9c0123456789abcdef0123456789  batch failed
      7f3b000000000000  batch succeeded
    hint: logq show 7f3a9c0123456789abcdef0123456789
    --- exit 2
    "#);
    insta::assert_snapshot!(runs().run("show nothing --source logs").all(), @r#"
    --- standard error
    error: there is no task `nothing` in logs; 8 events seen
    hint: logq batch-runs lists runs with their tasks
    --- exit 1
    "#);
}

#[test]
fn a_query_is_explained() {
    insta::assert_snapshot!(Logq::new().run("explain 'filter levelname = \"ERROR\" | stats count(*) by name'").all(), @r#"
    query:
      filter levelname = "ERROR"
      | stats count(*) by name

    plan:
      read     levelname, name
      filter   levelname = "ERROR"
      stats    `count(*)` = count() by name
      columns  name, `count(*)`

    optimized:
      read     levelname, name
      filter   levelname = "ERROR"
      stats    `count(*)` = count() by name
      columns  name, `count(*)`

    lines must hold:
      the string "levelname" and the string "ERROR"

    runs:
      each row of a block:
        filter
      each block, then merged in order:
        stats
      once, at the end:

    fields read:
      levelname, name

    columns:
      name, count(*)

    on the service:
      runs there as it is

    where:
      all of it runs here; CloudWatch Logs is asked for events that match
      ?"ERROR" ?u00
    --- exit 0
    "#);
    let ended = Logq::new().run("explain batch-failures -o json");
    let document: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert!(document["optimized"].is_string());
}

#[test]
fn more_v_say_more() {
    let said = |flags: &str| logs().run(&format!("{QUERY} -o csv {flags}")).err;
    insta::assert_snapshot!(said("-v --threads 2"), @r#"
    logq: no configuration file: defaults
    logq: times are in Asia/Tokyo
    logq: reading app.log
    logq: window: until 2026-11-23 13:04:05 JST
    logq: 2 threads at work
    logq: 2 rows; until 2026-11-23 13:04:05 JST
    logq: 1 file, 326 bytes read
    "#);
    let [one, two, three] = ["-v", "-vv", "-vvv"].map(|flags| said(flags).lines().count());
    assert!(one < two && two < three, "{one} {two} {three}");
    assert!(said("-vv").contains("app.log: "), "{}", said("-vv"));
    assert_eq!(said("-q -vvv"), "");
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let one = logs().run(&format!("{QUERY} -o json --threads 1")).out;
    let four = logs().run(&format!("{QUERY} -o json --threads 4")).out;
    assert_eq!(one, four);
}

#[test]
fn a_misspelt_field_is_named_when_nothing_is_found() {
    let said = "`levelnmae` was never seen in 3 records; did you mean `levelname`?";
    for asked in [
        "query 'filter levelnmae = \"ERROR\"'",
        "filter '{ $.levelnmae = \"ERROR\" }'",
    ] {
        let ended = logs().run(&format!("{asked} --source app.log"));
        assert_eq!(ended.code, 0);
        assert!(ended.err.contains(said), "{}", ended.err);
    }
    let right = logs().run("query 'filter levelname = \"NONE\"' --source app.log");
    assert!(!right.err.contains("never seen"), "{}", right.err);
    let quiet = logs().run("query -q 'filter levelnmae = \"ERROR\"' --source app.log");
    assert_eq!(quiet.err, "");
}

#[test]
fn a_misspelt_field_is_named_of_standard_input_too() {
    let line = "{\"created\":1795402800,\"levelname\":\"INFO\",\"message\":\"m\"}\n";
    let ended = Logq::new()
        .piped(line)
        .run("query 'filter levelnmae = \"ERROR\"'");
    let said = "`levelnmae` was never seen in 1 record; did you mean `levelname`?";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[test]
fn a_misspelt_stage_is_named_when_nothing_is_found() {
    for asked in ["query 'limit 1'", "batch-runs", "filter ' '", "replay"] {
        let ended = runs().run(&format!("{asked} --stage prodction --source logs -q"));
        assert_eq!(ended.code, 2, "{}", ended.err);
        assert!(
            ended
                .err
                .contains("is of the stage `prodction`; seen: `production`"),
            "{asked}: {}",
            ended.err
        );
        assert!(
            ended.err.contains("did you mean `production`?"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_stage_that_nothing_is_of_may_be_named_or_waited_for() {
    let asked = "batch-runs --stage qa --source logs -q";
    let error = "error: none of 8 events is of the stage `qa`; seen: `production`";
    let refused = runs().run(asked);
    insta::assert_snapshot!(refused.all(), @r"
    --- standard error
    error: none of 8 events is of the stage `qa`; seen: `production`
    hint: a stage that may be silent is named in logq.toml: `[stages.qa]`
    --- exit 2
    ");
    let waited = runs().run(&format!("{asked} --fail-on-empty"));
    assert_eq!((waited.code, waited.err.trim()), (3, error));
    let named = runs().file("logq.toml", "[stages.qa]\n").run(asked);
    assert_eq!((named.code, &*named.err), (0, ""), "{}", named.all());
}

#[test]
fn numbers_that_json_does_not_know_stay_the_text_of_the_record() {
    let line = r#"{"created":1795402800,"a":NaN,"b":-Infinity,"c":2}"#;
    let asked = "query 'fields a, b, c, a * 2 as d, c / 0 as e' --source app.log -o";
    let logs = Logq::new().file("app.log", format!("{line}\n"));
    let one = logs.run(&format!("{asked} ndjson")).out;
    assert_eq!(one, "{\"a\":\"NaN\",\"b\":\"-Infinity\",\"c\":2}\n");
    let all = logs.run(&format!("{asked} json")).out;
    let document: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    let row = serde_json::json!({"a": "NaN", "b": "-Infinity", "c": 2, "d": null, "e": null});
    assert_eq!(document["rows"][0], row);
}

#[test]
fn columns_of_a_csv_file_are_brought_in() {
    let logs = logs().file(
        "teams.csv",
        "logger,team\nbilling,Money\nbooking.sync,Trips\n",
    );
    let query = "query 'lookup teams logger as name OUTPUT team | stats count(*) as n by team | sort team' \
                 --source app.log -o csv";
    insta::assert_snapshot!(logs.run(&format!("{query} --table teams=teams.csv")).all(), @r"
    team,n
    Money,1
    Trips,2
    --- exit 0
    ");
    insta::assert_snapshot!(logs.run(&format!("{query} --table team=teams.csv")).all(), @r"
    --- standard error
    error: there is no table `teams`
     --> <query>:1:8
      |
    1 | lookup teams logger as name OUTPUT team | stats count(*) as n by team | sort team
      |        ^^^^^ not there
    hint: did you mean `team`?
    --- exit 2
    ");
    insta::assert_snapshot!(logs.run(&format!("{query} --table teams")).all(), @r"
    --- standard error
    error: `--table teams` names no file
    hint: write a name and a CSV file: --table users=users.csv
    --- exit 2
    ");
    insta::assert_snapshot!(logs.run(&format!("{query} --table teams=app.txt")).all(), @r"
    --- standard error
    error: the table `teams` in app.txt cannot be read: No such file or directory (os error 2)
    hint: it is a CSV file with the names of its columns in the first row
    --- exit 2
    ");
}

#[test]
fn a_query_inside_reads_the_same_events() {
    let query = "query 'filter name in (filter levelname = \"ERROR\" | stats count(*) as n by name | display name) \
                 | stats count(*) as n by name | sort n desc' --source app.log -o csv";
    insta::assert_snapshot!(logs().run(query).all(), @r"
    name,n
    booking.sync,2
    billing,1
    --- exit 0
    ");
}

#[test]
fn patterns_are_compared_with_the_time_before() {
    let line = |minute: u32, message: &str| {
        format!(
            "{{\"created\":{},\"message\":\"{message}\"}}\n",
            1_795_406_400 + 60 * minute
        )
    };
    let lines = [
        line(10, "took 12 ms"),
        line(20, "cache cleared"),
        line(40, "took 15 ms"),
        line(50, "took 18 ms"),
        line(55, "Error in unit 7"),
    ];
    let logs = Logq::new().file("app.log", lines.concat());
    let query = "query 'pattern message | diff' --source app.log -o csv -q";
    let window = "--since '2026-11-23 13:30' --until '2026-11-23 14:00' --now '2026-11-23 14:00'";
    insta::assert_snapshot!(logs.run(&format!("{query} {window}")).all(), @r"
    @pattern,@sampleCount,@previousCount,@difference,@ratio,@severityLabel,@approximate
    took <Number-1> ms,2,1,1,0.6667,INFO,1
    Error in unit <Number-1>,1,0,1,0.3333,ERROR,1
    cache cleared,0,1,-1,0,INFO,1
    --- exit 0
    ");
    insta::assert_snapshot!(logs.run(query).all(), @r"
    --- standard error
    error: `diff` compares a window with the time before it, and there is no window
     --> <query>:1:19
      |
    1 | pattern message | diff
      |                   ^^^^
    hint: say since when: `--since 1d`
    --- exit 2
    ");
}

#[test]
fn what_becomes_too_much_ends_with_a_reason() {
    let digits = "1".repeat(10_001);
    let logs = Logq::new().file("app.log", format!("{digits}\n"));
    let query = "query 'parse @message /(?<d>.)/ multi | stats count(*)' --source app.log";
    insta::assert_snapshot!(logs.run(query).all(), @r"
    --- standard error
    error: one event became more than 10000 rows
    hint: take a smaller part of the event apart
    --- exit 1
    ");
}
