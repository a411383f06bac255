//! Pattern text to tokens.
//!
//! Terms and the two bracketed kinds have different words, so there are two entry points. What no rule covers
//! becomes a token too: the parser knows what was expected there and can say what to write instead.

use super::notes::Notes;
use super::tree::{Operator, Sign, Span, quoted};
use crate::diagnostic::{Diagnostic, codes};

/// A token and its place in the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word, name, number or unquoted value.
    Bare,
    /// `"…"`, with its escapes undone.
    Quoted(String),
    /// Text in quotes that do not quote here, such as `'…'`.
    OddlyQuoted(String),
    /// `%…%`, with what stands between.
    Regex(String),
    /// `$` and all that belongs to it.
    Selector,
    /// `-` or `?` before a term.
    Sign(Sign),
    Operator(Operator),
    And,
    Or,
    /// An operator of other languages, and what to write here.
    OddOperator(&'static str),
    Open,
    Close,
    Comma,
    Ellipsis,
    BraceOpen,
    BraceClose,
    BracketOpen,
    BracketClose,
    /// Characters without a meaning outside quotes.
    Other,
}

/// Tokens, and whether the last of them runs into the end of the pattern for want of its closing character.
#[derive(Debug)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) cut: bool,
}

/// Cuts a term pattern into tokens.
pub(crate) fn lex_terms(text: &str, notes: &mut Notes) -> Lexed {
    Lexer::new(text, notes).run(Lexer::term)
}

/// Cuts a `{ … }` or `[ … ]` pattern into tokens.
pub(crate) fn lex_bracketed(text: &str, notes: &mut Notes) -> Lexed {
    Lexer::new(text, notes).run(Lexer::bracketed)
}

/// Operators, right and wrong, the longer before those they begin with; wrong ones with the right one.
const OPERATORS: &[(&str, Kind)] = &[
    ("===", Kind::OddOperator("=")),
    ("!==", Kind::OddOperator("!=")),
    ("==", Kind::OddOperator("=")),
    ("!=", Kind::Operator(Operator::NotEqual)),
    (">=", Kind::Operator(Operator::GreaterOrEqual)),
    ("<=", Kind::Operator(Operator::LessOrEqual)),
    ("=>", Kind::OddOperator(">=")),
    ("=<", Kind::OddOperator("<=")),
    ("<>", Kind::OddOperator("!=")),
    ("=!", Kind::OddOperator("!=")),
    ("=~", Kind::OddOperator("= %…%")),
    ("!~", Kind::OddOperator("!= %…%")),
    ("&&", Kind::And),
    ("||", Kind::Or),
    ("&", Kind::OddOperator("&&")),
    ("|", Kind::OddOperator("||")),
    ("=", Kind::Operator(Operator::Equal)),
    ("<", Kind::Operator(Operator::Less)),
    (">", Kind::Operator(Operator::Greater)),
];

/// Quotes of other languages and of word processors.
const ODD_QUOTES: &[(char, char)] = &[
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('”', '”'),
    ('‘', '’'),
    ('«', '»'),
    ('「', '」'),
];

struct Lexer<'a, 'n> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    cut: bool,
    notes: &'n mut Notes,
}

impl<'a, 'n> Lexer<'a, 'n> {
    fn new(text: &'a str, notes: &'n mut Notes) -> Self {
        Self {
            text,
            at: 0,
            tokens: Vec::new(),
            cut: false,
            notes,
        }
    }

