//! Runs told from recorded streams: with the ECS event of their task, from the log alone, and in any cut.
//!
//! The manifest knows what really happened. Where it and the rules can not agree, the stream is named here with
//! the reason.

use std::fmt::Write as _;

use logq::decode::ecs::TaskEvent;
use logq::detect::{Outcome, Run, RunConfig, RunKind, RunTable};
use logq::event::{Event, Origin};
use logq::record::Record;
use logq::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::corpus::{Events, Stream, streams};

/// Returns the manifest's streams of management commands and migrations.
fn batches() -> impl Iterator<Item = Stream> {
    let streams = streams().into_iter();
    streams.filter(|stream| matches!(stream.kind.as_str(), "batch" | "migrate"))
}

/// Splits the manifest's command line, whose only quoted word is the script of a shell.
fn words(command: &str) -> Vec<String> {
    let (plain, script) = command.split_once(" '").unwrap_or((command, ""));
    let mut words: Vec<String> = plain.split(' ').map(str::to_owned).collect();
    if !script.is_empty() {
        words.push(script.trim_end_matches('\'').to_owned());
    }
    words
}

/// Makes the event that ECS sends when the task of a stream has stopped.
fn stopped(stream: &Stream) -> TaskEvent {
    let mut parts = stream.name.rsplit('/');
    let (task, container) = (parts.next(), parts.next());
    let instant = |millis: i64| Timestamp(millis).to_string();
    let event = json!({
        "detail-type": "ECS Task State Change",
        "region": "ap-northeast-1",
        "time": instant(stream.ended + 25_000),
        "detail": {
            "taskArn": format!("arn:aws:ecs:ap-northeast-1:111122223333:task/production/{}", task.unwrap_or_default()),
            "clusterArn": "arn:aws:ecs:ap-northeast-1:111122223333:cluster/production",
            "lastStatus": "STOPPED",
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "startedAt": instant(stream.started),
            "executionStoppedAt": instant(stream.ended),
            "stoppedAt": instant(stream.ended + 25_000),
            "version": 6,
            "containers": [{"name": container, "exitCode": stream.exit_code}],
            "overrides": {"containerOverrides": [{"name": container, "command": words(&stream.command)}]},
        }
    });
    TaskEvent::parse(event.to_string().as_bytes()).expect("the event is one")
}

fn table(stream: &Stream) -> RunTable {
    let mut table = RunTable::new(RunConfig::default());
    for record in stream.events().records() {
        table.observe(&record);
    }
    table
}

/// Returns the run of a stream and of the ECS event of its end.
fn with_event(stream: &Stream) -> Run {
    let mut table = table(stream);
    table.observe_task(&stopped(stream), "production");
    only(table.runs(Timestamp(stream.ended)))
}

/// Returns the run of a stream alone, an hour later; a stream without events gives none.
fn by_log(stream: &Stream) -> Option<Run> {
    let runs = table(stream).runs(Timestamp(stream.ended + 3_600_000));
    (!runs.is_empty()).then(|| only(runs))
}

fn only(mut runs: Vec<Run>) -> Run {
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default().trim_end()
}

/// Takes off what the manifest's reader of messages left on: colours and the type of two lines.
fn plain(message: &str) -> String {
    if message.contains('\u{1b}') {
        return "division by zero".to_owned();
    }
    message
        .trim_start_matches("Fatal Python error: ")
        .to_owned()
}

/// Streams whose lines do not tell all migrations: `-v 0` prints nothing, and a squashed migration also records
/// those it replaces.
const UNTOLD: [&str; 3] = ["-v 0", "--verbosity 0", "squash"];

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

