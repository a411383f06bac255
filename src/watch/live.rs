//! Looks at deliveries as they come: which kinds of errors are in one, and how runs stand.
//!
//! A delivery is any piece of a stream, so what it holds may have begun before it or end after it. [`errors`] says
//! so, and whoever can read the stream looks again at more of it. The same event is the same sighting in whatever
//! piece it comes: its identity is made of what the stream holds, as what is read from a stream has no ids.

use std::collections::HashMap;

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

/// One more of a kind of error.
#[derive(Clone, Debug)]
pub struct ErrorSeen {
    /// Which of the rules over events it is for.
    pub rule: usize,
    /// What it is one more of.
    pub key: String,
    /// When it was logged.
    pub at: Timestamp,
    /// The same for the same event, however it was delivered.
    pub identity: String,
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
}

/// Finds errors that rules are about; `closed` says that nothing comes after the last event.
pub fn errors(
    rules: &mut Rules,
    roots: &AppRoots,
    batch: &Batch,
    site: &Site,
    closed: bool,
) -> Found {
    let (attached, open_since) = attach(batch, roots, closed);
    Found {
        errors: seen(rules, batch, &attached, site),
        open_since,
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
    for one in attached {
        let index = one.index as usize;
        let named_now = one.exception.map(|exception| exception as usize);
        if batch.is_fresh(index) || named_now.is_some_and(|named| batch.is_fresh(named)) {
            seen.look(rules, batch, one, site);
        }
    }
    seen.errors
}

/// Gives errors to the events that carry them; those that still wait are left out unless the stream is closed.
fn attach(batch: &Batch, roots: &AppRoots, closed: bool) -> (Vec<Attached>, Option<Timestamp>) {
    let mut assembler = Assembler::new(roots.clone());
    let mut attached = Vec::new();
    for (index, event) in batch.events().enumerate() {
        assembler.push(index as u64, &Record::new(event), &mut attached);
    }
    if closed {
        assembler.finish(&mut attached);
    }
    let held = assembler.held();
    let open_since = (held > 0).then(|| batch.event(batch.len() - held).timestamp);
    (attached, open_since)
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
                rule: number,
                key: error_key(&rule.name, &site.stage, &site.service, &values),
                at: record.event.timestamp,
                identity: identity.clone(),
                subject: error_subject(&record.event, error, &site.stage, &site.service),
            });
        }
    }

    fn identity(&mut self, batch: &Batch, attached: &Attached) -> String {
        let event = batch.event(attached.index as usize);
        let text = String::from_utf8_lossy(event.message);
        let at = event.timestamp.as_millis().to_string();
        let once = identity(&[&batch.origin.group, &batch.origin.stream, &at, &text]);
        let number = self.alike.entry(once.clone()).or_default();
        *number += 1;
        match *number {
            1 => once,
            more => identity(&[&once, &more.to_string()]),
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
