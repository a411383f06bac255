//! Term patterns: words, phrases and regexes, each perhaps with a `-` or `?`.

use super::Parser;
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::lexer::{Kind, Token, is_word_char};
use crate::pattern::tree::{Form, Sign, Span, Term, Tree, Value, quoted};

/// Parses a pattern of terms.
pub(super) fn parse(parser: &mut Parser<'_, '_>) -> Option<Tree> {
    let mut terms = Vec::new();
    while parser.peek().is_some() {
        terms.extend(term(parser));
    }
    (!terms.is_empty()).then_some(Tree::Terms(terms))
}

fn term(parser: &mut Parser<'_, '_>) -> Option<Term> {
    let start = parser.span().start;
    let sign = match parser.peek() {
        Some(Kind::Sign(sign)) => {
            let sign = *sign;
            parser.at += 1;
            signed(parser, sign)?;
            sign
        }
        _ => Sign::Required,
    };
    let value = value(parser)?;
    if sign == Sign::Required
        && matches!(value.text.as_str(), "AND" | "OR" | "NOT")
        && value.form == Form::Bare
    {
        operator_as_term(parser, start..value.span.end, &value.text);
    }
    Some(Term { sign, value })
}

/// Looks at what follows a sign: a blank behind `-` is let pass.
fn signed(parser: &mut Parser<'_, '_>, sign: Sign) -> Option<()> {
    if parser.touches() {
        return Some(());
    }
    let span = parser.before() - 1..parser.before();
    let followed = !matches!(parser.peek(), None | Some(Kind::Sign(_)));
    if sign == Sign::Excluded && followed {
        let message = "a blank between `-` and its term";
        let warning = Diagnostic::new(codes::SIGN_APART, span, message)
            .label("taken as an exclusion, the service may differ")
            .hint("put the `-` right before the term".to_owned());
        parser.notes.warn(warning);
        return Some(());
    }
    let written = parser.slice(&span);
    let message = format!("`{written}` has no term");
    let hint = match parser.peek() {
        Some(Kind::Bare) => format!("write `{written}{}`", parser.word()),
        _ => format!("for the character itself write `\"{written}\"`"),
    };
    parser.error(
        codes::SIGN_ALONE,
        span,
        message,
        "a term expected right behind it",
        hint,
    );
    None
}

/// Parses one term; all that touches it belongs to it, rightly or not.
fn value(parser: &mut Parser<'_, '_>) -> Option<Value> {
    let first = parser.next()?;
    while parser.touches() {
        parser.at += 1;
    }
    if parser.is_cut_here() {
        return None;
    }
    let chunk = first.span.start..parser.before();
    let alone = chunk == first.span;
    let (form, text) = match &first.kind {
        Kind::Bare if alone => (Form::Bare, parser.slice(&chunk).to_owned()),
        Kind::Quoted(text) if alone => (Form::Quoted, text.clone()),
        Kind::Regex(text) if alone => (Form::Regex, text.clone()),
        Kind::Quoted(_) | Kind::Regex(_) => {
            trailing(parser, &first.span, &chunk);
            return None;
        }
        _ => {
            unquoted(parser, &first, &chunk);
            return None;
        }
    };
    Some(Value {
        form,
        text,
        span: chunk,
    })
}

fn trailing(parser: &mut Parser<'_, '_>, first: &Span, chunk: &Span) {
    let close = &parser.text[first.end - 1..first.end];
    let message = format!("text right behind the closing `{close}`");
    let hint = format!("write `{}`", quoted(parser.slice(chunk)));
    let span = first.end..chunk.end;
    parser.error(
        codes::QUOTE_TRAILING,
        span,
        message,
        "a blank or the end expected",
        hint,
    );
}

fn unquoted(parser: &mut Parser<'_, '_>, first: &Token, chunk: &Span) {
    let text = parser.slice(chunk);
    if let Kind::OddlyQuoted(inner) = &first.kind {
        let message = format!(
            "`{}` does not quote",
            text.chars().next().unwrap_or_default()
        );
        let hint = format!("write `{}`", quoted(inner));
        let span = first.span.clone();
        parser.error(
            codes::CHARACTER_UNQUOTED,
            span,
            message,
            "only `\"` quotes",
            hint,
        );
        return;
    }
    let hint = match text {
        "&&" | "&" => "terms joined by a blank must all occur: leave it out".to_owned(),
        "||" | "|" => "for one of several write `?` before each, as in `?ERROR ?WARN`".to_owned(),
        _ => format!("write `{}`", quoted(text)),
    };
    let start = text.find(|c| !is_word_char(c)).unwrap_or(0);
    let length = text[start..]
        .find(is_word_char)
        .unwrap_or(text.len() - start);
    let message = format!("`{}` must be quoted", &text[start..start + length]);
    let span = chunk.start + start..chunk.start + start + length;
    let label = "unquoted terms hold letters, digits and `_`";
    parser.error(codes::CHARACTER_UNQUOTED, span, message, label, hint);
}

fn operator_as_term(parser: &mut Parser<'_, '_>, span: Span, word: &str) {
    let hint = match word {
        "AND" => "terms joined by a blank must all occur: leave it out",
        "OR" => "for one of several write `?` before each, as in `?ERROR ?WARN`",
        _ => "to exclude a term write `-` before it",
    };
    let message = format!("`{word}` is looked for like any word");
    let warning = Diagnostic::new(codes::OPERATOR_AS_TERM, span, message)
        .label("not an operator here")
        .hint(hint.to_owned());
    parser.notes.warn(warning);
}
