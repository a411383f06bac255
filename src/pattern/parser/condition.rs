//! JSON patterns: `{ $.selector operator value … }`.

use super::expression::{self, Grammar};
use super::{Parser, operand, selector};
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
                parser.notes.error(*error);
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
    if let Some(comparison) = operand::comparison(parser) {
        return comparison.map(Test::Compare);
    }
    match parser.peek() {
        Some(Kind::Bare) => keyword(parser, selector),
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

/// The keywords as they must be written, and what they ask.
const KEYWORDS: &[([&str; 2], Test)] = &[
    (["IS", "NULL"], Test::IsNull),
    (["IS", "TRUE"], Test::IsTrue),
    (["IS", "FALSE"], Test::IsFalse),
    (["NOT", "EXISTS"], Test::NotExists),
];

fn keyword(parser: &mut Parser<'_, '_>, selector: &str) -> Option<Test> {
    let first = parser.next()?;
    let second = match parser.peek() {
        Some(Kind::Bare) => parser.word(),
        _ => "",
    };
    let words = [parser.slice(&first.span), second];
    if let Some((_, test)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == words) {
        parser.at += 1;
        return Some(test.clone());
    }
    let alike = |keyword: &[&str; 2]| {
        keyword[0].eq_ignore_ascii_case(words[0]) && keyword[1].eq_ignore_ascii_case(words[1])
    };
    let begins = |keyword: &[&str; 2]| keyword[0].eq_ignore_ascii_case(words[0]);
    let (message, hint) =
        if let Some((keyword, _)) = KEYWORDS.iter().find(|(keyword, _)| alike(keyword)) {
            parser.at += 1;
            (
                "keywords are written in capitals".to_owned(),
                format!("write `{} {}`", keyword[0], keyword[1]),
            )
        } else if words[0].eq_ignore_ascii_case("is") && words[1].eq_ignore_ascii_case("not") {
            parser.at += 1;
            take_bare(parser);
            let hint = format!("for any text or number write `{selector} = *`");
            ("there is no `IS NOT`".to_owned(), hint)
        } else if words[0].eq_ignore_ascii_case("exists") {
            let hint = format!("for any text or number write `{selector} = *`");
            ("there is no `EXISTS` without `NOT`".to_owned(), hint)
        } else if KEYWORDS.iter().any(|(keyword, _)| begins(keyword)) {
            take_bare(parser);
            (
                "unknown keyword".to_owned(),
                "known are `IS NULL`, `IS TRUE`, `IS FALSE` and `NOT EXISTS`".to_owned(),
            )
        } else {
            (
                format!("unknown operator `{}`", words[0]),
                other_operator(words[0], selector),
            )
        };
    let span = first.span.start..parser.before();
    parser.error(
        codes::KEYWORD_UNKNOWN,
        span,
        message,
        "not known here",
        hint,
    );
    None
}

fn take_bare(parser: &mut Parser<'_, '_>) {
    parser.at += usize::from(parser.peek() == Some(&Kind::Bare));
}

/// Says how to write what other languages have a word for.
fn other_operator(word: &str, selector: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "like" | "contains" => format!("write `{selector} = \"*text*\"`"),
        "matches" | "regex" => format!("write `{selector} = %regex%`"),
        "in" => format!("write `{selector} = \"a\" || {selector} = \"b\"`"),
        _ => format!("known are {}, `IS NULL` and `NOT EXISTS`", Operator::ALL),
    }
}
