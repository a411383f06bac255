//! Selectors: `$.name`, `$.['any name']`, `$.list[0]`, `$.list[*]`, `$.object.*`.

use crate::diagnostic::{Code, Diagnostic, codes};
use crate::pattern::tree::{Selector, Step, is_name_char};

type Parsed<T> = Result<T, Diagnostic>;

/// Parses the text of a selector, which begins with `$` at byte `start` of the pattern.
pub(super) fn parse(text: &str, start: usize) -> Parsed<Selector> {
    let mut reader = Reader { text, start, at: 1 };
    let mut steps = Vec::new();
    while reader.at < text.len() {
        let step = reader.step(steps.is_empty())?;
        steps.push(step);
    }
    if steps.is_empty() {
        let hint = "write a selector such as `$.levelname`";
        return Err(reader.malformed(0, text.len(), "the selector names nothing", hint));
    }
    let span = start..start + text.len();
    Ok(Selector { steps, span })
}

struct Reader<'a> {
    text: &'a str,
    start: usize,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn step(&mut self, first: bool) -> Parsed<Step> {
        let rest = self.rest();
        if let Some(name) = rest.strip_prefix(".['") {
            return self.quoted_name(name);
        }
        if let Some(rest) = rest.strip_prefix('.') {
            return self.name(rest);
        }
        if let Some(rest) = rest.strip_prefix("['") {
            let length = rest.find("']").unwrap_or(rest.len());
            let fixed = format!(".['{}']", &rest[..length]);
            let end = (self.at + length + 4).min(self.text.len());
            return Err(self.repair(end, "no `.` before the name", &fixed));
        }
        if rest.starts_with('[') {
            return self.index(first);
        }
        // Only the first step can come here: all others begin where a step has ended.
        let end = self.segment_end(self.at);
        let fixed = format!(".{}", &self.text[self.at..end]);
        Err(self.repair(end, "no `.` behind `$`", &fixed))
    }

    fn quoted_name(&mut self, rest: &str) -> Parsed<Step> {
        let Some(length) = rest.find("']") else {
            let end = self.text.len();
            let fixed = format!(".['{}']", rest.trim_end_matches([']', '\'']));
            return Err(self.repair(end, "the name is not closed with `']`", &fixed));
        };
        self.at += length + 5;
        self.expect_step_end()?;
        Ok(Step::Name(rest[..length].to_owned()))
    }

    fn name(&mut self, rest: &str) -> Parsed<Step> {
        if let Some(quoted) = rest.strip_prefix('"') {
            let length = quoted.find('"').unwrap_or(quoted.len());
            let end = (self.at + length + 3).min(self.text.len());
            let fixed = spelled(&quoted[..length]);
            return Err(self.repair(end, "a property name in double quotes", &fixed));
        }
        let length = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let next = rest[length..].chars().next();
        if length == 0 && next == Some('*') {
            self.at += 2;
            self.expect_step_end()?;
            return Ok(Step::AnyName);
        }
        if length == 0 && next == Some('[') {
            return Err(self.repair(self.at + 1, "no name between `.` and `[`", ""));
        }
        if length == 0 && matches!(next, None | Some('.')) {
            let from = self.at;
            let hint = "write a property name behind the `.`, as in `$.levelname`";
            return Err(self.malformed(from, from + 1, "the selector lacks a name", hint));
        }
        if !matches!(next, None | Some('.' | '[')) {
            return Err(self.odd_name(length));
        }
        self.at += 1 + length;
        Ok(Step::Name(rest[..length].to_owned()))
    }

    /// Explains a name with characters that only stand in `['…']`.
    fn odd_name(&self, length: usize) -> Diagnostic {
        let end = self.segment_end(self.at + 1);
        let name = &self.text[self.at + 1..end];
        let from = self.at + 1 + length;
        let odd = self.text[from..].chars().next().unwrap_or_default();
        let message = format!("`{odd}` in a property name");
        let fixed = format!(".['{name}']");
        let mut error = self.repair(end, &message, &fixed);
        error.span = self.start + from..self.start + from + odd.len_utf8();
        error.label("plain names hold letters, digits, `_` and `-`")
    }

    fn index(&mut self, first: bool) -> Parsed<Step> {
        let from = self.at;
        let rest = self.rest();
        let Some(length) = rest.find(']') else {
            let hint = "close it with `]`";
            return Err(self.malformed(from, self.text.len(), "the index is not closed", hint));
        };
        let inner = &rest[1..length];
        let end = from + length + 1;
        if first {
            let hint = "an event is an object: write a property first, as in `$.list[0]`";
            return Err(self.malformed(from, end, "the selector begins with an index", hint));
        }
        if let Some(name) = inner
            .strip_prefix('"')
            .and_then(|inner| inner.strip_suffix('"'))
        {
            return Err(self.repair(end, "a property name in double quotes", &spelled(name)));
        }
        self.at = end;
        self.expect_step_end()?;
        if inner == "*" {
            return Ok(Step::AnyIndex);
        }
        let digits = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit());
        match inner.parse() {
            Ok(index) if digits => Ok(Step::Index(index)),
            _ => {
                let message = format!("`[{inner}]` is not an index");
                let hint = "count from 0, as in `[0]`; `[*]` is any";
                Err(self.fault(codes::INDEX_MALFORMED, from, end, &message, hint))
            }
        }
    }

    /// Reports what follows a step and does not begin another.
    fn expect_step_end(&self) -> Parsed<()> {
        if self.rest().is_empty() || self.rest().starts_with(['.', '[']) {
            return Ok(());
        }
        let end = self.segment_end(self.at);
        let hint = "the next step begins with `.` or `[`";
        Err(self.malformed(
            self.at,
            end,
            "the selector goes on without `.` or `[`",
            hint,
        ))
    }

    fn segment_end(&self, from: usize) -> usize {
        let length = self.text[from..].find(['.', '[']);
        length.map_or(self.text.len(), |length| from + length)
    }

    /// Makes an error about the text from here to `end`, and shows the selector with `fixed` in its place.
    fn repair(&self, end: usize, message: &str, fixed: &str) -> Diagnostic {
        let (before, after) = (&self.text[..self.at], &self.text[end..]);
        let hint = format!("write `{before}{fixed}{after}`");
        self.malformed(self.at, end, message, &hint)
    }

    fn malformed(&self, from: usize, end: usize, message: &str, hint: &str) -> Diagnostic {
        self.fault(codes::SELECTOR_MALFORMED, from, end, message, hint)
    }

    fn fault(&self, code: Code, from: usize, end: usize, message: &str, hint: &str) -> Diagnostic {
        let span = self.start + from..self.start + end;
        let error = Diagnostic::new(code, span, message).label("not a step of a selector");
        error.hint(hint.to_owned())
    }
}

/// Writes a property name the shortest way.
fn spelled(name: &str) -> String {
    Step::Name(name.to_owned()).to_string()
}
