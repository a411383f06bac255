//! How far the clock of this machine is from that of a service.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_sdk_cloudwatchlogs::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cloudwatchlogs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudwatchlogs::error::BoxError;

/// Reads the clock of a service off its answers, whether they are good ones or not.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct ServiceClock(Arc<Mutex<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    sent: Option<i64>,
    ahead: Option<i64>,
}

impl ServiceClock {
    /// Returns how many milliseconds the service is ahead of this machine, give or take a second; `None` when there
    /// was no answer.
    pub(in crate::cli) fn ahead(&self) -> Option<i64> {
        self.change(|reading| reading.ahead)
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
        let (date, came) = (context.response().headers().get("date"), now());
        self.change(|reading| {
            let ahead = date.and_then(|date| ahead(date, reading.sent?, came));
            reading.ahead = ahead.or(reading.ahead);
        });
        Ok(())
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

/// Compares a `Date` header with the time between which it was written: it names a whole second of that time.
fn ahead(date: &str, sent: i64, came: i64) -> Option<i64> {
    let date = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", date).ok()?;
    let date = jiff::tz::Offset::UTC.to_timestamp(date).ok()?;
    let (first, last) = (date.as_millisecond(), date.as_millisecond() + 999);
    // Within what the header and the way of the answer leave open, the clocks may agree.
    Some(if first > came {
        first - came
    } else if last < sent {
        last - sent
    } else {
        0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Mon, 23 Nov 2026 04:04:05 GMT";
    const AT: i64 = 1_795_406_645_000;

    #[test]
    fn a_header_that_may_have_been_written_now_says_that_the_clock_is_right() {
        assert_eq!(ahead(DATE, AT - 10, AT + 10), Some(0));
        assert_eq!(ahead(DATE, AT + 700, AT + 900), Some(0));
        assert_eq!(ahead(DATE, AT - 20_000, AT + 20_000), Some(0));
    }

    #[test]
    fn one_that_cannot_says_how_far_it_is_off() {
        assert_eq!(ahead(DATE, AT - 9000, AT - 8000), Some(8000));
        assert_eq!(ahead(DATE, AT + 300_999, AT + 301_200), Some(-300_000));
        assert_eq!(ahead("yesterday", AT, AT), None);
    }
}
