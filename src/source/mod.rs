//! Where events come from: files, folders and pipes, plain or compressed, in any form the tools around CloudWatch
//! Logs write.
//!
//! A [`Source`] hands out blocks of whole lines ([`Blocks`]) and keeps a [`Report`] of what it could not read: one
//! bad file never keeps the others from being read. JSON documents are rewritten to lines on the way, so that all
//! behind this module knows lines only. Which events matter is not decided here.

mod cutter;
mod decompress;
mod documents;
mod error;
mod files;
mod followed;
mod form;
mod growing;
mod input;
mod names;
mod progress;

use std::collections::VecDeque;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

pub use cutter::Sizes;
pub use error::SourceError;
pub use followed::{Followed, Stream};
pub use growing::{Growing, StartAt};
pub use progress::Progress;

use crate::decode::stamp::Clock;
use crate::event::Origin;
use crate::scan::{Block, Blocks};
use files::Files;
use form::{Closed, Reading};

/// How many problems of one input are kept; a file of a million bad payloads must not fill the memory.
const KEPT: usize = 20;

/// Files, folders or one stream, read one after the other as blocks of lines.
pub struct Source {
    inputs: Inputs,
    settings: Settings,
    current: Option<Reading>,
    /// Inputs of which workers are still reading blocks; few, since a worker reads one before it claims the next.
    closed: VecDeque<Closed>,
    blocks: u32,
    report: Report,
}

/// How a source reads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The zone of times that name none.
    pub clock: Clock,
    /// How large blocks are, and how long a line may be.
    pub sizes: Sizes,
    /// Counts what was read, for a progress bar.
    pub progress: Arc<Progress>,
}

impl Settings {
    /// Returns the usual settings for programs that log in the clock's zone.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            sizes: Sizes::default(),
            progress: Arc::default(),
        }
    }
}

/// What was read, and what went wrong on the way.
#[derive(Debug, Default)]
pub struct Report {
    /// How many files were read, empty ones among them.
    pub files: u64,
    /// How many bytes of them, as stored.
    pub bytes: u64,
    /// How many of them held nothing.
    pub empty: u64,
    /// How many files of folders were left out since their names say that they are no logs.
    pub skipped: u64,
    /// How many entries of folders were left out since they are pipes, sockets or devices.
    pub special: u64,
    /// How many pieces were cut off lines that are longer than the limit.
    pub cut_lines: u64,
    /// What could not be read, the first of each input.
    pub problems: Vec<SourceError>,
    /// How many more there were that are not kept.
    pub more_problems: u64,
}

enum Inputs {
    Files(Files),
    Stream(Option<(String, Box<dyn Read + Send>)>),
}

impl Source {
    /// Creates a source of files, and of folders read recursively in the order of their names.
    ///
    /// What is not there or cannot be read is found out while reading, and reported at the end.
    pub fn files(paths: impl IntoIterator<Item = PathBuf>, settings: Settings) -> Self {
        let files = Files::new(paths.into_iter().collect());
        settings.progress.expect(files.total_bytes());
        Self::new(Inputs::Files(files), settings)
    }

    /// Creates a source of one stream, such as standard input; `name` is for error messages.
    pub fn stream(
        name: impl Into<String>,
        reader: impl Read + Send + 'static,
        settings: Settings,
    ) -> Self {
        let stream: (String, Box<dyn Read + Send>) = (name.into(), Box::new(reader));
        Self::new(Inputs::Stream(Some(stream)), settings)
    }

    fn new(inputs: Inputs, settings: Settings) -> Self {
        Self {
            inputs,
            settings,
            current: None,
            closed: VecDeque::new(),
            blocks: 0,
            report: Report::default(),
        }
    }

    /// Ends reading and returns the report; every block that was claimed must have been read.
    pub fn into_report(mut self) -> Report {
        self.close();
        while let Some(closed) = self.closed.pop_front() {
            self.settle(closed);
        }
        self.report.bytes = self.settings.progress.read();
        self.report
    }

    /// Leaves the current input for the next; returns whether there may have been more of it.
    pub fn leave(&mut self) -> bool {
        let more = self
            .current
            .as_ref()
            .is_some_and(|reading| !reading.has_ended());
        self.close();
        more
    }

    /// Opens the next input that can be opened; false when there is none.
    fn open_next(&mut self) -> bool {
        loop {
            let opened = match &mut self.inputs {
                Inputs::Stream(stream) => stream
                    .take()
                    .map(|(name, reader)| Reading::stream(&name, reader, &self.settings)),
                Inputs::Files(files) => files
                    .next(&mut self.report)
                    .map(|file| Reading::file(&file.path, file.origin, &self.settings)),
            };
            match opened {
                None => return false,
                Some(Ok(reading)) => {
                    self.report.files += 1;
                    self.current = Some(reading);
                    return true;
                }
                Some(Err(problem)) => self.report.problems.push(problem),
            }
        }
    }

    /// Leaves the current input, and takes over what those before have to report.
    fn close(&mut self) {
        let Some(reading) = self.current.take() else {
            return;
        };
        self.report.empty += u64::from(reading.is_empty());
        self.report.cut_lines += reading.cut_lines();
        self.closed.push_back(reading.close());
        while self.closed.front_mut().is_some_and(Closed::is_settled)
            && let Some(closed) = self.closed.pop_front()
        {
            self.settle(closed);
        }
    }

    fn settle(&mut self, closed: Closed) {
        let problems = closed.into_problems();
        self.report.problems.extend(problems.first);
        self.report.more_problems += problems.more;
    }
}

impl Blocks for Source {
    fn is_live(&self) -> bool {
        matches!(self.inputs, Inputs::Stream(_))
    }

    fn claim(&mut self, block: &mut Block) -> bool {
        loop {
            if self.current.is_none() && !self.open_next() {
                return false;
            }
            let Some(reading) = &mut self.current else {
                return false;
            };
            if reading.claim(block) {
                block.index = self.blocks;
                self.blocks += 1;
                return true;
            }
            self.close();
        }
    }
}

/// What went wrong with one input.
#[derive(Debug, Default)]
struct Problems {
    first: Vec<SourceError>,
    more: u64,
}

impl Problems {
    fn push(&mut self, problem: SourceError) {
        if self.first.len() < KEPT {
            self.first.push(problem);
        } else {
            self.more += 1;
        }
    }
}

/// An input's place among the others.
#[derive(Clone, Debug)]
struct FoundFile {
    path: PathBuf,
    origin: Origin,
}

#[cfg(test)]
mod tests;
