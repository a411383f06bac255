//! Functions of instants and periods.

use jiff::civil::{Date, Time};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::date_pattern::strftime_of;
use super::{Args, Arity, Function, Level, Run};
use crate::query::ast::{Period, Unit};
use crate::time::{Timestamp, Zone};
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "bin",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "bin(period)",
        summary: "the start of the period that the event is in",
        examples: &[],
        run: Some(Run::Rewritten),
    },
    Function {
        name: "datefloor",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Core,
        signature: "datefloor(instant, period)",
        summary: "the start of the period that an instant is in",
        examples: &[
            ("datefloor(1772448301000, 15m)", "2026-03-02 10:45:00.000"),
            ("datefloor(1772448301000, 1mo)", "2026-03-01 00:00:00.000"),
            ("datefloor(1772448301000, 1w)", "2026-03-02 00:00:00.000"),
        ],
        run: Some(Run::Period(datefloor)),
    },
    Function {
        name: "dateceil",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Core,
        signature: "dateceil(instant, period)",
        summary: "the end of the period that an instant is in; an edge stays",
        examples: &[
            ("dateceil(1772448301000, 1h)", "2026-03-02 11:00:00.000"),
            ("dateceil(1772445600000, 1h)", "2026-03-02 10:00:00.000"),
            ("dateceil(1772448301000, 1q)", "2026-04-01 00:00:00.000"),
        ],
        run: Some(Run::Period(dateceil)),
    },
    Function {
        name: "fromMillis",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "fromMillis(number)",
        summary: "the instant so many milliseconds after 1970",
        examples: &[("fromMillis(1772445600123)", "2026-03-02 10:00:00.123")],
        run: Some(Run::Values(from_millis)),
    },
    Function {
        name: "toMillis",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "toMillis(instant)",
        summary: "the milliseconds since 1970",
        examples: &[("toMillis(fromMillis(1500))", "1500")],
        run: Some(Run::Values(to_millis)),
    },
    Function {
        name: "parseDate",
        aliases: &[],
        arity: Arity::between(2, 3),
        level: Level::Wanted,
        signature: "parseDate(text, pattern[, zone])",
        summary: "the milliseconds of a written date; the pattern is Java's",
        examples: &[
            (
                "parseDate('2026-03-02', 'yyyy-MM-dd', 'UTC')",
                "1772409600000",
            ),
            (
                "parseDate('02/Mar/2026:19:00:00 +0900', 'dd/MMM/yyyy:HH:mm:ss Z')",
                "1772445600000",
            ),
            (
                "parseDate('2026-03-02 10:00 Asia/Tokyo', 'yyyy-MM-dd HH:mm VV')",
                "1772413200000",
            ),
            ("parseDate('soon', 'yyyy')", "null"),
        ],
        run: Some(Run::Values(parse_date)),
    },
    Function {
        name: "formatDate",
        aliases: &["strftime"],
        arity: Arity::between(2, 3),
        level: Level::Wanted,
        signature: "formatDate(instant, format[, zone])",
        summary: "a date written as strftime does",
        examples: &[
            (
                "formatDate(1772445600000, '%Y-%m-%d %H:%M')",
                "2026-03-02 10:00",
            ),
            ("strftime(1772445600000, '%H:%M', 'Asia/Tokyo')", "19:00"),
        ],
        run: Some(Run::Values(format_date)),
    },
];

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// 1970 began on a Thursday; weeks begin on Monday (D11).
const FIRST_MONDAY: i64 = -3 * DAY;

/// The longest count of a unit without a cap: longer than all that is logged, and no overflow.
const LONGEST: u64 = 100_000;

/// How the time line is cut: into equal lengths from an edge, or into months.
enum Grid {
    Equal { length: i64, from: i64 },
    Months(i64),
}

impl Grid {
    fn of(period: Period) -> Self {
        let count = period.count.clamp(1, period.unit.cap().unwrap_or(LONGEST)) as i64;
        let equal = |unit: i64| Self::Equal {
            length: unit * count,
            from: 0,
        };
        match period.unit {
            Unit::Millisecond => equal(1),
            Unit::Second => equal(SECOND),
            Unit::Minute => equal(MINUTE),
            Unit::Hour => equal(HOUR),
            Unit::Day => equal(DAY),
            Unit::Week => Self::Equal {
                length: WEEK * count,
                from: FIRST_MONDAY,
            },
            Unit::Month => Self::Months(count),
            Unit::Quarter => Self::Months(3 * count),
            Unit::Year => Self::Months(12 * count),
        }
    }

