//! The account while it runs: its groups, how it behaves, and what was asked of it so far.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::api::{Definition, Run};
use crate::fault::FaultKind;
use crate::journal::Call;
use crate::logs::{Group, Line};
use crate::settings::{self, Behaviour, Settings};

/// A running account.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) account: String,
    region: String,
    started: Instant,
    /// What is added to the system's time.
    ahead: i64,
    groups: RwLock<Vec<Arc<Group>>>,
    behaviour: RwLock<Arc<Behaviour>>,
    calls: Mutex<Calls>,
    queries: Mutex<Vec<Run>>,
    definitions: Mutex<Vec<Definition>>,
    pub(crate) sessions: AtomicUsize,
    in_flight: AtomicUsize,
}

#[derive(Debug, Default)]
struct Calls {
    journal: Vec<Call>,
    of_all: u64,
    of_action: HashMap<String, u64>,
    admitted: HashMap<String, VecDeque<Instant>>,
}

/// A call that came, and what is to happen to it.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) number: u64,
    /// The region it was signed for.
    pub(crate) region: String,
    pub(crate) at: Instant,
    pub(crate) behaviour: Arc<Behaviour>,
    pub(crate) faults: Vec<FaultKind>,
    /// How long a slow body takes.
    pub(crate) slow: Duration,
    pub(crate) over_quota: bool,
    service: Arc<Service>,
}

impl Service {
    /// Makes the account of some settings.
    pub(crate) fn new(settings: Settings) -> io::Result<Self> {
        let system = system_now();
        let now = settings.now.map_or(system, |time| time.0);
        let groups = settings.groups.into_iter();
        let groups = groups.map(|group| Group::new(group, now).map(Arc::new));
        Ok(Self {
            account: settings.account,
            region: settings.region,
            started: Instant::now(),
            ahead: now - system,
            groups: RwLock::new(groups.collect::<io::Result<_>>()?),
            behaviour: RwLock::new(Arc::new(settings.behaviour)),
            calls: Mutex::default(),
            queries: Mutex::default(),
            definitions: Mutex::default(),
            sessions: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
        })
    }

    /// Returns what time it is for the data.
    pub(crate) fn now(&self) -> i64 {
        system_now() + self.ahead
    }

    pub(crate) fn groups(&self) -> Vec<Arc<Group>> {
        let groups = self.groups.read();
        groups.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn group(&self, name: &str) -> Option<Arc<Group>> {
        let groups = self.groups().into_iter();
        groups.into_iter().find(|group| group.settings.name == name)
    }

    /// Returns a group's ARN without the `:*` behind it.
    pub(crate) fn group_arn(&self, name: &str) -> String {
        let group = self.group(name);
        let own = group
            .as_ref()
            .and_then(|group| group.settings.region.as_ref());
        let (region, account) = (own.unwrap_or(&self.region), &self.account);
        format!("arn:aws:logs:{region}:{account}:log-group:{name}")
    }

    pub(crate) fn add_group(&self, group: settings::Group) -> io::Result<()> {
        let group = Arc::new(Group::new(group, self.now())?);
        let groups = self.groups.write();
        groups.unwrap_or_else(PoisonError::into_inner).push(group);
        Ok(())
    }

    pub(crate) fn delete_group(&self, name: &str) {
        let groups = self.groups.write();
        let mut groups = groups.unwrap_or_else(PoisonError::into_inner);
        groups.retain(|group| group.settings.name != name);
    }

    /// Adds events to a group, which is made when there is none.
    pub(crate) fn put(&self, name: &str, lines: Vec<Line>) -> io::Result<()> {
        if self.group(name).is_none() {
            self.add_group(settings::Group {
                name: name.to_owned(),
                ..settings::Group::default()
            })?;
        }
        if let Some(group) = self.group(name) {
            group.put(lines);
        }
        Ok(())
    }

    pub(crate) fn behaviour(&self) -> Arc<Behaviour> {
        let behaviour = self.behaviour.read();
        behaviour.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        let current = self.behaviour.write();
        *current.unwrap_or_else(PoisonError::into_inner) = Arc::new(behaviour);
    }

    pub(crate) fn queries(&self) -> MutexGuard<'_, Vec<Run>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn definitions(&self) -> MutexGuard<'_, Vec<Definition>> {
        let definitions = self.definitions.lock();
        definitions.unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn journal(&self) -> Vec<Call> {
        self.calls().journal.clone()
    }

    /// Empties the journal, begins to count the calls anew, and forgets what was admitted in the last second.
    pub(crate) fn forget(&self) {
        let mut calls = self.calls();
        *calls = Calls {
            of_all: calls.of_all,
            ..Calls::default()
        };
    }

    /// Writes down a call and decides what happens to it.
    pub(crate) fn arrive(
        self: &Arc<Self>,
        action: &str,
        key: &str,
        region: &str,
        request: serde_json::Value,
    ) -> Arrival {
        let at = Instant::now();
        let behaviour = self.behaviour();
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        let mut calls = self.calls();
        calls.of_all += 1;
        let of_all = calls.journal.len() as u64 + 1;
        let number = calls.of_all;
        let of_action = calls.of_action.entry(action.to_owned()).or_default();
        *of_action += 1;
        let of_action = *of_action;
        let over_quota = behaviour.quota(action).is_some_and(|quota| {
            let admitted = calls.admitted.entry(action.to_owned()).or_default();
            !admit(admitted, at, quota as usize)
        });
        calls.journal.push(Call {
            number,
            action: action.to_owned(),
            at_ms: at.duration_since(self.started).as_secs_f64() * 1000.0,
            in_flight,
            access_key: key.to_owned(),
            region: region.to_owned(),
            request,
            answer: "none".to_owned(),
            over_quota,
            ..Call::default()
        });
        drop(calls);
        let mut slow = Duration::ZERO;
        let mut faults = Vec::new();
        for fault in &behaviour.faults {
            if fault.happens(action, of_all, of_action, key) {
                faults.push(fault.kind);
                slow = slow.max(Duration::from_millis(fault.ms));
                if let (FaultKind::GroupDeleted, Some(group)) = (fault.kind, &fault.group) {
                    self.delete_group(group);
                }
            }
        }
        Arrival {
            number,
            region: region.to_owned(),
            at,
            behaviour,
            faults,
            slow,
            over_quota,
            service: self.clone(),
        }
    }
}

impl Arrival {
    /// Changes what the journal says of the call.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Call)) {
        let mut calls = self.service.calls();
        let journal = &mut calls.journal;
        if let Ok(at) = journal.binary_search_by_key(&self.number, |call| call.number) {
            change(&mut journal[at]);
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.service.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns whether a call is one of those that any second has room for, and counts it then.
fn admit(admitted: &mut VecDeque<Instant>, at: Instant, quota: usize) -> bool {
    let second = Duration::from_secs(1);
    while admitted
        .front()
        .is_some_and(|first| at.duration_since(*first) >= second)
    {
        admitted.pop_front();
    }
    let room = admitted.len() < quota;
    if room {
        admitted.push_back(at);
    }
    room
}

/// Returns the system's time in milliseconds since 1970.
pub(crate) fn system_now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_calls_than_the_quota() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut admitted = VecDeque::new();
        let mut ask = |ms| admit(&mut admitted, at(ms), 2);
        assert!(ask(0) && ask(900));
        assert!(!ask(950), "two were admitted within the second before");
        assert!(ask(1000), "the first is a second ago");
        assert!(!ask(1899));
        assert!(ask(1900));
    }
}
