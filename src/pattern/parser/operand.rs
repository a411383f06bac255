//! Operators and the values behind them, which both bracketed kinds share.

use super::Parser;
use crate::diagnostic::codes;
use crate::pattern::lexer::{Kind, Token, is_joining_word, is_value_char};
use crate::pattern::tree::{Comparison, Form, Operator, Span, Value, quoted};

/// Returns whether the token is an operator before a value, right or wrong.
pub(super) fn is_operator(kind: &Kind) -> bool {
    match kind {
        Kind::Operator(_) => true,
        Kind::OddOperator(fix) => !matches!(*fix, "&&" | "||"),
        _ => false,
    }
}

/// Parses an operator and its value; nothing when either has a mistake.
pub(super) fn comparison(parser: &mut Parser<'_, '_>) -> Option<Comparison> {
    let operator = operator(parser);
    parser.at += 1;
    let operand = value(parser)?;
    let operator = operator?;
    Some(Comparison { operator, operand })
}

fn operator(parser: &mut Parser<'_, '_>) -> Option<Operator> {
    match parser.peek()? {
        Kind::Operator(operator) => return Some(*operator),
        Kind::OddOperator(fix) => {
            let fix = *fix;
            odd_operator(parser, fix);
        }
        _ => {}
    }
    None
}

fn odd_operator(parser: &mut Parser<'_, '_>, fix: &str) {
    let span = parser.span();
    let message = format!("unknown operator `{}`", parser.word());
    let hint = format!("write `{fix}`");
    parser.error(
        codes::OPERATOR_UNKNOWN,
        span,
        message,
        "not an operator here",
        hint,
    );
}

fn value(parser: &mut Parser<'_, '_>) -> Option<Value> {
    if lacks_value(parser) {
        operand_missing(parser);
        return None;
    }
    let first = parser.next()?;
    if parser.is_cut_here() {
        return None;
    }
    let alone = !parser.touches() || ends_value(parser);
    let (form, text) = match &first.kind {
        // As a value, three points are only text.
        Kind::Bare | Kind::Ellipsis if !goes_on(parser) => {
            (Form::Bare, parser.slice(&first.span).to_owned())
        }
        Kind::Quoted(text) if alone => (Form::Quoted, text.clone()),
        Kind::Regex(text) if alone => (Form::Regex, text.clone()),
        _ => {
            odd_value(parser, &first);
            return None;
        }
    };
    let span = first.span;
    Some(Value { form, text, span })
}

/// Explains what stands where a value should be.
fn odd_value(parser: &mut Parser<'_, '_>, first: &Token) {
    let span = first.span.clone();
    let written = parser.slice(&span);
    match &first.kind {
        Kind::Quoted(_) | Kind::Regex(_) => trailing(parser, &span),
        Kind::OddlyQuoted(text) => {
            let quote = written.chars().next().unwrap_or_default();
            let message = format!("`{quote}` does not quote");
            let hint = format!("write `{}`", quoted(text));
            let label = "only `\"` quotes";
            parser.error(codes::CHARACTER_UNQUOTED, span, message, label, hint);
        }
        Kind::Selector => {
            let message = "a selector cannot be a value";
            let hint = format!("for the text itself write `{}`", quoted(written));
            let label = "conditions compare with a fixed value";
            parser.error(codes::OPERAND_MALFORMED, span, message, label, hint);
        }
        Kind::Operator(_) | Kind::OddOperator(_) => {
            let message = format!("unexpected `{written}`");
            let hint = "there is one operator, then one value";
            let label = "a value expected here";
            parser.error(codes::OPERATOR_UNKNOWN, span, message, label, hint);
        }
        _ => unquoted(parser, &span),
    }
}

fn operand_missing(parser: &mut Parser<'_, '_>) {
    if parser.is_cut_here() {
        return;
    }
    let span = parser.before()..parser.before();
    let hint = "write a value such as `ERROR`, `\"two words\"` or `404`";
    let message = "the comparison has no value";
    parser.error(
        codes::OPERAND_MISSING,
        span,
        message,
        "a value expected here",
        hint,
    );
}

