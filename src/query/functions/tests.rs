use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::event::{Event, Origin};
use crate::query::ast::{Span, Unit};
use crate::query::parser::parse;
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

#[test]
fn every_example_reads_back_as_it_is_printed() {
    for (call, _) in all().flat_map(|function| function.examples) {
        let text = format!("fields {call} as r");
        let query = parse(&text).unwrap_or_else(|errors| panic!("{text}: {errors}"));
        assert_eq!(parse(&query.to_string()), Ok(query), "{call}");
    }
}

/// Texts that some function looks into.
fn text() -> impl Strategy<Value = String> {
    let known = vec![
        "",
        " ",
        "-",
        "0",
        "-1",
        "1e308",
        "9223372036854775807",
        "0x",
        "0xffffffffffffffff",
        "-0x8000000000000000",
        "%",
        "%zz",
        "%e3%81",
        "10.0.0.1",
        "10.0.0.0/0",
        "10.0.0.0/32",
        "::/0",
        "::1/128",
        "::1/129",
        "2026-03-02",
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        "'",
        "%Y-%m-%d %H:%M:%S",
        "%",
        "%:::z",
        "%20000d",
        "UTC",
        "Asia/Tokyo",
        "+99:99",
        "[1, \"a\", null]",
        "{\"a\": {\"b\": []}}",
        "(",
        "(?<a>x)|$",
        "$0${1}$a$",
        "é日本\u{1f600}",
    ];
    prop_oneof![
        3 => prop::sample::select(known).prop_map(str::to_owned),
        2 => any::<String>(),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    let edges = vec![
        0.0,
        -0.0,
        0.5,
        -1.0,
        1e15,
        1e300,
        -1e300,
        f64::MIN,
        f64::MAX,
        5e-324,
        9.2e18,
    ];
    prop_oneof![
        prop::sample::select(edges),
        (-1e6..1e6),
        any::<f64>().prop_filter("numbers are finite", |number| number.is_finite()),
    ]
}

/// Values that own all they have, of any kind.
fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => number().prop_map(Value::Number),
        1 => number().prop_map(|number| Value::Literal(number.to_string().into(), number)),
        2 => any::<i64>().prop_map(|millis| Value::Timestamp(Timestamp(millis))),
        5 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let member = (text().prop_map(Cow::Owned), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::List),
            prop::collection::vec(member, 0..3).prop_map(Value::Map),
        ]
    })
}

fn period() -> impl Strategy<Value = Period> {
    let units = [
        Unit::Millisecond,
        Unit::Second,
        Unit::Minute,
        Unit::Hour,
        Unit::Day,
        Unit::Week,
        Unit::Month,
        Unit::Quarter,
        Unit::Year,
    ];
    let count = prop_oneof![0..100_u64, any::<u64>()];
    (count, prop::sample::select(units.to_vec())).prop_map(|(count, unit)| Period {
        span: Span::default(),
        count,
        unit,
    })
}

/// Calls a function as an expression would; nothing for those that take no values.
fn call(function: &Function, arguments: &mut [Value<'static>], period: Period) -> Value<'static> {
    match function.run {
        Some(Run::Values(run)) => run(&mut Args(arguments)),
        Some(Run::Period(run)) => run(&arguments[0], period),
        Some(Run::Regex(at, run)) => {
            let source = arguments[at].to_text().unwrap_or_default().into_owned();
            let regex = regex::Regex::new(&source);
            regex.map_or(Value::Null, |regex| run(&mut Args(arguments), &regex))
        }
        _ => Value::Null,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_values_panic_and_numbers_stay_finite(
        function in prop::sample::select(all().collect::<Vec<_>>()),
        arguments in prop::collection::vec(value(), 4..7),
        period in period(),
    ) {
        let most = function.arity.max.min(arguments.len());
        for count in function.arity.min..=most {
            let mut arguments = arguments[..count].to_vec();
            let result = call(function, &mut arguments, period);
            if let Value::Number(number) = result {
                prop_assert!(number.is_finite(), "{}", function.name);
            }
            prop_assert!(result.to_text().is_some() || result.is_null(), "{}", function.name);
        }
    }

    #[test]
    fn constants_are_judged_without_a_panic(
        function in prop::sample::select(all().collect::<Vec<_>>()),
        at in 0..4_usize,
        text in text(),
    ) {
        if let Err(unfit) = check_constant(function.name, at, &text) {
            prop_assert!(!unfit.message.is_empty() && !unfit.hint.is_empty());
        }
    }
}
