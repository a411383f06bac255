//! Queries from their start to their rows, on a scripted service and under a clock that only moves when everybody
//! waits.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::run::{Answer, Capped, Part, Request, run};
use super::service::{
    Cells, Malformed, QueryCall, QueryService, Refusal, ResultPage, Spent, Status,
};
use super::{Ended, Halt, Halted, Progress, QueryError, Region, Text};
use crate::cloudwatch::{CallError, GroupFacts, GroupPage, Inventory, Kind, Pace, Place, Quotas};
use crate::query::ast::Direction;

/// What the service holds: an event each so many milliseconds, from 0 on.
const EVERY: i64 = 100;

/// How the service behaves.
#[derive(Clone, Debug, Default)]
struct Habits {
    /// What the first calls of `StartQuery` fail with.
    refuses: Vec<Kind>,
    /// What all calls of `StartQuery` fail with behind so many queries.
    refuses_from: Option<(usize, Kind)>,
    /// Queries behind so many are never done.
    runs_from: Option<usize>,
    /// What the service says of the text.
    malformed: Option<Malformed>,
    /// What queries become, look by look; `Complete` behind the last.
    statuses: Vec<Status>,
    /// What the first calls of `GetQueryResults` fail with.
    looks_fail: Vec<Kind>,
    /// Stopping fails.
    unstoppable: bool,
    /// How many rows a page has.
    page: usize,
}

/// A service that has an event each so many milliseconds, and evaluates nothing.
#[derive(Debug)]
struct Scripted {
    habits: Habits,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    started: Vec<QueryCall>,
    looks: Vec<VecDeque<Status>>,
    stopped: Vec<String>,
    refusals: usize,
    failures: usize,
}

fn error(kind: Kind) -> CallError {
    CallError {
        kind,
        operation: "StartQuery",
        group: Arc::from(""),
        place: Arc::default(),
        reason: String::new(),
    }
}

/// Reads an end that was written into the text.
fn end_of(text: &str, sign: &str) -> Option<i64> {
    let (_, behind) = text.split_once(&format!("toMillis(@timestamp) {sign} "))?;
    behind.split_whitespace().next()?.parse().ok()
}

impl Scripted {
    /// Returns the rows of a call, newest first, and how many events matched.
    fn rows(call: &QueryCall) -> (Vec<Cells>, usize) {
        let since = end_of(&call.text, ">=").unwrap_or(call.start * 1000);
        let until = end_of(&call.text, "<").unwrap_or(call.end * 1000 + 1);
        let times = (0..).map(|n| n * EVERY).skip_while(|at| *at < since);
        let mut times: Vec<i64> = times.take_while(|at| *at < until).collect();
        times.reverse();
        let matched = times.len();
        times.truncate(call.limit.unwrap_or(u64::MAX) as usize);
        let row = |at: i64| vec![("at".to_owned(), at.to_string())];
        (times.into_iter().map(row).collect(), matched)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().expect("no test panics with it")
    }
}

impl QueryService for Scripted {
    async fn start_query(&self, call: QueryCall) -> Result<String, Refusal> {
        let mut log = self.lock();
        if let Some(kind) = self.habits.refuses.get(log.refusals) {
            log.refusals += 1;
            return Err(Refusal::Call(error(*kind)));
        }
        if let Some((from, kind)) = self.habits.refuses_from
            && log.started.len() >= from
        {
            return Err(Refusal::Call(error(kind)));
        }
        log.started.push(call);
        log.looks.push(self.habits.statuses.clone().into());
        match &self.habits.malformed {
            Some(malformed) => Err(Refusal::Malformed(malformed.clone())),
            None => Ok((log.started.len() - 1).to_string()),
        }
    }

    async fn query_results(
        &self,
        id: &str,
        token: Option<String>,
    ) -> Result<ResultPage, CallError> {
        let mut log = self.lock();
        if let Some(kind) = self.habits.looks_fail.get(log.failures) {
            log.failures += 1;
            return Err(error(*kind));
        }
        let number: usize = id.parse().expect("an id of ours");
        let is_endless = self.habits.runs_from.is_some_and(|from| number >= from);
        let status = match log.looks[number].pop_front() {
            Some(status) => status,
            None if is_endless => Status::Running,
            None => Status::Complete,
        };
        let (rows, matched) = Self::rows(&log.started[number]);
        let spent = Spent {
            matched: matched as f64,
            scanned: matched as f64,
            bytes: 10.0 * matched as f64,
        };
        let start: usize = token.map_or(0, |token| token.parse().expect("a token of ours"));
        let end = rows.len().min(start + self.habits.page);
        Ok(ResultPage {
            status,
            rows: rows[start..end].to_vec(),
            spent,
            token: (end < rows.len()).then(|| end.to_string()),
        })
    }

