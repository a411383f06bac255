//! Fetching as a whole, from a scripted service and under a clock that only moves when everybody waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::order::{Merge, Next};
use super::scripted::{Habits, Scripted};
use super::service::{FilterCall, LogEvent, Page, Service};
use super::shelf::{Progress, Shelf};
use super::source::{self, Request, Site, Source};
use super::{Cache, CallError, Direction, Kind, Place, Quotas};

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
    let count = names.len() * request.prefixes.len().max(1);
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

fn fits(event: &LogEvent, request: &Request) -> bool {
    let pattern = request.pattern.as_deref();
    let prefixes = &request.prefixes;
    pattern.is_none_or(|pattern| event.message.contains(pattern))
        && (prefixes.is_empty()
            || prefixes
                .iter()
                .any(|prefix| event.stream.starts_with(&**prefix)))
}

/// Returns what must come: sorted, each event once.
fn expected(groups: &Groups, request: &Request) -> Vec<(i64, String)> {
    let mut all: Vec<(i64, Arc<str>, String, String)> = Vec::new();
    for (group, events) in groups {
        for event in events {
            let is_in = (request.start..request.end).contains(&event.timestamp);
            if is_in && fits(event, request) {
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
        empty in 0_usize..5, repeat in 0_usize..5, partial in 0_usize..5, failing in 0_usize..8, scan in 0_usize..30,
    ) -> Habits {
        let unless_one = |count: usize| if count == 1 { 0 } else { count };
        let seldom = |count: usize| if count < 4 { 0 } else { count };
        Habits {
            page,
            scan: seldom(scan),
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
        pattern in prop::sample::select(vec![None, Some("7"), Some("77"), Some("none")]),
        prefixes in prop::sample::select(vec![vec![], vec!["s/1"], vec!["s/0", "s/2", "s/"]]),
    ) {
        let request = Request {
            start: START + start,
            pattern: pattern.map(Arc::from),
            prefixes: prefixes.into_iter().map(Arc::from).collect(),
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

/// What a fetch must at least take: as many pages each second as the quota allows, with the gaps between the first
/// ones, and the last one's answer.
fn bound(pages: usize, habits: &Habits) -> f64 {
    let gaps = habits.quota * 0.015;
    (pages - 1) as f64 / habits.quota + gaps + habits.latency.as_secs_f64()
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

/// Events that lie evenly, of which every so many matches.
fn with_matches(count: usize, every: usize) -> Groups {
    let (name, mut events) = even("g", count, 0);
    for event in events.iter_mut().step_by(every) {
        event.message.push_str(" match");
    }
    [(name, events)].into()
}

#[test]
fn where_few_events_match_nothing_is_looked_at_twice() {
    for every in [10, 100, 1000, 100_000] {
        for (latency, quota) in [(100, 5.0), (500, 10.0), (500, 25.0)] {
            let habits = Habits {
                scan: 200,
                latency: Duration::from_millis(latency),
                quota,
                ..Habits::default()
            };
            let all = with_matches(20_000, every);
            let quotas = [("FilterLogEvents".to_owned(), quota)];
            let request = Request {
                pattern: Some(Arc::from("match")),
                quotas: Quotas(quotas.into_iter().collect()),
                ..request(DAY)
            };
            let pages = 20_000_usize.div_ceil(habits.scan);
            let least = bound(pages, &habits);
            let found = fetch(all, habits, request, usize::MAX);
            assert_eq!(found.events.len(), 20_000_usize.div_ceil(every));
            let (calls, took) = (found.calls, found.took.as_secs_f64() / least);
            let setting = format!(
                "1 of {every}, {latency} ms, {quota}/s: {calls} calls for {pages} pages, {took:.2}"
            );
            let more = calls as f64 / pages as f64;
            assert!(more < 1.3 && took < 1.3, "{setting}");
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

/// How much may wait for a late piece, and what that comes to at most with the calls that were under way.
const ROOM: usize = 1 << 15;
const MOST: usize = 2 * ROOM;

/// Fetches of several sites that fill one shelf, and the order in which it is emptied.
struct Joined {
    shelf: Arc<Shelf>,
    merge: Merge,
    _running: JoinSet<()>,
}

impl Joined {
    fn open(sites: Vec<(Groups, Habits)>, request: &Request) -> Self {
        let lanes = sites.iter().map(|(groups, _)| groups.len()).sum();
        let shelf = Arc::new(Shelf::new(lanes, sites.len()));
        let progress = Arc::new(Progress::default());
        let (mut running, mut first) = (JoinSet::new(), 0);
        for (groups, habits) in sites {
            let site = Site {
                groups: groups.keys().cloned().collect(),
                service: Arc::new(Scripted::new(groups, habits)),
                place: Arc::new(Place::default()),
                account: String::new(),
            };
            let count = site.groups.len();
            running.spawn(source::fetch(site, first, ROOM, request, &shelf, &progress).run());
            first += count;
        }
        Self {
            shelf,
            merge: Merge::new(lanes, request.start, request.end, request.direction),
            _running: running,
        }
    }

    /// Reads to the end; returns how many events came, and the most that was held meanwhile.
    async fn read(&mut self) -> (usize, usize) {
        let (mut events, mut most) = (0, 0);
        loop {
            most = most.max(self.shelf.held());
            match self.merge.next(&self.shelf) {
                Next::Lines(lines) => events += lines.len(),
                Next::Later => sleep(Duration::from_millis(20)).await,
                Next::End => return (events, most),
            }
        }
    }
}

/// Runs what must end, under a clock that only moves when everybody waits.
fn ends<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(async { timeout(Duration::from_hours(10), future).await })
        .expect("it ends")
}

/// Groups that hold far more than there is room for.
fn dense(group: &str) -> Groups {
    [even(group, 60_000, 0)].into()
}

fn pages() -> Habits {
    Habits {
        page: 330,
        ..Habits::default()
    }
}

/// A request with a cache that has all events of these groups which are older than `closed`.
fn kept(folder: &TempDir, closed: i64, all: &[Groups], direction: Direction) -> Request {
    let request = Request {
        cache: Some(Cache::new(folder.path(), 1 << 30)),
        closed: START + closed,
        direction,
        ..request(DAY)
    };
    for groups in all {
        let found = fetch(groups.clone(), pages(), request.clone(), usize::MAX);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
    }
    request
}

#[test]
fn what_nobody_takes_is_not_more_than_there_is_room_for() {
    for direction in [Direction::OldestFirst, Direction::NewestFirst] {
        for closed in [0, DAY / 8, DAY / 8 * 7, DAY] {
            let folder = TempDir::new().expect("a folder");
            let groups = dense("g");
            let request = kept(&folder, closed, std::slice::from_ref(&groups), direction);
            let (held, events) = ends(async {
                let mut joined = Joined::open(vec![(groups, pages())], &request);
                sleep(Duration::from_mins(1)).await;
                (joined.shelf.held(), joined.read().await.0)
            });
            let setting = format!("{direction:?}, kept up to {closed}");
            assert!(held > 0 && held < MOST, "{setting}: {held}");
            assert_eq!(events, 60_000, "{setting}");
        }
    }
}

#[test]
fn two_sites_over_a_full_cache_end() {
    for direction in [Direction::OldestFirst, Direction::NewestFirst] {
        let folder = TempDir::new().expect("a folder");
        let all = [dense("a"), dense("b")];
        let request = kept(&folder, DAY, &all, direction);
        let (events, most) = ends(async {
            let sites = all.map(|groups| (groups, pages())).into();
            Joined::open(sites, &request).read().await
        });
        assert_eq!(events, 120_000, "{direction:?}");
        assert!(most < 2 * MOST, "{direction:?}: {most}");
    }
}

#[test]
fn what_waits_for_a_slow_site_is_not_more_than_there_is_room_for() {
    let slow = Habits {
        latency: Duration::from_secs(10),
        ..pages()
    };
    let (events, most) = ends(async {
        let sites = vec![(dense("a"), slow), (dense("b"), pages())];
        Joined::open(sites, &request(DAY)).read().await
    });
    assert_eq!(events, 120_000);
    assert!(most < 2 * MOST, "{most}");
}

/// Fetches two groups, the second of which is gone after so many calls, and need not be there.
fn vanishing(calls: usize) -> Fetched {
    let habits = Habits {
        vanishes: Some((Arc::from("b"), calls)),
        ..Habits::default()
    };
    let all: Groups = [even("a", 40, 0), even("b", 400, 100)].into();
    let mut request = request(DAY);
    request.optional = [Arc::from("b")].into();
    ends(fetched(all, habits, request, usize::MAX))
}

#[test]
fn a_group_that_need_not_be_there_is_left_out_unless_something_of_it_was_read() {
    let absent = vanishing(0);
    assert!(absent.problems.is_empty() && !absent.gaps);
    assert_eq!(absent.events.len(), 40);
    let gone = vanishing(15);
    let kinds: Vec<Kind> = gone.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [Kind::Missing]);
    assert!(gone.gaps && gone.events.len() > 40);
}

/// A service whose name takes long to be looked up.
struct Unresolved;

impl Service for Unresolved {
    async fn filter_log_events(&self, _call: FilterCall) -> Result<Page, CallError> {
        let looked_up = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(20)));
        looked_up.await.expect("no panic");
        Ok(Page::default())
    }
}

#[test]
fn the_end_does_not_wait_for_a_name_to_be_looked_up() {
    let site = Site {
        service: Arc::new(Unresolved),
        place: Arc::new(Place::default()),
        account: String::new(),
        groups: vec![Arc::from("g")],
    };
    let started = std::time::Instant::now();
    let source = Source::open(vec![site], &request(DAY), Arc::default());
    let progress = source.progress();
    while progress.calls() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // The look-up is under way by then.
    std::thread::sleep(Duration::from_millis(50));
    drop(source);
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Fetches two groups, the second of which leads in a circle of so many pages.
fn circling(length: usize) -> Fetched {
    let habits = Habits {
        circle: Some((Arc::from("b"), length)),
        ..Habits::default()
    };
    let all: Groups = [even("a", 40, 0), even("b", 40, 100)].into();
    let mut request = request(DAY);
    // A slice for each group.
    let quotas = [("FilterLogEvents".to_owned(), 2.0)];
    request.quotas = Quotas(quotas.into_iter().collect());
    ends(fetched(all, habits, request, usize::MAX))
}

#[test]
fn pages_that_lead_back_to_themselves_are_given_up_and_their_group_is_named() {
    for length in [1, 2, 7] {
        let found = circling(length);
        assert!(found.gaps);
        assert_eq!(found.events.len(), 40);
        assert!(!found.problems.is_empty());
        for problem in found.problems {
            assert_eq!((problem.kind, &*problem.group), (Kind::TokenLost, "b"));
        }
    }
}
