//! A query made of pieces of the language over any events: it ends, and gives no more rows than were asked for.
//!
//! The bytes up to the first 0xff choose the commands, those behind it are the events, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logq::event::{Event, Origin};
use logq::query::portability::{self, Seen};
use logq::query::{EventKey, Extras, Program, Settings, Table, functions, parser};
use logq::time::Timestamp;

const MOST_ROWS: u64 = 100;

fuzz_target!(|bytes: &[u8]| {
    let cut = bytes.iter().position(|byte| *byte == 0xff).unwrap_or(bytes.len());
    let events = String::from_utf8_lossy(bytes.get(cut + 1..).unwrap_or_default());
    let text = query(&bytes[..cut]);
    let mut seen = Seen::default();
    events.lines().for_each(|line| seen.add(line));
    for finding in portability::check(&text, Table::Events, &seen) {
        assert!(finding.diagnostic.span.end <= text.len());
    }
    let settings = Settings {
        table: Table::Events,
        now: Timestamp(1_795_000_000_000),
        window: None,
        default_limit: Some(MOST_ROWS),
    };
    if let Ok(program) = Program::compile(&text, &settings) {
        run(&program, &events);
    }
});

/// Makes a query of bytes: each three choose a kind of command, and what stands in it.
fn query(bytes: &[u8]) -> String {
    let commands = bytes.chunks(3).enumerate().map(|(at, chunk)| {
        let part = |number: usize| usize::from(chunk.get(number).copied().unwrap_or_default());
        let (one, other) = (value(part(1)), value(part(2)));
        match part(0) % 8 {
            0 => format!("filter {one} = {other}"),
            1 => format!("filter {one} < {other} or not {other} like 'a'"),
            2 => format!("fields {one} as x{at}"),
            3 => format!("stats count({one}) as n{at}, max({one}) as x{at} by {other}"),
            4 => format!("fields {one} + {other} as x{at} | sort x{at} desc"),
            5 => format!("fields coalesce({one}, {other}) as x{at}, if({one}, {other}, 1) as y{at}"),
            _ => command(part(1)).to_owned(),
        }
    });
    commands.collect::<Vec<_>>().join(" | ")
}

/// Returns an example of a call, or a field.
fn value(number: usize) -> &'static str {
    const FIELDS: [&str; 6] = ["a", "b.c", "@message", "@timestamp", "x0", "n1"];
    let calls = functions::all().flat_map(|function| function.examples);
    let calls: Vec<&str> = calls.map(|(call, _)| *call).collect();
    match number.checked_sub(128) {
        Some(number) => FIELDS[number % FIELDS.len()],
        None => calls[number % calls.len()],
    }
}

/// Returns an example of a command.
fn command(number: usize) -> &'static str {
    let examples: Vec<&str> = parser::entries().map(|entry| entry.example).collect();
    examples[number % examples.len()]
}

/// Runs a program over events in blocks of two.
fn run(program: &Program, events: &str) {
    let origin = Origin::new("group", "stream");
    let mut tail = program.tail();
    let (mut reader, mut slots) = (program.fields().reader(), program.fields().slots());
    let lines: Vec<&str> = events.lines().collect();
    for (number, block) in lines.chunks(2).enumerate() {
        let mut head = program.head();
        for (at, line) in block.iter().enumerate() {
            let timestamp = Timestamp(number as i64 * 1000);
            let event = Event { timestamp, ingestion: None, message: line.as_bytes(), origin: &origin, id: None };
            reader.read(&event, &Extras::default(), &mut slots);
            let key = EventKey { timestamp, position: (number as u32, at as u32) };
            if head.push(&mut slots, key).is_break() {
                break;
            }
        }
        if tail.merge(head.take_partial()).is_break() {
            break;
        }
    }
    let results = tail.finish();
    assert!(program.explain().to_string().contains("runs"));
    assert!(results.rows.len() as u64 <= 100_000);
}
