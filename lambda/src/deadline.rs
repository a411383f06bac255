//! How much time an invocation has left.

use std::time::{Duration, Instant};

/// The moment at which Lambda ends the invocation.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// Creates the deadline that is so far away.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Returns whether there is time for something that takes so long.
    pub fn allows(self, time: Duration) -> bool {
        self.left() > time
    }

    /// Returns how much time is left.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}
