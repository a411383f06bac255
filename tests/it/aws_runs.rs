//! Runs from CloudWatch Logs: only the streams that can matter are read, and the answer is that of reading everything.

use std::collections::BTreeMap;

use logq::demo;
use logq::time::Timestamp;
use logq_simulator::{Fault, FaultKind, Group, Settings, Simulator, Summary};

use crate::aws_simulated::{FROM, TO, WINDOW};
use crate::logq::{Ended, Logq};

const HOUR: i64 = 3_600_000;
const BATCH: &str = "/ecs/production-batch";
const TASKS: &str = "/aws/events/production-ecs-tasks";
const CONFIG: &str = "[stages.production]\n[stages.staging]\n[cloudwatch]\n";

/// An account, and the same logs as a file.
struct Twice {
    simulator: Simulator,
    file: String,
}

impl Twice {
    /// Starts an account with these lines: group, stream, time, message.
    fn of(lines: &[(String, String, i64, String)]) -> Self {
        let simulator = Simulator::start(Settings::default()).expect("a free port");
        let mut streams: BTreeMap<(&str, &str), Vec<(i64, &str)>> = BTreeMap::new();
        for (group, stream, at, message) in lines {
            let events = streams.entry((group, stream)).or_default();
            events.push((*at, message));
        }
        for ((group, stream), events) in streams {
            simulator.put(group, stream, events).expect("a new stream");
        }
        for stage in ["production", "staging"] {
            for service in ["webapp", "worker", "batch"] {
                add_group(&simulator, &format!("/ecs/{stage}-{service}"));
            }
            add_group(&simulator, &format!("/aws/events/{stage}-ecs-tasks"));
        }
        let mut groups: Vec<&str> = lines.iter().map(|(group, ..)| group.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        let mut file = String::new();
        for group in groups {
            for event in simulator.events(group, "", 0, i64::MAX) {
                let envelope = serde_json::json!({
                    "timestamp": event.timestamp,
                    "message": event.message,
                    "logGroup": group,
                    "logStream": event.stream,
                    "eventId": event.id,
                });
                file.push_str(&envelope.to_string());
                file.push('\n');
            }
        }
        Self { simulator, file }
    }

    /// Starts an account with the logs of the demo's day.
    fn demo() -> Self {
        let mut lines = Vec::new();
        for file in demo::day(Timestamp(TO)) {
            for line in file.text.lines() {
                let line: serde_json::Value = serde_json::from_str(line).expect("an envelope");
                let text = |name: &str| line[name].as_str().expect("a text").to_owned();
                let at = line["timestamp"].as_i64().expect("a time");
                lines.push((text("logGroup"), text("logStream"), at, text("message")));
            }
        }
        Self::of(&lines)
    }

    fn project(&self) -> Logq {
        let logq = Logq::new()
            .file("logq.toml", CONFIG)
            .file("logs.jsonl", &self.file)
            .variable("AWS_ENDPOINT_URL", &self.simulator.url())
            .variable("LOGQ_NOW", "");
        let variables = Simulator::environment();
        variables
            .into_iter()
            .fold(logq, |logq, (name, value)| logq.variable(name, value))
    }

    /// Asks the service, and the file; both must say the same.
    #[track_caller]
    fn agree(&self, command: &str) -> String {
        let logq = self.project();
        let asked = logq.run(&format!("{command} --source aws --no-cache"));
        let expected = logq.run(&format!("{command} --source logs.jsonl"));
        assert_eq!(expected.code, 0, "{}", expected.err);
        assert_eq!(asked.code, 0, "{}", asked.err);
        assert_eq!(asked.out, expected.out, "{command}\n{}", asked.err);
        asked.out
    }
}

/// Makes a group that is not there yet, without a stream.
fn add_group(simulator: &Simulator, name: &str) {
    if simulator.events(name, "", 0, i64::MAX).is_empty() {
        let group = Group {
            name: name.to_owned(),
            streams: 0,
            ..Group::default()
        };
        simulator.add_group(group).expect("a new group");
    }
}

/// The questions that a day is asked.
const QUESTIONS: [&str; 9] = [
    "batch-failures -o json",
    "batch-errors -o json",
    "batch-runs -o json",
    "batch-runs outcome=failed -o json",
    "batch-runs batch=sync_reservations -o json",
    "migrations -o json",
    "query --from runs 'filter outcome = \"failed\" | display name, link, error.traceback, events' -o json",
    "query --from runs 'stats count(*) as n by outcome, kind' -o json",
    "query --from runs 'filter cause = \"oom\" or duration > 60' -t batch -t tasks -o json",
];

#[test]
fn a_day_gives_the_same_answers_as_the_file() {
    let twice = Twice::demo();
    for question in QUESTIONS {
        let said = twice.agree(&format!("{question} {WINDOW}"));
        assert!(said.len() > 20, "{question}: {said}");
    }
}

#[test]
fn a_part_of_the_day_gives_whole_runs() {
    let twice = Twice::demo();
    let windows = [
        "--since 2026-11-19T06:00Z --until 2026-11-19T09:00Z",
        "--since 2026-11-19T13:10Z --until 2026-11-19T14:00Z",
        "--since 2026-11-19T20:00Z --until 2026-11-20T00:00Z",
    ];
    for window in windows {
        for question in [QUESTIONS[0], QUESTIONS[2], QUESTIONS[5]] {
            twice.agree(&format!("{question} {window}"));
        }
    }
}

/// Returns the lines of batches: `failing` of them end in an error; each writes so many lines.
fn batches(count: usize, failing: usize, lines: i64) -> Vec<(String, String, i64, String)> {
    let mut all = Vec::new();
    for number in 0..count {
        let is_failing = number % count.div_ceil(failing) == 1;
        let task = format!("{number:032x}");
        let from = FROM + 24 * HOUR * number as i64 / count as i64;
        let stream = format!("ecs/batch/{task}");
        let mut put = |at: i64, message: String| {
            all.push((BATCH.to_owned(), stream.clone(), at, message));
        };
        for line in 0..lines {
            let text = format!(
                r#"{{"created": 1.5, "levelname": "INFO", "name": "sync", "message": "reservation {line} of {number} is up to date, nothing to do for it"}}"#
            );
            put(from + line * 100, text);
        }
        let end = from + lines * 100;
        if is_failing {
            put(end, "CommandError: 2 of 6 could not be imported".to_owned());
        }
        let state = |status: &str, version: u8, at: i64, code: &str| {
            let time = Timestamp(at);
            format!(
                r#"{{"detail-type":"ECS Task State Change","region":"us-east-1","time":"{time}","detail":{{"version":{version},"taskArn":"arn:aws:ecs:us-east-1:1:task/shop/{task}","group":"family:batch","lastStatus":"{status}","stopCode":"EssentialContainerExited","startedAt":"{}","containers":[{{"name":"batch"{code}}}]}}}}"#,
                Timestamp(from)
            )
        };
        let code = format!(r#","exitCode":{}"#, u8::from(is_failing));
        let mut tell = |at: i64, message: String| {
            all.push((TASKS.to_owned(), "events".to_owned(), at, message));
        };
        tell(from, state("RUNNING", 3, from, ""));
        tell(end + 2000, state("STOPPED", 5, end + 2000, &code));
    }
    all
}

#[test]
fn when_few_runs_failed_little_is_read() {
    let twice = Twice::of(&batches(200, 3, 150));
    twice
        .simulator
        .behave(|behaviour| behaviour.page.events = 200);
    let logq = twice.project();
    let cost = |command: &str| {
        twice.simulator.forget();
        let ended = logq.run(&format!("{command} --stage production --no-cache {WINDOW}"));
        assert_eq!(ended.code, 0, "{}", ended.err);
        let all: Vec<Summary> = twice.simulator.summaries().into_values().collect();
        let calls: u64 = all.iter().map(|one| one.calls).sum();
        let bytes: u64 = all.iter().map(|one| one.bytes).sum();
        (ended, calls, bytes)
    };
    let (_, all_calls, all_bytes) = cost("filter '\"\"' -t batch -t tasks -o raw");
    let (failures, calls, bytes) = cost("batch-failures -o json");
    assert_eq!(
        failures.out.matches("CommandError").count(),
        3,
        "{}",
        failures.out
    );
    assert!(
        calls * 4 < all_calls,
        "{calls} calls, {all_calls} for everything"
    );
    assert!(
        bytes * 8 < all_bytes,
        "{bytes} bytes, {all_bytes} for everything"
    );
    twice.agree(&format!(
        "batch-failures -o json --stage production {WINDOW}"
    ));
}

#[test]
fn a_run_that_began_long_before_the_window_is_read_whole() {
    let mut lines = batches(3, 1, 10);
    let stream = format!("ecs/batch/{:032x}", 77);
    for hour in 0..30 {
        let text = r#"{"created": 1.5, "levelname": "ERROR", "name": "a", "message": "slow"}"#;
        lines.push((
            BATCH.to_owned(),
            stream.clone(),
            FROM - 20 * HOUR + hour * HOUR,
            text.to_owned(),
        ));
    }
    let twice = Twice::of(&lines);
    let window = "--since 2026-11-19T08:00Z --until 2026-11-19T10:00Z";
    let said = twice.agree(&format!("query --from runs 'filter outcome = \"errored\" | display errors, duration' -o ndjson {window}"));
    assert_eq!(said, "{\"errors\":30,\"duration\":104400}\n");
    twice.agree(&format!("batch-runs -o json {window}"));
}

#[test]
fn a_task_is_shown_from_its_own_stream() {
    let twice = Twice::of(&batches(200, 3, 150));
    twice
        .simulator
        .behave(|behaviour| behaviour.page.events = 200);
    let id = format!("{:032x}", 68);
    for command in [
        format!("show {id} -o json --lines 0"),
        format!("show {id} -o ndjson"),
        format!("show ecs/batch/{id}"),
        format!("show arn:aws:ecs:us-east-1:1:task/shop/{id}"),
    ] {
        twice.simulator.forget();
        let said = twice.agree(&format!("{command} {WINDOW}"));
        assert!(said.contains("CommandError"), "{said}");
        let events = twice.simulator.summary("FilterLogEvents").events;
        assert!(events < 300, "{command}: {events} events");
    }
}

#[test]
fn an_old_task_is_found_by_its_id() {
    let twice = Twice::of(&batches(20, 2, 10));
    let id = format!("{:032x}", 11);
    // It ran days before the window, which is the last 24 hours.
    let ended = twice.project().run(&format!("show {id} --source aws"));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("CommandError"), "{}", ended.out);
    let ended = twice
        .project()
        .run("show ffffffffffffffffffffffffffffffff --source aws");
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("there is no task"), "{}", ended.err);
}

