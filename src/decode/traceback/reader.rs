//! Finds tracebacks in the lines of a stream, or reads a text that is one.

use super::line::{
    Form, Line, glued_head, is_head, is_syntax_error, is_syntax_place, without_colours,
};
use super::{AppRoots, Builder, Traceback};
use crate::decode::refusal;
use crate::time::Timestamp;

/// The lines of one traceback are written at once: what comes later than this is something else.
const AT_ONCE: i64 = 20;
/// The lines of one write are stamped within this many milliseconds.
const SAME_WRITE: i64 = 1;
/// Frames may dribble in when the machine is busy dying.
const FRAMES_WITHIN: i64 = 5_000;
/// This many events of others are looked past inside a block, and after its exception.
const MAX_FOREIGN: usize = 200;
const MAX_FOREIGN_AFTER: usize = 8;
/// A message has at most this many lines in a stream.
const MAX_MESSAGE_LINES: usize = 100;

/// What was said in front of a traceback, which tells how serious it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lead {
    /// Nothing.
    #[default]
    None,
    /// `Exception ignored in …`: a destructor or exit handler failed, the program went on.
    Ignored,
    /// `--- Logging error ---`: a record could not be written, the program went on.
    LoggingError,
    /// `Exception in thread …`
    Thread,
    /// No traceback: a refusal such as `CommandError: …`.
    Refusal,
    /// No head: a syntax error of the script itself.
    Syntax,
}

/// What a line is to the block that is open, or could open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// No block is open and the line opens none.
    Outside,
    /// The line belongs to the block.
    Inside,
    /// The line belongs to the block and names an exception, the last one so far.
    Exception,
    /// The block goes on, the line is somebody else's.
    Foreign,
    /// The block ended before this line: take it, then push the line again.
    Closed,
}

/// A block of lines, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What stood in front.
    pub lead: Lead,
    /// The traceback; without frames for a refusal.
    pub traceback: Traceback,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// After a lead line: the traceback follows.
    Lead,
    /// After a head: frames, then an exception.
    Frames,
    /// After an exception: more of its message, a chain sentence, or the end.
    After,
    /// After a chain sentence: the next head.
    Chain,
    /// After the `Call stack:` of a logging error: up to its `Arguments:`.
    CallStack,
}

/// Reads tracebacks line by line; see the module for the two ways to use it.
#[derive(Clone, Debug, Default)]
pub struct BlockReader {
    roots: AppRoots,
    /// The whole input is one traceback: there are no others to look past.
    whole: bool,
    state: State,
    lead: Lead,
    builder: Builder,
    /// The depth of group margins at which the current part is printed.
    depth: usize,
    in_group: bool,
    last: Timestamp,
    foreign: usize,
    message_lines: usize,
}

impl BlockReader {
    /// Creates a reader for the lines of a stream.
    pub fn new(roots: AppRoots) -> Self {
        Self {
            roots,
            ..Self::default()
        }
    }

    /// Creates a reader for lines that all belong to one traceback.
    pub(super) fn whole(roots: AppRoots) -> Self {
        Self {
            roots,
            whole: true,
            state: State::Frames,
            ..Self::default()
        }
    }

    /// Returns whether a block is open.
    pub fn is_open(&self) -> bool {
        self.state != State::Idle
    }

    /// Returns when the last line of an open refusal came; `None` for any other block.
    pub fn refused_at(&self) -> Option<Timestamp> {
        (self.is_open() && self.lead == Lead::Refusal).then_some(self.last)
    }

    /// Returns whether the open block has its exception and could be complete.
    pub fn has_exception(&self) -> bool {
        self.builder.exception().is_some()
    }

    /// Takes a line of plain text.
    pub fn push(&mut self, line: &str, at: Timestamp) -> Step {
        let line = without_colours(line);
        let line = match glued_head(&line) {
            Some(head) if !self.is_open() => head,
            _ => &*line,
        };
        let step = match self.state {
            State::Idle => self.open(line),
            _ if self.too_late(at) => Step::Closed,
            State::Lead => self.after_lead(line),
            State::Frames => self.in_frames(line),
            State::After => self.after_exception(line, at),
            State::Chain => self.after_chain(line),
            State::CallStack => self.in_call_stack(line),
        };
        self.count(step, at);
        if matches!(step, Step::Inside | Step::Exception) {
            self.builder.keep(line);
        }
        step
    }