/// Returns whether no value can go on with the next token.
fn ends_value(parser: &Parser<'_, '_>) -> bool {
    match parser.peek() {
        // A word that other languages join conditions with; as the value itself it is one like any other.
        Some(Kind::Bare) => is_joining_word(parser.word()),
        _ => lacks_value(parser),
    }
}

/// Returns whether no value begins with the next token.
fn lacks_value(parser: &Parser<'_, '_>) -> bool {
    match parser.peek() {
        None | Some(Kind::And | Kind::Or | Kind::Close) => true,
        Some(Kind::OddOperator(fix)) => matches!(*fix, "&&" | "||"),
        Some(Kind::Comma | Kind::BracketClose) => parser.is_delimited(),
        Some(Kind::BraceClose) => !parser.is_delimited(),
        Some(_) => false,
    }
}

/// Returns whether an unquoted value goes on in a way that needs quotes.
fn goes_on(parser: &Parser<'_, '_>) -> bool {
    let touches = parser.touches();
    if ends_value(parser) && !(touches && parser.peek() == Some(&Kind::Bare)) {
        return false;
    }
    // Parentheses and selectors begin something new, unless they touch.
    if !touches && matches!(parser.peek(), Some(Kind::Open | Kind::Selector)) {
        return false;
    }
    true
}

/// Reports a value that needs quotes; it goes as far as nothing else can begin.
fn unquoted(parser: &mut Parser<'_, '_>, first: &Span) {
    let mut open = 0_usize;
    while goes_further(parser, open) {
        match parser.peek() {
            Some(Kind::Open) => open += 1,
            Some(Kind::Close) => open -= 1,
            _ => {}
        }
        parser.at += 1;
    }
    if parser.is_cut_here() {
        return;
    }
    let whole = first.start..parser.before();
    let text = parser.slice(&whole);
    let start = text.find(|c| !is_value_char(c)).unwrap_or(0);
    let length = text[start..]
        .find(is_value_char)
        .unwrap_or(text.len() - start);
    let odd = &text[start..start + length];
    let hint = format!("write `{}`", quoted(text));
    if odd.trim().is_empty() {
        let message = "a value with a blank must be quoted";
        parser.error(
            codes::CHARACTER_UNQUOTED,
            whole,
            message,
            "quotes missing",
            hint,
        );
    } else {
        let span = whole.start + start..whole.start + start + length;
        let message = format!("`{odd}` must be quoted");
        let label = "unquoted values hold letters, digits and `_ . * + -`";
        parser.error(codes::CHARACTER_UNQUOTED, span, message, label, hint);
    }
}

/// Returns whether an unquoted value with `open` parentheses of its own surely goes on.
fn goes_further(parser: &Parser<'_, '_>, open: usize) -> bool {
    match parser.peek() {
        Some(Kind::Open | Kind::Selector) => parser.touches(),
        Some(Kind::Close) => open > 0,
        _ => !ends_value(parser),
    }
}

/// Reports text that touches a closing quote.
fn trailing(parser: &mut Parser<'_, '_>, first: &Span) {
    let start = first.end;
    while parser.touches() && !ends_value(parser) {
        parser.at += 1;
    }
    let span = start..parser.before();
    let close = &parser.text[start - 1..start];
    let message = format!("text right behind the closing `{close}`");
    let inner = &parser.text[first.start + 1..first.end - 1];
    let hint = if close == "\"" {
        format!(
            "write `\"{inner}{}\"`",
            parser.slice(&span).replace('"', "\\\"")
        )
    } else {
        "one value is one regex; `%` itself is `\\x25`".to_owned()
    };
    parser.error(
        codes::QUOTE_TRAILING,
        span,
        message,
        "`&&`, `||` or the end expected",
        hint,
    );
}

impl Operator {
    /// Lists the operators for hints.
    pub(super) const ALL: &'static str = "`=`, `!=`, `<`, `<=`, `>`, `>=`";
}
