//! Gives each error of a stream to the one event that carries it.
//!
//! A traceback is many events, and a logged error may be one or many: a record with `exc_info`, a head line of
//! Celery or gunicorn with a plain traceback behind it, or a bare traceback. The assembler takes the events of
//! one stream in order and hands them back in order, at most one of each block with an [`ErrorInfo`]:
//!
//! | what is printed | carried by | level |
//! | --- | --- | --- |
//! | a record from WARNING on with `exc_info` | the record | the record's |
//! | a record of ERROR or CRITICAL without | the record | the record's |
//! | a text line from WARNING on, a traceback behind it | the text line | the line's |
//! | a text line of ERROR or CRITICAL without | the text line | the line's |
//! | a record or text line below WARNING with a traceback | nothing: a retry or an expected error | |
//! | a bare traceback, also of a thread | the line that names the exception | ERROR |
//! | `Exception ignored in …`, `--- Logging error ---` | the line that names the exception | WARNING |
//! | a refusal such as `CommandError: …` | that line | ERROR |
//!
//! A record that `json_indent` spread over lines is one as well; its first line carries what it tells.
//!
//! The ignored ones are warnings since the program went on and nobody's request or batch was lost by them.
//!
//! Events are held back only while a block is open or could begin, and never more than a bounded number. Lines
//! that cannot matter cost one search over their bytes.

mod gate;
mod spread;
#[cfg(test)]
mod tests;
mod written;

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::decode::exception::ErrorInfo;
use crate::decode::indented::Fit;
use crate::decode::level::Level;
use crate::decode::text_line::{Format, TextLine};
use crate::decode::traceback::{
    AppRoots, Block, BlockReader, Lead, Step, Traceback, lines_of, without_colours,
};
use crate::record::Record;
use crate::time::Timestamp;

use spread::Spread;
use written::Written;

pub(crate) use gate::{RECORD, WORDS};
pub use gate::{find_in_json, may_matter};

/// The lines of one write are stamped within this many milliseconds.
const AT_ONCE: i64 = 20;
/// A block that has been silent for this long is over.
const SILENCE: i64 = 5_000;
/// A program that logs within this time of its refusal did not mean it.
const LAST_WORDS: i64 = 100;
/// No more events, or bytes of events, than this are held back.
const MAX_HELD: usize = 4_096;
const MAX_HELD_BYTES: usize = 1 << 20;
/// A head line is waited on for this many lines of its message, and events of others.
const MAX_OWNER_LINES: usize = 64;

/// An event handed back, with what it carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// The event's number, as it was pushed.
    pub index: u64,
    /// The error it carries.
    pub error: Option<Box<ErrorInfo>>,
    /// The level that the error gives to an event whose own line has none.
    pub level: Option<Level>,
    /// The event that names the exception, when it is another one: that of a head line's traceback.
    pub exception: Option<u64>,
}

/// Attaches errors to the events of one stream.
#[derive(Debug)]
pub struct Assembler {
    roots: AppRoots,
    reader: BlockReader,
    held: VecDeque<Attached>,
    held_bytes: usize,
    owner: Option<Owner>,
    block: Option<OpenBlock>,
    written: Option<Written>,
    spread: Option<Spread>,
    last: Timestamp,
}

/// A head line that a traceback behind it belongs to.
#[derive(Clone, Debug)]
struct Owner {
    index: u64,
    at: Timestamp,
    level: Level,
    logger: String,
    lines: usize,
}

/// Where the block in the reader began, and whose it is.
#[derive(Debug)]
struct OpenBlock {
    first: u64,
    exception: Option<u64>,
    owner: Option<Owner>,
}

impl Owner {
    /// Returns whether the events from its line on wait for a traceback.
    fn holds(&self) -> bool {
        self.level >= Level::Warning
    }

    /// Counts a line behind it; returns whether it can still own a traceback.
    fn goes_on(&mut self, at: Timestamp) -> bool {
        self.lines += 1;
        self.lines <= MAX_OWNER_LINES && (at.0 - self.at.0).abs() <= AT_ONCE
    }
}

