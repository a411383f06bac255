//! Whole runs from a scripted service: the same ones as a reading of everything gives.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use proptest::prelude::*;

use super::super::service::LogEvent;
use super::super::{Kind, Place, Quotas, Request, Site};
use super::scripted::{Habits, Scripted};
use super::{Question, RunReport, RunSource, Runs, Task, Wanted};
use crate::decode::stamp::Clock;
use crate::detect::{Outcome, Run, RunConfig, RunKind, RunTable};
use crate::event::Origin;
use crate::record::Record;
use crate::scan::{Block, Blocks, Need, Scanner};
use crate::time::Timestamp;

const BATCH: &str = "/ecs/shop-batch";
const TASKS: &str = "/aws/events/shop-ecs-tasks";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Where windows begin, about.
const START: i64 = 1_795_000_000_000;

type Groups = BTreeMap<Arc<str>, Vec<LogEvent>>;
type Asked = fn(RunKind, Outcome, Option<&str>) -> bool;

/// What is asked of runs, in the ways that queries ask.
const QUESTIONS: [(&str, Asked); 8] = [
    ("failed", |_, outcome, _| outcome == Outcome::Failed),
    ("failed batches", |kind, outcome, _| {
        kind == RunKind::Batch && outcome == Outcome::Failed
    }),
    ("errored", |_, outcome, _| outcome == Outcome::Errored),
    ("migrations", |kind, _, _| kind == RunKind::Migration),
    ("all", |_, _, _| true),
    ("of a name", |_, _, name| {
        name.is_none_or(|name| name == "sync_rates")
    }),
    ("running", |_, outcome, _| outcome == Outcome::Running),
    ("failed of a name", |_, outcome, name| {
        outcome == Outcome::Failed && name.is_none_or(|name| name == "sync_rates")
    }),
];

/// What a task writes, and how it ends.
#[derive(Clone, Copy, Debug)]
struct Script {
    /// When it starts, in minutes from the beginning of the window.
    starts: i64,
    /// How many minutes it takes.
    takes: i64,
    /// Which lines it ends with, see [`ENDS`].
    end: usize,
    /// How many ordinary lines come before.
    lines: usize,
    /// Which ECS events there are, see [`states`].
    states: usize,
    /// Which command it has, see [`COMMANDS`].
    command: usize,
    /// How many minutes it is silent at its end.
    silent: i64,
    has_sidecar: bool,
}

const COMMANDS: [&str; 4] = [
    "",
    r#""python","manage.py","sync_rates""#,
    r#""python","manage.py","report""#,
    r#""python","manage.py","migrate""#,
];

