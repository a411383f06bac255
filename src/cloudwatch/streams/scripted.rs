//! A service that answers about streams from a list of events, with the habits and the faults of the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::super::service::{FilterCall, LogEvent, Page, Service};
use super::super::{CallError, Kind, Place};
use super::service::{DescribeCall, GetCall, NamesCall, StreamFacts, StreamService, StreamsPage};
use crate::event::{Event, Origin};
use crate::pattern::Pattern;
use crate::record::Record;
use crate::time::Timestamp;

/// How the service behaves.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// How many events a page has at most.
    pub(super) page: usize,
    /// Every so many calls is throttled; 0: none.
    pub(super) throttled: usize,
    /// Every so many pages of an operation is empty and has a token; 0: none.
    pub(super) empty: usize,
    /// So many pages of streams are empty and have a token before the first that is not.
    pub(super) bare: usize,
    /// How far the times of streams lag behind that were written to lately.
    pub(super) lag: i64,
    /// What time it is.
    pub(super) now: i64,
    /// Operations that are not allowed.
    pub(super) denied: Vec<&'static str>,
    /// A group that goes away after so many calls.
    pub(super) vanishes: Option<(Arc<str>, usize)>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            page: 1000,
            throttled: 0,
            empty: 0,
            bare: 0,
            lag: 0,
            now: i64::MAX,
            denied: Vec::new(),
            vanishes: None,
        }
    }
}

