//! The pipeline on a store in memory, streams that hold what was delivered, and a sink that keeps what it gets.

mod promises;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use logq::alert::Alert;
use logq::alert::sink::Storm;
use logq::alert::sink::slack::Posted;
use logq::decode::subscription::Packed;
use logq::saved::builtin;
use logq::state::{Memory, Silence, Target, put_silence};
use serde_json::json;

use super::*;
use crate::deliver::{Delivered, DeliveryError};
use crate::streams::{Span, StreamError};

const START: i64 = 1_795_600_000_000;
const TASK: &str = "1cf0d28e12e9289741cd041d467ee616";
const BATCH: (&str, &str) = (
    "/ecs/production-batch",
    "ecs/batch/1cf0d28e12e9289741cd041d467ee616",
);
const WEBAPP: (&str, &str) = (
    "/ecs/production-webapp",
    "ecs/web/7dc96f776c8423e57a2785489a3f9c43",
);

type Lines = Vec<(i64, String)>;
type Held = Arc<Mutex<HashMap<(String, String), Lines>>>;

#[derive(Clone, Default)]
struct FakeStreams {
    held: Held,
    reads: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
}

impl Streams for FakeStreams {
    async fn read(&self, origin: &Origin, span: Span) -> Result<Batch, StreamError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StreamError {
                group: origin.group.to_string(),
                stream: origin.stream.to_string(),
                reason: "down".to_owned(),
            });
        }
        let held = self.held.lock().expect("no panic before");
        let mut batch = Batch::new(origin.clone());
        let name = (origin.group.to_string(), origin.stream.to_string());
        for (at, line) in held.get(&name).into_iter().flatten() {
            let inside = match span {
                Span::Whole => true,
                Span::Between(from, to) => (from.0..=to.0).contains(at),
            };
            if inside {
                batch.push(Timestamp(*at), None, line.as_bytes(), false);
            }
        }
        Ok(batch)
    }
}

#[derive(Clone, Default)]
struct FakeSink {
    got: Arc<Mutex<Vec<Alert>>>,
    storms: Arc<Mutex<Vec<Storm>>>,
    is_down: Arc<Mutex<bool>>,
    /// What it never takes, by a part of the title.
    hates: Arc<Mutex<Option<String>>>,
}

impl Sink for FakeSink {
    fn name(&self) -> &'static str {
        "sns"
    }

    fn send<'a>(&'a self, alert: &'a Alert, _: Option<&'a Posted>) -> crate::deliver::Delivery<'a> {
        Box::pin(async move {
            if *self.is_down.lock().expect("no panic before") {
                return Err(DeliveryError::Later {
                    after: Some(Duration::from_secs(30)),
                    reason: "down".to_owned(),
                });
            }
            let hates = self.hates.lock().expect("no panic before").clone();
            if hates.is_some_and(|words| alert.title.contains(&words)) {
                return Err(DeliveryError::Later {
                    after: None,
                    reason: "not this one".to_owned(),
                });
            }
            self.got
                .lock()
                .expect("no panic before")
                .push(alert.clone());
            Ok(Delivered::default())
        })
    }

    fn send_storm<'a>(&'a self, storm: &'a Storm) -> crate::deliver::Delivery<'a> {
        Box::pin(async move {
            self.storms
                .lock()
                .expect("no panic before")
                .push(storm.clone());
            Ok(Delivered::default())
        })
    }
}

