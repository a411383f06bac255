//! Every call and its answer, for tests to read.

use std::collections::BTreeMap;

use serde::Serialize;

/// One call.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Call {
    /// The number among all calls, from 1.
    pub number: u64,
    /// The action, such as `FilterLogEvents`.
    pub action: String,
    /// When it came, in milliseconds since the simulator started.
    pub at_ms: f64,
    /// How long it took until the answer began.
    pub took_ms: f64,
    /// How many calls were being answered, this one included.
    pub in_flight: usize,
    /// The access key it was signed with.
    pub access_key: String,
    /// The region it was signed for.
    pub region: String,
    /// The request as it came.
    pub request: serde_json::Value,
    /// The status; 0 when there was no answer.
    pub status: u16,
    /// `ok`, the code of the error, or the fault that left no answer.
    pub answer: String,
    /// How many events the answer has.
    pub events: u64,
    /// How many stored events were read for it.
    pub scanned: u64,
    /// How long the body is.
    pub bytes: u64,
    /// Whether it was refused because it was over the quota.
    pub over_quota: bool,
}

impl Call {
    /// Returns a text of the request; empty when it has none of this name.
    pub fn text(&self, name: &str) -> &str {
        self.request[name].as_str().unwrap_or_default()
    }

    /// Returns a number of the request.
    pub fn number_of(&self, name: &str) -> Option<i64> {
        self.request[name].as_i64()
    }
}

/// What the calls of one action come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many there were.
    pub calls: u64,
    /// How many were answered well.
    pub ok: u64,
    /// How many were refused because they were over the quota.
    pub over_quota: u64,
    /// The most that came within any second.
    pub peak: usize,
    /// The most that were being answered at once.
    pub in_flight: usize,
    /// The events that were handed out.
    pub events: u64,
    /// The stored events that were read.
    pub scanned: u64,
    /// The bytes of all bodies.
    pub bytes: u64,
}

/// Adds the calls up, by action.
pub(crate) fn summarize(calls: &[Call]) -> BTreeMap<String, Summary> {
    let mut summaries = BTreeMap::<String, Summary>::new();
    let mut times = BTreeMap::<&str, Vec<f64>>::new();
    for call in calls {
        let summary = summaries.entry(call.action.clone()).or_default();
        summary.calls += 1;
        summary.ok += u64::from(call.answer == "ok");
        summary.over_quota += u64::from(call.over_quota);
        summary.in_flight = summary.in_flight.max(call.in_flight);
        summary.events += call.events;
        summary.scanned += call.scanned;
        summary.bytes += call.bytes;
        times.entry(&call.action).or_default().push(call.at_ms);
    }
    for (action, times) in times {
        let summary = summaries.get_mut(action);
        summary.expect("each action has a summary").peak = peak(times);
    }
    summaries
}

/// Returns the most calls within any second.
fn peak(mut times: Vec<f64>) -> usize {
    times.sort_by(f64::total_cmp);
    let mut first = 0;
    let mut most = 0;
    for (last, at) in times.iter().enumerate() {
        while at - times[first] >= 1000.0 {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_of_any_second_not_of_the_clock_s() {
        assert_eq!(peak(vec![900.0, 950.0, 1000.0, 1050.0, 1899.0, 1900.0]), 5);
        assert_eq!(peak(Vec::new()), 0);
    }
}
