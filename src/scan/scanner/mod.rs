//! Makes events of the lines of a block that can matter, with their times resolved.
//!
//! A line's time is its envelope's, else its record's, else that of the line before; lines before the first that
//! has a time take that one's, and where no line of a file has any, the time is zero. Only lines that can matter,
//! and lines that lend them their time, are read at all; where nobody asks for times, those that records begin with
//! are not.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::asctimes::{Asctimes, Sample};
use super::block::{Block, LineFormat};
use super::lines::{lines, lines_back, trim};
use super::needles::Needles;
use super::origins::Origins;
use crate::decode::envelope::{Envelope, Object};
use crate::decode::stamp::{self, Clock};
use crate::event::{Event, Origin};
use crate::scan::need::Need;
use crate::time::Timestamp;

/// Reads events out of blocks; one for each worker, since it keeps buffers.
#[derive(Clone, Debug)]
pub struct Scanner {
    needles: Needles,
    clock: Clock,
    message: Vec<u8>,
    origins: Origins,
    tasks: Origin,
    asctimes: Option<Arc<Asctimes>>,
    timed: bool,
}

impl Scanner {
    /// Creates a scanner for lines that meet `need`; `clock` gives the zone of times that name none.
    pub fn new(need: &Need, clock: Clock) -> Self {
        Self {
            needles: Needles::new(need),
            clock,
            message: Vec::new(),
            origins: Origins::default(),
            tasks: Origin::new(TASKS_GROUP, ""),
            asctimes: None,
            timed: true,
        }
    }

    /// Sets the log group of ECS task events in files whose path names none; [`TASKS_GROUP`] otherwise.
    #[must_use]
    pub fn tasks_group(mut self, group: &str) -> Self {
        self.tasks = Origin::new(group, "");
        self
    }

    /// Sets where to say how the `asctime`s of a few records stand to the events' own times.
    #[must_use]
    pub fn comparing(mut self, asctimes: Arc<Asctimes>) -> Self {
        self.asctimes = Some(asctimes);
        self
    }

    /// Sets that nobody asks when an event was: its own time may not be read then, and none is lent.
    #[must_use]
    pub fn without_times(mut self) -> Self {
        self.timed = false;
        self
    }

