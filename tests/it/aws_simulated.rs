//! A day of logs in the simulator of CloudWatch Logs, and a project that reads it.

use std::process::{Child, Command};
use std::time::Duration;

use logq_simulator::{Behaviour, Event, Group, Settings, Simulator, Time};

use crate::logq::{Ended, Logq};

/// 2026-11-19 and 2026-11-20, midnight in UTC: between them events are logged.
pub(crate) const FROM: i64 = 1_795_046_400_000;
pub(crate) const TO: i64 = FROM + 86_400_000;

/// The window as flags.
pub(crate) const WINDOW: &str = "--since 2026-11-19T00:00Z --until 2026-11-20T00:00Z";

/// A simulated account with groups of the stage `shop`.
pub(crate) struct Account {
    pub(crate) simulator: Simulator,
    groups: Vec<String>,
}

impl Account {
    /// Starts one whose groups have so many events each.
    pub(crate) fn with(groups: &[(&str, u64)]) -> Self {
        Self::ahead(groups, 0)
    }

    /// Starts one whose clock is so many milliseconds ahead of that of this machine, for the data as for signatures.
    pub(crate) fn ahead(groups: &[(&str, u64)], ahead: i64) -> Self {
        let group = |(at, (service, events)): (u64, &(&str, u64))| Group {
            name: format!("/ecs/shop-{service}"),
            events: *events,
            streams: 3,
            stream_prefix: format!("ecs/{service}"),
            from: Some(Time(FROM)),
            to: Some(Time(TO)),
            seed: at,
            ..Group::default()
        };
        let groups: Vec<Group> = (1..).zip(groups).map(group).collect();
        let names = groups.iter().map(|group| group.name.clone()).collect();
        let settings = Settings {
            groups,
            now: (ahead != 0).then(|| Time(jiff::Timestamp::now().as_millisecond() + ahead)),
            behaviour: Behaviour {
                clock_skew_ms: ahead,
                ..Behaviour::default()
            },
            ..Settings::default()
        };
        Self {
            simulator: Simulator::start(settings).expect("a free port"),
            groups: names,
        }
    }

    /// Returns a project that reads the account as of now; `extra` goes below `[cloudwatch]`.
    pub(crate) fn project(&self, extra: &str) -> Logq {
        let config = format!("[stages.shop]\n[cloudwatch]\n{extra}\n");
        let logq = Logq::new()
            .file("logq.toml", config)
            .variable("AWS_ENDPOINT_URL", &self.simulator.url())
            .variable("LOGQ_NOW", "");
        let variables = Simulator::environment();
        variables
            .into_iter()
            .fold(logq, |logq, (name, value)| logq.variable(name, value))
    }

    /// Returns a project that reaches the account through a proxy, as live tail needs it: clients put a prefix before the
    /// name of its host, which no name of this machine allows.
    pub(crate) fn live_project(&self, extra: &str) -> Logq {
        self.project(extra)
            .variable("AWS_ENDPOINT_URL", "http://cwl.test")
            .variable("HTTP_PROXY", &self.simulator.url())
            .variable("http_proxy", &self.simulator.url())
    }

    /// Returns the messages that a pattern must find, in the order in which they must come.
    pub(crate) fn expected(&self, pattern: &str) -> Vec<String> {
        let of_group = |name: &String| self.simulator.events(name, pattern, FROM, TO);
        let mut events: Vec<Event> = self.groups.iter().flat_map(of_group).collect();
        events.sort_by(|one, other| {
            let key = |event: &Event| (event.timestamp, event.stream.clone(), event.id.clone());
            key(one).cmp(&key(other))
        });
        events.into_iter().map(|event| event.message).collect()
    }

    /// Returns how many calls of `FilterLogEvents` were made.
    pub(crate) fn calls(&self) -> u64 {
        self.simulator.summary("FilterLogEvents").calls
    }
}

/// Returns the lines of standard output.
pub(crate) fn lines(ended: &Ended) -> Vec<String> {
    ended.out.lines().map(str::to_owned).collect()
}

/// Returns whether an answer in `json` says that it is complete, and its messages.
pub(crate) fn answer(ended: &Ended) -> (bool, Vec<String>) {
    let document: serde_json::Value = serde_json::from_str(&ended.out).expect("a document");
    let rows = document["rows"].as_array().expect("rows");
    let message = |row: &serde_json::Value| row["@message"].as_str().expect("a text").to_owned();
    let is_complete = document["complete"].as_bool().expect("said");
    (is_complete, rows.iter().map(message).collect())
}

/// Sends a signal, by its name, to a process.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.expect("kill runs").success());
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came to this: {what}");
}