impl Assembler {
    /// Creates an assembler for one stream.
    pub fn new(roots: AppRoots) -> Self {
        Self {
            reader: BlockReader::new(roots.clone()),
            roots,
            held: VecDeque::new(),
            held_bytes: 0,
            owner: None,
            block: None,
            written: None,
            spread: None,
            last: Timestamp::default(),
        }
    }

    /// Takes the next event; events that nothing is waited for any more go to `out`, in order.
    pub fn push(&mut self, index: u64, record: &Record<'_>, out: &mut Vec<Attached>) {
        let message = record.event.message;
        let at = record.event.timestamp;
        if self.is_waiting() && at.0 - self.last.0 > SILENCE {
            self.close_all();
        }
        self.last = at;
        self.held.push_back(Attached {
            index,
            ..Attached::default()
        });
        self.held_bytes += message.len();
        if self.is_waiting() || may_matter(message) {
            self.read(index, record);
        } else {
            self.pass_owner(at);
        }
        if self.held.len() > MAX_HELD || self.held_bytes > MAX_HELD_BYTES {
            self.close_all();
        }
        self.release(out);
    }

    /// Ends what is open and hands all events back: the stream is over, or nothing more is to be waited for.
    pub fn finish(&mut self, out: &mut Vec<Attached>) {
        self.close_all();
        self.release(out);
    }

    /// Hands back what waits for nothing any more, given that no event came until `now`.
    pub fn settle(&mut self, now: Timestamp, out: &mut Vec<Attached>) {
        if now.0 - self.last.0 > SILENCE {
            self.finish(out);
        }
    }

    /// Returns how many events are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Returns whether nothing is open: an event that [`may_matter`] rules out changes nothing then, and need not be
    /// pushed.
    pub fn is_idle(&self) -> bool {
        !self.is_waiting() && self.owner.is_none()
    }

    fn is_waiting(&self) -> bool {
        self.reader.is_open()
            || self.written.is_some()
            || self.spread.is_some()
            || self.owner.as_ref().is_some_and(Owner::holds)
    }

    fn release(&mut self, out: &mut Vec<Attached>) {
        if !self.is_waiting() {
            out.extend(self.held.drain(..));
            self.held_bytes = 0;
        }
    }

    fn close_all(&mut self) {
        self.give_up_spread();
        self.close_block();
        self.close_written();
        self.owner = None;
    }

    fn read(&mut self, index: u64, record: &Record<'_>) {
        let at = record.event.timestamp;
        if record.is_record() {
            self.drop_quotation(at);
            self.pass_foreign(at);
            if let Some(error) = error_of(record, &self.roots) {
                self.attach(index, error, None, None);
            }
            return self.read_below(index, record);
        }
        match record.line() {
            Some(line) if line.format == Format::Access => self.pass_foreign(at),
            Some(line) => {
                self.read_head(index, record, line);
                self.read_below(index, record);
            }
            None if record.object().is_some() => self.pass_foreign(at),
            // One line, unless the log driver puts several into one event.
            None => {
                for line in lines_of(&without_colours(&record.text())) {
                    self.read_text(index, line, at);
                }
            }
        }
    }

    /// Reads what stands below the first line of the same event.
    fn read_below(&mut self, index: u64, record: &Record<'_>) {
        if let Some(text) = record.text_below() {
            for line in lines_of(&without_colours(&text)) {
                self.read_text(index, line, record.event.timestamp);
            }
        }
    }

    /// Drops a refusal that the program talked on after: it was only printed.
    ///
    /// The limit keeps the refusal of a command before which a shell starts the next one.
    fn drop_quotation(&mut self, at: Timestamp) {
        let refused = self.reader.refused_at();
        if refused.is_some_and(|refused| at.0 - refused.0 <= LAST_WORDS) {
            self.reader.take();
            self.block = None;
        }
    }

