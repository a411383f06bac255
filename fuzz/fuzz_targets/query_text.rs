//! Any text as a query: it compiles or says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logq::query::{Program, Settings, Table};
use logq::time::Timestamp;

fuzz_target!(|text: &str| {
    for table in [Table::Events, Table::Runs] {
        let settings = Settings { table, now: Timestamp(1_795_000_000_000), window: None, default_limit: Some(100) };
        if let Err(diagnostics) = Program::compile(text, &settings) {
            assert!(!diagnostics.render("query", text, 1, false).is_empty());
        }
    }
});
