//! What may have been meant where something cannot be read: habits of other languages, and signs left out.

use super::{Parser, commands};
use crate::query::ast::Unit;
use crate::query::token::{Sign, Token};

/// Words that other languages have behind a value or a command, and what to write here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("is", "write `ispresent(field)` or `not ispresent(field)`"),
    (
        "between",
        "compare twice: `status >= 400 and status <= 499`",
    ),
    ("ilike", "to ignore case, write `like /(?i)text/`"),
    ("rlike", "write `like /expression/`"),
    ("regexp", "write `like /expression/`"),
    ("matches", "write `like /expression/`"),
    ("contains", "write `like \"text\"`"),
    ("equals", "write `=`"),
    (
        "group",
        "write `by` before what groups: `stats count(*) as n by levelname`",
    ),
    ("from", "the logs are chosen outside of the query"),
    ("descending", "write `desc`"),
    ("ascending", "write `asc`"),
    ("then", "write `if(condition, then, otherwise)`"),
    (
        "over",
        "write `by` before what groups: `stats count(*) as n by levelname`",
    ),
];

impl Parser {
    /// Returns what to write instead of the token that stands here.
    pub(super) fn hint(&self, expected: &str) -> String {
        self.habit(expected)
            .unwrap_or_else(|| format!("for example: `{}`", self.example))
    }

    fn habit(&self, expected: &str) -> Option<String> {
        let ended = expected.starts_with("`|`");
        match self.token() {
            Token::Word {
                text,
                quoted: false,
            } if commands::find(text).is_some() => {
                Some(format!("commands are separated by `|`: write `| {text}`"))
            }
            Token::Word { text, .. } if expected.contains("after `like`") => Some(format!(
                "a text stands in quotes: `like \"{text}\"`; for a field write `strcontains(path, {text})`"
            )),
            Token::Word { text, .. } if expected == "`)`" => self.split_period(text),
            Token::Word { text, .. } if ended => self.word_behind(text),
            Token::Text(text) if expected == "a field name" => Some(format!(
                "a name stands without quotes, and in backticks when it has odd signs: `{text}`"
            )),
            Token::Text(text) if expected.starts_with("a regular expression") => {
                Some(format!("write `=~ /{text}/` or `like \"{text}\"`"))
            }
            Token::Period(count, unit) if ended => self.bare_bin(*count, *unit),
            Token::Number(_) if ended => self.left_out(),
            Token::Regex(source) => Some(format!(
                "a regular expression follows `like`: `@message like /{source}/`"
            )),
            Token::Sign(sign) => self.sign(*sign, expected),
            _ => None,
        }
    }

    fn sign(&self, sign: Sign, expected: &str) -> Option<String> {
        let text = match sign {
            Sign::Close => "there is no `(` that this closes",
            Sign::Colon => "equality is `=`: `levelname = \"ERROR\"`",
            Sign::Star if self.touches(Sign::Slash) => "a comment begins with `#`",
            Sign::Star if expected == "a value" => {
                "there is no word for all columns: `@message` is the whole event"
            }
            Sign::Equal
            | Sign::NotEqual
            | Sign::Less
            | Sign::LessEqual
            | Sign::Greater
            | Sign::GreaterEqual
                if expected == "a value" =>
            {
                "each comparison has its field: `status != 200 and status != 204`"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Returns what was meant by a word behind a whole command.
    fn word_behind(&self, word: &str) -> Option<String> {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at]);
        if let Some(before) = before
            && matches!(before.token, Token::Text(_))
            && before.span.end == self.span().start
        {
            return Some("a quote inside a text stands behind a backslash: 'it\\'s'".to_owned());
        }
        if self.is_dashed() {
            return Some("a comment begins with `#`".to_owned());
        }
        let known = ELSEWHERE
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(word));
        known
            .map(|(_, hint)| (*hint).to_owned())
            .or_else(|| self.left_out())
    }

    /// Returns what is missing between two values.
    fn left_out(&self) -> Option<String> {
        let command = self.example.split(' ').next().unwrap_or_default();
        let hint = match command {
            "filter" | "filterIndex" => "conditions are joined by `and` or `or`",
            "fields" | "display" | "stats" | "sort" | "dedup" => {
                "what is listed is separated by commas"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Returns whether two dashes in a row stand close before this place.
    fn is_dashed(&self) -> bool {
        let begin = self.at.saturating_sub(3);
        let dashes = self.tokens[begin..self.at].windows(2);
        let is_dash = |token: &Token| *token == Token::Sign(Sign::Minus);
        dashes.into_iter().any(|pair| {
            pair.iter().all(|one| is_dash(&one.token)) && pair[0].span.end == pair[1].span.start
        })
    }

    /// Returns whether the token before is this sign, with no blank between.
    fn touches(&self, sign: Sign) -> bool {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at]);
        before
            .is_some_and(|one| one.token == Token::Sign(sign) && one.span.end == self.span().start)
    }

    fn bare_bin(&self, count: u64, unit: Unit) -> Option<String> {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at].token);
        match before {
            Some(Token::Word { text, .. }) if text.eq_ignore_ascii_case("bin") => {
                Some(format!("write `bin({count}{})`", unit.symbol()))
            }
            _ => self.left_out(),
        }
    }

    fn split_period(&self, unit: &str) -> Option<String> {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at].token);
        match before {
            Some(Token::Number(digits)) => {
                Some(format!("a period has no blank inside: `{digits}{unit}`"))
            }
            _ => None,
        }
    }
}
