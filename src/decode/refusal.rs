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
        if is_not_started(kind, message) {
            return refusal("StartError", line);
        }
    }
    (line == "Unable to load celery application.").then_some(Refusal {
        kind: "StartError",
        message: line,
    })
}

/// Returns whether `program: message` is what is said when there is nothing to run.
fn is_not_started(program: &str, message: &str) -> bool {
    const BY_PYTHON: [&str; 4] = [
        "can't open file ",
        "No module named ",
        "Error while finding module specification for ",
        "can't find '__main__' module in ",
    ];
    // A container's runtime, `exec /app/run: no such file or directory`, and its init.
    if program.starts_with("exec ") || program.starts_with("[FATAL tini") {
        return is_missing(message);
    }
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "sh" | "bash" | "dash" | "ash" => is_shell_refusal(message),
        "env" | "exec" | "timeout" | "nohup" | "nice" | "setsid" | "stdbuf" | "xargs" => {
            is_missing(message)
        }
        _ if name.starts_with("python") && !name.contains(' ') => {
            BY_PYTHON.iter().any(|start| message.starts_with(start))
        }
        _ if name
            .strip_suffix(".sh")
            .is_some_and(|stem| !stem.contains(' ')) =>
        {
            script_line(message).is_some_and(is_shell_refusal)
        }
        _ => false,
    }
}

/// Passes over the line number that a shell names in a script: `12: `, or `line 12: `.
fn script_line(message: &str) -> Option<&str> {
    let (line, rest) = message.split_once(": ")?;
    let digits = line.strip_prefix("line ").unwrap_or(line);
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then_some(rest)
}

/// Reads what a shell says when it can not go on: `1: NAME: not found`, `line 2: syntax error: …`.
fn is_shell_refusal(message: &str) -> bool {
    let message = message.strip_prefix("-c: ").unwrap_or(message);
    let message = script_line(message).unwrap_or(message);
    is_missing(message)
        || message.ends_with("unbound variable")
        || message.ends_with("parameter not set")
        || ["Syntax error: ", "syntax error"]
            .iter()
            .any(|start| message.starts_with(start))
}

/// Returns whether a message says that a program is not there, or can not be run.
fn is_missing(message: &str) -> bool {
    const REASONS: [&str; 5] = [
        "not found",
        "no such file or directory",
        "permission denied",
        "exec format error",
        "is a directory",
    ];
    let message = message.to_ascii_lowercase();
    REASONS.iter().any(|reason| message.ends_with(reason))
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
            (
                "/usr/local/bin/python3: No module named labels",
                "StartError",
            ),
            (
                "bash: bin/nightly.sh: No such file or directory",
                "StartError",
            ),
            ("sh: 1: bin/nightly.sh: Permission denied", "StartError"),
            ("bash: line 1: DEPOT: unbound variable", "StartError"),
            (
                "sh: 1: Syntax error: end of file unexpected (expecting \"fi\")",
                "StartError",
            ),
            (
                "bash: -c: line 2: syntax error: unexpected end of file",
                "StartError",
            ),
            (
                "./run.sh: line 12: labelctl: command not found",
                "StartError",
            ),
            ("/app/run.sh: 3: labelctl: not found", "StartError"),
            ("env: 'python4': No such file or directory", "StartError"),
            ("exec /app/run.sh: exec format error", "StartError"),
            (
                "[FATAL tini (7)] exec run failed: No such file or directory",
                "StartError",
            ),
        ] {
            assert_eq!(kind(line), Some(expected), "{line}");
        }
        for line in [
            "  CommandError: quoted",
            "the CommandError: quoted",
            "Not Found: /x",
            "room: 12: not found",
            "python: 3.11 not found",
            "run.sh: the label is not found",
            "env: production",
            "usage: manage.py x",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }
}
