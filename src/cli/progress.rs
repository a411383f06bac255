//! A progress bar on standard error, for people who wait longer than half a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::Context;
use super::output::{self, Notices, counted, size};

/// How long nothing is drawn.
const PATIENCE: Duration = Duration::from_millis(500);
const REDRAW: Duration = Duration::from_millis(100);
/// How often a line is written where nothing can be drawn, at `-v`.
const REPORT: Duration = Duration::from_secs(30);

/// How far the work has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    /// Bytes read, as stored.
    pub(super) read: u64,
    /// All bytes there are; zero when nobody knows.
    pub(super) total: u64,
    /// Events that were looked at.
    pub(super) events: u64,
    /// How much of the window is done, of how much, where that says more than bytes do.
    pub(super) window: Option<(u64, u64)>,
}

impl State {
    /// Returns where the bar stands, and where it ends; an end of zero is not known.
    fn position(self) -> (u64, u64) {
        self.window.unwrap_or((self.read, self.total))
    }

    /// Returns `12.4 MB of 80.0 MB, 13,412 events`.
    fn words(self) -> String {
        let events = counted(self.events, "event", "events");
        if let Some((done, total)) = self.window {
            let part = done.saturating_mul(100) / total.max(1);
            return format!("{part} % of the window, {}, {events}", size(self.read));
        }
        match self.total {
            0 => format!("{}, {events}", size(self.read)),
            total => format!("{} of {}, {events}", size(self.read), size(total)),
        }
    }
}

/// Whose the terminal is: a bar is drawn only while nothing else wants it.
#[derive(Clone, Debug, Default)]
pub(super) struct Screen {
    taken: Arc<AtomicBool>,
    drawn: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal for something else, such as a pager; returns once the bar is wiped.
    pub(super) fn take(&self) {
        self.taken.store(true, Ordering::SeqCst);
        for _ in 0..50 {
            if !self.drawn.load(Ordering::SeqCst) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_taken(&self) -> bool {
        self.taken.load(Ordering::SeqCst)
    }
}

/// Draws until it is dropped, and leaves no trace.
pub(super) struct Progress {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to watch what `state` tells.
    pub(super) fn start(context: &Context, state: impl Fn() -> State + Send + 'static) -> Self {
        let (end, ended) = mpsc::channel();
        let notices = context.notices;
        let thread = if output::may_draw(context) {
            let screen = context.screen.clone();
            Some(std::thread::spawn(move || draw(&ended, &state, &screen)))
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

fn draw(ended: &mpsc::Receiver<()>, state: &dyn Fn() -> State, screen: &Screen) {
    if !waited(ended, PATIENCE) {
        return;
    }
    screen.drawn.store(true, Ordering::SeqCst);
    let (_, total) = state().position();
    let length = (total > 0).then_some(total);
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    let template = match length {
        Some(_) => "{bar:30} {msg}, {eta} left",
        None => "{spinner} {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    while !screen.is_taken() && waited(ended, REDRAW) {
        let now = state();
        bar.set_message(now.words());
        bar.set_position(now.position().0);
    }
    bar.finish_and_clear();
    screen.drawn.store(false, Ordering::SeqCst);
}

fn report(ended: &mpsc::Receiver<()>, state: &dyn Fn() -> State, notices: Notices) {
    while waited(ended, REPORT) {
        notices.decision(&format!("{} so far", state().words()));
    }
}

/// Waits; false when it is over.
fn waited(ended: &mpsc::Receiver<()>, time: Duration) -> bool {
    matches!(ended.recv_timeout(time), Err(RecvTimeoutError::Timeout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_as_the_footer_does() {
        let state = State {
            read: 12_400_000,
            total: 80_000_000,
            events: 13_412,
            window: None,
        };
        assert_eq!(state.words(), "12.4 MB of 80.0 MB, 13,412 events");
        let pipe = State { total: 0, ..state };
        assert_eq!(pipe.words(), "12.4 MB, 13,412 events");
        let service = State {
            window: Some((900, 3600)),
            ..pipe
        };
        assert_eq!(
            service.words(),
            "25 % of the window, 12.4 MB, 13,412 events"
        );
        assert_eq!(service.position(), (900, 3600));
    }

    #[test]
    fn a_screen_without_a_bar_is_taken_at_once() {
        let screen = Screen::default();
        screen.take();
        assert!(screen.is_taken());
    }
}
