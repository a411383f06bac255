//! The law of following: whatever breaks, every event is handed out once.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// When following begins.
const BEGIN: i64 = 10_000_000;
/// How late events may be.
const LATE: i64 = 600_000;
/// How long a step of the simulated time is.
const STEP: i64 = 1000;

fn found(timestamp: i64, ingestion: i64, message: &str, id: &str) -> Found {
    Found {
        group: Arc::from("g"),
        event: LogEvent {
            timestamp,
            ingestion: Some(ingestion),
            stream: Arc::from("s"),
            id: id.to_owned(),
            message: message.to_owned(),
        },
    }
}

fn link(has_history: bool) -> Link {
    Link::new(Beginning {
        floor: BEGIN,
        earliest: 0,
        late: LATE,
        has_history,
    })
}

fn messages(link: &mut Link) -> Vec<String> {
    let taken = link.take().into_iter();
    taken.map(|found| found.event.message).collect()
}

#[test]
fn what_a_session_shows_waits_for_the_gap_before_it() {
    let mut link = link(false);
    link.opened(BEGIN + 1000);
    assert_eq!(link.next_look(), Some(BEGIN + 1000));
    assert_eq!(link.begin_look(BEGIN + 1000), BEGIN - NEAR);
    link.shows(
        vec![found(BEGIN + 1500, BEGIN + 1600, "third", "")],
        BEGIN + 2000,
    );
    assert!(link.take().is_empty());
    link.reads(vec![
        found(BEGIN + 500, BEGIN + 600, "second", "2"),
        found(BEGIN + 100, BEGIN + 100, "first", "1"),
        found(BEGIN - 100, BEGIN - 1, "before", "0"),
        found(BEGIN + 1500, BEGIN + 1600, "third", "3"),
    ]);
    link.end_look();
    assert_eq!(messages(&mut link), ["first", "second", "third"]);
    link.shows(
        vec![found(BEGIN + 2500, BEGIN + 2600, "fourth", "")],
        BEGIN + 3000,
    );
    assert_eq!(messages(&mut link), ["fourth"]);
}

#[test]
fn a_gap_that_cannot_be_read_holds_nothing_back_for_long() {
    let mut link = link(false);
    link.opened(BEGIN);
    link.begin_look(BEGIN);
    link.shows(vec![found(BEGIN, BEGIN, "one", "")], BEGIN + 1000);
    link.fail_look(Some(BEGIN + 5000));
    assert_eq!(link.next_look(), Some(BEGIN + 5000));
    assert!(link.take().is_empty());
    link.shows(Vec::new(), BEGIN + PATIENCE);
    assert_eq!(messages(&mut link), ["one"]);
}

#[test]
fn where_the_gap_can_never_be_read_nothing_waits_for_it() {
    let mut link = link(false);
    link.opened(BEGIN);
    link.begin_look(BEGIN);
    link.shows(
        vec![found(BEGIN + 100, BEGIN + 200, "one", "")],
        BEGIN + 300,
    );
    link.fail_look(None);
    assert_eq!(messages(&mut link), ["one"]);
    link.shows(
        vec![found(BEGIN + 400, BEGIN + 500, "two", "")],
        BEGIN + 600,
    );
    assert_eq!(messages(&mut link), ["two"]);
}

#[test]
fn the_events_of_one_update_are_sorted_and_late_ones_come_late() {
    let mut link = link(false);
    link.opened(BEGIN);
    link.begin_look(BEGIN);
    link.end_look();
    let update = vec![
        found(BEGIN + 900, BEGIN + 950, "b", ""),
        found(BEGIN + 800, BEGIN + 960, "a", ""),
    ];
    link.shows(update, BEGIN + 1000);
    link.shows(
        vec![found(BEGIN + 500, BEGIN + 1500, "late", "")],
        BEGIN + 2000,
    );
    assert_eq!(messages(&mut link), ["a", "b", "late"]);
}

#[test]
fn what_was_known_before_is_not_said_again() {
    let mut link = link(true);
    link.knows(&found(BEGIN + 1, BEGIN + 2, "one", "1"));
    link.polls(2000, BEGIN + 3000);
    link.begin_look(BEGIN + 3000);
    link.reads(vec![
        found(BEGIN + 1, BEGIN + 2, "one", "1"),
        found(BEGIN + 1, BEGIN + 2, "one", "2"),
    ]);
    link.end_look();
    assert_eq!(messages(&mut link).len(), 1);
    assert_eq!(link.next_look(), Some(BEGIN + 5000));
}

