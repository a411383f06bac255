//! What was read from CloudWatch Logs once is not asked for again; what is pulled is a source.

use std::path::{Path, PathBuf};

use crate::aws_simulated::{Account, WINDOW, lines};

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

#[test]
fn what_is_pulled_is_a_source() {
    let account = account();
    let logq = account.project("");
    let pulled = logq.run(&format!("pull copy -t webapp -t batch {WINDOW}"));
    assert_eq!(pulled.code, 0, "{}", pulled.err);
    let read = logq.run("filter '\"\"' --source copy -o raw");
    assert!(lines(&read) == account.expected(""));
    let again = logq.run(&format!("pull copy -t webapp -t batch {WINDOW}"));
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("is there already"), "{}", again.err);
}
