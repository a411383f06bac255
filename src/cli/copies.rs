//! The copies that `logq pull` makes: what they are called, and what of a window is not copied yet.
//!
//! ```text
//! FOLDER/ecs/production-batch/2026-11-20T000000Z_2026-11-21T000000Z.ap-northeast-1.ndjson.zst
//! ```
//!
//! A copy has all events of a log group in a stretch of time, or those that fit a question, which its name tells
//! apart. No two copies of a group overlap, so that a folder of them holds each event once, however often it is pulled
//! into. The stretch of an open copy may still grow: it is copied again, and the new one takes its place.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::time::Timestamp;

const EXTENSION: &str = "ndjson.zst";
const OPEN: &str = "open";
/// A copy is for a day at most, so that little is lost when copying ends early.
const LONGEST: i64 = 86_400_000;

/// The copies of one log group, for one question.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    folder: PathBuf,
    /// What stands in the names behind the time: the region, and what tells the question apart.
    kind: String,
    region: String,
}

/// What is to be done for a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// What is to be copied.
    pub(super) missing: Vec<Missing>,
    /// Open copies of what is there in another one as well.
    pub(super) stale: Vec<PathBuf>,
}

/// A stretch to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) stretch: (i64, i64),
    /// Open copies that are of no use once that is done.
    pub(super) replaces: Vec<PathBuf>,
}

/// A copy that is there.
struct Copied {
    start: i64,
    end: i64,
    kind: String,
    is_open: bool,
    path: PathBuf,
}

impl Copies {
    /// Finds the place of a group's copies; `question` are the pattern and whatever else leaves events out.
    pub(super) fn of(folder: &Path, region: &str, group: &str, question: &[&str]) -> Self {
        let mut kind = region.to_owned();
        if !question.is_empty() {
            let mut hash = Sha256::new();
            for part in question {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            kind.push('.');
            for byte in &hash.finalize()[..4] {
                // A String takes all text.
                let _ = write!(kind, "{byte:02x}");
            }
        }
        Self {
            folder: folder.join(below(group)),
            kind,
            region: region.to_owned(),
        }
    }

    /// Returns what to copy of a window, of which nothing before `closed` can change any more.
    ///
    /// Fails with a copy for another question that the window overlaps: both would hold the same events.
    pub(super) fn plan(&self, (start, end): (i64, i64), closed: i64) -> Result<Plan, PathBuf> {
        let (mut start, mut end) = (start, end);
        let mut replaced = Vec::new();
        let mut whole = Vec::new();
        for copied in self.copied() {
            let overlaps = copied.start < end && copied.end > start;
            if overlaps && copied.kind != self.kind {
                return Err(copied.path);
            }
            match copied.kind == self.kind {
                true if overlaps && copied.is_open => {
                    start = start.min(copied.start);
                    end = end.max(copied.end);
                    replaced.push(copied);
                }
                true if !copied.is_open => whole.push((copied.start, copied.end)),
                _ => {}
            }
        }
        whole.sort_unstable();
        let (mut missing, mut stale) = (Vec::new(), Vec::new());
        let mut at = start;
        for (from, to) in whole
            .into_iter()
            .filter(|(from, to)| *from < end && *to > start)
        {
            add(&mut missing, at, from, closed);
            at = at.max(to);
        }
        add(&mut missing, at, end, closed);
        for copied in replaced {
            // What is left of a copy is missing as long as the rest is not copied, and nothing is there twice.
            let overlaps =
                |one: &&mut Missing| one.stretch.0 < copied.end && one.stretch.1 > copied.start;
            match missing.iter_mut().find(overlaps) {
                Some(first) => first.replaces.push(copied.path),
                None => stale.push(copied.path),
            }
        }
        Ok(Plan { missing, stale })
    }

    /// Returns the path of the copy of a stretch.
    pub(super) fn path(&self, (start, end): (i64, i64), closed: i64) -> PathBuf {
        let open = if end > closed { "open." } else { "" };
        let (start, end, kind) = (spelled(start), spelled(end), &self.kind);
        self.folder
            .join(format!("{start}_{end}.{kind}.{open}{EXTENSION}"))
    }

    fn copied(&self) -> Vec<Copied> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut found: Vec<Copied> = paths.filter_map(|path| Copied::of(&path)).collect();
        found.retain(|copied| self.is_of_region(&copied.kind));
        found.sort_by_key(|copied| copied.start);
        found
    }

