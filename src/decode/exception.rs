//! An error as it is reported: what was raised, where in the application, and under which name it is counted.

use crate::decode::celery::TaskMessage;
use crate::decode::fingerprint::{fingerprint, first_line, normalise};
use crate::decode::traceback::{AppRoots, Exception, Frame, Traceback};

/// What one event says went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorInfo {
    /// The class of the exception, with its module; empty for an error that was logged without one.
    pub kind: String,
    /// What the exception, or else the logger's message, says.
    pub message: String,
    /// The root of the chain as `Kind: message`, when the exception has another one behind it.
    pub cause: Option<String>,
    /// The innermost frame of the application, as `sync_rates (booking/sync.py:88)`.
    pub culprit: Option<String>,
    /// That frame itself.
    pub frame: Option<Frame>,
    /// What is the same for every occurrence of this error, such as `v1:0123456789abcdef`.
    pub fingerprint: String,
    /// What went into the fingerprint, in words: `KeyError in booking/sync.py sync_rates`.
    pub grouped_by: String,
    /// The logger, for errors that were logged.
    pub logger: Option<String>,
    /// The traceback, cut when it is long; empty when there is none.
    pub traceback: String,
    /// Whether the exception left the program, see [`Traceback::starts_in_module`].
    pub uncaught: bool,
    /// The management command among the frames.
    pub command: Option<String>,
    /// The migration among the frames, as `app.0001_name`.
    pub migration: Option<String>,
}

impl ErrorInfo {
    /// Describes the exception of a traceback.
    pub fn from_traceback(traceback: Traceback, roots: &AppRoots) -> Self {
        let uncaught = traceback.starts_in_module();
        let ended = traceback.exception.is_some();
        let Exception { kind, message } = traceback.exception.unwrap_or_else(unfinished);
        let normal = normalise(&message);
        let frame = traceback.culprit;
        let place = match &frame {
            Some(frame) => Some((roots.relative(&frame.file), frame.function.as_str())),
            // A class alone would lump together what has nothing in common.
            None if !ended || !says_something(&normal) => {
                let frame = traceback.innermost.as_ref();
                frame.map(|frame| (AppRoots::in_library(&frame.file), frame.function.as_str()))
            }
            None => None,
        };
        let key = match place {
            Some((file, function)) => fingerprint(["frame", &kind, file, function, &normal]),
            None => fingerprint(["exception", &kind, &normal]),
        };
        Self {
            grouped_by: grouped_by(&kind, &normal, place),
            fingerprint: key,
            cause: traceback.cause.as_ref().map(headline),
            culprit: frame.as_ref().map(|frame| describe(frame, roots)),
            frame,
            logger: None,
            traceback: traceback.text,
            uncaught,
            command: traceback.command,
            migration: traceback.migration,
            message: message.trim().to_owned(),
            kind,
        }
    }