    fn run(mut self, next: fn(&mut Self, char) -> Kind) -> Lexed {
        while let Some(c) = self.rest().chars().next() {
            if is_blank(c) {
                self.at += 1;
                continue;
            }
            let start = self.at;
            let kind = next(&mut self, c);
            debug_assert!(self.at > start, "a token has at least one character");
            let span = start..self.at;
            self.tokens.push(Token { kind, span });
        }
        Lexed {
            tokens: self.tokens,
            cut: self.cut,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Returns whether nothing but a blank stands before this place.
    fn after_blank(&self) -> bool {
        self.text[..self.at]
            .chars()
            .next_back()
            .is_none_or(is_blank)
    }

    /// Passes over the next character and those behind it that satisfy `belongs`.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) {
        let mut chars = self.rest().char_indices().skip(1);
        let end = chars.find(|&(_, c)| !belongs(c)).map(|(end, _)| end);
        self.at += end.unwrap_or(self.rest().len());
    }

    fn term(&mut self, c: char) -> Kind {
        let signed = matches!(self.tokens.last(), Some(last) if matches!(last.kind, Kind::Sign(_)) && last.span.end == self.at);
        match c {
            '-' if self.after_blank() => self.one(Kind::Sign(Sign::Excluded)),
            '?' if self.after_blank() => self.one(Kind::Sign(Sign::Optional)),
            '"' => self.string(),
            '%' if signed || self.after_blank() => self.regex(),
            _ if is_word_char(c) => {
                self.take_while(is_word_char);
                Kind::Bare
            }
            _ => self.odd_quotes(c).unwrap_or_else(|| {
                self.take_while(|c| !is_word_char(c) && !is_blank(c) && c != '"');
                Kind::Other
            }),
        }
    }

    fn bracketed(&mut self, c: char) -> Kind {
        match c {
            '"' => self.string(),
            '%' => self.regex(),
            '$' => self.selector(),
            '(' => self.one(Kind::Open),
            ')' => self.one(Kind::Close),
            ',' => self.one(Kind::Comma),
            '{' => self.one(Kind::BraceOpen),
            '}' => self.one(Kind::BraceClose),
            '[' => self.one(Kind::BracketOpen),
            ']' => self.one(Kind::BracketClose),
            _ if is_value_char(c) => self.bare(),
            _ => self
                .operator()
                .or_else(|| self.odd_quotes(c))
                .unwrap_or_else(|| self.one(Kind::Other)),
        }
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
        kind
    }

    fn bare(&mut self) -> Kind {
        let start = self.at;
        self.take_while(is_value_char);
        if &self.text[start..self.at] == "..." {
            Kind::Ellipsis
        } else {
            Kind::Bare
        }
    }

    fn operator(&mut self) -> Option<Kind> {
        let rest = self.rest();
        let (text, kind) = OPERATORS.iter().find(|(text, _)| rest.starts_with(text))?;
        self.at += text.len();
        Some(kind.clone())
    }

    /// Reads text in quotes that do not quote here, if they are closed.
    fn odd_quotes(&mut self, open: char) -> Option<Kind> {
        let (_, close) = ODD_QUOTES.iter().find(|(known, _)| *known == open)?;
        if self.rest_of_word() {
            return None;
        }
        let inner = &self.rest()[open.len_utf8()..];
        let length = inner.find(*close)?;
        self.at += open.len_utf8() + length + close.len_utf8();
        Some(Kind::OddlyQuoted(inner[..length].to_owned()))
    }

    /// Returns whether a word ends right here: the apostrophe of `it's` opens nothing.
    fn rest_of_word(&self) -> bool {
        let last = self.tokens.last().filter(|last| last.span.end == self.at);
        last.is_some_and(|last| matches!(last.kind, Kind::Bare | Kind::Other))
    }

    fn string(&mut self) -> Kind {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest()[1..].chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    self.at = self.text.len() - chars.as_str().len();
                    return Kind::Quoted(text);
                }
                '\\' => match chars.clone().next() {
                    Some(escaped @ ('"' | '\\')) => {
                        text.push(escaped);
                        chars.next();
                    }
                    _ => text.push('\\'),
                },
                _ => text.push(c),
            }
        }
        self.unterminated_string(start, &text);
        Kind::Quoted(text)
    }

    fn unterminated_string(&mut self, start: usize, text: &str) {
        self.at = self.text.len();
        self.cut = true;
        let content = text.trim_end_matches(|c| is_blank(c) || matches!(c, '}' | ']' | ')'));
        let content = content
            .split([',', '&', '|'])
            .next()
            .unwrap_or_default()
            .trim_end();
        let message = "the quoted text is not closed";
        let error = Diagnostic::new(codes::STRING_UNTERMINATED, start..self.at, message)
            .label("`\"` missing")
            .hint(format!("write `{}`", quoted(content)));
        self.notes.error(error);
    }

    fn regex(&mut self) -> Kind {
        let start = self.at;
        let inner = &self.rest()[1..];
        if let Some(length) = inner.find('%') {
            self.at += length + 2;
            return Kind::Regex(inner[..length].to_owned());
        }
        // A regex may hold blanks, but one word is the likelier meaning of a lone `%`.
        self.at = self.text.len();
        self.cut = true;
        let word = inner
            .split(|c| is_blank(c) || matches!(c, ',' | ')' | '}'))
            .next();
        let word = word.unwrap_or_default();
        let before = self.tokens.last().filter(|last| last.span.end == start);
        let before = before.map_or("", |last| &self.text[last.span.clone()]);
        let literal = quoted(&format!("{before}%{word}"));
        let hint = match word {
            "" => format!("for the character itself write `{literal}`"),
            _ => format!("write `%{word}%`, or `{literal}` for the text itself"),
        };
        let message = "the regex is not closed";
        let error = Diagnostic::new(codes::REGEX_UNTERMINATED, start..self.at, message)
            .label("`%` missing")
            .hint(hint);
        self.notes.error(error);
        Kind::Regex(inner.to_owned())
    }

    /// Takes all that can be meant as one selector, right or wrong.
    fn selector(&mut self) -> Kind {
        self.at += 1;
        while let Some(c) = self.rest().chars().next() {
            let group = match c {
                '"' if self.text[..self.at].ends_with(['.', '[']) => self.group("\"", "\""),
                '[' if self.rest().starts_with("['") => self.group("['", "']"),
                '[' if self.rest().starts_with("[\"") => self.group("[\"", "\"]"),
                '[' => self.group("[", "]"),
                _ if is_blank(c) || "=!<>&|(){},]\"%~".contains(c) => return Kind::Selector,
                _ => None,
            };
            self.at += group.unwrap_or(c.len_utf8());
        }
        Kind::Selector
    }

    /// Returns the length of what begins with `open` here, to the next `close`.
    fn group(&self, open: &str, close: &str) -> Option<usize> {
        let inner = self.rest().strip_prefix(open)?;
        let length = inner.find(close)?;
        let blank = close == "]" && inner[..length].contains(is_blank);
        (!blank).then_some(open.len() + length + close.len())
    }
}

