//! Calendar fields of an instant, written straight into a byte buffer.
//!
//! Every line of `filter` and every row of `ndjson` prints a time, so this is arithmetic on integers without a
//! formatting engine in between.

const DAY_MS: i64 = 86_400_000;
/// Days from 0000-03-01, where the leap day ends a year, to 1970-01-01.
const EPOCH_SHIFT: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// Year to millisecond of one instant, in whatever offset was added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    millis: u16,
}

impl Fields {
    /// Splits milliseconds since 1970; `None` beyond the years 0 to 9999.
    pub(super) fn of(millis: i64) -> Option<Self> {
        let (year, month, day) = date(millis.div_euclid(DAY_MS));
        let of_day = millis.rem_euclid(DAY_MS);
        Some(Self {
            year: u16::try_from(year).ok().filter(|year| *year <= 9999)?,
            month,
            day,
            hour: (of_day / 3_600_000) as u8,
            minute: (of_day / 60_000 % 60) as u8,
            second: (of_day / 1000 % 60) as u8,
            millis: (of_day % 1000) as u16,
        })
    }

    /// Appends `2026-11-23`.
    pub(super) fn write_date(&self, out: &mut Vec<u8>) {
        two(out, (self.year / 100) as u8);
        two(out, (self.year % 100) as u8);
        out.push(b'-');
        two(out, self.month);
        out.push(b'-');
        two(out, self.day);
    }

    /// Appends `09:00:30`.
    pub(super) fn write_time(&self, out: &mut Vec<u8>) {
        self.write_minutes(out);
        out.push(b':');
        two(out, self.second);
    }

    /// Appends `09:00`.
    pub(super) fn write_minutes(&self, out: &mut Vec<u8>) {
        two(out, self.hour);
        out.push(b':');
        two(out, self.minute);
    }

    /// Appends `.123`.
    pub(super) fn write_millis(&self, out: &mut Vec<u8>) {
        out.push(b'.');
        out.push(b'0' + (self.millis / 100) as u8);
        two(out, (self.millis % 100) as u8);
    }
}

/// Turns days since 1970 into year, month, day (the algorithm of Howard Hinnant's `chrono` notes).
fn date(days: i64) -> (i64, u8, u8) {
    let shifted = days + EPOCH_SHIFT;
    let era = shifted.div_euclid(ERA_DAYS);
    let of_era = shifted.rem_euclid(ERA_DAYS);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u8, day as u8)
}

fn two(out: &mut Vec<u8>, number: u8) {
    out.push(b'0' + number / 10 % 10);
    out.push(b'0' + number % 10);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_agree_with_jiff(millis in -62_135_596_800_000_i64..253_402_207_200_000) {
            let instant = jiff::Timestamp::from_millisecond(millis).expect("in range");
            let expected = jiff::tz::Offset::UTC.to_datetime(instant);
            let found = Fields::of(millis).expect("in range");
            prop_assert_eq!(
                (i16::try_from(found.year).expect("small"), found.month as i8, found.day as i8),
                (expected.year(), expected.month(), expected.day())
            );
            prop_assert_eq!(
                (found.hour as i8, found.minute as i8, found.second as i8, found.millis as i16),
                (expected.hour(), expected.minute(), expected.second(), expected.millisecond())
            );
        }
    }
}
