//! The tables as plain text.

use std::fmt::Write;

use super::Support;
use super::markdown::split_calls;
use crate::query::functions::FAMILIES;
use crate::query::{aggregates, parser};

/// The widest line.
const WIDTH: usize = 96;
/// Where explanations begin.
const INDENT: usize = 34;
/// Why writing cannot fail.
const FITS: &str = "a String takes all text";

/// Returns the lists of commands, aggregates and functions.
pub fn page() -> String {
    let mut text = String::from("Commands:\n");
    for entry in parser::entries() {
        let summary = format!("{}{}", entry.summary, Support::of_command(entry).remark());
        line(&mut text, entry.form, &summary);
    }
    text.push_str("\nAggregates, in `stats`:\n");
    for aggregate in aggregates::all() {
        let remark = Support::of_aggregate(aggregate).remark();
        for call in split_calls(aggregate.signature) {
            line(&mut text, call, &format!("{}{remark}", aggregate.summary));
        }
    }
    for family in FAMILIES {
        write!(text, "\nFunctions: {}\n", lower_first(family.title)).expect(FITS);
        for function in family.functions {
            let remark = Support::of_function(function).remark();
            let summary = format!("{}{remark}", function.summary);
            line(&mut text, function.signature, &summary);
        }
    }
    text
}

/// Writes what something is called, and beside or below it what it does.
fn line(text: &mut String, name: &str, summary: &str) {
    write!(text, "  {name}").expect(FITS);
    let mut column = 2 + name.chars().count();
    if column + 2 > INDENT {
        text.push('\n');
        column = 0;
    }
    for word in summary.split(' ') {
        if column > INDENT && column + 1 + word.chars().count() > WIDTH {
            text.push('\n');
            column = 0;
        }
        if column < INDENT {
            text.push_str(&" ".repeat(INDENT - column));
            column = INDENT;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.chars().count();
    }
    text.push('\n');
}

fn lower_first(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_lowercase().to_string());
    let acronym = letters.clone().next().is_some_and(char::is_uppercase);
    if acronym {
        return title.to_owned();
    }
    first.unwrap_or_default() + letters.as_str()
}