#[test]
fn whatever_goes_wrong_on_the_way_changes_no_answer() {
    let twice = Twice::of(&batches(30, 3, 40));
    let actions = ["FilterLogEvents", "DescribeLogStreams", "GetLogEvents"];
    for (kind, question) in [
        (FaultKind::ServerError, "batch-failures"),
        (FaultKind::Throttle, "batch-failures"),
        (FaultKind::Reset, "batch-runs"),
        (FaultKind::EmptyPage, "batch-runs"),
        (FaultKind::RepeatToken, "batch-failures"),
        (FaultKind::RepeatPage, "batch-runs"),
    ] {
        twice.simulator.behave(|behaviour| {
            behaviour.page.events = 50;
            behaviour.faults = actions
                .map(|action| Fault::every(kind, 3).of(action))
                .into();
        });
        twice.agree(&format!("{question} -o json --stage production {WINDOW}"));
    }
}

#[test]
fn what_may_not_be_listed_is_read_as_a_whole() {
    let twice = Twice::of(&batches(30, 3, 20));
    for action in ["logs:DescribeLogStreams", "logs:GetLogEvents"] {
        twice
            .simulator
            .behave(|behaviour| behaviour.deny = vec![action.to_owned()]);
        for question in ["batch-failures", "batch-runs"] {
            twice.agree(&format!("{question} -o json --stage production {WINDOW}"));
        }
    }
    twice
        .simulator
        .behave(|behaviour| behaviour.deny = vec!["logs:DescribeLogStreams".to_owned()]);
    let ended = twice
        .project()
        .run(&format!("batch-failures -v --stage production {WINDOW}"));
    let remark = "AWS refused logs:DescribeLogStreams on log group `/ecs/production-batch`";
    assert!(ended.err.contains(remark), "{}", ended.err);
    assert_eq!(ended.err.matches(remark).count(), 1);
}

