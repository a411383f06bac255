//! The regex dialect of filter patterns: read into a tree of its own, then handed to the `regex` crate.
//!
//! The dialect is small: no groups, ASCII only, shorthands that mean ASCII. Handing its text over unread would give
//! meaning to what has none here (`[a--b]`, `[[:alpha:]]`), so each part is written out again in a form that has
//! one reading. A character is a whole one: `.` and `[^a]` take `é`, not half of it.

mod parse;

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::notes::Notes;
use crate::pattern::tree::Value;
use crate::scan::need::Need;

/// A compiled regex.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    program: regex::bytes::Regex,
    need: Need,
}

impl Regex {
    /// Compiles the regex of a `%…%` value; what is wrong with it goes to `notes`.
    pub(crate) fn compile(value: &Value, notes: &mut Notes) -> Option<Self> {
        let alternatives = parse::parse(&value.text, value.span.start + 1, notes)?;
        let need = alternatives
            .iter()
            .map(|items| need_of(items))
            .reduce(Need::or)
            .unwrap_or(Need::Anything);
        let program = regex::bytes::Regex::new(&translate(&alternatives)).ok();
        if program.is_none() {
            let span = value.span.clone();
            let error = Diagnostic::new(codes::REGEX_MALFORMED, span, "the regex is too large")
                .label("its repetitions multiply out to too many steps")
                .hint("use smaller numbers in `{…}`".to_owned());
            notes.error(error);
        }
        program.map(|program| Self { program, need })
    }

    /// Returns whether the regex is found anywhere in the text.
    pub(crate) fn is_found_in(&self, text: &[u8]) -> bool {
        self.program.is_match(text)
    }

    /// Returns what every text that it is found in holds.
    pub(crate) fn need(&self) -> &Need {
        &self.need
    }
}

