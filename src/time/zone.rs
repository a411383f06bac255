//! Time zones: instants to local time for people, with the zone's short name for a column head.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::{Timestamp, calendar::Fields};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::suggest::did_you_mean;

/// A time zone with its rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

/// What a local time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Local {
    /// Exactly one instant.
    Once(Timestamp),
    /// The clocks were put forward over it; the instant is the one that comes earlier on the clock's new reading.
    Skipped(Timestamp),
    /// The clocks were put back over it; the instant is the first of two.
    Twice(Timestamp),
}

/// How much of a time of day is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    /// `13:04`
    #[default]
    Minutes,
    /// `13:04:05`
    Seconds,
    /// `13:04:05.123`
    Millis,
}

impl Precision {
    /// Returns what it takes to print an instant exactly.
    pub(super) fn of(at: Timestamp) -> Self {
        match at.0.rem_euclid(60_000) {
            0 => Self::Minutes,
            rest if rest % 1000 == 0 => Self::Seconds,
            _ => Self::Millis,
        }
    }
}

impl Zone {
    /// Returns UTC.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Finds a zone by its name in the time zone database, or by an offset such as `+09:00`.
    pub fn named(name: &str) -> Result<Self, Diagnostics> {
        if let Some(offset) = super::expression::offset(name) {
            return Ok(Self(TimeZone::fixed(offset)));
        }
        if name.eq_ignore_ascii_case("utc") || name == "Z" {
            return Ok(Self::utc());
        }
        TimeZone::get(name)
            .map(Self)
            .map_err(|_| unknown_zone(name).into())
    }

    /// Wraps a zone that the program has looked up itself.
    pub fn from_rules(rules: TimeZone) -> Self {
        Self(rules)
    }

    /// Returns the zone's rules.
    pub fn rules(&self) -> &TimeZone {
        &self.0
    }

    /// Returns the zone's name in the time zone database, or its offset.
    pub fn name(&self) -> String {
        match self.0.iana_name() {
            Some(name) => name.to_owned(),
            None => self.name_at(Timestamp(0)),
        }
    }

    /// Returns the short name in force at an instant: `JST`, `CEST`, `UTC`, `+09`.
    pub fn name_at(&self, at: Timestamp) -> String {
        let info = self.0.to_offset_info(instant(at));
        info.abbreviation().to_owned()
    }

