//! Following over hours, with a clock that is wound on by hand.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tokio::time::{Instant as Moment, sleep};

use super::super::service::{FilterCall, LogEvent, Page, Service};
use super::super::{GroupFacts, GroupPage, Inventory, Kind, Place, Site, lines};
use super::queue::{Message, Queue};
use super::setup::Setup;
use super::*;

const START: i64 = 1_795_000_000_000;
const GROUP: &str = "/ecs/production-batch";

/// How the service behaves.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// How often an event is logged, in milliseconds.
    every: i64,
    /// After how many milliseconds a session ends; says nothing more; breaks.
    lasts: i64,
    silent_after: i64,
    /// How much later it is for the service than for who follows.
    early: i64,
    /// Up to which number sessions are granted.
    sessions: usize,
    why: Why,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            every: 700,
            lasts: 3 * 3_600_000,
            silent_after: i64::MAX,
            early: 0,
            sessions: usize::MAX,
            why: Why::Full,
        }
    }
}

/// A service that logs an event again and again: the number of the event is its message.
struct Scripted {
    began: Moment,
    habits: Habits,
    /// When sessions began and ended.
    sessions: Arc<Mutex<Vec<(i64, i64)>>>,
}

impl Scripted {
    fn now(&self) -> i64 {
        START + self.began.elapsed().as_millis() as i64
    }

    /// Returns the events that were taken in from one instant on and before another.
    fn events(&self, from: i64, to: i64) -> Vec<LogEvent> {
        let every = self.habits.every;
        let number = |at: i64| (at - START).max(0).div_euclid(every) + i64::from(at > START);
        let event = |number: i64| LogEvent {
            timestamp: START + number * every - number % 5 * 100,
            ingestion: Some(START + number * every),
            stream: Arc::from("s"),
            id: number.to_string(),
            message: number.to_string(),
        };
        (number(from)..number(to)).map(event).collect()
    }
}

impl Service for Scripted {
    async fn filter_log_events(&self, call: FilterCall) -> Result<Page, CallError> {
        sleep(Duration::from_millis(100)).await;
        let mut events = self.events(START, self.now());
        events.retain(|event| (call.start..call.end).contains(&event.timestamp));
        Ok(Page {
            events,
            token: None,
        })
    }
}

impl Inventory for Scripted {
    async fn groups(
        &self,
        name: &str,
        _: Option<String>,
        _: Option<i32>,
    ) -> Result<GroupPage, CallError> {
        let group = GroupFacts {
            name: name.to_owned(),
            arn: Some(format!(
                "arn:aws:logs:eu-west-1:123456789012:log-group:{name}"
            )),
            ..GroupFacts::default()
        };
        Ok(GroupPage {
            groups: vec![group],
            token: None,
        })
    }
}

impl LiveTail for Scripted {
    type Session = Shown;

    async fn start_live_tail(&self, call: LiveTailCall) -> Result<Shown, Refusal> {
        let mut sessions = self.sessions.lock().expect("no panic");
        if sessions.len() >= self.habits.sessions {
            return Err(Refusal {
                why: self.habits.why,
                error: CallError {
                    kind: Kind::Throttled,
                    operation: "StartLiveTail",
                    group: Arc::clone(&call.groups[0].name),
                    place: Arc::default(),
                    reason: String::new(),
                },
            });
        }
        sessions.push((self.now(), 0));
        Ok(Shown {
            service: Self {
                sessions: Arc::clone(&self.sessions),
                ..*self
            },
            number: sessions.len() - 1,
            until: self.now(),
        })
    }
}

/// A session of the service.
struct Shown {
    service: Scripted,
    number: usize,
    until: i64,
}

impl Shown {
    /// Takes note that it lives; returns how long.
    fn ages(&self, now: i64) -> i64 {
        let mut sessions = self.service.sessions.lock().expect("no panic");
        let (began, ended) = &mut sessions[self.number];
        *ended = now;
        now - *began
    }
}

impl Session for Shown {
    async fn next(&mut self) -> Result<Option<Update>, String> {
        sleep(Duration::from_secs(1)).await;
        let now = self.service.now();
        let age = self.ages(now);
        if age >= self.service.habits.silent_after {
            std::future::pending::<()>().await;
        }
        if age >= self.service.habits.lasts {
            return Err("SessionTimeoutException".to_owned());
        }
        let events = self.service.events(self.until, now).into_iter();
        self.until = now;
        Ok(Some(Update {
            events: events.map(|event| (Arc::from(GROUP), event)).collect(),
            sampled: false,
        }))
    }
}

