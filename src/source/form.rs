//! Reads one input in the form that its first lines have.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::cutter::{Cutter, Fill};
use super::decompress::{self, Storage, Trailing};
use super::documents::Documents;
use super::{Problems, Progress, Settings, SourceError};
use crate::decode::document::Start;
use crate::decode::stamp::{self, Clock};
use crate::event::Origin;
use crate::scan::scanner::last_time;
use crate::scan::{Block, LineFormat};
use crate::time::Timestamp;

/// An opened input.
pub(super) struct Reading {
    file: Arc<str>,
    origin: Arc<Origin>,
    format: LineFormat,
    clock: Clock,
    carry: Option<Timestamp>,
    storage: Storage,
    body: Body,
    size: Option<Size>,
}

/// What makes blocks of an input's bytes.
enum Body {
    Lines(Cutter<Input>),
    Documents(Documents<Input>),
}

type Input = Box<dyn Read + Send>;

/// How long a file was when it was opened; as much is read, though it may grow meanwhile.
struct Size {
    bytes: u64,
    read: Arc<Progress>,
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
        // A pipe, or a file that the system makes up as it is read, has no length.
        if !metadata.is_file() || metadata.len() == 0 {
            return Self::open(&name, origin, Box::new(file), Fill::AsItComes, settings);
        }
        let size = Size {
            bytes: metadata.len(),
            read: Arc::default(),
        };
        let counted = Counted {
            reader: file.take(size.bytes),
            count: size.read.clone(),
        };
        let mut reading = Self::open(&name, origin, Box::new(counted), Fill::Whole, settings)?;
        reading.size = Some(size);
        Ok(reading)
    }

    pub(super) fn stream(
        name: &str,
        reader: Box<dyn Read + Send>,
        settings: &Settings,
    ) -> Result<Self, SourceError> {
        Self::open(name, Origin::default(), reader, Fill::AsItComes, settings)
    }

    fn open(
        name: &str,
        origin: Origin,
        reader: Box<dyn Read + Send>,
        fill: Fill,
        settings: &Settings,
    ) -> Result<Self, SourceError> {
        let counted = Counted {
            reader,
            count: settings.progress.clone(),
        };
        let (storage, reader) = decompress::open(counted).map_err(|source| SourceError::Read {
            file: name.to_owned(),
            at: 0,
            source,
        })?;
        let mut cutter = Cutter::new(reader, fill, settings.sizes);
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
            storage,
            body,
            size: None,
        })
    }

    pub(super) fn next_into(&mut self, block: &mut Block) -> bool {
        let filled = match &mut self.body {
            Body::Lines(cutter) => cutter.next_into(block),
            Body::Documents(documents) => documents.next_into(block),
        };
        if !filled {
            return false;
        }
        block.format = self.format;
        block.origin.clone_from(&self.origin);
        block.file.clone_from(&self.file);
        block.carry = self.carry;
        self.carry = last_time(block.bytes(), self.format, &self.clock).or(self.carry);
        true
    }

    /// Returns how many bytes, decompressed, went by.
    fn offset(&self) -> u64 {
        match &self.body {
            Body::Lines(cutter) => cutter.offset,
            Body::Documents(documents) => documents.offset(),
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

    /// Ends reading; what went wrong comes back.
    pub(super) fn into_problems(mut self) -> Problems {
        let (mut problems, failure, ended) = match &mut self.body {
            Body::Lines(cutter) => (
                Problems::default(),
                cutter.take_failure(),
                cutter.has_ended(),
            ),
            Body::Documents(documents) => (
                std::mem::take(&mut documents.problems),
                documents.take_failure(),
                documents.has_ended(),
            ),
        };
        match (failure, &self.size) {
            (Some(failure), _) => problems.push(self.explain(failure)),
            (None, Some(size)) if ended && size.read.read() < size.bytes => {
                problems.push(SourceError::Shrunk {
                    file: self.file.to_string(),
                    missing: size.bytes - size.read.read(),
                });
            }
            _ => {}
        }
        problems
    }

    fn explain(&self, source: io::Error) -> SourceError {
        let (file, at) = (self.file.to_string(), self.offset());
        let is_trailing = Trailing::is(&source);
        match source.kind() {
            _ if is_trailing => SourceError::TrailingGarbage { file },
            _ if self.storage == Storage::Plain || source.raw_os_error().is_some() => {
                SourceError::Read { file, at, source }
            }
            io::ErrorKind::UnexpectedEof => SourceError::CutOff { file, at },
            _ => SourceError::Damaged { file, at, source },
        }
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
