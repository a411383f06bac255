//! A progress bar on standard error, for people who wait longer than half a second.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::Context;
use super::output::{self, Notices};

/// How long nothing is drawn.
const PATIENCE: Duration = Duration::from_millis(500);
const REDRAW: Duration = Duration::from_millis(100);
/// How often a line is written where nothing can be drawn, at `-v`.
const REPORT: Duration = Duration::from_secs(30);

/// Draws until it is dropped, and leaves no trace.
pub(super) struct Progress {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to watch; `state` tells how many bytes are read, and of how many (zero: nobody knows).
    pub(super) fn start(
        context: &Context,
        state: impl Fn() -> (u64, u64) + Send + 'static,
    ) -> Self {
        let (end, ended) = mpsc::channel();
        let notices = context.notices;
        let thread = if output::may_draw(context) {
            Some(std::thread::spawn(move || draw(&ended, &state)))
        } else if notices.verbosity > 0 {
            Some(std::thread::spawn(move || report(&ended, &state, notices)))
        } else {
            None
        };
        Self {
            end: Some(end),
            thread,
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A bar that failed is no reason to fail.
            let _ = thread.join();
        }
    }
}

fn draw(ended: &mpsc::Receiver<()>, state: &dyn Fn() -> (u64, u64)) {
    if !waited(ended, PATIENCE) {
        return;
    }
    let (_, total) = state();
    let bar = if total > 0 {
        ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
    } else {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
    };
    let template = if total > 0 {
        "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"
    } else {
        "{spinner} {bytes}, {bytes_per_sec}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    while waited(ended, REDRAW) {
        bar.set_position(state().0);
    }
    bar.finish_and_clear();
}

fn report(ended: &mpsc::Receiver<()>, state: &dyn Fn() -> (u64, u64), notices: Notices) {
    while waited(ended, REPORT) {
        let (read, total) = state();
        notices.decision(&format!(
            "{} MB of {} MB read",
            read / 1_000_000,
            total / 1_000_000
        ));
    }
}

/// Waits; false when it is over.
fn waited(ended: &mpsc::Receiver<()>, time: Duration) -> bool {
    matches!(ended.recv_timeout(time), Err(RecvTimeoutError::Timeout))
}
