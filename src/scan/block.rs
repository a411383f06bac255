//! A piece of a source: whole lines, what form they have, and where they stand.
//!
//! A source may hand out a block that it has only marked out: who works on it then reads the bytes, so that several
//! workers read parts of one file at the same time.

use std::fmt::Debug;
use std::sync::Arc;

use crate::event::Origin;
use crate::time::Timestamp;

/// How the lines of a file carry their events.
///
/// Documents (the JSON output of `aws logs`, subscription payloads) are not here: a source rewrites them to lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineFormat {
    /// Each line is a JSON record, an envelope around an event, or text; told apart line by line.
    #[default]
    Plain,
    /// `2026-11-23T04:23:14.318Z message`, as CloudWatch Logs exports to S3.
    Export,
    /// `2026-11-23T04:23:14.318000+00:00 stream message`, as `aws logs tail` prints.
    Tail,
    /// `2026-11-23T04:23:14 message`, as `aws logs tail --format short` prints.
    TailShort,
}

/// Bytes of which any part can be read at any time, by several threads at once.
pub trait ReadAt: Debug + Send + Sync {
    /// Fills the buffer with the bytes at `offset` and returns how many there are, fewer only where they end.
    ///
    /// What goes wrong is noted, for the source to report.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> usize;
}

/// Whole lines of one file, with what is known about them from outside.
///
/// Blocks are filled again and again: the buffer only grows, and [`Block::bytes`] is the part that counts.
#[derive(Clone, Debug, Default)]
pub struct Block {
    buffer: Vec<u8>,
    length: usize,
    unread: Option<Unread>,
    /// How the lines carry their events.
    pub format: LineFormat,
    /// Group and stream of events that do not say theirs: from the file's path.
    pub origin: Arc<Origin>,
    /// How many blocks came before this one, over all files.
    pub index: u32,
    /// The file's name as errors print it.
    pub file: Arc<str>,
    /// Where in the file the block begins, decompressed.
    pub offset: u64,
    /// The time of the last line before this block, in the same file, that said one.
    pub carry: Option<Timestamp>,
}

/// The end of a block that is marked out but not read yet.
#[derive(Clone, Debug)]
struct Unread {
    bytes: Arc<dyn ReadAt>,
    offset: u64,
    length: usize,
}

impl Block {
    /// Returns a block of the given lines, for tests and for text that is in memory already.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        let buffer: Vec<u8> = bytes.into();
        Self {
            length: buffer.len(),
            buffer,
            ..Self::default()
        }
    }

    /// Returns the lines; each ends in a line feed but perhaps the last.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Returns the whole buffer, grown to at least `size` bytes, for the source to fill; [`Block::set_length`]
    /// says afterwards how much of it counts.
    ///
    /// The buffer is zeroed only where it grows, so that a block used again costs nothing.
    pub fn buffer(&mut self, size: usize) -> &mut [u8] {
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        &mut self.buffer
    }

    /// Says that the first `length` bytes of the buffer are the block's lines.
    pub fn set_length(&mut self, length: usize) {
        self.length = length.min(self.buffer.len());
    }

    /// Says that the lines go on with `length` bytes at `offset` of `bytes`, which [`Block::read`] is to fetch.
    pub fn set_unread(&mut self, bytes: Arc<dyn ReadAt>, offset: u64, length: usize) {
        self.unread = Some(Unread {
            bytes,
            offset,
            length,
        });
    }

    /// Reads what was only marked out, if anything was.
    pub fn read(&mut self) {
        let Some(unread) = self.unread.take() else {
            return;
        };
        let start = self.length;
        let end = start + unread.length;
        let room = &mut self.buffer(end)[start..end];
        self.length = start + unread.bytes.read_at(unread.offset, room);
    }

    /// Appends to the lines.
    pub fn extend(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.buffer(end)[end - bytes.len()..end].copy_from_slice(bytes);
        self.length = end;
    }

    /// Empties the block, and gives back memory that one long line made the buffer take.
    pub fn shrink(&mut self, size: usize) {
        self.length = 0;
        self.unread = None;
        if self.buffer.len() > size {
            self.buffer.truncate(size);
            self.buffer.shrink_to_fit();
        }
    }
}
