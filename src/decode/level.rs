//! Severities as Python's `logging` names them.

use std::fmt;

/// How serious a log line says it is, in `logging`'s order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `DEBUG`, and everything below.
    Debug,
    /// `INFO`
    Info,
    /// `WARNING`
    Warning,
    /// `ERROR`
    Error,
    /// `CRITICAL`
    Critical,
}

impl Level {
    /// Returns the level of a name as loggers write it, in any case, or of `Level 25`.
    ///
    /// A name that a program invented with `addLevelName` gives `None`: its rank is not in the line. A number
    /// between two levels counts as the lower one, which is what a handler's threshold would do with it.
    pub fn parse(name: &str) -> Option<Self> {
        const NAMES: [(&str, Level); 13] = [
            ("INFO", Level::Info),
            ("WARNING", Level::Warning),
            ("ERROR", Level::Error),
            ("DEBUG", Level::Debug),
            ("CRITICAL", Level::Critical),
            ("WARN", Level::Warning),
            ("FATAL", Level::Critical),
            ("NOTICE", Level::Info),
            ("ERR", Level::Error),
            ("EMERGENCY", Level::Critical),
            ("ALERT", Level::Critical),
            ("TRACE", Level::Debug),
            ("NOTSET", Level::Debug),
        ];
        let known = NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, level)| *level).or_else(|| {
            let number = name.strip_prefix("Level ")?.parse().ok()?;
            Some(Self::from_number(number))
        })
    }

    /// Returns the level of a `levelno`.
    pub fn from_number(number: i64) -> Self {
        match number {
            ..20 => Self::Debug,
            20..30 => Self::Info,
            30..40 => Self::Warning,
            40..50 => Self::Error,
            50.. => Self::Critical,
        }
    }

    /// Returns the name `logging` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_numbers_by_threshold() {
        let levels = [
            "error", "WARN", "Level 25", "Level 5", "NOTICE", "AUDIT", "",
        ]
        .map(Level::parse);
        assert_eq!(
            levels,
            [
                Some(Level::Error),
                Some(Level::Warning),
                Some(Level::Info),
                Some(Level::Debug),
                Some(Level::Info),
                None,
                None
            ]
        );
    }

    #[test]
    fn levels_are_ordered_by_severity() {
        assert!(Level::Debug < Level::Info && Level::Error < Level::Critical);
    }
}
