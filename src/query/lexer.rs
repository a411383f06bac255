//! From text to tokens.
//!
//! The one place that needs to look back is `/`: it begins a regular expression where an operand is expected
//! and anywhere in a `parse` command, which has no arithmetic; elsewhere it divides.

use super::ast::{Span, Unit};
use super::token::{Sign, Spanned, Token};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::suggest;

/// The longest query that the service takes, in characters.
pub const LONGEST: usize = 10_000;

/// Splits a text into tokens, the last of which is `End`, and returns what could not be read.
///
/// Each complaint leaves a `Bad` token in its place, so that nobody complains about the same spot again.
pub fn tokens(text: &str) -> (Vec<Spanned>, Vec<Diagnostic>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        errors: Vec::new(),
        command: None,
    };
    lexer.check_length();
    lexer.run();
    (lexer.tokens, lexer.errors)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Spanned>,
    errors: Vec<Diagnostic>,
    /// Where in `tokens` the current command begins; nothing before its first token.
    command: Option<usize>,
}

impl<'t> Lexer<'t> {
    fn check_length(&mut self) {
        let Some((end, _)) = self.text.char_indices().nth(LONGEST) else {
            return;
        };
        let count = self.text.chars().count();
        self.errors.push(
            Diagnostic::new(
                codes::QUERY_TOO_LONG,
                end..end,
                format!("the query has {count} characters, {LONGEST} are allowed"),
            )
            .label("too long from here on"),
        );
    }

    fn run(&mut self) {
        loop {
            self.skip_blanks();
            let start = self.at;
            let Some(first) = self.peek() else {
                self.push(Token::End, start);
                return;
            };
            let token = self.token(first, start);
            self.push(token, start);
        }
    }

    fn token(&mut self, first: char, start: usize) -> Token {
        match first {
            '"' | '\'' => self.string(first, start),
            '`' => self.quoted(start),
            '0'..='9' => self.number(start),
            '.' => self.member(start),
            '/' if self.expects_operand() => self.regex(start),
            'A'..='Z' | 'a'..='z' | '_' | '@' => self.word(),
            _ => self.sign(first, start),
        }
    }