/// What was asked: the operation and how many events came.
pub(super) type Log = Vec<(&'static str, usize)>;

/// A call that is let through.
#[derive(Clone, Copy)]
struct Admitted {
    /// Its number among all calls.
    number: usize,
    /// Its number among those of its operation: what several threads ask for at once has no order.
    of_operation: usize,
}

/// The service.
#[derive(Debug)]
pub(super) struct Scripted {
    groups: BTreeMap<Arc<str>, Vec<LogEvent>>,
    habits: Habits,
    pub(super) log: Mutex<Log>,
}

impl Scripted {
    pub(super) fn new(groups: BTreeMap<Arc<str>, Vec<LogEvent>>, habits: Habits) -> Self {
        let mut groups = groups;
        for events in groups.values_mut() {
            events.sort_by_key(|event| (event.timestamp, event.id.clone()));
        }
        Self {
            groups,
            habits,
            log: Mutex::default(),
        }
    }

    /// Decides what comes of a call before anything is looked up.
    fn admit(&self, operation: &'static str, group: &Arc<str>) -> Result<Admitted, CallError> {
        let mut log = self.log.lock().expect("no panic");
        log.push((operation, 0));
        let number = log.len();
        let error = |kind| Err(error(kind, operation, group, "log group"));
        if self.habits.denied.contains(&operation) {
            return error(Kind::Denied);
        }
        if every(self.habits.throttled, number) {
            return error(Kind::Throttled);
        }
        let is_gone = |(name, after): &(Arc<str>, usize)| name == group && number > *after;
        if self.habits.vanishes.as_ref().is_some_and(is_gone) || !self.groups.contains_key(group) {
            return error(Kind::Missing);
        }
        let same = log.iter().filter(|(other, _)| *other == operation);
        Ok(Admitted {
            number,
            of_operation: same.count(),
        })
    }

    fn page(
        &self,
        call: Admitted,
        events: &[&LogEvent],
        token: Option<&str>,
    ) -> (Vec<LogEvent>, usize, bool) {
        let from = token.map_or(0, place_of);
        if every(self.habits.empty, call.of_operation) {
            return (Vec::new(), from, false);
        }
        let to = (from + self.habits.page).min(events.len());
        let page: Vec<LogEvent> = events[from..to]
            .iter()
            .map(|&event| event.clone())
            .collect();
        self.log.lock().expect("no panic")[call.number - 1].1 = page.len();
        (page, to, to == events.len())
    }

    fn streams(&self, group: &Arc<str>) -> Vec<StreamFacts> {
        let mut streams: BTreeMap<Arc<str>, StreamFacts> = BTreeMap::new();
        for event in self.groups.get(group).into_iter().flatten() {
            let facts = streams
                .entry(Arc::clone(&event.stream))
                .or_insert_with(|| StreamFacts {
                    name: Arc::clone(&event.stream),
                    created: Some(event.timestamp),
                    first: Some(event.timestamp),
                    last: None,
                });
            let is_new = event.timestamp > self.habits.now - self.habits.lag;
            if !is_new || facts.last.is_none() {
                facts.last = Some(event.timestamp);
            }
        }
        streams.into_values().collect()
    }
}

/// Returns where a token of ours leads to.
fn place_of(token: &str) -> usize {
    let place = token.split('+').next().and_then(|place| place.parse().ok());
    place.expect("ours")
}

fn every(count: usize, number: usize) -> bool {
    count > 0 && number.is_multiple_of(count)
}

impl Service for Scripted {
    async fn filter_log_events(&self, call: FilterCall) -> Result<Page, CallError> {
        let admitted = self.admit("FilterLogEvents", &call.group)?;
        let pattern = Pattern::parse(call.pattern.as_deref().unwrap_or_default());
        let pattern = pattern.expect("a pattern that is one");
        let origin = Origin::default();
        let matches = |event: &&LogEvent| {
            let event = Event {
                timestamp: Timestamp(event.timestamp),
                ingestion: None,
                message: event.message.as_bytes(),
                origin: &origin,
                id: None,
            };
            pattern.matches(&Record::new(event))
        };
        let events = self.groups[&call.group].iter();
        let events = events.filter(|event| (call.start..call.end).contains(&event.timestamp));
        let events: Vec<&LogEvent> = events.filter(matches).collect();
        let (events, place, is_end) = self.page(admitted, &events, call.token.as_deref());
        Ok(Page {
            events,
            token: (!is_end).then(|| format!("{place}+{}", admitted.number)),
        })
    }
}

impl StreamService for Scripted {
    async fn describe_log_streams(&self, call: DescribeCall) -> Result<StreamsPage, CallError> {
        let admitted = self.admit("DescribeLogStreams", &call.group)?;
        let mut streams = self.streams(&call.group);
        match &call.prefix {
            Some(prefix) => streams.retain(|facts| facts.name.starts_with(prefix.as_str())),
            None => streams.sort_by_key(|facts| facts.last.map(|last| -last)),
        }
        let from = call.token.as_deref().map_or(0, place_of);
        let number = admitted.of_operation;
        let to = if number <= self.habits.bare || every(self.habits.empty, number) {
            from
        } else {
            (from + 5).min(streams.len())
        };
        Ok(StreamsPage {
            streams: streams[from..to].to_vec(),
            token: (to < streams.len()).then(|| format!("{to}+{number}")),
        })
    }

    async fn filter_streams(&self, call: NamesCall) -> Result<Page, CallError> {
        let admitted = self.admit("FilterLogEvents", &call.group)?;
        let all = self.groups[&call.group].iter();
        let known: BTreeSet<&Arc<str>> = all.clone().map(|event| &event.stream).collect();
        if !call.streams.iter().all(|stream| known.contains(stream)) {
            return Err(error(
                Kind::Missing,
                "FilterLogEvents",
                &call.group,
                "log stream",
            ));
        }
        let events = all.filter(|event| {
            (call.start..call.end).contains(&event.timestamp)
                && call.streams.contains(&event.stream)
        });
        let (events, place, is_end) =
            self.page(admitted, &events.collect::<Vec<_>>(), call.token.as_deref());
        Ok(Page {
            events,
            token: (!is_end).then(|| format!("{place}+{}", admitted.number)),
        })
    }

    async fn get_log_events(&self, call: GetCall) -> Result<Page, CallError> {
        let admitted = self.admit("GetLogEvents", &call.group)?;
        let events = self.groups[&call.group].iter().filter(|event| {
            (call.start..call.end).contains(&event.timestamp) && event.stream == call.stream
        });
        let (events, place, _) =
            self.page(admitted, &events.collect::<Vec<_>>(), call.token.as_deref());
        let token = match call.token {
            Some(token)
                if events.is_empty() && !every(self.habits.empty, admitted.of_operation) =>
            {
                token
            }
            _ => format!("{place}+{}", admitted.number),
        };
        let events = events.into_iter().map(|event| LogEvent {
            id: String::new(),
            ..event
        });
        Ok(Page {
            events: events.collect(),
            token: Some(token),
        })
    }
}

fn error(kind: Kind, operation: &'static str, group: &Arc<str>, what: &str) -> CallError {
    CallError {
        kind,
        operation,
        group: Arc::clone(group),
        place: Arc::new(Place::default()),
        reason: format!("The specified {what} does not exist."),
    }
}
