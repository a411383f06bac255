//! What people write for an instant: `2h`, `yesterday 09:00`, `2026-11-23T09:00+09:00`, Unix time.
//!
//! One spelling has one reading: what could be read in two ways is an error that shows how to write each. A time
//! of day without a date is the last such moment, never one to come.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::Offset;

use super::zone::{Local, fixed_offset};
use super::{Timestamp, Zone, duration};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::suggest::did_you_mean;

/// What relative times are counted from, and the zone of local ones.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The present.
    pub now: Timestamp,
    /// The zone in which `09:00` is meant.
    pub zone: Zone,
}

/// An instant that was read, and what there is to say about the reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// Set when the local time does not exist, or exists twice.
    pub note: Option<String>,
}

/// The words that a time expression may begin with.
const WORDS: [&str; 17] = [
    "now",
    "today",
    "yesterday",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

const SHAPES: &str =
    "write `15m`, `2h`, `1d`, `today`, `yesterday 09:00`, `2026-11-23` or `2026-11-23T09:00+09:00`";

/// Parses a time expression.
pub fn parse(text: &str, clock: &Clock) -> Result<Timestamp, Diagnostics> {
    read(text, clock).map(|moment| moment.at)
}

/// Parses a time expression, and says when a local time had to be settled.
pub fn read(text: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    let plain = Plain::of(text);
    read_plain(&plain.text, clock).map_err(|mut faults| {
        let (read, typed) = (format!("`{}`", plain.text), format!("`{}`", text.trim()));
        for fault in &mut faults.0 {
            fault.span = plain.original(fault.span.start)..plain.original(fault.span.end);
            fault.message = fault.message.replace(&read, &typed);
        }
        faults
    })
}

fn read_plain(text: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    if text.is_empty() {
        return Err(fault(text, "a time is missing")
            .hint(SHAPES.to_owned())
            .into());
    }
    if let Some(length) = before_now(text) {
        return ago(length, text, clock);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return unix(text).map(exactly).map_err(Diagnostics::from);
    }
    if looks_like_date(text) {
        return dated(text, clock);
    }
    if text.contains('/') {
        return Err(slashes(text).into());
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return if text.contains(':') {
            time_of_day(text, text).and_then(|time| last_such(time, text, clock))
        } else {
            ago(text, text, clock)
        };
    }
    worded(text, clock)
}

/// Returns the duration of `-2h` and `2h ago`.
fn before_now(text: &str) -> Option<&str> {
    text.strip_suffix(" ago")
        .map(str::trim_end)
        .or_else(|| text.strip_prefix('-'))
}

fn ago(length: &str, whole: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    let shift = whole.find(length).unwrap_or(0);
    let length = duration::parse(length).map_err(|mut faults| {
        for fault in &mut faults.0 {
            fault.span = fault.span.start + shift..fault.span.end + shift;
        }
        faults
    })?;
    Ok(exactly(Timestamp(clock.now.0.saturating_sub(length))))
}

/// Reads Unix time, told apart by its length: seconds have ten digits until the year 2286.
fn unix(text: &str) -> Result<Timestamp, Diagnostic> {
    let number: i64 = text.parse().map_err(|_| no_unix_time(text))?;
    match text.len() {
        10 => Ok(Timestamp(number * 1000)),
        13 => Ok(Timestamp(number)),
        _ => Err(no_unix_time(text)),
    }
}

fn no_unix_time(text: &str) -> Diagnostic {
    let hint = match text.len() {
        0..=5 => format!("add a unit: `{text}s`, `{text}m` for minutes, `{text}h`, `{text}d`"),
        8 => format!(
            "a date is written `{}-{}-{}`",
            &text[..4],
            &text[4..6],
            &text[6..]
        ),
        _ => "Unix time has 10 digits (seconds) or 13 digits (milliseconds)".to_owned(),
    };
    fault(text, format!("`{text}` is not a time")).hint(hint)
}

/// Returns whether the text begins as `2026-` does.
fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

/// Reads a date, with or without time and offset.
fn dated(text: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    let end = text.find(['t', ' ']).unwrap_or(text.len());
    let date = date(&text[..end], text)?;
    let rest = text.get(end + 1..).unwrap_or("").trim();
    let (time, offset) = split_offset(rest);
    let time = if rest.is_empty() {
        Time::midnight()
    } else {
        time_of_day(time, text)?
    };
    let local = DateTime::from_parts(date, time);
    match offset {
        None => settle(local, text, clock),
        Some(written) => at_offset(local, written, text).map_err(Diagnostics::from),
    }
}

fn date(written: &str, text: &str) -> Result<Date, Diagnostic> {
    let parts: Vec<&str> = written.split('-').collect();
    let &[year, month, day] = parts.as_slice() else {
        return Err(
            fault(text, format!("`{written}` is not a date")).hint("write `2026-11-23`".to_owned())
        );
    };
    let numbers = (two_digits(month), two_digits(day));
    let (Ok(year), (Some(month), Some(day))) = (year.parse::<i16>(), numbers) else {
        return Err(
            fault(text, format!("`{written}` is not a date")).hint("write `2026-11-23`".to_owned())
        );
    };
    Date::new(year, month, day)
        .map_err(|_| fault(text, format!("there is no day `{written}` in the calendar")))
}

/// Splits `09:00+09:00` into time and offset.
fn split_offset(text: &str) -> (&str, Option<&str>) {
    match text.find(['+', '-', 'z']) {
        Some(at) => (text[..at].trim_end(), Some(&text[at..])),
        None => (text, None),
    }
}

fn at_offset(local: DateTime, written: &str, text: &str) -> Result<Moment, Diagnostic> {
    let no_offset = || {
        fault(text, format!("`{written}` is not an offset from UTC"))
            .hint("write `Z` or `+09:00`".to_owned())
    };
    let offset = offset(written).ok_or_else(no_offset)?;
    let instant = offset.to_timestamp(local).map_err(|_| too_far(text))?;
    Ok(exactly(Timestamp(instant.as_millisecond())))
}

/// Reads `Z`, `+09:00`, `+0900` or `+09`.
pub(super) fn offset(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (negative, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (false, digits),
        ("-", digits) => (true, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.len(), digits.split_once(':')) {
        (5, Some(parts)) => parts,
        (4, None) if digits.is_ascii() => digits.split_at(2),
        (2, None) => (digits, "00"),
        _ => return None,
    };
    fixed_offset(
        negative,
        two_digits(hours)?.into(),
        two_digits(minutes)?.into(),
    )
}

/// Reads `9:00`, `09:00`, `09:00:30` and `09:00:30.123`.
fn time_of_day(written: &str, text: &str) -> Result<Time, Diagnostics> {
    let wrong = || {
        fault(text, format!("`{written}` is not a time of day"))
            .hint("write `09:00` or `09:00:30`".to_owned())
    };
    let (clock, fraction) = written.split_once(['.', ',']).unwrap_or((written, ""));
    let parts: Option<Vec<i8>> = clock.split(':').map(short_number).collect();
    let (hour, minute, second) = match parts.as_deref() {
        Some(&[hour, minute]) if fraction.is_empty() => (hour, minute, 0),
        Some(&[hour, minute, second]) => (hour, minute, second),
        _ => return Err(wrong().into()),
    };
    let nanos = nanoseconds(fraction).ok_or_else(wrong)?;
    Time::new(hour, minute, second, nanos).map_err(|_| {
        let hint = match (hour, minute) {
            (24, 0) => "midnight is `00:00` of the next day",
            _ => "hours go from 00 to 23, minutes and seconds from 00 to 59",
        };
        Diagnostics::from(
            fault(text, format!("there is no time of day `{written}`")).hint(hint.to_owned()),
        )
    })
}

fn nanoseconds(fraction: &str) -> Option<i32> {
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<9}").parse().ok()
}

/// Reads a number of exactly two digits.
fn two_digits(text: &str) -> Option<i8> {
    (text.len() == 2).then(|| short_number(text)).flatten()
}

/// Reads a number of one or two digits.
fn short_number(text: &str) -> Option<i8> {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Reads what begins with a word: `yesterday`, `mon 18:00`.
fn worded(text: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    if word == "now" && rest.is_empty() {
        return Ok(exactly(clock.now));
    }
    let time = match rest {
        "" => Time::midnight(),
        rest => time_of_day(rest, text)
            .map_err(|faults| unknown_before(word, text).unwrap_or(faults))?,
    };
    let today = clock.zone.civil(clock.now).date();
    let weekday = weekday(word);
    let date = match (word, weekday) {
        ("today", _) => Some(today),
        ("yesterday", _) => today.yesterday().ok(),
        (_, Some(day)) => return last_weekday(today, day, time, text, clock),
        _ => return Err(unknown_word(word, text).into()),
    };
    let date = date.ok_or_else(|| too_far(text))?;
    settle(DateTime::from_parts(date, time), text, clock)
}

/// Returns the complaint about the word, when that is the first thing wrong.
fn unknown_before(word: &str, text: &str) -> Option<Diagnostics> {
    (!WORDS.contains(&word)).then(|| unknown_word(word, text).into())
}

fn weekday(word: &str) -> Option<Weekday> {
    let full = word.len() > 3;
    Some(match (word.get(..3)?, full.then_some(word)) {
        ("mon", None | Some("monday")) => Weekday::Monday,
        ("tue", None | Some("tuesday")) => Weekday::Tuesday,
        ("wed", None | Some("wednesday")) => Weekday::Wednesday,
        ("thu", None | Some("thursday")) => Weekday::Thursday,
        ("fri", None | Some("friday")) => Weekday::Friday,
        ("sat", None | Some("saturday")) => Weekday::Saturday,
        ("sun", None | Some("sunday")) => Weekday::Sunday,
        _ => return None,
    })
}

/// Returns the last such moment of any day.
fn last_such(time: Time, text: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    let today = clock.zone.civil(clock.now).date();
    let moment = settle(DateTime::from_parts(today, time), text, clock)?;
    if moment.at <= clock.now {
        return Ok(moment);
    }
    let yesterday = today.yesterday().map_err(|_| too_far(text))?;
    settle(DateTime::from_parts(yesterday, time), text, clock)
}

/// Returns the last such moment of a weekday.
fn last_weekday(
    today: Date,
    day: Weekday,
    time: Time,
    text: &str,
    clock: &Clock,
) -> Result<Moment, Diagnostics> {
    let back = i64::from(day.until(today.weekday()));
    let on = |days: i64| {
        let date = today
            .checked_sub(jiff::SignedDuration::from_hours(24 * days))
            .map_err(|_| too_far(text))?;
        settle(DateTime::from_parts(date, time), text, clock)
    };
    let moment = on(back)?;
    if moment.at <= clock.now {
        return Ok(moment);
    }
    on(back + 7)
}

/// Turns a local time into an instant; of two, or of none, the earlier one.
fn settle(local: DateTime, text: &str, clock: &Clock) -> Result<Moment, Diagnostics> {
    let resolved = clock.zone.resolve(local).ok_or_else(|| too_far(text))?;
    let shown = local.strftime("%Y-%m-%d %H:%M");
    let zone = clock.zone.name();
    Ok(match resolved {
        Local::Once(at) => exactly(at),
        Local::Skipped(at) => Moment {
            at,
            note: Some(format!(
                "{shown} does not exist in {zone}, as the clocks go forward; using {at}"
            )),
        },
        Local::Twice(at) => Moment {
            at,
            note: Some(format!(
                "{shown} exists twice in {zone}, as the clocks go back; using the earlier, {at}"
            )),
        },
    })
}

fn exactly(at: Timestamp) -> Moment {
    Moment { at, note: None }
}

fn slashes(text: &str) -> Diagnostic {
    let parts: Vec<&str> = text.split('/').collect();
    let hint = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => format!("write `{year}-{month:0>2}-{day:0>2}`"),
        _ => "write the year first, with hyphens: `2026-11-12`".to_owned(),
    };
    fault(
        text,
        format!("`{text}` is a date with more than one reading"),
    )
    .hint(hint)
}

fn unknown_word(word: &str, text: &str) -> Diagnostic {
    let hint = match word {
        "m" | "M" => "write `1m` for a minute, `30d` for a month".to_owned(),
        "tomorrow" => "times lie in the past; leave `--until` out for an open end".to_owned(),
        _ => did_you_mean(word, WORDS).unwrap_or_else(|| SHAPES.to_owned()),
    };
    fault(text, format!("`{text}` is not a time")).hint(hint)
}

fn too_far(text: &str) -> Diagnostic {
    fault(text, format!("`{text}` is beyond the calendar"))
}

fn fault(text: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(codes::TIME_EXPRESSION, 0..text.len(), message)
}

/// A text trimmed, in lower case but for unit letters, and with full-width digits and signs as their ASCII twins.
struct Plain {
    text: String,
    /// Where each byte of `text`, and its end, stood originally.
    starts: Vec<usize>,
}

impl Plain {
    fn of(written: &str) -> Self {
        let trimmed = written.trim();
        let base = written.len() - written.trim_start().len();
        let (mut text, mut starts) = (String::new(), Vec::new());
        for (at, c) in trimmed.char_indices() {
            let twin = twin(c);
            text.push(twin);
            starts.resize(text.len(), base + at);
        }
        starts.push(base + trimmed.len());
        // `1M` has to keep its capital to be told from `1m`.
        let keep =
            text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && !looks_like_date(&text);
        if !keep {
            text.make_ascii_lowercase();
        }
        Self { text, starts }
    }

    fn original(&self, at: usize) -> usize {
        let end = self.starts[self.starts.len() - 1];
        self.starts.get(at).copied().unwrap_or(end)
    }
}

/// Returns the ASCII twin of a full-width digit, sign or space.
fn twin(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests;
