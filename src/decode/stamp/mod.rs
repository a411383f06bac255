//! When a line was logged: the times that programs, loggers and log tools write into it.
//!
//! A line says its time in one of these places, tried in this order by what the line looks like:
//! a JSON record's `created`, `timestamp`, `@timestamp`, `time` or `asctime`; the bracket that Celery
//! (`[2026-11-23 13:58:36,986: ERROR/…]`) and gunicorn (`[2026-11-23 13:58:36 +0900] [7] [INFO]`) begin a line
//! with; a date and time at the line's start; the bracket of an access log.
//!
//! A civil time that names no zone belongs to the [`Clock`]'s, except in `timestamp`: python-json-logger writes that
//! in UTC, in ISO form and without a zone. Where the fraction stands behind a comma it is Python's `asctime`, whatever
//! the field is called, and that is local time. What ECS writes in `time` always ends in `Z`.
//!
//! A line cannot have been logged after somebody read it: a time that is later than the clock's latest, or that no
//! calendar has, is none, and the line takes that of the line before. So one broken line cannot make a failed run
//! look as if it still went on.
//!
//! This module does not know about the line before; `scan::scanner` lends its time to lines that have none.

use std::cell::Cell;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::decode::digits;
use crate::decode::json::{Json, Kind, Members};
use crate::time::Timestamp;

/// Gives civil times without a zone their place in time; remembers the last offset, since lines come in order.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    latest: Timestamp,
    last: Cell<(i64, i64)>,
}

/// Between these instants a time can be written as a date.
const EARLIEST: Timestamp = Timestamp(0);
const LATEST: Timestamp = Timestamp(253_402_300_799_999);

/// Zone rules change at whole quarters of an hour at the finest: within one the offset is the same.
const QUARTER: i64 = 15 * 60;

impl Clock {
    /// Creates a clock for the zone that the programs' civil times are in.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            latest: LATEST,
            last: Cell::new((i64::MIN, 0)),
        }
    }

    /// Creates a clock for programs that log in UTC.
    pub fn utc() -> Self {
        Self::new(TimeZone::UTC)
    }

    /// Sets the last instant at which a line can have been logged; lines that say a later one say none.
    #[must_use]
    pub fn until(self, latest: Timestamp) -> Self {
        Self {
            latest: latest.min(LATEST),
            ..self
        }
    }

    /// Returns a time unless no line can have it.
    pub fn believe(&self, time: Timestamp) -> Option<Timestamp> {
        (EARLIEST <= time && time <= self.latest).then_some(time)
    }

    /// Returns what to add to seconds of civil time to get seconds of UTC.
    fn offset_at(&self, civil: &Civil) -> i64 {
        let quarter = civil.seconds.div_euclid(QUARTER);
        let (known, offset) = self.last.get();
        if known == quarter {
            return offset;
        }
        let offset = self.look_up(civil).unwrap_or_default();
        self.last.set((quarter, offset));
        offset
    }

    fn look_up(&self, civil: &Civil) -> Option<i64> {
        let [hour, minute, second] = civil.clock;
        let moment = DateTime::new(
            civil.year as i16,
            civil.month as i8,
            civil.day as i8,
            hour as i8,
            minute as i8,
            second as i8,
            0,
        );
        let instant = self
            .zone
            .to_ambiguous_timestamp(moment.ok()?)
            .compatible()
            .ok()?;
        Some(instant.as_second() - civil.seconds)
    }
}

/// A date and time as written, before its zone is known.
#[derive(Clone, Copy, Debug)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    clock: [i64; 3],
    /// Seconds since 1970 if it were UTC.
    seconds: i64,
    millis: i64,
}

/// A stamp read from the start of a text.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    civil: Civil,
    /// Seconds east of UTC, where the text names a zone.
    offset: Option<i64>,
    /// Whether the fraction stands behind a comma, as Python's logging writes it.
    comma: bool,
    /// How many bytes of the text it takes.
    length: usize,
}

impl Stamp {
    fn instant(&self, naive: impl FnOnce(&Civil) -> i64) -> Timestamp {
        let offset = self.offset.map_or_else(|| naive(&self.civil), |east| -east);
        Timestamp((self.civil.seconds + offset) * 1000 + self.civil.millis)
    }
}

