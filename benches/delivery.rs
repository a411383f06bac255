//! Times the steps that a delivery goes through in the Lambda, on the payloads of `bench/payloads.py`: one iteration is one
//! event, so that what is printed is the time of an event.
//!
//! `libdeflate` unpacks a document into room for all of it; it is here for what could be had at best.

#![allow(
    missing_docs,
    reason = "the macros of criterion make functions without documentation"
)]

use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose;
use base64_simd::Out;
use criterion::{Criterion, criterion_group, criterion_main};
use flate2::bufread::MultiGzDecoder;
use libdeflater::Decompressor;
use logq::decode::subscription::{Packed, pieces};
use logq::decode::traceback::AppRoots;
use logq::detect::{Site, assemble};
use logq::saved::builtin;
use logq::time::Timestamp;
use logq::watch::{Look, Rules, Skim};

/// As many as `make bench-lambda` is told to take: each size and each group are in it equally often.
const PAYLOADS: &str = "42";
const LIMIT: usize = 64 << 20;
/// What is decoded, searched and unpacked at once.
const CHARACTERS: usize = 64 << 10;
const WINDOW: usize = 256 << 10;

/// A payload, and what its steps make of it.
struct Sample {
    is_batch: bool,
    events: u64,
    errors: u64,
    payload: Vec<u8>,
    text: Vec<u8>,
    packed: Vec<u8>,
    document: Vec<u8>,
}

impl Sample {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a file has a name");
        let name = name.to_str().expect("the script writes plain names");
        let mut parts = name.split('-');
        let is_batch = parts.next() == Some("batch");
        let mut number = || {
            parts
                .next()
                .and_then(|part| part.parse().ok())
                .expect("a number")
        };
        let (events, errors) = (number(), number());
        let payload = std::fs::read(path).expect("the script wrote it");
        let quote = |byte: &u8| *byte == b'"';
        let end = payload.iter().rposition(quote).expect("a string");
        let begin = payload[..end]
            .iter()
            .rposition(quote)
            .expect("its beginning")
            + 1;
        let text = payload[begin..end].to_vec();
        let packed = general_purpose::STANDARD.decode(&text).expect("base64");
        let mut document = Vec::new();
        let mut unpacked = MultiGzDecoder::new(&*packed);
        unpacked.read_to_end(&mut document).expect("gzip");
        Self {
            is_batch,
            events,
            errors,
            payload,
            text,
            packed,
            document,
        }
    }

    fn skim(&self, look: Look) -> Skim {
        let packed = Packed::find(&self.payload, LIMIT).expect("a payload");
        let skim = Skim::read(&packed, &AppRoots::default(), |_| look).expect("no poison");
        skim.expect("a document as the service writes it")
    }
}

/// Has the payloads written where that was not done before, and reads them.
fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("payloads");
    if !folder.is_dir() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/payloads.py");
        let mut python = Command::new("python3");
        let written = python.arg(script).arg(&folder).arg(PAYLOADS).status();
        assert!(written.expect("there is a python3").success());
    }
    let files = std::fs::read_dir(&folder).expect("the script made it");
    let mut paths: Vec<_> = files.map(|file| file.expect("readable").path()).collect();
    paths.sort();
    paths.iter().map(|path| Sample::read(path)).collect()
}

/// Times a step until it has seen `wanted` events, and returns what these would have taken.
fn timed(
    samples: &[Sample],
    wanted: u64,
    counted: impl Fn(&Sample) -> u64,
    mut step: impl FnMut(&Sample) -> usize,
) -> Duration {
    let (mut done, mut took) = (0, Duration::ZERO);
    while done < wanted {
        for sample in samples {
            let begun = Instant::now();
            black_box(step(sample));
            took += begun.elapsed();
            done += counted(sample);
        }
    }
    took.mul_f64(wanted as f64 / done as f64)
}

