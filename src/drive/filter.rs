//! Events that match a filter pattern, written as they are found.

use std::ops::ControlFlow;

use super::{Setting, Tally};
use crate::pattern::Pattern;
use crate::record::{Broken, Record};
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
    timeless: u64,
    broken: Broken,
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
    let hands_over = blocks.hands_over();
    pool::run(blocks, setting.threads, make_worker, |matches: Matches| {
        tally.events += matches.events;
        tally.timeless += matches.timeless;
        tally.broken += matches.broken;
        setting.tell_seen(tally.events);
        tally.matches += matches.ends.len() as u64;
        tally.interrupted = setting.stopped();
        setting.goes_on(hands_over)?;
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
                matches.broken.count(record.fault());
            }
            ControlFlow::Continue(())
        });
        matches.timeless = admission.take_timeless();
        matches
    }
}

/// Puts the matches of many streams into the order of time, as long as they fit into memory.
///
/// Streams of a folder are read one after the other, while a person asks what happened when. Beyond the size that
/// may be held, matches go on in the order of the input: an answer that is too long to sort is too long to read.
#[derive(Debug)]
pub struct ByTime {
    held: Vec<Matches>,
    bytes: usize,
    most: usize,
}

impl ByTime {
    /// Creates an order that holds at most `most` bytes.
    pub fn new(most: usize) -> Self {
        Self {
            held: Vec::new(),
            bytes: 0,
            most,
        }
    }

    /// Takes the matches of a block; when they are too many, gives all back to be written as they came.
    pub fn push(&mut self, matches: &Matches) -> Option<Vec<Matches>> {
        self.bytes += matches.bytes.len();
        if !matches.ends.is_empty() {
            self.held.push(matches.clone());
        }
        (self.bytes > self.most).then(|| {
            self.bytes = 0;
            std::mem::take(&mut self.held)
        })
    }

    /// Returns all that is held, in the order of time; what was logged at one instant stays as it came.
    pub fn finish(self) -> Matches {
        let mut all: Vec<(Timestamp, &[u8])> = self.held.iter().flat_map(Matches::iter).collect();
        all.sort_by_key(|(timestamp, _)| *timestamp);
        let mut sorted = Matches::default();
        for (timestamp, bytes) in all {
            sorted.bytes.extend_from_slice(bytes);
            sorted.ends.push((timestamp, sorted.bytes.len()));
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(matches: &[(i64, &str)]) -> Matches {
        let mut block = Matches::default();
        for (at, text) in matches {
            block.bytes.extend_from_slice(text.as_bytes());
            block.ends.push((Timestamp(*at), block.bytes.len()));
        }
        block
    }

    #[test]
    fn matches_of_several_streams_are_put_into_the_order_of_time() {
        let mut order = ByTime::new(100);
        assert!(order.push(&block(&[(1, "a"), (5, "b")])).is_none());
        assert!(order.push(&block(&[(1, "c"), (3, "d")])).is_none());
        assert_eq!(order.finish().bytes, b"acdb");
    }

    #[test]
    fn too_many_go_on_as_they_came() {
        let mut order = ByTime::new(3);
        assert!(order.push(&block(&[(5, "aa")])).is_none());
        let given: Vec<u8> = order
            .push(&block(&[(1, "bb")]))
            .expect("too many")
            .into_iter()
            .flat_map(|block| block.bytes)
            .collect();
        assert_eq!(given, b"aabb");
        assert!(order.finish().ends.is_empty());
    }
}
