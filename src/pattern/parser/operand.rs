//! Operators and the values behind them, which both bracketed kinds share.

use super::Parser;
use crate::diagnostic::codes;
use crate::pattern::lexer::{Kind, is_value_char};
use crate::pattern::tree::{Comparison, Form, Operator, Span, Value, quoted};

/// Parses an operator and its value when the next token is an operator, right or wrong.
///
/// The outer option tells whether there is one, the inner whether it is free of mistakes.
pub(super) fn comparison(parser: &mut Parser<'_, '_>) -> Option<Option<Comparison>> {
    let operator = match parser.peek()? {
        Kind::Operator(operator) => Some(*operator),
        Kind::OddOperator(fix) if !matches!(*fix, "&&" | "||") => {
            let fix = *fix;
            odd_operator(parser, fix);
            None
        }
        _ => return None,
    };
    parser.at += 1;
    let operand = value(parser);
    Some(
        operator
            .zip(operand)
            .map(|(operator, operand)| Comparison { operator, operand }),
    )
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
    if ends_value(parser) {
        operand_missing(parser);
        return None;
    }
    let first = parser.next()?;
    let made = |form, text| {
        let span = first.span.clone();
        Some(Value { form, text, span })
    };
    match first.kind {
        Kind::Bare if !goes_on(parser) => made(Form::Bare, parser.slice(&first.span).to_owned()),
        Kind::Quoted(text) if !parser.touches() || ends_value(parser) => made(Form::Quoted, text),
        Kind::Regex(text) if !parser.touches() || ends_value(parser) => made(Form::Regex, text),
        Kind::Quoted(_) | Kind::Regex(_) => {
            trailing(parser, &first.span);
            None
        }
        Kind::OddlyQuoted(text) => {
            let message = format!(
                "`{}` does not quote",
                parser.text[first.span.start..].chars().next()?
            );
            let hint = format!("write `{}`", quoted(&text));
            let label = "only `\"` quotes";
            parser.error(codes::CHARACTER_UNQUOTED, first.span, message, label, hint);
            None
        }
        Kind::Selector => {
            let message = "a selector cannot be a value";
            let hint = format!(
                "for the text itself write `{}`",
                quoted(parser.slice(&first.span))
            );
            let label = "conditions compare with a fixed value";
            parser.error(codes::OPERAND_MALFORMED, first.span, message, label, hint);
            None
        }
        Kind::Operator(_) | Kind::OddOperator(_) => {
            let message = format!("unexpected `{}`", parser.slice(&first.span));
            let hint = "there is one operator, then one value";
            parser.error(
                codes::OPERATOR_UNKNOWN,
                first.span,
                message,
                "a value expected here",
                hint,
            );
            None
        }
        _ => {
            unquoted(parser, &first.span);
            None
        }
    }
}

fn operand_missing(parser: &mut Parser<'_, '_>) {
    if parser.cut && parser.peek().is_none() {
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
        None
        | Some(
            Kind::And
            | Kind::Or
            | Kind::Close
            | Kind::Comma
            | Kind::BraceClose
            | Kind::BracketClose,
        ) => true,
        Some(Kind::OddOperator(fix)) => matches!(*fix, "&&" | "||"),
        Some(Kind::Bare) => joins(parser.word()),
        Some(_) => false,
    }
}

fn joins(word: &str) -> bool {
    word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or")
}

/// Returns whether an unquoted value goes on in a way that needs quotes, and reports it then.
fn goes_on(parser: &mut Parser<'_, '_>) -> bool {
    let touches = parser.touches();
    if ends_value(parser) && !(touches && parser.peek() == Some(&Kind::Bare)) {
        return false;
    }
    // Parentheses and selectors begin something new, unless they touch.
    if !touches && matches!(parser.peek(), Some(Kind::Open | Kind::Selector)) {
        return false;
    }
    let first = parser.tokens[parser.at - 1].span.clone();
    unquoted(parser, &first);
    true
}

/// Reports a value that needs quotes; it goes as far as nothing else can begin.
fn unquoted(parser: &mut Parser<'_, '_>, first: &Span) {
    while !ends_value(parser)
        && (parser.touches() || !matches!(parser.peek(), Some(Kind::Open | Kind::Selector)))
    {
        parser.at += 1;
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