    /// Calls `each` with every event of the block that can matter, and with the offset of its line.
    pub fn for_each_event(
        &mut self,
        block: &Block,
        mut each: impl FnMut(u32, Event<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bytes = block.bytes();
        self.needles.tune(bytes);
        self.origins.clear();
        let mut times = Times::new(block, &self.clock, self.timed);
        let mut sample = Sample::new(self.asctimes.as_deref());
        for range in self.needles.lines(bytes) {
            let text = trim(&bytes[range.clone()]);
            if text.is_empty() {
                continue;
            }
            let offset = range.start as u32;
            let (mut ingestion, mut id) = (None, None);
            let line = Line::read(block.format, text, &self.clock, self.timed);
            let (timestamp, message, origin) = match line {
                Line::Envelope(envelope) => {
                    let message = decoded_message(&envelope, &mut self.message);
                    let time = envelope_time(&envelope, message, &self.clock);
                    let (group, stream) = (envelope.group, envelope.stream);
                    let origin = self.origins.find(group, stream, &block.origin);
                    (ingestion, id) = (envelope.ingestion, envelope.id);
                    (times.resolve(range, time), message, origin)
                }
                Line::Bare(line) => {
                    let is_lost = line.task && block.origin.group.is_empty();
                    let origin = if is_lost { &self.tasks } else { &block.origin };
                    (times.resolve(range, line.time), line.message, origin)
                }
                Line::Stream(stream, line) => {
                    times.enter(stream);
                    let origin = self.origins.find_stream(stream, &block.origin);
                    (times.resolve(range, line.time), line.message, origin)
                }
                Line::More(message) => {
                    let origin = match times.stream(range.start) {
                        Some(stream) => self.origins.find_stream(stream, &block.origin),
                        None => &block.origin,
                    };
                    (times.resolve(range, None), message, origin)
                }
            };
            sample.look(message, timestamp, &self.clock);
            let event = Event {
                timestamp,
                ingestion,
                message,
                origin,
                id,
            };
            each(offset, event)?;
        }
        ControlFlow::Continue(())
    }
}

/// The group of ECS task events that come from nowhere in particular.
pub const TASKS_GROUP: &str = "/aws/events/ecs-tasks";

/// Returns the stream that the last line of `bytes` with one names, as `aws logs tail` prints it.
pub fn last_stream(bytes: &[u8]) -> Option<&[u8]> {
    lines_back(bytes, 0, bytes.len()).find_map(|line| stream_of(trim(&bytes[line])))
}

fn stream_of(line: &[u8]) -> Option<&[u8]> {
    match Line::tail(line)? {
        Line::Stream(stream, _) => Some(stream),
        _ => None,
    }
}

/// Returns the time of the last line of `bytes` that says one, searching from the end.
pub fn last_time(bytes: &[u8], format: LineFormat, clock: &Clock) -> Option<Timestamp> {
    lines_back(bytes, 0, bytes.len()).find_map(|line| own_time(format, trim(&bytes[line]), clock))
}

/// One line, read as far as its form needs.
enum Line<'a> {
    Envelope(Envelope<'a>),
    Bare(Bare<'a>),
    /// The line names its stream.
    Stream(&'a [u8], Bare<'a>),
    /// The line goes on with the message of the one before.
    More(&'a [u8]),
}

/// A line that is the message, or that holds it as it is.
struct Bare<'a> {
    time: Option<Timestamp>,
    message: &'a [u8],
    task: bool,
}

impl<'a> Line<'a> {
    #[inline]
    fn read(format: LineFormat, line: &'a [u8], clock: &Clock, timed: bool) -> Self {
        // Most lines are records that begin with their time: no envelope does, nor any event of ECS.
        if format == LineFormat::Plain && stamp::begins_with_created(line) {
            let time = timed.then(|| stamp::of_record(line, clock));
            return Self::Bare(Bare {
                time: time.flatten(),
                message: line,
                task: false,
            });
        }
        Self::told(format, line, clock)
    }

    /// Tells lines apart that take more to tell.
    #[inline(never)]
    fn told(format: LineFormat, line: &'a [u8], clock: &Clock) -> Self {
        let special = match format {
            LineFormat::Plain => None,
            LineFormat::Tail => Some(Self::tail(line).unwrap_or(Self::More(line))),
            LineFormat::Export | LineFormat::TailShort => stamped(line).map(Self::Bare),
        };
        special.unwrap_or_else(|| Self::plain(line, clock))
    }

    fn plain(line: &'a [u8], clock: &Clock) -> Self {
        let (time, task) = if line.first() == Some(&b'{') {
            match Object::read(line, clock) {
                Object::Envelope(envelope) => return Self::Envelope(envelope),
                Object::Record { time, task } => (time, task),
            }
        } else {
            (stamp::of_text(line, clock), false)
        };
        Self::Bare(Bare {
            time,
            message: line,
            task,
        })
    }

    fn tail(line: &'a [u8]) -> Option<Self> {
        let rest = stamped(line)?;
        let blank = memchr::memchr(b' ', rest.message)?;
        let (stream, message) = rest.message.split_at(blank);
        let message = &message[1..];
        Some(Self::Stream(stream, Bare { message, ..rest }))
    }
}

/// Splits a stamp and a blank from the start of a line.
fn stamped(line: &[u8]) -> Option<Bare<'_>> {
    let (time, length) = stamp::leading_iso(line)?;
    Some(Bare {
        time: Some(time),
        message: line[length..].strip_prefix(b" ")?,
        task: false,
    })
}

fn own_time(format: LineFormat, line: &[u8], clock: &Clock) -> Option<Timestamp> {
    match Line::read(format, line, clock, true) {
        Line::Bare(line) | Line::Stream(_, line) => line.time,
        Line::More(_) => None,
        Line::Envelope(envelope) if envelope.timestamp.is_some() => envelope.timestamp,
        Line::Envelope(envelope) => {
            let mut buffer = Vec::new();
            envelope_time(&envelope, decoded_message(&envelope, &mut buffer), clock)
        }
    }
}

/// The time of an envelope, or of the message inside; an envelope inside an envelope is not opened.
fn envelope_time(envelope: &Envelope<'_>, message: &[u8], clock: &Clock) -> Option<Timestamp> {
    envelope.timestamp.or_else(|| match message.first() {
        Some(b'{') => stamp::of_record(message, clock),
        _ => stamp::of_text(message, clock),
    })
}

/// Returns the message of an envelope, decoded into `buffer` unless it stands as it is.
fn decoded_message<'a>(envelope: &Envelope<'a>, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if let Some(plain) = envelope.message.as_plain_str() {
        return plain;
    }
    buffer.clear();
    envelope.message.decode_into(buffer);
    buffer
}

