//! Reads one input in the form that its first lines have.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::cutter::{Cutter, Fill};
use super::decompress::{self, Storage, Trailing};
use super::documents::Documents;
use super::input::{Failure, FileReader, Input, StoredFile};
use super::{Problems, Settings, SourceError};
use crate::decode::document::Start;
use crate::decode::stamp::{self, Clock};
use crate::event::Origin;
use crate::scan::scanner::{last_stream, last_time};
use crate::scan::{Block, LineFormat};
use crate::time::Timestamp;

/// An opened input.
pub(super) struct Reading {
    file: Arc<str>,
    origin: Arc<Origin>,
    format: LineFormat,
    clock: Clock,
    /// The time of the last line so far that said one.
    carry: Option<Timestamp>,
    /// The stream of that line, where lines name theirs.
    carry_stream: RefCell<Option<Arc<str>>>,
    storage: Storage,
    body: Body,
    stored: Option<Arc<StoredFile>>,
}

/// What makes blocks of an input's bytes.
enum Body {
    Lines(Cutter),
    Documents(Documents),
}

impl Reading {
    pub(super) fn file(
        path: &Path,
        origin: Origin,
        settings: &Settings,
    ) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Open {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let name = path.display().to_string();
        let progress = settings.progress.clone();
        // A pipe, or a file that the system makes up as it is read, has no length.
        if !metadata.is_file() || metadata.len() == 0 {
            let input = Input::stream(file, progress);
            return Self::open(&name, origin, input, Fill::AsItComes, settings);
        }
        let stored = Arc::new(StoredFile::new(file, metadata.len(), progress));
        let input = Input::File(FileReader::new(stored.clone()));
        let mut reading = Self::open(&name, origin, input, Fill::Whole, settings)?;
        reading.stored = Some(stored);
        Ok(reading)
    }

    pub(super) fn stream(
        name: &str,
        reader: Box<dyn Read + Send>,
        settings: &Settings,
    ) -> Result<Self, SourceError> {
        let input = Input::stream(reader, settings.progress.clone());
        Self::open(name, Origin::default(), input, Fill::AsItComes, settings)
    }

    fn open(
        name: &str,
        origin: Origin,
        input: Input,
        fill: Fill,
        settings: &Settings,
    ) -> Result<Self, SourceError> {
        let (storage, start, input) =
            decompress::open(input).map_err(|source| SourceError::Read {
                file: name.to_owned(),
                at: 0,
                source,
            })?;
        let mut cutter = Cutter::new(start, input, fill, settings.sizes);
        if cutter.peek().starts_with(b"\xEF\xBB\xBF") {
            cutter.skip(3);
        }
        let label: Arc<str> = name.into();
        let start = cutter.peek();
        let format = line_format(start);
        let body = match Start::of(start) {
            Start::Lines => Body::Lines(cutter),
            Start::Documents => Body::Documents(Documents::new(cutter, label.clone())),
        };
        Ok(Self {
            file: label,
            origin: Arc::new(origin),
            format,
            clock: settings.clock.clone(),
            carry: None,
            carry_stream: RefCell::default(),
            storage,
            body,
            stored: None,
        })
    }

    /// Fills the block with the next lines, or marks out where they are; false at the end.
    pub(super) fn claim(&mut self, block: &mut Block) -> bool {
        block.carry = self.carry;
        block.carry_stream.clone_from(&self.carry_stream.borrow());
        let last_time = |lines: &[u8]| {
            if self.format == LineFormat::Tail
                && let Some(stream) = last_stream(lines)
            {
                let name = String::from_utf8_lossy(stream);
                self.carry_stream.replace(Some(name.into()));
            }
            last_time(lines, self.format, &self.clock)
        };
        let is_claimed = match &mut self.body {
            Body::Lines(cutter) => cutter.claim(block, &mut self.carry, last_time),
            Body::Documents(documents) => {
                let is_filled = documents.next_into(block);
                self.carry = last_time(block.bytes()).or(self.carry);
                is_filled
            }
        };
        block.format = self.format;
        block.origin.clone_from(&self.origin);
        block.file.clone_from(&self.file);
        is_claimed
    }