    fn is_of_region(&self, kind: &str) -> bool {
        kind.split('.').next() == Some(&self.region)
    }
}

impl Copied {
    /// Reads the name of a copy.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let rest = name.strip_suffix(EXTENSION)?.strip_suffix('.')?;
        let (stretch, kind) = rest.split_once('Z').and_then(|(start, rest)| {
            let (end, kind) = rest.strip_prefix('_')?.split_once("Z.")?;
            Some(((instant(start)?, instant(end)?), kind))
        })?;
        let open = kind
            .strip_suffix(OPEN)
            .and_then(|kind| kind.strip_suffix('.'));
        Some(Self {
            start: stretch.0,
            end: stretch.1,
            kind: open.unwrap_or(kind).to_owned(),
            is_open: open.is_some(),
            path: path.to_owned(),
        })
    }
}

/// Adds a stretch, cut at midnights and where it can still change.
fn add(missing: &mut Vec<Missing>, start: i64, end: i64, closed: i64) {
    let mut at = start;
    while at < end {
        let midnight = (at.div_euclid(LONGEST) + 1) * LONGEST;
        let mut to = end.min(midnight);
        if at < closed {
            to = to.min(closed);
        }
        missing.push(Missing {
            stretch: (at, to),
            replaces: Vec::new(),
        });
        at = to;
    }
}

/// Spells an instant for a file's name: `2026-11-20T000000.000Z`.
fn spelled(at: i64) -> String {
    Timestamp(at).to_string().replace(':', "")
}

/// Reads what [`spelled`] wrote, without the `Z`.
fn instant(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let (hour, rest) = time.split_at_checked(2)?;
    let (minute, second) = rest.split_at_checked(2)?;
    let at: jiff::Timestamp = format!("{date}T{hour}:{minute}:{second}Z").parse().ok()?;
    Some(at.as_millisecond())
}