    fn push(&mut self, token: Token, start: usize) {
        match token {
            Token::Sign(Sign::Pipe | Sign::Open) => self.command = None,
            _ if self.command.is_none() => self.command = Some(self.tokens.len()),
            _ => {}
        }
        let span = Span::new(start, self.at);
        self.tokens.push(Spanned { token, span });
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn skip_blanks(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.peek() != Some('#') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    /// Says whether a `/` here begins a regular expression.
    fn expects_operand(&self) -> bool {
        let word_is = |at: usize, word: &str| matches!(&self.tokens[at].token, Token::Word { text, quoted: false } if text.eq_ignore_ascii_case(word));
        if self.command.is_some_and(|at| word_is(at, "parse")) {
            return true;
        }
        match self.tokens.last().map(|last| &last.token) {
            Some(Token::Word { .. }) => word_is(self.tokens.len() - 1, "like"),
            Some(Token::Sign(sign)) => !matches!(sign, Sign::Close | Sign::CloseList),
            Some(_) => false,
            None => true,
        }
    }

    fn word(&mut self) -> Token {
        let mut text = self.take_while(is_word).to_owned();
        // @`aws.tag.a:b`: one name of two pieces.
        if text == "@" && self.peek() == Some('`') {
            let start = self.at;
            match self.quoted(start) {
                Token::Word { text: more, .. } => text.push_str(&more),
                other => return other,
            }
            return Token::Word { text, quoted: true };
        }
        let end = self.at;
        if self.peek().is_some_and(char::is_alphanumeric) {
            let start = end - text.len();
            return self.foreign_name(start);
        }
        Token::Word {
            text,
            quoted: false,
        }
    }

    /// Complains about a name with letters that need backticks.
    fn foreign_name(&mut self, start: usize) -> Token {
        self.take_while(|c| c.is_alphanumeric() || is_word(c));
        let name = &self.text[start..self.at];
        let hint = format!("put the name in backticks: `{name}`");
        self.error(
            codes::UNEXPECTED_CHARACTER,
            start,
            "a name with letters other than A to Z",
            hint,
        )
    }

    fn quoted(&mut self, start: usize) -> Token {
        self.bump();
        let text = self.take_while(|c| c != '`' && c != '\n').to_owned();
        if self.peek() != Some('`') {
            let hint = "a field name in backticks ends with a backtick on the same line";
            return self.error(
                codes::UNTERMINATED,
                start,
                "the backtick is never closed",
                hint,
            );
        }
        self.bump();
        if text.is_empty() {
            let hint = "write the name between the backticks: `user-agent`";
            return self.error(codes::UNEXPECTED_CHARACTER, start, "an empty name", hint);
        }
        Token::Word { text, quoted: true }
    }

    fn member(&mut self, start: usize) -> Token {
        self.bump();
        if self.peek() == Some('`') {
            let quoted = self.quoted(start);
            return match quoted {
                Token::Word { text, .. } => Token::Member(text),
                other => other,
            };
        }
        let name = self.take_while(is_word);
        if name.is_empty() {
            let hint =
                "a `.` stands between the parts of a field name, without blanks: `error.type`";
            return self.error(
                codes::UNEXPECTED_CHARACTER,
                start,
                "a `.` without a name",
                hint,
            );
        }
        Token::Member(name.to_owned())
    }

    fn string(&mut self, quote: char, start: usize) -> Token {
        self.bump();
        let mut value = String::new();
        while let Some(next) = self.bump() {
            match next {
                _ if next == quote => return Token::Text(value),
                '\\' => self.escape(&mut value),
                _ => value.push(next),
            }
        }
        let line = self.text[start..].find('\n');
        let end = line.map_or(self.text.len(), |length| start + length);
        let hint = format!("close it with {quote}, or write \\{quote} for one inside the text");
        self.errors.push(
            Diagnostic::new(codes::UNTERMINATED, start..end, "the text is never closed")
                .label("begins here")
                .hint(hint),
        );
        Token::Bad
    }

    /// Reads what follows a backslash in a text; what is no known escape keeps its backslash (D18).
    fn escape(&mut self, value: &mut String) {
        match self.bump() {
            Some(quote @ ('"' | '\'' | '\\')) => value.push(quote),
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some(other) => value.extend(['\\', other]),
            None => {}
        }
    }

    fn regex(&mut self, start: usize) -> Token {
        self.bump();
        let mut source = String::new();
        while let Some(next) = self.bump() {
            match next {
                '/' => return self.regex_end(source, start),
                '\n' => break,
                '\\' => match self.bump() {
                    Some('/') => source.push('/'),
                    Some(other) => source.extend(['\\', other]),
                    None => {}
                },
                _ => source.push(next),
            }
        }
        let hint = "close it with / on the same line, and write \\/ for a slash inside";
        self.error(
            codes::UNTERMINATED,
            start,
            "the regular expression is never closed",
            hint,
        )
    }

    fn regex_end(&mut self, source: String, start: usize) -> Token {
        let end = self.at;
        let flags = self.take_while(|c| c.is_ascii_alphanumeric());
        if flags.is_empty() {
            return Token::Regex(source);
        }
        let body = &self.text[start + 1..end - 1];
        let hint = if flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'x')) {
            format!("write the flag inside: `/(?{flags}){body}/`")
        } else {
            "write a slash inside the expression as \\/".to_owned()
        };
        self.errors.push(
            Diagnostic::new(
                codes::REGEX_FLAGS,
                end..self.at,
                "nothing can stand right behind a regular expression",
            )
            .label("flags do not go here")
            .hint(hint),
        );
        // The expression itself is well, and what follows can be checked.
        Token::Regex(source)
    }

