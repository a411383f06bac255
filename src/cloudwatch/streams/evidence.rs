//! What is known of runs before their logs are read: the last ECS event of each task, and which streams hold an event
//! that can mean something.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::decode::ecs::{DETAIL_TYPE, TaskEvent};
use crate::decode::stamp::Clock;
use crate::detect::Groups;
use crate::detect::signal::{self, Signals};
use crate::event::{Event, Origin};
use crate::record::Record;
use crate::scan::{Block, Need, Scanner};
use crate::time::Timestamp;

/// What a character is spelled with that could have been written as it is: JSON may hide a word so.
const ESCAPE: &str = "u00";

/// Returns the pattern that ECS events match, and all events that can mean something for a run.
pub(super) fn pattern() -> String {
    let words = signal::words();
    let words = words
        .iter()
        .map(String::as_str)
        .chain([DETAIL_TYPE, ESCAPE]);
    let terms: Vec<String> = words.map(|word| format!("?{}", quoted(word))).collect();
    terms.join(" ")
}

/// Returns the pattern that ECS events match; of those with one of some ids, where there are any.
pub(super) fn pattern_of_tasks(ids: &[&str]) -> String {
    match ids {
        [] => quoted(DETAIL_TYPE),
        ids => {
            let terms: Vec<String> = ids.iter().map(|id| format!("?{}", quoted(id))).collect();
            terms.join(" ")
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What was found.
pub(super) struct Evidence {
    groups: Groups,
    /// The instant after which nothing is known yet, where one was asked for.
    as_of: Option<i64>,
    scanner: Scanner,
    /// What the streams hold.
    pub(super) signals: BTreeMap<Origin, Signals>,
    /// The last state of each task.
    pub(super) tasks: BTreeMap<String, State>,
}

/// The last state of a task, and the line that tells it.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) event: TaskEvent,
    line: Box<[u8]>,
}

impl State {
    /// Returns when the task ended, as far as that is told; nothing while it runs.
    pub(super) fn ended(&self) -> Option<i64> {
        let event = &self.event;
        let ends = [
            event.execution_stopped,
            event.stopped,
            event.stopping,
            event.time,
        ];
        let last = ends.into_iter().flatten().max();
        last.filter(|_| event.is_final()).map(Timestamp::as_millis)
    }
}

impl Evidence {
    pub(super) fn new(groups: Groups, as_of: Option<i64>) -> Self {
        Self {
            groups,
            as_of,
            scanner: Scanner::new(&Need::Anything, Clock::utc()),
            signals: BTreeMap::new(),
            tasks: BTreeMap::new(),
        }
    }

    /// Takes a block of events.
    pub(super) fn take(&mut self, block: &Block) {
        let Self {
            groups,
            as_of,
            scanner,
            signals,
            tasks,
        } = self;
        let _ = scanner.for_each_event(block, |offset, event| {
            let is_known = as_of.is_none_or(|as_of| event.timestamp.as_millis() <= as_of);
            if is_known && groups.find(&event.origin.group).holds_tasks() {
                take_task(tasks, &event, line_at(block, offset));
            } else if is_known {
                let found = Signals::of(&Record::new(event.clone()));
                signals.entry(event.origin.clone()).or_default().add(found);
            }
            ControlFlow::Continue(())
        });
    }

    /// Returns the lines that tell the last state of each task.
    pub(super) fn lines(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for state in self.tasks.values() {
            text.extend_from_slice(&state.line);
            text.push(b'\n');
        }
        text
    }
}

fn take_task(tasks: &mut BTreeMap<String, State>, event: &Event<'_>, line: &[u8]) {
    let Some(found) = TaskEvent::parse(event.message) else {
        return;
    };
    let is_later = |known: &State| found > known.event;
    if tasks.get(&found.task).is_none_or(is_later) {
        let state = State {
            event: found.clone(),
            line: line.into(),
        };
        tasks.insert(found.task, state);
    }
}

fn line_at(block: &Block, offset: u32) -> &[u8] {
    let rest = &block.bytes()[offset as usize..];
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    &rest[..end]
}

/// Notes which streams a block has events of.
#[derive(Debug)]
pub(super) struct Streams {
    scanner: Scanner,
    pub(super) seen: BTreeSet<Origin>,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            scanner: Scanner::new(&Need::Anything, Clock::utc()),
            seen: BTreeSet::new(),
        }
    }

    pub(super) fn take(&mut self, block: &Block) {
        let seen = &mut self.seen;
        let _ = self.scanner.for_each_event(block, |_, event| {
            if !seen.contains(event.origin) {
                seen.insert(event.origin.clone());
            }
            ControlFlow::Continue(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Pattern;

    #[test]
    fn the_pattern_is_one_that_the_service_takes() {
        let text = pattern();
        assert!(text.chars().count() <= 1024, "{}", text.len());
        assert!(Pattern::parse(&text).is_ok(), "{text}");
    }

    #[test]
    fn every_word_is_in_it() {
        let pattern = Pattern::parse(&pattern()).expect("a pattern");
        let origin = Origin::default();
        for word in signal::words() {
            let message = format!("x{word}y");
            let record = Record::new(Event {
                timestamp: Timestamp(0),
                ingestion: None,
                message: message.as_bytes(),
                origin: &origin,
                id: None,
            });
            assert!(pattern.matches(&record), "{word}");
        }
    }
}
