//! Events together with the errors they carry: for questions about `@error` fields.
//!
//! A traceback is many events, so that what an event carries is often known only some events later. Events are
//! read in the order of the input, in one thread, and handed on as soon as nothing is waited for; only those that
//! wait are copied.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::{Admission, Place, Setting, Tally, app_roots};
use crate::decode::traceback::AppRoots;
use crate::detect::assemble::{Assembler, Attached};
use crate::event::{Event, Origin};
use crate::record::{Broken, Record};
use crate::scan::{Blocks, Need};
use crate::time::Timestamp;

/// How many streams are read side by side; beyond, all open blocks are ended and the streams begun anew.
///
/// Streams of files come one after the other, and those of one file are few: only a stream whose traceback is torn
/// apart by thousands of others could lose by it.
const STREAMS: usize = 4096;

/// An event as it is handed on.
pub struct Assembled<'a, 'e> {
    /// The event.
    pub record: &'a Record<'e>,
    /// Where it belongs.
    pub place: &'a Place,
    /// Its block and the offset of its line.
    pub position: (u32, u32),
    /// The error it carries, and the level that gives it.
    pub attached: &'a Attached,
}

/// Reads all events that are asked for, in the order of each stream.
pub fn assembled<B: Blocks>(
    blocks: &mut B,
    setting: &Setting<'_>,
    mut each: impl FnMut(&Assembled<'_, '_>) -> ControlFlow<()>,
) -> Tally {
    let mut tally = Tally::default();
    let mut scanner = setting.scanner(&Need::Anything);
    let mut streams = Streams::new(app_roots(setting.config), setting.admission());
    let mut block = crate::scan::Block::default();
    while blocks.next_into(&mut block) {
        tally.interrupted = setting.stopped();
        let flow = scanner.for_each_event(&block, |offset, event| {
            tally.events += 1;
            if !setting.knows(event.timestamp) {
                return ControlFlow::Continue(());
            }
            streams.push(event, (block.index, offset), &mut each)
        });
        setting.tell_seen(tally.events);
        if flow.is_break() || setting.goes_on(blocks.hands_over()).is_break() {
            return tally;
        }
    }
    let _ = streams.finish(&mut each);
    tally.timeless = streams.admission.take_timeless();
    tally.broken = streams.broken;
    tally
}

struct Streams<'a> {
    roots: AppRoots,
    admission: Admission<'a>,
    known: HashMap<Origin, Stream, foldhash::fast::RandomState>,
    /// In the order in which they came up, so that the answer does not depend on hashing.
    order: Vec<Origin>,
    released: Vec<Attached>,
    broken: Broken,
}

struct Stream {
    assembler: Assembler,
    held: VecDeque<Held>,
    next: u64,
}

/// A copy of an event that waits.
struct Held {
    timestamp: Timestamp,
    ingestion: Option<Timestamp>,
    message: Box<[u8]>,
    id: Option<Box<str>>,
    position: (u32, u32),
}

impl<'a> Streams<'a> {
    fn new(roots: AppRoots, admission: Admission<'a>) -> Self {
        Self {
            roots,
            admission,
            known: HashMap::default(),
            order: Vec::new(),
            released: Vec::new(),
            broken: Broken::default(),
        }
    }

