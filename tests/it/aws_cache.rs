//! What was read from CloudWatch Logs once is not asked for again, whatever happens to the cache meanwhile.

use std::path::{Path, PathBuf};

use crate::aws_simulated::{Account, WINDOW, lines};
use crate::logq::Logq;
#[cfg(unix)]
use {crate::aws_simulated::wait_for, std::process::Stdio};

fn account() -> Account {
    let account = Account::with(&[("webapp", 3000), ("batch", 2000)]);
    account
        .simulator
        .behave(|behaviour| behaviour.page.events = 300);
    account
}

fn command(pattern: &str) -> String {
    format!("filter '{pattern}' -t webapp -t batch -o raw {WINDOW}")
}

/// Returns the files of a cache.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("readable").path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_closed_window_is_read_once() {
    let account = account();
    let logq = account.project("");
    let first = logq.run(&command("\"\""));
    assert_eq!(first.code, 0, "{}", first.err);
    let calls = account.calls();
    let second = logq.run(&command("\"\""));
    assert_eq!(second.out, first.out);
    assert_eq!(account.calls(), calls);
    assert!(lines(&first) == account.expected(""));
    // Another pattern is another question, and a part of the window the same.
    logq.run(&command("ERROR"));
    assert!(account.calls() > calls);
    let calls = account.calls();
    let part = logq
        .run("filter '\"\"' -t batch -o raw --since 2026-11-19T05:00Z --until 2026-11-19T06:00Z");
    assert!(!part.out.is_empty());
    assert_eq!(account.calls(), calls);
    let info = logq.run("cache").out;
    assert!(info.starts_with("[folder]/.cache/logq: "), "{info}");
    let held = logq.run("cache").out;
    let preview = logq.run("cache clear --dry-run");
    assert!(preview.err.contains("would be removed"), "{}", preview.err);
    assert_eq!(logq.run("cache").out, held);
    assert_eq!(logq.run("cache clear").code, 0);
    logq.run(&command("\"\""));
    assert!(account.calls() > calls);
}

#[test]
fn without_the_cache_everything_is_asked_for_again() {
    let account = account();
    let logq = account.project("");
    logq.run(&command("\"\""));
    let calls = account.calls();
    logq.run(&(command("\"\"") + " --no-cache"));
    assert!(account.calls() > calls);
}

#[test]
fn two_at_once_and_damaged_files_change_no_answer() {
    let account = account();
    let logq = account.project("");
    let expected = account.expected("");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| logq.run(&command("\"\""))))
            .collect();
        for run in runs {
            assert!(lines(&run.join().expect("no panic")) == expected);
        }
    });
    let kept = files(&logq.path().join(".cache"));
    assert!(!kept.is_empty());
    for (at, file) in kept.iter().enumerate() {
        match at % 3 {
            0 => std::fs::write(file, b"").expect("written"),
            1 => std::fs::write(file, b"half a frame").expect("written"),
            _ => {}
        }
    }
    let again = logq.run(&command("\"\""));
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(lines(&again) == expected);
}

#[test]
fn a_cache_that_cannot_be_written_is_worth_a_remark() {
    let account = account();
    // A file stands where the folder would be.
    let logq = account.project("").file(".cache", "");
    let ended = logq.run(&command("\"\""));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(lines(&ended) == account.expected(""));
    assert!(
        ended.err.contains("is not kept in the cache"),
        "{}",
        ended.err
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_costs_the_cache_and_nothing_else() {
    let account = account();
    let logq = account.project("");
    // No file may be longer than the smallest there is, as if there were no room for it.
    let limited = format!(
        "ulimit -f 1; trap '' XFSZ; exec '{}' {}",
        env!("CARGO_BIN_EXE_logq"),
        command("\"\"")
    );
    let ended = logq.run_shell(&limited);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(lines(&ended) == account.expected(""));
    assert!(
        ended.err.contains("is not kept in the cache"),
        "{}",
        ended.err
    );
    // Nothing is left behind that is half written.
    let kept = files(&logq.path().join(".cache"));
    assert!(
        kept.iter()
            .all(|file| file.extension().is_some_and(|end| end == "zst")),
        "{kept:?}"
    );
    // With room again, the same folder serves.
    assert!(lines(&logq.run(&command("\"\""))) == account.expected(""));
    let calls = account.calls();
    assert!(lines(&logq.run(&command("\"\""))) == account.expected(""));
    assert_eq!(account.calls(), calls);
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_leaves_a_cache_that_is_right() {
    let account = account();
    let logq = account.project("");
    let folder = logq.path().join(".cache");
    let expected = account.expected("");
    account
        .simulator
        .behave(|behaviour| behaviour.jitter_ms = 40);
    for killed in 1..6 {
        let mut child = logq
            .command()
            .args(["filter", "\"\"", "-t", "webapp", "-t", "batch", "-o", "raw"])
            .args([
                "--since",
                "2026-11-19T00:00Z",
                "--until",
                "2026-11-20T00:00Z",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        // Each time a little later: while files are written, since that is all it does by then.
        wait_for("files are kept", || {
            files(&folder).len() >= 2 * killed || child.try_wait().expect("asked").is_some()
        });
        let _ = child.kill();
        child.wait().expect("it ends");
    }
    // A file that was being written: nobody takes it for one of the cache.
    let some = files(&folder).into_iter().next().expect("a file");
    std::fs::write(some.with_file_name(".new-1-1"), b"half").expect("written");
    let calls = account.calls();
    for _ in 0..2 {
        let ended = logq.run(&command("\"\""));
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(lines(&ended) == expected);
    }
    let fetched = account.calls() - calls;
    account.simulator.forget();
    assert!(lines(&logq.run(&command("\"\""))) == expected);
    assert_eq!(account.calls(), 0, "after {fetched} calls all is there");
}

#[test]
fn what_the_cache_holds_is_told_to_programs_too() {
    let logq = Logq::new().file("logq.toml", "[cloudwatch]\ncache_size = \"2 GB\"\n");
    insta::assert_snapshot!(logq.run("cache").all(), @r"
    [folder]/.cache/logq: 0 files, 0 bytes of at most 2.0 GB
    --- exit 0
    ");
    insta::assert_snapshot!(logq.run("cache -o json").all(), @r#"
    {"schema":"logq.rows.v1","query":null,"window":{"since":null,"until":null},"complete":true,"truncated":false,"rows":[
    {"folder":"[folder]/.cache/logq","files":0,"bytes":0,"most_bytes":2000000000}]}
    --- exit 0
    "#);
    insta::assert_snapshot!(logq.run("cache info -o ndjson").all(), @r#"
    {"folder":"[folder]/.cache/logq","files":0,"bytes":0,"most_bytes":2000000000}
    --- exit 0
    "#);
}
