//! Tokens to tree, with an explanation for everything that does not fit.
//!
//! After a mistake the parser goes on at the next place that is surely the start of something, so that it can
//! report the others too; the tree of a pattern with mistakes lacks the parts that have them.

mod condition;
mod delimited;
mod expression;
mod keyword;
mod operand;
mod selector;
mod terms;

use super::lexer::{self, Kind, Lexed, Token, is_blank};
use super::notes::Notes;
use super::tree::{Span, Tree, quoted};
use crate::diagnostic::{Code, Diagnostic, codes};

/// The service's limit on a pattern, in characters.
const LONGEST: usize = 1024;

/// Parses a pattern of any kind; nothing when no tree can be made of it.
pub(crate) fn parse(text: &str, notes: &mut Notes) -> Option<Tree> {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        let message = format!("the pattern has more than {LONGEST} characters");
        let error = Diagnostic::new(codes::PATTERN_TOO_LONG, end..text.len(), message)
            .label("from here on it is too long")
            .hint("split it, or shorten values with `*`".to_owned());
        notes.error(error);
        return None;
    }
    match text.trim_start_matches(is_blank).chars().next() {
        None => Some(Tree::Blank),
        Some('{') => {
            let lexed = lexer::lex_bracketed(text, notes);
            condition::parse(&mut Parser::new(text, lexed, notes))
        }
        Some('[') => {
            let lexed = lexer::lex_bracketed(text, notes);
            Some(delimited::parse(&mut Parser::new(text, lexed, notes)))
        }
        Some(_) => {
            let lexed = lexer::lex_terms(text, notes);
            terms::parse(&mut Parser::new(text, lexed, notes))
        }
    }
}

/// A place among the tokens of one pattern.
struct Parser<'a, 'n> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// Whether an unclosed string or regex has swallowed the end, whose absence then is no further mistake.
    cut: bool,
    notes: &'n mut Notes,
}

impl<'a, 'n> Parser<'a, 'n> {
    fn new(text: &'a str, lexed: Lexed, notes: &'n mut Notes) -> Self {
        Self {
            text,
            tokens: lexed.tokens,
            at: 0,
            cut: lexed.cut,
            notes,
        }
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn eat(&mut self, kind: &Kind) -> bool {
        let there = self.peek() == Some(kind);
        self.at += usize::from(there);
        there
    }

    /// Returns the place of the next token, or the empty place behind the last one.
    fn span(&self) -> Span {
        self.tokens
            .get(self.at)
            .map_or_else(|| self.end()..self.end(), |token| token.span.clone())
    }

    /// Returns where the last token taken ends.
    fn before(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(0, |token| token.span.end)
    }

    /// Returns where the text ends but for blanks.
    fn end(&self) -> usize {
        self.text.trim_end_matches(is_blank).len()
    }

    fn slice(&self, span: &Span) -> &'a str {
        &self.text[span.clone()]
    }

    /// Returns the text of the next token.
    fn word(&self) -> &'a str {
        self.slice(&self.span())
    }

    /// Returns whether the pattern is one of fields, where `,` and `]` end conditions.
    fn is_delimited(&self) -> bool {
        self.tokens
            .first()
            .is_some_and(|first| first.kind == Kind::BracketOpen)
    }

    /// Returns whether the last token taken is the unclosed one, which has been reported.
    fn is_cut_here(&self) -> bool {
        self.cut && self.peek().is_none()
    }

    /// Returns whether the next token follows the last one without a blank.
    fn touches(&self) -> bool {
        self.peek().is_some() && self.span().start == self.before()
    }

    fn error(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        label: &str,
        hint: impl Into<String>,
    ) {
        let error = Diagnostic::new(code, span, message)
            .label(label)
            .hint(hint.into());
        self.notes.error(error);
    }

    /// Reports what stands behind the closing bracket, or that there is none.
    fn finish(&mut self, close: &Kind, bracket: char) {
        if self.cut {
            return;
        }
        if !self.eat(close) {
            let end = self.end();
            let message = format!("the pattern does not end with `{bracket}`");
            let fixed = format!(
                "{} {bracket}",
                self.text[..end].trim_start_matches(is_blank)
            );
            let hint = format!("write `{}`", fixed.replace(" ]", "]"));
            let label = format!("`{bracket}` missing");
            self.error(codes::PATTERN_UNCLOSED, end..end, message, &label, hint);
        } else if self.peek().is_some() {
            let rest = self.span().start..self.end();
            let message = format!("text behind the closing `{bracket}`");
            let hint = if bracket == '}' {
                "leave it out; conditions go into one `{ … }`, joined by `&&` or `||`".to_owned()
            } else {
                let phrase = quoted(self.text.trim_matches(is_blank));
                format!("to look for the text as it is, write `{phrase}`")
            };
            let label = "the pattern has ended before this";
            self.error(codes::PATTERN_UNCLOSED, rest, message, label, hint);
        }
    }
}
