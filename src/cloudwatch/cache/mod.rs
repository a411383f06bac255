//! What was fetched and cannot change any more, kept in files: one for each piece of a group's window.
//!
//! ```text
//! FOLDER/v1/<account>/<region>/<group>/<pattern>/<start>-<end>.ndjson.zst
//! ```
//!
//! A file holds all events of its stretch of time, as lines in zstd frames, so that any part of it can be used for
//! another window. It is written beside its place and then renamed: a file that is there is whole, whoever wrote it
//! and however that ended. One that cannot be read is removed and its stretch fetched again, and so is one that an
//! event came too late for. That nothing can be written is worth a remark, and costs nothing but the next call's time.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::lines::{Packed, compress};
use super::shelf::Piece;

#[cfg(test)]
mod tests;

/// The form of the files and their names; another form has another folder.
const VERSION: &str = "v1";
const EXTENSION: &str = ".ndjson.zst";
/// What the name of a file begins with that is not whole yet.
const UNFINISHED: &str = ".new-";
/// After this time nobody is writing such a file any more.
const ABANDONED: Duration = Duration::from_hours(1);
/// How much of the size that is allowed is left after files were removed, in percent.
const LEFT: u64 = 90;

/// A folder of pieces.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    most: u64,
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// How many files there are.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

/// A file of a cache.
struct Kept {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
    is_whole: bool,
}

impl Cache {
    /// Creates a cache in a folder, which need not be there; it takes at most so many bytes.
    pub fn new(folder: impl Into<PathBuf>, most: u64) -> Self {
        Self {
            folder: folder.into(),
            most,
        }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how much there is.
    pub fn stock(&self) -> Stock {
        let mut stock = Stock::default();
        for kept in self.kept().filter(|kept| kept.is_whole) {
            stock.files += 1;
            stock.bytes += kept.bytes;
        }
        stock
    }

    /// Removes everything, and returns what that was.
    pub fn clear(&self) -> io::Result<Stock> {
        let stock = self.stock();
        match fs::remove_dir_all(self.folder.join(VERSION)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(stock),
        }
    }

    /// Removes the oldest files until the rest is as small as is allowed.
    pub(super) fn evict(&self) {
        let mut kept: Vec<Kept> = self.kept().collect();
        let now = SystemTime::now();
        let is_abandoned = |kept: &Kept| {
            let age = now.duration_since(kept.written).unwrap_or_default();
            !kept.is_whole && age > ABANDONED
        };
        for unfinished in kept.extract_if(.., |kept| is_abandoned(kept)) {
            remove(&unfinished.path);
        }
        let mut bytes: u64 = kept.iter().map(|kept| kept.bytes).sum();
        if bytes <= self.most {
            return;
        }
        kept.sort_by_key(|kept| kept.written);
        for oldest in kept.iter().filter(|kept| kept.is_whole) {
            if bytes <= self.most / 100 * LEFT {
                break;
            }
            remove(&oldest.path);
            bytes = bytes.saturating_sub(oldest.bytes);
        }
    }

    fn kept(&self) -> impl Iterator<Item = Kept> + use<> {
        let entries = WalkDir::new(self.folder.join(VERSION)).into_iter();
        entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Kept {
                is_whole: stretch(&entry.file_name().to_string_lossy()).is_some(),
                path: entry.into_path(),
                bytes: metadata.len(),
                written: metadata.modified().ok()?,
            })
        })
    }

    /// Returns the part for one question to one group.
    pub(super) fn shelf(&self, of: &Subject<'_>) -> GroupCache {
        let mut hash = Sha256::new();
        for part in [of.prefix, of.pattern] {
            hash.update(part.unwrap_or_default().as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let mut question = String::new();
        for byte in &digest[..8] {
            // A String takes all text.
            let _ = write!(question, "{byte:02x}");
        }
        let folder = [
            VERSION,
            &name(of.account),
            &name(of.region),
            &name(of.group),
            &question,
        ]
        .iter()
        .fold(self.folder.clone(), |folder, part| folder.join(part));
        GroupCache { folder }
    }
}

/// What is asked of which group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) group: &'a str,
    pub(super) prefix: Option<&'a str>,
    pub(super) pattern: Option<&'a str>,
}

