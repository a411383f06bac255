//! What is kept of a traceback while its lines come in.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{AppRoots, Exception, Frame, Traceback, command_of, migration_of};

/// The first lines of a text are kept up to this many bytes, and as much of its end.
const HALF_TEXT: usize = 16 * 1024;
/// A line of the text is kept up to this many bytes.
const MAX_LINE: usize = 2 * 1024;
/// A message is kept up to this many bytes.
const MAX_MESSAGE: usize = 4 * 1024;

/// A traceback in the making: parts of a chain one after the other, of which only the last one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Builder {
    /// The exception of the part before the current one, and of the first of all.
    exception: Option<Exception>,
    root: Option<Exception>,
    member: Option<Exception>,
    outermost: Option<Frame>,
    innermost: Option<Frame>,
    culprit: Option<Frame>,
    /// The innermost frame outside of libraries and of the application's folders, for want of a better one.
    stranger: Option<Frame>,
    command: Option<String>,
    migration: Option<String>,
    pub(super) frames: usize,
    text: Text,
}

impl Builder {
    /// Begins a part: what is known so far becomes what led to it.
    pub(super) fn begin_part(&mut self) {
        if let Some(exception) = self.exception.take() {
            self.root.get_or_insert(trimmed(exception));
        }
        self.restart_part();
    }

    /// Forgets the frames and the exception of the current part, but not what came before it.
    pub(super) fn restart_part(&mut self) {
        self.exception = None;
        self.outermost = None;
        self.innermost = None;
        self.frames = 0;
    }

    pub(super) fn frame(&mut self, file: &str, line: u32, function: &str, roots: &AppRoots) {
        self.frames += 1;
        if let Some(migration) = migration_of(file) {
            self.migration = Some(migration);
        }
        if AppRoots::may_be_own(file) {
            if let Some(command) = command_of(file) {
                self.command = Some(command.to_owned());
            }
            let culprit = if roots.holds(file) {
                &mut self.culprit
            } else {
                &mut self.stranger
            };
            note(culprit, file, line, function);
        }
        if self.outermost.is_none() {
            note(&mut self.outermost, file, line, function);
        }
        note(&mut self.innermost, file, line, function);
    }

    pub(super) fn set_exception(&mut self, kind: &str, message: &str) {
        self.exception = Some(Exception {
            kind: kind.to_owned(),
            message: cut(message, MAX_MESSAGE).into_owned(),
        });
    }

    /// Notes an exception that the group holds: the first one tells the cause.
    pub(super) fn set_member(&mut self, kind: &str, message: &str) {
        self.member.get_or_insert_with(|| Exception {
            kind: kind.to_owned(),
            message: cut(message, MAX_MESSAGE).into_owned(),
        });
    }

    /// Returns whether an exception that the group holds was seen.
    pub(super) fn has_member(&self) -> bool {
        self.member.is_some()
    }

    /// Returns whether the current part began at a script's top level.
    pub(super) fn left_program(&self) -> bool {
        self.outermost.as_ref().is_some_and(Frame::is_top_level)
    }

    pub(super) fn exception(&self) -> Option<&Exception> {
        self.exception.as_ref()
    }

    /// Adds a line to the message.
    pub(super) fn continue_message(&mut self, line: &str) {
        let Some(exception) = &mut self.exception else {
            return;
        };
        let room = MAX_MESSAGE.saturating_sub(exception.message.len());
        if room > 0 {
            exception.message.push('\n');
            exception.message.push_str(&cut(line, room));
        }
    }

    /// Adds a line to the text, whatever it is.
    pub(super) fn keep(&mut self, line: &str) {
        self.text.push(&cut(line, MAX_LINE));
    }

    pub(super) fn finish(self) -> Traceback {
        Traceback {
            exception: self.exception.map(trimmed),
            cause: self.root.or(self.member),
            outermost: self.outermost,
            innermost: self.innermost,
            culprit: self.culprit.or(self.stranger),
            command: self.command,
            migration: self.migration,
            text: self.text.finish(),
        }
    }
}

/// Notes a frame in the place of another one, in its memory: of the many of a traceback few are kept.
fn note(place: &mut Option<Frame>, file: &str, line: u32, function: &str) {
    let frame = place.get_or_insert_with(Frame::default);
    file.clone_into(&mut frame.file);
    frame.line = line;
    function.clone_into(&mut frame.function);
}

/// Takes off the blank lines that separate the parts of a chain.
fn trimmed(mut exception: Exception) -> Exception {
    exception
        .message
        .truncate(exception.message.trim_end().len());
    exception
}

/// Lines, with the middle left out when there are too many.
#[derive(Clone, Debug, Default)]
struct Text {
    head: String,
    head_full: bool,
    tail: VecDeque<String>,
    tail_bytes: usize,
    dropped: usize,
}

impl Text {
    fn push(&mut self, line: &str) {
        if !self.head_full && self.head.len() + line.len() < HALF_TEXT {
            self.head.push_str(line);
            self.head.push('\n');
            return;
        }
        self.head_full = true;
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line.to_owned());
        while self.tail_bytes > HALF_TEXT {
            let Some(line) = self.tail.pop_front() else {
                break;
            };
            self.tail_bytes -= line.len() + 1;
            self.dropped += 1;
        }
    }

    fn finish(mut self) -> String {
        if self.dropped > 0 {
            let note = format!("[… {} lines left out …]\n", self.dropped);
            self.head.push_str(&note);
        }
        for line in self.tail {
            self.head.push_str(&line);
            self.head.push('\n');
        }
        self.head.truncate(self.head.trim_end().len());
        self.head
    }
}

/// Cuts a text at a character, with an ellipsis for what is gone.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = (0..=most).rev().find(|&at| text.is_char_boundary(at));
    Cow::Owned(format!("{}…", &text[..end.unwrap_or_default()]))
}
