//! Reads JSON documents one after the other and rewrites their events to lines.
//!
//! The output of `aws logs filter-log-events` can be far larger than memory, so its events are taken one by one as
//! they come in; any other document is small and is read whole. What is no JSON between documents stays a line.

use std::io::{self, Read};
use std::sync::Arc;

use super::cutter::{Cutter, Parts};
use super::input::Input;
use super::{Problems, SourceError};
use crate::decode::document::{self, Extent};
use crate::decode::json::Json;
use crate::decode::subscription::Poison;
use crate::scan::Block;

/// Where among the documents the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// Between documents.
    Nothing,
    /// In an array of documents.
    Array,
    /// In the output of `aws logs`, between its members.
    Output,
    /// In that output's `events`.
    Events,
    /// Behind something that could not be read as a document: lines to the end.
    Lines,
}

/// An input that holds documents.
pub(super) struct Documents {
    input: Input,
    file: Arc<str>,
    /// What was read and is still needed, from `at` on.
    window: Vec<u8>,
    at: usize,
    /// How many bytes went by before the window.
    before: u64,
    ended: bool,
    inside: Inside,
    lines: Vec<u8>,
    block: usize,
    limit: usize,
    failure: Option<io::Error>,
    pub(super) problems: Problems,
}

impl Documents {
    /// Goes on where a cutter has only looked ahead.
    pub(super) fn new(cutter: Cutter, file: Arc<str>) -> Self {
        let Parts {
            input,
            rest,
            offset,
            sizes,
            ended,
            failure,
        } = cutter.into_parts();
        Self {
            input,
            file,
            window: rest,
            at: 0,
            before: offset,
            ended,
            inside: Inside::Nothing,
            lines: Vec::new(),
            block: sizes.block,
            limit: sizes.line,
            failure,
            problems: Problems::default(),
        }
    }

    /// Returns how many bytes were read so far.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the error that ended reading, if one did; once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Fills the block with the lines of the next documents; false at the end.
    pub(super) fn next_into(&mut self, block: &mut Block) -> bool {
        block.shrink(self.block * 4);
        block.offset = self.offset();
        self.lines.clear();
        while self.lines.len() < self.block && self.step() {}
        block.extend(&self.lines);
        !self.lines.is_empty()
    }