/// The files for one question to one group.
#[derive(Clone, Debug)]
pub(super) struct GroupCache {
    folder: PathBuf,
}

/// A stretch of a group's window that a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// Which group it is of.
    pub(super) lane: usize,
    pub(super) start: i64,
    pub(super) end: i64,
    path: Arc<Path>,
}

impl GroupCache {
    /// Splits a window into what is kept, and what has to be fetched.
    pub(super) fn find(&self, lane: usize, start: i64, end: i64) -> (Vec<Stored>, Vec<(i64, i64)>) {
        let mut files = self.files();
        files.retain(|(from, to, _)| *from < end && *to > start);
        // Of those that begin at one instant the longest counts.
        files.sort_by_key(|(from, to, _)| (*from, -*to));
        let (mut stored, mut missing, mut at) = (Vec::new(), Vec::new(), start);
        for (from, to, path) in files {
            if to <= at {
                continue;
            }
            if from > at {
                missing.push((at, from));
            }
            let (from, to) = (from.max(at), to.min(end));
            stored.push(Stored {
                lane,
                start: from,
                end: to,
                path: path.into(),
            });
            at = to;
        }
        if at < end {
            missing.push((at, end));
        }
        (stored, missing)
    }

    fn files(&self) -> Vec<(i64, i64, PathBuf)> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let file = |entry: fs::DirEntry| {
            let (from, to) = stretch(&entry.file_name().to_string_lossy())?;
            Some((from, to, entry.path()))
        };
        entries.filter_map(Result::ok).filter_map(file).collect()
    }

    /// Removes what is kept of the times of events that came late: those of a piece that were logged before it begins.
    ///
    /// The file of their time was written before they came, and the one of the piece does not tell of them.
    pub(super) fn forget_late(&self, piece: &Piece) {
        let first = piece.pages.iter().map(|page| page.first).min();
        let Some(late) = first.filter(|first| *first < piece.start) else {
            return;
        };
        for (from, to, path) in self.files() {
            if from < piece.start && to > late {
                remove(&path);
            }
        }
    }

    /// Keeps a piece, unless it has events behind its end: a page that could not be split, for want of memory.
    ///
    /// What is read of a file is cut at the ends that its name tells, so that nothing finds those again.
    pub(super) fn keep(&self, piece: &Piece) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if piece.pages.iter().any(|page| page.last >= piece.end) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let new = self.folder.join(format!("{UNFINISHED}{process}-{number}"));
        let path = self
            .folder
            .join(format!("{}-{}{EXTENSION}", piece.start, piece.end));
        let written = write(&new, piece).and_then(|()| fs::rename(&new, path));
        if written.is_err() {
            remove(&new);
        }
        written
    }
}

impl Stored {
    /// Reads the file; a damaged one is removed, since its stretch will be fetched and kept again.
    pub(super) fn load(&self) -> io::Result<Piece> {
        let loaded = fs::read(&self.path).and_then(|bytes| {
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Packed::of_file(bytes, self.start, self.end)
        });
        match loaded {
            Ok(page) => Ok(Piece {
                lane: self.lane,
                start: self.start,
                end: self.end,
                pages: page.into_iter().collect(),
                complete: true,
            }),
            Err(error) => {
                remove(&self.path);
                Err(error)
            }
        }
    }
}

fn write(path: &Path, piece: &Piece) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    for page in &piece.pages {
        file.write_all(&page.frame()?)?;
    }
    if piece.pages.is_empty() {
        file.write_all(&compress(b"")?)?;
    }
    file.sync_all()
}

/// Removes a file; that somebody else has done so is as good, and one that stays is found again.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Reads the name of a file: from when until when.
fn stretch(name: &str) -> Option<(i64, i64)> {
    let (from, to) = name.strip_suffix(EXTENSION)?.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from < to).then_some((from, to))
}

/// Spells a text so that it can be the name of a folder.
fn name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => {
                let _ = write!(name, "%{byte:02X}");
            }
        }
    }
    name
}
