//! An event read as fields: a JSON object's members, or plain text.
//!
//! Everything is read on first use and at most once. What a program's logging says about itself (level, logger,
//! message, exception) comes from a python-json-logger record where the message holds one, else from the head
//! that Celery and gunicorn put on their text lines.

mod broken;

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::decode::json::{Json, Kind, Malformed, Members};
use crate::decode::level::Level;
use crate::decode::logger::LoggerRecord;
use crate::decode::text_line::TextLine;
use crate::event::Event;

pub use broken::Broken;

/// An event together with what has been read of it so far; reading happens on first use and once.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The event as delivered.
    pub event: Event<'a>,
    object: OnceCell<Option<Json<'a>>>,
    logged: OnceCell<Option<LoggerRecord<'a>>>,
    line: OnceCell<Option<TextLine<'a>>>,
    fault: OnceCell<Malformed>,
}

impl<'a> Record<'a> {
    /// Wraps an event; nothing is read yet.
    pub fn new(event: Event<'a>) -> Self {
        Self {
            event,
            object: OnceCell::new(),
            logged: OnceCell::new(),
            line: OnceCell::new(),
            fault: OnceCell::new(),
        }
    }

    /// Returns the message as a JSON object, when the whole of it is one.
    pub fn object(&self) -> Option<Json<'a>> {
        *self.object.get_or_init(|| {
            let json = Json::parse(self.event.message).ok()?;
            (json.kind() == Kind::Object).then_some(json)
        })
    }

    /// Walks the members of the message's object as far as they can be read.
    ///
    /// Unlike those of [`Record::object`] they are there for a cut record too, and for one behind other text.
    pub fn members(&self) -> Members<'a> {
        let message = self.event.message;
        let start = self.record_offset().unwrap_or_default();
        Members::new(&message[start..])
    }

    /// Returns the whole message as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.event.message)
    }

    /// Returns the `logging` record of the message, be it cut or behind other text.
    pub fn logged(&self) -> Option<&LoggerRecord<'a>> {
        self.logged
            .get_or_init(|| {
                let (logged, fault) = LoggerRecord::read(self.event.message);
                self.note_fault(fault);
                logged
            })
            .as_ref()
    }

    /// Returns where the object that begins the message stops being JSON, as far as anybody came upon that.
    pub fn fault(&self) -> Option<Malformed> {
        self.fault.get().copied()
    }

    /// Takes note of where the object stops being JSON.
    pub fn note_fault(&self, fault: Option<Malformed>) {
        if let Some(fault) = fault {
            self.fault.get_or_init(|| fault);
        }
    }

    /// Returns the message as a text log line with a known head.
    pub fn line(&self) -> Option<&TextLine<'a>> {
        self.line
            .get_or_init(|| TextLine::parse(self.event.message))
            .as_ref()
    }

    /// Returns whether the message holds a `logging` record.
    pub fn is_record(&self) -> bool {
        self.logged().is_some()
    }

    /// Returns where in the message the `logging` record begins: beyond 0 when it stands behind other text.
    pub fn record_offset(&self) -> Option<usize> {
        self.logged().map(|logged| logged.offset)
    }

    /// Returns the text in front of a record that does not begin its line.
    pub fn text_before_record(&self) -> Option<Cow<'a, str>> {
        let offset = self.record_offset().filter(|&offset| offset > 0)?;
        let before = &self.event.message[..offset];
        (!before.trim_ascii().is_empty()).then(|| String::from_utf8_lossy(before))
    }

    /// Returns the text below a record or a head line in the same event, where the log driver puts several lines into
    /// one.
    pub fn text_below(&self) -> Option<Cow<'a, str>> {
        let message = self.event.message;
        let last = message.trim_ascii_end();
        let from = match self.logged() {
            Some(logged) => logged.end?,
            None => self.line().map(|_| 0)?,
        };
        let feed = from + memchr::memchr(b'\n', last.get(from..)?)?;
        Some(String::from_utf8_lossy(&last[feed + 1..]))
    }

    /// Returns the level; `None` when the line has none, or one that the program made up.
    pub fn level(&self) -> Option<Level> {
        match self.logged() {
            Some(logged) => logged.level(),
            None => self.line()?.level,
        }
    }

    /// Returns the level's name as the line has it, known or not.
    pub fn level_name(&self) -> Option<Cow<'a, str>> {
        if let Some(logged) = self.logged() {
            return Some(logged.level_name());
        }
        let line = self.line()?;
        Some(Cow::Borrowed(match line.level_name {
            "" => line.level?.as_str(),
            name => name,
        }))
    }

    /// Returns the name of the logger, or what stands nearest to it in a text line.
    pub fn logger(&self) -> Option<Cow<'a, str>> {
        match self.logged() {
            Some(logged) => logged.logger(),
            None => self.line().map(|line| Cow::Borrowed(line.logger)),
        }
    }

    /// Returns what a person would call the message: that of the record, or the text behind a known head.
    ///
    /// A record without a message (a dict logged as one) is its whole text.
    pub fn message(&self) -> Cow<'a, str> {
        if let Some(message) = self.logged().and_then(LoggerRecord::message) {
            return message;
        }
        match self.line() {
            Some(line) if self.logged().is_none() => String::from_utf8_lossy(line.message),
            _ => self.text(),
        }
    }

    /// Returns the traceback that a `logging` record carries in `exc_info`.
    pub fn exception_text(&self) -> Option<Cow<'a, str>> {
        self.logged()?.exception_text()
    }

    /// Returns the stack that a `logging` record carries in `stack_info`.
    pub fn stack_info(&self) -> Option<Cow<'a, str>> {
        self.logged()?.stack_info()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Origin;
    use crate::time::Timestamp;

    fn check(message: &str, level: Option<Level>, logger: Option<&str>, text: &str) {
        let origin = Origin::default();
        let record = Record::new(Event {
            timestamp: Timestamp(0),
            ingestion: None,
            message: message.as_bytes(),
            origin: &origin,
            id: None,
        });
        assert_eq!(record.level(), level, "{message}");
        assert_eq!(record.logger().as_deref(), logger, "{message}");
        assert_eq!(record.message(), text, "{message}");
    }

    #[test]
    fn a_record_tells_level_logger_and_message() {
        check(
            r#"{"created": 1.5, "levelname": "ERROR", "name": "a.b", "message": "it \u6771"}"#,
            Some(Level::Error),
            Some("a.b"),
            "it 東",
        );
    }

    #[test]
    fn text_lines_tell_them_too() {
        check(
            "[2026-11-23 05:09:26 +0000] [7] [ERROR] Worker (pid:9) was sent SIGKILL!",
            Some(Level::Error),
            Some("gunicorn.error"),
            "Worker (pid:9) was sent SIGKILL!",
        );
        check("ERROR: just text", None, None, "ERROR: just text");
    }

    #[test]
    fn a_record_without_a_message_is_its_text() {
        let text = r#"{"levelname": "INFO", "message": null, "count": 1}"#;
        check(text, Some(Level::Info), None, text);
    }
}
