//! A half-open stretch of time.

use std::fmt;

use super::zone::Precision;
use super::{Timestamp, Zone};

/// From `since`, which is in it, to `until`, which is not; a missing end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first instant inside.
    pub since: Option<Timestamp>,
    /// The first instant after.
    pub until: Option<Timestamp>,
}

/// Why two ends make no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowFault {
    /// Nothing can be inside.
    #[error("the window ends before it starts")]
    EndsBeforeStart,
    /// Nothing can be inside either, as both ends are the same instant.
    #[error("the window is empty: it ends where it starts")]
    Empty,
    /// Nothing can have been logged yet.
    #[error("the window lies in the future")]
    Future,
}

impl Window {
    /// The window that everything is in.
    pub const ALL: Self = Self {
        since: None,
        until: None,
    };

    /// Joins two ends; refuses a window in which nothing can have been logged by `now`.
    pub fn new(
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, WindowFault> {
        match (since, until) {
            (Some(since), Some(until)) if until < since => Err(WindowFault::EndsBeforeStart),
            (Some(since), _) if since > now => Err(WindowFault::Future),
            (Some(since), Some(until)) if until == since => Err(WindowFault::Empty),
            _ => Ok(Self { since, until }),
        }
    }

    /// Returns whether `at` lies inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Returns whether what stood so at `at` lies inside, asked as of an instant that is the window's end: what
    /// happened at that very instant is known by then.
    pub fn contains_as_of(&self, at: Timestamp, as_of: Option<Timestamp>) -> bool {
        let is_last = as_of == Some(at) && self.until == Some(at);
        self.contains(at) || (is_last && self.since.is_none_or(|since| since <= at))
    }

    /// Describes the window in local time: `2026-11-22 13:04 to 2026-11-23 13:04 JST`.
    ///
    /// Seconds print where an end has some, milliseconds only where they count, in less than a minute. Each end has
    /// its own zone where the clocks change between them.
    pub fn describe(&self, zone: &Zone) -> String {
        let precision = self.precision();
        let at = |end: Timestamp| zone.precise(end, precision);
        let name = |end: Timestamp| zone.name_at(end);
        match (self.since, self.until) {
            (None, None) => "all times".to_owned(),
            (Some(since), None) => format!("since {} {}", at(since), name(since)),
            (None, Some(until)) => format!("until {} {}", at(until), name(until)),
            (Some(since), Some(until)) if name(since) == name(until) => {
                format!("{} to {} {}", at(since), at(until), name(until))
            }
            (Some(since), Some(until)) => format!(
                "{} {} to {} {}",
                at(since),
                name(since),
                at(until),
                name(until)
            ),
        }
    }

    fn precision(&self) -> Precision {
        let ends = [self.since, self.until].into_iter().flatten();
        let needed = ends.map(Precision::of).max().unwrap_or_default();
        let short = matches!((self.since, self.until),
            (Some(since), Some(until)) if (until.0.saturating_sub(since.0)).unsigned_abs() < 60_000);
        if short {
            needed
        } else {
            needed.min(Precision::Seconds)
        }
    }
}

/// Prints the ends in UTC, an open one as nothing.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(since) = self.since {
            write!(f, "{since}")?;
        }
        f.write_str("..")?;
        if let Some(until) = self.until {
            write!(f, "{until}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1000);

    fn window(since: i64, until: i64) -> Result<Window, WindowFault> {
        Window::new(Some(Timestamp(since)), Some(Timestamp(until)), NOW)
    }

    #[test]
    fn neighbours_share_no_instant() {
        let (one, two) = (
            window(0, 500).expect("fine"),
            window(500, 900).expect("fine"),
        );
        assert!(!one.contains(Timestamp(500)));
        assert!(two.contains(Timestamp(500)));
    }

    #[test]
    fn windows_with_nothing_in_them_are_refused() {
        assert_eq!(window(5, 4), Err(WindowFault::EndsBeforeStart));
        assert_eq!(window(5, 5), Err(WindowFault::Empty));
        assert_eq!(window(1001, 2000), Err(WindowFault::Future));
        assert_eq!(
            Window::new(Some(Timestamp(1001)), None, NOW),
            Err(WindowFault::Future)
        );
    }

    #[track_caller]
    fn described(zone: &str, since: i64, until: i64) -> String {
        let window = Window {
            since: Some(Timestamp(since)),
            until: Some(Timestamp(until)),
        };
        window.describe(&Zone::named(zone).expect("known"))
    }

    #[test]
    fn what_is_printed_is_the_window_itself() {
        let noon = 1_795_406_640_000; // 2026-11-23T04:04:00Z
        assert_eq!(
            described("Asia/Tokyo", noon - 3_600_000, noon),
            "2026-11-23 12:04 to 2026-11-23 13:04 JST"
        );
        assert_eq!(
            described("Asia/Tokyo", noon - 30_000, noon),
            "2026-11-23 13:03:30 to 2026-11-23 13:04:00 JST"
        );
        assert_eq!(
            described("Asia/Tokyo", noon + 250, noon + 1250),
            "2026-11-23 13:04:00.250 to 2026-11-23 13:04:01.250 JST"
        );
    }

    #[test]
    fn each_end_has_its_own_zone_where_the_clocks_change() {
        let ambiguous = 1_793_511_000_000; // 2026-11-01T05:30:00Z, the first 01:30 of that night
        assert_eq!(
            described("America/New_York", ambiguous, ambiguous + 36_000_000),
            "2026-11-01 01:30 EDT to 2026-11-01 10:30 EST"
        );
    }

    #[test]
    fn a_window_that_reaches_into_the_future_is_fine() {
        assert!(window(5, 2000).is_ok());
    }
}
