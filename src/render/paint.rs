//! Colour: a few named styles that are empty when colour is off.

/// The escape sequences in use; all empty without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    /// Heads and names.
    pub bold: &'static str,
    /// What is there but matters less: times, extras.
    pub dim: &'static str,
    /// Failures.
    pub red: &'static str,
    /// Warnings.
    pub yellow: &'static str,
    /// What went well.
    pub green: &'static str,
    /// Names to tell apart.
    pub cyan: &'static str,
    /// Ends any of them.
    pub reset: &'static str,
}

impl Paint {
    /// No colour.
    pub const OFF: Self = Self {
        bold: "",
        dim: "",
        red: "",
        yellow: "",
        green: "",
        cyan: "",
        reset: "",
    };

    /// The sixteen colours that every terminal has, so that its own theme decides.
    pub const ON: Self = Self {
        bold: "\x1b[1m",
        dim: "\x1b[2m",
        red: "\x1b[31m",
        yellow: "\x1b[33m",
        green: "\x1b[32m",
        cyan: "\x1b[36m",
        reset: "\x1b[0m",
    };

    /// Returns the styles for a stream with or without colour.
    pub fn new(color: bool) -> Self {
        if color { Self::ON } else { Self::OFF }
    }

    /// Returns the style of a level or outcome; empty for words that are neither.
    pub fn of_word(&self, word: &str) -> &'static str {
        match word {
            "CRITICAL" | "FATAL" | "ERROR" | "failed" | "critical" | "error" => self.red,
            "WARNING" | "WARN" | "errored" | "unknown" | "warning" => self.yellow,
            "INFO" | "succeeded" => self.green,
            "running" | "info" => self.cyan,
            "DEBUG" | "NOTSET" => self.dim,
            _ => "",
        }
    }
}
