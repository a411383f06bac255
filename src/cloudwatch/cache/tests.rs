//! What is kept, and what becomes of it.

use std::sync::atomic::AtomicUsize;

use tempfile::TempDir;
use tokio::time::sleep;

use super::super::order::{Merge, Next};
use super::super::service::{FilterCall, LogEvent, Page, Service};
use super::super::shelf::Shelf;
use super::super::source::{self, Request, Site};
use super::super::{CallError, Quotas, lines};
use super::*;

const START: i64 = 1_795_000_000_000;

fn piece(start: i64, end: i64, at: &[i64]) -> Piece {
    let events = at.iter().map(|at| LogEvent {
        timestamp: START + at,
        stream: Arc::from("s"),
        id: at.to_string(),
        ..LogEvent::default()
    });
    Piece {
        lane: 0,
        start: START + start,
        end: START + end,
        pages: Packed::of("g", events.collect()).into_iter().collect(),
        complete: true,
    }
}

fn subject(pattern: Option<&str>) -> Subject<'_> {
    Subject {
        account: "123456789012",
        region: "ap-northeast-1",
        group: "/ecs/production-batch",
        prefix: None,
        pattern,
    }
}

fn times(stored: &Stored) -> Vec<i64> {
    let piece = stored.load().expect("whole");
    let pages = piece.pages.iter();
    let lines = pages.flat_map(|page| page.lines().expect("whole"));
    lines.map(|line| line.timestamp - START).collect()
}

#[test]
fn what_is_kept_serves_any_window_and_the_rest_is_missing() {
    let folder = TempDir::new().expect("a folder");
    let cache = Cache::new(folder.path(), 1 << 20).shelf(&subject(None));
    cache.keep(&piece(0, 10, &[1, 5, 9])).expect("kept");
    cache.keep(&piece(10, 20, &[])).expect("kept");
    cache.keep(&piece(30, 40, &[30, 39])).expect("kept");
    let (stored, missing) = cache.find(0, START + 4, START + 35);
    let found: Vec<Vec<i64>> = stored.iter().map(times).collect();
    assert_eq!(found, [vec![5, 9], vec![], vec![30]]);
    assert_eq!(missing, [(START + 20, START + 30)]);
    let other = Cache::new(folder.path(), 1 << 20).shelf(&subject(Some("ERROR")));
    assert_eq!(other.find(0, START, START + 40).1, [(START, START + 40)]);
}

#[test]
fn a_damaged_file_is_removed_and_half_a_file_is_none() {
    let folder = TempDir::new().expect("a folder");
    let cache = Cache::new(folder.path(), 1 << 20).shelf(&subject(None));
    cache.keep(&piece(0, 10, &[1])).expect("kept");
    let (stored, _) = cache.find(0, START, START + 10);
    fs::write(&stored[0].path, b"no frame").expect("written");
    assert!(stored[0].load().is_err());
    assert!(!stored[0].path.exists());
    fs::write(cache.folder.join(".new-1-1"), b"half").expect("written");
    assert_eq!(cache.find(0, START, START + 10).1, [(START, START + 10)]);
}

#[test]
fn a_bit_that_turned_over_is_noticed() {
    let folder = TempDir::new().expect("a folder");
    let cache = Cache::new(folder.path(), 1 << 20).shelf(&subject(None));
    cache.keep(&piece(0, 1000, &[1, 5, 900])).expect("kept");
    let (stored, _) = cache.find(0, START, START + 1000);
    let good = fs::read(&stored[0].path).expect("there");
    let text = |stored: &Stored| {
        let pages = stored.load().ok()?.pages;
        pages
            .iter()
            .map(|page| page.text().ok())
            .collect::<Option<Vec<_>>>()
    };
    let right = text(&stored[0]);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&stored[0].path, &bad).expect("written");
        let found = text(&stored[0]);
        assert!(found.is_none() || found == right, "bit {bit}");
    }
}

#[test]
fn the_oldest_files_go_first() {
    let folder = TempDir::new().expect("a folder");
    let shelf = Cache::new(folder.path(), 0).shelf(&subject(None));
    for nth in 0..4 {
        let at = nth * 10;
        shelf.keep(&piece(at, at + 10, &[at])).expect("kept");
        let (stored, _) = shelf.find(0, START + at, START + at + 10);
        let file = fs::File::options()
            .append(true)
            .open(&stored[0].path)
            .expect("there");
        let age = Duration::from_secs(1000 - 10 * nth as u64);
        file.set_modified(SystemTime::now() - age).expect("set");
    }
    let before = Cache::new(folder.path(), 0).stock();
    let cache = Cache::new(folder.path(), before.bytes / 3 * 2);
    cache.evict();
    let after = cache.stock();
    assert!(
        after.bytes <= before.bytes / 3 * 2 && (1..4).contains(&after.files),
        "{after:?}"
    );
    let (stored, _) = shelf.find(0, START, START + 40);
    assert_eq!(stored.last().map(|stored| stored.end), Some(START + 40));
    assert_eq!(cache.clear().expect("cleared"), after);
    assert_eq!(cache.stock(), Stock::default());
}

