//! Any lines as tracebacks: the whole text and the lines one by one are read, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logq::decode::exception::ErrorInfo;
use logq::decode::traceback::{AppRoots, BlockReader, Traceback};
use logq::time::Timestamp;

fuzz_target!(|text: &str| {
    let roots = AppRoots::default();
    if let Some(traceback) = Traceback::parse(text, &roots) {
        let error = ErrorInfo::from_traceback(traceback, &roots);
        assert!(error.fingerprint.starts_with("v1:"));
    }
    let mut reader = BlockReader::new(roots);
    for (at, line) in text.lines().enumerate() {
        reader.push(line, Timestamp(at as i64));
        if at % 3 == 0 {
            reader.push_foreign(Timestamp(at as i64));
        }
        if !reader.is_open() {
            reader.take();
        }
    }
    reader.take();
});
