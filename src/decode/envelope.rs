//! What a JSON line is: an envelope that carries a log event, or a record that is the event itself.
//!
//! Envelopes are what tools that fetched logs write, one JSON object a line, with the message as a string. Their
//! names differ: `logGroup` or `logGroupName` or `@log`, `id` or `eventId`, `timestamp` as milliseconds or RFC 3339.
//! A record that merely has `timestamp` and `message` fields of its own is told apart by its other fields.

use crate::decode::json::{Json, Kind, Members};
use crate::decode::stamp::{self, Clock, RecordTimes};
use crate::time::Timestamp;

/// A log event as a JSON object carries it; the texts are still spelled as in the JSON.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// When it was logged, where the envelope says so.
    pub timestamp: Option<Timestamp>,
    /// When the service took it in.
    pub ingestion: Option<Timestamp>,
    /// The message: a JSON string.
    pub message: Json<'a>,
    /// The log group's name: a JSON string.
    pub group: Option<Json<'a>>,
    /// The log stream's name: a JSON string.
    pub stream: Option<Json<'a>>,
    /// The event's id, as the service made it.
    pub id: Option<&'a str>,
}

/// What a line that begins like a JSON object turns out to be.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// It carries an event.
    Envelope(Envelope<'a>),
    /// It is itself an event, or not JSON after all.
    Record {
        /// When it was logged, where it says so.
        time: Option<Timestamp>,
        /// Whether it is an event that ECS sent about a task.
        task: bool,
    },
}

impl<'a> Object<'a> {
    /// Reads the members of the object that begins `line`, once, and as far as it goes.
    pub fn read(line: &'a [u8], clock: &Clock) -> Self {
        if let Some(time) = stamp::leading_created(line, clock) {
            let time = Some(time);
            return Self::Record { time, task: false };
        }
        Self::walk(line, clock)
    }

    fn walk(line: &'a [u8], clock: &Clock) -> Self {
        let mut seen = Seen::default();
        let mut members = Members::new(line);
        for (key, value) in members.by_ref().map_while(Result::ok) {
            match key.plain() {
                Some(name) => seen.member(name, value),
                None => seen.foreign = true,
            }
            if seen.times.has_created(clock) && !seen.marked {
                break;
            }
        }
        let whole = line[members.position()..]
            .iter()
            .all(u8::is_ascii_whitespace);
        seen.judge(whole, clock)
    }
}

/// The members met so far that tell what an object is.
#[derive(Default)]
struct Seen<'a> {
    times: RecordTimes<'a>,
    timestamp: Option<Json<'a>>,
    ingestion: Option<Json<'a>>,
    message: Option<Json<'a>>,
    group: Option<Json<'a>>,
    stream: Option<Json<'a>>,
    id: Option<Json<'a>>,
    /// A member that only envelopes have.
    marked: bool,
    /// A member that bare envelopes do not have.
    foreign: bool,
    task: bool,
}

impl<'a> Seen<'a> {
    fn member(&mut self, name: &[u8], value: Json<'a>) {
        self.times.offer(name, value);
        match name {
            b"timestamp" | b"@timestamp" => self.timestamp = Some(value),
            b"message" | b"@message" => self.message = Some(value),
            b"logGroup" | b"logGroupName" | b"@log" => {
                set(&mut self.group, value, &mut self.marked);
            }
            b"logStream" | b"logStreamName" | b"@logStream" => {
                set(&mut self.stream, value, &mut self.marked);
            }
            b"ingestionTime" | b"@ingestionTime" => {
                self.ingestion = Some(value);
                self.marked = true;
            }
            b"eventId" | b"@ptr" => set(&mut self.id, value, &mut self.marked),
            b"id" => self.id = Some(value),
            b"detail-type" => {
                self.task = value
                    .as_plain_str()
                    .is_some_and(|kind| kind.starts_with(b"ECS "));
                self.foreign = true;
            }
            _ => self.foreign = true,
        }
    }

    fn judge(self, whole: bool, clock: &Clock) -> Object<'a> {
        let is_string = |value: &Json<'_>| value.kind() == Kind::String;
        let time = |value| stamp::number_or_iso(value, clock);
        match self.message.filter(is_string) {
            Some(message) if whole && self.is_envelope(clock) => Object::Envelope(Envelope {
                timestamp: self.timestamp.and_then(time),
                ingestion: self.ingestion.and_then(time),
                message,
                group: self.group.filter(is_string),
                stream: self.stream.filter(is_string),
                id: self.id.and_then(plain_text),
            }),
            _ => Object::Record {
                time: self.times.resolve(clock),
                task: self.task,
            },
        }
    }

    /// An envelope has a mark, or nothing but a time, a message and an id. A python-json-logger record may have its
    /// group and stream as fields too, but then it has `created` or `asctime` beside them.
    fn is_envelope(&self, clock: &Clock) -> bool {
        let own_time = self.times.created.is_some() || self.times.has_asctime();
        if self.marked {
            return !own_time;
        }
        let time = |value| stamp::number_or_iso(value, clock);
        !self.foreign && self.timestamp.and_then(time).is_some()
    }
}

fn set<'a>(slot: &mut Option<Json<'a>>, value: Json<'a>, marked: &mut bool) {
    *slot = Some(value);
    *marked = true;
}

fn plain_text(value: Json<'_>) -> Option<&str> {
    std::str::from_utf8(value.as_plain_str()?).ok()
}
