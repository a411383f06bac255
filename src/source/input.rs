//! Where an input's bytes come from: a file, any part of which can be read at any time, or a stream.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::{memchr, memrchr};

use super::Progress;
use crate::scan::{Block, ReadAt};
use crate::time::Timestamp;

/// What a source reads one byte after the other.
pub(super) enum Input {
    /// A regular file.
    File(FileReader),
    /// A pipe, or what a decompressor makes of one of these.
    Stream(Box<dyn Read + Send>),
}

impl Input {
    /// Returns a reader of a stream whose bytes are counted.
    pub(super) fn stream(reader: impl Read + Send + 'static, count: Arc<Progress>) -> Self {
        Self::Stream(Box::new(Counted { reader, count }))
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

/// A regular file that several threads may read at once.
#[derive(Debug)]
pub(super) struct StoredFile {
    file: File,
    /// How long the file was when it was opened; as much is read, though it may grow meanwhile.
    bytes: u64,
    read: AtomicU64,
    progress: Arc<Progress>,
    failure: Mutex<Option<Failure>>,
}

/// Reading failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// The offset of the byte that could not be read.
    pub(super) at: u64,
    pub(super) error: io::Error,
}

impl StoredFile {
    pub(super) fn new(file: File, bytes: u64, progress: Arc<Progress>) -> Self {
        Self {
            file,
            bytes,
            read: AtomicU64::new(0),
            progress,
            failure: Mutex::new(None),
        }
    }

    /// Returns how many of the bytes were not read; none of them is there once reading has come to the end.
    pub(super) fn missing(&self) -> u64 {
        self.bytes.saturating_sub(self.read.load(Ordering::Relaxed))
    }

    /// Returns the failure of a worker, if there was one; once.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure().take()
    }

    fn has_failed(&self) -> bool {
        self.failure().is_some()
    }

    fn failure(&self) -> MutexGuard<'_, Option<Failure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the failure that came first in the file.
    fn note(&self, failure: Failure) {
        let mut known = self.failure();
        if known.as_ref().is_none_or(|known| failure.at < known.at) {
            *known = Some(failure);
        }
    }

    fn count(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        self.progress.add(bytes as u64);
    }

    /// Returns the bytes at `offset` without counting them; nothing when there are not so many.
    fn look(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        let mut window = vec![0; length];
        let (filled, result) = self.fill(offset, &mut window);
        (result.is_ok() && filled == length).then_some(window)
    }

    /// Fills the buffer as far as there are bytes, and does not count them.
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> (usize, io::Result<()>) {
        let mut filled = 0;
        while filled < buffer.len() {
            match read_at(&self.file, offset + filled as u64, &mut buffer[filled..]) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (filled, Err(error)),
            }
        }
        (filled, Ok(()))
    }
}

impl ReadAt for StoredFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let (filled, result) = self.fill(offset, buffer);
        self.count(filled);
        if let Err(error) = result {
            let at = offset + filled as u64;
            self.note(Failure { at, error });
        }
        filled
    }
}

/// A place in a file, from which its bytes are read one after the other.
pub(super) struct FileReader {
    file: Arc<StoredFile>,
    at: u64,
}

/// The end of lines that are not read yet.
pub(super) struct Ending {
    /// How many bytes there are before it.
    pub(super) length: usize,
    /// The time of the last of the lines that says one.
    pub(super) time: Option<Timestamp>,
}

/// How far before its end a block is searched for the last line feed and the last time; seldom further than the first.
const REACHES: [usize; 2] = [8 << 10, 128 << 10];

impl FileReader {
    pub(super) fn new(file: Arc<StoredFile>) -> Self {
        Self { file, at: 0 }
    }

    fn bytes_left(&self) -> u64 {
        self.file.bytes.saturating_sub(self.at)
    }

    /// Finds the end of the last line within the next `size` bytes by reading little of them; nothing when more
    /// must be read to tell it, or nothing is left.
    ///
    /// `last_time` returns the time of the last of some lines that says one. At the end of the file it is not asked.
    pub(super) fn ending(
        &self,
        size: usize,
        last_time: impl Fn(&[u8]) -> Option<Timestamp>,
    ) -> Option<Ending> {
        let left = self.bytes_left();
        if left == 0 || self.file.has_failed() {
            return None;
        }
        if left <= size as u64 {
            return Some(Ending {
                length: left as usize,
                time: None,
            });
        }
        REACHES.into_iter().find_map(|reach| {
            let before = size.saturating_sub(reach);
            let window = self.file.look(self.at + before as u64, size - before)?;
            let first = memchr(b'\n', &window)? + 1;
            let end = memrchr(b'\n', &window)? + 1;
            Some(Ending {
                length: before + end,
                time: Some(last_time(&window[first..end])?),
            })
        })
    }

    /// Leaves the next bytes to be read by who works on the block.
    pub(super) fn leave_to(&mut self, block: &mut Block, length: usize) {
        block.set_unread(self.file.clone(), self.at, length);
        self.at += length as u64;
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Behind what a worker could not read there is nothing to be had.
        if self.file.has_failed() {
            return Ok(0);
        }
        let most = self.bytes_left().min(buffer.len() as u64) as usize;
        let read = read_at(&self.file.file, self.at, &mut buffer[..most])?;
        self.at += read as u64;
        self.file.count(read);
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Counts the bytes that go by.
struct Counted<R> {
    reader: R,
    count: Arc<Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count.add(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use tempfile::NamedTempFile;

    use super::*;

    #[test]
    fn the_first_failure_is_kept_and_ends_reading() {
        let path = NamedTempFile::new().expect("a file").into_temp_path();
        // What is open for writing only cannot be read.
        let file = OpenOptions::new().write(true).open(&path).expect("there");
        let stored = Arc::new(StoredFile::new(file, 100, Arc::default()));
        let mut reader = FileReader::new(stored.clone());
        assert!(reader.read(&mut [0; 10]).is_err());
        for offset in [50, 20, 70] {
            assert_eq!(stored.read_at(offset, &mut [0; 10]), 0);
        }
        assert_eq!(reader.read(&mut [0; 10]).ok(), Some(0));
        assert!(reader.ending(1000, |_| None).is_none());
        assert_eq!(stored.take_failure().map(|failure| failure.at), Some(20));
        assert_eq!(stored.missing(), 100);
    }
}
