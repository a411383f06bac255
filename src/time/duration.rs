//! Lengths of time: `1d12h` as people type it, `3 min 12 s` as people read it.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// A day is 24 hours, whatever the clocks do.
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// The units, largest first: the order in which they stand in a duration.
const UNITS: [(&str, i64); 6] = [
    ("w", WEEK),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", 1),
];

/// Parses `30s`, `15m`, `1d12h`, `250ms` into milliseconds.
pub fn parse(text: &str) -> Result<i64, Diagnostics> {
    if text.is_empty() {
        return Err(fault(text, 0..0, "a duration is missing")
            .hint("write `30s`, `15m`, `2h` or `1d12h`".to_owned())
            .into());
    }
    let mut total: i64 = 0;
    let mut last_unit = usize::MAX;
    let mut rest = text;
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        let (number, unit, after) = split_part(rest);
        let span = start..text.len() - after.len();
        if number.is_empty() {
            return Err(not_a_number(text, span).into());
        }
        let Some(at) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, span, number, unit).into());
        };
        if last_unit != usize::MAX && at <= last_unit {
            return Err(fault(
                text,
                span,
                format!("`{unit}` stands after a smaller or equal unit"),
            )
            .hint("write the larger unit first: `1d12h`".to_owned())
            .into());
        }
        last_unit = at;
        total = number
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(UNITS[at].1))
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| fault(text, span, "the duration is too long"))?;
        rest = after;
    }
    Ok(total)
}

/// Splits `12h30m` into `12`, `h` and `30m`.
fn split_part(text: &str) -> (&str, &str, &str) {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let letters = rest
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    (number, unit, after)
}

fn not_a_number(text: &str, span: std::ops::Range<usize>) -> Diagnostic {
    fault(text, span, format!("`{text}` is not a duration"))
        .hint("write a number and a unit: `30s`, `15m`, `2h`, `1d`, `1w` or `1d12h`".to_owned())
}

fn unknown_unit(text: &str, span: std::ops::Range<usize>, number: &str, unit: &str) -> Diagnostic {
    let hint = match unit {
        "" => format!("add a unit: `{number}s`, `{number}m` for minutes, `{number}h`, `{number}d`"),
        "M" | "mo" | "mon" | "month" | "months" => format!(
            "`{number}m` is {number} min; a month has no fixed length, write days: `{}d`",
            number.parse::<u64>().unwrap_or(1).saturating_mul(30)
        ),
        "y" | "Y" | "year" | "years" => format!(
            "write days: `{}d`",
            number.parse::<u64>().unwrap_or(1).saturating_mul(365)
        ),
        _ if unit.starts_with('.') => "write whole numbers of two units: `1h30m`".to_owned(),
        _ => match near_unit(unit) {
            Some(near) => format!("write `{number}{near}`"),
            None => "units are `ms`, `s`, `m` (minutes), `h`, `d` and `w`".to_owned(),
        },
    };
    let message = match unit {
        "" => format!("`{number}` has no unit"),
        "M" => "`M` can be read as minutes or as months".to_owned(),
        _ => format!("unknown unit `{unit}` in a duration"),
    };
    fault(text, span, message).hint(hint)
}

/// Returns our spelling of a unit written out or in capitals.
fn near_unit(unit: &str) -> Option<&'static str> {
    match unit.trim().to_ascii_lowercase().as_str() {
        "w" | "week" | "weeks" | "wk" => Some("w"),
        "d" | "day" | "days" => Some("d"),
        "h" | "hour" | "hours" | "hr" | "hrs" => Some("h"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        _ => None,
    }
}

fn fault(text: &str, span: std::ops::Range<usize>, message: impl Into<String>) -> Diagnostic {
    let span = if span.is_empty() { 0..text.len() } else { span };
    Diagnostic::new(codes::TIME_DURATION, span, message)
}

/// Returns a duration for people, in its two largest units: `3 min 12 s`, `4.2 s`, `2 d 3 h`.
pub fn human(millis: i64) -> String {
    if millis < 0 {
        return format!("-{}", human(millis.saturating_neg()));
    }
    match millis {
        0..SECOND => format!("{millis} ms"),
        SECOND..9_950 if millis % SECOND >= 50 => format!("{:.1} s", millis as f64 / 1000.0),
        _ => in_two_units(millis),
    }
}

fn in_two_units(millis: i64) -> String {
    const NAMES: [(&str, i64); 4] = [("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND)];
    // Rounding to the smaller unit may carry into the larger one (59.6 s is 1 min), so round, then pick again.
    let rounded = [HOUR, MINUTE, SECOND]
        .iter()
        .zip([DAY, HOUR, 0])
        .find(|(_, at_least)| millis >= *at_least)
        .map_or(millis, |(unit, _)| (millis + unit / 2) / unit * unit);
    let large = NAMES
        .iter()
        .position(|(_, unit)| rounded >= *unit)
        .unwrap_or(NAMES.len() - 1);
    let (name, unit) = NAMES[large];
    let count = rounded / unit;
    match NAMES.get(large + 1) {
        Some((small_name, small)) if rounded % unit >= *small => {
            format!("{count} {name} {} {small_name}", rounded % unit / small)
        }
        _ => format!("{count} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(text: &str) -> String {
        let error = parse(text).expect_err("wrong");
        error.0[0].hint.clone().unwrap_or_default()
    }

    #[test]
    fn durations_add_up() {
        assert_eq!(parse("30s"), Ok(30_000));
        assert_eq!(parse("1d12h"), Ok(36 * HOUR));
        assert_eq!(parse("1w"), Ok(7 * DAY));
        assert_eq!(parse("1m250ms"), Ok(60_250));
    }

    #[test]
    fn what_has_two_readings_shows_the_right_spelling() {
        assert_eq!(
            hint("1M"),
            "`1m` is 1 min; a month has no fixed length, write days: `30d`"
        );
        assert_eq!(
            hint("90"),
            "add a unit: `90s`, `90m` for minutes, `90h`, `90d`"
        );
        assert_eq!(hint("2D"), "write `2d`");
        assert_eq!(hint("1.5h"), "write whole numbers of two units: `1h30m`");
        assert_eq!(hint("12h1d"), "write the larger unit first: `1d12h`");
        assert_eq!(hint("3 minutes"), "write `3m`");
    }

    #[test]
    fn too_long_is_an_error_and_not_a_panic() {
        assert!(parse("99999999999999999999s").is_err());
        assert!(parse("9223372036854775807w").is_err());
    }

    #[test]
    fn people_read_two_units() {
        for (millis, text) in [
            (0, "0 ms"),
            (850, "850 ms"),
            (4200, "4.2 s"),
            (5000, "5 s"),
            (9_949, "9.9 s"),
            (9_960, "10 s"),
            (59_600, "1 min"),
            (192_000, "3 min 12 s"),
            (3_599_700, "1 h"),
            (3_900_000, "1 h 5 min"),
            (2 * DAY + 3 * HOUR, "2 d 3 h"),
            (-5000, "-5 s"),
        ] {
            assert_eq!(human(millis), text, "{millis}");
        }
    }
}
