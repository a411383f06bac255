//! Makes the calls of `FilterLogEvents` that the slices ask for, as many at a time as the pace allows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::cache::{GroupCache, Stored};
use super::coming::{Coming, ENVELOPE};
use super::service::{FilterCall, Page, Service};
use super::shelf::{Piece, Progress, Shelf};
use super::slices::{Call, Slices};
use super::{CallError, Direction, Kind, Limiter, Place};

/// One fetch: the groups of one region.
pub(super) struct Fetch<S> {
    pub(super) service: Arc<S>,
    pub(super) place: Arc<Place>,
    /// What is read, a lane each.
    pub(super) lanes: Vec<Lane>,
    pub(super) pattern: Option<Arc<str>>,
    pub(super) slices: Slices,
    /// What is kept of the windows already, what is needed last first.
    pub(super) stored: Vec<Stored>,
    /// Where what is fetched is kept, by lanes; up to an instant after which more may come.
    pub(super) caches: BTreeMap<usize, GroupCache>,
    pub(super) closed: i64,
    pub(super) direction: Direction,
    /// How many bytes of pieces may wait.
    pub(super) room: usize,
    pub(super) limiter: Limiter,
    pub(super) coming: Coming,
    /// How long all of it may take.
    pub(super) deadline: Option<Duration>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) progress: Arc<Progress>,
}

/// What one lane reads: the streams of a group that have a prefix, or all of them.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// Its number among all lanes.
    pub(super) number: usize,
    pub(super) group: Arc<str>,
    pub(super) prefix: Option<Arc<str>>,
    /// Whether there may be no such group; not once something of it was read.
    pub(super) may_be_absent: bool,
}

/// A call that has come back: what it was for, when it was made, what came of it.
type Answer = (Purpose, Duration, Result<Page, CallError>);

/// What a call is for.
#[derive(Clone, Copy, Debug)]
struct Purpose {
    slice: u32,
    lane: usize,
}

impl<S: Service> Fetch<S> {
    /// Fetches everything, or what can be had until somebody wants no more.
    pub(super) async fn run(mut self) {
        let started = Instant::now();
        let mut calls: JoinSet<Answer> = JoinSet::new();
        while !(self.shelf.is_stopped() || self.is_done()) {
            if self.use_stored() {
                continue;
            }
            let now = started.elapsed();
            if self.deadline.is_some_and(|deadline| now >= deadline) {
                self.run_out_of_time();
                break;
            }
            let pace = self.limiter.wait(now);
            if pace.is_zero()
                && self.coming.room(now)
                && let Some(call) = self
                    .slices
                    .next(now, self.shelf.held(), self.is_waited_for())
            {
                self.limiter.take(now);
                self.coming.begin(now);
                self.progress.called();
                calls.spawn(self.call(call, now));
                continue;
            }
            let pause = self.pause(now, pace);
            tokio::select! {
                Some(Ok(answer)) = calls.join_next() => self.take(answer, started.elapsed()),
                () = sleep(pause) => {}
                () = self.shelf.changed() => {}
            }
        }
        self.hand_over();
    }

    /// Hands out what came of slices that were not read to their end.
    fn hand_over(&mut self) {
        for piece in self.slices.end() {
            self.shelf.put(piece, &self.progress);
        }
    }

    fn is_done(&self) -> bool {
        self.slices.is_done() && self.stored.is_empty()
    }

    /// Returns whether a piece of these groups is waited for: then the nearest comes, whatever is held.
    fn is_waited_for(&self) -> bool {
        let wanted = self.shelf.wanted();
        wanted.is_some_and(|wanted| self.lanes.iter().any(|lane| lane.number == wanted))
    }

    /// Takes what is needed next from the cache, if that is there and there is room; false when it is not so.
    fn use_stored(&mut self) -> bool {
        let Some(next) = self.stored.last() else {
            return false;
        };
        let is_in_front = match (self.direction, self.slices.front()) {
            (_, None) => true,
            (Direction::OldestFirst, Some(front)) => next.start <= front,
            (Direction::NewestFirst, Some(front)) => next.end >= front,
        };
        if self.shelf.held() > self.room / 2 && !(is_in_front && self.is_waited_for()) {
            return false;
        }
        let Some(next) = self.stored.pop() else {
            return false;
        };
        if let Ok(piece) = next.load() {
            self.progress.was_kept();
            self.shelf.put(piece, &self.progress);
        } else {
            // Damaged, or removed by another process meanwhile.
            let group = self.group(next.lane);
            self.slices.add(next.lane, &group, next.start, next.end, 1);
        }
        true
    }

