//! Questions to the person at the terminal.

use std::io::{self, BufRead, Write};

use super::context::Context;
use super::terminal::Input;
use crate::render::escape;

/// Asks a question that is answered with yes or no; no when there is nobody to ask.
pub(super) fn ask(context: &Context, question: &str) -> bool {
    let streams = &context.streams;
    if streams.input != Input::Terminal || !streams.error_is_terminal {
        return false;
    }
    let mut stream = io::stderr().lock();
    // A standard error that is gone leaves nowhere to ask.
    if write!(stream, "{} [y/N] ", escape::safe(question))
        .and_then(|()| stream.flush())
        .is_err()
    {
        return false;
    }
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(is_yes("y\n") && is_yes(" YES "));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("no") && !is_yes("yep"));
    }
}
