//! What the three standard streams are connected to, and whether to use colour on them.

use std::fs::File;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::os::fd::AsFd;

use super::args::ColorChoice;
use super::environment::Environment;

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A person; never read.
    Terminal,
    /// A pipe, a socket or a redirected file.
    Redirected,
    /// Nothing to read, such as `/dev/null`.
    Nothing,
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// What the standard streams are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    pub(super) input: Input,
    /// Set when standard output is a terminal.
    pub(super) screen: Option<Screen>,
    /// Whether standard error is a terminal.
    pub(super) error_is_terminal: bool,
}

impl Streams {
    /// Looks at those of the process.
    pub(super) fn of_process() -> Self {
        Self {
            input: standard_input(),
            screen: stdout().is_terminal().then(screen),
            error_is_terminal: stderr().is_terminal(),
        }
    }
}

fn standard_input() -> Input {
    use std::os::unix::fs::FileTypeExt;
    if stdin().is_terminal() {
        return Input::Terminal;
    }
    let kind = stdin()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|file| File::from(file).metadata())
        .map(|metadata| metadata.file_type());
    match kind {
        Ok(kind) if kind.is_fifo() || kind.is_socket() || kind.is_file() => Input::Redirected,
        _ => Input::Nothing,
    }
}

fn screen() -> Screen {
    let size = terminal_size::terminal_size();
    size.map_or(
        Screen {
            columns: 80,
            rows: 24,
        },
        |(width, height)| Screen {
            columns: width.0.into(),
            rows: height.0.into(),
        },
    )
}

/// Decides on colour for one stream: the flag, then the customs of the environment, then what the stream is.
pub(super) fn color(
    choice: Option<ColorChoice>,
    environment: &Environment,
    is_terminal: bool,
) -> bool {
    match choice {
        Some(ColorChoice::Always) => return true,
        Some(ColorChoice::Never) => return false,
        Some(ColorChoice::Auto) | None => {}
    }
    if environment.variable("NO_COLOR").is_some() {
        return false;
    }
    if environment
        .variable("CLICOLOR_FORCE")
        .is_some_and(|value| value != "0")
    {
        return true;
    }
    if environment.variable("CLICOLOR") == Some("0") || environment.variable("TERM") == Some("dumb")
    {
        return false;
    }
    is_terminal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        choice: Option<ColorChoice>,
        variables: &[(&str, &str)],
        is_terminal: bool,
        expected: bool,
    ) {
        let environment = Environment::of_test(variables);
        assert_eq!(color(choice, &environment, is_terminal), expected);
    }

    #[test]
    fn the_flag_beats_all() {
        check(Some(ColorChoice::Always), &[("NO_COLOR", "1")], false, true);
        check(
            Some(ColorChoice::Never),
            &[("CLICOLOR_FORCE", "1")],
            true,
            false,
        );
    }

    #[test]
    fn the_environment_beats_the_stream() {
        check(
            None,
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
            true,
            false,
        );
        check(None, &[("NO_COLOR", "")], true, true);
        check(
            None,
            &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")],
            false,
            true,
        );
        check(None, &[("CLICOLOR", "0")], true, false);
        check(None, &[("TERM", "dumb")], true, false);
    }

    #[test]
    fn else_the_stream_decides() {
        check(None, &[], true, true);
        check(Some(ColorChoice::Auto), &[], false, false);
    }
}
