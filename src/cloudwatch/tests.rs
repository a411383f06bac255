//! Fetching as a whole, from a scripted service and under a clock that only moves when everybody waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::order::{Merge, Next};
use super::scripted::{Habits, Scripted};
use super::service::LogEvent;
use super::shelf::{Progress, Shelf};
use super::source::{self, Request, Site};
use super::{CallError, Direction, Place, Quotas};

const DAY: i64 = 86_400_000;
/// When windows begin.
const START: i64 = 1_795_000_000_000;

type Groups = BTreeMap<Arc<str>, Vec<LogEvent>>;

/// What was fetched, and what it took.
struct Fetched {
    /// Timestamp, group, stream and id of each event, in the order in which they came.
    events: Vec<(i64, String)>,
    first_after: Duration,
    took: Duration,
    calls: usize,
    throttled: usize,
    problems: Vec<CallError>,
    gaps: bool,
    most_held: usize,
}

fn event(at: i64, stream: &str, id: usize) -> LogEvent {
    LogEvent {
        timestamp: at,
        ingestion: Some(at + 10),
        stream: Arc::from(stream),
        id: format!("{id:08}"),
        message: format!("message {id}"),
    }
}

/// Fetches everything, or what comes before `most` events are there.
fn fetch(groups: Groups, habits: Habits, request: Request, most: usize) -> Fetched {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(fetched(groups, habits, request, most))
}