/// Returns whether `c` separates tokens. Other blanks of Unicode do not: outside quotes they are mistakes.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

/// Returns whether `c` may stand in an unquoted term or a field's name.
pub(crate) fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns whether the word joins conditions in other languages.
pub(crate) fn is_joining_word(word: &str) -> bool {
    word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or")
}

/// Returns whether `c` may stand in an unquoted value.
pub(crate) fn is_value_char(c: char) -> bool {
    is_word_char(c) || matches!(c, '.' | '*' | '+' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Kind)]) {
        let mut notes = Notes::default();
        let lexed = if text.starts_with(['{', '[']) {
            lex_bracketed(text, &mut notes)
        } else {
            lex_terms(text, &mut notes)
        };
        let tokens: Vec<(&str, Kind)> = lexed
            .tokens
            .into_iter()
            .map(|token| (&text[token.span], token.kind))
            .collect();
        assert_eq!(tokens, expected);
    }

    #[test]
    fn a_selector_is_one_token() {
        check(
            "{$.['a b}'].x[0]>=-1}",
            &[
                ("{", Kind::BraceOpen),
                ("$.['a b}'].x[0]", Kind::Selector),
                (">=", Kind::Operator(Operator::GreaterOrEqual)),
                ("-1", Kind::Bare),
                ("}", Kind::BraceClose),
            ],
        );
    }

    #[test]
    fn quotes_hide_everything_and_undo_two_escapes() {
        check(
            r#"[a="}&&, \"%\\\d", ...]"#,
            &[
                ("[", Kind::BracketOpen),
                ("a", Kind::Bare),
                ("=", Kind::Operator(Operator::Equal)),
                (
                    r#""}&&, \"%\\\d""#,
                    Kind::Quoted(r#"}&&, "%\\d"#.to_owned()),
                ),
                (",", Kind::Comma),
                ("...", Kind::Ellipsis),
                ("]", Kind::BracketClose),
            ],
        );
    }

    #[test]
    fn signs_stand_at_the_start_of_a_term_only() {
        check(
            r#"-a b-c ?"d e" -%f g%"#,
            &[
                ("-", Kind::Sign(Sign::Excluded)),
                ("a", Kind::Bare),
                ("b", Kind::Bare),
                ("-", Kind::Other),
                ("c", Kind::Bare),
                ("?", Kind::Sign(Sign::Optional)),
                (r#""d e""#, Kind::Quoted("d e".to_owned())),
                ("-", Kind::Sign(Sign::Excluded)),
                ("%f g%", Kind::Regex("f g".to_owned())),
            ],
        );
    }
}
