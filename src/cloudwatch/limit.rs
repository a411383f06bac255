//! Paces the calls of one action: as many as the quota allows, fewer when the service throttles.
//!
//! A quota is shared by everybody in the account, so the rate in force is found out: each round of throttling
//! lowers it by a factor, and as long as no call is throttled it grows evenly towards the quota. This is what lets
//! two programs that share a quota end up with half of it each. A [`Limiter`] knows no clock; times are since any
//! beginning.

use std::collections::VecDeque;
use std::time::Duration;

/// What remains of the rate after calls were throttled.
const DECREASE: f64 = 0.7;
/// Which part of the quota the rate grows by in a second.
const INCREASE: f64 = 0.05;
/// The rate never falls below so many calls a second, or below the quota when that is less.
const LEAST: f64 = 0.2;
/// A quota is at least so many calls a second: waits have an end.
const SLOWEST: f64 = 0.001;
/// How much longer than a second a quota's calls are spread over: calls may arrive closer than it seems.
const SLACK: f64 = 1.02;
/// How much later than it is sent a call may arrive that has to set up its connection first.
const SETUP: Duration = Duration::from_millis(40);
/// How much later than it was sent a call is taken to have arrived at most, when its answer was slower than others.
const LATEST: Duration = Duration::from_millis(50);
/// The same of one that had to set up its connection, at the start of a program on a busy machine.
const LATEST_SETUP: Duration = Duration::from_millis(250);
/// Calls come no closer together than this, or than half an even pace when that is less: a whole burst would queue up at
/// the service, arrive late, and lie within one second with the next.
const GAP: Duration = Duration::from_millis(15);

/// The pace of one action.
#[derive(Clone, Debug)]
pub struct Limiter {
    most: f64,
    rate: f64,
    /// The latest calls, in the order in which they arrived.
    calls: VecDeque<Call>,
    last: Option<Duration>,
    /// How long the quickest answer took; once there is one, there are connections.
    quickest: Option<Duration>,
    lowered: Option<Duration>,
    raised: Duration,
}

/// A call that counts against the quota.
#[derive(Clone, Copy, Debug)]
struct Call {
    made: Duration,
    /// When it arrived at the service, as far as is known.
    arrived: Duration,
    /// When it arrived at the latest.
    latest: Duration,
}

impl Limiter {
    /// Creates a limiter for a quota of calls a second.
    pub fn new(quota: f64) -> Self {
        let most = quota.max(SLOWEST);
        Self {
            most,
            rate: most,
            calls: VecDeque::new(),
            last: None,
            quickest: None,
            lowered: None,
            raised: Duration::ZERO,
        }
    }

    /// Returns how many calls a second may be made at the moment.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Returns how long the next call has to wait.
    ///
    /// At most a second's calls lie within any second: a few close together are fine, more right behind them are not.
    /// The calls of a rate that is no whole number take less than a second, so that two such rows could lie within
    /// one: what is allowed in a second holds as well.
    pub fn wait(&self, now: Duration) -> Duration {
        let row = self.row();
        let most = (self.rate.ceil() as usize).min(self.kept());
        let gap = GAP.min(Duration::from_secs_f64(0.5 / self.rate));
        let apart = self.last.map_or(Duration::ZERO, |last| last + gap);
        let even = self.after(row, row as f64 / self.rate);
        apart
            .max(even)
            .max(self.after(most, 1.0))
            .saturating_sub(now)
    }

    /// Returns when so many calls lie so many seconds back.
    fn after(&self, calls: usize, seconds: f64) -> Duration {
        let first = self.calls.len().checked_sub(calls);
        first.map_or(Duration::ZERO, |at| {
            self.calls[at].arrived + Duration::from_secs_f64(seconds * SLACK)
        })
    }

    fn row(&self) -> usize {
        (self.rate as usize).max(1)
    }

    /// Returns how many of the latest calls matter.
    fn kept(&self) -> usize {
        (self.most as usize).max(1)
    }

