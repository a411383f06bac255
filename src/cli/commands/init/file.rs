//! Writing the file: whole or not at all, and never over one that is there, unless that was asked for.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::super::super::Failure;

/// Whether a file that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    Kept,
    Replaced,
}

/// Refuses to go on when the file is there and is to stay.
pub(super) fn refuse_existing(path: &Path, existing: Existing) -> Result<(), Failure> {
    // A link that leads nowhere is there as well.
    let is_there = fs::symlink_metadata(path).is_ok();
    if is_there && existing == Existing::Kept {
        return Err(is_there_already(path));
    }
    Ok(())
}

fn is_there_already(path: &Path) -> Failure {
    Failure::usage(format!("`{}` is there already", path.display())).hint(
        "`logq doctor` says whether it is right, `logq init --dry-run` shows a new one, --force replaces it"
            .to_owned(),
    )
}

/// Writes the text beside the file's place, and then puts it there.
pub(super) fn write(path: &Path, text: &str, existing: Existing) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new-{}", std::process::id()));
    let placed = write_new(&new, text).and_then(|()| match existing {
        Existing::Replaced => fs::rename(&new, path),
        Existing::Kept => place(&new, path),
    });
    // It is gone after it was renamed, and of no use otherwise.
    let _ = fs::remove_file(&new);
    placed.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => is_there_already(path),
        _ => Failure::incomplete(format!("cannot write `{}`", path.display()))
            .cause(error.to_string()),
    })
}

/// Puts a file where there is none.
fn place(new: &Path, path: &Path) -> io::Result<()> {
    // Unlike a renamed file, a link takes nobody's place.
    match fs::hard_link(new, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // Not every file system has links.
            if fs::symlink_metadata(path).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(new, path)
        }
        end => end,
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_file_that_is_there_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("logq.toml");
        write(&path, "one", Existing::Kept).expect("written");
        let failure = write(&path, "two", Existing::Kept).expect_err("it is there");
        assert!(failure.render(false).contains("is there already"));
        assert_eq!(fs::read_to_string(&path).expect("a text"), "one");
        assert!(refuse_existing(&path, Existing::Kept).is_err());
        write(&path, "two", Existing::Replaced).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("a text"), "two");
        assert_eq!(listing(folder.path()), ["logq.toml"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("no/logq.toml");
        let failure = write(&path, "one", Existing::Kept).expect_err("no folder");
        assert!(failure.render(false).starts_with("error: cannot write `"));
    }
}
