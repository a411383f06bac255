//! Celery's own line format, `[time: LEVEL/process] text`, and what its worker says about tasks.

use memchr::{memchr, memmem};

use crate::decode::level::Level;
use crate::decode::text_line::{Format, TextLine, has_shape};

/// Reads a line of Celery's default `worker_log_format`.
///
/// The part behind the slash is the process. Programs that copied the format put their logger's name there: it
/// is taken for the logger unless it has the look of a pool process.
pub(crate) fn parse(line: &[u8]) -> Option<TextLine<'_>> {
    const HEAD: &[u8] = b"[9999-99-99 99:99:99,999: ";
    if !has_shape(line, HEAD) {
        return None;
    }
    let rest = &line[HEAD.len()..];
    let end = memchr(b']', rest)?;
    let (level_name, place) = std::str::from_utf8(&rest[..end]).ok()?.split_once('/')?;
    let message = &rest[end + 1..];
    Some(TextLine {
        format: Format::Celery,
        level_name,
        level: Level::parse(level_name),
        logger: if is_process(place) { "celery" } else { place },
        message: message.strip_prefix(b" ").unwrap_or(message),
    })
}

/// Returns whether a name is one that `multiprocessing`, billiard or `threading` gives.
fn is_process(name: &str) -> bool {
    const STEMS: [&str; 7] = [
        "MainProcess",
        "ForkPoolWorker",
        "SpawnPoolWorker",
        "Process",
        "ThreadPoolExecutor",
        "Thread",
        "Beat",
    ];
    STEMS.iter().any(|stem| {
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

/// How a task ended, as the worker's message about it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    /// `raised unexpected`: the task failed.
    Unexpected,
    /// `raised expected`: one of the task's `throws`, no failure.
    Expected,
    /// `retry: Retry in …`: it will be tried again.
    Retry,
    /// `succeeded in …`
    Succeeded,
    /// `ignored`: the task raised `Ignore`.
    Ignored,
    /// `reject requeue=…`: the task raised `Reject`.
    Rejected,
}

/// A message of the worker about a task: `Task NAME[ID] …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskMessage<'a> {
    /// The task's name.
    pub name: &'a str,
    /// The id of this call.
    pub id: &'a str,
    /// How it ended.
    pub end: TaskEnd,
}

impl<'a> TaskMessage<'a> {
    /// Reads the message of a log line or record; `None` when it is not about the end of a task.
    pub fn parse(message: &'a str) -> Option<Self> {
        let rest = message.strip_prefix("Task ")?;
        let (name, rest) = rest.split_once('[')?;
        let (id, rest) = rest.split_once("] ")?;
        let said = |phrase: &str| memmem::find(rest.as_bytes(), phrase.as_bytes()) == Some(0);
        let end = [
            ("raised unexpected", TaskEnd::Unexpected),
            ("raised expected", TaskEnd::Expected),
            ("retry: ", TaskEnd::Retry),
            ("succeeded in ", TaskEnd::Succeeded),
            ("ignored", TaskEnd::Ignored),
            ("reject requeue=", TaskEnd::Rejected),
        ];
        let (_, end) = end.into_iter().find(|(phrase, _)| said(phrase))?;
        Some(Self { name, id, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read() {
        let line = parse(
            b"[2026-11-23 13:58:36,986: ERROR/ForkPoolWorker-1] Task x[1] raised unexpected: E()",
        )
        .expect("celery");
        assert_eq!((line.level, line.logger), (Some(Level::Error), "celery"));
        assert!(line.message.starts_with(b"Task x"));
    }

    #[test]
    fn a_logger_in_place_of_the_process_is_the_logger() {
        let line = parse(b"[2026-11-23 13:28:47,633: INFO/reservations.sync] sync started")
            .expect("celery");
        assert_eq!(
            (line.logger, line.message),
            ("reservations.sync", &b"sync started"[..])
        );
    }

    #[test]
    fn an_empty_message_is_one() {
        let line = parse(b"[2026-11-23 14:09:11,696: WARNING/MainProcess] ").expect("celery");
        assert_eq!(line.message, b"");
    }

    #[test]
    fn task_messages_tell_the_end() {
        let read = |text| TaskMessage::parse(text).map(|task| (task.name, task.end));
        assert_eq!(
            read("Task a.b[1-2] raised unexpected: KeyError('x')"),
            Some(("a.b", TaskEnd::Unexpected))
        );
        assert_eq!(
            read("Task a.b[1-2] retry: Retry in 1s: X()"),
            Some(("a.b", TaskEnd::Retry))
        );
        assert_eq!(read("Task a.b[1-2] received"), None);
        assert_eq!(read("Task force set"), None);
    }
}
