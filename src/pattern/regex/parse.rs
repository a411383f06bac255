//! Reads the text between the `%` of a regex and explains what the dialect does not have.

use std::str::Chars;

use super::{Atom, Item, Member, Repeat, Shorthand};
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::notes::Notes;
use crate::pattern::tree::Span;

const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('A', 'Z'), ('a', 'z'), ('_', '_'), ('0', '9')];
const SPACE: &[(char, char)] = &[('\t', '\t'), (' ', ' '), ('\n', '\n')];

/// Parses a regex into its alternatives; `start` is where its text begins in the pattern.
pub(super) fn parse(text: &str, start: usize, notes: &mut Notes) -> Option<Vec<Vec<Item>>> {
    if text.is_empty() {
        let error = Diagnostic::new(codes::REGEX_MALFORMED, start - 1..start + 1, "empty regex")
            .label("nothing to look for")
            .hint("to match every event, write `\"\"`".to_owned());
        notes.error(error);
        return None;
    }
    if report_forbidden(text, start, notes) {
        return None;
    }
    let mut parser = Parser {
        chars: text.chars(),
        end: start + text.len(),
        notes,
    };
    match parser.alternatives() {
        Ok(alternatives) => Some(alternatives),
        Err(error) => {
            notes.error(error);
            None
        }
    }
}

/// Reports each run of characters that a regex may not hold, escaped or not.
fn report_forbidden(text: &str, start: usize, notes: &mut Notes) -> bool {
    let mut found = false;
    let mut rest = 0;
    while let Some(from) = text[rest..].find(|c| !is_allowed(c)).map(|at| rest + at) {
        let run = &text[from..];
        let run = &run[..run.find(is_allowed).unwrap_or(run.len())];
        rest = from + run.len();
        notes.error(forbidden(run, start + from, text));
        found = true;
    }
    found
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || " :_#=@/;,-^$?[]{}|\\*+.".contains(c)
}

fn forbidden(run: &str, at: usize, regex: &str) -> Diagnostic {
    let plural = if run.chars().nth(1).is_some() {
        "characters"
    } else {
        "character"
    };
    let hint = if !run.is_ascii() {
        "a regex takes ASCII only: `.` stands for any one character".to_owned()
    } else if run.contains('(') && regex.contains(')') && !regex.contains("\\(") {
        "there are no groups: write each alternative out; the character itself is `\\x28`"
            .to_owned()
    } else {
        let codes: Vec<String> = run.bytes().map(|byte| format!("\\x{byte:02X}")).collect();
        format!("write `{}`", codes.concat())
    };
    let shown = if run.chars().any(char::is_control) {
        run.escape_debug().to_string()
    } else {
        run.to_owned()
    };
    let message = format!("{plural} not allowed in a regex: `{shown}`");
    Diagnostic::new(codes::REGEX_CHARACTER, at..at + run.len(), message)
        .label("escaping it with `\\` does not help")
        .hint(hint)
}

type Parsed<T> = Result<T, Diagnostic>;

struct Parser<'a, 'n> {
    chars: Chars<'a>,
    /// Where the regex ends in the pattern.
    end: usize,
    notes: &'n mut Notes,
}

impl Parser<'_, '_> {
    fn at(&self) -> usize {
        self.end - self.chars.as_str().len()
    }

    fn peek(&self) -> Option<char> {
        self.chars.clone().next()
    }

    fn eat(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        if there {
            self.chars.next();
        }
        there
    }

    fn malformed(&self, from: usize, message: &str, hint: &str) -> Diagnostic {
        let span = from..self.at().max(from + 1).min(self.end);
        Diagnostic::new(codes::REGEX_MALFORMED, span, message).hint(hint.to_owned())
    }

    fn undocumented(&mut self, span: Span, message: &str, hint: &str) {
        let warning = Diagnostic::new(codes::REGEX_UNDOCUMENTED, span, message)
            .label("accepted here, the service may differ")
            .hint(hint.to_owned());
        self.notes.warn(warning);
    }

