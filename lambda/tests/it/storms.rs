//! Very many errors at once: one kind is told once and counted, many kinds become one message.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::aws::Published;
use crate::bed::{Bed, now};
use crate::function::Function;
use crate::payload::Stream;
use crate::scenario::{TICK, raised, records};
use crate::told::Told;

/// Returns a webapp's stream with so many errors within a minute, of the kinds that the function names.
fn stream(number: usize, errors: usize, kind: impl Fn(usize) -> String) -> Stream {
    let from = now() - 90_000;
    let record = |at: usize| {
        let kind = kind(number * errors + at);
        let time = from + (at * 50_000 / errors) as i64;
        (
            time,
            raised(&kind, &format!("price_{}", kind.to_lowercase()), "no price"),
        )
    };
    let records_: Vec<(i64, Value)> = (0..errors).map(record).collect();
    records("webapp", &format!("ecs/web/{number:032x}"), &records_)
}

#[tokio::test]
async fn a_hundred_thousand_errors_of_one_kind_are_one_alert_and_counts() {
    const EACH: usize = 4_000;
    let bed = Bed::new().await;
    let mut function = bed.function().await;
    for number in 0..100_000 / EACH {
        let payload = stream(number, EACH, |_| "PriceError".to_owned()).payload();
        function.deliver_well(&payload).await;
    }
    function.deliver_well(TICK).await;
    let told = Told::by(&bed).await;
    // The first, then the 10th, 100th, ... 100,000th.
    let statuses: Vec<&str> = told.sns.iter().map(|one| one.attribute("status")).collect();
    assert_eq!(
        statuses
            .iter()
            .filter(|status| **status == "firing")
            .count(),
        1,
        "{}",
        told.summary()
    );
    assert_eq!(statuses.len(), 6, "{}", told.summary());
    assert!(
        told.sns.iter().any(|one| one.message.contains("100,000")),
        "{}",
        told.summary()
    );
    let printed = function.stop().await;
    let counted = printed.metric("Alerts") + printed.metric("Suppressed");
    assert!((counted - 100_000.0).abs() < 0.5, "{counted}");
}

/// Returns how many alerts a storm message stands for.
fn stands_for(storm: &Published) -> usize {
    let words: Vec<&str> = storm.message.split_whitespace().collect();
    let at = words.iter().position(|word| word.starts_with("alert"));
    let number = words[at.expect("it says how many") - 1].replace(',', "");
    number.parse().expect("a number")
}

/// Not more, since moto copies its tables for each transaction.
#[tokio::test]
async fn many_hundreds_of_different_errors_become_storm_messages_that_count_all() {
    const ERRORS: usize = 600;
    const MINUTES: usize = 8;
    let bed = Bed::new().await;
    let mut function = bed.function().await;
    let started = Instant::now();
    deliver_different(&mut function, ERRORS, 200).await;
    // One storm message a minute: the others wait for the next ones.
    let mut told = Told::by(&bed).await;
    let begun = told.of_rule("storm").len();
    let minutes = started.elapsed().as_secs() as usize / 60 + 2;
    assert!((1..=minutes).contains(&begun), "{}", told.summary());
    let mut passed = 0;
    while counted(&told) < ERRORS && passed < MINUTES {
        bed.aws.forget("budget").await;
        function.deliver_well(TICK).await;
        told = Told::by(&bed).await;
        passed += 1;
    }
    assert!(
        told.sns.len() <= (passed + begun) * 21,
        "{}",
        told.summary()
    );
    all_are_told(&told, function, ERRORS).await;
}

/// The function keeps them in its memory here, and its minutes are those of the clock.
#[tokio::test]
async fn ten_thousand_different_errors_in_a_minute_become_a_few_storm_messages_that_count_all() {
    const ERRORS: usize = 10_000;
    const PATIENCE: Duration = Duration::from_secs(400);
    let bed = Bed::new().await.without("LOGQ_TABLE");
    let mut function = bed.function().await;
    let started = Instant::now();
    deliver_different(&mut function, ERRORS, 1_000).await;
    let mut told = Told::by(&bed).await;
    while counted(&told) < ERRORS && started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_secs(5)).await;
        function.deliver_well(TICK).await;
        told = Told::by(&bed).await;
    }
    let minutes = started.elapsed().as_secs() as usize / 60 + 2;
    assert!(told.sns.len() <= minutes * 21, "{}", told.summary());
    all_are_told(&told, function, ERRORS).await;
}

/// Delivers errors of as many kinds, so many at once, all of one minute.
async fn deliver_different(function: &mut Function, errors: usize, each: usize) {
    for number in 0..errors / each {
        let payload = stream(number, each, |kind| format!("Price{}Error", letters(kind))).payload();
        function.deliver_well(&payload).await;
    }
}

/// Checks that each error has a message or stands in one, at both sinks, and that the function has counted them all.
async fn all_are_told(told: &Told, mut function: Function, errors: usize) {
    assert_eq!(counted(told), errors, "{}", told.summary());
    assert_eq!(told.slack.len(), told.sns.len());
    let alerts = function.stop().await.metric("Alerts");
    assert!((alerts - errors as f64).abs() < 0.5, "{alerts}");
}

fn counted(told: &Told) -> usize {
    let storms = told.of_rule("storm");
    let alone = told.sns.len() - storms.len();
    alone + storms.into_iter().map(stands_for).sum::<usize>()
}

/// Returns a word for a number: digits are no part of what tells kinds of errors apart.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return word;
        }
    }
}