/// Returns the time that a JSON record's number means: seconds, or milliseconds and finer when it is that large.
pub fn epoch(number: f64) -> Option<Timestamp> {
    let millis = match number {
        seconds if seconds < 0.0 => return None,
        seconds if seconds < 1e11 => number * 1e3,
        millis if millis < 1e14 => number,
        micros if micros < 1e17 => number / 1e3,
        nanos if nanos.is_finite() => number / 1e6,
        _ => return None,
    };
    // Shortest-form floats of seconds can come out a hair below the millisecond they mean.
    let time = Timestamp((millis + 1e-4).floor() as i64);
    (time <= LATEST).then_some(time)
}

/// Returns the time of an RFC 3339 or ISO 8601 text that is all of `text`; without a zone it is UTC.
pub fn iso(text: &[u8]) -> Option<Timestamp> {
    let stamp = stamp(text)?;
    (stamp.length == text.len()).then(|| stamp.instant(|_| 0))
}

/// Returns the time of the RFC 3339 stamp that begins `text`, and its length; without a zone it is UTC.
pub fn leading_iso(text: &[u8]) -> Option<(Timestamp, usize)> {
    let stamp = stamp(text)?;
    Some((stamp.instant(|_| 0), stamp.length))
}

/// Returns the time a plain text line says it was logged at.
pub fn of_text(line: &[u8], clock: &Clock) -> Option<Timestamp> {
    let found = match line.first()? {
        b'[' => bracket(&line[1..]).or_else(|| apache(&line[1..])),
        b'0'..=b'9' => match stamp(line) {
            Some(found) if ends_word(line, found.length) => Some(found),
            _ => access_log(line),
        },
        _ => access_log(line),
    };
    clock.believe(found?.instant(|civil| clock.offset_at(civil)))
}

/// Returns the time of a JSON record's line: `created`, else the first of its other time fields that can be read.
///
/// A record that was cut is read as far as it goes.
#[inline]
pub fn of_record(line: &[u8], clock: &Clock) -> Option<Timestamp> {
    leading_created(line, clock).or_else(|| of_members(line, clock))
}

#[inline(never)]
fn of_members(line: &[u8], clock: &Clock) -> Option<Timestamp> {
    let mut fields = RecordTimes::default();
    for (key, value) in Members::new(line).map_while(Result::ok) {
        if let Some(name) = key.plain() {
            fields.offer(name, value);
        }
        if fields.has_created(clock) {
            break;
        }
    }
    fields.resolve(clock)
}

/// Reads `{"created": 1795407794.3184667`, how python-json-logger's records begin, without walking the record.
#[inline]
pub fn leading_created(line: &[u8], clock: &Clock) -> Option<Timestamp> {
    let rest = line.strip_prefix(br#"{"created":"#)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    match usual_created(rest) {
        Some((time, behind)) => {
            let ends = matches!(behind, b',' | b'}' | b' ');
            clock.believe(time).filter(|_| ends)
        }
        None => other_created(rest, clock),
    }
}

/// Returns whether a line begins as python-json-logger's records do: with `created` and a digit.
#[inline]
pub fn begins_with_created(line: &[u8]) -> bool {
    let rest = line.strip_prefix(br#"{"created":"#);
    matches!(rest, Some([b' ', b'0'..=b'9', ..] | [b'0'..=b'9', ..]))
}

#[inline(never)]
fn other_created(text: &[u8], clock: &Clock) -> Option<Timestamp> {
    let (seconds, digits) = leading_number(text);
    let rest = &text[digits..];
    if !(9..=11).contains(&digits) {
        return None;
    }
    let (millis, rest) = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let (millis, digits) = thousandths(fraction);
            (millis, &fraction[digits..])
        }
        None => (0, rest),
    };
    let ends = matches!(rest.first(), Some(b',' | b'}' | b' '));
    clock
        .believe(Timestamp(seconds * 1000 + millis))
        .filter(|_| ends)
}

/// Reads `1795407794.3184667`, ten digits and three to seven; returns the time with the byte behind it.
#[inline]
fn usual_created(text: &[u8]) -> Option<(Timestamp, u8)> {
    let (whole, rest) = text.split_first_chunk::<8>()?;
    let (&[ninth, tenth, point], rest) = rest.split_first_chunk()?;
    let fraction = rest.first_chunk::<8>()?;
    let (ninth, tenth) = (ninth.wrapping_sub(b'0'), tenth.wrapping_sub(b'0'));
    let is_whole = digits::leading(*whole) == 8 && ninth < 10 && tenth < 10;
    let places = digits::leading(*fraction);
    if !is_whole || point != b'.' || !(3..8).contains(&places) {
        return None;
    }
    let seconds = digits::value(*whole) * 100 + i64::from(ninth * 10 + tenth);
    let [tenths, hundredths, thousandths, ..] = *fraction;
    let digit = |byte: u8| i64::from(byte & 0xF);
    let millis = digit(tenths) * 100 + digit(hundredths) * 10 + digit(thousandths);
    Some((Timestamp(seconds * 1000 + millis), fraction[places]))
}