    /// Returns the last edge not after `millis`, moved on by a number of periods.
    fn edge(&self, millis: i64, periods: i64) -> Option<i64> {
        match self {
            Self::Equal { length, from } => {
                let number = millis.checked_sub(*from)?.div_euclid(*length) + periods;
                number.checked_mul(*length)?.checked_add(*from)
            }
            Self::Months(count) => {
                let number = months_since_1970(millis)?.div_euclid(*count) + periods;
                start_of_month(number.checked_mul(*count)?)
            }
        }
    }
}

fn months_since_1970(millis: i64) -> Option<i64> {
    let instant = jiff::Timestamp::from_millisecond(millis).ok()?;
    let date = TimeZone::UTC.to_datetime(instant);
    Some((i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1)
}

fn start_of_month(months: i64) -> Option<i64> {
    let year = i16::try_from(1970 + months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    let start = Date::new(year, month, 1)
        .ok()?
        .to_datetime(Time::midnight());
    let instant = TimeZone::UTC.to_timestamp(start).ok()?;
    Some(instant.as_millisecond())
}

fn datefloor<'a>(instant: &Value<'a>, period: Period) -> Value<'a> {
    let edge = millis(instant).and_then(|millis| Grid::of(period).edge(millis, 0));
    edge.map(Timestamp).into()
}

/// An instant on an edge stays where it is (D21).
fn dateceil<'a>(instant: &Value<'a>, period: Period) -> Value<'a> {
    let grid = Grid::of(period);
    let ceiling = millis(instant).and_then(|millis| match grid.edge(millis, 0)? {
        edge if edge == millis => Some(edge),
        _ => grid.edge(millis, 1),
    });
    ceiling.map(Timestamp).into()
}

fn millis(instant: &Value<'_>) -> Option<i64> {
    match instant {
        Value::Timestamp(instant) => Some(instant.as_millis()),
        other => other.as_number().map(|number| number as i64),
    }
}

fn from_millis<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    millis(args.get(0)).map(Timestamp).into()
}

fn to_millis<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    millis(args.get(0)).into()
}

fn zone(args: &mut Args<'_, '_>, at: usize) -> Option<TimeZone> {
    if args.len() <= at {
        return Some(TimeZone::UTC);
    }
    zone_named(&args.text(at)?)
}

fn zone_named(name: &str) -> Option<TimeZone> {
    Zone::named(name).ok().map(|zone| zone.rules().clone())
}

fn format_date<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let mut written = || {
        let instant = jiff::Timestamp::from_millisecond(millis(args.get(0))?).ok()?;
        let zoned = instant.to_zoned_datetime(zone(args, 2)?);
        strtime::format(args.text(1)?.as_bytes(), &zoned).ok()
    };
    written().into()
}

fn parse_date<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let mut millis = || {
        let zone = zone(args, 2)?;
        let format = strftime_of(&args.text(1)?).ok()?;
        let read = strtime::parse(format, args.text(0)?.as_bytes()).ok()?;
        instant_of(&read, &zone).map(jiff::Timestamp::as_millisecond)
    };
    millis().into()
}

/// Completes what was read: without an offset or a zone it is in `zone`, without a time of day at midnight, and
/// without a month or a day on the first.
fn instant_of(read: &strtime::BrokenDownTime, zone: &TimeZone) -> Option<jiff::Timestamp> {
    if read.offset().is_some() {
        return read.to_timestamp().ok();
    }
    let written = read.iana_time_zone().and_then(zone_named);
    let zone = written.as_ref().unwrap_or(zone);
    let date = Date::new(
        read.year()?,
        read.month().unwrap_or(1),
        read.day().unwrap_or(1),
    )
    .ok()?;
    let time = read.to_time().unwrap_or_else(|_| {
        Time::new(read.hour().unwrap_or(0), read.minute().unwrap_or(0), 0, 0)
            .unwrap_or_else(|_| Time::midnight())
    });
    zone.to_timestamp(date.to_datetime(time)).ok()
}
