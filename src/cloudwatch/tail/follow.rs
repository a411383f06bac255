//! Follows some log groups of one region: by sessions of live tail as long as there are any, else by polling.
//!
//! What happens is told to a [`Link`], which says when to look and what is new. Nothing is decided here but how long to
//! wait, and when a refusal is one for good.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::super::lines;
use super::super::{Action, CallError, Kind, Pace, Place};
use super::link::Link;
use super::look::{Look, Said};
use super::queue::Queue;
use super::service::{Group, LiveTail, LiveTailCall, Refusal, Session, Update, Why};
use super::{Clock, Notice};

/// How long a session may last: the service ends it after three hours.
const LONGEST: Duration = Duration::from_mins(175);
/// How long a session may be silent: it says something every second.
const SILENCE: Duration = Duration::from_secs(15);
/// How long an update may wait to be taken: the service keeps those of ten seconds.
const SLOW: Duration = Duration::from_secs(5);
/// How long to wait before a session is tried again; twice as long each time, up to the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a session is tried before polling begins: at first, and after there was one.
const TRIES: u32 = 3;
const TRIES_AGAIN: u32 = 7;
/// After how many milliseconds a look that failed is due again.
const LOOK_AGAIN: i64 = 5000;

/// Groups that are followed together.
pub(super) struct Follow<S> {
    pub(super) service: Arc<S>,
    pub(super) place: Arc<Place>,
    /// The groups of the sessions; none when there shall be no session.
    pub(super) live: Vec<Group>,
    /// The groups that can be read.
    pub(super) readable: Vec<Arc<str>>,
    pub(super) pattern: Option<Arc<str>>,
    pub(super) prefixes: Vec<Arc<str>>,
    /// Groups that need not be there.
    pub(super) optional: BTreeSet<Arc<str>>,
    pub(super) link: Link,
    pub(super) pace: Arc<Pace>,
    /// How often to poll, in milliseconds.
    pub(super) every: i64,
    pub(super) queue: Arc<Queue>,
    pub(super) clock: Clock,
    /// What the look that goes on says.
    pub(super) look: Option<Receiver<Said>>,
    /// Whether it was said that calls fail at the moment.
    pub(super) is_troubled: bool,
}

/// How following goes on.
enum Then {
    Open,
    Poll,
    End,
}

/// What comes from a session.
enum Heard {
    Update(Update),
    /// The session is over, for a reason.
    End(String),
}

impl<S: LiveTail> Follow<S> {
    /// Follows until nobody wants more, or until nothing can be read.
    pub(super) async fn run(mut self) {
        let mut then = if self.live.is_empty() {
            Then::Poll
        } else {
            Then::Open
        };
        let (mut tries, mut sessions) = (0, 0_u64);
        loop {
            then = match then {
                Then::Open => match self.open(tries).await {
                    Ok(session) => {
                        sessions += 1;
                        let (next, was_good) = self.attend_session(session).await;
                        tries = if was_good { 1 } else { tries + 1 };
                        next
                    }
                    Err(refusal) => {
                        tries += 1;
                        self.judge(&refusal, tries, sessions)
                    }
                },
                Then::Poll => {
                    self.link.polls(self.every, (self.clock)());
                    self.attend(None).await.0
                }
                Then::End => return,
            }
        }
    }

    /// Starts a session, after a pause when that has failed before.
    async fn open(&self, tries: u32) -> Result<S::Session, Refusal> {
        if tries > 0 {
            let pause = PAUSE * 2_u32.saturating_pow(tries - 1).min(1000);
            sleep(pause.min(LONGEST_PAUSE)).await;
        }
        self.pace.turn(Action::StartLiveTail).await;
        self.called();
        let call = LiveTailCall::of(&self.live, &self.prefixes, self.pattern.as_ref());
        self.service.start_live_tail(call).await
    }

    /// Decides what a refused session means.
    fn judge(&self, refusal: &Refusal, tries: u32, sessions: u64) -> Then {
        let error = &refusal.error;
        if error.kind.concerns_all() {
            self.queue.say(Notice::Problem(error.clone()));
            return Then::End;
        }
        let most = match (refusal.why, sessions) {
            (Why::Lasting, _) | (Why::Full, 0) => 0,
            (Why::Passing, 0) => TRIES,
            (Why::Passing | Why::Full, _) => TRIES_AGAIN,
        };
        if tries < most {
            return Then::Open;
        }
        self.queue.say(Notice::Polling {
            error: error.clone(),
            every: Duration::from_millis(self.every.unsigned_abs()),
        });
        Then::Poll
    }

    /// Follows a session to its end; returns whether it has said anything.
    async fn attend_session(&mut self, session: S::Session) -> (Then, bool) {
        self.queue.counts.sessions.fetch_add(1, Ordering::Relaxed);
        self.link.opened((self.clock)());
        let (sender, heard) = mpsc::channel(1);
        let listener = tokio::spawn(listen(session, sender));
        let ended = self.attend(Some(heard)).await;
        listener.abort();
        self.link.broke();
        self.flush().await;
        ended
    }

