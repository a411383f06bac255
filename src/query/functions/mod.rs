//! The functions of the language: one table per family, one row per function.
//!
//! A row is all there is to register: the resolver reads name, arity and level from it, the documentation its
//! signature, summary and examples, and the evaluator what to run. Functions of the language that are not built
//! have a row too, without something to run, so that they are told apart from misspelled ones.

mod addresses;
mod constants;
mod date_pattern;
mod dates;
mod encodings;
mod general;
mod json;
mod md5;
mod numbers;
mod text;

use std::borrow::Cow;

use crate::query::Settings;
use crate::query::ast::Period;
use crate::value::Value;

pub use constants::{Unfit, check_constant};
pub(crate) use json::{scalar, tree as read_nested};

/// One function of the language.
#[derive(Debug)]
pub struct Function {
    /// The name as the documentation spells it; queries may write it in any case.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes.
    pub arity: Arity,
    /// How far it is supported.
    pub level: Level,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives, in a few words.
    pub summary: &'static str,
    /// Calls and their printed results, `null` where there is none; a test evaluates each.
    pub examples: &'static [(&'static str, &'static str)],
    /// What computes it; `None` when it is known but not built.
    pub run: Option<Run>,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    /// At least so many.
    pub min: usize,
    /// At most so many; `usize::MAX` for no limit.
    pub max: usize,
}

impl Arity {
    /// Exactly `count` arguments.
    pub const fn exactly(count: usize) -> Self {
        Self {
            min: count,
            max: count,
        }
    }

    /// From `min` to `max` arguments.
    pub const fn between(min: usize, max: usize) -> Self {
        Self { min, max }
    }

    /// At least `min` arguments.
    pub const fn at_least(min: usize) -> Self {
        Self {
            min,
            max: usize::MAX,
        }
    }

    /// Returns whether so many arguments are right.
    pub fn takes(self, count: usize) -> bool {
        (self.min..=self.max).contains(&count)
    }
}

/// How far a function or aggregate is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Part of the language that always works.
    Core,
    /// Part of the language that is nice to have.
    Wanted,
    /// Rarely used.
    Later,
    /// Only the service can do it.
    Service,
}

/// What computes a function.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// A function of the arguments' values.
    Values(Values),
    /// A function whose argument at this position is a regular expression, compiled once when it is constant.
    Regex(usize, Pattern),
    /// A function of an instant and a period, which is always written out.
    Period(Periodic),
    /// A constant of the whole query.
    Settings(fn(&Settings) -> Value<'static>),
    /// The resolver writes it as another call: `bin(p)` is `datefloor(@timestamp, p)`.
    Rewritten,
}

/// A function of values.
pub type Values = for<'a> fn(&mut Args<'_, 'a>) -> Value<'a>;
/// A function of values and a regular expression.
pub type Pattern = for<'a> fn(&mut Args<'_, 'a>, &regex::Regex) -> Value<'a>;
/// A function of an instant and a period.
pub type Periodic = for<'a> fn(&Value<'a>, Period) -> Value<'a>;

/// The arguments of one call, to be taken out one by one.
#[derive(Debug)]
pub struct Args<'r, 'a>(pub &'r mut [Value<'a>]);

impl<'a> Args<'_, 'a> {
    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the argument at a position; `Null` behind the last.
    pub fn get(&self, at: usize) -> &Value<'a> {
        self.0.get(at).unwrap_or(const { &Value::Null })
    }

    /// Takes the argument at a position, leaving `Null`.
    pub fn take(&mut self, at: usize) -> Value<'a> {
        self.0.get_mut(at).map(std::mem::take).unwrap_or_default()
    }

    /// Returns the argument as a number.
    pub fn number(&self, at: usize) -> Option<f64> {
        self.get(at).as_number()
    }

    /// Takes the argument in its printed form; lists and maps are no text.
    pub fn text(&mut self, at: usize) -> Option<Cow<'a, str>> {
        let value = self.take(at);
        if value.is_nested() {
            return None;
        }
        value.into_text()
    }
}

/// Functions that belong together.
#[derive(Debug)]
pub struct Family {
    /// What they are about, as a heading.
    pub title: &'static str,
    /// What holds of all of them, in a sentence or two.
    pub rule: &'static str,
    /// One row for each.
    pub functions: &'static [Function],
}

/// All families, in the order in which they are explained.
pub const FAMILIES: &[Family] = &[
    Family {
        title: "Any value",
        rule: "Presence, choice, and what is the same for all rows of a query.",
        functions: general::TABLE,
    },
    Family {
        title: "Numbers",
        rule: "Text that is wholly a number counts as one. What is no number, or leaves the numbers, gives nothing.",
        functions: numbers::TABLE,
    },
    Family {
        title: "Text",
        rule: "Other values are taken as they print; lists and maps give nothing. Positions are counted in \
               characters, from 0.",
        functions: text::TABLE,
    },
    Family {
        title: "Dates",
        rule: "An instant is `@timestamp`, the result of such a function, or a number of milliseconds since 1970. \
               Zones are names such as `'Asia/Tokyo'`, UTC where none is given.",
        functions: dates::TABLE,
    },
    Family {
        title: "JSON, lists and maps",
        rule: "Parts are reached by `.name`, `` .`odd name` `` and `[0]`, also right behind the call.",
        functions: json::TABLE,
    },
    Family {
        title: "Internet addresses",
        rule: "Both versions, which never match each other. Text that is no address answers 0.",
        functions: addresses::TABLE,
    },
    Family {
        title: "Encodings and digests",
        rule: "Digests and digits come in small letters. What cannot be decoded gives nothing.",
        functions: encodings::TABLE,
    },
];

/// Walks all functions.
pub fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|family| family.functions)
}

/// Finds a function by its name or another name of it, in any case.
pub fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| {
        let mut names = std::iter::once(&function.name).chain(function.aliases);
        names.any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// Cuts a range of bytes out of a text without copying what is borrowed.
fn slice(text: Cow<'_, str>, start: usize, end: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
        Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
    }
}

#[cfg(test)]
mod tests;
