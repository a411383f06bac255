//! A file that grows, read as a stream that does not end: what is appended comes when it is there.
//!
//! A file under the same name that is another one, as after a rotation, is read from its beginning once the old one
//! has been read to its end; so is a file that has become shorter. A name that is gone is waited for.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked whether there is more.
const LOOK: Duration = Duration::from_millis(100);
/// How often in a row there is nothing more in a file that another one has replaced before it is left: who writes it
/// goes on for a moment.
const LAST_LOOKS: u32 = 10;

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// With the first byte.
    Beginning,
    /// Behind the last line that is there now.
    End,
}

/// A file that is followed.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: File,
    /// How much of the file was read.
    at: u64,
    /// Whether the last line that was read has no end yet.
    is_amid: bool,
    /// How often nothing came since another file has taken the name.
    looks: u32,
    stop: Arc<AtomicBool>,
}

impl Growing {
    /// Opens a file; setting `stop` ends it.
    pub fn open(path: &Path, from: StartAt, stop: Arc<AtomicBool>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let at = match from {
            StartAt::Beginning => 0,
            StartAt::End => last_line_end(&mut file)?,
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            at,
            is_amid: false,
            looks: 0,
            stop,
        })
    }

    /// Takes up the file again where it has been replaced or cut; returns whether it has.
    fn renew(&mut self) -> io::Result<bool> {
        let Ok(file) = File::open(&self.path) else {
            // Between two files of a rotation there may be none.
            return Ok(false);
        };
        if !is_same(&self.file.metadata()?, &file.metadata()?) {
            self.looks += 1;
            let is_over = self.looks > LAST_LOOKS;
            if is_over {
                (self.file, self.at, self.looks) = (file, 0, 0);
            }
            return Ok(is_over);
        }
        if self.file.metadata()?.len() < self.at {
            self.at = self.file.seek(SeekFrom::Start(0))?;
            return Ok(true);
        }
        Ok(false)
    }
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while !self.stop.load(Ordering::Relaxed) {
            let read = self.file.read(buffer)?;
            self.at += read as u64;
            if read > 0 {
                self.is_amid = buffer[read - 1] != b'\n';
                self.looks = 0;
                return Ok(read);
            }
            if !self.renew()? {
                std::thread::sleep(LOOK);
            } else if std::mem::take(&mut self.is_amid) {
                // The end of that line is nowhere any more, and the next one is none of it.
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
        Ok(0)
    }
}

/// Goes behind the last line feed of a file, so that a line that is being written comes whole; returns the place.
fn last_line_end(file: &mut File) -> io::Result<u64> {
    const STEP: u64 = 64 << 10;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut window = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        window.clear();
        file.by_ref().take(end - start).read_to_end(&mut window)?;
        if let Some(at) = memchr::memrchr(b'\n', &window) {
            return file.seek(SeekFrom::Start(start + at as u64 + 1));
        }
        end = start;
    }
    file.seek(SeekFrom::Start(0))
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    struct Case {
        folder: tempfile::TempDir,
        growing: Option<Growing>,
    }

    impl Case {
        fn new(text: &str, from: StartAt) -> Self {
            let folder = tempfile::TempDir::new().expect("a folder");
            let path = folder.path().join("app.log");
            std::fs::write(&path, text).expect("written");
            let growing = Growing::open(&path, from, Arc::default()).expect("there");
            Self {
                folder,
                growing: Some(growing),
            }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("app.log")
        }

        fn append(&self, text: &str) {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(self.path());
            file.expect("there")
                .write_all(text.as_bytes())
                .expect("written");
        }

        #[track_caller]
        fn reads(&mut self, expected: &str) {
            let mut found = String::new();
            let growing = self.growing.as_mut().expect("open");
            while found.len() < expected.len() {
                let mut buffer = [0; 100];
                let count = growing.read(&mut buffer).expect("readable");
                found.push_str(std::str::from_utf8(&buffer[..count]).expect("text"));
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_appended_comes() {
        let mut case = Case::new("one\n", StartAt::Beginning);
        case.reads("one\n");
        case.append("two\n");
        case.reads("two\n");
    }

    #[test]
    fn at_the_end_a_line_that_is_being_written_comes_whole() {
        let mut case = Case::new("one\ntw", StartAt::End);
        case.append("o\n");
        case.reads("two\n");
    }

    #[test]
    fn a_rotated_file_is_read_to_its_end_and_then_the_new_one() {
        let mut case = Case::new("one\n", StartAt::End);
        case.append("two\n");
        std::fs::rename(case.path(), case.folder.path().join("app.log.1")).expect("moved");
        case.reads("two\n");
        case.append("three\n");
        case.reads("three\n");
    }

    #[test]
    fn what_is_written_to_a_file_after_another_one_took_its_name_is_read() {
        let mut case = Case::new("one\n", StartAt::End);
        let mut old = OpenOptions::new()
            .append(true)
            .open(case.path())
            .expect("there");
        std::fs::rename(case.path(), case.folder.path().join("app.log.1")).expect("moved");
        case.append("three\n");
        let writer = std::thread::spawn(move || {
            std::thread::sleep(LOOK * 3);
            old.write_all(b"two\n").expect("written");
        });
        case.reads("two\nthree\n");
        writer.join().expect("no panic");
    }

    #[test]
    fn a_line_that_was_never_ended_is_not_joined_with_another_file() {
        let mut case = Case::new("one", StartAt::Beginning);
        case.reads("one");
        std::fs::remove_file(case.path()).expect("removed");
        case.append("two\n");
        case.reads("\ntwo\n");
    }

    #[test]
    fn a_file_that_is_cut_is_read_from_its_beginning() {
        let mut case = Case::new("one\ntwo\n", StartAt::End);
        std::fs::write(case.path(), "three\n").expect("written");
        case.reads("three\n");
    }

    #[test]
    fn it_ends_when_it_is_asked_to() {
        let mut case = Case::new("one\n", StartAt::End);
        let mut growing = case.growing.take().expect("open");
        growing.stop.store(true, Ordering::Relaxed);
        assert_eq!(growing.read(&mut [0; 10]).expect("readable"), 0);
    }
}
