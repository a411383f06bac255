//! Any bytes as a file of any form: every line is read in every way, and nothing panics or is lost.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use logq::decode::stamp::Clock;
use logq::record::Record;
use logq::scan::{Block, Blocks, Need, Scanner};
use logq::source::{Settings, Source};

fuzz_target!(|bytes: &[u8]| {
    let mut source = Source::stream("input", std::io::Cursor::new(bytes.to_vec()), Settings::new(Clock::utc()));
    let mut scanner = Scanner::new(&Need::Anything, Clock::utc());
    let mut block = Block::default();
    while source.next_into(&mut block) {
        let _ = scanner.for_each_event(&block, |_, event| {
            let record = Record::new(event);
            let _ = (record.object(), record.level(), record.logger(), record.exception_text());
            let _ = (record.message(), record.text_before_record(), record.stack_info());
            record.members().for_each(drop);
            ControlFlow::Continue(())
        });
    }
});
