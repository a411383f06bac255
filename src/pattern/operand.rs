//! Values made ready for comparison, and the rules of comparing them.

use std::cmp::Ordering;

use super::decimal::Decimal;
use super::regex::Regex;
use super::tree::Operator;
use super::wildcard::Wildcard;
use crate::scan::need::Need;

/// A text or number of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    /// A decoded string, or a field that is not a number.
    Text(&'a [u8]),
    /// A number as written.
    Number(&'a [u8]),
}

impl<'a> Scalar<'a> {
    /// Returns the scalar of a field of a line: a number when all of it is one.
    pub(crate) fn of_field(text: &'a [u8]) -> Self {
        match Decimal::parse(text) {
            Some(_) => Self::Number(text),
            None => Self::Text(text),
        }
    }

    fn text(self) -> &'a [u8] {
        let (Self::Text(text) | Self::Number(text)) = self;
        text
    }

    fn number(self) -> Option<Decimal<'a>> {
        match self {
            Self::Text(_) => None,
            Self::Number(text) => Decimal::parse(text),
        }
    }
}

/// What a scalar is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// Equal character by character.
    Text(Box<[u8]>),
    /// Equal as a number to numbers, as text to texts.
    Number {
        text: Box<[u8]>,
        number: Decimal<'static>,
    },
    Wildcard(Wildcard),
    Regex(Regex),
}

impl Operand {
    fn equals(&self, scalar: Scalar<'_>) -> bool {
        match self {
            Self::Text(text) => scalar.text() == &**text,
            Self::Number { text, number } => match scalar.number() {
                Some(scalar) => scalar.compare(number) == Ordering::Equal,
                None => scalar.text() == &**text,
            },
            Self::Wildcard(wildcard) => wildcard.matches(scalar.text()),
            Self::Regex(regex) => regex.is_found_in(scalar.text()),
        }
    }

    /// Derives what a line must hold for something in it to be equal.
    fn need(&self) -> Need {
        match self {
            Self::Text(text) => need_text(text),
            // The same number can be written in other ways.
            Self::Number { .. } => Need::Anything,
            Self::Wildcard(wildcard) => wildcard
                .literals()
                .map(need_text)
                .fold(Need::Anything, Need::and),
            Self::Regex(regex) => regex.need().clone(),
        }
    }
}

fn need_text(text: &[u8]) -> Need {
    std::str::from_utf8(text).map_or(Need::Anything, Need::text)
}

/// A comparison made ready.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    Equal(Operand),
    NotEqual(Operand),
    /// The scalar is a number, and its order relative to this one is as the operator says.
    Ordered(Operator, Decimal<'static>),
}

impl Check {
    /// Returns whether a scalar satisfies the comparison.
    pub(crate) fn holds(&self, scalar: Scalar<'_>) -> bool {
        match self {
            Self::Equal(operand) => operand.equals(scalar),
            Self::NotEqual(operand) => !operand.equals(scalar),
            Self::Ordered(operator, number) => scalar
                .number()
                .is_some_and(|scalar| is_ordered(*operator, scalar.compare(number))),
        }
    }

    /// Derives what a line must hold for a node of its JSON to satisfy the comparison.
    pub(crate) fn need_in_json(&self) -> Need {
        match self {
            // A text that is no number can only equal a whole string.
            Self::Equal(Operand::Text(text)) if Decimal::parse(text).is_none() => {
                std::str::from_utf8(text).map_or(Need::Anything, Need::whole)
            }
            _ => self.need(),
        }
    }

    /// Derives what a line must hold for something in it to satisfy the comparison.
    pub(crate) fn need(&self) -> Need {
        match self {
            Self::Equal(operand) => operand.need(),
            Self::NotEqual(_) | Self::Ordered(..) => Need::Anything,
        }
    }
}

fn is_ordered(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::Equal => ordering.is_eq(),
        Operator::NotEqual => ordering.is_ne(),
    }
}