/// One part of an alternative and how often it may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    atom: Atom,
    repeat: Option<Repeat>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Atom {
    Literal(char),
    /// `.`
    Any,
    /// `^`
    Start,
    /// `$`
    End,
    Shorthand(Shorthand),
    Class {
        negated: bool,
        members: Vec<Member>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Range(char, char),
    Shorthand(Shorthand),
}

/// `\d`, `\w`, `\s` and their complements in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shorthand {
    ranges: &'static [(char, char)],
    negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Repeat {
    least: u32,
    most: Option<u32>,
}

fn translate(alternatives: &[Vec<Item>]) -> String {
    let mut text = String::new();
    for (index, items) in alternatives.iter().enumerate() {
        text.push_str(if index > 0 { "|" } else { "" });
        for item in items {
            translate_atom(&item.atom, &mut text);
            if let Some(repeat) = item.repeat {
                translate_repeat(repeat, &mut text);
            }
        }
    }
    text
}

fn translate_atom(atom: &Atom, text: &mut String) {
    match atom {
        Atom::Literal(c) => push_char(*c, text),
        Atom::Any => text.push('.'),
        Atom::Start => text.push('^'),
        Atom::End => text.push('$'),
        Atom::Shorthand(shorthand) => translate_shorthand(*shorthand, text),
        Atom::Class { negated, members } => {
            text.push_str(if *negated { "[^" } else { "[" });
            for member in members {
                match member {
                    Member::Range(first, last) => push_range(*first, *last, text),
                    Member::Shorthand(shorthand) => translate_shorthand(*shorthand, text),
                }
            }
            text.push(']');
        }
    }
}

fn translate_shorthand(shorthand: Shorthand, text: &mut String) {
    text.push_str(if shorthand.negated { "[^" } else { "[" });
    for (first, last) in shorthand.ranges {
        push_range(*first, *last, text);
    }
    text.push(']');
}

fn push_range(first: char, last: char, text: &mut String) {
    push_char(first, text);
    text.push('-');
    push_char(last, text);
}

fn push_char(c: char, text: &mut String) {
    // By its number no character can be taken for an operator.
    let _ = write!(text, "\\x{{{:X}}}", u32::from(c));
}

fn translate_repeat(repeat: Repeat, text: &mut String) {
    let _ = match repeat.most {
        Some(most) => write!(text, "{{{},{most}}}", repeat.least),
        None => write!(text, "{{{},}}", repeat.least),
    };
}

/// Derives what a text must hold from the runs of literal characters that are always there.
fn need_of(items: &[Item]) -> Need {
    let mut need = Need::Anything;
    let mut run = String::new();
    for item in items {
        match (&item.atom, item.repeat) {
            (Atom::Literal(c), None) => run.push(*c),
            (Atom::Literal(c), Some(repeat)) if repeat.least > 0 => {
                // It is there at least once, so the run reaches it; what follows the last one starts anew.
                run.push(*c);
                need = need.and(Need::text(&std::mem::take(&mut run)));
                run.push(*c);
            }
            (Atom::Start | Atom::End, None) => {}
            _ => need = need.and(Need::text(&std::mem::take(&mut run))),
        }
    }
    need.and(Need::text(&run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::tree::Form;

    fn compile(text: &str) -> Result<Regex, String> {
        let mut notes = Notes::default();
        let value = Value {
            form: Form::Regex,
            text: text.to_owned(),
            span: 0..text.len() + 2,
        };
        let made = Regex::compile(&value, &mut notes);
        let made = notes.finish(made).map(|(regex, _)| regex);
        made.map_err(|mistakes| mistakes.0[0].message.clone())
    }

    #[test]
    fn nothing_gains_a_meaning_that_the_dialect_does_not_have() {
        for (regex, text, expected) in [
            ("^[+--]$", ",", true),
            ("[[:alpha:]]", "z", false),
            ("[[:alpha:]]", "[]", true),
            ("^[a-]$", "-", true),
            ("^[\\d-x]$", "-", true),
            ("^a{,2}$", "aaa", false),
            ("^a+?$", "", false),
            ("a#b", "a#b", true),
            ("^.$", "é", true),
            ("^[^a]$", "東", true),
            ("a.b", "a\nb", false),
            ("a$", "a\n", false),
            ("^b", "a\nb", false),
            ("\\s", "\r", false),
            ("\\W", "é", true),
            ("\\d", "٣", false),
            ("^[\\D]$", "é", true),
            ("^[^\\W]$", "_", true),
            ("\\xE9", "é", true),
            ("}]", "}]", true),
        ] {
            let compiled = compile(regex).expect(regex);
            assert_eq!(
                compiled.is_found_in(text.as_bytes()),
                expected,
                "{regex} {text}"
            );
        }
    }

    #[test]
    fn what_the_dialect_does_not_have_is_a_mistake() {
        for regex in [
            "",
            "a(b)",
            "a!",
            "é",
            "a**",
            "a{2}{3}",
            "+a",
            "a|*b",
            "^*",
            "[]",
            "[^]",
            "[a",
            "[b-a]",
            "[a--c]",
            "a{1, 2}",
            "a{,}",
            "a{2,1}",
            "a{",
            "\\",
            "\\n",
            "\\b",
            "\\1",
            "\\x2f",
            "\\x2",
            "\\(",
            "a\tb",
            "[a\\",
            "a{99999999999}",
            ".{30000}",
        ] {
            assert!(compile(regex).is_err(), "{regex}");
        }
    }

    #[test]
    fn what_is_always_there_is_needed() {
        let text = |text: &str| Need::Text(text.to_owned());
        for (regex, need) in [
            ("timeout", text("timeout")),
            ("^status=5\\d\\d ok$", text("status=5").and(text(" ok"))),
            ("abc+de", text("abc").and(text("cde"))),
            ("colou?r", text("colo")),
            ("error|fail", text("error").or(text("fail"))),
            ("error|[a-z]", Need::Anything),
            ("a.b", Need::Anything),
            ("user\\x3D\\x22jane\\x22", text("user=")),
        ] {
            assert_eq!(compile(regex).expect(regex).need(), &need, "{regex}");
        }
    }
}
