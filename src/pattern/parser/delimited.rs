//! Space-delimited patterns: `[name, name = value, ...]`.

use super::expression::{self, Grammar};
use super::{Parser, operand};
use crate::diagnostic::codes;
use crate::pattern::lexer::{Kind, is_joining_word, is_word_char};
use crate::pattern::tree::{Entry, FieldTest, Operator, Span, Tree, quoted};

/// Parses a pattern that begins with `[`.
pub(super) fn parse(parser: &mut Parser<'_, '_>) -> Tree {
    parser.at += 1;
    let mut entries = Vec::new();
    // Nothing at all between the brackets is no entry; behind a comma it is one.
    if parser
        .peek()
        .is_some_and(|kind| *kind != Kind::BracketClose)
    {
        entries.push(entry(parser));
        while parser.eat(&Kind::Comma) {
            entries.push(entry(parser));
        }
    }
    parser.finish(&Kind::BracketClose, ']');
    Tree::Delimited(entries)
}

fn entry(parser: &mut Parser<'_, '_>) -> Entry {
    let start = parser.span();
    match parser.peek() {
        None | Some(Kind::Comma | Kind::BracketClose) => Entry::Unnamed,
        Some(Kind::Ellipsis) => {
            parser.at += 1;
            if parser.peek().is_some_and(|kind| !Fields::ends(kind)) {
                ellipsis_condition(parser);
            }
            Entry::Ellipsis(start)
        }
        Some(_) => expression::parse::<Fields>(parser).map_or(Entry::Unnamed, Entry::Field),
    }
}

/// Reports what follows `...` in its entry.
fn ellipsis_condition(parser: &mut Parser<'_, '_>) {
    let start = parser.span().start;
    while parser.peek().is_some_and(|kind| !Fields::ends(kind)) {
        parser.at += 1;
    }
    let span = start..parser.before();
    let hint = "it stands for fields of no interest: put `,` behind it";
    parser.error(
        codes::FIELD_NAME,
        span,
        "`...` takes no condition",
        "`,` expected here",
        hint,
    );
}

struct Fields;

impl Grammar for Fields {
    type Atom = FieldTest;
    const EXAMPLE: &'static str = "level = ERROR";

    fn ends(kind: &Kind) -> bool {
        matches!(kind, Kind::Comma | Kind::BracketClose)
    }

    fn begins(kind: &Kind) -> bool {
        matches!(kind, Kind::Bare)
    }

    fn atom(parser: &mut Parser<'_, '_>) -> Option<FieldTest> {
        let name_span = name(parser)?;
        let name = parser.slice(&name_span).to_owned();
        let comparison = if parser.peek().is_some_and(operand::is_operator) {
            Some(operand::comparison(parser)?)
        } else {
            no_operator(parser)?;
            None
        };
        Some(FieldTest {
            name,
            name_span,
            comparison,
        })
    }
}

/// Parses a field's name; it may touch nothing but an operator or the end of the condition.
fn name(parser: &mut Parser<'_, '_>) -> Option<Span> {
    let first = parser.next()?;
    let follows = |kind: &Kind| {
        Fields::ends(kind)
            || matches!(
                kind,
                Kind::And | Kind::Or | Kind::Close | Kind::Operator(_) | Kind::OddOperator(_)
            )
    };
    while parser.touches() && parser.peek().is_some_and(|kind| !follows(kind)) {
        parser.at += 1;
    }
    let span = first.span.start..parser.before();
    let written = parser.slice(&span);
    if written.chars().all(is_word_char) {
        return Some(span);
    }
    let hint = match &first.kind {
        Kind::Quoted(text) | Kind::OddlyQuoted(text) => format!("write `w1 = {}`", quoted(text)),
        Kind::Regex(_) => format!("write `w1 = {written}`"),
        Kind::Selector => "fields have no `$`: write the bare name".to_owned(),
        _ if written == "…" => "write `...`".to_owned(),
        _ if written.contains('*') => format!("write `w1 = {written}`"),
        _ => format!("write `{}`", written.replace(|c| !is_word_char(c), "_")),
    };
    let message = format!("`{written}` is not a field name");
    let label = "names hold letters, digits and `_`";
    parser.error(codes::FIELD_NAME, span, message, label, hint);
    // The condition behind it can still be looked at, for mistakes of its own.
    if parser.peek().is_some_and(operand::is_operator) {
        operand::comparison(parser);
    }
    None
}

/// Reports what follows a name and is no operator.
fn no_operator(parser: &mut Parser<'_, '_>) -> Option<()> {
    match parser.peek() {
        None | Some(Kind::And | Kind::Or | Kind::Close) => Some(()),
        Some(kind) if Fields::ends(kind) => Some(()),
        Some(Kind::OddOperator("&&" | "||")) => Some(()),
        Some(Kind::Bare) if is_joining_word(parser.word()) => Some(()),
        Some(_) => {
            let span = parser.span();
            let message = format!("unexpected `{}`", parser.word());
            let hint = format!(
                "names are separated by `,`; operators are {}",
                Operator::ALL
            );
            parser.error(
                codes::OPERATOR_UNKNOWN,
                span,
                message,
                "`,` or an operator expected",
                hint,
            );
            None
        }
    }
}
