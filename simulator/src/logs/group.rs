//! A log group: what is told of it, and its streams.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;

use super::generate::Plan;
use super::stream::Stream;
use super::{Direction, Event, Key, Reader, Window, mix, mix_text};
use crate::settings;

const DAY: i64 = 86_400_000;

/// How far a timestamp can be ahead of the time of ingestion.
const AHEAD: i64 = 2 * 3_600_000;

/// A log group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) settings: settings::Group,
    pub(crate) created: i64,
    streams: RwLock<Vec<Arc<Stream>>>,
    salt: u64,
}

/// Which streams of a group are read.
#[derive(Clone, Debug, Default)]
pub(crate) enum Scope {
    /// All of them.
    #[default]
    All,
    /// Those with these names.
    Names(Vec<String>),
    /// Those that begin with one of these.
    Prefixes(Vec<String>),
}

impl Scope {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.iter().any(|wanted| wanted == name),
            Self::Prefixes(prefixes) => prefixes.iter().any(|prefix| name.starts_with(prefix)),
        }
    }
}

/// What is told of one stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamFacts {
    pub(crate) name: String,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) last_ingestion: Option<i64>,
}

/// A line of a file of events.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    #[serde(default)]
    pub(crate) log_group_name: String,
    pub(crate) log_stream_name: String,
    pub(crate) timestamp: i64,
    pub(crate) ingestion_time: Option<i64>,
    pub(crate) message: String,
}

impl Group {
    /// Makes a group, given what time it is.
    pub(crate) fn new(settings: settings::Group, now: i64) -> io::Result<Self> {
        let to = settings.to.map_or(now, |time| time.0);
        let from = settings.from.map_or(to - DAY, |time| time.0);
        let computed = if settings.events == 0 {
            0
        } else {
            settings.streams
        };
        let stream = |number| {
            let plan = Plan::new(&settings, (from, to), number);
            let name = stream_name(&settings, number);
            Arc::new(Stream::computed(name, number, plan))
        };
        let group = Self {
            created: from - DAY,
            streams: RwLock::new((0..computed).map(stream).collect()),
            salt: mix_text(&settings.name),
            settings,
        };
        if let Some(path) = &group.settings.file {
            group.load(path)?;
        }
        Ok(group)
    }

    /// Returns whether a region has it.
    pub(crate) fn is_in(&self, region: &str) -> bool {
        let own = self.settings.region.as_deref();
        own.is_none_or(|own| own == region)
    }

    fn load(&self, path: &Path) -> io::Result<()> {
        let named = |error| io::Error::other(format!("{}: {error}", path.display()));
        let mut lines = Vec::new();
        for line in BufReader::new(File::open(path).map_err(named)?).split(b'\n') {
            let line = line.map_err(named)?;
            if !line.is_empty() {
                let line = serde_json::from_slice(&line);
                lines.push(line.map_err(|error| named(io::Error::other(error)))?);
            }
        }
        self.put(lines);
        Ok(())
    }

    /// Adds events to their streams, which are made as they come.
    pub(crate) fn put(&self, lines: Vec<Line>) {
        let mut by_stream = std::collections::BTreeMap::<String, Vec<_>>::new();
        for line in lines {
            let usual = line.timestamp + self.settings.ingestion_ms;
            let ingestion = line.ingestion_time.unwrap_or(usual);
            let event = (line.timestamp, ingestion, line.message);
            by_stream
                .entry(line.log_stream_name)
                .or_default()
                .push(event);
        }
        for (name, events) in by_stream {
            self.stored_stream(&name).put(events);
        }
    }

    fn stored_stream(&self, name: &str) -> Arc<Stream> {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        let known = streams
            .iter()
            .find(|stream| stream.name == name && stream.is_stored());
        if let Some(stream) = known {
            return stream.clone();
        }
        let stream = Arc::new(Stream::stored(name.to_owned(), streams.len() as u32));
        streams.push(stream.clone());
        stream
    }

    /// Returns its streams as they are now.
    pub(crate) fn streams(&self, scope: &Scope) -> Streams {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        let held = streams.iter().filter(|stream| scope.holds(&stream.name));
        Streams {
            streams: held.cloned().collect(),
            salt: self.salt,
        }
    }

    /// Returns the name that is not one of its streams, when there is one.
    pub(crate) fn unknown<'a>(&self, names: &'a [String]) -> Option<&'a String> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        let known = |name: &&String| !streams.iter().any(|stream| &stream.name == *name);
        names.iter().find(known)
    }

    /// Returns about how many bytes it has.
    pub(crate) fn stored_bytes(&self) -> u64 {
        let about = self.settings.message_bytes.max(220) as u64 + 26;
        let counted = || {
            let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
            let events: u64 = streams.iter().map(|stream| stream.view().len()).sum();
            events * about
        };
        self.settings.stored_bytes.unwrap_or_else(counted)
    }
}

/// Some streams of a group, to be read.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    streams: Vec<Arc<Stream>>,
    salt: u64,
}

impl Streams {
    /// Reads them as one.
    pub(crate) fn read(&self, window: Window, direction: Direction) -> Reader<'_> {
        let streams = self.streams.iter().map(AsRef::as_ref);
        Reader::new(streams, window, direction, self.salt)
    }

    /// Returns the events that became readable after the first moment and not after the second, in order.
    pub(crate) fn ingested(&self, after: i64, until: i64) -> Vec<Event> {
        let longest = self
            .streams
            .iter()
            .map(|stream| stream.view().longest_way());
        let from = after - longest.max().unwrap_or(0);
        let window = Window::of(from, until + AHEAD, until);
        let events = self.read(window, Direction::Forward);
        events.filter(|event| event.ingestion > after).collect()
    }

    /// Tells of each stream what can be seen now.
    pub(crate) fn facts(&self, now: i64) -> Vec<StreamFacts> {
        let tell = |stream: &Arc<Stream>| {
            let ends = |direction| {
                let all = Window {
                    from: Key::before(i64::MIN),
                    to: Key::before(now + AHEAD),
                    now,
                };
                let one = std::iter::once(stream.as_ref());
                Reader::new(one, all, direction, self.salt).advance()
            };
            let (first, last) = (ends(Direction::Forward), ends(Direction::Backward));
            StreamFacts {
                name: stream.name.clone(),
                first: first.map(|key| key.timestamp),
                last: last.map(|key| key.timestamp),
                last_ingestion: last.map(|key| key.ingestion),
            }
        };
        self.streams.iter().map(tell).collect()
    }
}

/// Names a stream as the awslogs driver does: prefix, and the id of a task.
fn stream_name(group: &settings::Group, number: u32) -> String {
    let seed = mix(group.seed ^ mix_text(&group.name)) ^ u64::from(number);
    let prefix = &group.stream_prefix;
    format!("{prefix}/{:016x}{:016x}", mix(seed), mix(!seed))
}
