//! Which single events can change how a run ends: those without which its log tells of nothing bad.
//!
//! A run whose log holds none of them has neither failed nor logged errors, as far as its log alone tells, and was no
//! migration. So whoever must pay for each line asks for these first, and reads the logs that hold some. The words are
//! those of the detectors themselves.

use std::sync::LazyLock;

use crate::decode::level::Level;
use crate::decode::traceback::without_colours;
use crate::detect::assemble::{RECORD, WORDS};
use crate::detect::migration::HEADS;
use crate::record::Record;

/// What may stand behind the name of a level: the end of a JSON string, and those of Celery's and gunicorn's heads.
const ENDS: [char; 3] = ['"', '/', ']'];
/// How text on a terminal ends a colour: words may be torn apart by those.
const COLOUR: &str = "[0m";
/// How an access log tells of an answer that is an error.
const ANSWER: &str = "\" 5";

/// What an event can mean for its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// It is an error, or a line of one.
    pub error: bool,
    /// It is a line of `manage.py migrate`.
    pub migration: bool,
}

impl Signals {
    /// Tells what one event can mean.
    pub fn of(record: &Record<'_>) -> Self {
        let is_bad = |level| matches!(level, Some(Level::Error | Level::Critical));
        if record.is_record() {
            let before = record.text_before_record();
            let before = before.map(|text| Self::of_text(&text)).unwrap_or_default();
            return Self {
                error: before.error || is_bad(record.level()),
                ..before
            };
        }
        match record.line() {
            Some(_) => Self {
                error: is_bad(record.level()),
                migration: false,
            },
            None => Self::of_text(&record.text()),
        }
    }

    fn of_text(text: &str) -> Self {
        let text = without_colours(text);
        Self {
            error: WORDS.iter().any(|word| text.contains(word))
                || LEVELS.iter().any(|word| text.contains(word.as_str())),
            migration: HEADS.iter().any(|head| text.contains(head)),
        }
    }

    /// Returns whether it can mean anything.
    pub fn is_any(self) -> bool {
        self.error || self.migration
    }

    /// Adds what another event of the run can mean.
    pub fn add(&mut self, other: Self) {
        self.error |= other.error;
        self.migration |= other.migration;
    }
}

/// Returns texts of which each event that can mean something holds at least one; others may hold one as well.
pub fn words() -> Vec<String> {
    let fixed = WORDS.into_iter().chain(HEADS).chain([COLOUR, ANSWER]);
    let all: Vec<String> = fixed.map(str::to_owned).chain(LEVELS.clone()).collect();
    let is_covered = |word: &String| {
        let shorter = |other: &String| other != word && word.contains(other.as_str());
        all.iter().any(shorter)
    };
    all.iter()
        .filter(|word| !is_covered(word))
        .cloned()
        .collect()
}

/// The names of levels that are errors. In capitals they are rare enough to stand alone.
static LEVELS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words = Vec::new();
    for word in RECORD {
        match word.strip_suffix('"') {
            Some(name) if name.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                words.push(name.to_owned());
            }
            Some(name) => words.extend(ENDS.map(|end| format!("{name}{end}"))),
            // A level that has no name of its own.
            None if word.ends_with(' ') => words.push(word.to_owned()),
            // An exception at a level that is no error ends no run.
            None => {}
        }
    }
    words
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::{Outcome, RunConfig, RunTable};
    use crate::event::{Event, Origin};
    use crate::time::Timestamp;

    const LINES: [&str; 40] = [
        "Traceback (most recent call last):",
        r#"  File "/app/manage.py", line 22, in <module>"#,
        "    main()",
        "KeyError: 'price'",
        "KeyError",
        "  + Exception Group Traceback (most recent call last):",
        "Exception in thread Thread-1:",
        "progress 80 %Traceback (most recent call last):",
        "CommandError: 2 of 6 could not be imported",
        "\u{1b}[31;1mCommandError\u{1b}[0m: coloured",
        "usage: manage.py close_day [-h]",
        "manage.py close_day: error: argument --date: invalid",
        "Fatal Python error: Segmentation fault",
        "sh: 1: gunicorn: not found",
        "bash: ./run: cannot execute: Exec format error",
        "python: can't open file '/app/x.py': [Errno 2] No such file or directory",
        "Unable to load celery application.",
        r#"{"created": 1.5, "levelname": "ERROR", "name": "a", "message": "x"}"#,
        r#"{"created": 1.5, "level": "critical", "logger": "a", "message": "x"}"#,
        r#"{"created": 1.5, "levelname": "Fatal", "name": "a", "message": "x"}"#,
        r#"{"created": 1.5, "levelname": "Level 45", "name": "a", "message": "x"}"#,
        r#"{"created": 1.5, "levelname": "INFO", "name": "a", "message": "Traceback (most"}"#,
        r#"{"created": 1.5, "levelname": "WARNING", "name": "a", "message": "x"}"#,
        r#"{"created": 1.5, "levelname": "INFO", "na"#,
        r#"glued {"created": 1.5, "levelname": "ERROR", "name": "a", "message": "x"}"#,
        "{",
        r#"    "levelname": "ERROR","#,
        r#"    "message": "x""#,
        "}",
        "[2026-11-23 05:09:26 +0000] [7] [ERROR] Worker was sent SIGKILL!",
        "[2026-11-23 13:58:36,986: CRITICAL/MainProcess] x",
        "[2026-11-23 13:58:36,986: error/MainProcess] x",
        "Operations to perform:",
        "Running migrations:",
        "  Applying rates.0006_x... OK",
        "  Applying rates.0007_y...",
        "  Unapplying rates.0007_y...",
        "  No migrations to apply.",
        "done",
        "",
    ];

    fn event<'a>(at: i64, message: &'a str, origin: &'a Origin) -> Event<'a> {
        Event {
            timestamp: Timestamp(1_795_000_000_000 + at),
            ingestion: None,
            message: message.as_bytes(),
            origin,
            id: None,
        }
    }

    #[test]
    fn the_words_are_few() {
        let words = words();
        assert!(words.len() < 64, "{}", words.len());
        assert!(words.iter().all(|word| word.len() > 2), "{words:?}");
    }

    #[test]
    fn each_event_that_means_something_holds_a_word() {
        let origin = Origin::default();
        for line in LINES {
            let signals = Signals::of(&Record::new(event(0, line, &origin)));
            let holds = words().iter().any(|word| line.contains(word.as_str()));
            assert!(!signals.is_any() || holds, "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn a_log_without_signals_tells_of_nothing_bad(
            lines in prop::collection::vec((0..LINES.len(), 0_i64..3000), 1..24),
        ) {
            let origin = Origin::new("/ecs/production-batch", "ecs/batch/1");
            let (mut table, mut seen, mut at) = (RunTable::new(RunConfig::default()), Signals::default(), 0);
            for (line, pause) in &lines {
                at += pause;
                let record = Record::new(event(at, LINES[*line], &origin));
                seen.add(Signals::of(&record));
                table.observe(&record);
            }
            for run in table.runs(Timestamp(1_795_100_000_000)) {
                prop_assert!(seen.is_any() || run.outcome != Outcome::Failed, "{lines:?}");
                prop_assert!(seen.error || run.outcome != Outcome::Errored, "{lines:?}");
                prop_assert!(seen.error || run.counts.errors == 0, "{lines:?}");
                prop_assert!(seen.migration || run.migration.is_none(), "{lines:?}");
            }
        }
    }
}
