//! Events that match a filter pattern, written as they are found.

use std::ops::ControlFlow;

use super::{Setting, Tally};
use crate::pattern::Pattern;
use crate::record::Record;
use crate::scan::{Block, Blocks, pool};
use crate::time::Timestamp;

/// The matches of one block, written one after the other.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// All matches as a worker wrote them.
    pub bytes: Vec<u8>,
    /// When each match was logged, and where it ends in `bytes`.
    pub ends: Vec<(Timestamp, usize)>,
    events: u64,
}

impl Matches {
    /// Walks the single matches, each as written, in the order of the input.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        let ranges = self.ends.iter().zip(starts);
        ranges.map(|((timestamp, end), start)| (*timestamp, &self.bytes[start..*end]))
    }
}

/// Finds the events that match, has them written by workers, and hands each block's on in the order of the input.
///
/// `make_writer` makes a function for each worker that appends one event to a buffer; `take` gets what was written
/// and says whether to go on.
pub fn filter<B: Blocks, W: FnMut(&Record<'_>, &mut Vec<u8>)>(
    blocks: &mut B,
    pattern: &Pattern,
    setting: &Setting<'_>,
    make_writer: impl Fn() -> W + Sync,
    mut take: impl FnMut(&Matches) -> ControlFlow<()>,
) -> Tally {
    let mut tally = Tally::default();
    let make_worker = || worker(pattern, setting, make_writer());
    pool::run(blocks, setting.threads, make_worker, |matches: Matches| {
        tally.events += matches.events;
        tally.matches += matches.ends.len() as u64;
        tally.interrupted = setting.stopped();
        if tally.interrupted {
            return ControlFlow::Break(());
        }
        take(&matches)
    });
    tally
}

fn worker<'a>(
    pattern: &'a Pattern,
    setting: &'a Setting<'a>,
    mut write: impl FnMut(&Record<'_>, &mut Vec<u8>) + 'a,
) -> impl FnMut(&Block) -> Matches + 'a {
    let mut scanner = setting.scanner(&pattern.need());
    let mut admission = setting.admission();
    move |block| {
        let mut matches = Matches::default();
        let _ = scanner.for_each_event(block, |_, event| {
            matches.events += 1;
            if admission.admit(&event).is_some() {
                let record = Record::new(event);
                if pattern.matches(&record) {
                    write(&record, &mut matches.bytes);
                    matches
                        .ends
                        .push((record.event.timestamp, matches.bytes.len()));
                }
            }
            ControlFlow::Continue(())
        });
        matches
    }
}
