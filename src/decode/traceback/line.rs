//! One line of a traceback: what it is, once colours and the margin of an exception group are taken off.

use std::borrow::Cow;

use memchr::memmem;

/// How a part of a chain hangs together with the part before it.
const CHAIN: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];
const HEAD: &str = "Traceback (most recent call last):";
const GROUP_HEAD: &str = "+ Exception Group Traceback (most recent call last):";

/// What a line is, by its form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// `Traceback (most recent call last):`
    Head,
    /// `  File "x.py", line 3, in f`; a syntax error's has no function.
    Frame {
        file: &'a str,
        line: u32,
        function: &'a str,
    },
    /// The sentence between two parts of a chain.
    Chain,
    /// `+---------------- 2 ----------------` of an exception group.
    Rule,
    /// `"""` around a traceback that came from another process.
    Quotes,
    /// `KeyError: 'price'`, or only `KeyError`.
    Exception { kind: &'a str, message: &'a str },
    /// Source text, carets, `...<3 lines>...`, repetitions.
    Indented,
    /// Nothing but blanks.
    Blank,
    /// Any other text at the margin.
    Text,
}

/// A line without its group margin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// 0 outside of exception groups, 1 for the group itself, 2 and more for what it holds.
    pub(super) depth: usize,
    /// What it is.
    pub(super) form: Form<'a>,
}

impl<'a> Line<'a> {
    /// Reads a line; margins are only looked for when `in_group`, since source text may begin with `|`.
    pub(super) fn read(text: &'a str, in_group: bool) -> Self {
        let trimmed = text.trim_start_matches(' ');
        let depth = (text.len() - trimmed.len()) / 2;
        if trimmed == GROUP_HEAD {
            return Self {
                depth: depth.max(1),
                form: Form::Head,
            };
        }
        if in_group && trimmed.starts_with("+-") {
            return Self {
                depth: depth.max(1),
                form: Form::Rule,
            };
        }
        if in_group && (trimmed.starts_with("| ") || trimmed == "|") {
            return Self {
                depth: depth.max(1),
                form: Form::read(trimmed.get(2..).unwrap_or_default()),
            };
        }
        Self {
            depth: 0,
            form: Form::read(text),
        }
    }
}

impl<'a> Form<'a> {
    fn read(text: &'a str) -> Self {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            Self::Blank
        } else if text.starts_with([' ', '\t']) {
            frame(trimmed).unwrap_or(Self::Indented)
        } else if text == HEAD {
            Self::Head
        } else if CHAIN.contains(&text) {
            Self::Chain
        } else if trimmed == "\"\"\"" {
            Self::Quotes
        } else {
            exception(text).unwrap_or(Self::Text)
        }
    }
}

/// Returns whether a line begins a traceback.
pub(super) fn is_head(text: &str) -> bool {
    text == HEAD || text.trim_start_matches(' ') == GROUP_HEAD
}

/// Returns the head of a traceback that was printed behind text without a line end, such as a progress bar's.
pub(super) fn glued_head(text: &str) -> Option<&str> {
    let group = text
        .strip_suffix(GROUP_HEAD)
        .map(|before| before.trim_end_matches(' '));
    let before = group.or_else(|| text.strip_suffix(HEAD))?;
    Some(&text[before.len()..])
}

/// Returns whether a line names the place of a syntax error, which needs no head: the parser found it.
pub(super) fn is_syntax_place(text: &str) -> bool {
    let place = text.strip_prefix("  ").filter(|rest| rest.starts_with('F'));
    place
        .and_then(frame)
        .is_some_and(|form| matches!(form, Form::Frame { function: "", .. }))
}

/// Returns whether a class is one of those that the parser raises.
pub(super) fn is_syntax_error(kind: &str) -> bool {
    matches!(kind, "SyntaxError" | "IndentationError" | "TabError")
}

fn frame(trimmed: &str) -> Option<Form<'_>> {
    let rest = trimmed.strip_prefix("File \"")?;
    let at = end_of_file(rest)?;
    let (file, rest) = (&rest[..at], &rest[at + LINE.len()..]);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let function = match &rest[digits..] {
        "" => "",
        rest => rest.strip_prefix(", in ")?,
    };
    Some(Form::Frame {
        file,
        line: rest[..digits].parse().ok()?,
        function,
    })
}

/// What stands between a frame's file and its line.
const LINE: &str = "\", line ";

