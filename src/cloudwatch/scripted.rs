//! A service that answers from a list of events, with the habits and the faults of the real one, for tests.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::service::{FilterCall, LogEvent, Page, Service};
use super::{CallError, Kind, Place};

/// How the service behaves.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// How many events a page has at most.
    pub(super) page: usize,
    /// How many events a call looks at, whether they match or not; 0: until a page is full.
    pub(super) scan: usize,
    /// How long a call takes.
    pub(super) latency: Duration,
    /// How many calls a second there may be.
    pub(super) quota: f64,
    /// Every so many pages is empty and has a token; 0: none.
    pub(super) empty: usize,
    /// Every so many pages leads back to itself; 0: none.
    pub(super) repeat: usize,
    /// Every so many pages is cut short; 0: none.
    pub(super) partial: usize,
    /// Every so many calls fails; 0: none.
    pub(super) failing: usize,
    /// After so many calls the credentials have expired.
    pub(super) expires: Option<usize>,
    /// A group whose pages are empty and lead in a circle, and how many of them it has.
    pub(super) circle: Option<(Arc<str>, usize)>,
    /// A group that goes away after so many calls.
    pub(super) vanishes: Option<(Arc<str>, usize)>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            page: 10,
            scan: 0,
            latency: Duration::from_millis(100),
            quota: 1000.0,
            empty: 0,
            repeat: 0,
            partial: 0,
            failing: 0,
            expires: None,
            circle: None,
            vanishes: None,
        }
    }
}

/// What was asked.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// All calls.
    pub(super) calls: Vec<FilterCall>,
    /// How many were throttled.
    pub(super) throttled: usize,
    bucket: Option<(f64, Instant)>,
    repeated: HashSet<String>,
}

/// The service.
#[derive(Debug)]
pub(super) struct Scripted {
    groups: BTreeMap<Arc<str>, Vec<LogEvent>>,
    habits: Habits,
    pub(super) log: Mutex<Log>,
}

impl Scripted {
    /// Creates a service with these events.
    pub(super) fn new(groups: BTreeMap<Arc<str>, Vec<LogEvent>>, habits: Habits) -> Self {
        let mut groups = groups;
        for events in groups.values_mut() {
            events.sort_by_key(|event| (event.timestamp, event.ingestion));
        }
        Self {
            groups,
            habits,
            log: Mutex::default(),
        }
    }

    /// Decides what comes of a call before anything is looked up.
    fn admit(&self, call: &FilterCall) -> Result<usize, CallError> {
        let mut log = self.log.lock().expect("no panic");
        log.calls.push(call.clone());
        let number = log.calls.len();
        let now = Instant::now();
        let quota = self.habits.quota;
        let (left, at) = log.bucket.unwrap_or((quota, now));
        let left = (left + (now - at).as_secs_f64() * quota).min(quota.max(1.0));
        if left < 1.0 {
            log.bucket = Some((left, now));
            log.throttled += 1;
            return Err(error(Kind::Throttled, call));
        }
        log.bucket = Some((left - 1.0, now));
        if self.habits.expires.is_some_and(|after| number > after) {
            return Err(error(Kind::Expired, call));
        }
        if let Some((group, after)) = &self.habits.vanishes
            && *group == call.group
            && number > *after
        {
            return Err(error(Kind::Missing, call));
        }
        // Not in step with anything, so that no slice meets with all of them.
        if every(self.habits.failing, number.wrapping_mul(2_654_435_761) >> 7) {
            return Err(error(Kind::Unavailable, call));
        }
        Ok(number)
    }

    fn page(&self, call: &FilterCall, number: usize) -> Result<Page, CallError> {
        let events = self.groups.get(&call.group);
        let events = events.ok_or_else(|| error(Kind::Missing, call))?;
        if let Some((group, length)) = &self.habits.circle
            && *group == call.group
        {
            let token = call.token.as_deref().and_then(|token| token.parse().ok());
            let next = token.map_or(0, |at: usize| (at + 1) % length);
            return Ok(Page {
                events: Vec::new(),
                token: Some(next.to_string()),
            });
        }
        let matches = |event: &&LogEvent| {
            let pattern = call.pattern.as_deref();
            pattern.is_none_or(|pattern| event.message.contains(pattern))
        };
        let all: Vec<&LogEvent> = events
            .iter()
            .filter(|event| (call.start..call.end).contains(&event.timestamp))
            .filter(|event| {
                let prefix = call.prefix.as_deref();
                prefix.is_none_or(|prefix| event.stream.starts_with(prefix))
            })
            .filter(|event| self.habits.scan > 0 || matches(event))
            .collect();
        let token = call.token.as_deref().unwrap_or("0");
        let from: usize = token
            .split('+')
            .next()
            .and_then(|t| t.parse().ok())
            .expect("ours");
        if every(self.habits.empty, number) {
            // A token of its own, as those of the service are.
            let next = Some(format!("{from}+{number}"));
            return Ok(Page {
                events: Vec::new(),
                token: next,
            });
        }
        let size = match self.habits.scan {
            _ if every(self.habits.partial, number) => 1,
            0 => self.habits.page,
            scan => scan,
        };
        let to = (from + size).min(all.len());
        let found = all[from..to].iter().copied().filter(matches);
        let events = found.cloned().collect();
        let mut token = (to < all.len()).then(|| to.to_string());
        if every(self.habits.repeat, number)
            && let Some(asked) = &call.token
        {
            let name = format!("{}{}{asked}", call.group, call.start);
            if self.log.lock().expect("no panic").repeated.insert(name) {
                token = Some(asked.clone());
            }
        }
        Ok(Page { events, token })
    }
}

fn every(count: usize, number: usize) -> bool {
    count > 0 && number.is_multiple_of(count)
}

impl Service for Scripted {
    async fn filter_log_events(&self, call: FilterCall) -> Result<Page, CallError> {
        let admitted = self.admit(&call);
        sleep(self.habits.latency).await;
        self.page(&call, admitted?)
    }
}

fn error(kind: Kind, call: &FilterCall) -> CallError {
    CallError {
        kind,
        operation: "FilterLogEvents",
        group: Arc::clone(&call.group),
        place: Arc::new(Place::default()),
        reason: String::new(),
    }
}