    async fn stop_query(&self, id: &str) -> Result<(), CallError> {
        self.lock().stopped.push(id.to_owned());
        if self.habits.unstoppable {
            return Err(error(Kind::Denied));
        }
        Ok(())
    }
}

impl Inventory for Scripted {
    async fn groups(
        &self,
        prefix: &str,
        _: Option<String>,
        _: Option<i32>,
    ) -> Result<GroupPage, CallError> {
        // The token always leads back to the same page.
        Ok(GroupPage {
            groups: vec![GroupFacts {
                name: format!("{prefix}-more"),
                ..GroupFacts::default()
            }],
            token: Some("again".to_owned()),
        })
    }
}

fn habits() -> Habits {
    Habits {
        page: 1000,
        ..Habits::default()
    }
}

fn request(end: i64) -> Request {
    Request {
        text: Text::new("fields at", None),
        start: 0,
        end,
        is_open: false,
        is_limited: false,
        wanted: None,
        most: 100,
        cut: Some(Direction::Descending),
        budget: None,
    }
}

struct Asked {
    answer: Answer,
    service: Arc<Scripted>,
}

impl Asked {
    fn times(&self) -> Vec<i64> {
        let rows = self.answer.found.iter().flat_map(|found| &found.rows);
        rows.map(|row| row[0].1.parse().expect("a time")).collect()
    }

    fn left(&self) -> Vec<&str> {
        let left = self.answer.left.iter();
        left.map(|left| left.id.as_str()).collect()
    }

    fn started(&self) -> usize {
        self.service.lock().started.len()
    }
}

/// Asks under a clock of its own; somebody interrupts after a while, and time may run out.
fn ask(
    habits: Habits,
    request: &Request,
    interrupt: Option<Duration>,
    time_out: Option<Duration>,
) -> Asked {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let service = Arc::new(Scripted {
        habits,
        log: Mutex::default(),
    });
    let answer = runtime.block_on(async {
        let region = Region {
            service: Arc::clone(&service),
            place: Arc::new(Place::default()),
            pace: Pace::new(&Quotas::default(), "us-east-1"),
        };
        let part = Part {
            region: Arc::new(region),
            groups: vec![Arc::from("/ecs/shop-batch")],
        };
        let stop = Arc::new(AtomicBool::new(false));
        if let Some(after) = interrupt {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                stop.store(true, Ordering::Relaxed);
            });
        }
        let halt = Halt::new(stop, time_out);
        run(&[part], request, &halt, &Arc::new(Progress::default())).await
    });
    Asked { answer, service }
}

fn all(end: i64) -> Vec<i64> {
    let mut times: Vec<i64> = (0..end).step_by(EVERY as usize).collect();
    times.reverse();
    times
}

#[test]
fn rows_come_page_by_page_once_the_query_is_done() {
    let habits = Habits {
        statuses: vec![
            Status::Scheduled,
            Status::Running,
            Status::Unknown(String::new()),
        ],
        page: 7,
        ..habits()
    };
    let asked = ask(habits, &request(5_000), None, None);
    assert_eq!(asked.times(), all(5_000));
    assert!(asked.answer.is_complete());
    assert_eq!(asked.started(), 1);
    assert!(asked.service.lock().stopped.is_empty());
}

#[test]
fn a_window_with_more_rows_than_there_may_be_is_cut_until_none_is_missing() {
    let asked = ask(habits(), &request(60_000), None, None);
    assert_eq!(asked.times(), all(60_000));
    assert!(asked.answer.is_complete());
    // 600 rows of at most 100: one query finds it out, the pieces follow at once.
    let started = asked.started();
    assert!((7..=12).contains(&started), "{started}");
    let found = &asked.answer.found[0];
    assert_eq!(found.seen.matched as usize, 600);
    assert_eq!(found.spent.matched as usize, 1200);
    let oldest = Request {
        cut: Some(Direction::Ascending),
        ..request(60_000)
    };
    let asked = ask(habits(), &oldest, None, None);
    let times = asked.times();
    let pieces = times.chunk_by(|one, next| one > next);
    let firsts: Vec<i64> = pieces.map(|piece| piece[0]).collect();
    assert!(
        firsts.is_sorted(),
        "the pieces follow each other: {firsts:?}"
    );
}