const ENDS: [&[&str]; 9] = [
    &["done"],
    &[
        r#"{"created":1.5,"levelname":"ERROR","name":"a","message":"x"}"#,
        "done",
    ],
    &[
        "Traceback (most recent call last):",
        r#"  File "/app/manage.py", line 22, in <module>"#,
        "    main()",
        "KeyError: 'price'",
    ],
    &["CommandError: 2 of 6 could not be imported"],
    &[
        "Operations to perform:",
        "Running migrations:",
        "  Applying a.0001_x... OK",
    ],
    &[
        "Operations to perform:",
        "Running migrations:",
        "  Applying a.0001_x...",
    ],
    &[r#"{"created":1.5,"levelname":"INFO","na"#],
    &[
        r#"{"created":1.5,"levelname":"WARNING","name":"a","message":"x","exc_info":"Traceback (most recent call last):\n  File \"a\", line 1, in f\nKeyError: 1"}"#,
    ],
    &[],
];

fn any_script() -> impl Strategy<Value = Script> {
    let takes = prop_oneof![3 => 1_i64..20, 1 => 20_i64..900];
    let silent = prop_oneof![3 => Just(0_i64), 1 => 1_i64..600];
    (
        -800_i64..300,
        takes,
        0..ENDS.len(),
        0_usize..12,
        0_usize..8,
        0..COMMANDS.len(),
        silent,
        any::<bool>(),
    )
        .prop_map(
            |(starts, takes, end, lines, states, command, silent, has_sidecar)| Script {
                starts,
                takes,
                end,
                lines,
                states,
                command,
                silent,
                has_sidecar,
            },
        )
}

/// Returns the events that the scripts leave up to `now`.
fn groups(scripts: &[Script], now: i64) -> Groups {
    let mut groups = Groups::new();
    let mut id = 0_u64;
    let mut put = |group: &str, stream: &str, at: i64, message: String| {
        id += 1;
        let event = LogEvent {
            timestamp: at,
            ingestion: Some(at),
            stream: Arc::from(stream),
            id: format!("{at}{id:08}"),
            message,
        };
        let events: &mut Vec<LogEvent> = groups.entry(Arc::from(group)).or_default();
        if at <= now {
            events.push(event);
        }
    };
    put(TASKS, "events", START - 100 * HOUR, "nothing".to_owned());
    put(
        BATCH,
        "ecs/batch/old",
        START - 100 * HOUR,
        "nothing".to_owned(),
    );
    for (number, script) in scripts.iter().enumerate() {
        let task = format!("{number:032x}");
        let (from, to) = (START + script.starts * MINUTE, script.takes * MINUTE);
        let stream = format!("ecs/batch/{task}");
        let quiet = script.silent.min(script.takes - 1) * MINUTE;
        let end = from + to - quiet;
        if script.states != 7 {
            for line in 0..script.lines as i64 {
                let at = from + (end - from) * line / script.lines as i64;
                let text = format!(
                    r#"{{"created":1.5,"levelname":"INFO","name":"a","message":"{line}"}}"#
                );
                put(BATCH, &stream, at, text);
                if script.has_sidecar {
                    put(
                        BATCH,
                        &format!("ecs/agent/{task}"),
                        at,
                        format!("agent {line}"),
                    );
                }
            }
            for line in ENDS[script.end] {
                put(BATCH, &stream, end, (*line).to_owned());
            }
        }
        for (status, at, code) in states(script, from, from + to) {
            put(
                TASKS,
                "events",
                at,
                state(script, &task, status, (from, at), code),
            );
        }
    }
    groups
}

/// Returns the ECS events of a task: status, time, exit code.
fn states(script: &Script, from: i64, to: i64) -> Vec<(&'static str, i64, Option<i64>)> {
    let running = ("RUNNING", from, None);
    let is_bad = matches!(script.end, 2 | 3 | 5);
    match script.states {
        0 => vec![],
        1 => vec![running],
        2 => vec![running, ("STOPPED", to + 5_000, Some(137))],
        3 => vec![running, ("STOPPED", to + 5_000, None)],
        4 => vec![running, ("STOPPED", to + 5_000, Some(0))],
        7 => vec![("STOPPED", to, None)],
        _ => vec![running, ("STOPPED", to + 5_000, Some(i64::from(is_bad)))],
    }
}

fn state(
    script: &Script,
    task: &str,
    status: &str,
    (from, at): (i64, i64),
    code: Option<i64>,
) -> String {
    let time = |at: i64| Timestamp(at).to_string();
    let code = code
        .map(|code| format!(r#","exitCode":{code}"#))
        .unwrap_or_default();
    let sidecar = match (script.has_sidecar, status) {
        (false, _) => "",
        (true, "STOPPED") => r#",{"name":"agent","lastStatus":"STOPPED","exitCode":143}"#,
        (true, _) => r#",{"name":"agent","lastStatus":"RUNNING"}"#,
    };
    let stopped = match status {
        "STOPPED" => format!(r#","stoppedAt":"{}""#, time(at)),
        _ => String::new(),
    };
    let started = match script.states {
        7 => String::new(),
        _ => format!(r#","startedAt":"{}""#, time(from)),
    };
    let command = COMMANDS[script.command];
    let version = if status == "STOPPED" { 5 } else { 3 };
    format!(
        r#"{{"detail-type":"ECS Task State Change","region":"us-east-1","time":"{}","detail":{{"version":{version},"taskArn":"arn:aws:ecs:us-east-1:1:task/shop/{task}","group":"family:batch","lastStatus":"{status}","stopCode":"EssentialContainerExited"{started}{stopped},"containers":[{{"name":"batch","lastStatus":"{status}"{code}}}{sidecar}],"overrides":{{"containerOverrides":[{{"name":"batch","command":[{command}]}}]}}}}}}"#,
        time(at)
    )
}

/// The runs that blocks tell of.
fn runs_of(blocks: &mut impl Blocks, now: i64) -> Vec<Run> {
    let mut table = RunTable::new(RunConfig::default());
    let mut scanner = Scanner::new(&Need::Anything, Clock::utc());
    let mut block = Block::default();
    while blocks.next_into(&mut block) {
        let _ = scanner.for_each_event(&block, |_, event| {
            table.observe(&Record::new(event));
            ControlFlow::Continue(())
        });
    }
    table.runs(Timestamp(now))
}

/// Everything as one block.
struct Everything(Option<Vec<u8>>);

impl Everything {
    fn of(groups: &Groups) -> Self {
        let mut text = Vec::new();
        for (group, events) in groups {
            for event in events {
                super::super::lines::write(group, event, &mut text);
            }
        }
        Self(Some(text))
    }
}

impl Blocks for Everything {
    fn claim(&mut self, block: &mut Block) -> bool {
        let Some(text) = self.0.take() else {
            return false;
        };
        *block = Block::of(text);
        true
    }
}

/// Returns the rows of the runs that are asked for, without what depends on ids.
fn rows(runs: &[Run], window: (i64, i64), asked: Asked) -> Vec<String> {
    let is_asked = |run: &&Run| {
        let inside = (window.0..window.1).contains(&run.timestamp().as_millis());
        inside && asked(run.kind, run.outcome, Some(&run.name))
    };
    let row = |run: &Run| {
        let fields = Run::COLUMNS
            .iter()
            .map(|name| format!("{name}={:?}", run.field(name)));
        format!(
            "{} {:?}",
            fields.collect::<Vec<_>>().join(" "),
            run.evidence
        )
    };
    let mut rows: Vec<String> = runs.iter().filter(is_asked).map(row).collect();
    rows.sort();
    rows
}

fn question(window: (i64, i64), now: i64, wanted: Wanted) -> Question {
    Question {
        start: window.0,
        end: window.1,
        last: now + MINUTE,
        as_of: None,
        wanted,
        groups: RunConfig::default().groups,
        main_container: None,
        with_ids: false,
        second: Duration::ZERO,
        request: Request {
            quotas: Quotas(
                ["FilterLogEvents", "GetLogEvents", "DescribeLogStreams"]
                    .map(|name| (name.to_owned(), 40.0))
                    .into(),
            ),
            ..Request::default()
        },
    }
}

fn open(service: &Arc<Scripted>, question: Question, groups: &[&str]) -> RunSource {
    let site = Site {
        service: Arc::clone(service),
        place: Arc::new(Place::default()),
        account: String::new(),
        groups: groups.iter().map(|&name| Arc::from(name)).collect(),
    };
    RunSource::open(vec![site], question, Arc::new(AtomicBool::new(false)))
}

fn read(
    groups: &Groups,
    habits: &Habits,
    question: Question,
    now: i64,
) -> (Vec<Run>, RunReport, Vec<(&'static str, usize)>) {
    let service = Arc::new(Scripted::new(groups.clone(), habits.clone()));
    let mut source = open(&service, question, &[BATCH, TASKS]);
    let runs = runs_of(&mut source, now);
    let report = source.into_report();
    let log = service.log.lock().expect("no panic").clone();
    (runs, report, log)
}

fn wanted(asked: Asked) -> Wanted {
    Wanted::Runs(Runs {
        may_be: Arc::new(asked),
    })
}

/// Pages are mostly large and calls mostly let through: all others cost a real second.
fn any_habits() -> impl Strategy<Value = Habits> {
    let page = prop_oneof![5 => Just(1000_usize), 1 => 20_usize..60];
    let throttled = prop_oneof![5 => Just(0_usize), 1 => Just(41)];
    let empty = prop_oneof![5 => Just(0_usize), 1 => 2_usize..4];
    (page, throttled, empty, 0_i64..120).prop_map(|(page, throttled, empty, lag)| Habits {
        page,
        throttled,
        empty,
        lag: lag * MINUTE,
        ..Habits::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Whatever is asked, of whatever window: what is left unread would have changed nothing.
    #[test]
    fn the_runs_are_those_of_a_reading_of_everything(
        scripts in prop::collection::vec(any_script(), 0..40),
        length in 5_i64..400,
        later in prop_oneof![Just(0_i64), 1_i64..900],
        habits in any_habits(),
        asked in 0..QUESTIONS.len(),
    ) {
        let (name, asked) = QUESTIONS[asked];
        let window = (START, START + length * MINUTE);
        let now = window.1 + later * MINUTE;
        let groups = groups(&scripts, now);
        let habits = Habits { now, ..habits };
        let expected = runs_of(&mut Everything::of(&groups), now);
        let (found, report, log) = read(&groups, &habits, question(window, now, wanted(asked)), now);
        prop_assert!(report.report.problems.is_empty() && !report.report.has_gaps, "{:?}", report);
        prop_assert_eq!(rows(&found, window, asked), rows(&expected, window, asked), "{} {:?}", name, log);
    }

    /// What is not allowed is done without, and the answer is the same or says that it is not whole.
    #[test]
    fn what_is_denied_is_done_in_another_way(
        scripts in prop::collection::vec(any_script(), 0..20),
        denied in prop::sample::select(vec!["GetLogEvents", "DescribeLogStreams"]),
        asked in 0..QUESTIONS.len(),
    ) {
        let (_, asked) = QUESTIONS[asked];
        // Without a list of streams runs are read from six hours before the window on.
        let short = |script: &Script| Script { takes: script.takes.min(300), ..*script };
        let scripts: Vec<Script> = scripts.iter().map(short).collect();
        let window = (START, START + 12 * HOUR);
        let now = window.1;
        let groups = groups(&scripts, now);
        let habits = Habits { denied: vec![denied], now, ..Habits::default() };
        let expected = runs_of(&mut Everything::of(&groups), now);
        let (found, report, _) = read(&groups, &habits, question(window, now, wanted(asked)), now);
        prop_assert!(report.report.problems.is_empty(), "{:?}", report);
        prop_assert_eq!(rows(&found, window, asked), rows(&expected, window, asked));
    }
}

fn script(starts: i64, end: usize, states: usize) -> Script {
    Script {
        starts,
        takes: 10,
        end,
        lines: 20,
        states,
        command: 1,
        silent: 0,
        has_sidecar: false,
    }
}

#[test]
fn a_run_is_read_from_its_beginning_though_many_pages_of_streams_are_empty() {
    let long = Script {
        takes: 619,
        ..script(-541, 7, 2)
    };
    let window = (START, START + 261 * MINUTE);
    let groups = groups(&[long], window.1);
    let habits = Habits {
        bare: 50,
        now: window.1,
        ..Habits::default()
    };
    let (_, asked) = QUESTIONS[5];
    let expected = runs_of(&mut Everything::of(&groups), window.1);
    let asked_for = question(window, window.1, wanted(asked));
    let (found, report, _) = read(&groups, &habits, asked_for, window.1);
    assert_eq!(rows(&found, window, asked), rows(&expected, window, asked));
    assert!(report.remarks.is_empty(), "{report:?}");
}

const WINDOW: (i64, i64) = (START, START + 24 * HOUR);

/// A day of tasks, of which few fail.
fn day() -> Vec<Script> {
    let script = |number: i64| script(number * 7, if number % 70 == 3 { 2 } else { 0 }, 5);
    (0..200).map(script).collect()
}

#[test]
fn few_streams_are_read_when_few_runs_failed() {
    let groups = groups(&day(), WINDOW.1);
    let total: usize = groups.values().map(Vec::len).sum();
    let (_, asked) = QUESTIONS[0];
    let (found, _, log) = read(
        &groups,
        &Habits::default(),
        question(WINDOW, WINDOW.1, wanted(asked)),
        WINDOW.1,
    );
    assert_eq!(rows(&found, WINDOW, asked).len(), 3);
    let lines: usize = log
        .iter()
        .filter(|(operation, _)| *operation != "DescribeLogStreams")
        .map(|(_, events)| events)
        .sum();
    // The tasks' events, and three streams of 24 lines.
    assert!(lines < 200 * 2 + 3 * 24 * 2 + 20, "{lines} of {total}");
}

#[test]
fn a_group_that_goes_away_on_the_way_leaves_an_incomplete_answer() {
    let groups = groups(&day(), WINDOW.1);
    for after in [1, 20, 60] {
        let habits = Habits {
            vanishes: Some((Arc::from(BATCH), after)),
            ..Habits::default()
        };
        let question = question(WINDOW, WINDOW.1, wanted(QUESTIONS[0].1));
        let (_, report, log) = read(&groups, &habits, question, WINDOW.1);
        let is_told = report
            .report
            .problems
            .iter()
            .any(|one| one.kind == Kind::Missing);
        assert!(is_told || log.len() <= after, "{after}: {report:?}");
    }
}

#[test]
fn a_task_is_found_by_the_beginning_of_its_id_however_old_it_is() {
    let scripts: Vec<Script> = (0..30).map(|number| script(number * 7, 2, 5)).collect();
    let now = START + 500 * HOUR;
    let groups = groups(&scripts, now);
    let id = format!("{:032x}", 17);
    for window in [(START, now), (now - 24 * HOUR, now)] {
        let wanted = id.clone();
        let task = Task {
            written: id.clone(),
            id: id.clone(),
            is_of: Arc::new(move |origin: &Origin| {
                origin.task().is_some_and(|task| task.starts_with(&wanted))
            }),
        };
        let asked = question(window, now, Wanted::Task(task));
        let (found, report, log) = read(
            &groups,
            &Habits {
                now,
                ..Habits::default()
            },
            asked,
            now,
        );
        assert!(report.report.problems.is_empty(), "{report:?}");
        let mine: Vec<&Run> = found
            .iter()
            .filter(|run| run.task.as_deref() == Some(&id))
            .collect();
        assert_eq!(mine.len(), 1, "{log:?}");
        let expected = runs_of(&mut Everything::of(&groups), now);
        let expected = expected.iter().find(|run| run.task.as_deref() == Some(&id));
        assert_eq!(mine.first().copied(), expected);
    }
}

#[test]
fn nothing_is_asked_for_once_nobody_wants_more() {
    let groups = groups(&day(), WINDOW.1);
    let service = Arc::new(Scripted::new(groups, Habits::default()));
    let stop = Arc::new(AtomicBool::new(true));
    let site = Site {
        service: Arc::clone(&service),
        place: Arc::new(Place::default()),
        account: String::new(),
        groups: vec![Arc::from(BATCH), Arc::from(TASKS)],
    };
    let question = question(WINDOW, WINDOW.1, wanted(QUESTIONS[0].1));
    let mut source = RunSource::open(vec![site], question, stop);
    assert!(!source.next_into(&mut Block::default()));
    drop(source.into_report());
    let calls = service.log.lock().expect("no panic").len();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(service.log.lock().expect("no panic").len(), calls);
}
