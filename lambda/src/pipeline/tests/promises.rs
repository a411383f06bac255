//! What is promised for bad days: nothing lost, nothing counted twice, whatever is slow, down or too much.

use logq::detect::Outcome;

use super::super::documents::{OUTBOX, TASK_KEPT, task_key};
use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const ERROR: &str = r#"{"levelname": "ERROR", "name": "core.views", "message": "no"}"#;

/// Returns a word for a number: digits are no part of what tells kinds of errors apart.
fn word(number: usize) -> String {
    let letter = |digit: usize| char::from(b'a' + (digit % 26) as u8);
    [number / 17_576, number / 676, number / 26, number]
        .map(letter)
        .iter()
        .collect()
}

fn kind(number: usize) -> String {
    let word = word(number);
    format!(r#"{{"levelname": "ERROR", "name": "core.{word}", "message": "failed"}}"#)
}

impl Bed {
    async fn put_due(&self, sort: &str, at: i64) {
        let due = Due::Task {
            at: Timestamp(START + at),
            id: sort.to_owned(),
        };
        let expires = Timestamp(START + TASK_KEPT);
        let write = Write::put(due.key(), &due, expires, Expected::Anything);
        self.store
            .commit(vec![write], Timestamp(START))
            .await
            .expect("written");
    }

    async fn due(&self) -> Vec<Due> {
        let now = Timestamp(START);
        let due = self.store.list(DUE, usize::MAX, now).await.expect("read");
        due.iter().filter_map(logq::state::Document::read).collect()
    }

    async fn within(
        &mut self,
        input: &Input<'_>,
        time: Duration,
        at: i64,
    ) -> Result<Sent, Failure> {
        let now = Timestamp(START + at);
        let deadline = Deadline::after(time);
        self.pipeline
            .handle(&self.store, input, deadline, now)
            .await
    }

    fn got(&self) -> Vec<Alert> {
        self.sink.got.lock().expect("no panic before").clone()
    }

    fn reads(&self) -> usize {
        self.streams.reads.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn very_many_that_are_not_due_hide_none_that_is() {
    let mut bed = Bed::new();
    for number in 0..MOST_DUE + 100 {
        bed.put_due(&format!("0{}", word(number)), HOUR).await;
    }
    bed.deliver(BATCH, CRASH, 100).await.expect("taken");
    bed.tick(6 * MINUTE).await;
    assert_eq!(bed.titles().len(), 1);
    assert!(!bed.pipeline.counts.partial);
}

#[tokio::test]
async fn of_more_than_one_tick_looks_at_the_oldest_are_first() {
    let mut bed = Bed::new();
    for number in 0..MOST_DUE + 100 {
        // The names say the opposite of the times.
        let at = (2 * MOST_DUE - number) as i64;
        bed.put_due(&word(number), at).await;
    }
    bed.tick(MINUTE).await;
    assert!(bed.pipeline.counts.partial);
    let left = bed.due().await;
    assert_eq!(left.len(), 100);
    let newest = 2 * MOST_DUE as i64 - 100;
    assert!(left.iter().all(|due| due.at().0 - START > newest));
    bed.pipeline.counts = Counts::default();
    bed.tick(2 * MINUTE).await;
    assert!(bed.due().await.is_empty() && !bed.pipeline.counts.partial);
}

#[tokio::test]
async fn of_ten_thousand_kinds_each_is_told_or_stands_in_a_storm_message() {
    const KINDS: usize = 10_000;
    let mut bed = Bed::new();
    let lines: Vec<String> = (0..KINDS).map(kind).collect();
    for some in lines.chunks(1000) {
        let some: Vec<(i64, &str)> = some.iter().map(|line| (0, line.as_str())).collect();
        bed.input(delivery(WEBAPP, &some), 20_000)
            .await
            .expect("taken");
    }
    for minute in 1..=4 {
        bed.tick(minute * MINUTE).await;
        if minute == 1 {
            assert!(
                bed.pipeline.counts.undelivered > 0,
                "one message has not room for all"
            );
        }
    }
    let storms = bed.sink.storms.lock().expect("whole").clone();
    let in_storms: u64 = storms.iter().map(|storm| storm.alerts).sum();
    assert_eq!(bed.got().len() as u64 + in_storms, KINDS as u64);
    assert!(storms.len() <= 5, "{} storms", storms.len());
    let now = Timestamp(START);
    assert!(
        bed.store
            .list(OUTBOX, 1, now)
            .await
            .expect("read")
            .is_empty()
    );
    let counts = &bed.pipeline.counts;
    assert_eq!((counts.undelivered, counts.alerts), (0, KINDS as u64));
}

#[tokio::test]
async fn one_that_is_never_taken_does_not_keep_the_others_from_being_sent() {
    let mut bed = Bed::new();
    *bed.sink.hates.lock().expect("whole") = Some("no".to_owned());
    let failing = bed.deliver(WEBAPP, &[(0, ERROR)], 20_000).await;
    failing.expect_err("not taken");
    let other = r#"{"levelname": "ERROR", "name": "core.views", "message": "other"}"#;
    // It is as bad and happened later.
    let later = bed.deliver(WEBAPP, &[(1, other)], 20_000).await;
    later.expect_err("the first of them is not taken");
    for minute in 1..=4 {
        bed.tick(minute * MINUTE).await;
    }
    assert_eq!(bed.titles(), ["firing New error in webapp: other"]);
    *bed.sink.hates.lock().expect("whole") = None;
    bed.tick(5 * MINUTE).await;
    assert_eq!(bed.titles().len(), 2, "and it is not lost");
}

fn ecs(change: impl Fn(&mut serde_json::Value)) -> Input<'static> {
    let Input::Task(_, text) = stopped(1, 20) else {
        unreachable!("a task event")
    };
    let mut event: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    change(&mut event);
    let text = event.to_string().into_bytes();
    let event = TaskEvent::parse(&text).expect("an ECS event");
    Input::Task(Box::new(event), text)
}

fn running() -> Input<'static> {
    ecs(|event| {
        event["detail"]["lastStatus"] = json!("RUNNING");
        event["detail"]["version"] = json!(4);
        event["detail"]["containers"] = json!([]);
    })
}

#[tokio::test]
async fn a_run_whose_stop_is_lost_is_told_after_a_long_silence() {
    let mut bed = Bed::new();
    bed.input(running(), 0).await.expect("taken");
    bed.deliver(BATCH, CRASH, 100).await.expect("taken");
    for hour in 1..=5 {
        bed.tick(hour * HOUR).await;
    }
    assert!(
        bed.titles().is_empty() && bed.reads() == 0,
        "it may still run"
    );
    bed.tick(6 * HOUR + MINUTE).await;
    assert_eq!(bed.titles().len(), 1);
    assert!(
        bed.titles()[0].contains("KeyError: 'price'"),
        "{:?}",
        bed.titles()
    );
    assert!(bed.due().await.is_empty(), "it is settled");
    // The stop comes after all: it is the same failure.
    bed.input(stopped(1, 20), 7 * HOUR).await.expect("taken");
    bed.tick(8 * HOUR).await;
    assert_eq!(bed.titles().len(), 1);
}

/// Delivers an error whose beginning came before, while its stream cannot be read.
async fn cut_error(bed: &mut Bed) {
    let other = r#"{"levelname": "ERROR", "name": "core.views", "message": "whole"}"#;
    let mut lines = CRASH[1..].to_vec();
    lines.extend([(20, other), (21, "done")]);
    bed.write(WEBAPP, &lines);
    bed.streams.is_down.store(true, Ordering::SeqCst);
    let cut = bed.input(delivery(WEBAPP, &lines[3..]), 20_000).await;
    cut.expect("what is whole is told");
    assert_eq!(bed.titles(), ["firing New error in webapp: whole"]);
}

#[tokio::test]
async fn an_error_whose_beginning_cannot_be_read_waits_until_it_can() {
    let mut bed = Bed::new();
    cut_error(&mut bed).await;
    bed.tick(MINUTE).await;
    assert_eq!(bed.titles().len(), 1, "its beginning is not known yet");
    bed.streams.is_down.store(false, Ordering::SeqCst);
    bed.tick(3 * MINUTE).await;
    bed.tick(4 * MINUTE).await;
    let whole = "firing New error in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)";
    assert_eq!(bed.titles()[1..], [whole]);
    assert!(bed.due().await.is_empty());
    let counts = &bed.pipeline.counts;
    assert_eq!((counts.alerts, counts.suppressed), (2, 0));
}

#[tokio::test]
async fn what_a_delivery_adds_to_a_note_while_a_tick_is_busy_is_told() {
    let mut bed = Bed::new();
    let start = [
        "Traceback (most recent call last):",
        "  File \"/app/a.py\", line 1, in f",
    ];
    bed.deliver(WEBAPP, &[(0, start[0]), (1, start[1])], 100)
        .await
        .expect("taken");
    let stale = bed.due().await.remove(0);
    bed.write(WEBAPP, &[(2, "KeyError: 'first'")]);
    let later = [(30_000, start[0]), (30_001, start[1])];
    bed.deliver(WEBAPP, &later, 30_100).await.expect("taken");
    bed.write(WEBAPP, &[(30_002, "ValueError: second")]);
    let now = Timestamp(START + 30_200);
    let store = std::mem::take(&mut bed.store);
    bed.pipeline
        .close_open(&store, &stale, None, now)
        .await
        .expect("looked at");
    bed.store = store;
    bed.tick(MINUTE).await;
    bed.tick(2 * MINUTE).await;
    let titles = bed.titles().join("\n");
    assert!(
        titles.contains("'first'") && titles.contains("second"),
        "{titles}"
    );
    assert!(bed.due().await.is_empty());
}

#[tokio::test]
async fn a_stream_that_goes_on_and_can_never_be_read_is_told_as_it_is() {
    let mut bed = Bed::new();
    bed.streams.is_down.store(true, Ordering::SeqCst);
    for minute in 0..9 {
        let at = minute * MINUTE;
        let lines = [(at, CRASH[1].1), (at + 1, CRASH[2].1)];
        let taken = bed.input(delivery(WEBAPP, &lines), at + 100).await;
        taken.expect("taken");
        bed.tick(at + MINUTE - 1).await;
    }
    assert!(!bed.titles().is_empty());
}

#[tokio::test]
async fn an_error_whose_end_can_never_be_read_is_told_as_it_is() {
    let mut bed = Bed::new();
    bed.streams.is_down.store(true, Ordering::SeqCst);
    let source = "    pay(token='abcdef123456')";
    let lines = [(0, CRASH[1].1), (1, CRASH[2].1), (2, source)];
    bed.input(delivery(WEBAPP, &lines), 5_000)
        .await
        .expect("taken");
    let kept = bed
        .store
        .list(DUE, 9, Timestamp(START))
        .await
        .expect("read");
    assert!(kept[0].body.contains("[redacted]"), "{}", kept[0].body);
    assert!(!kept[0].body.contains("abcdef123456"), "{}", kept[0].body);
    let before = bed.titles().len();
    for minute in 1..=9 {
        bed.tick(minute * MINUTE).await;
    }
    assert!(before == 0 && bed.titles().len() == 1, "{:?}", bed.titles());
    assert!(bed.due().await.is_empty());
}

#[tokio::test]
async fn two_equal_lines_of_one_millisecond_are_two_however_they_are_cut() {
    let with_id = |id: u32| {
        let document = json!({
            "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": WEBAPP.0, "logStream": WEBAPP.1,
            "subscriptionFilters": [], "logEvents": [{"id": format!("{id:056}"), "timestamp": START, "message": ERROR}],
        });
        packed(document.to_string().as_bytes())
    };
    let mut bed = Bed::new();
    bed.write(WEBAPP, &[(0, ERROR), (0, ERROR)]);
    for id in [1, 2, 1, 2] {
        bed.input(with_id(id), 20_000).await.expect("taken");
    }
    bed.tick(MINUTE).await;
    let counts = &bed.pipeline.counts;
    assert_eq!((counts.alerts, counts.suppressed), (1, 1));
}

/// Returns the sums of `Runs` by outcome.
fn runs(bed: &Bed) -> serde_json::Value {
    bed.pipeline.counts.runs()
}

#[tokio::test]
async fn a_run_counts_once_however_often_it_is_judged_and_by_what_it_turns_out_to_be() {
    const MIGRATE: &[(i64, &str)] = &[
        (0, "Operations to perform:"),
        (1, "  Apply all migrations: shop"),
        (2, "Running migrations:"),
        (3, "  Applying shop.0041_auto... OK"),
    ];
    let mut bed = Bed::new();
    bed.deliver(BATCH, MIGRATE, 100).await.expect("taken");
    bed.tick(6 * MINUTE).await;
    assert_eq!(runs(&bed), json!({"succeeded": 1}));
    let migrate = ecs(|event| {
        event["detail"]["overrides"]["containerOverrides"][0]["command"] =
            json!(["python", "manage.py", "migrate"]);
    });
    bed.input(migrate, 7 * MINUTE).await.expect("taken");
    bed.deliver(BATCH, &[(30, "bye")], 8 * MINUTE)
        .await
        .expect("taken");
    bed.tick(10 * MINUTE).await;
    assert_eq!(runs(&bed), json!({"failed": 1, "succeeded": 0}));
    let got = bed.got();
    let told = got
        .iter()
        .map(|alert| (alert.severity.name(), alert.counts.occurrences));
    assert_eq!(told.collect::<Vec<_>>(), [("info", 1), ("critical", 1)]);
    assert_eq!(got[0].id, got[1].id);
    assert_eq!(bed.pipeline.counts.suppressed, 0);
}

#[tokio::test]
async fn nothing_is_kept_of_the_environment_that_a_task_was_given() {
    let mut bed = Bed::new();
    let with_secret = ecs(|event| {
        event["detail"]["overrides"]["containerOverrides"][0]["environment"] =
            json!([{"name": "DB", "value": "postgres://shop:hunter2@db"}]);
    });
    bed.input(with_secret, 100).await.expect("taken");
    let key = task_key(TASK);
    let found = bed.store.get(&[key], Timestamp(START)).await.expect("read");
    assert!(
        found[0].body.contains("sync_reservations"),
        "{}",
        found[0].body
    );
    assert!(!found[0].body.contains("hunter2"), "{}", found[0].body);
}

#[tokio::test]
async fn what_the_time_did_not_allow_for_is_said_and_told_by_the_next_try() {
    let mut bed = Bed::new();
    let lines: Vec<String> = (0..300).map(kind).collect();
    let lines: Vec<(i64, &str)> = lines.iter().map(|line| (0, line.as_str())).collect();
    let input = delivery(WEBAPP, &lines);
    let short = bed.within(&input, Duration::from_secs(1), 20_000).await;
    assert!(matches!(short, Err(Failure::OutOfTime)), "{short:?}");
    assert!(bed.pipeline.counts.partial);
    assert_eq!(bed.pipeline.counts.alerts, 0);
    bed.input(input, 20_000).await.expect("taken");
    assert_eq!(bed.pipeline.counts.alerts, 300);
}

#[tokio::test]
async fn a_run_that_the_time_did_not_allow_for_is_told_by_the_next_tick() {
    let mut bed = Bed::new();
    bed.write(BATCH, CRASH);
    let (short, late) = (Duration::from_secs(2), 20 * MINUTE);
    bed.within(&delivery(BATCH, CRASH), short, late)
        .await
        .expect("noted");
    bed.within(&stopped(1, 20), short, late)
        .await
        .expect("noted");
    assert!(bed.pipeline.counts.partial && bed.titles().is_empty());
    bed.tick(21 * MINUTE).await;
    assert_eq!(bed.titles(), [FAILED]);
}

#[tokio::test]
async fn a_stream_that_hangs_takes_no_more_than_the_time_there_is() {
    let mut bed = Bed::new();
    bed.write(BATCH, CRASH);
    bed.streams.hangs.store(true, Ordering::SeqCst);
    let begun = std::time::Instant::now();
    let time = Duration::from_secs(4);
    bed.within(&stopped(1, 20), time, 20 * MINUTE)
        .await
        .expect("noted");
    let ended = bed.within(&delivery(BATCH, CRASH), time, 20 * MINUTE).await;
    ended.expect("put off");
    assert!(begun.elapsed() < 2 * time, "{:?}", begun.elapsed());
    assert!(bed.titles().is_empty() && bed.pipeline.counts.stream_errors > 0);
    bed.streams.hangs.store(false, Ordering::SeqCst);
    bed.tick(25 * MINUTE).await;
    assert_eq!(bed.titles(), [FAILED]);
}

#[tokio::test]
async fn many_late_deliveries_of_a_run_that_is_over_are_looked_at_together() {
    let mut bed = Bed::new();
    bed.deliver(BATCH, &CRASH[..3], 100).await.expect("taken");
    bed.input(stopped(1, 20), 100).await.expect("taken");
    bed.tick(MINUTE).await;
    let before = bed.reads();
    for number in 0..40 {
        let line = [(100 + number, "late")];
        bed.deliver(BATCH, &line, MINUTE + 1000 * number)
            .await
            .expect("taken");
    }
    assert_eq!(bed.reads(), before);
    for minute in 2..6 {
        bed.tick(minute * MINUTE + 1000).await;
    }
    assert_eq!(bed.reads(), before + 1);
    let outcome = Outcome::Failed.as_str();
    assert_eq!(runs(&bed), json!({outcome: 1}));
}
