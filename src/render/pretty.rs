//! Events for people as they stream by: time, level, logger, message, extras, and the traceback below.
//!
//! Gigabytes pass through here, so a line is written piece by piece into the caller's buffer, and text that holds
//! nothing special is copied as it is.

use std::borrow::Cow;

use super::Paint;
use super::escape::{Lines, write_safe};
use crate::decode::json::{Json, Kind};
use crate::event::Origin;
use crate::record::Record;
use crate::time::{LocalTimes, Zone};

/// The width of the longest usual level name, so that messages begin in one column.
const LEVEL_WIDTH: usize = 8;

/// How much of a task's id tells it from others.
const TASK_WIDTH: usize = 8;

/// Members of a record that are shown elsewhere in the line, or that say nothing about the event.
const HIDDEN: [&str; 25] = [
    "levelname",
    "levelno",
    "name",
    "message",
    "exc_info",
    "exc_text",
    "stack_info",
    "created",
    "asctime",
    "timestamp",
    "@timestamp",
    "msecs",
    "relativeCreated",
    "args",
    "msg",
    "module",
    "filename",
    "pathname",
    "funcName",
    "lineno",
    "process",
    "processName",
    "thread",
    "threadName",
    "taskName",
];

/// Names under which some programs log level, logger, message or traceback: hidden where that is what they hold.
const RENAMED: [&str; 14] = [
    "level",
    "severity",
    "log_level",
    "loglevel",
    "log.level",
    "logger",
    "logger_name",
    "log.logger",
    "event",
    "exception",
    "exc",
    "traceback",
    "stack_trace",
    "time",
];

/// Writes events line by line.
#[derive(Clone, Debug)]
pub struct Pretty {
    times: LocalTimes,
    paint: Paint,
    streams: bool,
}

impl Pretty {
    /// Creates a writer for a zone, with or without colour.
    pub fn new(zone: &Zone, color: bool) -> Self {
        Self {
            times: zone.times(),
            paint: Paint::new(color),
            streams: false,
        }
    }

    /// Says of each event which stream it is from: for events of several.
    #[must_use]
    pub fn with_streams(self) -> Self {
        Self {
            streams: true,
            ..self
        }
    }

    /// Appends one event, with its line end.
    pub fn event(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        styled(self.paint.dim, self.paint, out, |out| {
            match record.event.timestamp.known() {
                Some(at) => self.times.write_millis(at, out),
                None => out.push(b'-'),
            }
        });
        out.push(b' ');
        self.level(record, out);
        if self.streams {
            self.stream(record.event.origin, out);
        }
        if let Some(logger) = record.logger().filter(|logger| !logger.is_empty()) {
            styled(self.paint.cyan, self.paint, out, |out| {
                write_safe(&logger, Lines::Shown, out);
            });
            out.extend_from_slice(b": ");
        }
        let message = record.message();
        write_safe(message.trim_end(), Lines::Shown, out);
        if record.logged().is_some() {
            self.extras(record, &message, out);
        }
        out.push(b'\n');
        for block in [record.exception_text(), record.stack_info()]
            .into_iter()
            .flatten()
        {
            write_below(&block, out);
        }
    }

    /// Writes the end of the group's name and the beginning of the task's id, enough for `logq show`.
    fn stream(&self, origin: &Origin, out: &mut Vec<u8>) {
        let group = origin.group.rsplit('/').next().unwrap_or_default();
        let task = origin.task().unwrap_or(&origin.stream);
        let short = if origin.task().is_some() {
            task.get(..TASK_WIDTH).unwrap_or(task)
        } else {
            task
        };
        styled(self.paint.dim, self.paint, out, |out| {
            write_safe(group, Lines::Shown, out);
            out.push(b'/');
            write_safe(short, Lines::Shown, out);
        });
        out.push(b' ');
    }

    fn level(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let name = record.level_name().unwrap_or_default();
        let style = self.paint.of_word(&name);
        styled(style, self.paint, out, |out| {
            write_safe(&name, Lines::Shown, out);
        });
        let padding = LEVEL_WIDTH.saturating_sub(name.len()) + 1;
        out.resize(out.len() + padding, b' ');
    }

    fn extras(&self, record: &Record<'_>, message: &str, out: &mut Vec<u8>) {
        let mut open = false;
        for (key, value) in record.members().map_while(Result::ok) {
            let name = key.text();
            if value.kind() == Kind::Null || HIDDEN.contains(&&*name) {
                continue;
            }
            if RENAMED.contains(&&*name) && is_shown(value, record, message) {
                continue;
            }
            if !open {
                out.push(b' ');
                out.extend_from_slice(self.paint.dim.as_bytes());
                open = true;
            }
            out.push(b' ');
            write_safe(&name, Lines::Shown, out);
            out.push(b'=');
            write_extra(value, out);
        }
        if open {
            out.extend_from_slice(self.paint.reset.as_bytes());
        }
    }
}

/// Writes a text of several lines, indented.
fn write_below(text: &str, out: &mut Vec<u8>) {
    for line in text.lines() {
        out.extend_from_slice(b"    ");
        write_safe(line, Lines::Shown, out);
        out.push(b'\n');
    }
}

/// Returns whether the value already stands in the line, or below it.
fn is_shown(value: Json<'_>, record: &Record<'_>, message: &str) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let same = |shown: Option<Cow<'_, str>>| shown.is_some_and(|shown| shown == text);
    text == message
        || same(record.level_name())
        || same(record.logger())
        || same(record.exception_text())
        || text.starts_with("20")
}

fn write_extra(value: Json<'_>, out: &mut Vec<u8>) {
    if value.kind() != Kind::String {
        write_safe(&String::from_utf8_lossy(value.text()), Lines::Shown, out);
        return;
    }
    let text = value.as_str().unwrap_or_default();
    let quoted = text.is_empty() || text.contains([' ', '"', '=']);
    if quoted {
        out.push(b'"');
    }
    write_safe(&text, Lines::Shown, out);
    if quoted {
        out.push(b'"');
    }
}

fn styled(style: &str, paint: Paint, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(style.as_bytes());
    write(out);
    if !style.is_empty() {
        out.extend_from_slice(paint.reset.as_bytes());
    }
}