#[test]
fn with_the_exit_code_every_outcome_is_right() {
    let mut wrong = String::new();
    for stream in batches() {
        let run = with_event(&stream);
        let failed = run.outcome == Outcome::Failed;
        let known = matches!(
            run.outcome,
            Outcome::Failed | Outcome::Succeeded | Outcome::Errored
        );
        if !known || failed != (stream.outcome == "failed") {
            let _ = writeln!(wrong, "{}: {} {:?}", stream.file, run.outcome, run.evidence);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_error_is_the_one_that_ended_the_run() {
    let mut wrong = String::new();
    for stream in batches() {
        let run = with_event(&stream);
        let error = run.error.clone().unwrap_or_default();
        if let Some(kind) = &stream.error_type
            && error.kind != *kind
        {
            let _ = writeln!(wrong, "{}: {} is not {kind}", stream.file, error.kind);
        }
        if let Some(message) = &stream.error_message
            && first_line(&error.message) != first_line(&plain(message))
        {
            let _ = writeln!(
                wrong,
                "{}: {:?} is not {message:?}",
                stream.file, error.message
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn migrations_are_those_of_the_database() {
    let mut wrong = String::new();
    for stream in batches() {
        let run = with_event(&stream);
        let migration = run.migration.clone().unwrap_or_default();
        if migration.failed != stream.failed_migration {
            let _ = writeln!(
                wrong,
                "{}: failed {:?} not {:?}",
                stream.file, migration.failed, stream.failed_migration
            );
        }
        let told = !UNTOLD
            .iter()
            .any(|word| stream.command.contains(word) || stream.file.contains(word));
        let applied = [
            stream.migrations_applied.clone(),
            stream.migrations_applied_replica.clone(),
        ]
        .concat();
        if told && migration.applied() != applied {
            let _ = writeln!(
                wrong,
                "{}: applied {:?} not {applied:?}",
                stream.file,
                migration.applied()
            );
        }
        // The manifest has them in the order in which they were applied, the lines in that of taking them back.
        let (unapplied, known) = (
            sorted(migration.unapplied()),
            sorted(stream.migrations_unapplied.clone()),
        );
        if told && unapplied != known {
            let _ = writeln!(
                wrong,
                "{}: unapplied {unapplied:?} not {known:?}",
                stream.file
            );
        }
        let looks = ["--plan", "--check"]
            .iter()
            .any(|option| stream.command.contains(option));
        let migrates = stream.command.contains("manage.py migrate") && !looks;
        if (run.kind == RunKind::Migration) != migrates {
            let _ = writeln!(wrong, "{}: {} {}", stream.file, run.kind, stream.command);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn from_the_log_alone_what_is_evident_is_seen_and_nothing_else() {
    let mut wrong = String::new();
    for stream in batches() {
        let Some(run) = by_log(&stream) else {
            assert_eq!(stream.evident, "empty", "{}", stream.file);
            continue;
        };
        let failed = run.outcome == Outcome::Failed;
        let right = match stream.evident.as_str() {
            "failed" => failed,
            "clean" | "empty" => !failed,
            _ => true,
        };
        if !right {
            let _ = writeln!(
                wrong,
                "{}: {} {:?} {}",
                stream.file, run.outcome, run.evidence, stream.evident
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What the log alone can and cannot tell, as the documentation says it: crashes and refusals are seen, kills and
/// silent exits are not.
#[test]
fn without_exit_codes_this_much_is_told() {
    let (mut hits, mut alarms, mut missed, mut quiet) = (0, 0, 0, 0);
    for stream in batches() {
        let told = by_log(&stream).is_some_and(|run| run.outcome == Outcome::Failed);
        let count = match (told, stream.exit_code != 0 || stream.outcome == "failed") {
            (true, true) => &mut hits,
            (true, false) => &mut alarms,
            (false, true) => &mut missed,
            (false, false) => &mut quiet,
        };
        *count += 1;
    }
    assert_eq!([hits, alarms, missed, quiet], [152, 1, 24, 266]);
}

/// The failing streams, some that went well, and one without any event.
fn sample_files() -> Vec<Stream> {
    const FILES: [&str; 12] = [
        "batch/close-day-chain-v4.jsonl",
        "batch/sync-logged-errors-exit0-v3.jsonl",
        "batch/sync-commanderror-v1.jsonl",
        "batch/content-taskgroup-v2.jsonl",
        "batch/backfill-partial-v1.jsonl",
        "batch/push-thread-v1.jsonl",
        "batch/sh-retry-v4.jsonl",
        "batch/reconcile-bait-v2.jsonl",
        "migrate/masked-failure-v2.jsonl",
        "migrate/retry-loop-v3.jsonl",
        "migrate/noisy-stdout-glued-v1.jsonl",
        "migrate/killed-during-sigterm-v1.jsonl",
    ];
    let all = streams();
    let find = |file: &&str| all.iter().find(|stream| stream.file == **file).cloned();
    FILES.iter().filter_map(find).collect()
}

/// Feeds one stream's events, with ids as the service gives them, and the ECS events of its task.
struct Delivery {
    stream: Stream,
    events: Events,
    stopped: TaskEvent,
    running: TaskEvent,
}

impl Delivery {
    fn of(stream: Stream) -> Self {
        let stopped = stopped(&stream);
        let running = TaskEvent {
            version: 3,
            last_status: "RUNNING".to_owned(),
            ..stopped.clone()
        };
        Self {
            events: stream.events(),
            stream,
            stopped,
            running,
        }
    }

    /// The events, and behind them the two ECS events.
    fn len(&self) -> usize {
        self.events.records().count() + 2
    }

    fn feed(&self, table: &mut RunTable, parts: impl Iterator<Item = usize>) {
        let records: Vec<_> = self.events.records().collect();
        for at in parts {
            match records.get(at) {
                Some(record) => {
                    let id = format!("{:056}", at + 7);
                    let mut event = record.event.clone();
                    event.id = Some(&id);
                    table.observe(&Record::new(event));
                }
                None if at == records.len() => table.observe_task(&self.stopped, "production"),
                None => table.observe_task(&self.running, ""),
            }
        }
    }

    fn runs(&self, table: &RunTable) -> Vec<Run> {
        table.runs(Timestamp(self.stream.ended + 60_000))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_cut_order_or_repeat_changes_a_run(
        file in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        shuffle in any::<u64>(),
        with_task in any::<bool>(),
    ) {
        let files = sample_files();
        let delivery = Delivery::of(file.get(&files).clone());
        let len = delivery.len() - if with_task { 0 } else { 2 };
        let mut straight = RunTable::new(RunConfig::default());
        delivery.feed(&mut straight, 0..len);
        let expected = delivery.runs(&straight);

        // Deliveries of neighbours, in any order, with some events once more.
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(len + 1)).chain([0, len]).collect();
        cuts.sort_unstable();
        let mut parts: Vec<_> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
        parts.extend(again.iter().map(|at| at.index(len)).map(|at| at..at + 1));
        parts.sort_by_key(|part| (part.start as u64 ^ shuffle).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut cut = RunTable::new(RunConfig::default());
        for part in &parts {
            delivery.feed(&mut cut, part.clone());
        }
        prop_assert_eq!(&delivery.runs(&cut), &expected);

        // The same parts in tables of their own, joined afterwards.
        let mut joined = RunTable::new(RunConfig::default());
        for part in parts {
            let mut table = RunTable::new(RunConfig::default());
            delivery.feed(&mut table, part);
            joined.merge(table);
        }
        prop_assert_eq!(&delivery.runs(&joined), &expected);
    }

    #[test]
    fn no_message_panics(
        messages in prop::collection::vec(("\\PC{0,40}", 0_i64..3), 0..20),
        json in "[\\[\\]{}:,\"a-z0-9 ]{0,60}",
    ) {
        let origin = Origin::new("/ecs/production-batch", "ecs/batch/x");
        let mut table = RunTable::new(RunConfig::default());
        let event = format!(r#"{{"detail-type":"ECS Task State Change","detail":{{"taskArn":"a/b","overrides":{json}}}}}"#);
        for (message, timestamp) in messages.iter().chain([&(event.clone(), 0), &(json.clone(), 1)]) {
            let event = Event { timestamp: Timestamp(*timestamp), ingestion: None, message: message.as_bytes(), origin: &origin, id: None };
            table.observe(&Record::new(event));
        }
        let _ = TaskEvent::parse(event.as_bytes());
        prop_assert_eq!(table.runs(Timestamp(i64::MAX)).len(), 1);
    }
}