#[test]
fn memory_is_given_back() {
    let mut link = link(false);
    link.opened(BEGIN);
    for _ in SETTLING {
        link.begin_look(BEGIN);
        link.end_look();
    }
    for second in 0..1000 {
        let at = BEGIN + second * 1000;
        link.shows(vec![found(at, at, "a", "")], at);
    }
    assert_eq!(link.take().len(), 1000);
    assert!(link.join.len() < 100, "{}", link.join.len());
}

/// An event of the simulated service.
#[derive(Clone, Debug)]
struct Logged {
    found: Found,
    /// When a session shows it that is open then, and was when the event was taken in.
    shown: i64,
    /// From when on it can be read.
    readable: i64,
}

/// What happens to whoever follows.
#[derive(Clone, Debug)]
struct Fate {
    /// How long each session lasts, and how long it takes until the next; in steps.
    sessions: Vec<(i64, i64)>,
    /// How long each look takes, in steps, and whether it fails.
    looks: Vec<(i64, bool)>,
    /// Whether it ends in polling.
    polls: bool,
}

fn logged() -> impl Strategy<Value = Vec<Logged>> {
    let event = (
        1_i64..200_000,
        0_i64..4,
        0_i64..30_000,
        0_i64..30_000,
        1_usize..3,
    );
    prop::collection::vec(event, 1..60).prop_map(|events| {
        let mut all = Vec::new();
        for (after, lateness, shown, readable, copies) in events {
            let ingestion = BEGIN + after;
            let timestamp = ingestion - [10, 500, 45_000, LATE - 60_000][lateness as usize];
            for _ in 0..copies {
                let id = all.len().to_string();
                all.push(Logged {
                    found: found(timestamp, ingestion, &format!("{after}"), &id),
                    shown: ingestion + shown,
                    readable: ingestion + readable,
                });
            }
        }
        all
    })
}

fn fate() -> impl Strategy<Value = Fate> {
    let sessions = prop::collection::vec((1_i64..80, 1_i64..60), 0..4);
    let looks = prop::collection::vec((0_i64..10, prop::bool::weighted(0.3)), 1..8);
    (sessions, looks, any::<bool>()).prop_map(|(sessions, looks, polls)| Fate {
        sessions,
        looks,
        polls,
    })
}

/// Follows the service until all is quiet; returns what was handed out.
fn follow(all: &[Logged], fate: &Fate) -> Vec<Found> {
    let mut link = link(true);
    let mut taken = Vec::new();
    let mut sessions = fate.sessions.iter();
    let mut session: Option<(i64, i64)> = None;
    let mut opens = BEGIN + STEP;
    let mut is_polling = false;
    // The look that goes on: when it ends, whether it fails, what it finds.
    let mut look: Option<(i64, bool, Vec<Found>)> = None;
    let mut looks = fate.looks.iter().cycle();
    let mut now = BEGIN;
    while now < BEGIN + 750_000 {
        now += STEP;
        if let Some((opened, ends)) = session {
            if now >= ends {
                link.broke();
                session = None;
            } else {
                let is_shown = |event: &&Logged| {
                    ingestion(&event.found.event) >= opened
                        && (now - STEP..now).contains(&event.shown)
                };
                let shown = all.iter().filter(is_shown);
                link.shows(shown.map(|event| event.found.clone()).collect(), now);
            }
        } else if now >= opens && !is_polling {
            let (lasts, pause) = sessions.next().copied().unwrap_or((1_000_000, 0));
            if fate.polls && lasts == 1_000_000 {
                link.polls(2000, now);
                is_polling = true;
            } else {
                link.opened(now);
                session = Some((now, now + lasts * STEP));
                opens = now + (lasts + pause) * STEP;
            }
        }
        if let Some((_, fails, events)) = look.take_if(|(ends, ..)| now >= *ends) {
            if fails {
                link.reads(events[..events.len() / 2].to_vec());
                link.fail_look(Some(now + 2000));
            } else {
                link.reads(events);
                link.end_look();
            }
        }
        if link.next_look().is_some_and(|due| due <= now) {
            let from = link.begin_look(now);
            let is_read =
                |event: &&Logged| event.found.event.timestamp >= from && event.readable <= now;
            let events = all.iter().filter(is_read).map(|event| event.found.clone());
            let (length, fails) = looks.next().copied().unwrap_or_default();
            let fails = fails && fate.looks.iter().any(|(_, fails)| !fails);
            look = Some((now + length * STEP, fails, events.collect()));
        }
        taken.extend(link.take());
    }
    taken
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_breaks_every_event_is_handed_out_once(all in logged(), fate in fate()) {
        let content = |found: Found| (found.event.timestamp, found.event.message);
        let mut taken: Vec<_> = follow(&all, &fate).into_iter().map(content).collect();
        let mut expected: Vec<_> = all.into_iter().map(|one| content(one.found)).collect();
        taken.sort();
        expected.sort();
        prop_assert_eq!(taken, expected);
    }
}
