//! Looks at deliveries as they come: which kinds of errors are in one, and how runs stand.
//!
//! A delivery is any piece of a stream, so what it holds may have begun before it or end after it. [`errors`] says
//! so, and whoever can read the stream looks again at more of it. The same event is the same sighting in whatever
//! piece it comes: a delivered event has an id, and one that is read from the stream, which has none, is known by its
//! time and text and by how many there are of these.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::rule::{Rule, Rules};
use super::sighting::{Sighted, error_key, error_subject, extras};
use crate::alert::{Subject, identity};
use crate::decode::ecs::TaskEvent;
use crate::decode::level::Level;
use crate::decode::traceback::AppRoots;
use crate::detect::assemble::{Assembler, Attached};
use crate::detect::{Run, RunConfig, RunTable, Site};
use crate::record::Record;
use crate::time::Timestamp;

/// What tells an event of a stream from all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventIdentity {
    /// The same for all events of the stream with this time and text.
    pub alike: String,
    /// Made of the event's id, where it has one.
    pub id: Option<String>,
    /// Which of those alike it is in the piece of the stream that was looked at, from 1 on.
    pub number: u32,
}

/// One more of a kind of error.
#[derive(Clone, Debug)]
pub struct ErrorSeen {
    /// Where its event stands in the batch.
    pub index: usize,
    /// Which of the rules over events it is for.
    pub rule: usize,
    /// What it is one more of.
    pub key: String,
    /// When it was logged.
    pub at: Timestamp,
    /// Which event it is.
    pub identity: EventIdentity,
    /// What it tells.
    pub subject: Subject,
}

/// What a piece of a stream holds.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The errors that are complete, and of which something was delivered just now.
    pub errors: Vec<ErrorSeen>,
    /// The time from which on events wait for what comes after them.
    pub open_since: Option<Timestamp>,
    /// What these events tell if nothing more can be learned of them.
    pub as_is: Vec<ErrorSeen>,
}

/// Finds errors that rules are about; `closed` says that nothing comes after the last event.
pub fn errors(
    rules: &mut Rules,
    roots: &AppRoots,
    batch: &Batch,
    site: &Site,
    closed: bool,
) -> Found {
    let Attachments {
        complete,
        waiting,
        open_since,
    } = attach(batch, roots, closed);
    let mut seen = Seen::default();
    seen.look_at_fresh(rules, batch, &complete, site);
    let complete = seen.errors.len();
    seen.look_at_fresh(rules, batch, &waiting, site);
    let as_is = seen.errors.split_off(complete);
    Found {
        errors: seen.errors,
        open_since,
        as_is,
    }
}

/// Returns the errors that rules are about, of events to which theirs have been given.
pub(super) fn seen(
    rules: &mut Rules,
    batch: &Batch,
    attached: &[Attached],
    site: &Site,
) -> Vec<ErrorSeen> {
    let mut seen = Seen::default();
    seen.look_at_fresh(rules, batch, attached, site);
    seen.errors
}

#[derive(Default)]
struct Attachments {
    complete: Vec<Attached>,
    waiting: Vec<Attached>,
    open_since: Option<Timestamp>,
}

/// Gives errors to the events that carry them. Those at the end wait for more, unless the stream is closed.
fn attach(batch: &Batch, roots: &AppRoots, closed: bool) -> Attachments {
    let mut assembler = Assembler::new(roots.clone());
    let mut found = Attachments::default();
    for (index, event) in batch.events().enumerate() {
        assembler.push(index as u64, &Record::new(event), &mut found.complete);
    }
    if closed {
        assembler.finish(&mut found.complete);
        return found;
    }
    let held = assembler.held();
    found.open_since = (held > 0).then(|| batch.event(batch.len() - held).timestamp);
    assembler.finish(&mut found.waiting);
    found
}

/// Returns how many events at the beginning of a batch may go on with an error that began before it: those up to the
/// first record, or the head of a traceback that is not one of a chain.
pub fn going_on(batch: &Batch) -> usize {
    if !begins_inside(batch) {
        return 0;
    }
    let mut in_chain = false;
    for (index, event) in batch.events().enumerate() {
        let line = event.message;
        if line.starts_with(b"{") || (!in_chain && line.starts_with(b"Traceback (most recent")) {
            return index;
        }
        in_chain = is_between(line) || (in_chain && line.trim_ascii().is_empty());
    }
    batch.len()
}

/// Returns whether the first event may go on with an error that began before the batch.
pub fn begins_inside(batch: &Batch) -> bool {
    let first = batch.events().next();
    first.is_some_and(|first| goes_on(first.message))
}

