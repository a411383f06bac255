//! Events that are computed from their number, so that five million of them need no memory.
//!
//! An event is a pure function of the group's settings, the stream and the number in the stream. Timestamps never
//! go back with the number, so that a window is found by bisection.

use super::mix;
use super::text::{Fields, Kind};
use crate::settings::{self, Burst};

/// How the events of one stream are computed.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) count: u64,
    from: i64,
    length: f64,
    burst: Option<Burst>,
    error_share: f64,
    text_share: f64,
    message_bytes: usize,
    ingestion_ms: i64,
    late_share: f64,
    late_ms: i64,
    seed: u64,
    stream: u32,
}

impl Plan {
    /// Plans a stream of a group, which has its share of the events and, in turn, of the window.
    pub(super) fn new(group: &settings::Group, window: (i64, i64), stream: u32) -> Self {
        let streams = u64::from(group.streams.max(1));
        let number = u64::from(stream);
        let more = u64::from(number < group.events % streams);
        let mut plan = Self {
            count: group.events / streams + more,
            from: window.0,
            length: (window.1 - window.0) as f64,
            burst: group.burst,
            error_share: group.error_share,
            text_share: group.text_share,
            message_bytes: group.message_bytes,
            ingestion_ms: group.ingestion_ms,
            late_share: group.late_share,
            late_ms: group.late_ms,
            seed: mix(group.seed ^ super::mix_text(&group.name)) ^ mix(number + 1),
            stream,
        };
        if group.in_turn {
            plan.length /= streams as f64;
            plan.from += (plan.length * number as f64) as i64;
        }
        plan
    }

    /// Returns the timestamp of an event.
    pub(super) fn timestamp(&self, number: u64) -> i64 {
        let jitter = fraction(self.random(number, 1));
        let position = (number as f64 + jitter) / self.count as f64;
        let position = self.burst.map_or(position, |burst| crowd(position, burst));
        self.from + (position * self.length) as i64
    }

    /// Returns when an event with this timestamp can be read: the same for all of the stream, which keeps the order
    /// of numbers that of timestamp and ingestion time.
    pub(super) fn ingestion(&self, timestamp: i64) -> i64 {
        let random = mix(self.seed ^ timestamp as u64);
        let late = fraction(random) < self.late_share;
        let usual = self.ingestion_ms + (random % 200) as i64 * self.ingestion_ms / 1_000;
        timestamp + usual + if late { self.late_ms } else { 0 }
    }

    /// Returns the longest that an event of the plan is on its way.
    pub(super) fn longest_way(&self) -> i64 {
        self.ingestion_ms * 2 + self.late_ms + 1
    }

    /// Writes the message of an event.
    pub(super) fn message(&self, number: u64, out: &mut String) {
        let random = self.random(number, 2);
        let share = fraction(self.random(number, 3));
        let kind = if share < self.error_share {
            Kind::Error
        } else if share < self.error_share + self.text_share {
            Kind::Text
        } else {
            Kind::Usual
        };
        let fields = Fields {
            kind,
            random,
            timestamp: self.timestamp(number),
            stream: self.stream,
            number,
        };
        fields.write(self.message_bytes, out);
    }

    fn random(&self, number: u64, purpose: u64) -> u64 {
        mix(self.seed ^ mix(number << 2 | purpose))
    }
}

/// Returns a number from 0 up to but not including 1.
fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// Moves a position so that the burst's share of all positions lies in its stretch; order is kept.
fn crowd(position: f64, burst: Burst) -> f64 {
    let around = 1.0 - burst.share;
    let free = 1.0 - burst.width;
    let before = around * burst.start / free;
    if position < before {
        position * free / around
    } else if position < before + burst.share {
        burst.start + (position - before) / burst.share * burst.width
    } else {
        let end = burst.start + burst.width;
        (end + (position - before - burst.share) * free / around).min(1.0 - f64::EPSILON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(group: &settings::Group) -> Plan {
        Plan::new(group, (1_000_000, 2_000_000), 0)
    }

    fn group() -> settings::Group {
        settings::Group {
            events: 5_000,
            late_share: 0.1,
            late_ms: 60_000,
            ..settings::Group::default()
        }
    }

    #[test]
    fn timestamps_never_go_back_and_stay_in_the_window() {
        let burst = Burst {
            share: 0.9,
            start: 0.5,
            width: 0.01,
        };
        for burst in [None, Some(burst)] {
            let plan = plan(&settings::Group { burst, ..group() });
            let times: Vec<i64> = (0..plan.count).map(|n| plan.timestamp(n)).collect();
            assert!(times.is_sorted());
            assert!(times[0] >= 1_000_000 && times[4_999] < 2_000_000);
        }
    }

    #[test]
    fn a_burst_has_its_share_of_the_events() {
        let burst = Burst {
            share: 0.8,
            start: 0.4,
            width: 0.1,
        };
        let plan = plan(&settings::Group {
            burst: Some(burst),
            ..group()
        });
        let within = |n: &u64| (1_400_000..1_500_000).contains(&plan.timestamp(*n));
        let count = (0..plan.count).filter(within).count();
        assert!((3_950..4_050).contains(&count), "{count}");
    }

    #[test]
    fn streams_have_all_events_between_them() {
        let group = settings::Group {
            events: 1_003,
            streams: 7,
            in_turn: true,
            ..group()
        };
        let plans = (0..7).map(|stream| Plan::new(&group, (0, 7_000), stream));
        let plans: Vec<Plan> = plans.collect();
        assert_eq!(plans.iter().map(|plan| plan.count).sum::<u64>(), 1_003);
        assert!((3_000..4_000).contains(&plans[3].timestamp(0)));
    }
}
