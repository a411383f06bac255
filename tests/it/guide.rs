//! Help, topics, completions and manual pages.

use crate::logq::Logq;

#[test]
fn short_help_fits_a_screen() {
    let ended = Logq::new().run("-h");
    assert!(ended.out.lines().count() <= 45, "{}", ended.out);
    insta::assert_snapshot!(ended.all(), @r#"
    Ask the logs of a Django application on ECS what happened

    Usage: logq NAME [PARAM=VALUE ...] [FLAGS]     run a saved query
           logq COMMAND [ARGUMENTS] [FLAGS]

    Commands:
      run              Run a saved query, whatever its name
      query            Run a query in the Logs Insights language
      filter           Print the events that match a filter pattern
      tail             Follow the logs: print the events that match as they come
      show             Show one run: what it was, how it ended, its lines
      queries          List, show and check the saved queries
      replay           Tell which alerts these logs would have sent
      silence          Keep a batch, a saved query or a stage from alerting for a while
      pull             Copy a window of CloudWatch Logs into a folder, to be read with --source
      cache            Show or clear what is kept of CloudWatch Logs
      init             Write a logq.toml to begin with, from the log groups that there are
      doctor           Tell what is set up well, what is not, and what mends it
      demo             Make a day of realistic logs and run everything on it
      explain          Explain how a query is read, planned and run
      completions      Print a script that completes commands, saved queries, parameters and stages
      man              Write the manual pages into a folder
      help             Explain a command or a topic such as time, output, exit-codes

    Saved queries (`logq queries` says more):
      batch-errors  batch-failures  batch-runs  crashes  errors  http-5xx
      log-volume  migrations  new-errors  oom  slow-requests  task-failures

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Time (see `logq help time`):
          --since <TIME>  Begin here: `15m`, `2h`, `1d`, `yesterday`, `09:00`, `2026-11-23`
          --until <TIME>  End before here

    What to read:
      -s, --stage <STAGE>        Read only this stage, such as `production` [env: LOGQ_STAGE]
      -t, --target <TARGET>      Read only this service, such as `batch`; repeatable [env: LOGQ_TARGET]
          --source <PATH|-|aws>  Read this file or folder; repeatable [env: LOGQ_SOURCE]

    Output (see `logq help output`):
      -o, --output <FORMAT>  Print `table`, `json`, `ndjson`, `csv` or `raw` [env: LOGQ_OUTPUT]
          --limit <N>        Print at most so many rows, 0 for all; default: 10000
    --- exit 0
    "#);
}

#[test]
fn long_help_begins_with_examples() {
    for command in [
        "",
        "query",
        "filter",
        "tail",
        "show",
        "run",
        "explain",
        "queries",
        "batch-failures",
        "init",
        "doctor",
    ] {
        let ended = Logq::new().run(&format!("{command} --help"));
        assert_eq!(ended.code, 0);
        assert!(
            ended.out.starts_with("Examples:\n"),
            "{command}: {}",
            ended.out
        );
    }
}

#[test]
fn a_saved_query_explains_its_parameters() {
    insta::assert_snapshot!(Logq::new().run("batch-runs -h").all(), @r#"
    Batch runs

    Usage: logq batch-runs [OPTIONS] [PARAM=VALUE]...

    Arguments:
      [PARAM=VALUE]...  Set a parameter of the query

    Options:
      -h, --help  Print help (see more with '--help')

    Time (see `logq help time`):
          --since <TIME>  Begin here: `15m`, `2h`, `1d`, `yesterday`, `09:00`, `2026-11-23`
          --until <TIME>  End before here

    What to read:
      -s, --stage <STAGE>        Read only this stage, such as `production` [env: LOGQ_STAGE]
      -t, --target <TARGET>      Read only this service, such as `batch`; repeatable [env: LOGQ_TARGET]
          --source <PATH|-|aws>  Read this file or folder; repeatable [env: LOGQ_SOURCE]

    Output (see `logq help output`):
      -o, --output <FORMAT>  Print `table`, `json`, `ndjson`, `csv` or `raw` [env: LOGQ_OUTPUT]
          --limit <N>        Print at most so many rows, 0 for all; default: 10000

    Parameters:
      batch        only this batch, such as sync_* [default: *]
      outcome      only runs that ended so: succeeded, failed, errored, running or unknown [default: *]

    Reads runs of batch, tasks. See the query itself with `logq queries show batch-runs`.
    --- exit 0
    "#);
}

#[test]
fn every_topic_has_a_text() {
    for topic in [
        "time",
        "output",
        "exit-codes",
        "query",
        "filter-pattern",
        "environment",
    ] {
        let ended = Logq::new().run(&format!("help {topic}"));
        assert_eq!(ended.code, 0);
        assert!(ended.out.lines().count() > 10, "{topic}");
    }
}

#[test]
fn help_of_a_command_is_its_long_page() {
    let logq = Logq::new();
    assert_eq!(logq.run("help show").out, logq.run("show --help").out);
    assert_eq!(
        logq.run("help queries check").out,
        logq.run("queries check --help").out
    );
    insta::assert_snapshot!(logq.run("help queries chekc").all(), @r#"
    --- standard error
    error: `queries` has no action `chekc`
    hint: did you mean `check`?
    --- exit 2
    "#);
}

#[test]
fn every_shell_gets_a_script_that_asks_the_program() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = Logq::new().run(&format!("completions {shell}"));
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("LOGQ_COMPLETE"), "{shell}");
    }
}

