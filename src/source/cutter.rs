//! Cuts an input's bytes into blocks of whole lines.
//!
//! One claims blocks after the other, in the order of the input; that is all that has to happen in turn. Of a plain
//! file a claim reads only the last bytes of the block, enough to know where its last line ends and what time that
//! was (a line without a time of its own takes that of the line before, so the next block needs it). The bytes
//! themselves are read by who works on the block, beside the other workers. Where a few bytes do not tell, and of all
//! that is no plain file, the claim reads the block; both ways end it at the same line feed.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use super::input::{Ending, Input};
use crate::scan::Block;
use crate::time::Timestamp;

/// How large blocks are, and how long a line may be.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// How many bytes a block has, unless a line needs more.
    pub block: usize,
    /// How long a line may be; a longer one is cut into pieces of this length.
    pub line: usize,
}

impl Default for Sizes {
    /// Blocks so large that claiming one and merging what was found in it do not count, and so small that a worker's
    /// part stays in the cache between reading and searching it. An event has at most a megabyte; the longest spelling
    /// that JSON inside JSON has for that is below 16.
    fn default() -> Self {
        Self {
            block: 2048 << 10,
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

/// An input and what was read of it beyond the last block.
pub(super) struct Cutter {
    input: Input,
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
pub(super) struct Parts {
    pub(super) input: Input,
    pub(super) rest: Vec<u8>,
    pub(super) offset: u64,
    pub(super) sizes: Sizes,
    pub(super) ended: bool,
    pub(super) failure: Option<io::Error>,
}

impl Cutter {
    /// Creates a cutter of what was read of an input already, and of what comes behind it.
    pub(super) fn new(start: Vec<u8>, input: Input, fill: Fill, sizes: Sizes) -> Self {
        Self {
            input,
            fill,
            sizes,
            rest: start,
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

    /// Gives up the input together with what was read ahead.
    pub(super) fn into_parts(self) -> Parts {
        Parts {
            input: self.input,
            rest: self.rest,
            offset: self.offset,
            sizes: self.sizes,
            ended: self.ended,
            failure: self.failure,
        }
    }

    /// Returns whether the input has come to its end or failed.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Fills the block with the next whole lines or marks out where they are; false at the end.
    ///
    /// `last_time` returns the time of the last of some lines that says one; that of the block's lines goes to `time`
    /// where there is one.
    pub(super) fn claim(
        &mut self,
        block: &mut Block,
        time: &mut Option<Timestamp>,
        last_time: impl Fn(&[u8]) -> Option<Timestamp>,
    ) -> bool {
        block.shrink(self.sizes.block * 4);
        block.offset = self.offset;
        let size = self.block;
        self.block = (size * 2).min(self.sizes.block);
        if let Some(ending) = self.mark_out(block, size, &last_time) {
            *time = ending.time.or(*time);
            return true;
        }
        self.fill(block, size);
        *time = last_time(block.bytes()).or(*time);
        !block.bytes().is_empty()
    }

    /// Marks out a block of at most `size` bytes, the first of which may have been read ahead, and returns how it
    /// ends; nothing when the block must be read here.
    fn mark_out(
        &mut self,
        block: &mut Block,
        size: usize,
        last_time: impl Fn(&[u8]) -> Option<Timestamp>,
    ) -> Option<Ending> {
        let Input::File(file) = &mut self.input else {
            return None;
        };
        let ahead = size.checked_sub(self.rest.len())?;
        let ending = file.ending(ahead, last_time)?;
        block.extend(&self.rest);
        self.rest.clear();
        file.leave_to(block, ending.length);
        self.offset += (block.bytes().len() + ending.length) as u64;
        Some(ending)
    }

    /// Reads the next whole lines into the block: `size` bytes, or what a longer line needs.
    fn fill(&mut self, block: &mut Block, size: usize) {
        let mut size = size.max(self.rest.len());
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
            match self.input.read(buffer) {
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
