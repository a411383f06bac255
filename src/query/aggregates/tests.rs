use proptest::prelude::*;

use super::*;

fn run(name: &str) -> Run {
    find(name)
        .and_then(|aggregate| aggregate.run)
        .expect("built")
}

fn result(name: &str, parameter: impl Into<Value<'static>>, values: &[Value<'static>]) -> String {
    let run = run(name);
    let mut state = (run.start)();
    for value in values {
        state.push(std::slice::from_ref(value));
    }
    let result = (run.finish)(&mut state, &parameter.into());
    result
        .to_text()
        .map_or("null".to_owned(), std::borrow::Cow::into_owned)
}

fn numbers(numbers: &[i32]) -> Vec<Value<'static>> {
    numbers.iter().map(|&n| f64::from(n).into()).collect()
}

#[test]
fn names_are_unique_and_no_functions() {
    let mut names: Vec<String> = all()
        .flat_map(|one| std::iter::once(&one.name).chain(one.aliases))
        .map(|name| name.to_lowercase())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| crate::query::functions::find(name).is_none())
    );
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn without_a_value_there_is_no_result() {
    for one in all().filter(|one| one.run.is_some()) {
        let nothing = [Value::Null, Value::Null];
        assert_eq!(result(one.name, 50.0, &nothing), "null", "{}", one.name);
    }
}

#[test]
fn numbers_and_text_that_is_one_count_and_other_values_are_skipped() {
    let mixed = ["1".into(), 2.0.into(), true.into(), "x".into(), Value::Null];
    assert_eq!(result("sum", 0.0, &mixed), "4");
    assert_eq!(result("avg", 0.0, &mixed), "1.3333");
    assert_eq!(result("max", 0.0, &mixed), "2");
    assert_eq!(
        result("max", 0.0, &["file9".into(), "file10".into()]),
        "file10"
    );
    assert_eq!(result("sortsFirst", 0.0, &mixed), "x");
    assert_eq!(result("count", 0.0, &mixed), "4");
    assert_eq!(result("count_distinct", 0.0, &mixed), "3");
}

#[test]
fn spread_is_that_of_the_population() {
    let values = numbers(&[2, 4, 4, 4, 5, 5, 7, 9]);
    assert_eq!(result("variance", 0.0, &values), "4");
    assert_eq!(result("stddev", 0.0, &values), "2");
    assert_eq!(result("stddev", 0.0, &numbers(&[4, 4, 4])), "0");
}

#[test]
fn percentiles_lie_between_the_closest_ranks() {
    assert_eq!(
        result("pct", 95.0, &numbers(&(0..=100).collect::<Vec<_>>())),
        "95"
    );
    assert_eq!(result("pct", 50.0, &numbers(&[1, 2])), "1.5");
    assert_eq!(result("pct", 101.0, &numbers(&[1, 2])), "null");
}

#[test]
fn a_sketch_is_off_by_no_more_than_it_says() {
    let run = run("pct");
    let mut state = (run.start)();
    for number in 0..=100_000 {
        state.push(&[f64::from(number).into()]);
    }
    let result = (run.finish)(&mut state, &95.0.into()).as_number();
    let error = (result.expect("a number") - 95_000.0).abs() / 95_000.0;
    assert!(error <= percentile::RELATIVE_ERROR * 1.01, "off by {error}");
}

#[test]
fn the_most_frequent_come_first() {
    let values = ["a".into(), "b".into(), "b".into(), "c".into()];
    assert_eq!(result("topk", 2.0, &values), "[\"b\",\"a\"]");
    assert_eq!(result("values", 0.0, &values), "[\"a\",\"b\",\"c\"]");
}

fn any_value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Null),
        (-20i32..20).prop_map(|n| Value::Number(f64::from(n))),
        "[a-c]{0,2}".prop_map(Value::from),
        "[0-9]{1,2}".prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn any_cut_gives_the_result_of_one_pass(
        rows in prop::collection::vec((any_value(), 0i32..5), 0..40),
        cuts in prop::collection::vec(0usize..40, 0..4),
    ) {
        for one in all() {
            let Some(run) = one.run else { continue };
            let (mut whole, mut merged, mut part) = ((run.start)(), (run.start)(), (run.start)());
            for (at, (value, time)) in rows.iter().enumerate() {
                let arguments = [value.clone(), f64::from(*time).into()];
                whole.push(&arguments);
                if cuts.contains(&at) {
                    merged.merge(std::mem::replace(&mut part, (run.start)()));
                }
                part.push(&arguments);
            }
            merged.merge(part);
            let parameter = 50.0.into();
            let (whole, merged) = ((run.finish)(&mut whole, &parameter), (run.finish)(&mut merged, &parameter));
            prop_assert_eq!(whole.to_text(), merged.to_text(), "{}", one.name);
        }
    }
}
