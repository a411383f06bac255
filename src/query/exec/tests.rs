use proptest::prelude::*;

use super::*;
use crate::event::{Event, Origin};
use crate::query::fields::{Extras, FieldSet};
use crate::query::plan::{Order, Plan};
use crate::query::resolve::resolve;
use crate::query::{Program, Settings, Table, parser};

/// An event: when, and what.
type Input = (i64, String);

fn settings(default_limit: Option<u64>) -> Settings {
    Settings {
        table: Table::Events,
        now: Timestamp(100_000),
        window: None,
        default_limit,
    }
}

fn compile(query: &str, default_limit: Option<u64>) -> Program {
    Program::compile(query, &settings(default_limit))
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Runs heads over blocks that begin at `cuts`, and returns all rows, drained or not, with what is told of them.
fn run(
    fields: &FieldSet,
    head: &Head,
    mut tail: Tail,
    inputs: &[Input],
    cuts: &[usize],
) -> Results {
    let origin = Origin::default();
    let mut rows = Vec::new();
    let mut edges: Vec<usize> = cuts.iter().map(|cut| cut % (inputs.len() + 1)).collect();
    edges.extend([0, inputs.len()]);
    edges.sort_unstable();
    for (block, edge) in edges.windows(2).enumerate() {
        let mut head = head.clone();
        let mut slots = fields.slots();
        for (at, (millis, message)) in inputs[edge[0]..edge[1]].iter().enumerate() {
            let event = Event {
                timestamp: Timestamp(*millis),
                ingestion: None,
                message: message.as_bytes(),
                origin: &origin,
                id: None,
            };
            fields.read(&event, &Extras::default(), &mut slots);
            let key = EventKey {
                timestamp: Timestamp(*millis),
                position: (block as u32, at as u32),
            };
            if head.push(&mut slots, key).is_break() {
                break;
            }
        }
        let flow = tail.merge(head.take_partial());
        rows.extend(tail.drain());
        if flow.is_break() {
            break;
        }
    }
    let mut results = tail.finish();
    rows.append(&mut results.rows);
    Results { rows, ..results }
}

fn run_program(program: &Program, inputs: &[Input], cuts: &[usize]) -> Results {
    run(
        program.fields(),
        &program.head(),
        program.tail(),
        inputs,
        cuts,
    )
}

fn run_plan(plan: &Plan, settings: &Settings, inputs: &[Input]) -> Results {
    let fields = FieldSet::new(plan.fields.clone(), plan.width);
    let split = Split::of(plan, settings);
    run(&fields, &split.head(), split.tail(), inputs, &[])
}

/// Prints rows one a line, what is missing as `-`.
fn printed(results: &Results) -> String {
    let line = |row: &crate::row::Row| {
        let texts = row
            .values
            .iter()
            .map(|value| value.to_text().map_or("-".into(), |text| text));
        texts.collect::<Vec<_>>().join(" ")
    };
    results.rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn numbered(count: i64) -> Vec<Input> {
    (0..count)
        .map(|n| (n * 10, format!(r#"{{"n": {n}, "half": {}}}"#, n / 2)))
        .collect()
}

#[test]
fn unsorted_rows_are_newest_first_and_cut_off_with_notice() {
    let program = compile("fields n", Some(3));
    let results = run_program(&program, &numbered(20), &[5, 10]);
    assert_eq!(printed(&results), "19\n18\n17");
    assert_eq!((results.total, results.truncated), (Some(20), true));
}

#[test]
fn a_limit_of_the_query_is_no_cut() {
    let program = compile("fields n | sort n asc | limit 2", Some(1));
    let results = run_program(&program, &numbered(20), &[5]);
    assert_eq!(printed(&results), "0\n1");
    assert_eq!((results.total, results.truncated), (Some(2), false));
}

#[test]
fn groups_are_cut_off_with_notice_too() {
    let program = compile("stats count(*) as c by n", Some(4));
    let results = run_program(&program, &numbered(20), &[]);
    assert_eq!(results.rows.len(), 4);
    assert_eq!((results.total, results.truncated), (Some(20), true));
}

#[test]
fn the_first_row_of_each_combination_stays_also_when_others_are_dropped() {
    let program = compile("fields n | dedup half | limit 2", None);
    for cuts in [vec![], vec![1, 7, 13]] {
        assert_eq!(
            printed(&run_program(&program, &numbered(40), &cuts)),
            "39\n37"
        );
    }
}

#[test]
fn any_rows_are_given_without_reading_on() {
    let program = compile("fields n | limit any 3", None);
    let inputs = numbered(20);
    assert_eq!(
        printed(&run_program(&program, &inputs, &[2, 10])),
        "0\n1\n2"
    );
}

#[test]
fn rows_in_the_order_of_the_input_are_given_at_once() {
    let program = compile("fields n | filter n > 1", Some(2)).with_order(Order::Input);
    let mut head = program.head();
    let mut tail = program.tail();
    let mut slots = program.fields().slots();
    program.fields().fill(&mut slots, |_| 7.0.into());
    for _ in 0..3 {
        assert!(head.push(&mut slots, EventKey::default()).is_continue());
    }
    assert!(tail.merge(head.take_partial()).is_continue());
    assert_eq!(tail.drain().len(), 2);
    let results = tail.finish();
    assert_eq!(
        (results.rows.len(), results.total, results.truncated),
        (0, Some(3), true)
    );
}

#[test]
fn aggregates_of_one_field_share_a_state() {
    let program = compile(
        "stats pct(n, 50) as m, pct(n, 100) as top, avg(n) as a, sum(n) as s by half % 2 as odd | sort odd asc",
        None,
    );
    let results = run_program(&program, &numbered(8), &[3]);
    assert_eq!(printed(&results), "0 2.5 5 2.5 10\n1 4.5 7 4.5 18");
}

/// Queries that between them use every operator, in the head and in the tail.
const QUERIES: &[&str] = &[
    "filter a > 1 or b like \"x\"",
    "fields a, a + 1 as c | filter c != 2 and not (b = \"x\") | limit 3",
    "fields a, b | sort b desc, a | limit 4",
    "fields a, b | sort a | filter ispresent(b) | limit 2",
    "fields @timestamp, a | dedup a, b",
    "fields a, b | sort b asc, @timestamp asc | dedup a | limit 3",
    "parse @message \"\\\"b\\\": \\\"*\\\"\" as v | display v, a | sort a asc, v asc",
    "parse @message /\"a\": (?<v>[0-9]+)/ | stats sum(v) as s, count(*) as n by b | sort s desc, b asc",
    "stats count(*), avg(a), min(a), max(b), pct(a, 50), stddev(a), count_distinct(b) by a % 2",
    "stats earliest(a) as e, latest(b) as l, sortsFirst(b) as f, sortsLast(a) as z",
    "stats count(*) as n by bin(10ms) as t, b | sort n desc, t asc, b asc | filter n > 1",
    "stats count(*) as n by a, b | filter n >= 1 | stats max(n) as m, count(*) as c by b | sort b asc",
    "limit 3 | stats count(*) as n by a",
    "sort a asc, @timestamp asc | limit 5 | fields a * 2 as d | filter d > 2 | display d, b",
    "fields jsonParse(@message) as j | filter j.a > 0 | display j.b, c.d, j",
    "filter a in [1, \"2\", 3] and b not like /^y/ | fields strlen(b) as n, coalesce(a, b) as k",
];

fn any_input() -> impl Strategy<Value = Input> {
    let a = prop_oneof![
        (0i32..4).prop_map(|n| format!("\"a\": {n}, ")),
        (0i32..4).prop_map(|n| format!("\"a\": \"{n}\", ")),
        Just("\"a\": 1.50, \"a\": null, ".to_owned()),
        Just(String::new()),
    ];
    let b = prop_oneof!["[xy]{0,2}", "[0-3]", Just("\\\\u0078".to_owned())];
    let message = prop_oneof![
        4 => (a, b).prop_map(|(a, b)| format!("{{{a}\"b\": \"{b}\", \"c\": {{\"d\": true}}}}")),
        1 => "[{}a-c\":, ]{0,12}",
    ];
    (0i64..50, message)
}

proptest! {
    #[test]
    fn blocks_in_any_cut_give_the_rows_of_one_pass(
        inputs in prop::collection::vec(any_input(), 0..24),
        cuts in prop::collection::vec(any::<usize>(), 0..5),
        limit in prop_oneof![Just(None), (1u64..6).prop_map(Some)],
    ) {
        for query in QUERIES {
            let program = compile(query, limit);
            let whole = run_program(&program, &inputs, &[]);
            let cut = run_program(&program, &inputs, &cuts);
            prop_assert_eq!(printed(&whole), printed(&cut), "{}", query);
            prop_assert_eq!(whole.truncated, cut.truncated, "{}", query);
        }
    }

    #[test]
    fn an_optimized_plan_gives_the_rows_of_the_plan_as_written(
        inputs in prop::collection::vec(any_input(), 0..16),
    ) {
        for query in QUERIES {
            let settings = settings(None);
            let tree = parser::parse(query).expect("valid");
            let plan = resolve(&tree, query, Table::Events).expect("valid").plan;
            let plain = run_plan(&plan, &settings, &inputs);
            let optimized = run_program(&compile(query, None), &inputs, &[]);
            prop_assert_eq!(printed(&plain), printed(&optimized), "{}", query);
        }
    }

    #[test]
    fn rows_in_the_order_of_the_input_are_those_of_any_order(
        inputs in prop::collection::vec(any_input(), 0..16),
        cuts in prop::collection::vec(any::<usize>(), 0..3),
    ) {
        let program = compile("fields @timestamp, a, b | filter ispresent(b)", None);
        let newest = run_program(&program, &inputs, &cuts);
        let program = program.with_order(Order::Input);
        prop_assert!(program.streams());
        let mut input = run_program(&program, &inputs, &cuts);
        input.rows.sort_by_key(|row| match row.get("@timestamp") {
            crate::value::Value::Timestamp(at) => std::cmp::Reverse(*at),
            _ => std::cmp::Reverse(Timestamp::default()),
        });
        prop_assert_eq!(printed(&newest), printed(&input));
    }
}
