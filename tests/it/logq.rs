//! Runs the program as a person would: in a folder of its own, with a fixed clock and an empty environment.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Monday 2026-11-23 13:04:05 in Tokyo: what every call takes for now.
pub(crate) const NOW: &str = "2026-11-23T13:04:05+09:00";

/// A folder, and calls of the program in it.
pub(crate) struct Logq {
    folder: TempDir,
    variables: Vec<(String, String)>,
    input: Option<Vec<u8>>,
}

/// How a call ended.
pub(crate) struct Ended {
    /// The exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error, with the folder's path replaced.
    pub(crate) err: String,
}

impl Logq {
    /// Creates an empty folder.
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            variables: Vec::new(),
            input: None,
        }
    }

    /// Adds a file.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        let folder = path.parent().expect("inside the folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
        self
    }

    /// Sets a variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Pipes text into the next calls.
    pub(crate) fn piped(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Calls the program with arguments that are separated by blanks; what stands in single quotes is one.
    pub(crate) fn run(&self, arguments: &str) -> Ended {
        let mut command = self.command();
        command.args(words(arguments));
        self.end(command)
    }

    /// Runs a line of shell in the folder.
    #[cfg(all(unix, feature = "aws"))]
    pub(crate) fn run_shell(&self, line: &str) -> Ended {
        let mut command = self.of_program(Path::new("/bin/sh"));
        command.args(["-c", line]);
        self.end(command)
    }

    fn end(&self, mut command: Command) -> Ended {
        let mut child = command
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        if let (Some(input), Some(text)) = (child.stdin.take(), &self.input) {
            let mut input = input;
            // The program may end without reading all of it.
            let _ = input.write_all(text);
        }
        let output = child.wait_with_output().expect("the program ends");
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: self.neutral(&output.stdout),
            err: self.neutral(&output.stderr),
        }
    }

    /// Returns the program, ready to be called in the folder.
    pub(crate) fn command(&self) -> Command {
        self.of_program(Path::new(env!("CARGO_BIN_EXE_logq")))
    }

    fn of_program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("TZ", "UTC")
            .env("LOGQ_TZ", "Asia/Tokyo")
            .env("LOGQ_NOW", NOW)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Returns what the program wrote, with the folder's path replaced.
    pub(crate) fn neutral(&self, bytes: &[u8]) -> String {
        let folder = self.path().display().to_string();
        String::from_utf8_lossy(bytes).replace(&folder, "[folder]")
    }
}

impl Ended {
    /// Returns everything in one text, for snapshots.
    pub(crate) fn all(&self) -> String {
        let mut text = self.out.clone();
        if !self.err.is_empty() {
            write!(text, "--- standard error\n{}", self.err).expect("a String takes all text");
        }
        write!(text, "--- exit {}", self.code).expect("a String takes all text");
        text
    }
}

/// Splits arguments at blanks; what stands in single quotes is one.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in text.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
