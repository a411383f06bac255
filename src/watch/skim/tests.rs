use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::decode::subscription::Delivery;
use crate::saved::builtin;

const GROUP: &str = "/ecs/production-webapp";

fn packed(document: &str) -> Packed<'static> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(document.as_bytes()).expect("in memory");
    let text = STANDARD.encode(encoder.finish().expect("in memory"));
    Packed::new(text.into_bytes(), 1 << 24)
}

fn document(events: &[String]) -> String {
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"{GROUP}","logStream":"ecs/web/1","subscriptionFilters":[],"logEvents":[{}]}}"#,
        events.join(",")
    )
}

fn event(index: usize, at: i64, message: &str) -> String {
    format!(r#"{{"id":"{index:056}","timestamp":{at},"message":{message}}}"#)
}

fn site() -> Site {
    Site {
        stage: "production".to_owned(),
        service: "webapp".to_owned(),
    }
}

fn rules() -> Rules {
    Rules::compile(&builtin(), Timestamp(0)).0
}

/// What is told of errors, and how many events and lines of each kind there are.
type Told = (Vec<String>, u64, u64, Lines, bool);

/// Where an error stands among what was kept is no part of what is told.
fn told(errors: &[ErrorSeen]) -> Vec<String> {
    let told = errors.iter().map(|error| {
        let error = ErrorSeen {
            index: 0,
            ..error.clone()
        };
        format!("{error:?}")
    });
    told.collect()
}

/// Reads every event of a document.
fn naive(document: &str) -> (Told, bool) {
    let delivery = Delivery::read(document.as_bytes()).expect("valid");
    let (batch, strange) = Batch::of_delivery(&delivery);
    let roots = AppRoots::default();
    let found = live::errors(&mut rules(), &roots, &batch, &site(), false);
    let is_torn = live::begins_inside(&batch) || found.open_since.is_some();
    let told = (
        told(&found.errors),
        batch.len() as u64,
        strange,
        batch.lines(),
        batch.has_migration(),
    );
    (told, is_torn)
}

fn skimmed(document: &str, look: Look) -> Option<Told> {
    let skim = Skim::read(&packed(document), &AppRoots::default(), |origin| {
        assert_eq!(&*origin.group, GROUP);
        look
    });
    let skim = skim.expect("no poison")?;
    let errors = skim.errors(&mut rules(), &site());
    Some((
        told(&errors),
        skim.events,
        skim.strange,
        skim.lines,
        skim.has_migration,
    ))
}

/// Spells a text as a JSON string, some of its characters as escapes that need not be.
fn spelled(text: &str, mut seed: u32) -> String {
    let mut string = String::from("\"");
    for c in text.chars() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match c {
            '"' | '\\' if seed >> 28 > 1 => string.extend(['\\', c]),
            '\n' => string += "\\n",
            '/' if seed >> 28 == 2 => string += "\\/",
            c if c < ' ' || matches!(c, '"' | '\\') || seed >> 27 == 0 => {
                let code = u32::from(c);
                string.extend(format!("\\u{code:04x}").chars());
            }
            c => string.push(c),
        }
    }
    string + "\""
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "INFO",
            "INFO",
            "WARNING",
            "ERROR",
            "error",
            "Error",
            "CRITICAL",
            "critical",
            "FATAL",
            "fatal",
            "ERR",
            "err",
            "ALERT",
            "alert",
            "EMERGENCY",
            "emergency",
            "Level 45",
            "AUDIT",
        ][..],
    )
}

