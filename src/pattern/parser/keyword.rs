//! The keywords behind a selector, and what other languages write in their place.

use super::Parser;
use crate::diagnostic::codes;
use crate::pattern::lexer::Kind;
use crate::pattern::tree::{Operator, Test};

/// The keywords as they must be written, and what they ask.
const KEYWORDS: &[(&str, &str, Test)] = &[
    ("IS", "NULL", Test::IsNull),
    ("IS", "TRUE", Test::IsTrue),
    ("IS", "FALSE", Test::IsFalse),
    ("NOT", "EXISTS", Test::NotExists),
];

/// Parses the words behind a selector.
pub(super) fn parse(parser: &mut Parser<'_, '_>, selector: &str) -> Option<Test> {
    let start = parser.span().start;
    let first = take_word(parser);
    let begins = |keyword: &&(&str, &str, Test)| keyword.0.eq_ignore_ascii_case(first);
    let second = match KEYWORDS.iter().find(begins) {
        Some(_) => take_word(parser),
        None => "",
    };
    let written = |(one, two, _): &&(&str, &str, Test)| *one == first && *two == second;
    if let Some((.., test)) = KEYWORDS.iter().find(written) {
        return Some(test.clone());
    }
    if second.eq_ignore_ascii_case("not") {
        take_word(parser);
    }
    let (message, hint) = explain(first, second, selector);
    let span = start..parser.before();
    let label = "not a keyword as written";
    parser.error(codes::KEYWORD_UNKNOWN, span, message, label, hint);
    skip_list(parser);
    None
}

/// Passes over the list behind an `IN`, which would only be more of the same mistake.
fn skip_list(parser: &mut Parser<'_, '_>) {
    if parser.peek() == Some(&Kind::Open) {
        let rest = parser.tokens[parser.at..].iter();
        let length = rest.take_while(|token| token.kind != Kind::Close).count();
        parser.at = parser.tokens.len().min(parser.at + length + 1);
    }
}

/// Takes the next token if it is a word.
fn take_word<'a>(parser: &mut Parser<'a, '_>) -> &'a str {
    if parser.peek() != Some(&Kind::Bare) {
        return "";
    }
    let word = parser.word();
    parser.at += 1;
    word
}

/// Returns what is wrong with the words, and what to write.
fn explain(first: &str, second: &str, selector: &str) -> (String, String) {
    let alike = |(one, two, _): &&(&str, &str, Test)| {
        one.eq_ignore_ascii_case(first) && two.eq_ignore_ascii_case(second)
    };
    let any_value = format!("for any text or number write `{selector} = *`");
    if let Some((one, two, _)) = KEYWORDS.iter().find(alike) {
        let message = "keywords are written in capitals";
        return (message.to_owned(), format!("write `{one} {two}`"));
    }
    match first.to_ascii_lowercase().as_str() {
        "is" if second.eq_ignore_ascii_case("not") => {
            ("there is no `IS NOT`".to_owned(), any_value)
        }
        "exists" => ("there is no `EXISTS` without `NOT`".to_owned(), any_value),
        "is" | "not" => {
            let message = format!(
                "unknown keyword `{}`",
                format!("{first} {second}").trim_end()
            );
            let known = "known are `IS NULL`, `IS TRUE`, `IS FALSE` and `NOT EXISTS`";
            (message, known.to_owned())
        }
        _ => {
            let message = format!("unknown operator `{first}`");
            (message, other_operator(first, selector))
        }
    }
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
