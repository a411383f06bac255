use super::*;
use crate::query::aggregates;

#[test]
fn every_aggregate_has_an_example_that_calls_it() {
    for aggregate in aggregates::all() {
        let call = format!("{}(", aggregate.name);
        assert!(example(aggregate).contains(&call), "{}", aggregate.name);
    }
    for (name, _) in AGGREGATE_EXAMPLES {
        assert!(aggregates::find(name).is_some(), "{name}");
    }
}

#[test]
fn examples_compile_unless_they_are_said_not_to() {
    let commands = parser::entries().map(|entry| (entry.example, Support::of_command(entry)));
    let calls = aggregates::all().map(|one| (example(one), Support::of_aggregate(one)));
    for (text, support) in commands.chain(calls) {
        let query = parser::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors}"));
        // These want the columns of a table, which an example does not bring.
        if text.starts_with("lookup") || text.starts_with("cidrlookup") {
            continue;
        }
        let resolved = resolve(&query, text, Table::Events);
        assert_eq!(
            resolved.is_ok(),
            support == Support::Everywhere,
            "{text}: {resolved:?}"
        );
    }
}

#[test]
fn the_page_fits_a_terminal_and_names_everything() {
    let page = page();
    for line in page.lines() {
        assert!(line.chars().count() <= 96, "{line}");
        assert_eq!(line.trim_end(), line);
    }
    for word in
        parser::command_words().filter(|word| !["where", "head", "count_frequent"].contains(word))
    {
        assert!(page.contains(&format!("  {word}")), "{word}");
    }
}
