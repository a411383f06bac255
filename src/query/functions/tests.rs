use std::collections::BTreeSet;

use super::*;
use crate::event::{Event, Origin};
use crate::query::{EventKey, Extras, Program, Table};
use crate::time::Timestamp;

/// Evaluates an expression as a query over one event would; `null` where there is no value.
fn evaluate(expression: &str) -> String {
    let settings = Settings {
        table: Table::Events,
        now: Timestamp(0),
        window: None,
        default_limit: None,
    };
    let text = format!("fields {expression} as r | display r");
    let program =
        Program::compile(&text, &settings).unwrap_or_else(|error| panic!("{text}: {error}"));
    let origin = Origin::default();
    let event = Event {
        timestamp: Timestamp(0),
        ingestion: None,
        message: b"{}",
        origin: &origin,
        id: None,
    };
    let (mut head, mut tail) = (program.head(), program.tail());
    let mut slots = program.fields().slots();
    program
        .fields()
        .read(&event, &Extras::default(), &mut slots);
    assert!(head.push(&mut slots, EventKey::default()).is_continue());
    assert!(tail.merge(head.take_partial()).is_continue());
    let results = tail.finish();
    let text = results.rows[0].get("r").to_text();
    text.map_or("null".to_owned(), Cow::into_owned)
}

#[test]
fn every_example_gives_its_result() {
    for function in all() {
        for (call, result) in function.examples {
            assert_eq!(evaluate(call), *result, "{call}");
        }
    }
}

#[test]
fn every_function_that_runs_and_has_fixed_results_has_an_example() {
    for function in all() {
        let varies = matches!(function.run, None | Some(Run::Settings(_) | Run::Rewritten));
        assert_eq!(function.examples.is_empty(), varies, "{}", function.name);
    }
}

#[test]
fn names_are_unique_and_signatures_begin_with_them() {
    let mut names = BTreeSet::new();
    for function in all() {
        for name in std::iter::once(&function.name).chain(function.aliases) {
            assert!(names.insert(name.to_lowercase()), "{name}");
        }
        let call = format!("{}(", function.name);
        assert!(
            function.signature.starts_with(&call),
            "{}",
            function.signature
        );
    }
}

#[test]
fn all_core_functions_run() {
    let idle = all().find(|function| function.level == Level::Core && function.run.is_none());
    assert!(idle.is_none(), "{idle:?}");
}

#[test]
fn a_missing_argument_gives_nothing_but_where_it_means_something() {
    let allowed = [
        "ispresent",
        "isempty",
        "isblank",
        "coalesce",
        "if",
        "case",
        "greatest",
        "least",
    ];
    for function in all().filter(|function| !allowed.contains(&function.name)) {
        let Some(Run::Values(run)) = function.run else {
            continue;
        };
        let mut arguments = vec![Value::Null; function.arity.min.max(1)];
        assert!(
            run(&mut Args(&mut arguments)).is_null(),
            "{}",
            function.name
        );
    }
}
