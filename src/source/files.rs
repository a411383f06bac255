//! The files that given paths mean: themselves, and everything below folders.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{FoundFile, Report, SourceError, names};

/// Walks given paths lazily, folders in the order of their names, so that a million files need no list.
pub(super) struct Files {
    paths: std::vec::IntoIter<PathBuf>,
    folder: Option<Folder>,
}

struct Folder {
    root: PathBuf,
    entries: walkdir::IntoIter,
}

impl Files {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths: paths.into_iter(),
            folder: None,
        }
    }

    /// Returns how many bytes all the files have, as far as that can be told beforehand.
    pub(super) fn total_bytes(&self) -> u64 {
        self.paths
            .as_slice()
            .iter()
            .map(|path| bytes_below(path))
            .sum()
    }

    /// Returns the next file; what is in the way goes to the report.
    pub(super) fn next(&mut self, report: &mut Report) -> Option<FoundFile> {
        loop {
            if let Some(folder) = &mut self.folder {
                match folder.next(report) {
                    Some(file) => return Some(file),
                    None => self.folder = None,
                }
            }
            let path = self.paths.next()?;
            if path.is_dir() {
                self.folder = Some(Folder::new(path));
            } else {
                let name = path.file_name().unwrap_or(path.as_os_str());
                let origin = names::origin(Path::new(name));
                return Some(FoundFile { path, origin });
            }
        }
    }
}

impl Folder {
    fn new(root: PathBuf) -> Self {
        let entries = walk(&root).into_iter();
        Self { root, entries }
    }

    fn next(&mut self, report: &mut Report) -> Option<FoundFile> {
        for entry in self.entries.by_ref() {
            match entry {
                Err(error) => report.problems.push(walk_error(error, &self.root)),
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if names::is_no_log(entry.path()) => report.skipped += 1,
                // A pipe that nobody writes to would be waited on for ever.
                Ok(entry) if !entry.file_type().is_file() => report.special += 1,
                Ok(entry) => {
                    let path = entry.into_path();
                    let below = path.strip_prefix(&self.root).unwrap_or(&path);
                    let origin = names::origin(below);
                    return Some(FoundFile { path, origin });
                }
            }
        }
        None
    }
}

fn walk(root: &Path) -> WalkDir {
    WalkDir::new(root).follow_links(true).sort_by_file_name()
}

fn walk_error(error: walkdir::Error, root: &Path) -> SourceError {
    let path = error.path().unwrap_or(root).to_owned();
    let source = error.into_io_error();
    let looped = || std::io::Error::other("a link leads back to a folder above it");
    SourceError::Open {
        path,
        source: source.unwrap_or_else(looped),
    }
}

fn bytes_below(path: &Path) -> u64 {
    let files = walk(path).into_iter().filter_map(Result::ok);
    let counted = files.filter(|entry| {
        entry.file_type().is_file() && !(entry.depth() > 0 && names::is_no_log(entry.path()))
    });
    counted
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}
