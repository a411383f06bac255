//! Times the functions that see every byte of a file: substring search, line and field scanning, envelopes, gzip.

#![allow(
    missing_docs,
    reason = "the macros of criterion make functions without documentation"
)]

use std::hint::black_box;
use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logq::decode::json::Members;
use logq::decode::stamp::Clock;
use logq::scan::{Block, Blocks, Need, Scanner};
use logq::source::{Settings, Source};

const LINES: usize = 3000;

/// Lines of a typical record, one in a hundred of them an error, about a megabyte.
fn records() -> String {
    let record = |at: usize| {
        let level = if at % 100 == 7 { "ERROR" } else { "INFO" };
        format!(
            concat!(
                r#"{{"created": {}.318, "asctime": "2026-11-23 13:23:14,318", "levelname": "{}", "#,
                r#""name": "booking.sync", "message": "synced {} bookings for Z\u00fcrich", "process": 4005, "#,
                r#""threadName": "worker-5", "request_id": "1bfe347aa58c6018-00d5", "duration_ms": {}.5, "#,
                r#""status": 200, "property_id": 189262, "channel": "airbnb"}}"#,
                "\n"
            ),
            1_795_407_794 + at,
            level,
            at,
            at
        )
    };
    (0..LINES).map(record).collect()
}

fn envelopes() -> String {
    let envelope = |line: &str| {
        let message = serde_json::Value::from(line);
        format!(
            r#"{{"timestamp": 1795407794318, "message": {message}, "logGroup": "/ecs/production-batch", "logStream": "ecs/batch/0123"}}"#
        ) + "\n"
    };
    records().lines().map(envelope).collect()
}

/// Counts the events of a block that meet a need.
fn count(scanner: &mut Scanner, block: &Block) -> usize {
    let mut count = 0;
    let _ = scanner.for_each_event(block, |_, event| {
        count += usize::from(!black_box(event).message.is_empty());
        ControlFlow::Continue(())
    });
    count
}

fn searching(c: &mut Criterion) {
    let block = Block::of(records());
    let mut group = c.benchmark_group("needles");
    group.throughput(Throughput::Bytes(block.bytes().len() as u64));
    for (name, need, expect) in [
        ("one text", Need::text("ERROR"), LINES / 100),
        ("a whole value", Need::whole("ERROR"), LINES / 100),
        (
            "two texts",
            Need::whole("ERROR").and(Need::text("booking")),
            LINES / 100,
        ),
        ("every line", Need::Anything, LINES),
    ] {
        let mut scanner = Scanner::new(&need, Clock::utc());
        assert_eq!(count(&mut scanner, &block), expect);
        group.bench_function(name, |b| b.iter(|| count(&mut scanner, &block)));
    }
    group.finish();
}

fn fields(c: &mut Criterion) {
    let text = records();
    let mut group = c.benchmark_group("fields");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("spans of all", |b| {
        b.iter(|| {
            let lines = text.lines().map(|line| Members::new(line.as_bytes()));
            lines
                .map(|members| black_box(members).count())
                .sum::<usize>()
        });
    });
    group.finish();
}

fn unwrapping(c: &mut Criterion) {
    let block = Block::of(envelopes());
    let mut group = c.benchmark_group("envelopes");
    group.throughput(Throughput::Bytes(block.bytes().len() as u64));
    let mut scanner = Scanner::new(&Need::Anything, Clock::utc());
    group.bench_function("every line", |b| b.iter(|| count(&mut scanner, &block)));
    group.finish();
}

fn reading(c: &mut Criterion) {
    let text = records();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("in memory");
    let packed = encoder.finish().expect("in memory");
    let mut group = c.benchmark_group("reading");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, bytes) in [("plain", text.into_bytes()), ("gzip", packed)] {
        let mut block = Block::default();
        group.bench_function(name, |b| {
            b.iter(|| {
                let reader = Cursor::new(bytes.clone());
                let mut source = Source::stream("bench", reader, Settings::new(Clock::utc()));
                let mut read = 0;
                while source.next_into(&mut block) {
                    read += block.bytes().len();
                }
                read
            });
        });
    }
    group.finish();
}

criterion_group!(benches, searching, fields, unwrapping, reading);
criterion_main!(benches);
