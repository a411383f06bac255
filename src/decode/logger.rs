//! Records of Python's `logging` as python-json-logger writes them: which object is one, and where its parts are.
//!
//! A record is one JSON object with `levelname`, or with the name that `rename_fields` gave it. It may be cut
//! (the program was killed while it wrote), and it may stand behind other text, when something else was written
//! to the pipe without a line end. Extras called `level` or `exception` beside the real ones are only extras.

use std::borrow::Cow;

use memchr::memmem;

use crate::decode::json::{Json, Key, Kind, Malformed, Members};
use crate::decode::level::Level;

/// How many `{"` behind other text are tried: more than one or two never are in a line.
const MAX_STARTS: usize = 8;

/// A `logging` record found in a message; its parts are read on demand.
#[derive(Clone, Copy, Debug)]
pub struct LoggerRecord<'a> {
    /// Where in the message the record begins.
    pub offset: usize,
    /// Whether the record is whole and ends the message.
    pub whole: bool,
    /// Where in the message the record ends, as far as that can be told.
    pub end: Option<usize>,
    level: Json<'a>,
    logger: Option<Json<'a>>,
    message: Option<Json<'a>>,
    exc_info: Option<Json<'a>>,
    stack_info: Option<Json<'a>>,
}

impl<'a> LoggerRecord<'a> {
    /// Finds the record of a message: the message itself, or an object behind other text.
    pub fn find(message: &'a [u8]) -> Option<Self> {
        Self::read(message).0
    }

    /// Finds the record of a message, and where an object that begins the message stops being JSON.
    pub fn read(message: &'a [u8]) -> (Option<Self>, Option<Malformed>) {
        let mut bytes = message.iter();
        let Some(start) = bytes.position(|byte| !byte.is_ascii_whitespace()) else {
            return (None, None);
        };
        if message[start] == b'{' {
            return match Parts::read(message, start) {
                Some(parts) => (parts.record(start), parts.fault),
                None => (None, None),
            };
        }
        let mut starts = memmem::find_iter(message, b"{\"").take(MAX_STARTS);
        let behind = starts.find_map(|at| {
            let parts = Parts::read(message, at)?;
            parts.is_certain().then(|| parts.record(at))?
        });
        (behind, None)
    }

    /// Returns the level's name as written.
    pub fn level_name(&self) -> Cow<'a, str> {
        self.level.as_str().unwrap_or_default()
    }

    /// Returns the level; `None` when the name is one that the program made up.
    pub fn level(&self) -> Option<Level> {
        Level::parse(&self.level_name())
    }

    /// Returns the name of the logger.
    pub fn logger(&self) -> Option<Cow<'a, str>> {
        self.logger?.as_str()
    }

    /// Returns the message; `None` when there is none or it is no text (a dict logged as the message).
    pub fn message(&self) -> Option<Cow<'a, str>> {
        self.message?.as_str()
    }

    /// Returns the traceback of `exc_info`, whatever shape the formatter gave it.
    pub fn exception_text(&self) -> Option<Cow<'a, str>> {
        let text = joined(self.exc_info?)?;
        let trimmed = text.trim();
        (!trimmed.is_empty() && trimmed != "NoneType: None" && trimmed != "None").then_some(text)
    }

    /// Returns the stack of `stack_info`.
    pub fn stack_info(&self) -> Option<Cow<'a, str>> {
        joined(self.stack_info?).filter(|text| !text.trim().is_empty())
    }
}

/// The members that matter, before it is known whether the object is a record.
#[derive(Default)]
struct Parts<'a> {
    levelname: Option<Json<'a>>,
    renamed_level: Option<Json<'a>>,
    name: Option<Json<'a>>,
    renamed_name: Option<Json<'a>>,
    message: Option<Json<'a>>,
    renamed_message: Option<Json<'a>>,
    exc_info: Option<Json<'a>>,
    renamed_exc_info: Option<Json<'a>>,
    stack_info: Option<Json<'a>>,
    has_time: bool,
    whole: bool,
    end: Option<usize>,
    fault: Option<Malformed>,
}