    fn push(
        &mut self,
        event: Event<'_>,
        position: (u32, u32),
        each: &mut impl FnMut(&Assembled<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.known.contains_key(event.origin) {
            self.open(event.origin, each)?;
        }
        let Some(stream) = self.known.get_mut(event.origin) else {
            return ControlFlow::Continue(());
        };
        let record = Record::new(event);
        stream
            .assembler
            .push(stream.next, &record, &mut self.released);
        stream.next += 1;
        if record.fault().is_some() && self.admission.asks_for(&record.event) {
            self.broken.count(record.fault());
        }
        let is_last = |attached: &Attached| attached.index + 1 == stream.next;
        let passes = self.released.last().is_some_and(is_last);
        let own = if passes { self.released.pop() } else { None };
        let origin = record.event.origin;
        stream.hand_on(origin, &mut self.released, &mut self.admission, each)?;
        if let Some(attached) = own {
            return hand_on(&record, position, &attached, &mut self.admission, each);
        }
        stream.held.push_back(Held::copy(&record.event, position));
        ControlFlow::Continue(())
    }

    fn open(
        &mut self,
        origin: &Origin,
        each: &mut impl FnMut(&Assembled<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.order.len() >= STREAMS {
            self.finish(each)?;
        }
        let assembler = Assembler::new(self.roots.clone());
        self.known.insert(
            origin.clone(),
            Stream {
                assembler,
                held: VecDeque::new(),
                next: 0,
            },
        );
        self.order.push(origin.clone());
        ControlFlow::Continue(())
    }

    /// Ends all streams and forgets them.
    fn finish(
        &mut self,
        each: &mut impl FnMut(&Assembled<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for origin in std::mem::take(&mut self.order) {
            let Some(mut stream) = self.known.remove(&origin) else {
                continue;
            };
            stream.assembler.finish(&mut self.released);
            stream.hand_on(&origin, &mut self.released, &mut self.admission, each)?;
        }
        ControlFlow::Continue(())
    }
}

impl Stream {
    /// Hands on the held events that were released.
    fn hand_on(
        &mut self,
        origin: &Origin,
        released: &mut Vec<Attached>,
        admission: &mut Admission<'_>,
        each: &mut impl FnMut(&Assembled<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for attached in released.drain(..) {
            let Some(held) = self.held.pop_front() else {
                break;
            };
            hand_on(
                &Record::new(held.event(origin)),
                held.position,
                &attached,
                admission,
                each,
            )?;
        }
        ControlFlow::Continue(())
    }
}

fn hand_on(
    record: &Record<'_>,
    position: (u32, u32),
    attached: &Attached,
    admission: &mut Admission<'_>,
    each: &mut impl FnMut(&Assembled<'_, '_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match admission.admit(&record.event) {
        Some(place) => each(&Assembled {
            record,
            place,
            position,
            attached,
        }),
        None => ControlFlow::Continue(()),
    }
}

impl Held {
    fn copy(event: &Event<'_>, position: (u32, u32)) -> Self {
        Self {
            timestamp: event.timestamp,
            ingestion: event.ingestion,
            message: event.message.into(),
            id: event.id.map(Into::into),
            position,
        }
    }

    fn event<'a>(&'a self, origin: &'a Origin) -> Event<'a> {
        Event {
            timestamp: self.timestamp,
            ingestion: self.ingestion,
            message: &self.message,
            origin,
            id: self.id.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::config::Config;
    use crate::drive::Scope;
    use crate::scan::Block;
    use crate::time::Zone;

    struct Once(Option<Block>);

    impl Blocks for Once {
        fn claim(&mut self, block: &mut Block) -> bool {
            self.0.take().is_some_and(|only| {
                *block = only;
                true
            })
        }
    }

    /// Returns the message and the error of each event, as they are handed on.
    fn handed_on(lines: &[&str]) -> Vec<(String, Option<String>)> {
        let config = Config::default();
        let (scope, zone, stop) = (Scope::default(), Zone::utc(), AtomicBool::new(false));
        let setting = Setting {
            config: &config,
            scope: &scope,
            zone: &zone,
            latest: Timestamp(i64::MAX),
            as_of: None,
            threads: 1,
            stop: &stop,
            seen: None,
        };
        let mut found = Vec::new();
        assembled(
            &mut Once(Some(Block::of(lines.join("\n")))),
            &setting,
            |event| {
                let error = event
                    .attached
                    .error
                    .as_ref()
                    .map(|error| error.kind.clone());
                found.push((event.record.text().into_owned(), error));
                ControlFlow::Continue(())
            },
        );
        found
    }

    #[test]
    fn the_line_that_names_the_exception_carries_the_error() {
        let lines = [
            "before",
            "Traceback (most recent call last):",
            r#"  File "/app/manage.py", line 22, in <module>"#,
            "    main()",
            "KeyError: 'price'",
        ];
        let found = handed_on(&lines);
        let messages: Vec<&str> = found.iter().map(|(message, _)| message.as_str()).collect();
        assert_eq!(messages, lines);
        let errors: Vec<Option<&str>> = found.iter().map(|(_, error)| error.as_deref()).collect();
        assert_eq!(errors, [None, None, None, None, Some("KeyError")]);
    }

    #[test]
    fn nothing_is_lost_when_streams_take_turns() {
        let line = |stream: u32, message: &str| {
            format!(
                r#"{{"timestamp":1,"message":"{message}","logGroup":"g","logStream":"s/{stream}"}}"#
            )
        };
        let lines: Vec<String> = (0..9000)
            .map(|number| line(number % 4500, "Traceback (most recent call last):"))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(handed_on(&lines).len(), lines.len());
    }
}
