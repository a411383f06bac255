//! Any text as a pattern: what parses prints itself so that it parses again, and matches any message either way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logq::event::{Event, Origin};
use logq::pattern::Pattern;
use logq::record::Record;
use logq::time::Timestamp;

fuzz_target!(|input: (&str, &[u8])| {
    let (text, message) = input;
    let Ok(pattern) = Pattern::parse(text) else { return };
    let printed = pattern.to_string();
    let again = Pattern::parse(&printed).expect("what is printed parses");
    assert_eq!(again.to_string(), printed);
    let origin = Origin::default();
    let event = Event { timestamp: Timestamp(0), ingestion: None, message, origin: &origin, id: None };
    let record = Record::new(event);
    assert_eq!(pattern.matches(&record), again.matches(&record));
});