/// Returns the path of a group below a folder, spelled so that a source of files finds the name in it again, and no
/// name leads out of the folder.
fn below(group: &str) -> PathBuf {
    let Some(name) = group.strip_prefix('/') else {
        return PathBuf::from(group.replace('/', "%2F").replace('.', "%2E"));
    };
    let part = |part: &str| match part {
        "" => "%2F".to_owned(),
        part if part.starts_with('.') => part.replacen('.', "%2E", 1),
        part => part.to_owned(),
    };
    if !name.contains('/') {
        // A group may have the same name without the slash.
        return PathBuf::from(format!("%2F{name}"));
    }
    name.split('/').map(part).collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// 2026-11-20, midnight in UTC.
    const DAY: i64 = 1_795_132_800_000;
    const HOUR: i64 = 3_600_000;

    fn hours(missing: &[Missing]) -> Vec<(i64, i64)> {
        let hours = |at: i64| (at - DAY) / HOUR;
        let stretches = missing.iter().map(|one| one.stretch);
        stretches
            .map(|(from, to)| (hours(from), hours(to)))
            .collect()
    }

    fn window(from: i64, to: i64) -> (i64, i64) {
        (DAY + from * HOUR, DAY + to * HOUR)
    }

    fn copies(folder: &TempDir, question: &[&str]) -> Copies {
        Copies::of(
            folder.path(),
            "eu-west-1",
            "/ecs/production-batch",
            question,
        )
    }

    /// Copies a window as `pull` does; returns what it took.
    fn pull(copies: &Copies, window: (i64, i64), closed: i64) -> Vec<(i64, i64)> {
        let closed = DAY + closed * HOUR;
        let plan = copies.plan(window, closed).expect("no other question");
        fs::create_dir_all(&copies.folder).expect("made");
        for path in &plan.stale {
            fs::remove_file(path).expect("there");
        }
        for one in &plan.missing {
            let path = copies.path(one.stretch, closed);
            fs::write(&path, "").expect("written");
            for old in one.replaces.iter().filter(|old| **old != path) {
                fs::remove_file(old).expect("there");
            }
        }
        hours(&plan.missing)
    }

    #[test]
    fn only_what_is_missing_is_copied_a_day_at_a_time() {
        let folder = TempDir::new().expect("a folder");
        let copies = copies(&folder, &[]);
        assert_eq!(pull(&copies, window(6, 30), 100), [(6, 24), (24, 30)]);
        assert_eq!(
            pull(&copies, window(0, 60), 100),
            [(0, 6), (30, 48), (48, 60)]
        );
        assert_eq!(pull(&copies, window(3, 55), 100), []);
        let name = copies.path(window(0, 6), DAY + 100 * HOUR);
        assert!(name.ends_with("ecs/production-batch/2026-11-20T000000.000Z_2026-11-20T060000.000Z.eu-west-1.ndjson.zst"), "{name:?}");
        assert!(name.exists());
    }

    #[test]
    fn what_can_still_change_is_copied_again() {
        let folder = TempDir::new().expect("a folder");
        let copies = copies(&folder, &[]);
        assert_eq!(pull(&copies, window(0, 10), 8), [(0, 8), (8, 10)]);
        // It begins within the open copy, all of which is replaced.
        assert_eq!(pull(&copies, window(9, 12), 11), [(8, 11), (11, 12)]);
        assert_eq!(pull(&copies, window(0, 12), 20), [(11, 12)]);
        assert_eq!(pull(&copies, window(0, 12), 20), []);
        let names = fs::read_dir(&copies.folder).expect("there").count();
        assert_eq!(names, 3);
        // As when it ended between the new copy and the removal of the old one.
        fs::write(copies.path(window(9, 12), DAY), "").expect("written");
        let plan = copies.plan(window(0, 10), DAY + 20 * HOUR).expect("fine");
        assert!(plan.missing.is_empty() && plan.stale.len() == 1);
    }

    #[test]
    fn another_question_may_not_overlap() {
        let folder = TempDir::new().expect("a folder");
        pull(&copies(&folder, &[]), window(0, 10), 100);
        let errors = copies(&folder, &["ERROR"]);
        assert!(errors.plan(window(9, 12), DAY + 100 * HOUR).is_err());
        assert_eq!(pull(&errors, window(10, 12), 100), [(10, 12)]);
        let elsewhere = Copies::of(folder.path(), "us-east-1", "/ecs/production-batch", &[]);
        assert_eq!(pull(&elsewhere, window(0, 12), 100), [(0, 12)]);
    }

    #[test]
    fn no_name_of_a_group_leads_out_of_the_folder() {
        assert_eq!(below("/ecs/a"), Path::new("ecs/a"));
        assert_eq!(below("/../x//y"), Path::new("%2E./x/%2F/y"));
        assert_eq!(below("../x"), Path::new("%2E%2E%2Fx"));
        assert_eq!(below("ecs/a"), Path::new("ecs%2Fa"));
        assert_eq!(below("/.."), Path::new("%2F.."));
    }

    #[test]
    fn no_two_groups_have_one_place() {
        let names = [
            "a", "/a", "//a", "/a/", "a/", "a//", "/a/b", "a/b", "/a/b/", "/.a", ".a", "/a/.b",
            "a/.b",
        ];
        let mut places: Vec<PathBuf> = names.iter().map(|name| below(name)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), names.len(), "{places:?}");
    }
}
