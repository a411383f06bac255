//! Moving recorded lines in time, together with the times that are written in them.
//!
//! Everything moves by whole seconds, so that fractions stay as they were printed. A program's own pauses can be
//! stretched, to make a day's work of a recording of seconds; what it printed in one breath stays together.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, ToSpan};
use regex::{Captures, Regex};

use super::Line;
use super::recording::Recorded;

/// Pauses shorter than this, in milliseconds, are one breath: the lines of a traceback.
const BREATH: i64 = 12;
const DAY: i64 = 86_400_000;

/// Returns the lines with the first at `start`, and pauses made `stretch` times as long.
pub(super) fn placed(recorded: &[Recorded], start: i64, stretch: i64) -> Vec<Line> {
    let Some(first) = recorded.first() else {
        return Vec::new();
    };
    let mut added = 0;
    let mut before = first.timestamp;
    let mut lines = Vec::with_capacity(recorded.len());
    for one in recorded {
        let pause = one.timestamp - before;
        before = one.timestamp;
        if pause >= BREATH {
            added += pause * (stretch - 1);
        }
        let moved = (start - first.timestamp + added).div_euclid(1000) * 1000;
        lines.push(Line {
            timestamp: one.timestamp + moved,
            message: moved_text(&one.message, moved),
        });
    }
    lines
}

/// Moves every time in a text by that many milliseconds, which are whole seconds.
pub(super) fn moved_text(text: &str, moved: i64) -> String {
    static TIMES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?P<key>"created": ?)(?P<epoch>\d{10})"#,
            r"|\b(?P<date>\d{4}-\d\d-\d\d)(?P<sep>[ T])(?P<time>\d\d:\d\d:\d\d)",
            r"|\b(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4})(?P<colon>[: ])(?P<clock>\d\d:\d\d:\d\d)",
            r"|\b(?P<alone>20\d\d-\d\d-\d\d)\b",
        ))
        .expect("the expression is correct")
    });
    let place =
        |found: &Captures<'_>| replaced(found, moved).unwrap_or_else(|| found[0].to_owned());
    TIMES.replace_all(text, place).into_owned()
}

/// Returns what takes the place of one time; `None` when it only looks like one.
fn replaced(found: &Captures<'_>, moved: i64) -> Option<String> {
    let shift = SignedDuration::from_millis(moved);
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    if let Some(epoch) = part("epoch") {
        let seconds: i64 = epoch.parse().ok()?;
        return Some(format!("{}{}", part("key")?, seconds + moved / 1000));
    }
    if let Some(date) = part("date") {
        let at: DateTime = format!("{date}T{}", part("time")?).parse().ok()?;
        let at = at.checked_add(shift).ok()?;
        return Some(
            at.strftime(&format!("%Y-%m-%d{}%H:%M:%S", part("sep")?))
                .to_string(),
        );
    }
    if let Some(clock) = part("clock") {
        let text = format!(
            "{}/{}/{} {clock}",
            part("day")?,
            part("month")?,
            part("year")?
        );
        let at = DateTime::strptime("%d/%b/%Y %H:%M:%S", text)
            .ok()?
            .checked_add(shift)
            .ok()?;
        return Some(
            at.strftime(&format!("%d/%b/%Y{}%H:%M:%S", part("colon")?))
                .to_string(),
        );
    }
    // A date without a time is a day of business: it moves by whole days.
    let date: Date = part("alone")?.parse().ok()?;
    let days = (moved + DAY / 2).div_euclid(DAY);
    Some(date.checked_add(days.days()).ok()?.to_string())
}
