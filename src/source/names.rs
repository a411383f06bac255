//! Group and stream out of a file's path, where its content does not say them.
//!
//! Below a folder that is read, the first part of the path is the group and the rest, without its extension, the
//! stream: `ROOT/batch/sync.jsonl` has group `batch` and stream `sync`. CloudWatch's own names begin with a slash
//! and hold more: `ROOT/ecs/production-batch/ecs/batch/ID.jsonl` has group `/ecs/production-batch` and stream
//! `ecs/batch/ID`, since groups below `ecs` have two parts and groups below `aws` three. A part may spell slashes as
//! `%2F`, so that every name has a path.

use std::path::Path;

use crate::event::Origin;

/// Names of compression and of kinds of text, which are not part of a stream's name.
const COMPRESSED: [&str; 3] = ["gz", "zst", "zstd"];
const TEXT: [&str; 7] = ["jsonl", "ndjson", "json", "log", "txt", "out", "err"];

/// Returns the origin of a file, from its path below the folder that is read; a file named alone has no group.
pub(super) fn origin(below_root: &Path) -> Origin {
    let parts: Vec<String> = below_root
        .iter()
        .map(|part| percent_decoded(&part.to_string_lossy()))
        .collect();
    let Some((file, folders)) = parts.split_last() else {
        return Origin::default();
    };
    let (group, prefix) = match folders {
        [] => (String::new(), folders),
        [first, ..] => {
            let count = group_parts(first).min(folders.len());
            let (group, prefix) = folders.split_at(count);
            let slash = if is_rooted(first) { "/" } else { "" };
            (format!("{slash}{}", group.join("/")), prefix)
        }
    };
    let mut stream = prefix.to_vec();
    stream.push(stem(file).to_owned());
    Origin::new(group, stream.join("/"))
}

fn is_rooted(first: &str) -> bool {
    matches!(first, "ecs" | "aws")
}

fn group_parts(first: &str) -> usize {
    match first {
        "ecs" => 2,
        "aws" => 3,
        _ => 1,
    }
}

/// Returns a file's name without what says its kind and compression.
fn stem(file: &str) -> &str {
    let without = |name, known: &[&str]| match str::rsplit_once(name, '.') {
        Some((stem, extension)) if known.contains(&extension) && !stem.is_empty() => stem,
        _ => name,
    };
    without(without(file, &COMPRESSED), &TEXT)
}

/// Returns whether a file found in a folder is no log, by its name: hidden, or of a kind that programs do not log.
pub(super) fn is_no_log(file: &Path) -> bool {
    const OTHERS: [&str; 29] = [
        "md", "rst", "py", "pyc", "rs", "sh", "js", "ts", "css", "html", "htm", "toml", "yml",
        "yaml", "ini", "cfg", "png", "jpg", "jpeg", "gif", "svg", "pdf", "zip", "tar", "tgz", "db",
        "sqlite3", "parquet", "so",
    ];
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || OTHERS.contains(&extension.to_ascii_lowercase().as_str())
}

fn percent_decoded(part: &str) -> String {
    let mut decoded = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.first_chunk::<2>().filter(|_| *first == b'%');
        match code.and_then(|digits| std::str::from_utf8(digits).ok()) {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                decoded.push(u8::from_str_radix(digits, 16).unwrap_or(b'%'));
                rest = &tail[2..];
            }
            _ => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, group: &str, stream: &str) {
        assert_eq!(
            origin(Path::new(path)),
            Origin::new(group, stream),
            "{path}"
        );
    }

    #[test]
    fn the_path_gives_group_and_stream() {
        check("app.log", "", "app");
        check("batch/sync-v1.jsonl", "batch", "sync-v1");
        check("batch/day/sync.jsonl.gz", "batch", "day/sync");
        check(
            "ecs/production-batch/ecs/batch/0123.jsonl.zst",
            "/ecs/production-batch",
            "ecs/batch/0123",
        );
        check(
            "aws/events/production-ecs-tasks/x.json",
            "/aws/events/production-ecs-tasks",
            "x",
        );
        check("ecs/x.json", "/ecs", "x");
        check(
            "%2Fecs%2Fproduction-batch/ecs%2Fbatch%2F0123.log",
            "/ecs/production-batch",
            "ecs/batch/0123",
        );
        check("100%/app.log.1", "100%", "app.log.1");
        check("batch/.gz", "batch", ".gz");
    }
}