async fn fetched(groups: Groups, habits: Habits, request: Request, most: usize) -> Fetched {
    let names: Vec<Arc<str>> = groups.keys().cloned().collect();
    let count = names.len();
    let service = Arc::new(Scripted::new(groups, habits));
    let site = Site {
        service: Arc::clone(&service),
        place: Arc::new(Place::default()),
        account: String::new(),
        groups: names,
    };
    let (shelf, progress) = (
        Arc::new(Shelf::new(count, 1)),
        Arc::new(Progress::default()),
    );
    let fetch = source::fetch(site, 0, 1 << 20, &request, &shelf, &progress);
    let running = tokio::spawn(fetch.run());
    let mut merge = Merge::new(count, request.start, request.end, request.direction);
    let started = Instant::now();
    let mut found = Fetched {
        events: Vec::new(),
        first_after: Duration::ZERO,
        took: Duration::ZERO,
        calls: 0,
        throttled: 0,
        problems: Vec::new(),
        gaps: false,
        most_held: 0,
    };
    let mut ended = false;
    while found.events.len() < most {
        found.most_held = found.most_held.max(shelf.held());
        match merge.next(&shelf) {
            Next::Lines(lines) => {
                if found.events.is_empty() {
                    found.first_after = started.elapsed();
                }
                let text = |line: super::lines::Line| {
                    (
                        line.timestamp,
                        String::from_utf8(line.text.into()).expect("text"),
                    )
                };
                found.events.extend(lines.into_iter().map(text));
            }
            Next::End => break,
            Next::Later if ended => {
                found.gaps = true;
                break;
            }
            Next::Later => {
                ended = running.is_finished();
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    found.took = started.elapsed();
    shelf.stop();
    running.await.expect("no panic");
    found.gaps |= merge.gaps;
    found.problems = shelf.take_problems();
    let log = service.log.lock().expect("no panic");
    found.calls = log.calls.len();
    found.throttled = log.throttled;
    found
}

/// Returns what must come: sorted, each event once.
fn expected(groups: &Groups, request: &Request) -> Vec<(i64, String)> {
    let mut all: Vec<(i64, Arc<str>, String, String)> = Vec::new();
    for (group, events) in groups {
        for event in events {
            if (request.start..request.end).contains(&event.timestamp) {
                let mut text = Vec::new();
                super::lines::write(group, event, &mut text);
                text.pop();
                let text = String::from_utf8(text).expect("text");
                all.push((
                    event.timestamp,
                    event.stream.clone(),
                    event.id.clone(),
                    text,
                ));
            }
        }
    }
    all.sort();
    if request.direction == Direction::NewestFirst {
        all.reverse();
    }
    all.into_iter().map(|(at, _, _, text)| (at, text)).collect()
}

fn request(end: i64) -> Request {
    Request {
        start: START,
        end: START + end,
        ..Request::default()
    }
}

/// Events that lie evenly, so many in a day.
fn even(group: &str, count: usize, id: usize) -> (Arc<str>, Vec<LogEvent>) {
    let step = DAY / count as i64;
    let events = (0..count).map(|n| event(START + n as i64 * step, "ecs/batch/1", id + n));
    (Arc::from(group), events.collect())
}

fn any_groups() -> impl Strategy<Value = Groups> {
    let events = prop::collection::vec((0_i64..300, 0_u8..3), 0..120);
    prop::collection::vec(events, 1..4).prop_map(|groups| {
        let mut id = 0;
        let with_events = |(nth, events): (usize, Vec<(i64, u8)>)| {
            let events = events.into_iter().map(|(at, stream)| {
                id += 1;
                // Many events at few instants, so that pages end within one.
                event(
                    START + at / 7 * 7,
                    &format!("s/{stream}"),
                    id * 7919 % 10_007,
                )
            });
            (Arc::from(format!("g{nth}")), events.collect())
        };
        groups.into_iter().enumerate().map(with_events).collect()
    })
}

prop_compose! {
    fn any_habits()(
        page in 1_usize..30, latency in 1_u64..2000, quota in 2_u32..40,
        empty in 0_usize..5, repeat in 0_usize..5, partial in 0_usize..5, failing in 0_usize..8,
    ) -> Habits {
        let unless_one = |count: usize| if count == 1 { 0 } else { count };
        let seldom = |count: usize| if count < 4 { 0 } else { count };
        Habits {
            page,
            latency: Duration::from_millis(latency),
            quota: f64::from(quota),
            empty: unless_one(empty),
            repeat: unless_one(repeat),
            partial,
            failing: seldom(failing),
            ..Habits::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever the pages look like, and however the window is cut on the way: each event comes once, in order.
    #[test]
    fn every_event_comes_once_and_in_order(
        groups in any_groups(), habits in any_habits(), newest in any::<bool>(), start in 0_i64..100,
    ) {
        let request = Request {
            start: START + start,
            direction: if newest { Direction::NewestFirst } else { Direction::OldestFirst },
            ..request(290)
        };
        let wanted = expected(&groups, &request);
        let found = fetch(groups, habits, request, usize::MAX);
        prop_assert!(found.problems.is_empty(), "{:?}", found.problems);
        prop_assert!(!found.gaps);
        prop_assert_eq!(found.events, wanted);
    }
}

/// What a fetch must at least take: as many pages each second as the quota allows, and the last one's answer.
fn bound(pages: usize, habits: &Habits) -> f64 {
    ((pages - 1) as f64 / habits.quota).floor() + habits.latency.as_secs_f64()
}

#[test]
fn dense_and_sparse_windows_are_near_what_pages_and_quota_allow() {
    for (groups, per_group) in [(1, 20_000), (6, 3_400), (1, 40), (6, 40)] {
        for latency in [100, 500] {
            for quota in [5.0, 10.0, 25.0] {
                let habits = Habits {
                    page: 330,
                    latency: Duration::from_millis(latency),
                    quota,
                    ..Habits::default()
                };
                let all: Groups = (0..groups)
                    .map(|nth| even(&format!("g{nth}"), per_group, nth * 100_000))
                    .collect();
                let mut request = request(DAY);
                let quotas = [("FilterLogEvents".to_owned(), quota)];
                request.quotas = Quotas(quotas.into_iter().collect());
                let pages = groups * per_group.div_ceil(habits.page);
                let least = bound(pages, &habits);
                let wanted = expected(&all, &request);
                let found = fetch(all, habits, request, usize::MAX);
                assert!(found.events == wanted);
                assert_eq!(found.throttled, 0);
                let ratio = found.took.as_secs_f64() / least;
                let setting = format!("{groups} x {per_group}, {latency} ms, {quota}/s");
                let calls = found.calls;
                assert!(
                    ratio < 1.3,
                    "{setting}: {calls} calls for {pages} pages, {ratio:.2}"
                );
            }
        }
    }
}

#[test]
fn the_newest_are_there_within_three_calls() {
    let habits = Habits {
        page: 330,
        latency: Duration::from_millis(500),
        quota: 10.0,
        ..Habits::default()
    };
    let all: Groups = [even("g", 20_000, 0)].into();
    let request = Request {
        direction: Direction::NewestFirst,
        ..request(DAY)
    };
    let wanted = expected(&all, &request);
    let found = fetch(all, habits, request, 20);
    assert!(found.events[..20] == wanted[..20]);
    assert!(
        found.first_after <= Duration::from_millis(1500),
        "{:?}",
        found.first_after
    );
}