#[test]
fn no_more_pieces_are_asked_for_than_are_wanted() {
    let wanted = Request {
        wanted: Some(250),
        ..request(600_000)
    };
    let asked = ask(habits(), &wanted, None, None);
    assert_eq!(asked.times()[..250], all(600_000)[..250]);
    assert!(asked.started() < 40, "{}", asked.started());
}

#[test]
fn rows_that_are_missing_are_told() {
    let whole = Request {
        cut: None,
        ..request(60_000)
    };
    let asked = ask(habits(), &whole, None, None);
    assert_eq!(asked.times().len(), 100);
    assert_eq!(asked.answer.found[0].capped, Some(Capped::NotCut));
    assert!(!asked.answer.is_complete());
    let dear = Request {
        budget: Some(7_000.0),
        ..request(60_000)
    };
    let asked = ask(habits(), &dear, None, None);
    assert_eq!(asked.answer.found[0].capped, Some(Capped::TooDear));
    assert_eq!(asked.started(), 1);
    let dense = Request {
        most: 1,
        ..request(200)
    };
    let asked = ask(habits(), &dense, None, None);
    assert_eq!(asked.answer.found[0].capped, Some(Capped::TooDense));
}

#[test]
fn enough_rows_are_not_cut() {
    let wanted = Request {
        wanted: Some(100),
        ..request(60_000)
    };
    let asked = ask(habits(), &wanted, None, None);
    assert_eq!((asked.started(), asked.times().len()), (1, 100));
    assert!(asked.answer.is_complete());
}

#[test]
fn refusals_that_pass_are_waited_for() {
    for (refuses, looks_fail) in [
        (vec![Kind::Throttled; 12], vec![Kind::Throttled; 12]),
        (vec![Kind::Unavailable; 5], vec![Kind::Unavailable; 5]),
        (vec![], vec![Kind::Silent]),
    ] {
        let kinds = looks_fail.clone();
        let habits = Habits {
            refuses,
            looks_fail,
            ..habits()
        };
        let asked = ask(habits, &request(5_000), None, None);
        assert_eq!(asked.times(), all(5_000), "{kinds:?}");
        assert!(asked.answer.is_complete());
    }
}

#[test]
fn refusals_that_do_not_pass_are_told() {
    for kind in [
        Kind::Expired,
        Kind::Denied,
        Kind::Unavailable,
        Kind::Throttled,
        Kind::Silent,
    ] {
        // What may have started a query is not done a second time.
        let times = if kind == Kind::Silent { 1 } else { 1000 };
        let habits = Habits {
            refuses: vec![kind; times],
            ..habits()
        };
        let asked = ask(habits, &request(5_000), None, None);
        let problem = &asked.answer.problems[0];
        assert!(matches!(problem, QueryError::Call(error) if error.kind == kind));
        assert_eq!(asked.started(), 0);
    }
}

#[test]
fn a_query_that_is_given_up_is_stopped() {
    let expired = Habits {
        looks_fail: vec![Kind::Expired],
        ..habits()
    };
    let asked = ask(expired, &request(5_000), None, None);
    assert!(!asked.answer.is_complete());
    assert_eq!(asked.service.lock().stopped, ["0"]);
    assert!(asked.left().is_empty());
    let habits = Habits {
        looks_fail: vec![Kind::Expired],
        unstoppable: true,
        ..habits()
    };
    let asked = ask(habits, &request(5_000), None, None);
    assert_eq!(asked.left(), ["0"]);
}