/// Returns where the name of a frame's file ends. It is the last quote of nearly every frame, which is found faster.
fn end_of_file(rest: &str) -> Option<usize> {
    let quote = memchr::memrchr(b'"', rest.as_bytes())?;
    if rest[quote..].starts_with(LINE) {
        return Some(quote);
    }
    memmem::rfind(&rest.as_bytes()[..quote], LINE.as_bytes())
}

/// Reads `module.Kind: message` or `module.Kind`.
///
/// Without a colon only what looks like a class is taken: a word alone on a line could be anything.
fn exception(text: &str) -> Option<Form<'_>> {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '<' | '>')))
        .unwrap_or(text.len());
    let (kind, rest) = text.split_at(end);
    let last = kind.rsplit('.').next().unwrap_or_default();
    let is_name = kind.starts_with(|c: char| c.is_alphabetic() || c == '_') && !last.is_empty();
    if !is_name {
        return None;
    }
    let message = match rest {
        "" if looks_like_class(kind, last) => "",
        "" => return None,
        _ => rest
            .strip_prefix(':')?
            .strip_prefix(' ')
            .or((rest == ":").then_some(""))?,
    };
    Some(Form::Exception { kind, message })
}

fn looks_like_class(kind: &str, last: &str) -> bool {
    let upper = last.starts_with(char::is_uppercase);
    let mixed = last.chars().any(char::is_lowercase);
    kind.is_ascii()
        && (upper && (mixed || kind.contains('.'))
            || matches!(last, "error" | "timeout" | "herror" | "gaierror"))
}

/// Returns the lines of a text: one, unless the log driver put several into one event.
pub(crate) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let is_one = !text.contains('\n');
    text.split('\n')
        .map(move |line| match line.strip_suffix('\r') {
            Some(rest) if !is_one => rest,
            _ => line,
        })
}

/// Takes terminal colours off a line.
pub(crate) fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let parameters = rest
            .bytes()
            .take_while(|byte| !(b'@'..=b'~').contains(byte))
            .count();
        // The parameters may hold text when the sequence never ends; only whole characters are passed over.
        rest = rest.get(parameters + 1..).unwrap_or_default();
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form<'_> {
        Line::read(text, false).form
    }

    #[test]
    fn frames_are_read() {
        let frame = |function| Form::Frame {
            file: "/app/a.py",
            line: 22,
            function,
        };
        assert_eq!(
            form("  File \"/app/a.py\", line 22, in <module>"),
            frame("<module>")
        );
        assert_eq!(form("  File \"/app/a.py\", line 22"), frame(""));
        assert_eq!(
            form("  File \"/app/a.py\", line 22, in a\"b"),
            frame("a\"b")
        );
        assert_eq!(form("  File \"/app/a.py\", line"), Form::Indented);
    }

    #[test]
    fn exceptions_are_read() {
        let exception = |kind, message| Form::Exception { kind, message };
        assert_eq!(form("KeyError: 'price'"), exception("KeyError", "'price'"));
        assert_eq!(
            form("a.b.<locals>.Boom: x: y"),
            exception("a.b.<locals>.Boom", "x: y")
        );
        assert_eq!(form("MemoryError"), exception("MemoryError", ""));
        assert_eq!(form("socket.timeout"), exception("socket.timeout", ""));
        assert_eq!(form("ValueError: "), exception("ValueError", ""));
        assert_eq!(
            form("api.errors.HTTP404"),
            exception("api.errors.HTTP404", "")
        );
        for text in ["finished", "Daily report", "[1: x", "a:b", "ERROR", "12: x"] {
            assert_eq!(form(text), Form::Text, "{text}");
        }
    }

    #[test]
    fn group_margins_give_the_depth() {
        let line = Line::read("    | Traceback (most recent call last):", true);
        assert_eq!((line.depth, line.form), (2, Form::Head));
        let line = Line::read("  +-+---------------- 1 ----------------", true);
        assert_eq!((line.depth, line.form), (1, Form::Rule));
        assert_eq!(form("    | Q(b=2)"), Form::Indented);
    }

    #[test]
    fn colours_come_off() {
        assert_eq!(
            without_colours("\u{1b}[1;35mKeyError\u{1b}[0m: 'x'"),
            "KeyError: 'x'"
        );
        assert_eq!(without_colours("cut \u{1b}[1;3"), "cut ");
        assert_eq!(without_colours("\u{1b}[予"), "");
    }
}
