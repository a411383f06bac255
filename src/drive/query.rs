//! A compiled query over a source.

use std::ops::ControlFlow;

use super::assembled::{Assembled, assembled};
use super::{Place, Setting, Tally, each_run};
use crate::decode::level::Level;
use crate::detect::Run;
use crate::event::Event;
use crate::pattern::Pattern;
use crate::query::{
    EventKey, Exceeded, Extras, Head, Partial, Program, Reader, Slots, Table, Tail,
};
use crate::record::Record;
use crate::row::Row;
use crate::scan::{Block, Blocks, Need, pool};
use crate::time::{Timestamp, Window};

/// What is asked of a source.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The query.
    pub program: &'a Program,
    /// The pattern that events must match before the query sees them.
    pub pattern: Option<&'a Pattern>,
    /// The instant as of which runs are judged.
    pub now: Timestamp,
}

/// What was found beside the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Events looked at, and whether anything was left out.
    pub tally: Tally,
    /// How many rows there would have been without a limit, where that is known.
    pub total: Option<u64>,
    /// How many runs were looked at.
    pub runs: u64,
    /// Why the query was given up; there is no answer then.
    pub exceeded: Option<Exceeded>,
}

/// Runs a query and hands on its rows, as they come where the query allows it.
pub fn query<B: Blocks>(
    blocks: &mut B,
    question: &Question<'_>,
    setting: &Setting<'_>,
    take: impl FnMut(&Row) -> ControlFlow<()>,
) -> Answer {
    let mut rows = Rows {
        tail: question.program.tail(),
        take,
    };
    let mut answer = Answer::default();
    answer.tally = match question.program.table() {
        Table::Runs => {
            let mut head = question.program.head();
            let tally = each_run(blocks, setting, question.now, |run| {
                push_run(&mut head, question.program, run, answer.runs);
                answer.runs += 1;
            });
            let _ = rows.merge(head.take_partial());
            tally
        }
        Table::Events if question.program.needs_order() => {
            over_assembled(blocks, question, setting, &mut rows)
        }
        Table::Events => over_events(blocks, question, setting, &mut rows),
    };
    rows.finish(answer)
}

/// Returns the rows of a query over events that are in memory already.
pub fn rows_of<B: Blocks>(
    blocks: &mut B,
    question: &Question<'_>,
    setting: &Setting<'_>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    query(blocks, question, setting, |row| {
        rows.push(row.clone());
        ControlFlow::Continue(())
    });
    rows
}

/// Where partial results become rows.
struct Rows<F> {
    tail: Tail,
    take: F,
}

impl<F: FnMut(&Row) -> ControlFlow<()>> Rows<F> {
    fn merge(&mut self, partial: Partial) -> ControlFlow<()> {
        let flow = self.tail.merge(partial);
        for row in self.tail.drain() {
            (self.take)(&row)?;
        }
        flow
    }

    fn finish(mut self, mut answer: Answer) -> Answer {
        let results = self.tail.finish();
        answer.tally.truncated = results.truncated;
        answer.total = results.total;
        answer.exceeded = results.exceeded;
        answer.tally.matches = results.rows.len() as u64;
        for row in &results.rows {
            if (self.take)(row).is_break() {
                break;
            }
        }
        answer
    }
}

/// Returns what the bytes of every line must hold that the question is about.
fn need(question: &Question<'_>) -> Need {
    let of_pattern = question.pattern.map_or(Need::Anything, Pattern::need);
    of_pattern.and(question.program.need())
}

fn over_events<B: Blocks>(
    blocks: &mut B,
    question: &Question<'_>,
    setting: &Setting<'_>,
    rows: &mut Rows<impl FnMut(&Row) -> ControlFlow<()>>,
) -> Tally {
    let mut tally = Tally::default();
    let need = need(question);
    let make_worker = || worker(question, setting, &need);
    let hands_over = blocks.hands_over();
    pool::run(
        blocks,
        setting.threads,
        make_worker,
        |(partial, seen): (Partial, Tally)| {
            tally.events += seen.events;
            tally.timeless += seen.timeless;
            setting.tell_seen(tally.events);
            tally.broken += seen.broken;
            tally.interrupted = setting.stopped();
            rows.merge(partial)?;
            setting.goes_on(hands_over)
        },
    );
    tally
}