fn is_incomplete(ended: &Ended) {
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.out.contains("\"complete\":false"), "{}", ended.out);
}

#[test]
fn a_group_that_is_not_there_or_goes_away_makes_the_answer_incomplete() {
    let twice = Twice::of(&batches(60, 3, 60));
    twice.simulator.behave(|behaviour| {
        behaviour.page.events = 50;
        behaviour.faults = vec![Fault {
            group: Some(BATCH.to_owned()),
            ..Fault::at_call(FaultKind::GroupDeleted, 9).of("FilterLogEvents")
        }];
    });
    let logq = twice.project();
    let command = format!("batch-failures -o json --stage production --no-cache {WINDOW}");
    is_incomplete(&logq.run(&command));
    // What was asked for by name has to be there.
    let ended = logq.run(&format!("{command} -t batch -t tasks"));
    is_incomplete(&ended);
    assert_eq!(
        ended
            .err
            .matches("there is no log group `/ecs/production-batch`")
            .count(),
        1,
        "{}",
        ended.err
    );
}

/// Starts an account in which a stage has a group for batches, and none for tasks and workers.
fn batches_alone() -> Twice {
    let lines = batches(20, 2, 10);
    let simulator = Simulator::start(Settings::default()).expect("a free port");
    let mut streams: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (_, stream, at, message) in lines.iter().filter(|(group, ..)| group == BATCH) {
        streams.entry(stream).or_default().push((*at, message));
    }
    for (stream, events) in streams {
        simulator.put(BATCH, stream, events).expect("a new stream");
    }
    Twice {
        simulator,
        file: String::new(),
    }
}

