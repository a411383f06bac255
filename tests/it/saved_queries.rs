//! Saved queries as commands, and `logq queries check` and `show`.

use crate::logq::Logq;
use crate::query::{logs, runs};

#[test]
fn a_saved_query_is_a_command() {
    insta::assert_snapshot!(runs().run("batch-failures --source logs").all(), @r#"
    @timestamp (JST)     stage       name   cause      exit_code  duration  error.type  error.message  error.culprit                    task
    2026-11-23 12:00:00  production  batch  exception                 0 ms  KeyError    'price'        sync_rates (booking/sync.py:88)  7f3a9c0123456789abcdef0123456789
    --- standard error
    logq: 1 row; until 2026-11-23 13:04:05 JST
    --- exit 0
    "#);
    let run = runs().run("run batch-failures --source logs");
    assert_eq!(run.out, runs().run("batch-failures --source logs").out);
}

#[test]
fn a_saved_query_of_the_project_is_a_command_too() {
    let logq = logs()
        .file("logq.toml", "")
        .file("queries/slow.toml", "title = \"Slow\"\nquery = 'filter duration_ms > ${over} | display name'\n[params.over]\ndescription = \"milliseconds\"\ndefault = 1000\n");
    insta::assert_snapshot!(logq.run("slow --source app.log -o csv").all(), @r#"
    name
    booking.sync
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("slow over=1 --source app.log -o csv").all(), @r#"
    name
    booking.sync
    booking.sync
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("slow over=x --source app.log").all(), @r#"
    --- standard error
    error: `over=x`: it should be a number such as `10` or `0.5`
    --- exit 2
    "#);
}

#[test]
fn a_saved_query_with_a_mistake_is_shown() {
    let logq = logs()
        .file("logq.toml", "")
        .file("queries/slow.toml", "titel = \"Slow\"\nquery = 'limit 1'\n");
    insta::assert_snapshot!(logq.run("slow").all(), @r#"
    --- standard error
    error: unknown key `titel` in a saved query
     --> [folder]/queries/slow.toml:1:1
      |
    1 | titel = "Slow"
      | ^^^^^
    hint: did you mean `title`?
    error: `title` is missing
     --> [folder]/queries/slow.toml:1:1
      |
    1 | titel = "Slow"
      | ^
    --- exit 2
    "#);
}

#[test]
fn the_saved_queries_that_ship_pass_their_tests() {
    let ended = Logq::new().run("queries check");
    assert!(ended.out.ends_with("0 failed\n"), "{}", ended.out);
    assert_eq!(ended.code, 0);
}

#[test]
fn a_test_that_fails_says_where() {
    let logq = Logq::new().file("logq.toml", "").file(
        "queries/mine.toml",
        "title = \"Mine\"\nquery = 'filter level = 3'\n\n[[tests]]\nname = \"three\"\nevents = ['{\"level\": 2}']\nrows = 1\n",
    );
    insta::assert_snapshot!(logq.run("queries check mine").all(), @r#"
    [folder]/queries/mine.toml:4: three: expected 1 row, found 0
    0 tests passed, 1 failed
    --- exit 1
    "#);
}

#[test]
fn a_group_that_nobody_has_is_a_mistake() {
    let query = |groups: &str| format!("title = \"Mine\"\ngroups = {groups}\nquery = 'limit 1'\n");
    let logq = Logq::new()
        .file("logq.toml", "[groups]\nbeat = \"/ecs/{stage}-beat\"\n")
        .file("queries/mine.toml", query("[\"beat\", \"btch\"]"))
        .file("queries/other.toml", query("[\"nothing\"]"));
    insta::assert_snapshot!(logq.run("queries check mine other").all(), @r#"
    error: there is no log group `btch`
     --> [folder]/queries/mine.toml:2:19
      |
    2 | groups = ["beat", "btch"]
      |                   ^^^^^^
    hint: did you mean `batch`?
    error: there is no log group `nothing`
     --> [folder]/queries/other.toml:2:11
      |
    2 | groups = ["nothing"]
      |           ^^^^^^^^^
    hint: the groups are `batch`, `beat`, `tasks`, `webapp`, `worker`; `[groups]` of logq.toml adds more
    0 tests passed, 0 failed; 2 files cannot be used
    --- exit 1
    "#);
}

#[test]
fn a_file_that_cannot_be_used_is_no_test() {
    let logq = Logq::new().file("logq.toml", "").file(
        "queries/mine.toml",
        "title = \"Mine\"\nquery = \"filtr x\"\n",
    );
    insta::assert_snapshot!(logq.run("queries check mine").all(), @r#"
    error: unknown command `filtr`
     --> [folder]/queries/mine.toml:2:10
      |
    2 | query = "filtr x"
      |          ^^^^^ not a command
    hint: did you mean `filter`?
    0 tests passed, 0 failed; 1 file cannot be used
    --- exit 1
    "#);
}

#[test]
fn a_mistake_is_shown_where_it_stands_in_the_file() {
    let file = "title = \"Mine\"\nfilter = '{ $.level = }'\nquery = \"limit ${n} | filtr x\"\n[params.n]\ndefault = 100\n";
    let logq = logs().file("logq.toml", "").file("queries/mine.toml", file);
    insta::assert_snapshot!(logq.run("mine --source app.log").all(), @r#"
    --- standard error
    error: the comparison has no value
     --> [folder]/queries/mine.toml:2:22
      |
    2 | filter = '{ $.level = }'
      |                      ^ a value expected here
    hint: write a value such as `ERROR`, `"two words"` or `404`
    --- exit 2
    "#);
    let logq = logs().file("logq.toml", "").file(
        "queries/mine.toml",
        file.replace("'{ $.level = }'", "'{ $.level = 1 }'"),
    );
    insta::assert_snapshot!(logq.run("mine --source app.log").all(), @r#"
    --- standard error
    error: unknown command `filtr`
     --> [folder]/queries/mine.toml:3:23
      |
    3 | query = "limit ${n} | filtr x"
      |                       ^^^^^ not a command
    hint: did you mean `filter`?
    --- exit 2
    "#);
    // A text with escapes stands in the file in another form, so it is shown as it is read.
    let escaped = "title = \"Mine\"\nquery = \"filter a = \\\"b\\\" | filtr x\"\n";
    let logq = logs()
        .file("logq.toml", "")
        .file("queries/mine.toml", escaped);
    insta::assert_snapshot!(logq.run("mine --source app.log").all(), @r#"
    --- standard error
    error: unknown command `filtr`
     --> [folder]/queries/mine.toml:2:18
      |
    2 | filter a = "b" | filtr x
      |                  ^^^^^ not a command
    hint: did you mean `filter`?
    --- exit 2
    "#);
}

#[test]
fn a_saved_query_can_be_read() {
    let ended = Logq::new().run("queries show batch-failures");
    assert!(ended.out.starts_with("title = "), "{}", ended.out);
    let list = Logq::new().run("queries list -o csv").out;
    assert!(
        list.lines()
            .any(|line| line.starts_with("batch-failures,runs,")),
        "{list}"
    );
}
