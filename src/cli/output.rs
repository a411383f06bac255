//! Writing: the answer to standard output, everything else to standard error.

use std::io::{self, Write};

use super::context::Context;
use super::pager::Output;
use super::{Exit, Failure, terminal};
use crate::render::{self, Ending, Question, escape};
use crate::row::{Columns, Row};
use crate::value::Value;

/// Writes an error or another block of text to standard error.
pub(super) fn complain(text: &str) {
    if text.is_empty() {
        return;
    }
    // A standard error that is gone leaves nowhere to say it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says on standard error what is not the answer.
///
/// Names of files and texts of others may stand in what is said, so control characters are shown, not sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notices {
    /// `-q`: nothing but the answer and errors.
    pub(super) quiet: bool,
    /// How often `-v` was given.
    pub(super) verbosity: u8,
    /// Whether standard error takes colour.
    pub(super) color: bool,
}

impl Notices {
    /// Says what belongs to the answer but is not data: the window, a limit that cut, that there are no rows.
    pub(super) fn remark(self, text: &str) {
        if !self.quiet {
            complain(&format!("logq: {}", escape::safe_lines(text)));
        }
    }

    /// Says that something is odd.
    pub(super) fn warn(self, text: &str) {
        if !self.quiet {
            let (start, end) = if self.color {
                ("\x1b[33m", "\x1b[0m")
            } else {
                ("", "")
            };
            let text = escape::safe_lines(text);
            complain(&format!("logq: {start}warning{end}: {text}"));
        }
    }

    /// Says that part of the work failed; not silenced.
    pub(super) fn problem(self, text: &str) {
        let (start, end) = if self.color {
            ("\x1b[1;31m", "\x1b[0m")
        } else {
            ("", "")
        };
        let text = escape::safe_lines(text);
        complain(&format!("{start}error{end}: {text}"));
    }

    /// Says what was decided, for `-v`.
    pub(super) fn decision(self, text: &str) {
        self.detail(1, text);
    }

    /// Says what is done, when `-v` was given that often: 1 for decisions, 2 for what was called with times, 3 for
    /// everything.
    pub(super) fn detail(self, verbosity: u8, text: &str) {
        if self.says(verbosity) {
            complain(&format!("logq: {}", escape::safe_lines(text)));
        }
    }

    /// Returns whether `-v` was given that often.
    pub(super) fn says(self, verbosity: u8) -> bool {
        self.verbosity >= verbosity && !self.quiet
    }
}

/// Writes a text such as a help page.
pub(super) fn print_text(text: &str) -> Result<(), Failure> {
    let mut stream = io::stdout().lock();
    stream.write_all(text.as_bytes())?;
    stream.flush()?;
    Ok(())
}

/// Writes a whole answer: through the pager when it is a table longer than the screen.
pub(super) fn print(context: &Context, answer: &[u8]) -> Result<(), Failure> {
    let mut output = Output::paged(context);
    output.buffer().extend_from_slice(answer);
    output.end()?;
    Ok(())
}

/// Writes rows of what the program itself knows, in the format that was asked for.
pub(super) fn rows<const WIDTH: usize>(
    context: &Context,
    names: [&str; WIDTH],
    rows: impl IntoIterator<Item = [Value<'static>; WIDTH]>,
    complete: bool,
) -> Vec<u8> {
    let columns: Columns = names.map(Into::into).into();
    let mut renderer = render::renderer(context.format(), &context.look, Question::default());
    let mut out = Vec::new();
    renderer.start(&columns, &mut out);
    for values in rows {
        let (columns, values) = (columns.clone(), values.into());
        renderer.row(&Row { columns, values }, &mut out);
    }
    let ending = Ending {
        complete,
        truncated: false,
    };
    renderer.finish(ending, &mut out);
    out
}

/// Ends an answer that was collected in a buffer.
pub(super) fn finish(context: &Context, mut output: Output) -> Result<(), Failure> {
    let answer = output.take();
    drop(output);
    print(context, &answer)
}

/// Returns the exit code of a command whose answer has so many rows.
pub(super) fn exit(context: &Context, rows: u64, complete: bool) -> Exit {
    if context.interrupt.is_asked() {
        return Exit::Interrupted;
    }
    if !complete {
        return Exit::Incomplete;
    }
    let fired =
        (context.output.fail_on_match && rows > 0) || (context.output.fail_on_empty && rows == 0);
    if fired { Exit::Fired } else { Exit::Done }
}

/// Names a source of which nothing fits; of one that was not read to its end, only what was read is known.
pub(super) fn read_of(context: &Context, source: &str, complete: bool) -> String {
    if complete && !context.interrupt.is_asked() {
        return source.to_owned();
    }
    format!("what was read of {source}")
}

/// Returns a number with its thousands apart: `13,412`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns `1 row`, `13,412 rows`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        thousands(number),
        if number == 1 { one } else { many }
    )
}

/// Returns a number of bytes: `12.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Returns whether progress may be drawn.
pub(super) fn may_draw(context: &Context) -> bool {
    context.streams.error_is_terminal
        && !context.notices.quiet
        && context.environment.variable("TERM") != Some("dumb")
        && terminal_allows(context)
}

fn terminal_allows(context: &Context) -> bool {
    // Drawing needs the same sequences as colour; who forbids these by name gets no bar either.
    terminal::color(context.output.color, &context.environment, true)
        || context.environment.variable("NO_COLOR").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1000), "1,000");
        assert_eq!(thousands(13_412_000), "13,412,000");
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }
}
