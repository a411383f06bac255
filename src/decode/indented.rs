//! Records that a formatter with `json_indent` wrote over many lines, each of which became an event.
//!
//! What fits is told by the grammar of such text: the depth that a line must be indented to, what may begin it, and
//! whether a comma promised it. Lines of another pipe in between do not fit and are left alone. The lines are put
//! together as if they had been one; whether that is a record is for the reader of records to say.

use crate::time::Timestamp;

/// The lines of one write are stamped within this many milliseconds.
const AT_ONCE: i64 = 20;
/// A record has no more lines, and no more bytes, than this.
const MAX_LINES: usize = 1_000;
const MAX_BYTES: usize = 256 * 1024;
/// This many lines of others are looked past.
const MAX_FOREIGN: usize = 64;

/// An object whose lines have come in part.
#[derive(Clone, Debug)]
pub struct Indented {
    text: String,
    /// How long what stands in front of the object is.
    prefix: usize,
    /// The closing brackets that are still to come, the innermost last.
    open: Vec<char>,
    /// What each level is indented by, once a line has shown it.
    unit: Option<String>,
    /// Whether the last line was the end of a value without a comma: then only a bracket can follow.
    ended: bool,
    lines: usize,
    foreign: usize,
    last: Timestamp,
}

/// What a line is to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The next line of it.
    Inside,
    /// Its last line.
    Last,
    /// Somebody else's line.
    Foreign,
    /// The object will not go on: it came too late, or there was too much.
    Over,
}

impl Indented {
    /// Begins with a line whose last character opens an object.
    pub fn begin(line: &str, at: Timestamp) -> Option<Self> {
        let prefix = line.strip_suffix('{')?.len();
        (line.len() <= MAX_BYTES).then(|| Self {
            text: line.to_owned(),
            prefix,
            open: vec!['}'],
            unit: None,
            ended: false,
            lines: 1,
            foreign: 0,
            last: at,
        })
    }

    /// Takes the next line, if it is one of the object's.
    pub fn push(&mut self, line: &str, at: Timestamp) -> Fit {
        let too_late = self.is_late(at);
        let too_much = self.lines >= MAX_LINES || self.text.len() + line.len() > MAX_BYTES;
        if too_late || too_much || self.is_begun_anew(line) {
            return Fit::Over;
        }
        if !self.fits(line) {
            // Prose that ends in a brace is common, and what follows it must not wait.
            let is_prose = self.unit.is_none() && self.prefix > 0;
            let goes_on = self.pass(at) && !is_prose;
            return if goes_on { Fit::Foreign } else { Fit::Over };
        }
        self.lines += 1;
        self.last = at;
        self.text.push_str(line.trim_start_matches([' ', '\t']));
        if self.open.is_empty() {
            Fit::Last
        } else {
            Fit::Inside
        }
    }

    /// Takes notice of somebody else's event; returns whether the object can still go on.
    pub fn pass(&mut self, at: Timestamp) -> bool {
        self.foreign += 1;
        !self.is_late(at) && self.foreign <= MAX_FOREIGN
    }

    fn is_late(&self, at: Timestamp) -> bool {
        (at.0 - self.last.0).abs() > AT_ONCE
    }

    /// Returns the lines so far as one, without their indentation.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether nothing stands in front of the object.
    pub fn is_bare(&self) -> bool {
        self.prefix == 0
    }

    fn is_begun_anew(&self, line: &str) -> bool {
        line.strip_suffix('{') == Some(&self.text[..self.prefix])
    }

    /// Returns whether the line is the next one, and moves on behind it if it is.
    fn fits(&mut self, line: &str) -> bool {
        let content = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - content.len()];
        let value = content.strip_suffix(',').unwrap_or(content);
        let closes = self
            .open
            .last()
            .copied()
            .filter(|end| value.strip_prefix(*end) == Some(""));
        if closes.is_some() {
            return self.close(indent, content != value);
        }
        let in_object = self.open.last() == Some(&'}');
        let begins = content.starts_with('"') || !in_object && !content.starts_with(['}', ']']);
        if self.ended || content.is_empty() || !begins {
            return false;
        }
        let unit = self.unit.get_or_insert_with(|| indent.to_owned());
        if !is_repeated(unit, self.open.len(), indent) {
            return false;
        }
        match content.chars().last() {
            Some('{') => self.open.push('}'),
            Some('[') => self.open.push(']'),
            end => self.ended = end != Some(','),
        }
        true
    }

    /// Ends the innermost level with a bracket that is indented like the line which opened it.
    fn close(&mut self, indent: &str, comma: bool) -> bool {
        let depth = self.open.len() - 1;
        let unit = self.unit.as_deref().unwrap_or_default();
        let is_end = is_repeated(unit, depth, indent) && self.ended && !(depth == 0 && comma);
        if is_end {
            self.open.pop();
            self.ended = !comma;
        }
        is_end
    }
}

fn is_repeated(unit: &str, times: usize, indent: &str) -> bool {
    indent.len() == unit.len() * times
        && (unit.is_empty()
            || indent
                .as_bytes()
                .chunks(unit.len())
                .all(|part| part == unit.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the object that the lines make, and the lines that were none of it.
    fn join(text: &str) -> (Option<String>, Vec<&str>) {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let mut object = Indented::begin(first, Timestamp(0)).expect("an opening line");
        let mut foreign = Vec::new();
        for line in lines {
            match object.push(line, Timestamp(0)) {
                Fit::Inside => {}
                Fit::Last => return (Some(object.text().to_owned()), foreign),
                Fit::Foreign => foreign.push(line),
                Fit::Over => break,
            }
        }
        (None, foreign)
    }

    #[test]
    fn nested_lines_become_one() {
        let text = "app: {\n  \"a\": {\n    \"b\": [\n      1,\n      {\n        \"c\": {}\n      }\n    ]\n  },\n  \"d\": \"x {\"\n}";
        let whole = r#"app: {"a": {"b": [1,{"c": {}}]},"d": "x {"}"#;
        assert_eq!(join(text), (Some(whole.to_owned()), vec![]));
        assert_eq!(join("{\n\"a\": 1\n}").0.as_deref(), Some(r#"{"a": 1}"#));
    }

    #[test]
    fn lines_of_others_are_looked_past() {
        let text = "{\nsaved 3 rows\n  \"a\": 1,\n    \"b\": 2\n}\n  \"c\": 3\n}";
        let foreign = vec!["saved 3 rows", "    \"b\": 2", "}"];
        assert_eq!(join(text), (Some(r#"{"a": 1,"c": 3}"#.to_owned()), foreign));
    }

    #[test]
    fn what_does_not_go_on_is_given_up() {
        assert_eq!(join("void main() {\nreturn\n}").0, None);
        assert_eq!(join("{\n  \"a\": 1,\n{\n  \"b\": 1\n}").0, None);
        let many = format!("{{\n{}}}", "  \"a\": 1,\n".repeat(MAX_LINES));
        assert_eq!(join(&many).0, None);
        let mut object = Indented::begin("{", Timestamp(0)).expect("an opening line");
        assert_eq!(object.push("  \"a\": 1", Timestamp(AT_ONCE + 1)), Fit::Over);
    }
}