    /// Returns how many bytes, decompressed, went by.
    fn offset(&self) -> u64 {
        match &self.body {
            Body::Lines(cutter) => cutter.offset,
            Body::Documents(documents) => documents.offset(),
        }
    }

    /// Returns whether the input has come to its end.
    pub(super) fn has_ended(&self) -> bool {
        match (&self.body, &self.stored) {
            (Body::Lines(_), Some(stored)) if self.storage == Storage::Plain => {
                self.offset() >= stored.length()
            }
            (Body::Lines(cutter), _) => cutter.has_ended(),
            (Body::Documents(documents), _) => documents.has_ended(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.offset() == 0
    }

    pub(super) fn cut_lines(&self) -> u64 {
        match &self.body {
            Body::Lines(cutter) => cutter.cut_lines,
            Body::Documents(_) => 0,
        }
    }

    /// Ends reading.
    pub(super) fn close(self) -> Closed {
        let at = self.offset();
        let (problems, error, ended) = match self.body {
            Body::Lines(mut cutter) => (
                Problems::default(),
                cutter.take_failure(),
                cutter.has_ended(),
            ),
            Body::Documents(mut documents) => (
                std::mem::take(&mut documents.problems),
                documents.take_failure(),
                documents.has_ended(),
            ),
        };
        Closed {
            file: self.file,
            storage: self.storage,
            problems,
            failure: error.map(|error| Failure { at, error }),
            ended,
            stored: self.stored,
        }
    }
}

/// An input of which no more blocks are claimed, while workers may still be reading those that were.
pub(super) struct Closed {
    file: Arc<str>,
    storage: Storage,
    problems: Problems,
    failure: Option<Failure>,
    ended: bool,
    stored: Option<Arc<StoredFile>>,
}

impl Closed {
    /// Returns whether all blocks were read, so that what went wrong is known.
    pub(super) fn is_settled(&mut self) -> bool {
        let stored = self.stored.as_mut();
        stored.is_none_or(|stored| Arc::get_mut(stored).is_some())
    }

    /// Returns what went wrong.
    pub(super) fn into_problems(mut self) -> Problems {
        let of_worker = self
            .stored
            .as_ref()
            .and_then(|stored| stored.take_failure());
        let missing = self.stored.as_ref().map_or(0, |stored| stored.missing());
        let file = self.file.to_string();
        if let Some(failure) = of_worker.or(self.failure.take()) {
            self.problems.push(explain(file, self.storage, failure));
        } else if self.ended && missing > 0 {
            self.problems.push(SourceError::Shrunk { file, missing });
        }
        self.problems
    }
}

fn explain(file: String, storage: Storage, failure: Failure) -> SourceError {
    let Failure { at, error: source } = failure;
    match source.kind() {
        _ if Trailing::is(&source) => SourceError::TrailingGarbage { file },
        _ if storage == Storage::Plain || source.raw_os_error().is_some() => {
            SourceError::Read { file, at, source }
        }
        io::ErrorKind::UnexpectedEof => SourceError::CutOff { file, at },
        _ => SourceError::Damaged { file, at, source },
    }
}

/// Tells the form of lines by the first one.
fn line_format(start: &[u8]) -> LineFormat {
    let line = start.trim_ascii_start();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some((_, length)) = stamp::leading_iso(line) else {
        return LineFormat::Plain;
    };
    let (stamp, rest) = line.split_at(length);
    let stream = rest
        .strip_prefix(b" ")
        .and_then(|rest| rest.split(|byte| *byte == b' ').next());
    let Some(word) = stream.filter(|_| stamp[10] == b'T') else {
        return LineFormat::Plain;
    };
    match &stamp[19..] {
        b"" => LineFormat::TailShort,
        zone if zone.ends_with(b"+00:00") && word.contains(&b'/') => LineFormat::Tail,
        zone if zone.ends_with(b"Z") => LineFormat::Export,
        _ => LineFormat::Plain,
    }
}
