//! Filter patterns from outside: recorded cases, exact diagnostics, and a second matcher to compare with.

mod diagnostics;
mod model;
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use logq::event::{Event, Origin};
use logq::pattern::Pattern;
use logq::record::Record;
use logq::time::Timestamp;
use serde::Deserialize;

/// One recorded case; those that rest on a reading of an open point are held to as well.
#[derive(Deserialize)]
struct Vector {
    id: String,
    pattern: String,
    #[serde(default)]
    message: String,
    #[serde(default, rename = "match")]
    matches: bool,
    #[serde(default)]
    error: bool,
}

/// Returns whether a message matches.
fn matches(pattern: &Pattern, message: &[u8]) -> bool {
    let origin = Origin::default();
    let record = Record::new(Event {
        timestamp: Timestamp::default(),
        ingestion: None,
        message,
        origin: &origin,
        id: None,
    });
    pattern.matches(&record)
}

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path)
}

fn vectors() -> Vec<Vector> {
    let text = fs::read_to_string(data("data/filter-pattern-vectors.jsonl")).expect("readable");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

#[test]
fn every_recorded_case_comes_out_as_recorded() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let outcome = match Pattern::parse(&vector.pattern) {
            Ok(pattern) => Some(matches(&pattern, vector.message.as_bytes())),
            Err(_) => None,
        };
        let expected = (!vector.error).then_some(vector.matches);
        if outcome != expected {
            let Vector {
                id,
                pattern,
                message,
                ..
            } = vector;
            wrong.push(format!(
                "{id}: {pattern} on {message}: {outcome:?}, expected {expected:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_mistake_has_words_and_a_place() {
    for vector in vectors().iter().filter(|vector| vector.error) {
        let Err(mistakes) = Pattern::parse(&vector.pattern) else {
            panic!("{} is accepted", vector.id);
        };
        assert!(!mistakes.0.is_empty(), "{}", vector.id);
        for mistake in &mistakes.0 {
            assert!(!mistake.message.is_empty(), "{}", vector.id);
            assert!(mistake.hint.is_some(), "{}", vector.id);
            let place = vector.pattern.get(mistake.span.clone());
            assert!(place.is_some(), "{}: {:?}", vector.id, mistake.span);
        }
    }
}

#[test]
fn accepted_patterns_print_and_read_back() {
    for vector in vectors().iter().filter(|vector| !vector.error) {
        let pattern = Pattern::parse(&vector.pattern).expect(&vector.id);
        let printed = pattern.to_string();
        let again = Pattern::parse(&printed).expect(&vector.id);
        assert_eq!(again.to_string(), printed, "{}", vector.id);
        let message = vector.message.as_bytes();
        assert_eq!(matches(&again, message), vector.matches, "{}", vector.id);
    }
}
