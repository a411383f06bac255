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
