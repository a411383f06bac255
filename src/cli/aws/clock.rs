//! How far the clock of this machine is from that of a service.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatchlogs::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cloudwatchlogs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudwatchlogs::error::BoxError;
use tokio::time::{sleep, timeout};

use super::super::context::Context;
use crate::cloudwatch::{Client, Inventory, Site};
use crate::time::duration;

/// How far the clocks may be apart before somebody should know.
pub(in crate::cli) const ODD: i64 = 5_000;
/// How long an answer that tells the time is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether somebody wants us to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Reads the clock of a service off its answers, whether they are good ones or not.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct ServiceClock(Arc<Mutex<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    /// When the last call was sent. Of calls that overlap this is the wrong one, which only makes `ahead` less exact.
    sent: Option<i64>,
    ahead: Option<Bounds>,
    /// How many calls were made for nothing but the time.
    asked: u64,
}

/// Between which bounds a service is ahead of this machine, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    least: i64,
    most: i64,
}

impl ServiceClock {
    /// Watches every answer that sites get from now on, and waits for the first one, which tells the time.
    ///
    /// The clocks of the regions agree, so one of them is enough. Without an answer this machine's clock has to do.
    pub(super) async fn watch(
        context: &Context,
        sites: Vec<Site<Client>>,
    ) -> (Self, Vec<Site<Client>>) {
        let clock = Self::default();
        let watched = |site: Site<Client>| Site {
            service: Arc::new(site.service.observed_by(clock.clone())),
            ..site
        };
        let sites: Vec<_> = sites.into_iter().map(watched).collect();
        let patience = context.time_out.unwrap_or(PATIENCE).min(PATIENCE);
        let asked = async {
            tokio::select! {
                () = clock.ask(&sites) => {}
                () = interrupted(context) => {}
            }
        };
        // Whoever follows tells what is wrong with a service that does not answer.
        let _ = timeout(patience, asked).await;
        (clock, sites)
    }

    /// Asks one site after the other, until one answers.
    async fn ask(&self, sites: &[Site<Client>]) {
        for site in sites {
            let name = site.groups.first().map_or("", |name| &**name);
            self.change(|reading| reading.asked += 1);
            // A refusal tells the time as well.
            let _ = site.service.groups(name, None, Some(1)).await;
            if self.ahead().is_some() {
                return;
            }
        }
    }

    /// Returns how many milliseconds the service is ahead of this machine, give or take a second; `None` when there
    /// was no answer.
    pub(in crate::cli) fn ahead(&self) -> Option<i64> {
        self.change(|reading| reading.ahead.map(Bounds::likely))
    }

    /// Returns how many calls were made for nothing but the time.
    pub(super) fn asked(&self) -> u64 {
        self.change(|reading| reading.asked)
    }

    /// Returns the earliest that the time of the service may be now; that of this machine when there was no answer.
    ///
    /// Each answer is believed more than those before it: this machine's clock may be set right in between.
    pub(super) fn earliest(&self) -> i64 {
        now() + self.change(|reading| reading.ahead.map_or(0, |ahead| ahead.least))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Reading) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for ServiceClock {
    fn name(&self) -> &'static str {
        "ServiceClock"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.change(|reading| reading.sent = Some(now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        // What a proxy had kept for a while was written then.
        let date = headers.get("date").filter(|_| headers.get("age").is_none());
        let came = now();
        self.change(|reading| {
            let ahead = date.and_then(|date| Bounds::read(date, reading.sent?, came));
            reading.ahead = ahead.or(reading.ahead);
        });
        Ok(())
    }
}

impl Bounds {
    /// Compares a `Date` header with the time between which it was written: it names a whole second of that time.
    fn read(date: &str, sent: i64, came: i64) -> Option<Self> {
        let date = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", date).ok()?;
        let date = jiff::tz::Offset::UTC.to_timestamp(date).ok()?;
        let (first, last) = (date.as_millisecond(), date.as_millisecond() + 999);
        Some(Self {
            least: first - came,
            most: last - sent.min(came),
        })
    }

    /// Returns the least that the clocks are apart: within what the header and the way of the answer leave open, they
    /// may agree.
    fn likely(self) -> i64 {
        0.clamp(self.least, self.most)
    }
}

/// Words how far this machine's clock is off: `10 min behind AWS's`.
pub(in crate::cli) fn apart(ahead: i64) -> String {
    let apart = duration::human(ahead.abs());
    match ahead {
        0 => "as AWS's, as far as can be told".to_owned(),
        1.. => format!("{apart} behind AWS's"),
        _ => format!("{apart} ahead of AWS's"),
    }
}

/// Waits until somebody wants us to stop.
async fn interrupted(context: &Context) {
    while !context.interrupt.is_asked() {
        sleep(LOOK).await;
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Mon, 23 Nov 2026 04:04:05 GMT";
    const AT: i64 = 1_795_406_645_000;

    fn likely(date: &str, sent: i64, came: i64) -> Option<i64> {
        Bounds::read(date, sent, came).map(Bounds::likely)
    }

    #[test]
    fn a_header_that_may_have_been_written_now_says_that_the_clock_is_right() {
        assert_eq!(likely(DATE, AT - 10, AT + 10), Some(0));
        assert_eq!(likely(DATE, AT + 700, AT + 900), Some(0));
        assert_eq!(likely(DATE, AT - 20_000, AT + 20_000), Some(0));
    }

    #[test]
    fn one_that_cannot_says_how_far_it_is_off() {
        assert_eq!(likely(DATE, AT - 9000, AT - 8000), Some(8000));
        assert_eq!(likely(DATE, AT + 300_999, AT + 301_200), Some(-300_000));
        assert_eq!(likely("yesterday", AT, AT), None);
    }

    #[test]
    fn the_time_of_the_service_is_never_taken_for_a_later_one() {
        // The service writes the header at any moment of its second, while the answer is on its way for some time.
        for (apart, written, way) in [
            (0, 0, 0),
            (0, 999, 30),
            (600_000, 40, 5),
            (-600_000, 970, 900),
        ] {
            let came = AT + written - apart + way;
            let bounds = Bounds::read(DATE, came - 2 * way, came).expect("a date");
            let (then, earliest) = (AT + written + way, came + bounds.least);
            assert!((then - 999 - way..=then).contains(&earliest), "{bounds:?}");
            assert!((bounds.likely() - apart).abs() <= 999 + way, "{bounds:?}");
        }
    }

    #[test]
    fn without_an_answer_the_time_is_that_of_this_machine() {
        let (before, clock) = (now(), ServiceClock::default());
        assert!((before..=now()).contains(&clock.earliest()));
        assert_eq!(clock.ahead(), None);
    }
}
