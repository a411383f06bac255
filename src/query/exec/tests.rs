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
    let mut reader = fields.reader();
    let mut edges: Vec<usize> = cuts.iter().map(|cut| cut % (inputs.len() + 1)).collect();
    edges.extend([0, inputs.len()]);
    edges.sort_unstable();
    let mut head = head.clone();
    for (block, edge) in edges.windows(2).enumerate() {
        let mut slots = fields.slots();
        for (at, (millis, message)) in inputs[edge[0]..edge[1]].iter().enumerate() {
            let event = Event {
                timestamp: Timestamp(*millis),
                ingestion: None,
                message: message.as_bytes(),
                origin: &origin,
                id: None,
            };
            reader.read(&event, &Extras::default(), &mut slots);
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

#[test]
fn a_value_has_one_group_however_it_is_written() {
    let program = compile("stats count(*) as n by a", None);
    let spellings = [
        r#""x""#,
        r#""\u0078""#,
        "404",
        r#""404""#,
        "404.0",
        "true",
        "1",
        "null",
        "[1]",
        r#""a text that is longer than those that are remembered""#,
    ];
    let message = |written: &&str| (0, format!(r#"{{"a": {written}}}"#));
    // The second time each is known, in one block as well as in two.
    let inputs: Vec<Input> = [spellings, spellings]
        .iter()
        .flatten()
        .map(message)
        .collect();
    let groups = "x 4\n404 6\n1 4\n- 4\na text that is longer than those that are remembered 2";
    for cuts in [vec![], vec![spellings.len()], vec![3, 12]] {
        assert_eq!(printed(&run_program(&program, &inputs, &cuts)), groups);
    }
}

#[test]
fn only_groups_that_no_time_decides_are_timeless() {
    for (query, expected) in [
        ("stats count(*) by a", true),
        (
            "filter a > 1 | stats count(*) as n, pct(a, 50) | sort n",
            true,
        ),
        ("stats count(*) by bin(1h)", false),
        ("filter @timestamp > 5 | stats count(*)", false),
        ("stats latest(a)", false),
        ("fields a", false),
        ("limit 5 | stats count(*)", false),
        ("filter a in (fields b) | stats count(*)", false),
    ] {
        assert_eq!(compile(query, None).ignores_times(), expected, "{query}");
    }
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
    "parse @message /(?<w>[a-z]+)/ multi | stats count(*) as n by w | sort n desc, w",
    "parse @message /(?<w>[xy0-9])/ multi | filter ispresent(w) | fields a | limit 7",
    "parse @message /(?<w>[xy])/ multi | sort w desc | parse @message /(?<v>[0-9])/ multi | dedup w, v",
    "fields split(b, \"x\") as l | unnest l into x | fields x, b",
    "sort a asc | fields split(b, \"x\") as l | unnest l into x | display x, b | limit 5",
    "parse @message csv as p, q | display q, p",
    "parse @message logfmt as m | fields m.a, m",
    "fields jsonParse(@message) as j | json field=j \"c.d\" as d | display d, a",
    "fields a, b | sort @timestamp asc | accum a as s | autoregress a p=1-2 | filldown b",
    "fields a | sort a asc | filldown | accum a | filter a > 1",
    "fields a, b | addtotals col=true a",
    "sessionize b maxspan 10ms as s | stats count(*) as n by b, s | sort b asc, s asc",
    "fields a | outlier action=remove param=0.5 uselower=true a | fields a * 2 as d",
    "fields a | outlier param=0.5 mark=true a",
    "stats sum(a) as s, count(*) as n by bin(5ms) | fillmissing with 0 for n | fields s",
    "countFrequent b | filter _approxcount > 1",
    "stats rate(a, 1ms) as r by bin(10ms) as t, histogram(a, 2) as h | sort t asc, h asc",
    "pattern @message",
    "pattern b | filter @sampleCount > 1 | display @pattern, @ratio",
    "filter a in (filter b like \"x\" | fields a) | fields a, b",
    "fields a, b not in (stats max(b) as m by a | fields m | display m) as other | sort a asc",
    "join type=left where left.a = right.a (filter b like \"y\") | display a, b, right.b | limit 40",
    "join left=l right=r where l.a = r.n (stats count(*) as n by b) | fields l.b, r.b, r.n | sort r.b asc",
    "stats count(*) as n by a | appendcols (stats max(b) as m by b | sort m asc) | sort m asc",
    "fields a | sort a desc | appendcols override=true max=2 (fields b as a, b | sort b asc)",
];

#[test]
fn one_event_becomes_no_more_rows_than_are_allowed() {
    let digits = "1".repeat(limits::MOST_PARTS as usize + 1);
    let inputs = [(1, digits)];
    for query in [
        "parse @message /(?<d>.)/ multi | stats count(*) as n",
        "sort @timestamp asc | parse @message /(?<d>.)/ multi | stats count(*) as n",
        "filter 1 in (parse @message /(?<d>.)/ multi | display d)",
    ] {
        let results = run_program(&compile(query, None), &inputs, &[]);
        let most = limits::MOST_PARTS;
        assert_eq!(results.exceeded, Some(Exceeded::Parts(most)), "{query}");
        assert!(results.rows.is_empty());
    }
}

#[test]
fn a_query_that_keeps_too_much_is_given_up() {
    let inputs = numbered(2000);
    for query in [
        "fields n, half",
        "sort n asc",
        "dedup n",
        "stats count(*) as c by n",
        "stats count_distinct(n), values(n)",
        "limit 5000 | stats count(*) as c by n",
        "join where left.half = right.half (fields n)",
        "fields n | filter n in (fields n)",
        "parse @message /(?<d>[0-9])/ multi",
        "sort n | parse @message /(?<d>[0-9])/ multi",
    ] {
        let enough = compile(query, None).with_memory(100 << 20);
        assert_eq!(
            run_program(&enough, &inputs, &[500]).exceeded,
            None,
            "{query}"
        );
        let little = compile(query, None).with_memory(50_000);
        let results = run_program(&little, &inputs, &[500]);
        assert_eq!(results.exceeded, Some(Exceeded::Memory(50_000)), "{query}");
        assert!(results.rows.is_empty() && !results.truncated);
    }
}

#[test]
fn patterns_of_two_times_are_counted_in_one_pass() {
    let settings = Settings {
        window: Some((Timestamp(2000), Timestamp(2999))),
        ..settings(None)
    };
    let query =
        "pattern @message | diff | display @pattern, @sampleCount, @previousCount, @difference";
    let program = Program::compile(query, &settings).expect("there is a window");
    assert_eq!(program.reads_from(), Some(Timestamp(1000)));
    let inputs: Vec<Input> = [
        (999, "old 1"),
        (1000, "a 1"),
        (1999, "a 2"),
        (2000, "a 3"),
        (2999, "b"),
        (3000, "b"),
    ]
    .map(|(at, text)| (at, text.to_owned()))
    .to_vec();
    let expect = "a <Number-1> 1 2 -1\nb 1 0 1";
    assert_eq!(printed(&run_program(&program, &inputs, &[2, 5])), expect);
    assert!(Program::compile(query, &self::settings(None)).is_err());
}

#[test]
fn a_command_makes_no_flood_of_a_few_rows() {
    let many = "1,".repeat(5000);
    let inputs = [(1, many)];
    let each = "parse @message /(?<d>1)/ multi";
    for query in [
        format!("{each} | join where left.d = right.d ({each}) | stats count(*)"),
        format!("{each} | sort d | parse @message /(?<e>1)/ multi | stats count(*)"),
        "fields split(@message, \",\") as l | unnest l into x".to_owned(),
    ] {
        let exceeded = run_program(&compile(&query, None), &inputs, &[]).exceeded;
        assert!(
            matches!(exceeded, Some(Exceeded::Growth(_) | Exceeded::PartBytes(_))),
            "{query}: {exceeded:?}"
        );
    }
}

#[test]
fn a_limit_keeps_little_of_much() {
    let program = compile("sort n desc | limit 3", None).with_memory(20_000);
    let results = run_program(&program, &numbered(2000), &[500]);
    assert_eq!((results.rows.len(), results.exceeded), (3, None));
}

#[test]
fn rows_of_one_event_keep_their_order() {
    let inputs = [(1, "ab".to_owned()), (2, "cd".to_owned())];
    let program = compile("parse @message /(?<c>.)/ multi | display c", None);
    assert_eq!(printed(&run_program(&program, &inputs, &[1])), "c\nd\na\nb");
}

#[test]
fn a_list_of_an_event_can_be_expanded_anywhere() {
    let inputs = [(
        1,
        r#"{"l": [1, {"a": 2}, null, "x"], "k": "[3]"}"#.to_owned(),
    )];
    for query in [
        "expand l | display l, l.a",
        "sort @timestamp asc | expand l | display l, l.a",
    ] {
        let results = run_program(&compile(query, None), &inputs, &[]);
        assert_eq!(printed(&results), "1 -\n{\"a\":2} 2\n- -\nx -", "{query}");
    }
    let program = compile(
        "fields l, ispresent(l) as p | expand k | display l, p, k",
        None,
    );
    assert_eq!(printed(&run_program(&program, &inputs, &[])), "- 0 3");
}

#[test]
fn missing_bins_are_filled_between_the_first_and_the_last() {
    let program = compile(
        "stats count(*) as n by bin(1s) offset 500ms | fillmissing with 0 for n",
        None,
    );
    let inputs: Vec<Input> = [600, 1400, 4600].map(|at| (at, String::new())).to_vec();
    let rows = "1970-01-01 00:00:00.500 2\n1970-01-01 00:00:01.500 0\n\
                1970-01-01 00:00:02.500 0\n1970-01-01 00:00:03.500 0\n1970-01-01 00:00:04.500 1";
    assert_eq!(printed(&run_program(&program, &inputs, &[])), rows);
    let far = [(1, String::new()), (1 << 40, String::new())];
    let exceeded = run_program(&program, &far, &[]).exceeded;
    assert_eq!(exceeded, Some(Exceeded::Bins(limits::MOST_BINS)));
}

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
    fn groups_by_one_value_are_those_by_the_value_twice(
        inputs in prop::collection::vec(any_input(), 0..24),
        cuts in prop::collection::vec(any::<usize>(), 0..3),
        by in prop::sample::select(&["a", "b", "c.d", "bin(10ms)", "datefloor(@timestamp, 10ms)"][..]),
    ) {
        let once = compile(&format!("stats count(*) as n by {by} as one"), None);
        let twice = compile(&format!("stats count(*) as n by {by} as one, {by} as again | display one, n"), None);
        let once = run_program(&once, &inputs, &cuts);
        prop_assert_eq!(printed(&once), printed(&run_program(&twice, &inputs, &cuts)));
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