    /// Takes an event that has nothing to do with the block: it may end it by its time.
    fn pass_foreign(&mut self, at: Timestamp) {
        self.pass_spread(at);
        if self.reader.push_foreign(at) == Step::Closed {
            self.close_block();
        }
        self.pass_owner(at);
    }

    fn pass_owner(&mut self, at: Timestamp) {
        if !self.owner.as_mut().is_some_and(|owner| owner.goes_on(at)) {
            self.owner = None;
        }
    }

    /// Takes a line of plain text, which may be one of those that a record is spread over.
    fn read_text(&mut self, index: u64, text: &str, at: Timestamp) {
        match self
            .spread
            .as_mut()
            .map(|spread| spread.push(index, text, at))
        {
            Some(Fit::Inside) => return,
            Some(Fit::Last) => return self.close_spread(at),
            Some(Fit::Over) => self.give_up_spread(),
            Some(Fit::Foreign) => return self.read_plain(index, text, at),
            None => {}
        }
        // Behind other text it could also be an exception's message, or more of one.
        let begun = Spread::begin(index, text, at);
        self.spread = begun.filter(|spread| spread.is_bare() || !self.reader.is_open());
        if self.spread.is_none() {
            self.read_plain(index, text, at);
        }
    }

    /// Reads the object whose last line has come: a record by itself, or text as before.
    fn close_spread(&mut self, at: Timestamp) {
        let Some(spread) = self.spread.take() else {
            return;
        };
        let roots = &self.roots;
        let told = spread.read(|record| {
            let before = record.text_before_record().map(Cow::into_owned);
            (before, error_of(record, roots), record.level())
        });
        let Some((before, error, level)) = told else {
            return self.read_lines(spread);
        };
        if let Some(before) = before {
            self.read_plain(spread.first(), &before, at);
        }
        self.drop_quotation(at);
        self.pass_foreign(at);
        if let Some(error) = error {
            self.attach(spread.first(), error, level, None);
        }
    }

    fn pass_spread(&mut self, at: Timestamp) {
        let goes_on = |spread: &mut Spread| spread.pass(at);
        if !self.spread.as_mut().is_none_or(goes_on) {
            self.give_up_spread();
        }
    }

    fn give_up_spread(&mut self) {
        if let Some(spread) = self.spread.take() {
            self.read_lines(spread);
        }
    }

    /// Reads the lines of what turned out to be no record.
    fn read_lines(&mut self, spread: Spread) {
        for (index, text, at) in spread.into_lines() {
            self.read_plain(index, &text, at);
        }
    }

    fn read_plain(&mut self, index: u64, text: &str, at: Timestamp) {
        self.pass_owner(at);
        let mut step = self.step(index, text, at);
        if step == Step::Closed {
            self.close_block();
            step = self.step(index, text, at);
        }
        if let (Step::Exception, Some(block)) = (step, &mut self.block) {
            block.exception = Some(index);
        }
    }

    /// Shows the reader a line, and notes whose block it is when the line opens one.
    fn step(&mut self, index: u64, text: &str, at: Timestamp) -> Step {
        let was_open = self.reader.is_open();
        let step = self.reader.push(text, at);
        if !was_open && self.reader.is_open() {
            self.block = Some(OpenBlock {
                first: index,
                exception: None,
                owner: self.owner.take(),
            });
        }
        step
    }

    fn read_head(&mut self, index: u64, record: &Record<'_>, line: &TextLine<'_>) {
        let at = record.event.timestamp;
        self.pass_spread(at);
        if self.read_written(index, record, line) {
            return;
        }
        // A head line comes through the same pipe: behind the exception it is the end of the block.
        if self.reader.has_exception() || self.reader.push_foreign(at) == Step::Closed {
            self.close_block();
        }
        if self.written.as_ref().is_some_and(Written::has_exception) {
            self.close_written();
        }
        let Some(level) = line.level else {
            self.owner = None;
            return;
        };
        if level >= Level::Error {
            let error = ErrorInfo::from_message(Some(line.logger), &record.message());
            self.attach(index, error, None, None);
        }
        self.owner = Some(Owner {
            index,
            at,
            level,
            logger: line.logger.to_owned(),
            lines: 0,
        });
    }

