//! A failure as the person sees it: what failed, where, why, and one hint.

use std::error::Error;
use std::io;

use super::Exit;
use crate::config::ConfigError;
use crate::diagnostic::{Diagnostics, escape};
use crate::saved::Located;

/// Why the program stops, and how it ends.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is printed, without colour and without hint; may begin with `error: ` already.
    body: Body,
    /// What to do about it.
    hint: Option<String>,
}

#[derive(Debug)]
enum Body {
    /// What failed, and the causes behind it.
    Message(String, Vec<String>),
    /// Mistakes in a text, shown in it.
    Text {
        faults: Diagnostics,
        origin: String,
        text: String,
        first_line: usize,
    },
    /// Already rendered.
    Rendered(String),
    /// Nothing is said: the reader of our output has gone.
    Silent,
}

impl Failure {
    /// Creates a failure that is the caller's mistake: wrong usage, configuration, query or pattern.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Body::Message(message.into(), Vec::new()))
    }

    /// Creates a failure that came up in the work.
    pub fn incomplete(message: impl Into<String>) -> Self {
        Self::new(Exit::Incomplete, Body::Message(message.into(), Vec::new()))
    }

    /// Creates a failure from mistakes in a text that `origin` names.
    pub fn text(faults: Diagnostics, origin: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(
            Exit::Usage,
            Body::Text {
                faults,
                origin: origin.into(),
                text: text.into(),
                first_line: 1,
            },
        )
    }

    /// Creates a failure from mistakes in a saved query, whose file is named.
    pub fn located(at: Located, path: &str) -> Self {
        Self::new(
            Exit::Usage,
            Body::Text {
                faults: at.faults,
                origin: path.to_owned(),
                text: at.text,
                first_line: at.first_line,
            },
        )
    }

    /// Creates a usage failure whose text is rendered already.
    pub fn rendered(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Body::Rendered(text.into()))
    }

    /// Creates the end that is nobody's fault: standard output was closed by its reader.
    pub fn closed_output() -> Self {
        Self::new(Exit::Done, Body::Silent)
    }

    /// Creates a failure from an error and everything behind it.
    pub fn caused(exit: Exit, error: &dyn Error) -> Self {
        let mut causes = Vec::new();
        let mut behind = error.source();
        while let Some(cause) = behind {
            causes.push(cause.to_string());
            behind = cause.source();
        }
        Self::new(exit, Body::Message(error.to_string(), causes))
    }

    fn new(exit: Exit, body: Body) -> Self {
        Self {
            exit,
            body,
            hint: None,
        }
    }

    /// Adds a cause behind the message.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        if let Body::Message(_, causes) = &mut self.body {
            causes.push(cause.into());
        }
        self
    }

    /// Adds a line below the message, for candidates to choose from.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        if let Body::Message(message, _) = &mut self.body {
            message.push('\n');
            message.push_str(&line.into());
        }
        self
    }

    /// Adds a hint that can be pasted; `None` leaves it without one.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Returns what failed and why, in one line where it has one, and what to do about it.
    pub(super) fn parts(&self) -> (String, Option<String>) {
        let text = match &self.body {
            Body::Message(message, causes) => {
                let mut parts = vec![message.as_str()];
                parts.extend(causes.iter().map(String::as_str));
                parts.join(": ")
            }
            Body::Text { .. } | Body::Rendered(_) | Body::Silent => self.render(false),
        };
        (text, self.hint.clone())
    }

    /// Returns the text for standard error, without a line end; empty when there is nothing to say.
    pub fn render(&self, color: bool) -> String {
        let mut text = match &self.body {
            Body::Message(message, causes) => {
                let mut lines = vec![error_line(&escape::safe_lines(message), color)];
                lines.extend(
                    causes
                        .iter()
                        .map(|cause| format!("  cause: {}", escape::safe_lines(cause))),
                );
                lines.join("\n")
            }
            Body::Text {
                faults,
                origin,
                text,
                first_line,
            } => faults.render(origin, text, *first_line, color),
            Body::Rendered(text) => text.trim_end().to_owned(),
            Body::Silent => return String::new(),
        };
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(&escape::safe_lines(hint));
        }
        text
    }
}

fn error_line(message: &str, color: bool) -> String {
    if color {
        format!("\x1b[1;31merror\x1b[0m: {message}")
    } else {
        format!("error: {message}")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Invalid { path, text, faults } => {
                Self::text(faults, path.display().to_string(), text)
            }
            unreadable @ ConfigError::Unreadable { .. } => Self::caused(Exit::Usage, &unreadable),
        }
    }
}

/// Writing failed. When the reader has gone (`| head`), the work is done.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::closed_output();
        }
        Self::incomplete("cannot write the answer").cause(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let failure = Failure::usage("no source to read")
            .cause("standard input is a terminal")
            .hint("logq errors --source logs/".to_owned());
        insta::assert_snapshot!(failure.render(false), @r"
        error: no source to read
          cause: standard input is a terminal
        hint: logq errors --source logs/
        ");
    }

    #[test]
    fn what_others_wrote_does_not_steer_the_terminal() {
        let failure = Failure::usage("there is no file `a\x1b[2Jb`")
            .cause("\u{9b}31m")
            .hint("--source a\x07".to_owned());
        insta::assert_snapshot!(failure.render(false), @r"
        error: there is no file `a\x1b[2Jb`
          cause: \u{9b}31m
        hint: --source a\x07
        ");
    }

    #[test]
    fn a_reader_that_has_gone_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(
            (failure.exit, failure.render(false).as_str()),
            (Exit::Done, "")
        );
    }
}
