//! Python tracebacks: from one text, or line by line out of a stream that other writers share.
//!
//! [`Traceback::parse`] reads a text that is nothing else, such as `exc_info`. [`BlockReader`] takes the lines of
//! a log stream and finds the tracebacks in it: it looks past what other writers put in between and knows when
//! a block has ended. Both keep what identifies the error and a bounded piece of the text, never all frames.

mod builder;
mod line;
mod reader;
mod roots;
#[cfg(test)]
mod tests;

pub use reader::{Block, BlockReader, Lead, Step};
pub use roots::AppRoots;

pub(crate) use line::{lines_of, without_colours};

use builder::Builder;

/// One entry of a traceback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The file as printed.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The function, `<module>` for a module's top level; empty for the place of a syntax error.
    pub function: String,
}

/// An exception as its last line names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exception {
    /// The class with its module, as printed.
    pub kind: String,
    /// The text, all its lines; long ones are cut with an ellipsis.
    pub message: String,
}

/// A traceback, read: the exception that is reported, where it came from, and the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traceback {
    /// The exception printed last, the one that left the program; `None` when the text ends before it.
    pub exception: Option<Exception>,
    /// The root of the chain, or the first member of an exception group; `None` when there is only one exception.
    pub cause: Option<Exception>,
    /// The outermost frame of the last part.
    pub outermost: Option<Frame>,
    /// The innermost frame of all, in the last part.
    pub innermost: Option<Frame>,
    /// The innermost frame of the application, in the last part that has one.
    pub culprit: Option<Frame>,
    /// The management command whose module is among the frames.
    pub command: Option<String>,
    /// The migration whose module is among the frames, as `app.0001_name`.
    pub migration: Option<String>,
    /// The text, cut in the middle with a note when it is long.
    pub text: String,
}

impl Traceback {
    /// Reads a text that is a traceback, or only its last line; `None` when it has neither frame nor exception.
    pub fn parse(text: &str, roots: &AppRoots) -> Option<Self> {
        let mut reader = BlockReader::whole(roots.clone());
        for line in text.split('\n') {
            reader.push(
                line.strip_suffix('\r').unwrap_or(line),
                crate::time::Timestamp(0),
            );
        }
        reader.take().map(|block| block.traceback)
    }

    /// Returns whether the exception left a program: the last part begins at a script's top level.
    ///
    /// What is caught and printed begins at the frame that caught it. `python -c` is somebody's child.
    pub fn starts_in_module(&self) -> bool {
        self.outermost.as_ref().is_some_and(Frame::is_top_level)
    }
}

impl Frame {
    /// Returns whether this is a script's top level, or the place of a syntax error in it.
    fn is_top_level(&self) -> bool {
        let script = !matches!(self.file.as_str(), "<string>" | "<stdin>");
        let function = self.function.as_str();
        script && matches!(function, "" | "<module>" | "_run_module_as_main")
    }
}

/// Returns the command of a file `…/management/commands/NAME.py`.
fn command_of(file: &str) -> Option<&str> {
    let (folder, name) = file.rsplit_once('/')?;
    let name = name.strip_suffix(".py")?;
    folder.ends_with("/management/commands").then_some(name)
}

/// Returns the migration of a file `…/APP/migrations/NAME.py`.
fn migration_of(file: &str) -> Option<String> {
    let (folder, name) = file.rsplit_once('/')?;
    let name = name.strip_suffix(".py")?;
    let app = folder.strip_suffix("/migrations")?.rsplit('/').next()?;
    let numbered = name.starts_with(|c: char| c.is_ascii_digit());
    (numbered && !app.is_empty()).then(|| format!("{app}.{name}"))
}
