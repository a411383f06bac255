//! The errors found in recorded streams are the ones that ended the programs.

use std::collections::BTreeMap;

use logq::decode::traceback::AppRoots;
use logq::detect::assemble::{Assembler, Attached};

use crate::corpus::{Stream, facts, streams};

fn attached(stream: &Stream) -> Vec<Attached> {
    let mut assembler = Assembler::new(AppRoots::default());
    let mut out = Vec::new();
    for (index, record) in stream.events().records().enumerate() {
        assembler.push(index as u64, &record, &mut out);
    }
    assembler.finish(&mut out);
    out
}

/// Returns what differs from the manifest, for a stream with a decisive error.
fn difference(stream: &Stream) -> Option<String> {
    let (kind, index) = (stream.error_type.as_ref()?, stream.error_event?);
    let attached = attached(stream);
    let carrier = |event: &&Attached| event.index == index || event.exception == Some(index);
    let message = stream.error_message.clone().unwrap_or_default();
    let found = attached
        .iter()
        .find(carrier)
        .and_then(|event| event.error.as_ref());
    let told = found.map(|error| {
        (
            error.kind.as_str(),
            error.message.lines().next().unwrap_or_default(),
        )
    });
    (told != Some((kind, message.as_str()))).then(|| {
        format!(
            "{}: expected {kind}: {message} at {index}, found {told:?}",
            stream.file
        )
    })
}

#[test]
fn the_decisive_error_is_found_where_it_is() {
    let streams = streams();
    let different: Vec<String> = streams.iter().filter_map(difference).collect();
    assert_eq!(different, Vec::<String>::new());
    assert!(
        streams
            .iter()
            .filter(|stream| stream.error_type.is_some())
            .count()
            > 100
    );
}

/// The decisive error is also the last one, but for errors that follow from it or come from elsewhere.
#[test]
fn the_decisive_error_is_the_last() {
    let last_differs = streams().into_iter().filter(|stream| {
        let Some(kind) = &stream.error_type else {
            return false;
        };
        let attached = attached(stream);
        let last = attached.iter().rev().find_map(|event| event.error.as_ref());
        last.is_none_or(|error| error.kind != *kind)
    });
    let files: Vec<String> = last_differs.map(|stream| stream.file).collect();
    assert_eq!(
        files,
        ["webapp/web-boot-error-v2.jsonl"],
        "gunicorn's own lines follow there"
    );
}

/// One fault under four versions of Python, Django and the logging formatter is one error.
#[test]
fn versions_do_not_change_the_fingerprint() {
    for stem in [
        "batch/close-day-chain-v",
        "batch/sync-503-v",
        "batch/sync-strict-badkey-v",
        "batch/sync-logged-errors-exit0-v",
        "batch/sync-overwrite-v",
        "batch/unknown-command-v",
        "migrate/runpython-valueerror-v",
        "worker/worker-default-v",
        "worker/worker-json-nohijack-v",
    ] {
        let same = streams()
            .into_iter()
            .filter(|stream| stream.file.starts_with(stem));
        let mut told: Vec<Vec<String>> = same
            .map(|stream| {
                let errors = attached(&stream)
                    .into_iter()
                    .filter_map(|event| event.error);
                errors.map(|error| error.fingerprint).collect()
            })
            .collect();
        assert!(told.len() == 4 && !told[0].is_empty(), "{stem}");
        told.dedup();
        assert_eq!(told.len(), 1, "{stem}: {told:?}");
    }
}

/// A task's failure is the same error in Celery's text format and as a record.
#[test]
fn formats_do_not_change_the_fingerprint() {
    let of = |file: &str| -> Vec<String> {
        let stream = streams().into_iter().find(|stream| stream.file == file);
        let attached = attached(&stream.expect("in the manifest"));
        let errors = attached.into_iter().filter_map(|event| event.error);
        let mut told: Vec<String> = errors.map(|error| error.fingerprint).collect();
        told.sort();
        told
    };
    let text = of("worker/worker-default-v4.jsonl");
    assert_eq!(text, of("worker/worker-json-nohijack-v4.jsonl"));
    assert_eq!(text.len(), 4);
}

/// What an on-call engineer of the services must hear of is an error of the event that says it.
#[test]
fn every_fact_about_the_services_is_an_error() {
    let streams = streams();
    for fact in facts() {
        let stream = streams.iter().find(|stream| stream.file == fact.file);
        let attached = attached(stream.expect("in the manifest"));
        let carrier = attached.iter().find(|event| event.index == fact.event);
        let told = carrier.and_then(|event| event.error.as_ref());
        assert!(told.is_some(), "{fact:?}");
    }
}

/// Streams without any sign of failure have no error, but for one that prints a refusal as its last words.
#[test]
fn clean_streams_have_no_errors() {
    let with_error = streams().into_iter().filter(|stream| {
        let clean = matches!(stream.evident.as_str(), "clean" | "empty");
        clean && attached(stream).iter().any(|event| event.error.is_some())
    });
    let files: Vec<String> = with_error.map(|stream| stream.file).collect();
    assert_eq!(files, ["batch/reconcile-bait-v4.jsonl"]);
}

/// Streams that show trouble have an error, but for one whose text names none.
#[test]
fn streams_in_trouble_have_errors() {
    let without = streams().into_iter().filter(|stream| {
        let trouble = matches!(stream.evident.as_str(), "failed" | "suspicious");
        trouble && attached(stream).iter().all(|event| event.error.is_none())
    });
    let files: Vec<String> = without.map(|stream| stream.file).collect();
    assert_eq!(files, ["batch/purge-stderr-v2.jsonl"]);
}

/// The records are the lines that Python's own JSON reader takes for objects with a level.
#[test]
fn records_and_their_levels_are_read() {
    for stream in streams() {
        let mut levels = BTreeMap::new();
        for record in stream.events().records() {
            let whole = record
                .logged()
                .filter(|logged| logged.whole && logged.offset == 0);
            if let Some(logged) = whole {
                *levels.entry(logged.level_name().into_owned()).or_insert(0) += 1;
            }
        }
        assert_eq!(levels, stream.levels, "{}", stream.file);
    }
}