/// Returns whether a line may go on with an error that began before it: it is indented as frames and their source are,
/// or begins as the line that names an exception does.
///
/// Programs that log plain text have many such lines; for them a stream is read once in vain.
pub(super) fn goes_on(line: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    match line.first() {
        Some(b' ' | b'\t') => true,
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            let after = line.iter().find(|byte| !name(byte));
            matches!(after, None | Some(b':')) || is_between(line)
        }
        _ => false,
    }
}

/// Returns whether a line stands between the tracebacks of a chain.
fn is_between(line: &[u8]) -> bool {
    line.starts_with(b"During handling of the above") || line.starts_with(b"The above exception")
}

#[derive(Default)]
struct Seen {
    errors: Vec<ErrorSeen>,
    /// How often the same text was logged in the same millisecond.
    alike: HashMap<String, u32>,
}

impl Seen {
    /// Looks at the events of which something was delivered just now.
    fn look_at_fresh(
        &mut self,
        rules: &mut Rules,
        batch: &Batch,
        attached: &[Attached],
        site: &Site,
    ) {
        for one in attached {
            let named = one.exception.map(|exception| exception as usize);
            let mut parts = [Some(one.index as usize), named].into_iter().flatten();
            if parts.any(|part| batch.is_fresh(part)) {
                self.look(rules, batch, one, site);
            }
        }
    }

    fn look(&mut self, rules: &mut Rules, batch: &Batch, attached: &Attached, site: &Site) {
        let error = attached.error.as_deref();
        if error.is_none() && rules.events.iter().all(Rule::is_about_errors) {
            return;
        }
        let record = Record::new(batch.event(attached.index as usize));
        let level = attached.level.or_else(|| record.level());
        let level = level.map(Level::as_str);
        let extras = extras(level, error, &site.stage, &site.service);
        let mut known = None;
        for (number, rule) in rules.events.iter_mut().enumerate() {
            if error.is_none() && rule.is_about_errors() {
                continue;
            }
            let Some(values) = rule.event(&record, &extras) else {
                continue;
            };
            let identity = known.get_or_insert_with(|| self.identity(batch, attached));
            self.errors.push(ErrorSeen {
                index: attached.index as usize,
                rule: number,
                key: error_key(&rule.name, &site.stage, &site.service, &values),
                at: record.event.timestamp,
                identity: identity.clone(),
                subject: error_subject(&record.event, error, &site.stage, &site.service),
            });
        }
    }

    fn identity(&mut self, batch: &Batch, attached: &Attached) -> EventIdentity {
        let event = batch.event(attached.index as usize);
        let text = String::from_utf8_lossy(event.message);
        let at = event.timestamp.as_millis().to_string();
        let place = [&*batch.origin.group, &*batch.origin.stream];
        let alike = identity(&[place[0], place[1], &at, &text]);
        let number = self.alike.entry(alike.clone()).or_default();
        *number += 1;
        EventIdentity {
            id: event.id.map(|id| identity(&[place[0], place[1], id])),
            number: *number,
            alike,
        }
    }
}

/// What is known of one task: the streams that it wrote and the last state that ECS told of it.
#[derive(Clone, Debug, Default)]
pub struct TaskSeen<'a> {
    /// What its containers logged.
    pub streams: Vec<Batch>,
    /// The last ECS event, and the stage whose log group it was written to.
    pub event: Option<(&'a TaskEvent, &'a str)>,
}

/// Returns the runs that a task is, as they stand at `now`: one, or none, or for a service's task those in it.
pub fn runs(task: &TaskSeen<'_>, config: &RunConfig, now: Timestamp) -> Vec<Run> {
    let mut table = RunTable::new(config.clone());
    for batch in &task.streams {
        for event in batch.events() {
            table.observe(&Record::new(event));
        }
    }
    if let Some((event, stage)) = task.event {
        table.observe_task(event, stage);
    }
    table.runs(now)
}

/// Returns what a run means to each rule over runs, by the rules' names.
pub fn judged<'a>(rules: &'a mut Rules, run: &'a Run) -> Vec<Sighted<'a>> {
    let matches: Vec<bool> = rules
        .runs
        .iter_mut()
        .map(|rule| rule.run(|name| run.field(name)))
        .collect();
    let pairs = rules.runs.iter().zip(matches);
    pairs
        .filter_map(|(rule, is_match)| Sighted::run(run, rule, is_match))
        .collect()
}