    /// Follows a session, or polls when there is none; returns whether anything was heard.
    async fn attend(&mut self, mut heard: Option<Receiver<Heard>>) -> (Then, bool) {
        let mut was_heard = false;
        loop {
            self.begin_look();
            if heard.is_none() && self.readable.is_empty() {
                return (Then::End, false);
            }
            let pause = self.until_next_look();
            tokio::select! {
                biased;
                () = self.queue.stopped() => return (Then::End, was_heard),
                said = receive(&mut self.look) => {
                    if let Err(error) = self.take(said) {
                        self.queue.say(Notice::Problem(error));
                        return (Then::End, was_heard);
                    }
                }
                one = receive(&mut heard) => match one {
                    Some(Heard::Update(update)) => {
                        was_heard = true;
                        self.update(update);
                    }
                    Some(Heard::End(reason)) => {
                        self.queue.say(Notice::Reopening(reason));
                        return (Then::Open, was_heard);
                    }
                    None => return (Then::Open, was_heard),
                },
                () = sleep(pause) => {}
            }
            self.flush().await;
        }
    }

    fn until_next_look(&self) -> Duration {
        const LONG: Duration = Duration::from_mins(1);
        let left = |at: i64| Duration::from_millis((at - (self.clock)()).max(0).unsigned_abs());
        self.link.next_look().map_or(LONG, left).min(LONG)
    }

    fn update(&mut self, update: Update) {
        if update.sampled {
            self.queue.counts.sampled.fetch_add(1, Ordering::Relaxed);
            self.queue.say(Notice::Sampled);
        }
        self.link.shows(update.into_found(), (self.clock)());
    }

    /// Begins a look when one is due.
    fn begin_look(&mut self) {
        let now = (self.clock)();
        while self.link.next_look().is_some_and(|due| due <= now) {
            let from = self.link.begin_look(now);
            if self.readable.is_empty() {
                self.link.fail_look(None);
                continue;
            }
            let look = Look {
                service: Arc::clone(&self.service),
                place: Arc::clone(&self.place),
                pace: Arc::clone(&self.pace),
                pattern: self.pattern.clone(),
                prefixes: self.prefixes.clone(),
                from,
                now,
            };
            let (sender, said) = mpsc::channel(2);
            let queue = Arc::clone(&self.queue);
            let called = move || {
                queue.counts.calls.fetch_add(1, Ordering::Relaxed);
            };
            tokio::spawn(look.run(self.readable.clone(), sender, called));
            self.look = Some(said);
        }
    }

    /// Takes what a look says; an error is one after which nothing can be followed.
    fn take(&mut self, said: Option<Said>) -> Result<(), CallError> {
        match said {
            Some(Said::Events(found)) => self.link.reads(found),
            Some(Said::End) => {
                self.look = None;
                self.link.end_look();
                self.is_troubled = false;
                // What was there may go away, and then it is missed.
                self.optional.retain(|group| !self.readable.contains(group));
            }
            Some(Said::Failed(error)) => {
                self.look = None;
                return self.take_failure(error);
            }
            None => {
                self.look = None;
                self.link.fail_look(Some((self.clock)() + LOOK_AGAIN));
            }
        }
        Ok(())
    }

    fn take_failure(&mut self, error: CallError) -> Result<(), CallError> {
        let now = (self.clock)();
        if error.kind.concerns_all() {
            return Err(error);
        }
        if error.kind.is_passing() || error.kind == Kind::TokenLost {
            self.link.fail_look(Some(now + LOOK_AGAIN));
            if !self.is_troubled {
                self.is_troubled = true;
                self.queue.say(Notice::Trouble(error));
            }
            return Ok(());
        }
        // This group can never be read; the others can.
        self.readable.retain(|group| *group != error.group);
        let again = Some(now).filter(|_| !self.readable.is_empty());
        self.link.fail_look(again);
        let is_absent = error.kind == Kind::Missing && self.optional.contains(&error.group);
        self.queue.say(if is_absent {
            Notice::Absent(error)
        } else {
            Notice::Problem(error)
        });
        Ok(())
    }

    /// Hands out what is ready.
    async fn flush(&mut self) {
        let found = self.link.take();
        if found.is_empty() {
            return;
        }
        let count = found.len() as u64;
        self.queue.counts.events.fetch_add(count, Ordering::Relaxed);
        let mut text = Vec::new();
        for one in &found {
            lines::write(&one.group, &one.event, &mut text);
        }
        self.queue.push(text).await;
    }

    fn called(&self) {
        self.queue.counts.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits for what comes next; for ever where nothing can come.
async fn receive<T>(receiver: &mut Option<Receiver<T>>) -> Option<T> {
    match receiver {
        Some(receiver) => receiver.recv().await,
        None => pending().await,
    }
}

/// Hands on what a session says until it ends, is too old or too silent, or until nobody keeps up with it.
async fn listen(mut session: impl Session, heard: Sender<Heard>) {
    let until = Instant::now() + LONGEST;
    let reason = loop {
        let next = tokio::select! {
            next = timeout(SILENCE, session.next()) => next,
            () = sleep_until(until) => break "it has lasted as long as it may".to_owned(),
        };
        match next {
            Err(_) => break "it was silent".to_owned(),
            Ok(Err(reason)) => break reason,
            Ok(Ok(None)) => break "the service ended it".to_owned(),
            Ok(Ok(Some(update))) => {
                let came = Instant::now();
                if heard.send(Heard::Update(update)).await.is_err() {
                    return;
                }
                if came.elapsed() > SLOW {
                    break "its events were not taken in time".to_owned();
                }
            }
        }
    };
    // Who listens no more has ended.
    let _ = heard.send(Heard::End(reason)).await;
}