    /// Takes notice of an event that is somebody else's for certain: a record, or an access log line.
    pub fn push_foreign(&mut self, at: Timestamp) -> Step {
        let step = match self.state {
            State::Idle => Step::Outside,
            _ if self.too_late(at) || self.foreign >= self.most_foreign() => Step::Closed,
            State::After | State::CallStack if at.0 - self.last.0 > AT_ONCE => Step::Closed,
            _ => Step::Foreign,
        };
        self.count(step, at);
        step
    }

    /// Ends the open block and returns it; `None` when it turned out to be nothing.
    pub fn take(&mut self) -> Option<Block> {
        let fresh = if self.whole {
            Self::whole(self.roots.clone())
        } else {
            Self::new(self.roots.clone())
        };
        let done = std::mem::replace(self, fresh);
        let exception = done.builder.exception();
        let is_something = match done.lead {
            Lead::Syntax => exception.is_some_and(|exception| is_syntax_error(&exception.kind)),
            _ => exception.is_some() || done.builder.frames > 0,
        };
        is_something.then(|| Block {
            lead: done.lead,
            traceback: done.builder.finish(),
        })
    }

    fn count(&mut self, step: Step, at: Timestamp) {
        match step {
            Step::Inside | Step::Exception => {
                self.last = at;
                self.foreign = 0;
            }
            Step::Foreign => self.foreign += 1,
            Step::Outside | Step::Closed => {}
        }
    }

    fn most_foreign(&self) -> usize {
        match self.state {
            State::Frames => MAX_FOREIGN,
            _ => MAX_FOREIGN_AFTER,
        }
    }

    fn too_late(&self, at: Timestamp) -> bool {
        !self.whole && (at.0 - self.last.0).abs() > FRAMES_WITHIN
    }

    fn open(&mut self, line: &str) -> Step {
        if is_head(line) {
            self.begin(line);
            return Step::Inside;
        }
        if let Some(lead) = lead_of(line) {
            self.lead = lead;
            self.state = State::Lead;
            return Step::Inside;
        }
        if is_syntax_place(line) {
            self.lead = Lead::Syntax;
            self.begin(line);
            return self.in_frames(line);
        }
        if let Some(refusal) = refusal::parse(line) {
            self.lead = Lead::Refusal;
            self.state = State::After;
            self.builder.set_exception(refusal.kind, refusal.message);
            return Step::Exception;
        }
        Step::Outside
    }

    fn begin(&mut self, line: &str) {
        let head = Line::read(line, self.in_group);
        self.depth = head.depth;
        self.in_group = head.depth > 0;
        self.state = State::Frames;
        self.message_lines = 0;
    }

    fn after_lead(&mut self, line: &str) -> Step {
        if is_head(line) {
            self.begin(line);
            return Step::Inside;
        }
        // 3.8 and older print the ignored object's repr, which may have several lines; threads mix theirs.
        if lead_of(line).is_some() || line.starts_with(' ') {
            return Step::Inside;
        }
        self.past_foreign()
    }

    fn past_foreign(&self) -> Step {
        if self.foreign < self.most_foreign() {
            Step::Foreign
        } else {
            Step::Closed
        }
    }

    fn in_frames(&mut self, text: &str) -> Step {
        let line = Line::read(text, self.in_group);
        if line.depth > self.depth && self.in_group {
            return self.in_member(line);
        }
        match line.form {
            Form::Head if self.builder.frames == 0 => {
                self.begin(text);
                Step::Inside
            }
            Form::Frame {
                file,
                line,
                function,
            } => {
                self.builder.frame(file, line, function, &self.roots);
                Step::Inside
            }
            Form::Exception { kind, message } if self.whole || self.builder.frames > 0 => {
                self.builder.set_exception(kind, message);
                self.state = State::After;
                Step::Exception
            }
            Form::Head | Form::Text if self.whole => Step::Inside,
            Form::Head | Form::Exception { .. } => Step::Closed,
            Form::Text if self.builder.frames == 0 => Step::Closed,
            Form::Text => self.past_foreign(),
            Form::Chain | Form::Rule | Form::Quotes | Form::Indented | Form::Blank => Step::Inside,
        }
    }

    /// Passes over the exceptions that a group holds.
    fn in_member(&mut self, line: Line<'_>) -> Step {
        if let Form::Exception { kind, message } = line.form {
            self.builder.set_member(kind, message);
        }
        Step::Inside
    }