#[test]
fn rows_of_a_query_stay_when_its_pieces_do_not_come() {
    let newest = &all(60_000)[..100];
    let fails = Habits {
        refuses_from: Some((1, Kind::Denied)),
        ..habits()
    };
    let asked = ask(fails, &request(60_000), None, None);
    assert_eq!(asked.times(), newest);
    assert!(!asked.answer.is_complete());
    assert_eq!(asked.answer.found[0].seen.matched as usize, 600);
    // The pieces are never done.
    let hangs = Habits {
        runs_from: Some(1),
        ..habits()
    };
    let asked = ask(hangs, &request(60_000), Some(Duration::from_secs(2)), None);
    assert_eq!(asked.answer.halted, Some(Halted::Interrupted));
    assert!(asked.times().len() >= 100, "{:?}", asked.times());
}

#[test]
fn what_is_not_complete_is_not_cut() {
    let running = Habits {
        statuses: vec![Status::Running; 1000],
        ..habits()
    };
    let second = Some(Duration::from_secs(1));
    let asked = ask(running, &request(60_000), second, None);
    assert_eq!(asked.times(), all(60_000)[..100]);
    assert_eq!(asked.started(), 1);
    assert_eq!(asked.answer.found[0].seen.matched as usize, 600);
}

#[test]
fn each_bad_end_has_its_words() {
    for (status, expected) in [
        (Status::Failed, Ended::Failed),
        (Status::Cancelled, Ended::Cancelled),
        (Status::Timeout, Ended::TimedOut),
    ] {
        let habits = Habits {
            statuses: vec![Status::Running, status],
            ..habits()
        };
        let asked = ask(habits, &request(5_000), None, None);
        let [QueryError::Ended { how, .. }] = asked.answer.problems.as_slice() else {
            panic!("{:?}", asked.answer.problems);
        };
        assert_eq!(*how, expected);
    }
    let habits = Habits {
        statuses: vec![Status::Unknown("Lost".to_owned()); 50],
        ..habits()
    };
    let asked = ask(habits, &request(5_000), None, None);
    let problem = &asked.answer.problems[0];
    assert!(matches!(
        problem,
        QueryError::Ended {
            how: Ended::Unknown,
            ..
        }
    ));
}

#[test]
fn who_waits_no_longer_stops_the_query_and_has_what_there_is() {
    let running = || Habits {
        statuses: vec![Status::Running; 1000],
        ..habits()
    };
    let second = Duration::from_secs(1);
    for (asked, halted) in [
        (
            ask(running(), &request(5_000), Some(second), None),
            Halted::Interrupted,
        ),
        (
            ask(running(), &request(5_000), None, Some(second)),
            Halted::OutOfTime,
        ),
    ] {
        assert_eq!(asked.answer.halted, Some(halted));
        assert_eq!(asked.service.lock().stopped, ["0"]);
        assert_eq!(asked.times(), all(5_000), "what came while it was running");
        assert!(!asked.answer.is_complete());
    }
    let habits = Habits {
        unstoppable: true,
        ..running()
    };
    let asked = ask(habits, &request(5_000), Some(second), None);
    assert_eq!(asked.left(), ["0"], "who cannot stop it says so");
}

#[test]
fn who_waits_for_its_turn_no_longer_starts_nothing() {
    let habits = Habits {
        refuses: vec![Kind::Throttled; 1000],
        ..habits()
    };
    let second = Duration::from_secs(1);
    let asked = ask(habits, &request(5_000), Some(second), None);
    assert_eq!(asked.answer.halted, Some(Halted::Interrupted));
    assert_eq!(asked.started(), 0);
}

#[test]
fn a_complaint_about_the_text_is_handed_on() {
    let malformed = Malformed {
        message: "unexpected symbol".to_owned(),
        place: Some(3..5),
    };
    let habits = Habits {
        malformed: Some(malformed.clone()),
        ..habits()
    };
    let asked = ask(habits, &request(5_000), None, None);
    assert_eq!(asked.answer.malformed(), Some(&malformed));
    assert_eq!(asked.started(), 1);
}

#[test]
fn a_description_that_leads_in_a_circle_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let region = Region {
        service: Arc::new(Scripted {
            habits: habits(),
            log: Mutex::default(),
        }),
        place: Arc::new(Place::default()),
        pace: Pace::new(&Quotas::default(), "us-east-1"),
    };
    let groups = runtime.block_on(region.describe_prefix("a")).expect("fine");
    assert_eq!(groups.len(), 1);
    let one = runtime.block_on(region.describe("a")).expect("fine");
    assert_eq!(one, None, "only a longer name is there");
}