/// Gives each line a time, lending that of the line before; goes back over a line at most once.
struct Times<'b> {
    block: &'b Block,
    clock: &'b Clock,
    /// Up to here the lines are accounted for in `last`.
    known_to: usize,
    last: Option<Timestamp>,
    /// The stream of the last line that named one.
    stream: Option<&'b [u8]>,
    /// The first time behind a line for which there was none before; looked for once.
    first: First,
    /// Whether times are asked for at all.
    timed: bool,
}

enum First {
    Unknown,
    Known(Option<Timestamp>),
}

impl<'b> Times<'b> {
    fn new(block: &'b Block, clock: &'b Clock, timed: bool) -> Self {
        Self {
            timed,
            block,
            clock,
            known_to: 0,
            last: block.carry,
            stream: block.carry_stream.as_deref().map(str::as_bytes),
            first: First::Unknown,
        }
    }

    /// Returns the time of the line at `range`, whose own time is `own`.
    #[inline]
    fn resolve(&mut self, range: Range<usize>, own: Option<Timestamp>) -> Timestamp {
        if !self.timed {
            self.known_to = range.end + 1;
            return own.unwrap_or_default();
        }
        let time = own.or_else(|| self.before(range.start));
        self.known_to = range.end + 1;
        self.last = time;
        time.or_else(|| self.first_after(range.end))
            .unwrap_or_default()
    }

    /// Takes note of the stream that a line names.
    fn enter(&mut self, stream: &'b [u8]) {
        self.stream = Some(stream);
    }

    /// Returns the stream of the line at `at`, which names none.
    fn stream(&mut self, at: usize) -> Option<&'b [u8]> {
        let bytes = self.block.bytes();
        let found = lines_back(bytes, self.known_to.min(at), at)
            .find_map(|line| stream_of(trim(&bytes[line])));
        self.stream = found.or(self.stream);
        self.stream
    }

    fn before(&self, at: usize) -> Option<Timestamp> {
        let bytes = self.block.bytes();
        lines_back(bytes, self.known_to.min(at), at)
            .find_map(|line| self.own_time(line))
            .or(self.last)
    }

    fn first_after(&mut self, at: usize) -> Option<Timestamp> {
        if let First::Known(time) = self.first {
            return time;
        }
        let mut after = lines(self.block.bytes(), at + 1);
        let time = after.find_map(|line| self.own_time(line));
        self.first = First::Known(time);
        time
    }

    fn own_time(&self, line: Range<usize>) -> Option<Timestamp> {
        own_time(
            self.block.format,
            trim(&self.block.bytes()[line]),
            self.clock,
        )
    }
}

#[cfg(test)]
mod tests;
