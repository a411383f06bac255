//! From tokens to the tree: recursive descent, one function for each rule of the grammar.
//!
//! A command that cannot be read is complained about once and left out; reading goes on behind the next `|`,
//! so that one run shows every mistake. Names are not looked up here.

mod commands;
mod expr;
mod hints;
mod row_commands;
#[cfg(test)]
mod tests;

use super::ast::{
    Command, Field, Name, Period, Query, Regex, Select, SelectOption, Source, Span, Text,
};
use super::lexer;
use super::token::{Sign, Spanned, Token};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::suggest;

pub use commands::Entry;

/// How deep parentheses, `not`, calls and subqueries may stand inside each other.
const DEEPEST: usize = 100;

/// How many arithmetic operators a query may have: with [`DEEPEST`] the limit of a tree's height.
const MOST_OPERATORS: usize = 500;

/// Reads a query, or returns all that is wrong with its form.
pub fn parse(text: &str) -> Result<Query, Diagnostics> {
    let (tokens, errors) = lexer::tokens(text);
    let mut parser = Parser {
        tokens,
        at: 0,
        errors,
        depth: 0,
        operators: 0,
        example: commands::EXAMPLE,
    };
    let query = parser.whole();
    if parser.errors.is_empty() {
        return Ok(query);
    }
    parser.errors.sort_by_key(|one| one.span.start);
    Err(Diagnostics(parser.errors))
}

/// Walks all commands of the language, in the order in which they are explained.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    commands::COMMANDS.iter()
}

/// Returns the words that begin a command, for suggestions.
pub fn command_words() -> impl Iterator<Item = &'static str> {
    commands::words()
}

/// What stands here cannot be read; the complaint is already written down.
#[derive(Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    errors: Vec<Diagnostic>,
    depth: usize,
    operators: usize,
    /// The right form of the current command.
    example: &'static str,
}

/// Queries.
impl Parser {
    fn whole(&mut self) -> Query {
        let start = self.span();
        let mut commands = Vec::new();
        let source = self.source().unwrap_or_else(|Failed| {
            self.skip_command();
            None
        });
        let mut more = source.is_none() || self.accept(Sign::Pipe);
        while more {
            match self
                .command()
                .and_then(|command| self.end_of_command(command))
            {
                Ok(command) => commands.push(command),
                Err(Failed) => self.skip_command(),
            }
            more = self.accept(Sign::Pipe);
        }
        if source.is_some() && self.errors.is_empty() && *self.token() != Token::End {
            self.unexpected("`|`");
        }
        Query {
            span: start.to(self.span()),
            source,
            commands,
        }
    }

    /// Reads a query in parentheses; one mistake gives all of it up.
    fn subquery(&mut self) -> Parsed<Box<Query>> {
        self.nested(|parser| {
            let open = parser.span();
            parser.expect(Sign::Open)?;
            let source = parser.source()?;
            let mut commands = Vec::new();
            let mut more = source.is_none() || parser.accept(Sign::Pipe);
            while more {
                commands.push(parser.command()?);
                more = parser.accept(Sign::Pipe);
            }
            parser.close(open, Sign::Close)?;
            let span = open.to(parser.before());
            Ok(Box::new(Query {
                span,
                source,
                commands,
            }))
        })
    }

    fn command(&mut self) -> Parsed<Command> {
        let word = self.span();
        self.example = commands::EXAMPLE;
        let Some(name) = self.word().map(str::to_owned) else {
            return Err(self.unexpected("a command"));
        };
        let Some(entry) = commands::find(&name) else {
            return Err(self.unknown_command(&name, word));
        };
        self.at += 1;
        self.example = entry.example;
        let kind = (entry.parse)(self)?;
        Ok(Command {
            span: word.to(self.before()),
            word,
            kind,
        })
    }