    /// Takes note of a call that is made now.
    pub fn take(&mut self, now: Duration) {
        let (setup, latest) = match self.quickest {
            Some(_) => (Duration::ZERO, LATEST),
            None => (SETUP, LATEST_SETUP),
        };
        self.last = Some(now);
        self.insert(Call {
            made: now,
            arrived: now + setup,
            latest: now + latest,
        });
        while self.calls.len() > self.kept() {
            self.calls.pop_front();
        }
    }

    fn insert(&mut self, call: Call) {
        let at = self
            .calls
            .partition_point(|other| other.arrived <= call.arrived);
        self.calls.insert(at, call);
    }

    /// Corrects when a call arrived that was answered now: one that was held up on its way here is answered later than
    /// others are. That the service was slow looks the same, so that this has a limit.
    fn correct(&mut self, made: Duration, now: Duration) {
        let took = now.saturating_sub(made);
        let quickest = self.quickest.map_or(took, |quickest| quickest.min(took));
        self.quickest = Some(quickest);
        let arrived = made + took.saturating_sub(quickest);
        let is_it = |call: &Call| call.made == made && call.arrived < arrived;
        let found = self.calls.iter().position(is_it);
        if let Some(call) = found.and_then(|at| self.calls.remove(at)) {
            let arrived = arrived.min(call.latest);
            self.insert(Call { arrived, ..call });
        }
    }

    /// Takes note of so many calls that others made until now.
    pub fn spend(&mut self, calls: u64, now: Duration) {
        for _ in 0..calls.min(self.kept() as u64) {
            self.take(now);
        }
    }

    /// Takes note of a call, made at `made`, that was throttled: all those of one round count once.
    pub fn throttled(&mut self, made: Duration, now: Duration) {
        self.raised = now;
        if self.lowered.is_some_and(|at| made <= at) {
            return;
        }
        self.rate = (self.rate * DECREASE).max(LEAST.min(self.most));
        self.lowered = Some(now);
    }