    /// Describes a message that was logged as an error, without a traceback.
    ///
    /// Celery's messages about tasks name the exception in their text.
    pub fn from_message(logger: Option<&str>, message: &str) -> Self {
        let normal = normalise(message);
        let raised = TaskMessage::parse(message)
            .and_then(|task| raised(message).map(|raised| (task, raised)));
        let (kind, task) = match raised {
            Some((task, kind)) => (kind.to_owned(), Some(task.name)),
            None => (String::new(), None),
        };
        let place = task.or(logger).unwrap_or_default();
        let grouped_by = match place {
            "" => normal.clone(),
            place => format!("{place}: {normal}"),
        };
        Self {
            fingerprint: fingerprint(["message", place, &kind, &normal]),
            grouped_by,
            kind,
            message: message.trim().to_owned(),
            logger: logger.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Returns the error in one line: `KeyError: 'price'`, or only the message when nothing was raised.
    pub fn headline(&self) -> String {
        let line = first_line(&self.message);
        match (self.kind.as_str(), line) {
            ("", line) => line.to_owned(),
            (kind, "") => kind.to_owned(),
            (kind, line) if self.logger.is_none() || !self.traceback.is_empty() => {
                format!("{kind}: {line}")
            }
            (_, line) => line.to_owned(),
        }
    }
}

/// Stands for the exception of a traceback that was cut off before it.
fn unfinished() -> Exception {
    Exception {
        kind: "Traceback".to_owned(),
        message: "the output ends inside the traceback".to_owned(),
    }
}

/// Returns whether a normalised message has words left.
fn says_something(normal: &str) -> bool {
    normal.contains(char::is_alphabetic)
}

fn headline(exception: &Exception) -> String {
    match first_line(&exception.message) {
        "" => exception.kind.clone(),
        line => format!("{}: {line}", exception.kind),
    }
}

fn describe(frame: &Frame, roots: &AppRoots) -> String {
    let file = roots.relative(&frame.file);
    match frame.function.as_str() {
        "" => format!("{file}:{}", frame.line),
        function => format!("{function} ({file}:{})", frame.line),
    }
}

/// Says what the fingerprint is made of; a message that is only a placeholder adds nothing to the words.
fn grouped_by(kind: &str, normal: &str, place: Option<(&str, &str)>) -> String {
    let mut words = kind.to_owned();
    if says_something(normal) {
        words.push_str(": ");
        words.push_str(normal);
    }
    if let Some((file, function)) = place {
        words.push_str(" in ");
        words.push_str(file);
        if !function.is_empty() {
            words.push(' ');
            words.push_str(function);
        }
    }
    words
}

/// Returns the class that `raised unexpected: KeyError('x')` names.
fn raised(message: &str) -> Option<&str> {
    let (_, repr) = message.split_once("raised unexpected: ")?;
    let end = repr.find('(')?;
    let kind = &repr[..end];
    let is_name = kind
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    (is_name && !kind.is_empty()).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> ErrorInfo {
        let roots = AppRoots::default();
        ErrorInfo::from_traceback(Traceback::parse(text, &roots).expect("a traceback"), &roots)
    }

    const PRICE: &str = "Traceback (most recent call last):\n  File \"/app/manage.py\", line 22, in <module>\n    main()\n  File \"/app/booking/sync.py\", line 88, in sync_rates\n    row['price']\nKeyError: 'price'";

    #[test]
    fn an_error_names_its_place_without_the_root() {
        let error = info(PRICE);
        assert_eq!(
            error.culprit.as_deref(),
            Some("sync_rates (booking/sync.py:88)")
        );
        assert_eq!(error.grouped_by, "KeyError in booking/sync.py sync_rates");
        assert_eq!(error.headline(), "KeyError: 'price'");
        assert!(error.uncaught);
    }

    #[test]
    fn lines_values_and_carets_do_not_matter_but_the_function_does() {
        let other = PRICE
            .replace("line 88", "line 91")
            .replace("'price'", "'amount'");
        let other = other.replace("    main()\n", "    main()\n    ~~~~^^\n");
        assert_eq!(info(&other).fingerprint, info(PRICE).fingerprint);
        let other = PRICE.replace("sync_rates", "sync_rooms");
        assert_ne!(info(&other).fingerprint, info(PRICE).fingerprint);
    }

    #[test]
    fn without_an_application_frame_an_empty_message_is_known_by_the_library() {
        let text = |function: &str| {
            format!(
                "Traceback (most recent call last):\n  File \"/usr/lib/python3.12/site-packages/celery/x.py\", line 1, in {function}\nKeyError: 'a'"
            )
        };
        assert_ne!(info(&text("f")).fingerprint, info(&text("g")).fingerprint);
        let newer = text("f").replace("3.12", "3.13").replace("'a'", "'b'");
        assert_eq!(info(&text("f")).fingerprint, info(&newer).fingerprint);
        assert_eq!(info(&newer).grouped_by, "KeyError in celery/x.py f");
        assert_eq!(info(&newer).culprit, None);
    }

    #[test]
    fn logged_errors_are_known_by_logger_and_message() {
        let one = ErrorInfo::from_message(Some("billing"), "page 3 skipped");
        let two = ErrorInfo::from_message(Some("billing"), "page 12 skipped");
        assert_eq!(one.fingerprint, two.fingerprint);
        assert_eq!(one.grouped_by, "billing: page # skipped");
        assert_eq!(
            (one.kind.as_str(), one.headline().as_str()),
            ("", "page 3 skipped")
        );
    }

    #[test]
    fn celery_names_the_exception_in_its_message() {
        let text = "Task a.b[0a7e-1] raised unexpected: TypeError(\"no\")";
        assert_eq!(
            ErrorInfo::from_message(Some("celery"), text).kind,
            "TypeError"
        );
    }
}