#[test]
fn what_lies_outside_of_a_piece_is_not_lost_with_it() {
    let folder = TempDir::new().expect("a folder");
    let cache = Cache::new(folder.path(), 1 << 20).shelf(&subject(None));
    for start in [0, 10, 20] {
        cache
            .keep(&piece(start, start + 10, &[start]))
            .expect("kept");
    }
    // One event is of the time of the second piece: the first and the last stay.
    let late = piece(30, 40, &[12, 35]);
    cache.forget_late(&late);
    cache.keep(&late).expect("kept");
    let missing = cache.find(0, START, START + 40).1;
    assert_eq!(missing, [(START + 10, START + 30)]);
    // A page that was not split has an event of the next piece.
    cache.keep(&piece(40, 50, &[45, 55])).expect("no failure");
    let missing = cache.find(0, START + 40, START + 60).1;
    assert_eq!(missing, [(START + 40, START + 60)]);
}

/// A service with an event for each second, and one that becomes readable while a later page is read.
struct Late {
    calls: AtomicUsize,
}

impl Late {
    const EVENTS: i64 = 200;
    const PAGE: usize = 10;
    /// The call that finds it: its time was handed out four pages before.
    const COMES: usize = 8;

    /// Returns the event with this number; that of an odd half second came late.
    fn event(number: i64) -> LogEvent {
        LogEvent {
            timestamp: START + number * 500,
            stream: Arc::from("s"),
            id: format!("{number:04}"),
            ..LogEvent::default()
        }
    }

    fn events(has_late: bool) -> Vec<LogEvent> {
        let on_time = (0..Self::EVENTS).map(|second| second * 2);
        let mut numbers: Vec<i64> = on_time.chain(has_late.then_some(5)).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(Self::event).collect()
    }
}

impl Service for Late {
    async fn filter_log_events(&self, call: FilterCall) -> Result<Page, CallError> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let after = call.token.as_deref().map_or(i64::MIN, |token| {
            token.parse().expect("a token of this service")
        });
        let is_left = |event: &LogEvent| {
            (call.start..call.end).contains(&event.timestamp) && event.timestamp > after
        };
        let mut left = Self::events(number > Self::COMES);
        left.retain(is_left);
        let has_more = left.len() > Self::PAGE;
        left.truncate(Self::PAGE);
        let last = left.last().map(|event| event.timestamp.to_string());
        if number == Self::COMES {
            left.push(Self::event(5));
        }
        Ok(Page {
            events: left,
            token: last.filter(|_| has_more),
        })
    }
}

/// Reads everything as blocks are, and returns the ids in order.
async fn ids(service: &Arc<Late>, request: &Request) -> Vec<String> {
    let site = Site {
        service: Arc::clone(service),
        place: Arc::default(),
        account: String::new(),
        groups: vec![Arc::from("g")],
    };
    let (shelf, progress) = (Arc::new(Shelf::new(1, 1)), Arc::default());
    let fetch = source::fetch(site, 0, 1 << 20, request, &shelf, &progress);
    let running = tokio::spawn(fetch.run());
    let mut merge = Merge::new(1, request.start, request.end, request.direction);
    let mut found = Vec::new();
    loop {
        match merge.next(&shelf) {
            Next::Lines(lines) => found.extend(lines),
            Next::Later => sleep(Duration::from_millis(20)).await,
            Next::End => break,
        }
    }
    running.await.expect("no panic");
    let text: Vec<u8> = found
        .iter()
        .flat_map(|line| [&line.text[..], b"\n"].concat())
        .collect();
    let mut ids: Vec<String> = lines::events(&text, 0).map(|(_, event)| event.id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn an_event_that_comes_late_is_in_every_later_answer() {
    let folder = TempDir::new().expect("a folder");
    let quotas = [("FilterLogEvents".to_owned(), 1.0)];
    let request = Request {
        start: START,
        end: START + 1000 * Late::EVENTS,
        closed: START + 1000 * Late::EVENTS,
        cache: Some(Cache::new(folder.path(), 1 << 20)),
        // One slice, all pages of which come after each other.
        quotas: Quotas(quotas.into_iter().collect()),
        ..Request::default()
    };
    let service = Arc::new(Late {
        calls: AtomicUsize::new(0),
    });
    let expected: Vec<String> = Late::events(true)
        .into_iter()
        .map(|event| event.id)
        .collect();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(async {
            let mut calls = Vec::new();
            for _ in 0..3 {
                assert_eq!(ids(&service, &request).await, expected);
                calls.push(service.calls.load(Ordering::Relaxed));
            }
            // What was kept of its time is read once more, and then all is kept.
            let all = Late::EVENTS as usize / Late::PAGE;
            assert_eq!(calls[0], all);
            assert!(calls[1] > all && calls[1] < all * 2, "{calls:?}");
            assert_eq!(calls[2], calls[1]);
        });
}
