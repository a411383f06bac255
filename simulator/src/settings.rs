//! What a simulated account holds and how its service behaves: built by a test, or read from a JSON file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use crate::fault::Fault;

/// A whole simulated account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The account's twelve digits.
    pub account: String,
    /// The region, which ARNs name.
    pub region: String,
    /// The address to listen on; port 0 takes a free one.
    pub listen: String,
    /// What time it is for the data when the simulator starts; the system's time when there is none.
    ///
    /// Events that are ingested later than this time are not there yet. Signatures are always judged by the
    /// system's clock.
    pub now: Option<Time>,
    /// The log groups.
    pub groups: Vec<Group>,
    /// How the service behaves; can be changed while it runs.
    pub behaviour: Behaviour,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            now: None,
            groups: Vec::new(),
            behaviour: Behaviour::default(),
        }
    }
}

/// A point in time, as milliseconds since 1970; in JSON also a text such as `2026-11-20T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Time(pub i64);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Milliseconds(i64),
            Text(String),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Milliseconds(at) => Self(at),
            Written::Text(at) => {
                let at = at.parse::<jiff::Timestamp>();
                Self(at.map_err(serde::de::Error::custom)?.as_millisecond())
            }
        })
    }
}

/// A log group: its events are computed from their number, read from a file, or put while it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// The name, such as `/ecs/shop-webapp`.
    pub name: String,
    /// The region that it is in; without one it is in each that is asked.
    pub region: Option<String>,
    /// How many events are computed, over all streams.
    pub events: u64,
    /// How many streams they are in.
    pub streams: u32,
    /// What the streams' names begin with; a task id follows.
    pub stream_prefix: String,
    /// Whether one stream follows the other in time, as tasks do that are replaced, instead of all side by side.
    pub in_turn: bool,
    /// The first moment of the window; a day before its end when there is none.
    pub from: Option<Time>,
    /// The first moment after the window; now when there is none.
    pub to: Option<Time>,
    /// Where most events are crowded together; even when there is none.
    pub burst: Option<Burst>,
    /// The share of events with the level `ERROR`.
    pub error_share: f64,
    /// The share of events that are plain text instead of JSON.
    pub text_share: f64,
    /// What a message is padded to, in bytes.
    pub message_bytes: usize,
    /// How long an event is on its way before it can be read.
    pub ingestion_ms: i64,
    /// The share of events that are late, and so are seen after others with a later timestamp.
    pub late_share: f64,
    /// How late they are.
    pub late_ms: i64,
    /// Another seed gives other events.
    pub seed: u64,
    /// An NDJSON file of events: `logStreamName`, `timestamp`, `message`, and `ingestionTime` when it is known.
    pub file: Option<PathBuf>,
    /// The retention that `DescribeLogGroups` tells; for ever when there is none.
    pub retention_days: Option<u32>,
    /// The size that `DescribeLogGroups` tells; about what the events have when there is none.
    pub stored_bytes: Option<u64>,
    /// The log class: `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            name: "/ecs/shop-webapp".to_owned(),
            region: None,
            events: 0,
            streams: 1,
            stream_prefix: "ecs/app".to_owned(),
            in_turn: false,
            from: None,
            to: None,
            burst: None,
            error_share: 0.01,
            text_share: 0.0,
            message_bytes: 0,
            ingestion_ms: 500,
            late_share: 0.0,
            late_ms: 0,
            seed: 1,
            file: None,
            retention_days: None,
            stored_bytes: None,
            class: "STANDARD".to_owned(),
        }
    }
}

/// A stretch of the window in which a share of the events lies.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// The share of the events in it, between 0 and 1.
    pub share: f64,
    /// Where it begins, as a part of the window.
    pub start: f64,
    /// How long it is, as a part of the window.
    pub width: f64,
}

/// How the service behaves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How long each call takes at least.
    pub latency_ms: u64,
    /// How long the calls of an action take, when it is another time.
    pub latency_by_action: BTreeMap<String, u64>,
    /// What is added to it: a time up to this one, which depends on the call's number.
    pub jitter_ms: u64,
    /// How many calls of an action are admitted in any second; the others are throttled. Without one there is no end.
    pub quotas: BTreeMap<String, u32>,
    /// The size of pages.
    pub page: Pages,
    /// Actions that the identity may not perform, such as `logs:StartLiveTail`.
    pub deny: Vec<String>,
    /// The access keys that are known; each one when there are none.
    pub access_keys: Vec<String>,
    /// How far the service's clock is ahead of the system's.
    pub clock_skew_ms: i64,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// Live tail sessions.
    pub live_tail: LiveTail,
    /// Insights queries.
    pub insights: Insights,
}

impl Behaviour {
    /// Returns how many calls of an action are admitted in a second.
    pub(crate) fn quota(&self, action: &str) -> Option<u32> {
        self.quotas.get(action).copied()
    }

    /// Returns how long a call takes; the number of the call chooses the jitter.
    pub(crate) fn latency(&self, action: &str, call: u64) -> std::time::Duration {
        let base = self.latency_by_action.get(action);
        let jitter = crate::logs::mix(call) % (self.jitter_ms + 1);
        std::time::Duration::from_millis(base.unwrap_or(&self.latency_ms) + jitter)
    }
}

/// The size of pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// The most events in a page.
    pub events: usize,
    /// The most bytes in a page.
    pub bytes: usize,
    /// How many stored events one call reads: with a pattern that seldom matches, most pages are empty and have a
    /// token. A whole page is filled when there is none.
    pub scan_events: Option<u64>,
    /// The most query definitions in a page.
    pub definitions: usize,
    /// How long a token can be used.
    pub token_life_ms: i64,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            events: 10_000,
            bytes: 1_048_576,
            scan_events: None,
            definitions: 1000,
            token_life_ms: 24 * 3_600_000,
        }
    }
}

/// Live tail sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveTail {
    /// The time between two updates.
    pub tick_ms: u64,
    /// How long a session lasts before it times out.
    pub session_ms: u64,
    /// When the connection is reset in the middle of a session.
    pub cut_after_ms: Option<u64>,
    /// The most events in an update; of more, a sample is sent.
    pub update_events: usize,
    /// The most sessions at once.
    pub sessions: usize,
}

impl Default for LiveTail {
    fn default() -> Self {
        Self {
            tick_ms: 1_000,
            session_ms: 3 * 3_600_000,
            cut_after_ms: None,
            update_events: 500,
            sessions: 15,
        }
    }
}

/// Insights queries.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Insights {
    /// How long a query runs.
    pub run_ms: i64,
    /// How many rows a result has at most when nobody says it.
    pub rows: usize,
    /// How many rows a result has at most.
    pub most: usize,
    /// The most queries that run at once.
    pub at_once: usize,
    /// What becomes of the first queries, in the order of their start, instead of `Complete`: a status such as `Failed`.
    pub ends: Vec<String>,
    /// What is answered to queries that the simulator cannot evaluate.
    pub answers: Vec<Answer>,
}

impl Default for Insights {
    fn default() -> Self {
        Self {
            run_ms: 0,
            rows: 10_000,
            most: 100_000,
            at_once: 30,
            ends: Vec::new(),
            answers: Vec::new(),
        }
    }
}

/// A prepared answer to one query.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The query's text, to the letter; other commands may stand in front of it.
    pub query: String,
    /// The rows: names and values.
    pub rows: Vec<Vec<(String, String)>>,
}