    /// Returns local time as `2026-11-23 13:04`, or as much more of it as asked for.
    pub(super) fn precise(&self, at: Timestamp, precision: Precision) -> String {
        let mut out = Vec::with_capacity(23);
        match Fields::of(at.0.saturating_add(self.offset_ms(at))) {
            Some(fields) => {
                fields.write_date(&mut out);
                out.push(b' ');
                match precision {
                    Precision::Minutes => fields.write_minutes(&mut out),
                    Precision::Seconds => fields.write_time(&mut out),
                    Precision::Millis => {
                        fields.write_time(&mut out);
                        fields.write_millis(&mut out);
                    }
                }
            }
            None => out.extend_from_slice(at.0.to_string().as_bytes()),
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Returns local time as `2026-11-23 13:04`.
    pub fn minutes(&self, at: Timestamp) -> String {
        self.precise(at, Precision::Minutes)
    }

    /// Returns local time as `2026-11-23 13:04:05`.
    pub fn seconds(&self, at: Timestamp) -> String {
        let mut out = Vec::with_capacity(19);
        self.times().write_seconds(at, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Returns how far local time is ahead of UTC at an instant.
    pub fn offset_ms(&self, at: Timestamp) -> i64 {
        i64::from(self.0.to_offset(instant(at)).seconds()) * 1000
    }

    /// Returns a writer for many instants.
    pub fn times(&self) -> LocalTimes {
        LocalTimes {
            zone: self.clone(),
            since: 1,
            until: 0,
            offset_ms: 0,
        }
    }

    /// Returns local date and time at an instant.
    pub(super) fn civil(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(instant(at))
    }

    /// Resolves a local time; `None` beyond the range of instants.
    pub(super) fn resolve(&self, local: DateTime) -> Option<Local> {
        use jiff::tz::AmbiguousOffset::{Fold, Gap, Unambiguous};
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        let kind = ambiguous.offset();
        let at = Timestamp(ambiguous.earlier().ok()?.as_millisecond());
        Some(match kind {
            Unambiguous { .. } => Local::Once(at),
            Gap { .. } => Local::Skipped(at),
            Fold { .. } => Local::Twice(at),
        })
    }
}

/// Writes local times of many instants, looking up the zone's rules only when they change.
#[derive(Clone, Debug)]
pub struct LocalTimes {
    zone: Zone,
    since: i64,
    until: i64,
    offset_ms: i64,
}

impl LocalTimes {
    /// Appends `2026-11-23 13:04:05`.
    pub fn write_seconds(&mut self, at: Timestamp, out: &mut Vec<u8>) {
        self.write(at, out, false);
    }

    /// Appends `2026-11-23 13:04:05.123`.
    pub fn write_millis(&mut self, at: Timestamp, out: &mut Vec<u8>) {
        self.write(at, out, true);
    }

    fn write(&mut self, at: Timestamp, out: &mut Vec<u8>, millis: bool) {
        let Some(fields) = Fields::of(at.0.saturating_add(self.offset_ms(at))) else {
            out.extend_from_slice(at.0.to_string().as_bytes());
            return;
        };
        fields.write_date(out);
        out.push(b' ');
        fields.write_time(out);
        if millis {
            fields.write_millis(out);
        }
    }

    fn offset_ms(&mut self, at: Timestamp) -> i64 {
        if at.0 < self.since || at.0 >= self.until {
            self.look_up(at);
        }
        self.offset_ms
    }

    /// Remembers the offset at `at` for as long as it is in force: up to the next change, at most a day each way.
    fn look_up(&mut self, at: Timestamp) {
        const DAY: i64 = 86_400_000;
        let next = self.zone.0.following(instant(at)).next();
        let last = self
            .zone
            .0
            .preceding(instant(Timestamp(at.0.saturating_add(1))))
            .next();
        self.until = next
            .map_or(i64::MAX, |change| change.timestamp().as_millisecond())
            .min(at.0.saturating_add(DAY));
        self.since = last
            .map_or(i64::MIN, |change| change.timestamp().as_millisecond())
            .max(at.0.saturating_sub(DAY));
        self.offset_ms = self.zone.offset_ms(at);
    }
}

/// Converts to the calendar's own instant; what is beyond its range becomes its nearest end.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

fn unknown_zone(name: &str) -> Diagnostic {
    let known: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    let hint = did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_else(|| {
        "write a name such as `Asia/Tokyo`, `UTC`, or an offset such as `+09:00`".to_owned()
    });
    Diagnostic::new(
        codes::TIME_ZONE_UNKNOWN,
        0..name.len(),
        format!("unknown time zone `{name}`"),
    )
    .hint(hint)
}

/// Returns the offset of `hours` and `minutes` east of Greenwich, when there is such a one.
pub(super) fn fixed_offset(negative: bool, hours: i32, minutes: i32) -> Option<Offset> {
    if hours > 24 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if negative { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_406_645_000);

    #[test]
    fn local_time_and_short_name() {
        let tokyo = Zone::named("Asia/Tokyo").expect("known");
        assert_eq!(tokyo.seconds(NOON), "2026-11-23 13:04:05");
        assert_eq!(tokyo.precise(NOON, Precision::Minutes), "2026-11-23 13:04");
        assert_eq!(tokyo.name_at(NOON), "JST");
        assert_eq!(tokyo.name(), "Asia/Tokyo");
        assert_eq!(Zone::utc().name_at(NOON), "UTC");
    }

    #[test]
    fn an_offset_is_a_zone() {
        let zone = Zone::named("+09:00").expect("an offset");
        assert_eq!(zone.seconds(NOON), "2026-11-23 13:04:05");
    }

    #[test]
    fn an_unknown_zone_suggests_near_ones() {
        let error = Zone::named("Asia/Tokio").expect_err("unknown");
        assert_eq!(
            error.0[0].hint.as_deref(),
            Some("did you mean `Asia/Tokyo` or `Asia/Tomsk`?")
        );
    }

    #[test]
    fn a_writer_follows_the_change_of_offset() {
        let berlin = Zone::named("Europe/Berlin").expect("known");
        let mut times = berlin.times();
        let change = 1_792_890_000_000; // 2026-10-25T01:00:00Z, when summer time ends
        for at in [
            change - 1,
            change,
            change + 1,
            change - 86_400_000 * 300,
            change - 1,
        ] {
            let mut out = Vec::new();
            times.write_seconds(Timestamp(at), &mut out);
            assert_eq!(
                String::from_utf8_lossy(&out),
                berlin
                    .civil(Timestamp(at))
                    .strftime("%Y-%m-%d %H:%M:%S")
                    .to_string()
            );
        }
    }
}