    /// Keeps a piece that cannot change any more; after the first failure nothing is tried.
    fn keep(&self, piece: &Piece) {
        let Some(cache) = self.caches.get(&piece.lane) else {
            return;
        };
        cache.forget_late(piece);
        if !piece.complete || piece.end > self.closed || self.shelf.unkept().is_some() {
            return;
        }
        if let Err(error) = cache.keep(piece) {
            self.shelf.cannot_keep(&error);
        }
    }

    /// Returns after which time something may have changed though no call came back.
    fn pause(&self, now: Duration, pace: Duration) -> Duration {
        const LOOK: Duration = Duration::from_millis(500);
        let pace = Some(pace).filter(|pace| !pace.is_zero());
        let left = self.deadline.map(|deadline| deadline.saturating_sub(now));
        [pace, self.slices.pause(now), left]
            .into_iter()
            .flatten()
            .fold(LOOK, Duration::min)
    }

    fn call(&self, call: Call, now: Duration) -> impl Future<Output = Answer> + use<S> {
        let service = Arc::clone(&self.service);
        let asked = FilterCall {
            group: self.group(call.lane),
            prefix: self.lane(call.lane).and_then(|lane| lane.prefix.clone()),
            pattern: self.pattern.clone(),
            start: call.start,
            end: call.end,
            token: call.token,
        };
        let purpose = Purpose {
            slice: call.slice,
            lane: call.lane,
        };
        async move { (purpose, now, service.filter_log_events(asked).await) }
    }

    fn lane(&self, number: usize) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.number == number)
    }

    fn group(&self, number: usize) -> Arc<str> {
        let found = self.lane(number);
        found.map_or_else(|| Arc::from(""), |lane| Arc::clone(&lane.group))
    }

    /// Takes note that there is something of the group that a lane reads.
    fn is_there(&mut self, number: usize) {
        let found = self.lanes.iter_mut().find(|lane| lane.number == number);
        if let Some(lane) = found {
            lane.may_be_absent = false;
        }
    }

    fn take(&mut self, (call, made, result): Answer, now: Duration) {
        let pieces = match result {
            Ok(page) => {
                self.limiter.passed(made, now);
                self.is_there(call.lane);
                let bytes: usize = page.events.iter().map(|event| event.message.len()).sum();
                self.progress.came(page.events.len() as u64, bytes as u64);
                self.coming
                    .came(made, now, bytes + page.events.len() * ENVELOPE);
                let answered = self.slices.answer(call.slice, page);
                if answered.is_given_up {
                    self.shelf
                        .complain(self.error(Kind::TokenLost, Some(call.lane)));
                }
                answered.pieces
            }
            Err(error) => {
                self.coming.end(made);
                if error.kind == Kind::Throttled {
                    self.limiter.throttled(made, now);
                }
                let outcome = self.slices.fail(call.slice, &error, now);
                if outcome.is_given_up && self.is_absent(call.lane, &error) {
                    return self.leave_out(error, outcome.pieces);
                }
                if outcome.is_given_up {
                    self.shelf.complain(error);
                }
                outcome.pieces
            }
        };
        for piece in pieces {
            self.keep(&piece);
            self.shelf.put(piece, &self.progress);
        }
    }

    /// Returns whether a call failed since there is no such group, where that may be.
    fn is_absent(&self, number: usize, error: &CallError) -> bool {
        let lane = self.lane(number);
        error.kind == Kind::Missing && lane.is_some_and(|lane| lane.may_be_absent)
    }

    /// Goes on without a group that is not there: it has no events, and none are missing.
    fn leave_out(&self, error: CallError, pieces: Vec<Piece>) {
        self.shelf.leave_out(error);
        for mut piece in pieces {
            piece.complete = true;
            self.shelf.put(piece, &self.progress);
        }
    }

    fn run_out_of_time(&mut self) {
        self.shelf.complain(self.error(Kind::OutOfTime, None));
        self.hand_over();
    }

    /// Words what no call said, of one group or of all.
    fn error(&self, kind: Kind, lane: Option<usize>) -> CallError {
        let lane = lane.or_else(|| self.lanes.first().map(|lane| lane.number));
        CallError {
            kind,
            operation: "FilterLogEvents",
            group: self.group(lane.unwrap_or(0)),
            place: Arc::clone(&self.place),
            reason: String::new(),
        }
    }
}