/// A record, whose members may be spelled with escapes themselves.
fn record() -> impl Strategy<Value = String> {
    let text =
        prop::sample::select(&["m", "ERROR_TIMEOUT", "caf\u{e9}/ok", "{\"a\": 1}", "<b>"][..]);
    let more = prop::sample::select(
        &[
            "",
            r#", "exc_info": "Traceback (most recent call last):\nKeyError: 1""#,
            r#", "context": 1"#,
            r#", "exc_info": null"#,
        ][..],
    );
    let end = prop::sample::select(&["}", "}", "}", "}", "", "}\n"][..]);
    (level(), text, more, end, any::<[u32; 2]>()).prop_map(|(level, text, more, end, [one, two])| {
        let (level, text) = (spelled(level, one), spelled(text, two));
        format!(r#"{{"created": 1.5, "levelname": {level}, "name": "a", "message": {text}{more}{end}"#)
    })
}

fn message() -> impl Strategy<Value = String> {
    let line = prop::sample::select(
        &[
            "Traceback (most recent call last):",
            "  File \"/app/a.py\", line 7, in f",
            "KeyError: 'x'",
            "  Applying rates.0006_x... OK",
            "[2026-11-23 13:58:36,986: ERROR/ForkPoolWorker-1] lost",
            "[2026-11-23 13:58:36,986: INFO/MainProcess] x",
            "CommandError: no",
            "10.0.1.57 - - [23/Nov/2026:14:09:20 +0900] \"GET / HTTP/1.1\" 200 2",
            "a\\",
            "{",
            "",
        ][..],
    );
    prop_oneof![20 => record(), 2 => line.prop_map(str::to_owned), 1 => any::<String>()]
}

fn item() -> impl Strategy<Value = (i64, Result<(String, u32), &'static str>)> {
    let strange = prop::sample::select(
        &[
            r#"{"id":"1","timestamp":"x","message":"{}"}"#,
            r#"{"id":"1","timestamp":5}"#,
            r#"{"id":"1","timestamp":5,"message":"{\"levelname\": \"ERROR\", \"message\": \"m\"}","more":{"a":"b"}}"#,
            r#"{"id":"1","timestamp":5,"message":"{}","more":[{"id":"2"},{"id":"}"}]}"#,
            r#"{"id":"1", "timestamp":5,"message":"{}"}"#,
        ][..],
    );
    let item =
        prop_oneof![30 => (message(), any::<u32>()).prop_map(Ok), 1 => strange.prop_map(Err)];
    (
        prop_oneof![60 => 0..40_i64, 1 => Just(9_000), 1 => Just(-1)],
        item,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_skim_finds_what_a_reading_of_every_event_finds(items in prop::collection::vec(item(), 1..30)) {
        let mut at = 5;
        let mut written = Vec::new();
        for (index, (gap, item)) in items.into_iter().enumerate() {
            at += gap;
            written.push(match item {
                Ok((message, seed)) => event(index, at, &spelled(&message, seed)),
                Err(strange) => strange.to_owned(),
            });
        }
        let document = document(&written);
        let (expected, is_torn) = naive(&document);
        let found = skimmed(&document, Look::Errors);
        prop_assert!(found.is_none() || !is_torn);
        if let Some(found) = found {
            prop_assert_eq!(found, expected.clone());
        }
        if let Some((_, events, strange, lines, _)) = skimmed(&document, Look::Count) {
            prop_assert_eq!((events, strange, lines), (expected.1, expected.2, expected.3));
        }
    }
}

#[test]
fn usual_deliveries_are_skimmed() {
    let line = |index: usize, level: &str| {
        let record = json!({"created": 1.5, "levelname": level, "message": "last was ERROR_X"});
        event(index, 5, &json!(record.to_string()).to_string())
    };
    let events = [line(0, "INFO"), line(1, "ERROR"), line(2, "INFO")];
    let (errors, events, strange, lines, _) =
        skimmed(&document(&events), Look::Errors).expect("usual");
    assert_eq!((errors.len(), events, strange), (1, 3, 0));
    assert_eq!(lines, Lines { records: 3, cut: 0 });
    assert!(errors[0].contains("last was ERROR_X"), "{errors:?}");
}

#[test]
fn what_needs_its_surroundings_is_read_as_a_whole() {
    let text = |index: usize, at: i64, text: &str| event(index, at, &json!(text).to_string());
    let torn = [text(0, 5, "KeyError: 1"), text(1, 6, "{}")];
    let open = [
        text(0, 5, "{}"),
        text(1, 6, "Traceback (most recent call last):"),
    ];
    let unsorted = [text(0, 5, "{}"), text(1, 4, "{}")];
    for events in [torn, open, unsorted] {
        assert_eq!(
            skimmed(&document(&events), Look::Errors),
            None,
            "{events:?}"
        );
    }
}

#[test]
fn only_rules_about_errors_are_skimmed_for() {
    let rules = rules();
    assert_eq!(rules.look("webapp"), Look::Errors);
    assert_eq!(rules.look("batch"), Look::Count);
    assert_eq!(Rules::default().look("webapp"), Look::Count);
}
