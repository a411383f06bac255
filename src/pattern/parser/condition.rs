//! JSON patterns: `{ $.selector operator value … }`.

use super::expression::{self, Grammar};
use super::{Parser, keyword, operand, selector};
use crate::diagnostic::codes;
use crate::pattern::lexer::Kind;
use crate::pattern::tree::{Condition, Operator, Selector, Test, Tree, is_name_char};

/// Parses a pattern that begins with `{`.
pub(super) fn parse(parser: &mut Parser<'_, '_>) -> Option<Tree> {
    parser.at += 1;
    let expression = expression::parse::<Json>(parser);
    parser.finish(&Kind::BraceClose, '}');
    expression.map(Tree::Json)
}

struct Json;

impl Grammar for Json {
    type Atom = Condition;
    const EXAMPLE: &'static str = "$.levelname = \"ERROR\"";

    fn ends(kind: &Kind) -> bool {
        matches!(kind, Kind::BraceClose)
    }

    fn begins(kind: &Kind) -> bool {
        matches!(kind, Kind::Selector)
    }

    fn atom(parser: &mut Parser<'_, '_>) -> Option<Condition> {
        if parser.peek() != Some(&Kind::Selector) {
            selector_missing(parser);
            return None;
        }
        let span = parser.next()?.span;
        let written = parser.slice(&span);
        let selector = match selector::parse(written, span.start) {
            Ok(selector) => Some(selector),
            Err(error) => {
                parser.notes.error(error);
                None
            }
        };
        let test = test(parser, written)?;
        let selector: Selector = selector?;
        Some(Condition { selector, test })
    }
}

fn selector_missing(parser: &mut Parser<'_, '_>) {
    let span = parser.span();
    let word = parser.word();
    let name = match parser.peek() {
        Some(Kind::Bare) => word,
        Some(Kind::Quoted(text) | Kind::OddlyQuoted(text)) => text,
        _ => "",
    };
    let fixed = match name {
        "" => Json::EXAMPLE.to_owned(),
        name if name
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_name_char)) =>
        {
            format!("$.{name}")
        }
        name => format!("$.['{name}']"),
    };
    let swapped = match parser.tokens.get(parser.at + 1..parser.at + 3) {
        Some([operator, selector]) if selector.kind == Kind::Selector => {
            let operator = parser.slice(&operator.span);
            Some(format!(
                "{} {operator} {word}",
                parser.slice(&selector.span)
            ))
        }
        _ => None,
    };
    let hint = format!("write `{}`", swapped.unwrap_or(fixed));
    let message = format!("`{word}` is not a selector");
    let label = "a condition begins with `$.`";
    parser.error(codes::SELECTOR_MALFORMED, span, message, label, hint);
}

/// Parses what is asked of the selected node.
fn test(parser: &mut Parser<'_, '_>, selector: &str) -> Option<Test> {
    match parser.peek() {
        Some(kind) if operand::is_operator(kind) => operand::comparison(parser).map(Test::Compare),
        Some(Kind::Bare) => keyword::parse(parser, selector),
        None | Some(Kind::And | Kind::Or | Kind::Close | Kind::BraceClose) => {
            let end = parser.before();
            let hint = format!("for any text or number write `{selector} = *`");
            let message = format!("`{selector}` is compared with nothing");
            let label = "an operator expected here";
            parser.error(codes::COMPARISON_MISSING, end..end, message, label, hint);
            None
        }
        Some(_) => {
            let span = parser.span();
            let message = format!("unknown operator `{}`", parser.word());
            let hint = format!("known are {}, `IS NULL` and `NOT EXISTS`", Operator::ALL);
            parser.error(
                codes::OPERATOR_UNKNOWN,
                span,
                message,
                "an operator expected here",
                hint,
            );
            None
        }
    }
}