#[track_caller]
fn completed(words: &str) -> Vec<String> {
    let config = "[stages.production]\nregion = \"ap-northeast-1\"\n[stages.rehearsal]\n";
    let query = "title = \"Mine\"\nquery = \"limit 1\"\n";
    let index = words.split(' ').count();
    let logq = Logq::new()
        .file("logq.toml", config)
        .file("queries/mine-alone.toml", query)
        .variable("LOGQ_COMPLETE", "bash")
        .variable("_CLAP_IFS", "\n")
        .variable("_CLAP_COMPLETE_INDEX", &index.to_string());
    let mut arguments = vec!["--".to_owned(), "logq".to_owned()];
    arguments.extend(words.split(' ').map(str::to_owned));
    let output = logq
        .command()
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn names_of_the_project_are_completed() {
    assert_eq!(completed("mine"), ["mine-alone"]);
    assert_eq!(completed("batch-f"), ["batch-failures"]);
    assert_eq!(completed("errors --stage r"), ["rehearsal"]);
    assert_eq!(completed("errors -t wo"), ["worker"]);
    assert_eq!(completed("batch-runs ba"), ["batch="]);
    assert_eq!(completed("run mine"), ["mine-alone"]);
    assert_eq!(completed("queries show mine"), ["mine-alone"]);
    assert_eq!(completed("explain batch-f"), ["batch-failures"]);
    assert_eq!(completed("replay --rule batch-f"), ["batch-failures"]);
    assert_eq!(completed("replay --rule mine"), Vec::<String>::new());
    assert_eq!(completed("help exit"), ["exit-codes"]);
    assert_eq!(completed("help mine"), ["mine-alone"]);
}

#[test]
fn manual_pages_are_written() {
    let logq = Logq::new();
    let ended = logq.run("man pages");
    assert_eq!(ended.code, 0, "{}", ended.err);
    let read = |page: &str| {
        std::fs::read_to_string(logq.path().join("pages").join(page)).expect("the page is there")
    };
    for page in ["logq.1", "logq-query.1", "logq-batch-failures.1"] {
        assert!(read(page).starts_with(".ie"), "{page}");
    }
    let written = std::fs::read_dir(logq.path().join("pages")).expect("the folder is there");
    assert_eq!(
        ended.out,
        format!("{} pages written to pages\n", written.count())
    );
    // Every flag and parameter is described.
    let page = read("logq-batch-runs.1");
    assert!(page.contains("only this batch, such as sync_*"), "{page}");
    assert!(page.contains("Use this AWS profile"), "{page}");
}

#[test]
fn a_title_alone_is_a_description() {
    let logq = Logq::new().file("logq.toml", "").file(
        "queries/mine.toml",
        "title = \"Mine\"\nquery = \"limit 1\"\n",
    );
    let page = logq.run("mine --help").out;
    assert!(page.contains("-o json\n\nMine\n\nUsage"), "{page}");
}

#[test]
fn long_help_of_a_saved_query_has_its_parameters_at_their_argument() {
    let page = Logq::new().run("batch-runs --help").out;
    let arguments = &page[page.find("Arguments:").expect("there are some")..];
    assert!(
        arguments.starts_with(
            "Arguments:\n  [PARAM=VALUE]...\n          Set a parameter of the query:\n          \n          \
             batch        only this batch, such as sync_* [default: *]\n"
        ),
        "{arguments}"
    );
}

#[test]
fn the_version_is_that_of_the_package() {
    let ended = Logq::new().run("--version");
    assert_eq!(
        ended.out.trim_end(),
        format!("logq {}", env!("CARGO_PKG_VERSION"))
    );
}
