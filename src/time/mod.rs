//! Time as people write it and as programs store it: instants, durations, windows, zones.
//!
//! [`Timestamp`] is what everything counts in; [`expression`] reads what stands after `--since`; [`Zone`] turns an
//! instant into local time for people. Nothing here knows what time it is: [`Clock`] is handed in.

mod calendar;
pub mod duration;
pub mod expression;
mod window;
mod zone;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use expression::{Clock, Moment, parse};
pub use window::{Window, WindowFault};
pub use zone::{LocalTimes, Zone};

/// An instant in milliseconds since 1970-01-01T00:00:00Z; as a value of a document, that number.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant unless it is the epoch itself, which stands for no time: nothing was ever logged then.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// Appends RFC 3339 in UTC with milliseconds, the form of all machine output.
    ///
    /// Beyond the years 0 to 9999 there is no such form; the number itself is appended, which is still right.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        match calendar::Fields::of(self.0) {
            Some(fields) => {
                fields.write_date(out);
                out.push(b'T');
                fields.write_time(out);
                fields.write_millis(out);
                out.push(b'Z');
            }
            None => out.extend_from_slice(self.0.to_string().as_bytes()),
        }
    }
}

/// Prints RFC 3339 in UTC with milliseconds, the form of all machine output.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write_rfc3339(&mut text);
        f.pad(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_in_utc_with_milliseconds() {
        assert_eq!(
            Timestamp(1_795_306_424_123).to_string(),
            "2026-11-22T00:13:44.123Z"
        );
        assert_eq!(Timestamp(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_instant_beyond_the_calendar_prints_as_its_number() {
        assert_eq!(Timestamp(i64::MAX).to_string(), i64::MAX.to_string());
    }
}
