//! The tables as Markdown.

use std::fmt::Write;

use super::{Support, example};
use crate::query::functions::{FAMILIES, Family, Function};
use crate::query::{aggregates as table, parser};

/// Returns a table of all commands.
pub fn commands() -> String {
    let mut text = head(["command", "does", "example"]);
    for entry in parser::entries() {
        let summary = format!(
            "{}{}{}",
            entry.summary,
            other_names(&entry.words[1..]),
            Support::of_command(entry).remark()
        );
        row(&mut text, &code(entry.form), &summary, &code(entry.example));
    }
    text
}

/// Returns a table of all aggregates.
pub fn aggregates() -> String {
    let mut text = head(["call", "gives", "example"]);
    for aggregate in table::all() {
        let summary = format!(
            "{}{}{}",
            aggregate.summary,
            other_names(aggregate.aliases),
            Support::of_aggregate(aggregate).remark()
        );
        let calls: Vec<String> = split_calls(aggregate.signature).map(code).collect();
        row(
            &mut text,
            &calls.join(", "),
            &summary,
            &code(example(aggregate)),
        );
    }
    text
}

/// Returns a heading, a rule and a table for each family of functions.
pub fn functions() -> String {
    let families: Vec<String> = FAMILIES.iter().map(family).collect();
    families.join("\n")
}

fn family(family: &Family) -> String {
    let mut text = format!("### {}\n\n{}\n\n", family.title, family.rule);
    text.push_str(&head(["call", "gives", "examples"]));
    for function in family.functions {
        let summary = format!(
            "{}{}{}",
            function.summary,
            other_names(function.aliases),
            Support::of_function(function).remark()
        );
        row(
            &mut text,
            &code(function.signature),
            &summary,
            &examples(function),
        );
    }
    text
}

fn examples(function: &Function) -> String {
    let one = |(call, result): &(&str, &str)| match *result {
        "null" => format!("{}: nothing", code(call)),
        "" => format!("{}: an empty text", code(call)),
        result => format!("{} = {}", code(call), code(result)),
    };
    let all: Vec<String> = function.examples.iter().map(one).collect();
    all.join("<br>")
}

fn other_names(names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<String> = names.iter().copied().map(code).collect();
    format!("; also {}", names.join(", "))
}

/// Splits `count(*), count(field)` into its calls.
pub(super) fn split_calls(signature: &'static str) -> impl Iterator<Item = &'static str> {
    signature
        .split_inclusive(')')
        .map(|call| call.trim_start_matches([',', ' ']))
}

fn head(names: [&str; 3]) -> String {
    format!("| {} |\n| --- | --- | --- |\n", names.join(" | "))
}

fn row(text: &mut String, first: &str, second: &str, third: &str) {
    writeln!(text, "| {first} | {second} | {third} |").expect("a String takes all text");
}

/// Quotes code for a cell of a table, where a bar would end the cell.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