/// Follows for so many seconds; returns the numbers of the events that came, the notices, and the sessions.
async fn follow(habits: Habits, seconds: u64) -> (Vec<i64>, Vec<Notice>, Vec<(i64, i64)>) {
    let began = Moment::now();
    let sessions = Arc::<Mutex<Vec<(i64, i64)>>>::default();
    let service = Scripted {
        began,
        habits,
        sessions: Arc::clone(&sessions),
    };
    let site = Site {
        service: Arc::new(service),
        place: Arc::new(Place::default()),
        account: String::new(),
        groups: vec![Arc::from(GROUP)],
    };
    let request = Request {
        since: None,
        pattern: None,
        prefixes: Vec::new(),
        optional: BTreeSet::new(),
        late: Duration::from_mins(10),
        polls: false,
        time_out: None,
        quotas: Quotas::default(),
        cache: None,
        clock: Arc::new(move || START - habits.early + began.elapsed().as_millis() as i64),
        spent: 0,
    };
    let queue = Arc::new(Queue::default());
    let setup = Setup::of(site, &request, (request.clock)(), &queue);
    let running = tokio::spawn(async move { setup.run(&[]).await });
    let (mut text, mut notices) = (Vec::new(), Vec::new());
    for _ in 0..seconds {
        sleep(Duration::from_secs(1)).await;
        while let Ok(Some(message)) = queue.next(Duration::ZERO) {
            match message {
                Message::Lines(lines) => text.extend(lines),
                Message::Notice(notice) => notices.push(notice),
            }
        }
    }
    queue.stop();
    running.await.expect("no panic");
    let events = lines::events(&text, 0);
    let numbers = events.map(|(_, event)| event.message.parse().expect("a number"));
    let sessions = sessions.lock().expect("no panic").clone();
    (numbers.collect(), notices, sessions)
}

/// Every event of the time came once; the last ones may be on their way.
#[track_caller]
fn is_whole(mut numbers: Vec<i64>, habits: Habits, seconds: u64) {
    numbers.sort_unstable();
    let expected: Vec<i64> = (0..numbers.len() as i64).collect();
    assert!(numbers == expected, "{numbers:?}");
    let all = seconds as i64 * 1000 / habits.every;
    assert!(
        numbers.len() as i64 > all - 30,
        "{} of {all}",
        numbers.len()
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_is_replaced_before_the_service_ends_it() {
    let habits = Habits {
        every: 7000,
        ..Habits::default()
    };
    let (numbers, notices, sessions) = follow(habits, 7 * 3600).await;
    is_whole(numbers, habits, 7 * 3600);
    assert_eq!(sessions.len(), 3);
    assert!(
        sessions
            .iter()
            .all(|(began, ended)| ended - began < habits.lasts)
    );
    let is_expected = |notice: &Notice| matches!(notice, Notice::Reopening(_));
    assert!(notices.iter().all(is_expected), "{notices:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_silent_is_replaced() {
    let habits = Habits {
        silent_after: 100_000,
        ..Habits::default()
    };
    let (numbers, _, sessions) = follow(habits, 1200).await;
    is_whole(numbers, habits, 1200);
    assert!(sessions.len() > 9, "{sessions:?}");
}

#[tokio::test(start_paused = true)]
async fn where_the_next_session_is_refused_polling_goes_on() {
    for why in [Why::Full, Why::Passing, Why::Lasting] {
        let habits = Habits {
            lasts: 60_000,
            sessions: 2,
            why,
            ..Habits::default()
        };
        let (numbers, notices, _) = follow(habits, 900).await;
        is_whole(numbers, habits, 900);
        let is_polling = |notice: &&Notice| matches!(notice, Notice::Polling { .. });
        assert_eq!(notices.iter().filter(is_polling).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_session_the_groups_are_polled_from_the_beginning() {
    let habits = Habits {
        sessions: 0,
        ..Habits::default()
    };
    let (numbers, _, _) = follow(habits, 900).await;
    is_whole(numbers, habits, 900);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_some_seconds_early_loses_nothing() {
    for (early, sessions) in [(1500, 0), (1500, usize::MAX), (5000, 3)] {
        let habits = Habits {
            lasts: 40_000,
            early,
            sessions,
            ..Habits::default()
        };
        let (numbers, _, _) = follow(habits, 900).await;
        is_whole(numbers, habits, 900);
    }
}