fn unpacking(c: &mut Criterion) {
    let samples = samples();
    let mut group = c.benchmark_group("unpack");
    for kib in [16, 64, 256] {
        let mut window = vec![0; kib << 10];
        group.bench_function(format!("zlib-rs, window of {kib} KiB"), |b| {
            b.iter_custom(|wanted| {
                timed(
                    &samples,
                    wanted,
                    |one| one.events,
                    |sample| {
                        let mut gzip = MultiGzDecoder::new(&*sample.packed);
                        let mut length = 0;
                        loop {
                            match gzip.read(&mut window).expect("gzip") {
                                0 => return length,
                                more => length += more,
                            }
                        }
                    },
                )
            });
        });
    }
    let largest = samples.iter().map(|sample| sample.document.len()).max();
    let mut room = vec![0; largest.unwrap_or_default()];
    group.bench_function("libdeflate, whole", |b| {
        b.iter_custom(|wanted| {
            let mut decompressor = Decompressor::new();
            timed(
                &samples,
                wanted,
                |one| one.events,
                |sample| {
                    let length = decompressor.gzip_decompress(&sample.packed, &mut room);
                    length.expect("gzip")
                },
            )
        });
    });
    group.finish();
}

fn decoding(c: &mut Criterion) {
    let samples = samples();
    let mut bytes = vec![0; CHARACTERS];
    let mut group = c.benchmark_group("base64");
    group.bench_function("base64", |b| {
        b.iter_custom(|wanted| {
            timed(
                &samples,
                wanted,
                |one| one.events,
                |sample| {
                    let parts = sample.text.chunks(CHARACTERS);
                    let decode = |part| general_purpose::STANDARD.decode_slice(part, &mut bytes);
                    parts
                        .map(decode)
                        .map(|length| length.expect("base64"))
                        .sum()
                },
            )
        });
    });
    group.bench_function("base64-simd", |b| {
        b.iter_custom(|wanted| {
            timed(
                &samples,
                wanted,
                |one| one.events,
                |sample| {
                    let mut length = 0;
                    for part in sample.text.chunks(CHARACTERS) {
                        let decoded =
                            base64_simd::STANDARD.decode(part, Out::from_slice(&mut bytes));
                        length += decoded.expect("base64").len();
                    }
                    length
                },
            )
        });
    });
    group.finish();
}

fn searching(c: &mut Criterion) {
    let samples = samples();
    let mut group = c.benchmark_group("search");
    group.bench_function("ends of events", |b| {
        b.iter_custom(|wanted| {
            timed(
                &samples,
                wanted,
                |one| one.events,
                |sample| {
                    let windows = sample.document.chunks(WINDOW);
                    windows.map(|window| pieces::events(window).count()).sum()
                },
            )
        });
    });
    group.bench_function("words of errors", |b| {
        b.iter_custom(|wanted| {
            timed(
                &samples,
                wanted,
                |one| one.events,
                |sample| {
                    let (mut from, mut found) = (0, 0);
                    while let Some(at) = assemble::find_in_json(&sample.document, from) {
                        (from, found) = (at + 1, found + 1);
                    }
                    found
                },
            )
        });
    });
    group.finish();
}

fn skimming(c: &mut Criterion) {
    let (batches, services): (Vec<_>, Vec<_>) = samples().into_iter().partition(|one| one.is_batch);
    let mut group = c.benchmark_group("skim");
    for (name, samples, look) in [
        ("a batch", &batches, Look::Count),
        ("a service", &services, Look::Errors),
    ] {
        group.bench_function(name, |b| {
            b.iter_custom(|wanted| {
                let skim = |sample: &Sample| sample.skim(look).events as usize;
                timed(samples, wanted, |one| one.events, skim)
            });
        });
    }
    let (mut rules, _) = Rules::compile(&builtin(), Timestamp(0));
    let site = Site {
        stage: "production".to_owned(),
        service: "webapp".to_owned(),
    };
    let skims: Vec<Skim> = services
        .iter()
        .map(|sample| sample.skim(Look::Errors))
        .collect();
    group.bench_function("what an error tells", |b| {
        b.iter_custom(|wanted| {
            let mut next = skims.iter().cycle();
            timed(
                &services,
                wanted,
                |one| one.errors,
                |_| {
                    let skim = next.next().expect("there are services");
                    skim.errors(&mut rules, &site).len()
                },
            )
        });
    });
    group.finish();
}

criterion_group!(benches, unpacking, decoding, searching, skimming);
criterion_main!(benches);
