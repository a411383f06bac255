//! `parse`: making values of parts of a text.

use std::borrow::Cow;

use memchr::memmem::Finder;
use regex::{CaptureLocations, Regex};

use crate::query::Settings;
use crate::query::eval::{self, Compute};
use crate::query::fields::Cell;
use crate::query::plan::{Parse, ParseMethod};
use crate::value::Value;

/// A prepared `parse`.
#[derive(Clone, Debug)]
pub(super) struct Extract {
    source: Compute,
    method: Method,
    /// Where the parts of the text at hand begin and end.
    found: Vec<Option<(usize, usize)>>,
    slots: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Method {
    /// The text before the first star, then the texts behind each star.
    Glob(Box<Finder<'static>>, Vec<Finder<'static>>),
    /// An expression and the groups that are wanted.
    Regex(Box<(Regex, CaptureLocations)>, Vec<usize>),
    /// An expression that does not compile; the resolver reports those.
    Nothing,
    /// Keys and values.
    Logfmt,
    /// The columns of a line.
    Csv,
}

impl Extract {
    pub(super) fn of(parse: &Parse, settings: &Settings) -> Self {
        let slots: Vec<usize> = parse.method.slots().iter().map(|slot| slot.0).collect();
        Self {
            source: eval::compute(&parse.source, settings),
            method: Method::of(&parse.method),
            found: vec![None; slots.len()],
            slots,
        }
    }

    /// Fills the slots from a row; where the text does not match they stay empty.
    pub(super) fn apply(&mut self, row: &mut [Cell<'_>]) {
        if matches!(self.method, Method::Logfmt | Method::Csv) {
            self.apply_whole(row);
            return;
        }
        let plain = self
            .source
            .as_slot()
            .and_then(|slot| row[slot].plain_text());
        if let Some(text) = plain {
            if self.method.find(text, &mut self.found) {
                self.fill(row, |start, end| Value::from(&text[start..end]));
            }
            return;
        }
        let source = self.source.value(row);
        if source.is_nested() {
            return;
        }
        let text = source.into_text().map(Cow::into_owned);
        if let Some(text) = text
            && self.method.find(&text, &mut self.found)
        {
            self.fill(row, |start, end| Value::from(text[start..end].to_owned()));
        }
    }

    /// Reads the whole text at once, into values of their own.
    fn apply_whole(&self, row: &mut [Cell<'_>]) {
        let source = self.source.value(row);
        if source.is_nested() {
            return;
        }
        let Some(text) = source.into_text() else {
            return;
        };
        let values = match self.method {
            Method::Logfmt => vec![super::logfmt::map(&text).into_owned()],
            _ => super::csv::columns(&text, self.slots.len()),
        };
        for (slot, value) in self.slots.iter().zip(values) {
            row[*slot] = Cell::Value(value);
        }
    }

    fn fill<'a>(&self, row: &mut [Cell<'a>], part: impl Fn(usize, usize) -> Value<'a>) {
        for (slot, found) in self.slots.iter().zip(&self.found) {
            if let Some((start, end)) = found {
                row[*slot] = Cell::Value(part(*start, *end));
            }
        }
    }
}

impl Method {
    fn of(method: &ParseMethod) -> Self {
        match method {
            ParseMethod::Glob { parts, .. } => {
                let mut finders = parts.iter().map(|part| Finder::new(part).into_owned());
                match finders.next() {
                    Some(first) => Self::Glob(Box::new(first), finders.collect()),
                    None => Self::Nothing,
                }
            }
            ParseMethod::Regex { regex, groups } => match Regex::new(regex) {
                Ok(regex) => {
                    let locations = regex.capture_locations();
                    let wanted = groups.iter().map(|(group, _)| *group).collect();
                    Self::Regex(Box::new((regex, locations)), wanted)
                }
                Err(_) => Self::Nothing,
            },
            ParseMethod::Logfmt(_) => Self::Logfmt,
            ParseMethod::Csv(_) => Self::Csv,
        }
    }

    /// Finds the parts of a text and returns whether it matches at all.
    fn find(&mut self, text: &str, found: &mut [Option<(usize, usize)>]) -> bool {
        match self {
            Self::Glob(first, behind) => glob(first, behind, text, found),
            Self::Regex(expression, groups) => {
                let (regex, locations) = &mut **expression;
                if regex.captures_read(locations, text).is_none() {
                    return false;
                }
                for (place, group) in found.iter_mut().zip(groups) {
                    *place = locations.get(*group);
                }
                true
            }
            Self::Nothing | Self::Logfmt | Self::Csv => false,
        }
    }
}

/// Takes for each star as little as possible, and for a star at the very end the rest (D13: also over lines).
///
/// No step has to be taken back: if a text does not occur behind this place, it does not behind a later one.
fn glob(
    first: &Finder<'_>,
    behind: &[Finder<'_>],
    text: &str,
    found: &mut [Option<(usize, usize)>],
) -> bool {
    let Some(begin) = first.find(text.as_bytes()) else {
        return false;
    };
    let mut at = begin + first.needle().len();
    for (star, literal) in behind.iter().enumerate() {
        let needle = literal.needle();
        let end = if needle.is_empty() && star + 1 == behind.len() {
            text.len()
        } else {
            match literal.find(&text.as_bytes()[at..]) {
                Some(distance) => at + distance,
                None => return false,
            }
        };
        found[star] = Some((at, end));
        at = end + needle.len();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], text: &str, expected: Option<&[&str]>) {
        let method = ParseMethod::Glob {
            parts: parts.iter().map(|&part| part.to_owned()).collect(),
            slots: Vec::new(),
        };
        let mut found = vec![None; parts.len() - 1];
        let matched = Method::of(&method).find(text, &mut found);
        let texts = || {
            found
                .iter()
                .flatten()
                .map(|&(start, end)| &text[start..end])
        };
        let texts: Option<Vec<&str>> = matched.then(|| texts().collect());
        assert_eq!(texts.as_deref(), expected);
    }

    #[test]
    fn stars_take_as_little_as_possible_and_the_last_one_the_rest() {
        check(&["[", "] ", ""], "x [a] b] c", Some(&["a", "b] c"]));
        check(&["", ": ", "/", ""], "k: x/y/z", Some(&["k", "x", "y/z"]));
        check(&["/api/", "/"], "/api/pay/1/", Some(&["pay"]));
        check(&["a", "", "b"], "axxb", Some(&["", "xx"]));
        check(&["a", ""], "東a京\nb", Some(&["京\nb"]));
        check(&["[", "]"], "[a", None);
        check(&["a", ""], "b", None);
    }
}