    fn unknown_command(&mut self, name: &str, word: Span) -> Failed {
        let elsewhere = commands::ELSEWHERE.iter();
        let known = elsewhere
            .clone()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, hint)| (*hint).to_owned());
        let hint = known
            .or_else(|| suggest::did_you_mean(name, commands::words()))
            .unwrap_or_else(|| {
                "commands are fields, filter, stats, sort, limit, parse, display, dedup".to_owned()
            });
        self.errors.push(
            Diagnostic::new(
                codes::UNKNOWN_COMMAND,
                word.range(),
                format!("unknown command `{name}`"),
            )
            .label("not a command")
            .hint(hint),
        );
        Failed
    }

    fn end_of_command(&mut self, command: Command) -> Parsed<Command> {
        match self.token() {
            Token::Sign(Sign::Pipe) | Token::End => Ok(command),
            _ => Err(self.unexpected("`|` or the end of the query")),
        }
    }

    /// Goes on to the `|` that ends the command, over those inside parentheses.
    fn skip_command(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.token() {
                Token::End => return,
                Token::Sign(Sign::Pipe) if open == 0 => return,
                Token::Sign(Sign::Open) => open += 1,
                Token::Sign(Sign::Close) => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn source(&mut self) -> Parsed<Option<Source>> {
        let start = self.span();
        if !self.keyword("source") {
            return Ok(None);
        }
        self.example = "SOURCE '/ecs/production-batch' | fields @message";
        let select = self.select()?;
        Ok(Some(Source {
            span: start.to(self.before()),
            select,
        }))
    }

    fn select(&mut self) -> Parsed<Select> {
        if let Token::Text(_) = self.token() {
            return Ok(Select::Group(self.text()?));
        }
        let name = self.name("a log group's name in quotes, or `logGroups`")?;
        let open = self.span();
        self.expect(Sign::Open)?;
        let select = match name.text.to_ascii_lowercase().as_str() {
            "loggroups" => Select::Groups(self.select_options()?),
            "datasource" | "loggrouptags" => {
                let texts = self.text_list()?;
                Select::Service(name, texts)
            }
            _ => {
                self.at -= 2;
                return Err(self.unexpected("`logGroups`, `dataSource` or `logGroupTags`"));
            }
        };
        self.close(open, Sign::Close)?;
        Ok(select)
    }

    fn select_options(&mut self) -> Parsed<Vec<SelectOption>> {
        if *self.token() == Token::Sign(Sign::Close) {
            return Ok(Vec::new());
        }
        self.separated(|parser| {
            let name = parser.name("`namePrefix`")?;
            parser.expect(Sign::Colon)?;
            let values = parser.text_list()?;
            Ok(SelectOption { name, values })
        })
    }

    fn text_list(&mut self) -> Parsed<Vec<Text>> {
        let open = self.span();
        self.expect(Sign::OpenList)?;
        let texts = self.separated(Self::text)?;
        self.close(open, Sign::CloseList)?;
        Ok(texts)
    }
}

/// Tokens.
impl Parser {
    fn token(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].token
    }

    fn token_after(&self, count: usize) -> &Token {
        &self.tokens[(self.at + count).min(self.tokens.len() - 1)].token
    }

    fn span(&self) -> Span {
        self.tokens[self.at.min(self.tokens.len() - 1)].span
    }

    /// Returns the place of the token that was read last.
    fn before(&self) -> Span {
        self.tokens[self.at.saturating_sub(1).min(self.tokens.len() - 1)].span
    }

    /// Returns the word that stands here, unless it is in backticks.
    fn word(&self) -> Option<&str> {
        match self.token() {
            Token::Word {
                text,
                quoted: false,
            } => Some(text),
            _ => None,
        }
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        self.word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// Says whether the token after this one is the keyword.
    fn is_keyword_after(&self, keyword: &str) -> bool {
        matches!(self.token_after(1), Token::Word { text, quoted: false } if text.eq_ignore_ascii_case(keyword))
    }

    /// Takes the keyword, if it stands here.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.at += usize::from(found);
        found
    }

    /// Takes the sign, if it stands here.
    fn accept(&mut self, sign: Sign) -> bool {
        let found = *self.token() == Token::Sign(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: Sign) -> Parsed<()> {
        if self.accept(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{}`", sign.text())))
    }

    fn expect_keyword(&mut self, keyword: &str) -> Parsed<()> {
        if self.keyword(keyword) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{keyword}`")))
    }

    /// Expects the sign that closes what was opened at `open`.
    fn close(&mut self, open: Span, sign: Sign) -> Parsed<()> {
        if self.accept(sign) {
            return Ok(());
        }
        if !matches!(self.token(), Token::End | Token::Sign(Sign::Pipe)) {
            return Err(self.unexpected(&format!("`{}`", sign.text())));
        }
        let what = if sign == Sign::Close {
            "parenthesis"
        } else {
            "bracket"
        };
        let one = Diagnostic::new(
            codes::UNBALANCED,
            open.range(),
            format!("the {what} is never closed"),
        );
        let hint = format!("a `{}` is missing", sign.text());
        self.errors.push(one.label("opened here").hint(hint));
        Err(Failed)
    }

    /// Reads one or more, with commas between.
    fn separated<T>(&mut self, mut one: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.accept(Sign::Comma) {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn name(&mut self, expected: &str) -> Parsed<Name> {
        let span = self.span();
        let Some(text) = self.word().map(str::to_owned) else {
            return Err(self.unexpected(expected));
        };
        self.at += 1;
        Ok(Name { span, text })
    }

    fn text(&mut self) -> Parsed<Text> {
        let span = self.span();
        let Token::Text(value) = self.token() else {
            return Err(self.unexpected("a text in quotes"));
        };
        let value = value.clone();
        self.at += 1;
        Ok(Text { span, value })
    }

    fn regex(&mut self) -> Parsed<Regex> {
        let span = self.span();
        let Token::Regex(source) = self.token() else {
            return Err(self.unexpected("a regular expression such as /(?i)error/"));
        };
        let source = source.clone();
        self.at += 1;
        Ok(Regex { span, source })
    }

    fn integer(&mut self) -> Parsed<(u64, Span)> {
        let span = self.span();
        let number = match self.token() {
            Token::Number(text) => text.parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            return Err(self.unexpected("a whole number"));
        };
        self.at += 1;
        Ok((number, span))
    }

    fn period(&mut self) -> Parsed<Period> {
        let span = self.span();
        let Token::Period(count, unit) = *self.token() else {
            return Err(self.unexpected("a period such as `5m`"));
        };
        self.at += 1;
        Ok(Period { span, count, unit })
    }

    fn field(&mut self) -> Parsed<Field> {
        let start = self.span();
        let first = match self.token() {
            Token::Word { text, quoted } if *quoted || !is_reserved(text) => text.clone(),
            _ => return Err(self.unexpected("a field name")),
        };
        self.at += 1;
        let mut path = vec![first];
        while let Some(part) = self.path_part()? {
            path.push(part);
        }
        let span = start.to(self.before());
        Ok(Field { span, path })
    }

    /// Reads `.name`, `.0` or `[0]` when it stands right behind the token before.
    fn path_part(&mut self) -> Parsed<Option<String>> {
        if self.before().end != self.span().start {
            return Ok(None);
        }
        match self.token() {
            Token::Member(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(Some(name))
            }
            Token::Sign(Sign::OpenList) => {
                let open = self.span();
                self.at += 1;
                let (position, _) = self.integer()?;
                self.close(open, Sign::CloseList)?;
                Ok(Some(position.to_string()))
            }
            _ => Ok(None),
        }
    }

    fn fields(&mut self) -> Parsed<Vec<Field>> {
        self.separated(Self::field)
    }

    /// Reads `as name`, if it stands here.
    fn alias(&mut self) -> Parsed<Option<Field>> {
        if !self.keyword("as") {
            return Ok(None);
        }
        self.field().map(Some)
    }
}

/// Complaints.
impl Parser {
    /// Says what was expected instead of the token that stands here.
    fn unexpected(&mut self, expected: &str) -> Failed {
        if *self.token() == Token::Bad {
            return Failed;
        }
        let span = self.span();
        let message = format!("unexpected {}", self.token());
        let one = Diagnostic::new(codes::UNEXPECTED_TOKEN, span.range(), message);
        let hint = self.hint(expected);
        self.errors
            .push(one.label(format!("expected {expected}")).hint(hint));
        Failed
    }

    fn complain(&mut self, code: Code, span: Span, message: &str, hint: &str) -> Failed {
        let one = Diagnostic::new(code, span.range(), message);
        self.errors.push(one.hint(hint.to_owned()));
        Failed
    }

    /// Goes one level deeper, unless that is too deep.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEEPEST {
            let hint = "split the condition into several `filter` commands";
            let span = self.span();
            return Err(self.complain(codes::TOO_DEEP, span, "nested too deep", hint));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Counts an operator that makes the tree higher.
    fn count_operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators <= MOST_OPERATORS {
            return Ok(());
        }
        let span = self.span();
        let hint = "split the expression over several `fields` commands";
        Err(self.complain(
            codes::TOO_DEEP,
            span,
            "too many operators in one query",
            hint,
        ))
    }
}

/// Says whether a word has a meaning between operands, so that a field of that name needs backticks.
pub(super) fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "and", "or", "not", "like", "in", "as", "by", "true", "false",
    ];
    RESERVED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}