struct Bed {
    pipeline: Pipeline<FakeStreams>,
    streams: FakeStreams,
    store: Memory,
    sink: FakeSink,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Bed {
    fn new() -> Self {
        let (streams, sink) = (FakeStreams::default(), FakeSink::default());
        let (log, lines) = Log::kept();
        let (rules, errors) = Rules::compile(&builtin(), Timestamp(START));
        assert!(errors.is_empty());
        let pipeline = Pipeline::new(Parts {
            rules,
            config: Config::default(),
            stage: "production".to_owned(),
            streams: streams.clone(),
            sinks: vec![Box::new(sink.clone())],
            log,
        });
        Self {
            pipeline,
            streams,
            store: Memory::default(),
            sink,
            lines,
        }
    }

    async fn input(&mut self, input: Input<'_>, at: i64) -> Result<Sent, Failure> {
        let deadline = Deadline::after(Duration::from_mins(1));
        self.pipeline
            .handle(&self.store, &input, deadline, Timestamp(START + at))
            .await
    }

    async fn tick(&mut self, at: i64) {
        self.input(Input::Tick, at).await.expect("a tick");
    }

    /// Writes lines to a stream, and delivers them.
    async fn deliver(
        &mut self,
        place: (&str, &str),
        lines: &[(i64, &str)],
        at: i64,
    ) -> Result<Sent, Failure> {
        self.write(place, lines);
        self.input(delivery(place, lines), at).await
    }

    fn write(&self, (group, stream): (&str, &str), lines: &[(i64, &str)]) {
        let mut held = self.streams.held.lock().expect("no panic before");
        let stream = held
            .entry((group.to_owned(), stream.to_owned()))
            .or_default();
        stream.extend(
            lines
                .iter()
                .map(|(at, line)| (START + at, (*line).to_owned())),
        );
        stream.sort_by_key(|(at, _)| *at);
    }

    fn titles(&self) -> Vec<String> {
        let got = self.sink.got.lock().expect("no panic before");
        let title = |alert: &Alert| format!("{} {}", alert.status.name(), alert.title);
        got.iter().map(title).collect()
    }
}

fn delivery((group, stream): (&str, &str), lines: &[(i64, &str)]) -> Input<'static> {
    let events: Vec<_> = lines
        .iter()
        .map(|(at, line)| {
            let at = START + at;
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            let id = (at as u128) << 64 | u128::from(hasher.finish());
            json!({"id": format!("{id:056}"), "timestamp": at, "message": line})
        })
        .collect();
    let document = json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": group,
        "logStream": stream, "subscriptionFilters": ["all"], "logEvents": events,
    });
    packed(document.to_string().as_bytes())
}

fn packed(document: &[u8]) -> Input<'static> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(document).expect("in memory");
    let text = STANDARD.encode(encoder.finish().expect("in memory"));
    Input::Delivery(Packed::new(text.into_bytes(), 1 << 20), b"")
}

fn stopped(exit_code: i64, at: i64) -> Input<'static> {
    let time = |at: i64| Timestamp(START + at).to_string();
    let event = json!({
        "version": "0", "id": "e", "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "account": "111122223333", "time": time(at), "region": "ap-northeast-1", "resources": [],
        "detail": {
            "clusterArn": "arn:aws:ecs:ap-northeast-1:111122223333:cluster/production",
            "taskArn": format!("arn:aws:ecs:ap-northeast-1:111122223333:task/production/{TASK}"),
            "taskDefinitionArn": "arn:aws:ecs:ap-northeast-1:111122223333:task-definition/batch:1",
            "group": "family:batch", "startedBy": "events-rule/nightly", "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited", "version": 6,
            "stoppedReason": "Essential container in task exited",
            "createdAt": time(-60_000), "startedAt": time(-30_000), "stoppedAt": time(at),
            "containers": [{"name": "batch", "lastStatus": "STOPPED", "exitCode": exit_code}],
            "overrides": {"containerOverrides": [{
                "name": "batch", "command": ["python", "manage.py", "sync_reservations"],
            }]},
        },
    });
    let text = event.to_string().into_bytes();
    Input::Task(
        Box::new(TaskEvent::parse(&text).expect("an ECS event")),
        text,
    )
}

