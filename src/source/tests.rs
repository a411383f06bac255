use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::scan::{LineFormat, Need, Scanner};

fn settings(block: usize, line: usize) -> Settings {
    Settings {
        sizes: Sizes { block, line },
        ..Settings::new(Clock::utc())
    }
}

/// Reads a source to its end: the events as `group:stream message`, and the report.
fn read(mut source: Source) -> (Vec<String>, Report) {
    let mut scanner = Scanner::new(&Need::Anything, Clock::utc());
    let mut events = Vec::new();
    let mut block = Block::default();
    while source.next_into(&mut block) {
        let flow = scanner.for_each_event(&block, |_, event| {
            let message = String::from_utf8_lossy(event.message);
            events.push(format!(
                "{}:{} {message}",
                event.origin.group, event.origin.stream
            ));
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
    }
    (events, source.into_report())
}

fn read_folder(folder: &Path) -> (Vec<String>, Report) {
    read(Source::files([folder.to_owned()], settings(64, 4096)))
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("made");
        fs::write(path, content).expect("written");
    }
    folder
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("in memory");
    encoder.finish().expect("in memory")
}

fn problems(report: &Report) -> Vec<String> {
    let problems = report.problems.iter().map(ToString::to_string);
    problems
        .map(|text| text.rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_folder_is_read_in_the_order_of_its_names() {
    let folder = folder(&[
        ("worker/b.log", b"3\n"),
        ("batch/z.jsonl", b"2"),
        ("batch/a/x.txt", b"1\n"),
        ("README.md", b"no log"),
        ("empty.log", b""),
    ]);
    let (events, report) = read_folder(folder.path());
    assert_eq!(events, ["batch:a/x 1", "batch:z 2", "worker:b 3"]);
    assert_eq!((report.files, report.empty, report.skipped), (4, 1, 1));
    assert!(report.problems.is_empty());
}

#[test]
fn compressed_files_are_told_by_content() {
    let members = [gzip(b"1\n2"), gzip(b"3\n"), vec![0; 512]].concat();
    let zstd = zstd::encode_all(&b"4\n5\n"[..], 3).expect("in memory");
    let zstd = [zstd.clone(), zstd].concat();
    let folder = folder(&[("a.log", &members), ("b.log.zst", &zstd)]);
    let (events, report) = read_folder(folder.path());
    assert_eq!(events, [":a 1", ":a 23", ":b 4", ":b 5", ":b 4", ":b 5"]);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[test]
fn bad_files_are_reported_after_the_good_ones_are_read() {
    let text = "line of text, and some more\n".repeat(2000);
    let whole = gzip(text.as_bytes());
    let mut damaged = whole.clone();
    let tail = damaged.len() - 6;
    damaged[tail] ^= 0xFF;
    let trailing = [gzip(b"1\n"), b"garbage".to_vec()].concat();
    let folder = folder(&[
        ("a.gz", &whole[..whole.len() / 2]),
        ("b.gz", &trailing),
        ("c.gz", &damaged),
        ("d.gz", &gzip(b"good\n")),
        ("e.gz", &[0x1F]),
    ]);
    let (events, report) = read_folder(folder.path());
    let missing = Source::files([folder.path().join("none")], settings(64, 4096));
    assert_eq!(problems(&read(missing).1), ["none`"]);
    assert!(events.contains(&":d good".to_owned()) && events.contains(&":b 1".to_owned()));
    assert!(
        events
            .iter()
            .filter(|event| event.starts_with(":c "))
            .count()
            == 2000
    );
    let named: Vec<&str> = report
        .problems
        .iter()
        .map(|problem| match problem {
            SourceError::CutOff { .. } => "cut off",
            SourceError::TrailingGarbage { .. } => "trailing",
            SourceError::Damaged { .. } => "damaged",
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(named, ["cut off", "trailing", "damaged"]);
    assert!(
        report
            .problems
            .iter()
            .all(|problem| problem.hint().is_some())
    );
}

#[test]
fn a_line_beyond_the_limit_is_cut_and_counted() {
    let text = ["é".repeat(50), "b".repeat(20)].join("\n");
    let source = Source::stream("test", std::io::Cursor::new(text.clone()), settings(16, 64));
    let (events, report) = read(source);
    let joined: String = events.iter().map(|event| &event[2..]).collect();
    assert_eq!(joined, text.replace('\n', ""));
    assert_eq!(report.cut_lines, 1);
}

#[test]
fn a_file_that_shrinks_is_reported() {
    let folder = folder(&[("a.log", "line\n".repeat(100_000).as_bytes())]);
    let path = folder.path().join("a.log");
    let mut source = Source::files([path.clone()], settings(64, 4096));
    assert!(source.next_into(&mut Block::default()));
    fs::write(&path, "line\n").expect("written");
    let (_, report) = read(source);
    assert!(
        matches!(report.problems[..], [SourceError::Shrunk { .. }]),
        "{report:?}"
    );
}

#[test]
fn a_file_that_grows_is_read_to_where_it_ended() {
    let folder = folder(&[("a.log", "line\n".repeat(100_000).as_bytes())]);
    let path = folder.path().join("a.log");
    let mut source = Source::files([path.clone()], settings(64, 4096));
    assert!(source.next_into(&mut Block::default()));
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("there");
    file.write_all(b"more\n").expect("written");
    let (events, report) = read(source);
    assert!(report.problems.is_empty() && events.iter().all(|event| event == ":a line"));
}

/// About a quarter of a megabyte of lines that say their time: more than is looked at to tell what a file holds.
fn timed_lines() -> String {
    "2026-11-23 04:23:14,123 INFO a line\n".repeat(7000)
}

#[test]
fn the_bytes_of_a_plain_file_are_left_to_the_worker() {
    let text = timed_lines().repeat(20);
    let folder = folder(&[("a.log", text.as_bytes()), ("b.gz", &gzip(text.as_bytes()))]);
    let claimed = |name: &str| {
        let path = folder.path().join(name);
        let mut source = Source::files([path], Settings::new(Clock::utc()));
        let mut block = Block::default();
        source.next_into(&mut block);
        source.claim(&mut block);
        let read = block.bytes().len();
        block.read();
        (read, block.bytes().len())
    };
    let (before, after) = claimed("a.log");
    assert!(before == 0 && after > 100_000, "{before} {after}");
    let (before, after) = claimed("b.gz");
    assert!(before == after && after > 100_000, "{before} {after}");
}

#[test]
fn a_file_that_shrinks_under_its_workers_is_reported_once_all_have_read() {
    let text = timed_lines();
    let folder = folder(&[("a.log", text.as_bytes()), ("b.log", text.as_bytes())]);
    let mut source = Source::files([folder.path().to_owned()], Settings::new(Clock::utc()));
    let mut blocks = [Block::default(), Block::default()];
    for block in &mut blocks {
        assert!(source.claim(block));
    }
    assert_eq!(blocks.each_ref().map(|block| block.offset), [0, 0]);
    let path = folder.path().join("a.log");
    let file = fs::OpenOptions::new().write(true).open(path);
    let kept = 100_000;
    file.and_then(|file| file.set_len(kept)).expect("cut");
    for block in &mut blocks {
        block.read();
    }
    let lengths = blocks.each_ref().map(|block| block.bytes().len());
    assert_eq!(lengths, [kept as usize, text.len()]);
    let report = source.into_report();
    let [SourceError::Shrunk { file, missing }] = &report.problems[..] else {
        panic!("{report:?}");
    };
    assert!(file.ends_with("a.log"), "{file}");
    assert_eq!(*missing, text.len() as u64 - kept);
}

/// Reads a file with several threads: the time and the message of each event, and the report.
fn read_at_once(path: &Path, threads: usize, settings: Settings) -> (Vec<(i64, String)>, Report) {
    let mut source = Source::files([path.to_owned()], settings);
    let mut all = Vec::new();
    let worker = || {
        let mut scanner = Scanner::new(&Need::Anything, Clock::utc());
        move |block: &Block| {
            let mut found = Vec::new();
            let _ = scanner.for_each_event(block, |_, event| {
                let message = String::from_utf8_lossy(event.message).into_owned();
                found.push((event.timestamp.0, message));
                ControlFlow::Continue(())
            });
            found
        }
    };
    crate::scan::pool::run(&mut source, threads, worker, |found| {
        all.extend(found);
        ControlFlow::Continue(())
    });
    (all, source.into_report())
}

#[test]
fn the_form_of_lines_is_told_by_the_first() {
    for (start, expect) in [
        ("{\"created\": 1}\n", LineFormat::Plain),
        ("2026-11-23T04:23:14.318Z x\n", LineFormat::Export),
        (
            "\n2026-11-23T04:23:14.318000+00:00 ecs/a/b x\n",
            LineFormat::Tail,
        ),
        ("2026-11-23T04:23:14+00:00 INFO x\n", LineFormat::Plain),
        ("2026-11-23T04:23:14 x", LineFormat::TailShort),
        ("2026-11-23 04:23:14,123 INFO x\n", LineFormat::Plain),
        ("2026-11-23T04:23:14.318Z", LineFormat::Plain),
    ] {
        let mut source = Source::stream("test", std::io::Cursor::new(start), settings(64, 64));
        let mut block = Block::default();
        assert!(source.next_into(&mut block), "{start}");
        assert_eq!(block.format, expect, "{start}");
    }
}

/// Gives its bytes in small pieces, as a pipe may.
struct Trickle(Vec<u8>, usize);

impl std::io::Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(self.1).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}

proptest! {
    #[test]
    fn blocks_of_any_size_give_the_same_lines(text in "[ab\n\r]{0,200}", block in 1usize..64, piece in 1usize..20) {
        let expect: Vec<String> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
            .filter(|line| !line.is_empty()).map(|line| format!(": {line}")).collect();
        let whole = Source::stream("test", std::io::Cursor::new(text.clone()), settings(block, 4096));
        prop_assert_eq!(&read(whole).0, &expect);
        let pieces = Source::stream("test", Trickle(text.into_bytes(), piece), settings(block, 4096));
        prop_assert_eq!(read(pieces).0, expect);
    }

    #[test]
    fn a_file_gives_the_lines_that_a_plain_split_gives_with_any_number_of_threads(
        lines in prop::collection::vec((prop::option::of(10u32..60), "[aé]{0,9}\r?"), 0..60),
        ends in any::<bool>(), block in 1usize..300, threads in 1usize..5,
    ) {
        let line = |(second, rest): &(Option<u32>, String)| {
            let stamp = second.map(|second| format!("1970-01-01 00:00:{second},000 "));
            stamp.unwrap_or_default() + rest
        };
        // Lines before the first time would take theirs from behind, as far as the block goes.
        let first = (Some(10), "first".to_owned());
        let lines: Vec<_> = std::iter::once(first).chain(lines).collect();
        let mut text = lines.iter().map(line).collect::<Vec<_>>().join("\n");
        text.push_str(if ends { "\n" } else { "" });
        let mut time = 0;
        let expect = lines.iter().map(|parts| {
            time = parts.0.map_or(time, |second| i64::from(second) * 1000);
            (time, line(parts).trim_end_matches('\r').to_owned())
        });
        let expect: Vec<(i64, String)> = expect.filter(|(_, line)| !line.is_empty()).collect();
        let folder = folder(&[("a.log", text.as_bytes())]);
        let settings = settings(block, 4096);
        let progress = settings.progress.clone();
        let (found, report) = read_at_once(&folder.path().join("a.log"), threads, settings);
        prop_assert_eq!(found, expect);
        prop_assert!(report.problems.is_empty() && report.cut_lines == 0);
        prop_assert_eq!((progress.read(), progress.total()), (text.len() as u64, text.len() as u64));
    }

    #[test]
    fn long_lines_of_a_file_are_cut_as_those_of_a_pipe(
        lines in prop::collection::vec("(1970-01-01 00:00:10,000 )?[aé]{0,90}", 0..20),
        block in 1usize..32, limit in 32usize..64, threads in 1usize..5,
    ) {
        let text = lines.join("\n");
        let folder = folder(&[("a.log", text.as_bytes())]);
        let (found, report) = read_at_once(&folder.path().join("a.log"), threads, settings(block, limit));
        let found: Vec<String> = found.into_iter().map(|(_, message)| format!(": {message}")).collect();
        let (expect, pipe) = read(Source::stream("test", std::io::Cursor::new(text), settings(block, limit)));
        prop_assert_eq!(found, expect);
        prop_assert_eq!(report.cut_lines, pipe.cut_lines);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in 0usize..4) {
        let magic: &[u8] = [&b""[..], b"\x1F\x8B\x08\0", b"\x28\xB5\x2F\xFD", b"\xEF\xBB\xBF"][magic];
        read(Source::stream("test", std::io::Cursor::new([magic, &bytes].concat()), settings(16, 64)));
    }
}

fn read_text(text: &str) -> (Vec<String>, Report) {
    read(Source::stream(
        "test",
        std::io::Cursor::new(text.to_owned()),
        settings(64, 4096),
    ))
}

#[test]
fn payloads_are_unpacked_and_bad_ones_reported() {
    let sample = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/payloads")
            .join(name);
        fs::read_to_string(path).expect("there")
    };
    let names = [
        "valid-migrate-plain-text.json",
        "bad-base64.json",
        "control-message.json",
        "truncated-gzip.json",
        "valid-batch-error.json",
    ];
    let (events, report) = read_text(&names.map(sample).join("\n"));
    assert_eq!(events.len(), 5 + 4);
    let origin = "/ecs/shop-prod/batch:ecs/app/ec0b4c6252e5c3c76d2ec53596b6fae9";
    assert_eq!(events[0], format!("{origin} Operations to perform:"));
    let reasons: Vec<&str> = report
        .problems
        .iter()
        .map(|problem| match problem {
            SourceError::Payload { source, .. } => source.name(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(reasons, ["base64", "gzip"]);
}

#[test]
fn documents_and_text_between_them_are_read() {
    let task = r#"{"version": "0", "detail-type": "ECS Task State Change", "time": "2026-11-23T04:23:14Z"}"#;
    let text = format!(
        "{{\n \"levelname\":\n \"INFO\"}}\nsome text\n[{task}, 7]\n{{not json}}\n{{\"events\": [],\n\"nextToken\": \"x\"}}last"
    );
    let (events, report) = read_text(&text);
    let task = task.replace(": ", ":").replace(", ", ",");
    let tasks = crate::scan::scanner::TASKS_GROUP;
    assert_eq!(
        events,
        [
            ": {\"levelname\":\"INFO\"}",
            ": some text",
            &format!("{tasks}: {task}"),
            ": 7",
            ": {not json}",
            ": last"
        ]
    );
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[test]
fn a_document_that_is_cut_keeps_what_is_complete() {
    let text = r#"{"events": [{"timestamp": 1000000000000, "message": "a", "eventId": "1"}, {"timestamp": 1000000000000, "mess"#;
    let (events, report) = read_text(text);
    assert_eq!(events, [": a", ": {\"timestamp\":1000000000000,\"mess"]);
    assert!(
        matches!(report.problems[..], [SourceError::CutDocument { .. }]),
        "{report:?}"
    );
    let between = read_text(r#"{"events": [{"timestamp": 1, "message": "a", "eventId": "1"},"#);
    assert!(matches!(
        between.1.problems[..],
        [SourceError::CutDocument { .. }]
    ));
}

#[test]
fn a_value_beyond_the_limit_is_read_as_lines() {
    let text = format!("{{\n\"a\": \"{}\"\n}}\n", "long text\\n".repeat(60_000));
    let (events, report) = read_text(&text);
    assert!(
        matches!(report.problems[..], [SourceError::LongDocument { .. }]),
        "{report:?}"
    );
    let joined: String = events.iter().map(|event| &event[2..]).collect();
    assert_eq!(joined, text.replace('\n', ""));
}

proptest! {
    #[test]
    fn the_output_of_aws_logs_is_read_however_it_comes_in(
        messages in prop::collection::vec("[a-c{}\\[\\]\",\\\\ \né]{1,12}", 0..6),
        pretty in any::<bool>(), copies in 1usize..3, piece in 1usize..30, block in 1usize..200,
    ) {
        let events: Vec<_> = messages.iter().enumerate().map(|(at, message)| serde_json::json!({
            "logStreamName": "s", "timestamp": 1_795_407_794_318u64 + at as u64, "message": message, "eventId": "1",
        })).collect();
        let output = serde_json::json!({"events": events, "searchedLogStreams": [{"a": "}"}], "nextToken": "x"});
        let text = if pretty { serde_json::to_string_pretty(&output) } else { serde_json::to_string(&output) };
        let text = vec![text.expect("printable"); copies].join("\n");
        let (found, report) = read(Source::stream("test", Trickle(text.into_bytes(), piece), settings(block, 4096)));
        let expect: Vec<String> = messages.iter().map(|message| format!(":s {message}")).collect();
        prop_assert_eq!(found, vec![expect; copies].concat());
        prop_assert!(report.problems.is_empty());
    }

    #[test]
    fn no_document_makes_it_panic(text in "(\\{\"events\": \\[|\\[\\{|\\{\n\"a\")?[\\[\\]{}\",:a1 \n\\\\]{0,60}", limit in 8usize..40) {
        read(Source::stream("test", std::io::Cursor::new(text), settings(16, limit)));
    }
}