impl<'a> Parts<'a> {
    /// Reads the object that begins at `start`, as far as it goes; `None` when it has no member at all.
    fn read(message: &'a [u8], start: usize) -> Option<Self> {
        let mut parts = Self::default();
        let mut members = Members::new(&message[start..]);
        let mut any = false;
        for member in members.by_ref() {
            match member {
                Ok((key, value)) => {
                    any = true;
                    parts.take(&key, value);
                }
                Err(fault) => parts.fault = Some(fault),
            }
        }
        let end = start + members.position();
        let rest = message.get(end..).unwrap_or_default();
        parts.end = parts.fault.is_none().then_some(end);
        parts.whole = parts.fault.is_none() && rest.iter().all(u8::is_ascii_whitespace);
        any.then_some(parts)
    }

    fn take(&mut self, key: &Key<'_>, value: Json<'a>) {
        let name = key.text();
        let place = match name.as_ref() {
            "levelname" => &mut self.levelname,
            "level" | "severity" | "log_level" | "loglevel" | "log.level" => {
                &mut self.renamed_level
            }
            "name" => &mut self.name,
            "logger" | "logger_name" | "log.logger" => &mut self.renamed_name,
            "message" => &mut self.message,
            "msg" | "event" => &mut self.renamed_message,
            "exc_info" => &mut self.exc_info,
            "exception" | "exc" | "traceback" | "stack_trace" | "error.stack_trace" => {
                &mut self.renamed_exc_info
            }
            "stack_info" => &mut self.stack_info,
            "created" | "asctime" | "timestamp" | "@timestamp" | "time" => {
                self.has_time = true;
                return;
            }
            _ => return,
        };
        *place = Some(value);
    }

    /// Returns the record, when the object is one.
    fn record(&self, offset: usize) -> Option<LoggerRecord<'a>> {
        let usual = self.levelname.filter(|level| level.kind() == Kind::String);
        let level = usual.or_else(|| self.level_by_another_name())?;
        let exc_info = if usual.is_some() {
            self.exc_info
        } else {
            self.exc_info
                .or_else(|| self.renamed_exc_info.filter(|value| is_traceback(*value)))
        };
        Some(LoggerRecord {
            offset,
            whole: self.whole,
            end: self.end,
            level,
            logger: match usual {
                Some(_) => self.name.or(self.renamed_name),
                None => self.renamed_name.or(self.name),
            },
            message: self.message.or(self.renamed_message),
            exc_info,
            stack_info: self.stack_info,
        })
    }

    /// Returns the level under a `rename_fields` name; a known level name in an object that has a message and a
    /// time or a logger, since `level` alone could be a battery's.
    fn level_by_another_name(&self) -> Option<Json<'a>> {
        let level = self.renamed_level?;
        let known = Level::parse(level.as_str()?.as_ref()).is_some();
        let has_message = self.message.is_some() || self.renamed_message.is_some();
        let has_place = self.has_time || self.renamed_name.is_some();
        (known && has_message && has_place).then_some(level)
    }

    /// Returns whether the object is a record beyond doubt: what stands behind other text could be a quotation.
    fn is_certain(&self) -> bool {
        self.whole && self.has_time && (self.message.is_some() || self.name.is_some())
    }
}

fn is_traceback(value: Json<'_>) -> bool {
    joined(value).is_some_and(|text| text.contains("Traceback (most recent call last):"))
}

