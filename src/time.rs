//! Instants as CloudWatch Logs counts them: milliseconds since 1970, UTC.

use std::fmt;

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }
}

/// Prints RFC 3339 in UTC with milliseconds, the form of all machine output.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            // Beyond year 9999 there is no RFC 3339 form; the number itself is still right.
            Err(_) => write!(f, "{}", self.0),
        }
    }
}