fn worker<'a>(
    question: &'a Question<'a>,
    setting: &'a Setting<'a>,
    need: &Need,
) -> impl FnMut(&Block) -> (Partial, Tally) + 'a {
    let mut scanner = setting.scanner(need);
    if question.program.ignores_times() && setting.scope.window == Window::ALL {
        scanner = scanner.without_times();
    }
    let mut admission = setting.admission();
    let mut asked = Asked::new(question.program);
    move |block| {
        let mut seen = Tally::default();
        let _ = scanner.for_each_event(block, |offset, event| {
            seen.events += 1;
            let Some(place) = admission.admit(&event) else {
                return ControlFlow::Continue(());
            };
            let Some(pattern) = question.pattern else {
                return asked.push(&event, place, (block.index, offset), None);
            };
            let record = Record::new(event);
            if !pattern.matches(&record) {
                seen.broken.count(record.fault());
                return ControlFlow::Continue(());
            }
            let event = record.event;
            asked.push(&event, place, (block.index, offset), None)
        });
        seen.timeless = admission.take_timeless();
        seen.broken += asked.reader.take_broken();
        (asked.head.take_partial(), seen)
    }
}

fn over_assembled<B: Blocks>(
    blocks: &mut B,
    question: &Question<'_>,
    setting: &Setting<'_>,
    rows: &mut Rows<impl FnMut(&Row) -> ControlFlow<()>>,
) -> Tally {
    let mut asked = Asked::new(question.program);
    let mut block = 0;
    let mut tally = assembled(blocks, setting, |found| {
        if found.position.0 != block {
            block = found.position.0;
            rows.merge(asked.head.take_partial())?;
        }
        if !question
            .pattern
            .is_none_or(|pattern| pattern.matches(found.record))
        {
            return ControlFlow::Continue(());
        }
        asked.push(
            &found.record.event,
            found.place,
            found.position,
            Some(found),
        )
    });
    let _ = rows.merge(asked.head.take_partial());
    tally.truncated = false;
    tally
}

/// The head of a program, and what reads the fields it asks for.
struct Asked<'a> {
    reader: Reader<'a>,
    head: Head,
}

impl<'a> Asked<'a> {
    fn new(program: &'a Program) -> Self {
        Self {
            reader: program.fields().reader(),
            head: program.head(),
        }
    }

    fn push(
        &mut self,
        event: &Event<'_>,
        place: &Place,
        position: (u32, u32),
        found: Option<&Assembled<'_, '_>>,
    ) -> ControlFlow<()> {
        let mut slots = Slots::default();
        if self.reader.reads_extras() {
            let extras = extras(place, position, found);
            self.reader.read(event, &extras, &mut slots);
        } else {
            self.reader.read(event, &NOTHING, &mut slots);
        }
        let key = EventKey {
            timestamp: event.timestamp,
            position,
        };
        self.head.push(&mut slots, key)
    }
}

/// What is known beside an event of which no more is asked.
const NOTHING: Extras<'static> = Extras::none();

fn extras<'a>(
    place: &'a Place,
    position: (u32, u32),
    found: Option<&Assembled<'a, '_>>,
) -> Extras<'a> {
    let error = found.and_then(|found| found.attached.error.as_deref());
    let level = found.and_then(|found| found.attached.level.or_else(|| found.record.level()));
    Extras {
        position: u64::from(position.0) << 32 | u64::from(position.1),
        level: level.map(Level::as_str),
        stage: Some(place.stage.as_str()).filter(|stage| !stage.is_empty()),
        service: Some(place.service.as_str()).filter(|service| !service.is_empty()),
        error_type: error
            .map(|error| error.kind.as_str())
            .filter(|kind| !kind.is_empty()),
        error_message: error.map(|error| error.message.as_str()),
        error_culprit: error.and_then(|error| error.culprit.as_deref()),
        error_fingerprint: error.map(|error| error.fingerprint.as_str()),
    }
}

/// Puts a run through a query's head; it stands at its end.
fn push_run(head: &mut Head, program: &Program, run: &Run, number: u64) {
    let mut slots = program.fields().slots();
    program.fields().fill(&mut slots, |name| run.field(name));
    let key = EventKey {
        timestamp: run.timestamp(),
        position: (0, number as u32),
    };
    // That nothing later can change the answer saves no reading here.
    let _ = head.push(&mut slots, key);
}