    fn alternatives(&mut self) -> Parsed<Vec<Vec<Item>>> {
        let mut alternatives = vec![Vec::new()];
        while self.peek().is_some() {
            if self.eat('|') {
                alternatives.push(Vec::new());
            } else if let Some(items) = alternatives.last_mut() {
                items.push(self.item()?);
            }
        }
        Ok(alternatives)
    }

    fn item(&mut self) -> Parsed<Item> {
        let from = self.at();
        let atom = self.atom()?;
        let repeat = self.repeat()?;
        if repeat.is_some() {
            if matches!(atom, Atom::Start | Atom::End) {
                let hint = "to mean the character, put `\\` before it";
                return Err(self.malformed(from, "an anchor cannot be repeated", hint));
            }
            self.second_repeat()?;
        }
        Ok(Item { atom, repeat })
    }

    fn atom(&mut self) -> Parsed<Atom> {
        let from = self.at();
        let Some(c) = self.chars.next() else {
            return Err(self.malformed(from, "the regex ends too early", "complete it"));
        };
        Ok(match c {
            '.' => Atom::Any,
            '^' => Atom::Start,
            '$' => Atom::End,
            '[' => self.class(from)?,
            '\\' => match self.escape(from)? {
                Member::Range(c, _) => Atom::Literal(c),
                Member::Shorthand(shorthand) => Atom::Shorthand(shorthand),
            },
            '*' | '+' | '?' | '{' => {
                let message = format!("nothing for `{c}` to repeat");
                let hint = format!("to mean the character, write `\\{c}`");
                return Err(self.malformed(from, &message, &hint));
            }
            other => Atom::Literal(other),
        })
    }