/// Returns a text, or an array of lines as one text; `None` for null and all else.
fn joined(value: Json<'_>) -> Option<Cow<'_, str>> {
    if value.kind() != Kind::Array {
        return value.as_str();
    }
    let lines: Option<Vec<Cow<'_, str>>> = value.items().map(Json::as_str).collect();
    let lines = lines.filter(|lines| !lines.is_empty())?;
    Some(Cow::Owned(
        from_triple(&lines).unwrap_or_else(|| lines.join("\n")),
    ))
}

/// Rebuilds a traceback from `sys.exc_info()` written as a list: type, value and formatted frames.
///
/// That is what comes out when `reserved_attrs` no longer keeps `exc_info` away from the encoder. Newer versions
/// write the value as `KeyError: 'amount'`, older ones only its text.
fn from_triple(items: &[Cow<'_, str>]) -> Option<String> {
    let [class, value, frames] = items else {
        return None;
    };
    let class = class
        .strip_prefix("<class '")
        .and_then(|class| class.strip_suffix("'>"))
        .unwrap_or(class);
    let is_name = !class.is_empty()
        && class
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    let has_frames = frames.starts_with("File \"") || frames.starts_with('<') || frames.is_empty();
    if !is_name || !has_frames {
        return None;
    }
    let named = value == class
        || value
            .strip_prefix(class)
            .is_some_and(|rest| rest.starts_with(':'));
    let last = match (named, value.is_empty()) {
        (true, _) => value.to_string(),
        (false, true) => class.to_owned(),
        (false, false) => format!("{class}: {value}"),
    };
    let frames = if frames.starts_with("File \"") {
        frames
    } else {
        ""
    };
    Some(if frames.is_empty() {
        last
    } else {
        format!(
            "Traceback (most recent call last):\n  {}\n{last}",
            frames.trim_end()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(message: &str) -> Option<LoggerRecord<'_>> {
        LoggerRecord::find(message.as_bytes())
    }

    fn level(message: &str) -> Option<Level> {
        find(message)?.level()
    }

    #[test]
    fn levelname_is_the_level_and_level_beside_it_an_extra() {
        let text = r#"{"levelname": "INFO", "name": "lock", "message": "x", "level": "ERROR", "exception": "Traceback (most recent call last):"}"#;
        let record = find(text).expect("record");
        assert_eq!(record.level(), Some(Level::Info));
        assert_eq!(record.exception_text(), None);
    }

    #[test]
    fn renamed_records_are_records() {
        let text = r#"{"created": 1.5, "severity": "ERROR", "logger": "a.b", "name": "guest", "message": "x"}"#;
        let record = find(text).expect("record");
        assert_eq!(record.level(), Some(Level::Error));
        assert_eq!(record.logger().as_deref(), Some("a.b"));
    }

    #[test]
    fn objects_that_are_no_records_are_text() {
        for text in [
            r#"{"remote": "10.0.1.57", "status": 500, "time": 1}"#,
            r#"{"level": 80, "message": "battery", "time": 1}"#,
            r#"{"levelname": null}"#,
            "{'levelname': 'ERROR'}",
            r#"config {"level": "ERROR"}"#,
            r#"said {"levelname": "ERROR", "message": "x", "created": 1} and left"#,
        ] {
            assert_eq!(level(text), None, "{text}");
        }
    }

    #[test]
    fn a_record_behind_other_text_is_found() {
        let text = r#"  Applying rates.0006_x...{"created": 1.5, "levelname": "WARNING", "name": "r", "message": "m"}"#;
        let record = find(text).expect("record");
        assert_eq!((record.offset, record.level()), (26, Some(Level::Warning)));
    }

    #[test]
    fn a_cut_record_gives_what_it_has() {
        let record =
            find(r#"{"created": 1.5, "levelname": "ERROR", "name": "r", "message": "half of"#)
                .expect("record");
        assert_eq!((record.whole, record.level()), (false, Some(Level::Error)));
        assert_eq!(record.message(), None);
        assert_eq!(record.logger().as_deref(), Some("r"));
    }

    #[test]
    fn exc_info_is_read_in_all_its_shapes() {
        let text = |exc_info: &str| {
            let record =
                format!(r#"{{"levelname": "ERROR", "message": "x", "exc_info": {exc_info}}}"#);
            find(&record)
                .expect("record")
                .exception_text()
                .map(Cow::into_owned)
        };
        assert_eq!(text(r#""NoneType: None""#), None);
        assert_eq!(text("null"), None);
        assert_eq!(text("true"), None);
        assert_eq!(text(r#""T\n  F\nE: x""#).as_deref(), Some("T\n  F\nE: x"));
        assert_eq!(
            text(r#"["T", "  F", "E: x"]"#).as_deref(),
            Some("T\n  F\nE: x")
        );
        let expected =
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'a'";
        for triple in [
            r#"["<class 'KeyError'>", "'a'", "File \"a.py\", line 1, in f"]"#,
            r#"["KeyError", "KeyError: 'a'", "File \"a.py\", line 1, in f"]"#,
        ] {
            assert_eq!(text(triple).as_deref(), Some(expected));
        }
        assert_eq!(
            text(r#"["KeyError", "", "<traceback object at 0x7f>"]"#).as_deref(),
            Some("KeyError")
        );
    }
}