const CRASH: &[(i64, &str)] = &[
    (
        0,
        r#"{"levelname": "INFO", "name": "sync", "message": "started"}"#,
    ),
    (10, "Traceback (most recent call last):"),
    (11, r#"  File "/app/manage.py", line 22, in <module>"#),
    (12, "    main()"),
    (
        13,
        r#"  File "/app/booking/sync.py", line 88, in sync_rates"#,
    ),
    (14, r#"    price = plan["price"]"#),
    (15, "KeyError: 'price'"),
];
const FAILED: &str = "firing sync_reservations failed after 30 s: KeyError: 'price' in sync_rates (booking/sync.py:88)";

#[tokio::test]
async fn a_failed_batch_is_told_once_whatever_comes_first_and_however_often() {
    for turn in 0..6 {
        let mut bed = Bed::new();
        bed.write(BATCH, CRASH);
        let cut = 1 + turn;
        let mut inputs = vec![
            delivery(BATCH, &CRASH[..cut]),
            delivery(BATCH, &CRASH[cut..]),
            stopped(1, 20),
        ];
        inputs.rotate_left(turn % 3);
        if turn > 2 {
            inputs.reverse();
        }
        let again = inputs.clone();
        for input in inputs.into_iter().chain(again) {
            bed.input(input, 100).await.expect("taken");
        }
        assert!(bed.titles().is_empty(), "its last lines may still come");
        bed.tick(60_000).await;
        bed.tick(120_000).await;
        bed.input(stopped(1, 20), 130_000).await.expect("taken");
        assert_eq!(bed.titles(), [FAILED], "turn {turn}");
    }
}

#[tokio::test]
async fn without_ecs_a_quiet_run_is_judged_by_its_lines() {
    let mut bed = Bed::new();
    bed.deliver(BATCH, CRASH, 100).await.expect("taken");
    bed.tick(240_000).await;
    assert!(bed.titles().is_empty(), "it may go on");
    bed.tick(301_000).await;
    assert_eq!(
        bed.titles(),
        ["firing batch failed after 15 ms: KeyError: 'price' in sync_rates (booking/sync.py:88)"]
    );
}

#[tokio::test]
async fn a_batch_that_works_again_is_told() {
    let mut bed = Bed::new();
    bed.deliver(BATCH, CRASH, 100).await.expect("taken");
    bed.input(stopped(1, 20), 100).await.expect("taken");
    bed.tick(60_000).await;
    let other = TASK.replace('1', "2");
    let stream = BATCH.1.replace(TASK, &other);
    let good = [(
        3_600_000,
        r#"{"levelname": "INFO", "name": "sync", "message": "done"}"#,
    )];
    bed.deliver((BATCH.0, &stream), &good, 3_600_100)
        .await
        .expect("taken");
    let Input::Task(_, text) = stopped(0, 3_601_000) else {
        unreachable!("a task event")
    };
    let text = String::from_utf8(text)
        .expect("text")
        .replace(TASK, &other)
        .into_bytes();
    let event = Box::new(TaskEvent::parse(&text).expect("an ECS event"));
    bed.input(Input::Task(event, text), 3_700_000)
        .await
        .expect("taken");
    assert_eq!(
        bed.titles(),
        [
            FAILED,
            "resolved sync_reservations works again, after 1 failure"
        ]
    );
}

#[tokio::test]
async fn an_error_in_pieces_is_one_error() {
    let lines: Vec<(i64, &str)> = CRASH[1..].to_vec();
    for cut in 1..lines.len() {
        let mut bed = Bed::new();
        bed.write(WEBAPP, &lines);
        for piece in [&lines[..cut], &lines[cut..], &lines[..]] {
            bed.input(delivery(WEBAPP, piece), 200)
                .await
                .expect("taken");
        }
        bed.tick(60_000).await;
        bed.tick(120_000).await;
        assert_eq!(
            bed.titles(),
            ["firing New error in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)"],
            "cut at {cut}"
        );
        assert_eq!(bed.sink.got.lock().expect("whole")[0].counts.occurrences, 1);
    }
}

#[tokio::test]
async fn many_of_one_kind_are_counted_and_many_kinds_make_a_storm() {
    let mut bed = Bed::new();
    let error = |number: usize, logger: &str| {
        format!(
            r#"{{"created": 1795600000.{number}, "levelname": "ERROR", "name": "core.{logger}", "message": "unlock failed for LK-{number}"}}"#
        )
    };
    let alike: Vec<String> = (0..1200).map(|number| error(number, "locks")).collect();
    let lines: Vec<(i64, &str)> = alike.iter().map(|line| (0, line.as_str())).collect();
    for some in lines.chunks(300) {
        bed.deliver(WEBAPP, some, 20_000).await.expect("taken");
    }
    bed.deliver(WEBAPP, &lines[..300], 20_000)
        .await
        .expect("taken again");
    let counts: Vec<u64> = {
        let got = bed.sink.got.lock().expect("whole");
        got.iter().map(|alert| alert.counts.occurrences).collect()
    };
    assert_eq!(counts, [1, 10, 100, 1000]);

    let word = |number: usize| {
        let letter = |digit: usize| char::from(b'a' + (digit % 26) as u8);
        [number / 676, number / 26, number]
            .map(letter)
            .iter()
            .collect::<String>()
    };
    let kinds: Vec<String> = (0..500)
        .map(|number| error(number, &word(number)))
        .collect();
    let lines: Vec<(i64, &str)> = kinds.iter().map(|line| (100_000, line.as_str())).collect();
    bed.deliver(WEBAPP, &lines, 120_000).await.expect("taken");
    let alone = bed.sink.got.lock().expect("whole").len() as u64 - 4;
    let storms = bed.sink.storms.lock().expect("whole").clone();
    assert_eq!(storms.len(), 1);
    assert_eq!(alone + storms[0].alerts, 500);
}

#[tokio::test]
async fn what_a_sink_does_not_take_is_sent_later_and_once() {
    let mut bed = Bed::new();
    *bed.sink.is_down.lock().expect("whole") = true;
    let line = [(
        0,
        r#"{"levelname": "ERROR", "name": "core.views", "message": "no"}"#,
    )];
    let failure = bed.deliver(WEBAPP, &line, 20_000).await.expect_err("down");
    assert_eq!(failure.to_string(), "1 alerts are not sent yet: sns: down");
    *bed.sink.is_down.lock().expect("whole") = false;
    bed.tick(40_000).await;
    assert!(bed.titles().is_empty(), "the sink asked for 30 s");
    bed.deliver(WEBAPP, &line, 60_000)
        .await
        .expect("tried again");
    bed.tick(120_000).await;
    assert_eq!(bed.titles(), ["firing New error in webapp: no"]);
}

#[tokio::test]
async fn a_silence_is_kept_and_told_of() {
    let mut bed = Bed::new();
    let silence = Silence {
        target: Target::Stage,
        stage: "production".to_owned(),
        since: START,
        until: START + 100_000,
        reason: "deploy".to_owned(),
    };
    put_silence(&bed.store, &silence, Timestamp(START))
        .await
        .expect("stored");
    let line = |at| {
        (
            at,
            r#"{"levelname": "ERROR", "name": "core.views", "message": "no"}"#,
        )
    };
    bed.deliver(WEBAPP, &[line(0), line(1)], 20_000)
        .await
        .expect("taken");
    assert!(bed.titles().is_empty());
    bed.deliver(WEBAPP, &[line(110_000)], 130_000)
        .await
        .expect("taken");
    let got = bed.sink.got.lock().expect("whole").clone();
    assert_eq!(got.len(), 1);
    assert_eq!(
        (got[0].status.name(), got[0].counts.suppressed),
        ("firing", 2)
    );
    assert!(
        got[0]
            .summary
            .contains("2 times it was not told because of a silence (deploy)."),
        "{}",
        got[0].summary
    );
}

#[tokio::test]
async fn poison_is_counted_and_costs_nothing() {
    let mut bed = Bed::new();
    let refused = Input::read(br#"{"awslogs": {"data": "%%%"}}"#, 1 << 20);
    bed.input(refused, 0).await.expect("no reason to try again");
    bed.input(packed(b"not JSON"), 0).await.expect("likewise");
    let lines = bed.lines.lock().expect("whole").join("\n");
    assert!(
        lines.contains(r#""reason":"base64""#) && lines.contains(r#""reason":"json""#),
        "{lines}"
    );
}

#[tokio::test]
async fn a_self_test_reaches_the_sinks() {
    let mut bed = Bed::new();
    bed.input(Input::SelfTest, 0).await.expect("sent");
    assert_eq!(
        bed.titles(),
        ["firing Test alert: the way from logq to here works"]
    );
    assert_eq!(
        bed.pipeline.counts.deliveries(),
        json!({"sns": {"sent": 1}})
    );
}

#[tokio::test]
async fn little_time_is_left_for_the_next_call() {
    let mut bed = Bed::new();
    bed.deliver(BATCH, CRASH, 100).await.expect("taken");
    let now = Timestamp(START + 400_000);
    let deadline = Deadline::after(Duration::from_secs(3));
    bed.pipeline
        .handle(&bed.store, &Input::Tick, deadline, now)
        .await
        .expect("a tick");
    assert!(bed.pipeline.counts.partial && bed.titles().is_empty());
    bed.tick(460_000).await;
    assert_eq!(bed.titles().len(), 1);
}