    /// Takes note of a call, made at `made`, that was let through and answered now.
    pub fn passed(&mut self, made: Duration, now: Duration) {
        self.correct(made, now);
        let seconds = now.saturating_sub(self.raised).as_secs_f64();
        self.rate = (self.rate + seconds * INCREASE * self.most).min(self.most);
        self.raised = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Makes calls as fast as they may be made, for some seconds; returns when.
    fn calls(limiter: &mut Limiter, seconds: u64) -> Vec<Duration> {
        let (mut now, mut made) = (Duration::ZERO, Vec::new());
        loop {
            now += limiter.wait(now);
            if now >= Duration::from_secs(seconds) {
                return made;
            }
            limiter.take(now);
            made.push(now);
        }
    }

    fn most_in_a_second(made: &[Duration]) -> usize {
        let within = |from: &Duration| {
            let until = *from + Duration::from_secs(1);
            made.iter().filter(|at| *at >= from && **at < until).count()
        };
        made.iter().map(within).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_quota(quota in 1_u32..60, part in 0.0_f64..1.0) {
            let made = calls(&mut Limiter::new(f64::from(quota) + part), 20);
            prop_assert!(most_in_a_second(&made) <= quota as usize);
            // And little of the quota is left unused.
            prop_assert!(made.len() as f64 >= f64::from(quota) * 18.0, "{}", made.len());
        }

        #[test]
        fn nor_does_one_after_calls_were_throttled(
            quota in 1_u32..60, part in 0.0_f64..1.0, throttled in prop::collection::vec(any::<bool>(), 1..40),
        ) {
            let mut limiter = Limiter::new(f64::from(quota) + part);
            let (mut now, mut made) = (Duration::ZERO, Vec::new());
            for is_throttled in throttled.iter().cycle().take(600) {
                now += limiter.wait(now);
                limiter.take(now);
                made.push(now);
                if *is_throttled {
                    limiter.throttled(now, now);
                } else {
                    limiter.passed(now, now);
                }
            }
            prop_assert!(most_in_a_second(&made) <= quota as usize);
        }

        /// A busy machine sends late what it meant to send: the answers tell.
        #[test]
        fn calls_that_are_held_up_on_their_way_count_from_when_they_arrive(
            quota in 1_u32..60, delays in prop::collection::vec(0_u64..50, 1..40),
        ) {
            const LATENCY: Duration = Duration::from_millis(300);
            let delays = std::iter::once(&0).chain(delays.iter().cycle());
            let mut limiter = Limiter::new(f64::from(quota));
            let (mut now, mut arrived, mut open) = (Duration::ZERO, Vec::new(), Vec::new());
            for delay in delays.take(quota as usize * 6) {
                loop {
                    let next = now + limiter.wait(now);
                    let soonest = open.iter().copied().min_by_key(|(_, answered)| *answered);
                    let Some((made, answered)) = soonest.filter(|(_, answered)| *answered <= next) else {
                        now = next;
                        break;
                    };
                    open.retain(|one| *one != (made, answered));
                    now = now.max(answered);
                    limiter.passed(made, answered);
                }
                limiter.take(now);
                // Before there are connections there is more to wait for.
                let held_up = if now < LATENCY { 4 * delay } else { *delay };
                let arrives = now + Duration::from_millis(held_up);
                arrived.push(arrives);
                open.push((now, arrives + LATENCY));
            }
            prop_assert!(most_in_a_second(&arrived) <= quota as usize);
        }

        #[test]
        fn a_lowered_rate_is_kept_to(quota in 1_u32..60, rounds in 1_usize..4) {
            let mut limiter = Limiter::new(f64::from(quota));
            for round in 0..rounds {
                let at = Duration::from_millis(round as u64 + 1);
                limiter.throttled(at, at);
            }
            let most = limiter.rate().ceil() as usize;
            prop_assert!(most_in_a_second(&calls(&mut limiter, 20)) <= most);
        }

        #[test]
        fn less_than_a_call_a_second_is_kept_to_as_well(quota in 0.01_f64..1.0) {
            let mut limiter = Limiter::new(quota);
            limiter.throttled(Duration::ZERO, Duration::ZERO);
            prop_assert!(limiter.rate() <= quota);
            let made = calls(&mut limiter, 400);
            prop_assert!(made.len() as f64 <= quota * 400.0 + 1.0, "{}", made.len());
        }

        #[test]
        fn a_shared_quota_is_found(quota in 4_u32..30, part in 0.25_f64..1.0) {
            let real = f64::from(quota) * part;
            let mut limiter = Limiter::new(f64::from(quota));
            // What the service has left: a bucket of a second's calls.
            let (mut left, mut refilled) = (real.max(1.0), Duration::ZERO);
            let (mut now, mut passed) = (Duration::ZERO, 0);
            while now < Duration::from_mins(2) {
                now += limiter.wait(now);
                limiter.take(now);
                left = (left + now.saturating_sub(refilled).as_secs_f64() * real).min(real.max(1.0));
                refilled = now;
                if left >= 1.0 {
                    left -= 1.0;
                    passed += 1;
                    limiter.passed(now, now);
                } else {
                    limiter.throttled(now, now);
                }
            }
            prop_assert!(f64::from(passed) > real * 120.0 * 0.55, "{passed} of {}", real * 120.0);
        }
    }

    #[test]
    fn throttling_lowers_the_rate_once_a_round_and_quiet_raises_it_evenly() {
        let second = Duration::from_secs;
        let mut limiter = Limiter::new(10.0);
        for _ in 0..5 {
            limiter.throttled(second(1), second(2));
        }
        assert!((limiter.rate() - 7.0).abs() < 1e-9);
        limiter.throttled(second(3), second(4));
        assert!((limiter.rate() - 4.9).abs() < 1e-9);
        limiter.passed(second(5), second(6));
        assert!((limiter.rate() - 5.9).abs() < 1e-9);
        limiter.passed(second(59), second(60));
        assert!((limiter.rate() - 10.0).abs() < 1e-9);
    }
}