    /// Takes a WARNING line that is a piece of something written to standard error.
    fn read_written(&mut self, index: u64, record: &Record<'_>, line: &TextLine<'_>) -> bool {
        if line.format != Format::Celery || line.level != Some(Level::Warning) {
            return false;
        }
        let at = record.event.timestamp;
        let message = record.event.message;
        // The head without its time: level and process.
        let place = &message[26..message.len() - line.message.len()];
        let piece = String::from_utf8_lossy(line.message);
        if let Some(written) = self
            .written
            .as_mut()
            .filter(|written| written.place == place)
        {
            if written.push(&piece, index, at) {
                return true;
            }
            self.close_written();
        }
        let begun = Written::begin(&piece, place, index, at, &self.roots);
        if begun.is_none() {
            return false;
        }
        self.close_all();
        self.written = begun;
        true
    }

    fn close_written(&mut self) {
        let Some(written) = self.written.take() else {
            return;
        };
        let (first, exception) = (written.first, written.exception);
        if let Some(block) = written.finish(self.last) {
            let carrier = carrier_of(&block, first, exception);
            let error = ErrorInfo::from_traceback(block.traceback, &self.roots);
            self.attach(carrier, error, None, None);
        }
    }

    fn close_block(&mut self) {
        let block = self.reader.take();
        let Some((block, open)) = block.zip(self.block.take()) else {
            return;
        };
        let carrier = carrier_of(&block, open.first, open.exception);
        match open
            .owner
            .filter(|_| matches!(block.lead, Lead::None | Lead::Syntax))
        {
            Some(owner) if owner.holds() => {
                let mut error = ErrorInfo::from_traceback(block.traceback, &self.roots);
                error.logger = Some(owner.logger);
                self.attach(owner.index, error, None, open.exception);
            }
            // Below WARNING a traceback is told for information; only one that left the program is none of it.
            Some(_) if !block.traceback.starts_in_module() => {}
            _ => {
                let level = level_of(&block);
                let error = ErrorInfo::from_traceback(block.traceback, &self.roots);
                self.attach(carrier, error, Some(level), None);
            }
        }
    }

    fn attach(
        &mut self,
        index: u64,
        error: ErrorInfo,
        level: Option<Level>,
        exception: Option<u64>,
    ) {
        let at = self.held.binary_search_by_key(&index, |held| held.index);
        if let Some(held) = at.ok().and_then(|at| self.held.get_mut(at)) {
            held.error = Some(Box::new(error));
            held.level = level;
            held.exception = exception;
        }
    }
}

/// Returns the event of a block's exception, or the first one when the block ends before it.
fn carrier_of(block: &Block, first: u64, exception: Option<u64>) -> u64 {
    let ended = block.traceback.exception.is_some();
    exception.filter(|_| ended).unwrap_or(first)
}

/// Returns the level of a block that no line with a level stands in front of.
fn level_of(block: &Block) -> Level {
    match block.lead {
        Lead::Ignored | Lead::LoggingError => Level::Warning,
        Lead::None | Lead::Thread | Lead::Refusal | Lead::Syntax => Level::Error,
    }
}

/// Returns the error that a `logging` record carries by itself; `None` for text, and for records of no error.
pub fn error_of(record: &Record<'_>, roots: &AppRoots) -> Option<ErrorInfo> {
    let level = record.logged()?.level();
    if level.is_some_and(|level| level < Level::Warning) {
        return None;
    }
    let logger = record.logger();
    let raised = record.exception_text();
    let raised = raised.and_then(|text| Traceback::parse(&text, roots));
    if let Some(traceback) = raised {
        let mut error = ErrorInfo::from_traceback(traceback, roots);
        error.logger = logger.map(Into::into);
        return Some(error);
    }
    let severe = level.is_some_and(|level| level >= Level::Error);
    severe.then(|| ErrorInfo::from_message(logger.as_deref(), &record.message()))
}