/// The time fields met so far while the members of a record go by.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecordTimes<'a> {
    /// `created`, once it was met and is a number.
    pub created: Option<Timestamp>,
    timestamp: Option<Json<'a>>,
    time: Option<Json<'a>>,
    asctime: Option<Json<'a>>,
}

impl<'a> RecordTimes<'a> {
    /// Takes note of a member when it is one of the time fields.
    pub fn offer(&mut self, name: &[u8], value: Json<'a>) {
        match name {
            b"created" => self.created = value.as_f64().and_then(epoch),
            b"timestamp" | b"@timestamp" => self.timestamp = Some(value),
            b"time" => self.time = Some(value),
            b"asctime" => self.asctime = Some(value),
            _ => {}
        }
    }

    /// Returns whether `created` was met, and says when.
    pub fn has_created(&self, clock: &Clock) -> bool {
        self.created
            .is_some_and(|time| clock.believe(time).is_some())
    }

    /// Returns whether `asctime` was met, which only a record of Python's logging has.
    pub fn has_asctime(&self) -> bool {
        self.asctime.is_some()
    }

    /// Returns the time that the fields say.
    pub fn resolve(&self, clock: &Clock) -> Option<Timestamp> {
        let believe = |time| clock.believe(time);
        self.created
            .and_then(believe)
            .or_else(|| number_or_iso(self.timestamp?, clock).and_then(believe))
            .or_else(|| number_or_local(self.time?, clock).and_then(believe))
            .or_else(|| local(self.asctime?, clock).and_then(believe))
    }
}

/// Returns the time of a `timestamp` value: a number of seconds or milliseconds, or a text, which is UTC when it is
/// ISO and names no zone.
pub fn number_or_iso(value: Json<'_>, clock: &Clock) -> Option<Timestamp> {
    let text = match value.kind() {
        Kind::Number => return number(value),
        Kind::String => value.as_plain_str()?,
        _ => return None,
    };
    let found = stamp(text).filter(|found| found.length == text.len())?;
    let naive = |civil: &Civil| {
        if found.comma {
            clock.offset_at(civil)
        } else {
            0
        }
    };
    Some(found.instant(naive))
}

/// Returns the time of a `time` value: a number, or a text, which is local time when it names no zone.
fn number_or_local(value: Json<'_>, clock: &Clock) -> Option<Timestamp> {
    match value.kind() {
        Kind::Number => number(value),
        _ => local(value, clock),
    }
}

/// Returns the time of an `asctime` value.
fn local(value: Json<'_>, clock: &Clock) -> Option<Timestamp> {
    Some(stamp(value.as_plain_str()?)?.instant(|civil| clock.offset_at(civil)))
}

/// Returns the time that the `asctime` of a record names, where it names no zone.
pub fn asctime(record: &[u8], clock: &Clock) -> Option<Timestamp> {
    let mut members = Members::new(record).map_while(Result::ok);
    let (_, value) = members.find(|(key, _)| key.plain() == Some(b"asctime"))?;
    let found = stamp(value.as_plain_str()?)?;
    (found.offset.is_none()).then(|| found.instant(|civil| clock.offset_at(civil)))
}

fn number(value: Json<'_>) -> Option<Timestamp> {
    match value.as_i64() {
        Some(millis) if (100_000_000_000..100_000_000_000_000).contains(&millis) => {
            Some(Timestamp(millis))
        }
        _ => value.as_f64().and_then(epoch),
    }
}

/// The bracket that begins a line: a stamp, then `]`, a zone and `]`, or Celery's `: LEVEL/process]`.
fn bracket(inside: &[u8]) -> Option<Stamp> {
    let found = stamp(inside)?;
    matches!(inside.get(found.length), Some(b']' | b':' | b' ')).then_some(found)
}

/// An access log's `[23/Nov/2026:13:58:36 +0900]`, within the addresses and names that stand before it.
fn access_log(line: &[u8]) -> Option<Stamp> {
    const REACH: usize = 160;
    let head = &line[..line.len().min(REACH)];
    let open = memchr::memchr(b'[', head)?;
    apache(&head[open + 1..])
}

