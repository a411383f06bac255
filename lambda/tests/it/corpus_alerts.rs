//! The samples, and the whole corpus, through the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::bed::{Bed, now};
use crate::corpus::{Recording, recordings, samples};
use crate::payload::Cut;
use crate::scenario::{Scenario, TICK, settle};
use crate::told::Told;

/// The groups of the samples, which are another project's.
const SAMPLES_CONFIG: &str = "[groups]\nbatch = \"/ecs/shop-prod/batch\"\n";

#[tokio::test]
async fn every_payload_does_what_is_expected() {
    let bed = Bed::new().await.with_file("logq.toml", SAMPLES_CONFIG);
    let mut function = bed.function().await;
    let mut expected_poison = BTreeMap::new();
    let (mut events, mut control) = (0.0, 0.0);
    for (name, payload, expected) in samples("payloads") {
        let outcome = function.invoke(&payload).await;
        assert!(outcome.is_response(), "{name}: {outcome:?}");
        let number = expected["events"].as_f64().unwrap_or_default();
        match expected["decode"].as_str() {
            Some("poison") => {
                let reason = expected["reason"].as_str().unwrap_or_default().to_owned();
                *expected_poison.entry(reason).or_insert(0.0) += 1.0;
            }
            Some("control") => control += 1.0,
            _ => events += number,
        }
    }
    let printed = function.stop().await;
    assert_eq!(function.starts(), 1);
    assert!((printed.metric("Events") - events).abs() < 0.5);
    assert!((printed.metric("ControlMessages") - control).abs() < 0.5);
    for (reason, number) in expected_poison {
        let counted = printed.metric_where("Poison", |line| line["reason"] == *reason);
        assert!((counted - number).abs() < 0.5, "{reason}");
    }
}

#[tokio::test]
async fn a_traceback_of_many_events_is_one_alert() {
    let bed = Bed::new().await.with_file("logq.toml", SAMPLES_CONFIG);
    let mut function = bed.function().await;
    for (_, payload, expected) in samples("payloads") {
        if expected["file"] == "valid-mixed-migrate-traceback.json" {
            function.deliver_well(&payload).await;
            function.deliver_well(TICK).await;
        }
    }
    let told = Told::by(&bed).await;
    assert_eq!(
        (told.sns.len(), told.slack.len()),
        (1, 1),
        "{}",
        told.summary()
    );
}

#[tokio::test]
async fn every_task_event_does_what_the_policy_says() {
    let bed = Bed::new().await;
    let mut function = bed.function().await;
    let mut wrong = String::new();
    let samples = samples("ecs-events");
    for (_, payload, _) in &samples {
        for _ in 0..2 {
            function.deliver_well(payload).await;
        }
    }
    // A task that has started may have lines that are on their way.
    tokio::time::sleep(Duration::from_secs(16)).await;
    function.deliver_well(TICK).await;
    for (name, _, expected) in samples {
        let task = expected["task_id"].as_str().unwrap_or_default();
        let told = Told::by(&bed).await;
        let sns = told.sns.iter().filter(|one| one.message.contains(task));
        let slack = told.slack.iter().filter(|one| one.says(task));
        let counts = (sns.count(), slack.count());
        let times = usize::from(is_told(&expected));
        if counts != (times, times) {
            let _ = writeln!(wrong, "{name}: {counts:?} not {times}");
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{wrong}\n{}",
        Told::by(&bed).await.summary()
    );
}

/// Failed tasks of no service are told, and migrations however they end.
fn is_told(expected: &Value) -> bool {
    expected["alert"] == true || expected["migration"] == true
}

/// A stack sends 20 messages in a minute, also of batches that work again and of logged errors: each gets a part.
const ALERTS_OF_A_STACK: usize = 7;

/// Divides runs so that no part has more alerts than a stack tells in a minute.
fn parts(runs: Vec<Recording>) -> Vec<Vec<Recording>> {
    let mut parts: Vec<Vec<Recording>> = vec![Vec::new()];
    let mut alerts = 0;
    for run in runs {
        alerts += run.alerts();
        if alerts > ALERTS_OF_A_STACK {
            parts.push(Vec::new());
            alerts = run.alerts();
        }
        parts.last_mut().expect("there is one").push(run);
    }
    parts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_corpus_gives_one_alert_for_each_failed_run_and_one_note_for_each_migration() {
    let runs: Vec<Recording> = recordings().into_iter().filter(Recording::is_run).collect();
    let parts = parts(runs);
    let mut checks = tokio::task::JoinSet::new();
    for (number, part) in parts.into_iter().enumerate() {
        if checks.len() >= 4 {
            checks
                .join_next()
                .await
                .expect("some")
                .expect("no part fails");
        }
        checks.spawn(check_part(number, part));
    }
    while let Some(part) = checks.join_next().await {
        part.expect("no part fails");
    }
}

async fn check_part(number: usize, runs: Vec<Recording>) {
    let bed = Bed::new().await;
    let scenario = Scenario::ending(runs, now() - 60_000)
        .written_to(&bed)
        .await;
    let mut function = bed.function().await;
    let cut = Cut {
        seed: number as u64,
        cuts: 2,
        times: 1,
        shuffled: true,
    };
    for payload in scenario.lines_first(cut) {
        function.deliver_well(&payload).await;
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}