    fn repeat(&mut self) -> Parsed<Option<Repeat>> {
        let (least, most) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => return self.counted().map(Some),
            _ => return Ok(None),
        };
        self.chars.next();
        Ok(Some(Repeat { least, most }))
    }

    fn counted(&mut self) -> Parsed<Repeat> {
        let from = self.at();
        self.eat('{');
        let least = self.number();
        let comma = self.eat(',');
        let most = if comma { self.number() } else { least };
        let known = least.is_some() || most.is_some();
        if !known || !self.eat('}') {
            self.chars.next();
            let hint = "write `{3}`, `{1,3}`, `{1,}` or `{,3}`; the character itself is `\\{`";
            return Err(self.malformed(from, "not a repetition", hint));
        }
        let least = least.unwrap_or(0);
        if most.is_some_and(|most| most < least) {
            let message = "the repetition ends below its start";
            return Err(self.malformed(from, message, "put the smaller number first"));
        }
        Ok(Repeat { least, most })
    }

    fn number(&mut self) -> Option<u32> {
        let text = self.chars.as_str();
        let length = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let number = text[..length].parse().ok()?;
        self.chars = text[length..].chars();
        Some(number)
    }

    /// Looks at what follows a repetition: another one has no documented meaning.
    fn second_repeat(&mut self) -> Parsed<()> {
        let from = self.at();
        match self.peek() {
            // Which of several matches is taken makes no difference to whether there is one.
            Some('?') => {
                self.chars.next();
                let span = from..from + 1;
                self.undocumented(span, "a second `?` after a repetition", "leave it out");
                Ok(())
            }
            Some('*' | '+' | '{') => {
                self.chars.next();
                let hint = "keep one repetition";
                Err(self.malformed(from, "a repetition cannot be repeated", hint))
            }
            _ => Ok(()),
        }
    }

    fn class(&mut self, from: usize) -> Parsed<Atom> {
        let negated = self.eat('^');
        let mut members = Vec::new();
        while !self.eat(']') {
            let first = self.member(from)?;
            members.push(self.range(first, from)?);
        }
        if members.is_empty() {
            let hint = "to mean the bracket, write `\\]`";
            return Err(self.malformed(from, "empty class", hint));
        }
        Ok(Atom::Class { negated, members })
    }

    /// Completes `a-z`; a `-` that ends the class or stands by a shorthand is itself.
    fn range(&mut self, first: Member, class: usize) -> Parsed<Member> {
        let mut ahead = self.chars.clone();
        let Member::Range(low, _) = first else {
            return Ok(first);
        };
        if ahead.next() != Some('-') || matches!(ahead.next(), None | Some(']')) {
            return Ok(first);
        }
        let from = self.at() - low.len_utf8();
        let before = self.chars.clone();
        self.chars.next();
        let Member::Range(high, _) = self.member(class)? else {
            self.chars = before;
            return Ok(first);
        };
        if high < low {
            let message = format!("the range `{low}-{high}` ends below its start");
            let hint = format!("write `{high}-{low}`, or `\\-` for the character");
            return Err(self.malformed(from, &message, &hint));
        }
        Ok(Member::Range(low, high))
    }

    fn member(&mut self, class: usize) -> Parsed<Member> {
        let from = self.at();
        match self.chars.next() {
            None => Err(self.malformed(class, "the class is not closed", "close it with `]`")),
            Some('\\') => self.escape(from),
            Some('[') => {
                let span = from..from + 1;
                self.undocumented(span, "a bare `[` in a class", "write `\\[`");
                Ok(Member::Range('[', '['))
            }
            Some(c) => Ok(Member::Range(c, c)),
        }
    }

    /// Reads what follows a `\`: an operator or other punctuation, a shorthand, or a character's number.
    fn escape(&mut self, from: usize) -> Parsed<Member> {
        let shorthand = |ranges, negated| Ok(Member::Shorthand(Shorthand { ranges, negated }));
        match self.chars.next() {
            Some('d') => shorthand(DIGIT, false),
            Some('D') => shorthand(DIGIT, true),
            Some('w') => shorthand(WORD, false),
            Some('W') => shorthand(WORD, true),
            Some('s') => shorthand(SPACE, false),
            Some('S') => shorthand(SPACE, true),
            Some('x') => self.numbered(from),
            Some(c) if c.is_ascii_alphanumeric() => {
                let message = format!("unknown escape `\\{c}`");
                Err(self.malformed(from, &message, escape_hint(c)))
            }
            Some(c) => {
                if !"^$?[]{}|\\*+.".contains(c) {
                    let message = format!("`\\{c}` is not a documented escape");
                    self.undocumented(from..from + 2, &message, &format!("write `{c}`"));
                }
                Ok(Member::Range(c, c))
            }
            None => {
                let hint = "to mean the character, write `\\\\`";
                Err(self.malformed(from, "a `\\` at the end escapes nothing", hint))
            }
        }
    }

    fn numbered(&mut self, from: usize) -> Parsed<Member> {
        let text = self.chars.as_str();
        let digits = text.get(..2).unwrap_or(text);
        let upper = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
        if let (2, true, Ok(code)) = (
            digits.len(),
            digits.chars().all(upper),
            u8::from_str_radix(digits, 16),
        ) {
            self.chars = text[2..].chars();
            return Ok(Member::Range(code.into(), code.into()));
        }
        let span = from..(from + 2 + digits.len()).min(self.end);
        let hint = match u8::from_str_radix(digits, 16) {
            Ok(_) if digits.len() == 2 => format!("write `\\x{}`", digits.to_ascii_uppercase()),
            _ => "write two digits, such as `\\x28`".to_owned(),
        };
        let message = "`\\x` takes two hexadecimal digits, 0-9 and A-F";
        let error = Diagnostic::new(codes::REGEX_MALFORMED, span, message).hint(hint);
        Err(error)
    }
}

fn escape_hint(c: char) -> &'static str {
    match c {
        'n' => "write `\\x0A`, or `\\s` for any blank",
        't' => "write `\\x09`, or `\\s` for any blank",
        'r' => "write `\\x0D`",
        'b' | 'B' => {
            "there are no word boundaries: write `\\W` where a character is sure to follow"
        }
        _ => "known are `\\d` `\\w` `\\s`, their capitals, and `\\xHH`",
    }
}
