//! Cuts a stream of bytes into blocks of whole lines.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use crate::scan::Block;

/// How large blocks are, and how long a line may be.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// How many bytes a block has, unless a line needs more.
    pub block: usize,
    /// How long a line may be; a longer one is cut into pieces of this length.
    pub line: usize,
}

impl Default for Sizes {
    /// Large blocks, since handing the reader from one worker to the next costs as much as reading a quarter of a
    /// megabyte. An event has at most a megabyte; the longest spelling that JSON inside JSON has for that is below 16.
    fn default() -> Self {
        Self {
            block: 4096 << 10,
            line: 16 << 20,
        }
    }
}

/// The first block of a file is at most so large, and each one twice the one before: small files take little memory,
/// and the first rows of large ones come soon.
const FIRST_BLOCK: usize = 256 << 10;

/// When a block is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// When it is full: the rest is there to be read.
    Whole,
    /// When there is a line: somebody may be waiting for it.
    AsItComes,
}

/// A reader and what was read of it beyond the last block.
pub(super) struct Cutter<R> {
    reader: R,
    fill: Fill,
    sizes: Sizes,
    /// Read, but not handed out yet.
    rest: Vec<u8>,
    /// How large the next block is.
    block: usize,
    ended: bool,
    failure: Option<io::Error>,
    /// Pieces cut off too long lines.
    pub(super) cut_lines: u64,
    /// Bytes handed out.
    pub(super) offset: u64,
}

/// What a cutter that has only looked ahead leaves to another way of reading.
pub(super) struct Parts<R> {
    pub(super) reader: R,
    pub(super) rest: Vec<u8>,
    pub(super) offset: u64,
    pub(super) sizes: Sizes,
    pub(super) ended: bool,
    pub(super) failure: Option<io::Error>,
}

impl<R: Read> Cutter<R> {
    pub(super) fn new(reader: R, fill: Fill, sizes: Sizes) -> Self {
        Self {
            reader,
            fill,
            sizes,
            rest: Vec::new(),
            block: sizes.block.min(FIRST_BLOCK),
            ended: false,
            failure: None,
            cut_lines: 0,
            offset: 0,
        }
    }

    /// Reads ahead to the end of the first line that is not blank, within reason, and returns what there is.
    pub(super) fn peek(&mut self) -> &[u8] {
        let reach = self.sizes.line.min(64 << 10);
        while !self.ended && self.rest.len() < reach && !holds_line(&self.rest) {
            let filled = self.rest.len();
            self.rest.resize(reach, 0);
            let mut rest = std::mem::take(&mut self.rest);
            let read = self.read(&mut rest[filled..]);
            rest.truncate(filled + read);
            self.rest = rest;
        }
        &self.rest
    }

    /// Drops bytes from the front of what was read ahead.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest.drain(..bytes);
        self.offset += bytes as u64;
    }

    /// Returns the error that ended reading, if one did; once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Gives up the reader together with what was read ahead.
    pub(super) fn into_parts(self) -> Parts<R> {
        Parts {
            reader: self.reader,
            rest: self.rest,
            offset: self.offset,
            sizes: self.sizes,
            ended: self.ended,
            failure: self.failure,
        }
    }

    /// Returns whether the reader has come to its end or failed.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Fills the block with the next whole lines; false at the end.
    pub(super) fn next_into(&mut self, block: &mut Block) -> bool {
        block.shrink(self.sizes.block * 4);
        block.offset = self.offset;
        let mut size = self.block.max(self.rest.len());
        self.block = (self.block * 2).min(self.sizes.block);
        let mut filled = self.rest.len();
        block.buffer(size)[..filled].copy_from_slice(&self.rest);
        let mut searched = 0;
        self.rest.clear();
        let length = loop {
            filled = self.read_up_to(block.buffer(size), filled, size, searched);
            let buffer = &block.buffer(size)[..filled];
            if self.ended {
                break filled;
            }
            if let Some(feed) = memrchr(b'\n', &buffer[searched..]) {
                break searched + feed + 1;
            }
            if filled >= self.sizes.line {
                self.cut_lines += 1;
                break character_boundary(buffer);
            }
            searched = filled;
            size = (size * 2).min(self.sizes.line.max(filled + 1));
        };
        self.rest
            .extend_from_slice(&block.buffer(size)[length..filled]);
        block.set_length(length);
        self.offset += length as u64;
        length > 0
    }

    /// Reads until the first `size` bytes of the buffer are filled, the input ends, or there is reason to go on
    /// with less.
    fn read_up_to(
        &mut self,
        buffer: &mut [u8],
        mut filled: usize,
        size: usize,
        searched: usize,
    ) -> usize {
        while filled < size && !self.ended {
            let has_line = || memchr(b'\n', &buffer[searched..filled]).is_some();
            if self.fill == Fill::AsItComes && has_line() {
                break;
            }
            filled += self.read(&mut buffer[filled..size]);
        }
        filled
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        loop {
            match self.reader.read(buffer) {
                Ok(0) => {
                    self.ended = true;
                    return 0;
                }
                Ok(bytes) => return bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(error);
                    return 0;
                }
            }
        }
    }
}

/// Whether there is a whole line that tells its form; a bracket alone on its line tells it with the next.
fn holds_line(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let text = text
        .strip_prefix(b"{")
        .or(text.strip_prefix(b"["))
        .unwrap_or(text);
    memchr(b'\n', text.trim_ascii_start()).is_some()
}

/// Returns the last place at which the bytes can be cut without cutting a character.
fn character_boundary(bytes: &[u8]) -> usize {
    let is_boundary = |at: &usize| bytes[*at] & 0xC0 != 0x80;
    let last = (bytes.len().saturating_sub(4)..bytes.len())
        .rev()
        .find(is_boundary);
    last.filter(|at| *at > 0).unwrap_or(bytes.len())
}