    fn number(&mut self, start: usize) -> Token {
        let digits = self.take_while(|c| c.is_ascii_digit());
        if self.rest().starts_with('.')
            && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            self.bump();
            self.take_while(|c| c.is_ascii_digit());
        }
        self.exponent();
        let number = &self.text[start..self.at];
        let unit = self.take_while(is_word);
        if unit.is_empty() {
            return Token::Number(number.to_owned());
        }
        match (Unit::parse(unit), digits.parse()) {
            (Some(unit), Ok(count)) if digits == number => Token::Period(count, unit),
            (Some(_), _) => self.error(
                codes::BAD_PERIOD,
                start,
                "the number of a period must be whole",
                "use a smaller unit: `90m` for one and a half hours",
            ),
            (None, _) => self.bad_unit(start, unit),
        }
    }

    fn bad_unit(&mut self, start: usize, unit: &str) -> Token {
        let known = Unit::SPELLINGS.iter().map(|(name, _)| *name);
        let hint = suggest::did_you_mean(unit, known)
            .unwrap_or_else(|| "units are ms, s, m, h, d, w, mo, q, y, as in `5m`".to_owned());
        let message = format!("`{unit}` is not a unit of time");
        self.error(codes::BAD_PERIOD, start, message, hint)
    }

    fn exponent(&mut self) {
        let rest = self.rest();
        let Some(power) = rest.strip_prefix(['e', 'E']) else {
            return;
        };
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        let length = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        if length > 0 {
            self.at += rest.len() - digits.len() + length;
        }
    }

    fn sign(&mut self, first: char, start: usize) -> Token {
        let rest = self.rest();
        match first {
            ':' if rest.starts_with("://") => return self.address(start),
            '$' if rest.starts_with("$.") => return self.selector(start),
            '{' if rest.trim_start_matches(['{', ' ']).starts_with("$.") => {
                return self.json_pattern(start);
            }
            '$' | '{' => return self.placeholder(start),
            '\u{201c}' | '\u{2018}' => return self.typographic(start),
            _ => {}
        }
        if let Some((wrong, right)) = FOREIGN.iter().find(|(wrong, _)| rest.starts_with(wrong)) {
            self.at += wrong.len();
            let message = format!("`{wrong}` is not an operator of this language");
            return self.error(codes::FOREIGN_OPERATOR, start, message, *right);
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(sign.text())) {
            self.at += sign.text().len();
            return Token::Sign(*sign);
        }
        if first.is_alphabetic() {
            return self.foreign_name(start);
        }
        self.bump();
        let hint = match first {
            ';' => "commands are separated by `|`",
            _ => "texts stand in quotes, field names with other signs in backticks",
        };
        let message = format!("`{}` means nothing here", first.escape_debug());
        self.error(codes::UNEXPECTED_CHARACTER, start, message, hint)
    }

    /// Complains about `${name}`, `{{name}}` and `$Name(...)`, all of it.
    fn placeholder(&mut self, start: usize) -> Token {
        self.take_while(|c| matches!(c, '$' | '{'));
        self.take_while(is_word);
        self.take_while(|c| c == '}');
        let message = "a placeholder that nothing fills in";
        let hint = "parameters, written `${name}`, belong in saved queries";
        self.error(codes::UNEXPECTED_CHARACTER, start, message, hint)
    }

    /// Complains about `$.name`, as filter patterns and JSON paths have it.
    fn selector(&mut self, start: usize) -> Token {
        self.take_while(|c| matches!(c, '$' | '.'));
        let name = self.take_while(|c| is_word(c) || c == '.');
        let hint = format!("a field is its path alone: `{name}`");
        let message = "`$.` belongs in filter patterns";
        self.error(codes::UNEXPECTED_CHARACTER, start, message, hint)
    }

    /// Complains about a filter pattern, which a query cannot go on behind.
    fn json_pattern(&mut self, start: usize) -> Token {
        self.take_while(|_| true);
        let hint = "look for a pattern with `logq filter`, or put it in front of a query with `-p`";
        let message = "a filter pattern where a query is read";
        self.error(codes::UNEXPECTED_CHARACTER, start, message, hint)
    }

    /// Complains about a text in quotes that are none, all of it.
    fn typographic(&mut self, start: usize) -> Token {
        self.bump();
        let text = self.take_while(|c| !matches!(c, '\u{201d}' | '\u{2019}' | '\n'));
        self.bump();
        let message = "quotes from a text editor, which do not quote";
        let hint = format!("use the plain ones of the keyboard: \"{text}\"");
        self.error(codes::UNEXPECTED_CHARACTER, start, message, hint)
    }

    /// Complains about an address without quotes, all of it.
    fn address(&mut self, start: usize) -> Token {
        self.take_while(|c| !c.is_whitespace() && c != '|');
        let hint = "texts stand in quotes: `referrer = \"http://10.0.0.1/\"`";
        let message = "an address without quotes";
        self.error(codes::UNEXPECTED_CHARACTER, start, message, hint)
    }

    fn error(
        &mut self,
        code: Code,
        start: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Token {
        let label = match code {
            codes::UNTERMINATED => "begins here",
            codes::FOREIGN_OPERATOR => "not an operator",
            codes::BAD_PERIOD => "not a period",
            _ => "",
        };
        let one = Diagnostic::new(code, start..self.at, message);
        self.errors.push(one.label(label).hint(hint.into()));
        Token::Bad
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@')
}

/// Signs, the longer of two that begin alike first.
const SIGNS: &[Sign] = &[
    Sign::Matches,
    Sign::NotEqual,
    Sign::LessEqual,
    Sign::GreaterEqual,
    Sign::Pipe,
    Sign::Comma,
    Sign::Open,
    Sign::Close,
    Sign::OpenList,
    Sign::CloseList,
    Sign::Colon,
    Sign::Equal,
    Sign::Less,
    Sign::Greater,
    Sign::Not,
    Sign::Plus,
    Sign::Minus,
    Sign::Star,
    Sign::Slash,
    Sign::Percent,
    Sign::Caret,
];

/// Operators of other languages, and what to write instead.
const FOREIGN: &[(&str, &str)] = &[
    ("==", "equality is a single `=`: `status = 500`"),
    ("!~", "write `not like`: `message not like /timeout/`"),
    ("<>", "write `!=`: `status != 200`"),
    ("&&", "write `and`"),
    ("||", "write `or`; a single `|` separates commands"),
    ("&", "write `and`"),
    (
        "?",
        "write `if(condition, then, else)`: `fields if(status >= 500, 1, 0) as failed`",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let (tokens, errors) = tokens(text);
        assert_eq!(errors, [], "{text}");
        let shown: Vec<String> = tokens
            .iter()
            .map(|one| match &one.token {
                Token::Text(text) => format!("{text:?}"),
                Token::Regex(source) => format!("/{source}/"),
                Token::Word { text, quoted: true } => format!("`{text}`"),
                Token::Word { text, .. } | Token::Number(text) => text.clone(),
                Token::End => String::new(),
                other => other.to_string().replace('`', "").replace("period ", ""),
            })
            .collect();
        assert_eq!(shown.join(" ").trim_end(), expect, "{text}");
    }

    fn check_error(text: &str, code: Code) {
        let (_, errors) = tokens(text);
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert_eq!(errors[0].code, code, "{text}");
    }

    #[test]
    fn a_slash_divides_after_an_operand() {
        check("fields a / b / 2", "fields a / b / 2");
        check("fields (a) / b / 2", "fields ( a ) / b / 2");
        check("filter a like /x/ and b", "filter a like /x/ and b");
    }

    #[test]
    fn a_slash_in_parse_begins_a_regular_expression() {
        check(r"parse /a\/b/", "parse /a/b/");
        check("PARSE x /a|b/ | fields a/b", "PARSE x /a|b/ | fields a / b");
    }

    #[test]
    fn names_and_members() {
        check("a.b.0 `a-b`.c @`x:y`", "a .b .0 `a-b` .c `@x:y`");
        check("jsonParse(x).a[0]", "jsonParse ( x ) .a [ 0 ]");
    }

    #[test]
    fn numbers_and_periods() {
        check("1.6e-11 5m 1hrs 12 1e3", "1.6e-11 5m 1h 12 1e3");
        check_error("3parsecs", codes::BAD_PERIOD);
        check_error("1.5h", codes::BAD_PERIOD);
    }

    #[test]
    fn texts_keep_unknown_escapes() {
        check(r#""a\"b\n\d""#, r#""a\"b\n\\d""#);
        check(r#"'a"b'"#, r#""a\"b""#);
    }

    #[test]
    fn comments_end_with_the_line() {
        check("fields a # b | c\n| limit 5 # x", "fields a | limit 5");
        check(r#"filter a = "x # y""#, r#"filter a = "x # y""#);
    }

    #[test]
    fn what_cannot_be_read() {
        check_error("filter a = \"abc", codes::UNTERMINATED);
        check_error("filter a like /abc", codes::UNTERMINATED);
        check_error("fields `abc", codes::UNTERMINATED);
        check_error("filter a like /x/i", codes::REGEX_FLAGS);
        check_error("filter a == 1", codes::FOREIGN_OPERATOR);
        check_error("filter größe = 1", codes::UNEXPECTED_CHARACTER);
        check_error("filter a; b", codes::UNEXPECTED_CHARACTER);
        check_error(&"x".repeat(LONGEST + 1), codes::QUERY_TOO_LONG);
    }
}