/// Reads `23/Nov/2026:13:58:36 +0900` or, as Django's runserver has it, `23/Nov/2026 13:58:36`.
fn apache(text: &[u8]) -> Option<Stamp> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let [day, month, year] = [text.get(..2)?, text.get(3..6)?, text.get(7..11)?];
    if text[2] != b'/' || text[6] != b'/' || !matches!(text.get(11), Some(b':' | b' ')) {
        return None;
    }
    let month = MONTHS.chunks(3).position(|name| name == month)? as i64 + 1;
    let clock = read_clock(text.get(12..20)?)?;
    let civil = civil(integer(year)?, month, integer(day)?, clock, 0)?;
    let (offset, length) = zone(&text[20..]);
    Some(Stamp {
        civil,
        offset,
        comma: false,
        length: 20 + length,
    })
}

/// Reads a date and time: `2026-11-23T13:58:36.986Z`, with a blank for the `T`, a comma for the point, any zone
/// or none, with up to nine digits of fraction or none.
fn stamp(text: &[u8]) -> Option<Stamp> {
    let head = text.get(..19)?;
    if head[4] != b'-' || head[7] != b'-' || !matches!(head[10], b'T' | b' ' | b't') {
        return None;
    }
    let clock = read_clock(&head[11..])?;
    let mut length = 19;
    let mut millis = 0;
    if matches!(text.get(19), Some(b'.' | b',')) {
        let (fraction, digits) = thousandths(&text[20..]);
        if digits > 0 {
            millis = fraction;
            length = 20 + digits;
        }
    }
    let civil = civil(
        integer(&head[..4])?,
        integer(&head[5..7])?,
        integer(&head[8..10])?,
        clock,
        millis,
    )?;
    let (offset, zone_length) = zone(&text[length..]);
    Some(Stamp {
        civil,
        offset,
        comma: text.get(19) == Some(&b','),
        length: length + zone_length,
    })
}

fn read_clock(text: &[u8]) -> Option<[i64; 3]> {
    let clock = [
        integer(&text[..2])?,
        integer(&text[3..5])?,
        integer(&text[6..8])?,
    ];
    let [hour, minute, second] = clock;
    let valid = text[2] == b':' && text[5] == b':' && hour < 24 && minute < 60 && second <= 60;
    // A leap second counts as the second before it, as the service counts.
    valid.then_some([hour, minute, second.min(59)])
}

fn civil(year: i64, month: i64, day: i64, clock: [i64; 3], millis: i64) -> Option<Civil> {
    let valid = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let [hour, minute, second] = clock;
    valid.then(|| Civil {
        year,
        month,
        day,
        clock,
        seconds: days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second,
        millis,
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that the leap day is
/// a year's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Reads `Z`, `+09:00`, `+0900` or `+09`, a blank before it allowed; the offset in seconds and the length.
fn zone(text: &[u8]) -> (Option<i64>, usize) {
    let blank = usize::from(text.first() == Some(&b' '));
    let text = &text[blank..];
    let sign = match text.first() {
        Some(b'Z' | b'z') if blank == 0 => return (Some(0), 1),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (None, 0),
    };
    let Some(hours) = text.get(1..3).and_then(integer).filter(|hours| *hours < 24) else {
        return (None, 0);
    };
    let colon = usize::from(text.get(3) == Some(&b':'));
    let minutes = text.get(3 + colon..5 + colon).and_then(integer);
    match minutes.filter(|minutes| *minutes < 60) {
        Some(minutes) => (
            Some(sign * (hours * 3600 + minutes * 60)),
            blank + 5 + colon,
        ),
        None if blank == 0 => (Some(sign * hours * 3600), 3),
        None => (None, 0),
    }
}

/// Reads text that is digits only.
fn integer(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| match byte {
        b'0'..=b'9' => Some(value * 10 + i64::from(byte - b'0')),
        _ => None,
    })
}

/// Reads the digits that begin `text`, up to twelve: their value, and how many they are.
fn leading_number(text: &[u8]) -> (i64, usize) {
    let count = text.iter().take(12).take_while(|b| b.is_ascii_digit());
    let count = count.count();
    (integer(&text[..count]).unwrap_or_default(), count)
}

/// Reads the digits of a fraction: its thousandths, and how many digits there are.
fn thousandths(text: &[u8]) -> (i64, usize) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = integer(&text[..count.min(3)]).unwrap_or_default();
    (first * [0, 100, 10, 1][count.min(3)], count)
}

fn ends_word(line: &[u8], at: usize) -> bool {
    !line.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests;
