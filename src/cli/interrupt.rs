//! Ctrl-C: the first one stops reading and prints what there is, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Exit;

/// Tells whether the person wants us to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Takes over the process's interrupt signal; where that is not possible, the signal ends the process.
    pub(super) fn listen(&self) {
        let asked = Arc::clone(&self.asked);
        // A second listener is an error; then the first goes on listening.
        let _ = ctrlc::set_handler(move || {
            if asked.swap(true, Ordering::SeqCst) {
                std::process::exit(Exit::Interrupted.code().into());
            }
        });
    }

    /// Returns whether reading should stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Returns the flag itself, for loops below that know nothing of this type.
    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }
}
