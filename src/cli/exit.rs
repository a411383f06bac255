//! How the program ends.

use std::io::Write;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, rows or not.
    Done,
    /// Failed, or the answer is incomplete.
    Incomplete,
    /// Wrong usage, configuration, saved query, pattern or query text; nothing was read.
    Usage,
    /// A check that was asked for by `--fail-on-match` or `--fail-on-empty` has fired.
    Fired,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// Returns the process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Incomplete => 1,
            Self::Usage => 2,
            Self::Fired => 3,
            Self::Interrupted => 130,
        }
    }
}

/// Makes a panic say that it is a bug, and what to report, and end with 101.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let arguments: Vec<String> = std::env::args().collect();
        let message = format!(
            "error: this is a bug in logq {}: {info}\n  command line: {}\nhint: please report it with the lines above\n",
            env!("CARGO_PKG_VERSION"),
            arguments.join(" "),
        );
        // A standard error that is gone leaves nowhere to say it.
        let _ = std::io::stderr().write_all(message.as_bytes());
        std::process::exit(101);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_a_promise() {
        let all = [
            Exit::Done,
            Exit::Incomplete,
            Exit::Usage,
            Exit::Fired,
            Exit::Interrupted,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 130]);
    }
}
