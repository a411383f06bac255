//! How much time an invocation has left.

use std::time::{Duration, Instant};

/// The moment at which Lambda ends the invocation.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    begun: Instant,
    end: Instant,
}

impl Deadline {
    /// Creates the deadline that is so far away.
    pub fn after(time: Duration) -> Self {
        let begun = Instant::now();
        Self {
            begun,
            end: begun + time,
        }
    }

    /// Returns whether there is time for something that takes so long.
    pub fn allows(self, time: Duration) -> bool {
        self.left() > time
    }

    /// Returns how much time is left.
    pub fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Returns how long the invocation has taken so far.
    pub fn elapsed(self) -> Duration {
        self.begun.elapsed()
    }
}
