//! Reads streams as a whole, several at a time.
//!
//! A call of `FilterLogEvents` returns events of up to a hundred streams, with their ids; one of `GetLogEvents` those
//! of one stream, without, from a quota of its own. So short streams are read many to a call, and long ones, whose
//! pages would follow each other in any case, by `GetLogEvents`, side by side.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::lines;
use super::super::service::Page;
use super::super::{Action, CallError, Kind};
use super::LEEWAY;
use super::calls::{Caller, Failed};
use super::service::{GetCall, NamesCall, StreamFacts, StreamService};

/// How many streams a call names at most.
const MOST_NAMES: usize = 100;
/// Over how many calls at least streams are spread: pages of one call follow each other.
const SPREAD: usize = 8;
/// How many reads go on at a time.
const AT_ONCE: usize = 8;
/// From which length in time on a stream is one that fills pages by itself.
const LONG: i64 = 3_600_000;
/// How many pages may come after each other without events.
const STANDING: u32 = 10_000;

/// What is to be read of some streams of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    group: Arc<str>,
    streams: Arc<[Arc<str>]>,
    start: i64,
    end: i64,
    /// Whether they are read by name, and so with ids.
    by_names: bool,
}

/// How streams are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Events from this instant on.
    pub(super) start: i64,
    /// Events before this instant.
    pub(super) end: i64,
    /// Whether events must come with their ids.
    pub(super) with_ids: bool,
}

/// Returns the reads that some streams of a group take.
pub(super) fn reads(group: &Arc<str>, streams: &[StreamFacts], way: Way) -> Vec<Read> {
    let is_long = |facts: &&StreamFacts| {
        let length = facts.last.zip(facts.began());
        !way.with_ids && length.is_some_and(|(last, began)| last - began >= LONG)
    };
    let (long, mut short): (Vec<&StreamFacts>, Vec<&StreamFacts>) =
        streams.iter().partition(is_long);
    short.sort_by_key(|facts| facts.began());
    let size = short.len().div_ceil(SPREAD).clamp(1, MOST_NAMES);
    let by_names = short.chunks(size).map(|some| (some, true));
    let alone = long.chunks(1).map(|one| (one, false));
    let read = |(some, by_names): (&[&StreamFacts], bool)| {
        let (start, end) = span(some, way);
        Read {
            group: Arc::clone(group),
            streams: some.iter().map(|facts| Arc::clone(&facts.name)).collect(),
            start,
            end,
            by_names,
        }
    };
    let all = by_names.chain(alone).map(read);
    all.filter(|read| read.start < read.end).collect()
}

/// Returns the time that holds all events of some streams, as far as they are asked for. When the last one came is
/// told late: it bounds nothing.
fn span(streams: &[&StreamFacts], way: Way) -> (i64, i64) {
    let began: Option<Vec<i64>> = streams.iter().map(|facts| facts.began()).collect();
    let first = began.and_then(|began| began.into_iter().min());
    let start = first.map_or(0, |first| first - LEEWAY);
    (start.max(way.start).max(0), way.end)
}

/// Where blocks of lines go.
pub(super) type Out = SyncSender<Vec<u8>>;

/// What came of reads.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What could not be read.
    pub(super) problems: Vec<CallError>,
    /// Whether `GetLogEvents` is not allowed, so that the streams were read in the other way.
    pub(super) is_denied: bool,
    /// Whether something is missing.
    pub(super) has_gaps: bool,
}

/// Does all reads of one region.
pub(super) async fn run<S: StreamService>(
    service: &Arc<S>,
    caller: &Arc<Caller>,
    reads: Vec<Read>,
    out: &Out,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut waiting: VecDeque<Read> = reads.into();
    let mut running: JoinSet<(Read, Result<(), Failed>)> = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(mut read) = waiting.pop_front()
        {
            read.by_names |= outcome.is_denied;
            let (service, caller, out) = (Arc::clone(service), Arc::clone(caller), out.clone());
            running.spawn(async move {
                let done = one(&*service, &caller, &read, &out).await;
                (read, done)
            });
        }
        let Some(done) = running.join_next().await else {
            return outcome;
        };
        let Ok((read, done)) = done else {
            // A reader that panicked has said so.
            outcome.has_gaps = true;
            continue;
        };
        if let Err(failed) = done {
            outcome.take(read, failed, &mut waiting);
        }
    }
}

impl Outcome {
    /// Decides what to do about a read that failed.
    fn take(&mut self, read: Read, failed: Failed, waiting: &mut VecDeque<Read>) {
        match failed.kind() {
            Some(Kind::Denied) if !read.by_names => {
                self.is_denied = true;
                waiting.push_back(Read {
                    by_names: true,
                    ..read
                });
                return;
            }
            // One stream of many is gone; which one, is not said.
            Some(Kind::Missing) if read.streams.len() > 1 && is_about_stream(&failed) => {
                waiting.extend(read.halves());
                return;
            }
            Some(kind) if kind.concerns_all() => waiting.clear(),
            Some(Kind::Missing | Kind::Denied) if !is_about_stream(&failed) => {
                waiting.retain(|other| other.group != read.group);
            }
            _ => {}
        }
        self.has_gaps = true;
        self.problems.extend(failed.into_error());
    }
}

