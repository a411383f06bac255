//! Notices that whoever read standard output has gone, also while there is nothing to write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked whether somebody reads.
const LOOK: Duration = Duration::from_millis(200);

/// Watches standard output from now on, and sets `halt` when nobody reads it; returns what tells that this was so.
pub(in crate::cli) fn watch(halt: Option<Arc<AtomicBool>>) -> Arc<AtomicBool> {
    let has_left = Arc::<AtomicBool>::default();
    if let Some(halt) = halt {
        let has_left = Arc::clone(&has_left);
        std::thread::spawn(move || {
            while !is_closed() {
                std::thread::sleep(LOOK);
            }
            has_left.store(true, Ordering::Relaxed);
            halt.store(true, Ordering::Relaxed);
        });
    }
    has_left
}

/// Returns whether nobody reads standard output any more.
#[cfg(unix)]
fn is_closed() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    const AT_ONCE: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let output = std::io::stdout();
    let mut polled = [PollFd::new(&output, PollFlags::empty())];
    let answer = poll(&mut polled, Some(&AT_ONCE));
    answer.is_ok() && polled[0].revents().contains(PollFlags::ERR)
}

/// Elsewhere it is noticed when something is written.
#[cfg(not(unix))]
fn is_closed() -> bool {
    false
}
