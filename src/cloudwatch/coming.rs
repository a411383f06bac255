//! The pages that are under way: while an answer is read it is in memory twice, so only so many may be at a time.

use std::time::Duration;

/// How many bytes the pages may have that are being read.
const AT_ONCE: usize = 8 << 20;
/// How many bytes a page is expected to have before any came: less than the most, for most patterns match few events.
const PAGE: usize = 300 << 10;
/// How many bytes an event takes beside its message.
pub(super) const ENVELOPE: usize = 256;

/// The calls that have no answer yet.
#[derive(Debug)]
pub(super) struct Coming {
    /// When they were made.
    made: Vec<Duration>,
    /// The least time that an answer took. A younger call waits for the service, and takes no memory.
    quickest: Option<Duration>,
    /// How many bytes a page is expected to have.
    page: usize,
}

impl Coming {
    pub(super) fn new() -> Self {
        Self {
            made: Vec::new(),
            quickest: None,
            page: PAGE,
        }
    }

    /// Returns whether there is room for the page of one more call.
    pub(super) fn room(&self, now: Duration) -> bool {
        let quickest = self.quickest.unwrap_or_default();
        let is_read = |made: &&Duration| now.saturating_sub(**made) >= quickest;
        let read = self.made.iter().filter(is_read).count();
        read == 0 || (read + 1) * self.page <= AT_ONCE
    }

    /// Takes note of a call.
    pub(super) fn begin(&mut self, now: Duration) {
        self.made.push(now);
    }

    /// Takes note of a page of so many bytes, for the call that was made then.
    pub(super) fn came(&mut self, made: Duration, now: Duration, bytes: usize) {
        let took = now.saturating_sub(made);
        self.quickest = Some(self.quickest.map_or(took, |quickest| quickest.min(took)));
        self.page = (self.page * 3 + bytes) / 4;
        self.end(made);
    }

    /// Takes note that a call has ended.
    pub(super) fn end(&mut self, made: Duration) {
        if let Some(at) = self.made.iter().position(|at| *at == made) {
            self.made.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn large_pages_that_are_read_take_room_and_calls_that_wait_do_not() {
        let mut coming = Coming::new();
        for _ in 0..8 {
            coming.begin(MS(0));
            coming.came(MS(0), MS(100), 1 << 20);
        }
        let under_way = |coming: &mut Coming, now: u64| {
            let mut count = 0;
            while count < 100 && coming.room(MS(now)) {
                coming.begin(MS(200));
                count += 1;
            }
            count
        };
        assert_eq!(under_way(&mut coming, 299), 100);
        assert!(!coming.room(MS(300)));
        for _ in 0..95 {
            coming.end(MS(200));
        }
        assert!((1..6).contains(&under_way(&mut coming, 300)));
    }

    #[test]
    fn small_pages_are_not_held_back() {
        let mut coming = Coming::new();
        for _ in 0..100 {
            coming.begin(MS(0));
            coming.came(MS(0), MS(1), 0);
            coming.begin(MS(0));
        }
        assert!(coming.room(MS(1_000)));
    }
}
