//! A half-open stretch of time.

use std::fmt;

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

    /// Returns whether both ends are open.
    pub fn is_all(&self) -> bool {
        *self == Self::ALL
    }

    /// Describes the window in local time: `2026-11-22 13:04 to 2026-11-23 13:04 JST`.
    pub fn describe(&self, zone: &Zone) -> String {
        let at = |end: Timestamp| zone.short(end);
        match (self.since, self.until) {
            (None, None) => "all times".to_owned(),
            (Some(since), None) => format!("since {} {}", at(since), zone.name_at(since)),
            (None, Some(until)) => format!("until {} {}", at(until), zone.name_at(until)),
            (Some(since), Some(until)) => {
                format!("{} to {} {}", at(since), at(until), zone.name_at(until))
            }
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

    #[test]
    fn a_window_that_reaches_into_the_future_is_fine() {
        assert!(window(5, 2000).is_ok());
    }
}