    fn after_exception(&mut self, text: &str, at: Timestamp) -> Step {
        let line = Line::read(text, self.in_group);
        if self.in_group && line.depth > self.depth {
            return self.in_member(line);
        }
        match line.form {
            Form::Rule | Form::Quotes => Step::Inside,
            Form::Chain => {
                self.state = State::Chain;
                Step::Inside
            }
            Form::Head if self.is_carrier() => {
                self.builder.restart_part();
                self.begin(text);
                Step::Inside
            }
            Form::Head if !self.whole && !self.quotes(at) => Step::Closed,
            _ if self.lead == Lead::LoggingError && text == "Call stack:" => {
                self.state = State::CallStack;
                Step::Inside
            }
            _ => self.continue_message(text, line.form, at),
        }
    }

    /// Returns whether a head behind an exception is quoted by its message: it came in the same write, and the
    /// program that the exception ended can not have been followed by another one so soon.
    fn quotes(&self, at: Timestamp) -> bool {
        at.0 - self.last.0 <= SAME_WRITE && self.lead == Lead::None && self.builder.left_program()
    }

    /// Returns whether the exception only carries another one's traceback in its text, between `"""`.
    fn is_carrier(&self) -> bool {
        [
            "RemoteTraceback",
            "_RemoteTraceback",
            "ExceptionWithTraceback",
        ]
        .iter()
        .any(|name| self.is_named(name))
    }

    fn is_named(&self, name: &str) -> bool {
        let exception = self.builder.exception();
        exception.is_some_and(|exception| exception.kind.rsplit('.').next() == Some(name))
    }

    /// Takes a line for more of the message, when it came with it and is not something known.
    fn continue_message(&mut self, text: &str, form: Form<'_>, at: Timestamp) -> Step {
        let together = at.0 - self.last.0 <= AT_ONCE && self.message_lines < MAX_MESSAGE_LINES;
        let other = begins_something_else(text) && form != Form::Head;
        if !self.whole && (!together || other) {
            return Step::Closed;
        }
        self.message_lines += 1;
        let bare = text.trim_start();
        let text = if self.in_group {
            bare.strip_prefix("| ").unwrap_or(bare)
        } else {
            text
        };
        // The interpreter's last words are followed by its own kind of traceback: text, but no message.
        let last_words = self.lead == Lead::Refusal && self.is_named("FatalError");
        // What stands behind a member of a group belongs to that, margin or not.
        let foreign = self.in_group && (form == Form::Blank || self.builder.has_member());
        if !(self.is_carrier() || last_words || foreign) {
            self.builder.continue_message(text);
        }
        Step::Inside
    }

    fn after_chain(&mut self, text: &str) -> Step {
        if is_head(text) || (self.in_group && Line::read(text, true).form == Form::Head) {
            self.builder.begin_part();
            self.begin(text);
            return Step::Inside;
        }
        match Line::read(text, self.in_group).form {
            Form::Blank => Step::Inside,
            Form::Exception { kind, message } if self.whole => {
                self.builder.begin_part();
                self.builder.set_exception(kind, message);
                self.state = State::After;
                Step::Exception
            }
            _ => self.past_foreign(),
        }
    }

    fn in_call_stack(&mut self, text: &str) -> Step {
        if text.starts_with("Arguments: ") {
            // Nothing follows: whatever is next closes the block.
            self.message_lines = MAX_MESSAGE_LINES;
            self.state = State::After;
            return Step::Inside;
        }
        let part = text.starts_with(' ') || text.starts_with("Message: ");
        if part || text.starts_with("Unable to print the message") {
            return Step::Inside;
        }
        self.past_foreign()
    }
}

fn lead_of(line: &str) -> Option<Lead> {
    if line.starts_with("Exception ignored in") {
        Some(Lead::Ignored)
    } else if line == "--- Logging error ---" {
        Some(Lead::LoggingError)
    } else if line.starts_with("Exception in thread ") {
        Some(Lead::Thread)
    } else {
        None
    }
}

/// Returns whether a line is known to be no part of a message: what follows failures on the same pipe.
fn begins_something_else(line: &str) -> bool {
    const STARTS: [&str; 9] = [
        "  Applying ",
        "  Unapplying ",
        " OK",
        " FAKED",
        "Operations to perform:",
        "Running migrations:",
        "worker: ",
        "\r",
        "Traceback (",
    ];
    STARTS.iter().any(|start| line.starts_with(start)) || lead_of(line).is_some()
}
