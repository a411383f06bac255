//! The words and signs that a query's text is made of.

use std::fmt;

use super::ast::{Span, Unit};

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A keyword, or the name of a command, a function or a field.
    Word {
        /// The name without backticks.
        text: String,
        /// It stood in backticks, so that it can only be a field.
        quoted: bool,
    },
    /// `.name` or `.0` right behind something.
    Member(String),
    /// A number as written.
    Number(String),
    /// Digits and a unit.
    Period(u64, Unit),
    /// What the quotes of a text mean.
    Text(String),
    /// A regular expression.
    Regex(String),
    /// A sign.
    Sign(Sign),
    /// Something that was complained about already.
    Bad,
    /// The end of the query.
    End,
}

/// A sign of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `|`
    Pipe,
    /// `,`
    Comma,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenList,
    /// `]`
    CloseList,
    /// `:`
    Colon,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `=~`
    Matches,
    /// `!`
    Not,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `^`
    Caret,
}

impl Sign {
    /// Returns the sign as written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Pipe => "|",
            Self::Comma => ",",
            Self::Open => "(",
            Self::Close => ")",
            Self::OpenList => "[",
            Self::CloseList => "]",
            Self::Colon => ":",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Matches => "=~",
            Self::Not => "!",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Star => "*",
            Self::Slash => "/",
            Self::Percent => "%",
            Self::Caret => "^",
        }
    }
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned {
    /// The token.
    pub token: Token,
    /// Its bytes.
    pub span: Span,
}

/// Names the token: `` `|` ``, `` number `12` ``, `text`.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word { text, .. } => write!(f, "`{text}`"),
            Self::Member(name) => write!(f, "`.{name}`"),
            Self::Number(text) => write!(f, "number `{text}`"),
            Self::Period(count, unit) => write!(f, "period `{count}{}`", unit.symbol()),
            Self::Text(_) => f.write_str("text"),
            Self::Regex(_) => f.write_str("regular expression"),
            Self::Sign(sign) => write!(f, "`{}`", sign.text()),
            Self::Bad => f.write_str("something unreadable"),
            Self::End => f.write_str("end of the query"),
        }
    }
}

impl Unit {
    /// All spellings of all units; those of one unit stand together, the short one first.
    pub const SPELLINGS: &[(&str, Unit)] = &[
        ("ms", Unit::Millisecond),
        ("msec", Unit::Millisecond),
        ("millisecond", Unit::Millisecond),
        ("s", Unit::Second),
        ("sec", Unit::Second),
        ("second", Unit::Second),
        ("m", Unit::Minute),
        ("min", Unit::Minute),
        ("minute", Unit::Minute),
        ("h", Unit::Hour),
        ("hr", Unit::Hour),
        ("hour", Unit::Hour),
        ("d", Unit::Day),
        ("day", Unit::Day),
        ("w", Unit::Week),
        ("week", Unit::Week),
        ("mo", Unit::Month),
        ("mon", Unit::Month),
        ("month", Unit::Month),
        ("q", Unit::Quarter),
        ("qtr", Unit::Quarter),
        ("quarter", Unit::Quarter),
        ("y", Unit::Year),
        ("yr", Unit::Year),
        ("year", Unit::Year),
    ];

    /// Reads a unit in any case; an added `s` is allowed where the unit has more than one letter.
    pub fn parse(written: &str) -> Option<Self> {
        let written = written.to_ascii_lowercase();
        let find = |word: &str| {
            let found = Self::SPELLINGS.iter().find(|(name, _)| *name == word);
            found.map(|(_, unit)| *unit)
        };
        find(&written).or_else(|| {
            let singular = written.strip_suffix('s')?;
            (singular.len() > 1).then(|| find(singular))?
        })
    }

    /// Returns the shortest spelling.
    pub fn symbol(self) -> &'static str {
        let found = Self::SPELLINGS.iter().find(|(_, unit)| *unit == self);
        found.map_or("ms", |(name, _)| name)
    }

    /// Returns the most of the unit that a period counts; the service quietly lowers what is above.
    pub fn cap(self) -> Option<u64> {
        match self {
            Self::Millisecond => Some(1000),
            Self::Second | Self::Minute => Some(60),
            Self::Hour => Some(24),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plural_needs_more_than_one_letter() {
        assert_eq!(Unit::parse("hrs"), Some(Unit::Hour));
        assert_eq!(Unit::parse("Minutes"), Some(Unit::Minute));
        assert_eq!(Unit::parse("ds"), None);
        assert_eq!(Unit::parse("ms"), Some(Unit::Millisecond));
        assert_eq!(Unit::parse("parsecs"), None);
    }

    #[test]
    fn every_unit_has_a_symbol_that_reads_back() {
        for (_, unit) in Unit::SPELLINGS {
            assert_eq!(Unit::parse(unit.symbol()), Some(*unit));
        }
    }
}