#[test]
fn groups_that_need_not_be_there_are_left_out() {
    let twice = batches_alone();
    let ask = |command: &str| {
        let ended = twice.project().run(&format!(
            "{command} --stage production --no-cache --source aws {WINDOW}"
        ));
        assert_eq!(ended.code, 0, "{command}: {}", ended.err);
        let remark = "there is no log group `/aws/events/production-ecs-tasks`";
        assert_eq!(ended.err.matches(remark).count(), 1, "{}", ended.err);
        assert!(ended.err.contains("it is left out"), "{}", ended.err);
        ended.out
    };
    let failures = ask("batch-failures -o json");
    assert!(failures.contains("\"complete\":true"), "{failures}");
    assert_eq!(failures.matches("CommandError").count(), 2, "{failures}");
    let said = ask(&format!("show {:032x} -o json", 11));
    assert!(said.contains("CommandError"), "{said}");
    for action in ["logs:GetLogEvents", "logs:DescribeLogStreams"] {
        twice
            .simulator
            .behave(|behaviour| behaviour.deny = vec![action.to_owned()]);
        ask("batch-failures -o json");
        ask("batch-runs -o json");
    }
}

#[test]
fn a_stage_without_any_group_is_a_problem() {
    let twice = batches_alone();
    let ended = twice.project().run(&format!(
        "batch-failures -o json --stage staging --no-cache {WINDOW}"
    ));
    is_incomplete(&ended);
    assert!(
        ended
            .err
            .contains("there is no log group `/ecs/staging-batch`"),
        "{}",
        ended.err
    );
}

#[test]
fn time_that_is_up_makes_the_answer_incomplete() {
    let twice = Twice::of(&batches(30, 3, 20));
    for action in ["FilterLogEvents", "DescribeLogStreams"] {
        twice.simulator.behave(|behaviour| {
            behaviour.faults = vec![Fault::from_call(FaultKind::Throttle, 2).of(action)];
        });
        let command =
            format!("batch-failures -o json --stage production --no-cache --timeout 2s {WINDOW}");
        let ended = twice.project().run(&command);
        is_incomplete(&ended);
        assert!(ended.err.contains("time is up"), "{}", ended.err);
    }
}

#[test]
fn explain_says_which_streams_are_read() {
    let logq = Logq::new().file("logq.toml", CONFIG);
    let of = |name: &str| {
        let said = logq.run(&format!("explain {name}")).out;
        let at = said.find("where:").expect("a section");
        said[at..].to_owned()
    };
    insta::assert_snapshot!(of("batch-failures"), @r"
    where:
      all of it runs here; CloudWatch Logs is asked for ECS events, and for lines that tell of an error or a migration:
      only the streams of runs that can pass the filters are read, each as a whole
    ");
    insta::assert_snapshot!(of("batch-runs"), @r"
    where:
      all of it runs here; CloudWatch Logs is asked for every event of the window,
      and for the rest of the runs that reach beyond it
    ");
}