    /// Reads the next token or document; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.next_token() else {
            self.report_cut();
            return false;
        };
        match (self.inside, first) {
            (Inside::Nothing, b'{') if self.output_begins() => self.enter(Inside::Output),
            (Inside::Nothing, b'[') if self.array_begins() => self.enter(Inside::Array),
            (Inside::Array, b']') | (Inside::Output, b'}') => self.enter(Inside::Nothing),
            (Inside::Events, b']') => self.enter(Inside::Output),
            (Inside::Output, b'"') => self.member(),
            (Inside::Nothing | Inside::Array | Inside::Events, b'{') => self.document(),
            (Inside::Array | Inside::Events, _) => self.scalar(),
            _ => self.line(),
        }
        true
    }

    /// Passes over blanks, and over commas between items and members; returns the byte behind them.
    fn next_token(&mut self) -> Option<u8> {
        let commas = matches!(self.inside, Inside::Array | Inside::Output | Inside::Events);
        if self.inside == Inside::Lines {
            return self.peek(|_| false);
        }
        self.peek(|byte| byte.is_ascii_whitespace() || commas && byte == b',')
    }

    /// Returns the next byte that is not to be skipped, and goes there.
    fn peek(&mut self, skip: impl Fn(u8) -> bool) -> Option<u8> {
        loop {
            let rest = &self.window[self.at..];
            if let Some(found) = rest.iter().position(|byte| !skip(*byte)) {
                self.at += found;
                return Some(self.window[self.at]);
            }
            self.at = self.window.len();
            if !self.more() {
                return None;
            }
        }
    }

    fn enter(&mut self, inside: Inside) {
        self.at += 1;
        self.inside = inside;
    }

    fn output_begins(&mut self) -> bool {
        self.look_ahead();
        document::begins_output(&self.window[self.at..])
    }

    fn array_begins(&mut self) -> bool {
        self.look_ahead();
        let behind = self.window[self.at + 1..].trim_ascii_start();
        matches!(behind.first(), None | Some(b'{' | b']'))
    }

    /// Sees to it that what a document begins with is there.
    fn look_ahead(&mut self) {
        const ENOUGH: usize = 256;
        while self.window.len() - self.at < ENOUGH && self.more() {}
    }

    /// Reads one member of an output: goes into `events`, and passes over the others.
    fn member(&mut self) {
        let Some(length) = self.extent() else {
            return self.give_up();
        };
        let is_events = &self.window[self.at..self.at + length] == b"\"events\"";
        self.at += length;
        let colon = self.peek(|byte| byte.is_ascii_whitespace());
        if colon != Some(b':') {
            return self.give_up();
        }
        self.at += 1;
        match self.peek(|byte| byte.is_ascii_whitespace()) {
            Some(b'[') if is_events => self.enter(Inside::Events),
            Some(_) => match self.extent() {
                Some(length) => self.at += length,
                None => self.give_up(),
            },
            None => {}
        }
    }

    /// Reads one whole document, or one event of an output.
    fn document(&mut self) {
        let Some(length) = self.extent() else {
            return self.give_up();
        };
        let text = &self.window[self.at..self.at + length];
        match Json::parse(text) {
            Ok(json) => {
                let written = match self.inside {
                    Inside::Events => {
                        document::write_line(json, &mut self.lines);
                        Ok(())
                    }
                    _ => document::write_lines(json, &mut self.lines),
                };
                if let Err(poison) = written {
                    self.report_poison(poison);
                }
                self.at += length;
            }
            // Braces, but no JSON: somebody's text.
            Err(_) if self.inside == Inside::Nothing => self.line(),
            Err(_) => self.fragment(length),
        }
    }

    /// Passes over an item that is no object, and keeps it as a line.
    fn scalar(&mut self) {
        match self.extent() {
            Some(length) if length > 0 => self.fragment(length),
            _ => self.give_up(),
        }
    }

    fn fragment(&mut self, length: usize) {
        let text = &self.window[self.at..self.at + length];
        document::compact(text, &mut self.lines);
        self.lines.push(b'\n');
        self.at += length;
    }

    /// Reads one line of text as it is.
    fn line(&mut self) {
        let mut searched = 0;
        loop {
            let rest = &self.window[self.at..];
            let feed = memchr::memchr(b'\n', &rest[searched..]);
            let length = feed.map_or(rest.len(), |found| searched + found);
            searched = length;
            if feed.is_none() && length < self.limit && self.more() {
                continue;
            }
            self.lines
                .extend_from_slice(&self.window[self.at..self.at + length]);
            self.lines.push(b'\n');
            self.at = (self.at + length + 1).min(self.window.len());
            return;
        }
    }

    /// Returns the length of the value that begins here, reading until it is all there; nothing when the file ends
    /// before, or the value is longer than allowed.
    fn extent(&mut self) -> Option<usize> {
        let mut extent = Extent::default();
        loop {
            let rest = &self.window[self.at..];
            if let Some(end) = extent.end(rest) {
                return Some(end);
            }
            if rest.len() > self.limit || !self.more() {
                return None;
            }
        }
    }

    /// Ends reading documents: what ends too early is kept as one line, what is too long as it stands.
    fn give_up(&mut self) {
        if self.ended {
            self.report_cut();
            self.inside = Inside::Nothing;
            self.fragment(self.window.len() - self.at);
            return;
        }
        self.problems.push(SourceError::LongDocument {
            file: self.file.to_string(),
            at: self.offset(),
        });
        self.inside = Inside::Lines;
    }

    fn report_cut(&mut self) {
        if !matches!(self.inside, Inside::Lines)
            && (self.inside != Inside::Nothing || self.at < self.window.len())
        {
            self.problems.push(SourceError::CutDocument {
                file: self.file.to_string(),
                at: self.offset(),
            });
            self.inside = Inside::Nothing;
        }
    }

    fn report_poison(&mut self, source: Poison) {
        self.problems.push(SourceError::Payload {
            file: self.file.to_string(),
            at: self.offset(),
            source,
        });
    }

    /// Reads more of the file; false at its end.
    fn more(&mut self) -> bool {
        const CHUNK: usize = 256 << 10;
        if self.ended {
            return false;
        }
        if self.at > CHUNK {
            self.window.drain(..self.at);
            self.before += self.at as u64;
            self.at = 0;
        }
        let filled = self.window.len();
        self.window.resize(filled + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.window[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let bytes = read.unwrap_or_else(|error| {
            self.failure = Some(error);
            0
        });
        self.window.truncate(filled + bytes);
        self.ended = bytes == 0;
        !self.ended
    }
}
