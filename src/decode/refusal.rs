//! Lines with which a program refuses to go on: no traceback, one line at the margin, then the end.

/// A refusal: its kind as far as the line names one, and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// `CommandError` and `SystemCheckError` as printed; `UsageError` for arguments and unknown commands,
    /// `FatalError` for the interpreter's last words, `StartError` when there was nothing to run.
    pub kind: &'a str,
    /// What it says.
    pub message: &'a str,
}

/// Reads a line that begins at the margin; `None` when it is no refusal.
pub fn parse(line: &str) -> Option<Refusal<'_>> {
    let refusal = |kind, message| Some(Refusal { kind, message });
    if let Some((kind, message)) = line.split_once(": ") {
        match kind {
            "CommandError" | "SystemCheckError" => return refusal(kind, message),
            "Unknown command" => return refusal("UsageError", line),
            "Fatal Python error" => return refusal("FatalError", message),
            _ if kind.starts_with("manage.py ") && message.starts_with("error: ") => {
                return refusal("UsageError", line);
            }
            _ => {}
        }
        let program = !kind.contains(' ');
        if program && (message.starts_with("can't open file ") || is_not_found(kind, message)) {
            return refusal("StartError", line);
        }
    }
    (line == "Unable to load celery application.").then_some(Refusal {
        kind: "StartError",
        message: line,
    })
}

/// Reads the shell's `sh: 1: NAME: not found` and `bash: NAME: command not found`.
fn is_not_found(program: &str, message: &str) -> bool {
    let shell = program
        .rsplit('/')
        .next()
        .is_some_and(|name| matches!(name, "sh" | "bash" | "dash" | "ash"));
    shell && message.ends_with("not found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_by_their_first_words() {
        let kind = |line| parse(line).map(|refusal| refusal.kind);
        for (line, expected) in [
            (
                "CommandError: 2 of 6 reservations could not be imported",
                "CommandError",
            ),
            (
                "manage.py close_day: error: argument --date: invalid",
                "UsageError",
            ),
            (
                "Unknown command: 'sync'. Did you mean sync_rates?",
                "UsageError",
            ),
            ("Fatal Python error: Segmentation fault", "FatalError"),
            (
                "python: can't open file '/app/mange.py': [Errno 2] No such file or directory",
                "StartError",
            ),
            ("sh: 1: gunicorn: not found", "StartError"),
        ] {
            assert_eq!(kind(line), Some(expected), "{line}");
        }
        for line in [
            "  CommandError: quoted",
            "the CommandError: quoted",
            "Not Found: /x",
            "room: 12: not found",
            "usage: manage.py x",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }
}