fn is_about_stream(failed: &Failed) -> bool {
    matches!(failed, Failed::Call(error) if error.reason.contains("log stream"))
}

impl Read {
    fn halves(self) -> [Self; 2] {
        let (one, other) = self.streams.split_at(self.streams.len() / 2);
        let half = |streams: &[Arc<str>]| Self {
            streams: streams.into(),
            group: Arc::clone(&self.group),
            ..self
        };
        [half(one), half(other)]
    }
}

/// Does one read, page by page.
async fn one<S: StreamService>(
    service: &S,
    caller: &Caller,
    read: &Read,
    out: &Out,
) -> Result<(), Failed> {
    let mut token = None;
    let mut standing = 0;
    loop {
        let page = page(service, caller, read, token.clone()).await?;
        let is_repeat = page.token.is_some() && page.token == token;
        let is_last = if read.by_names {
            page.token.is_none()
        } else {
            page.token.is_none() || is_repeat
        };
        standing = if page.events.is_empty() || is_repeat {
            standing + 1
        } else {
            0
        };
        // Without ids the events of a page that comes again cannot be known again.
        if read.by_names || !is_repeat {
            caller.note(&page);
            send(caller, read, &page, out).await?;
        }
        if is_last {
            return Ok(());
        }
        if standing >= STANDING {
            return Err(lost(caller, read));
        }
        token = page.token;
    }
}

fn lost(caller: &Caller, read: &Read) -> Failed {
    Failed::Call(Box::new(CallError {
        kind: Kind::TokenLost,
        operation: read.action().name(),
        group: Arc::clone(&read.group),
        place: Arc::clone(&caller.place),
        reason: String::new(),
    }))
}

async fn page<S: StreamService>(
    service: &S,
    caller: &Caller,
    read: &Read,
    token: Option<String>,
) -> Result<Page, Failed> {
    let (action, group) = (read.action(), &read.group);
    if read.by_names {
        let call = NamesCall {
            group: Arc::clone(group),
            streams: Arc::clone(&read.streams),
            start: read.start,
            end: read.end,
            token,
        };
        let make = || service.filter_streams(call.clone());
        return caller.call(action, group, make).await;
    }
    let call = GetCall {
        group: Arc::clone(group),
        stream: read.streams.first().cloned().unwrap_or_default(),
        start: read.start,
        end: read.end,
        token,
    };
    let make = || service.get_log_events(call.clone());
    caller.call(action, group, make).await
}

impl Read {
    fn action(&self) -> Action {
        if self.by_names {
            Action::FilterLogEvents
        } else {
            Action::GetLogEvents
        }
    }
}

/// Hands on a page as lines, when there is room for them.
async fn send(caller: &Caller, read: &Read, page: &Page, out: &Out) -> Result<(), Failed> {
    let mut text = Vec::new();
    for event in &page.events {
        lines::write(&read.group, event, &mut text);
    }
    while !text.is_empty() {
        match out.try_send(text) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(back)) => text = back,
            Err(TrySendError::Disconnected(_)) => return Err(Failed::Stopped),
        }
        if caller.is_stopped() {
            return Err(Failed::Stopped);
        }
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, began: i64, last: i64) -> StreamFacts {
        StreamFacts {
            name: Arc::from(name),
            created: Some(began),
            first: Some(began),
            last: Some(last),
        }
    }

    const WAY: Way = Way {
        start: 0,
        end: i64::MAX,
        with_ids: false,
    };

    #[test]
    fn short_streams_share_calls_and_long_ones_do_not() {
        let group = Arc::from("g");
        let mut streams: Vec<StreamFacts> = (0..30)
            .map(|n| facts(&format!("s/{n}"), 1000 * LONG, 1000 * LONG + 5))
            .collect();
        streams.push(facts("long", 1000 * LONG, 1002 * LONG));
        let found = reads(&group, &streams, WAY);
        let names: Vec<usize> = found.iter().map(|read| read.streams.len()).collect();
        assert_eq!(names, [4, 4, 4, 4, 4, 4, 4, 2, 1]);
        assert!(!found[8].by_names);
        let with_ids = Way {
            with_ids: true,
            ..WAY
        };
        assert!(
            reads(&group, &streams, with_ids)
                .iter()
                .all(|read| read.by_names)
        );
    }

    #[test]
    fn no_call_names_more_than_a_hundred() {
        let streams: Vec<StreamFacts> = (0..2000)
            .map(|n| facts(&format!("s/{n}"), LONG, LONG))
            .collect();
        let found = reads(&Arc::from("g"), &streams, WAY);
        assert_eq!(found.len(), 20);
        assert!(found.iter().all(|read| read.streams.len() == 100));
    }

    #[test]
    fn a_stream_of_which_little_is_told_is_read_over_all_times() {
        let unknown = StreamFacts {
            name: Arc::from("new"),
            ..StreamFacts::default()
        };
        let found = reads(&Arc::from("g"), &[unknown], WAY);
        assert_eq!((found[0].start, found[0].end), (0, i64::MAX));
    }
}
