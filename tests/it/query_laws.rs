//! What holds of every query: the optimizer changes no result, and the raw-byte test rules out no event that
//! matters.

use logq::query::{Program, Settings, Table, functions};
use logq::scan::needles::Needles;
use logq::time::Timestamp;
use proptest::prelude::*;

use super::insights::{Expected, Input, run, texts, vectors};

fn settings() -> Settings {
    Settings {
        table: Table::Events,
        now: Timestamp(1_772_500_000_000),
        window: None,
        default_limit: Some(10_000),
    }
}

fn rows(program: &Program, inputs: &[Input]) -> Vec<Expected> {
    texts(&run(program, inputs, 3))
}

/// Returns the inputs whose messages pass the raw-byte test of the program.
fn needed(program: &Program, inputs: &[Input]) -> Vec<Input> {
    let needles = Needles::new(&program.need());
    let passes = |input: &&Input| needles.test(input.message.as_bytes());
    inputs.iter().filter(passes).cloned().collect()
}

#[test]
fn recorded_queries_need_no_event_that_is_ruled_out() {
    for vector in vectors() {
        let Ok(program) = vector.compile() else {
            continue;
        };
        let inputs = vector.inputs();
        let all = rows(&program, &inputs);
        assert_eq!(
            rows(&program, &needed(&program, &inputs)),
            all,
            "{}",
            vector.id
        );
        let plain = program.clone().unoptimized();
        assert_eq!(rows(&plain, &inputs), all, "{}", vector.id);
    }
}

fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "1",
        "2.0",
        "404",
        "-3",
        "true",
        "false",
        "null",
        "\"\"",
        "\"404\"",
        "\"err\"",
        "\"ERROR\"",
        "\"e\\u0072r\"",
        "\"a/b\"",
        "\"[x] y\"",
        "[1,\"err\"]",
        "{\"e\":\"err\"}",
        "{\"e\":2}",
        "1e2",
    ])
}

fn input() -> impl Strategy<Value = Input> {
    let member = (
        prop::sample::select(vec!["a", "b", "c", "d", "d.e", "\\u0062"]),
        value(),
    );
    let object = prop::collection::vec(member, 0..5).prop_map(|members| {
        let members = members
            .iter()
            .map(|(key, value)| format!("\"{key}\":{value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    });
    let line = prop::sample::select(vec!["plain err", "[a] b", "", "{broken", "ERROR 404"]);
    let message = prop_oneof![5 => object, 1 => line.prop_map(str::to_owned)];
    (0..4_i64, message).prop_map(|(second, message)| Input {
        timestamp: 1_772_413_200_000 + second * 1000,
        message,
        log_stream: "s".to_owned(),
        log: "g".to_owned(),
        ingestion_time: None,
    })
}

fn operand() -> impl Strategy<Value = String> {
    let fields = vec![
        "a",
        "b",
        "c",
        "d.e",
        "a.0",
        "@message",
        "x0",
        "x1",
        "p",
        "n",
        "@timestamp",
    ];
    let constants = vec!["1", "404", "'err'", "'404'", "'e'", "true", "0.5"];
    let calls = vec![
        "coalesce(a, 'err')",
        "tolower(b)",
        "a * 2",
        "b + a",
        "abs(-404)",
        "ispresent(c)",
        "strcontains(b, 'err')",
        "if(a > 1, b, c)",
        "-a",
        "strlen(@message)",
        "now()",
        "jsonParse(@message).d.e",
    ];
    prop_oneof![
        4 => prop::sample::select(fields),
        2 => prop::sample::select(constants),
        1 => prop::sample::select(calls),
        1 => prop::sample::select(examples()),
    ]
    .prop_map(str::to_owned)
}

/// The examples of all functions: calls whose arguments are written out.
fn examples() -> Vec<&'static str> {
    let examples = functions::all().flat_map(|function| function.examples);
    examples.map(|(call, _)| *call).collect()
}

/// Constants as a query writes them, and as JSON does.
fn constant() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("0", "0"),
        ("1", "1"),
        ("2.5", "2.5"),
        ("404", "404"),
        ("1772445600123", "1772445600123"),
        ("true", "true"),
        ("false", "false"),
        ("''", "\"\""),
        ("'a.b.c'", "\"a.b.c\""),
        ("'.'", "\".\""),
        ("'0xff'", "\"0xff\""),
        ("'12'", "\"12\""),
        ("' x '", "\" x \""),
        ("'10.0.0.1'", "\"10.0.0.1\""),
        ("'10.0.0.0/8'", "\"10.0.0.0/8\""),
        ("'[1, true]'", "\"[1, true]\""),
        ("'2026-03-02'", "\"2026-03-02\""),
        ("'yyyy-MM-dd'", "\"yyyy-MM-dd\""),
        ("'%Y'", "\"%Y\""),
        ("'Asia/Tokyo'", "\"Asia/Tokyo\""),
        ("'aGVsbG8='", "\"aGVsbG8=\""),
    ])
}

fn callable() -> impl Strategy<Value = &'static functions::Function> {
    let takes_values = |one: &&functions::Function| {
        matches!(
            one.run,
            Some(functions::Run::Values(_) | functions::Run::Regex(..))
        )
    };
    prop::sample::select(functions::all().filter(takes_values).collect::<Vec<_>>())
}

fn condition() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["=", "!=", "<", ">=", "="]);
    let leaf = prop_oneof![
        3 => (operand(), sign, operand()).prop_map(|(l, sign, r)| format!("{l} {sign} {r}")),
        1 => (operand(), any::<bool>(), prop::sample::select(vec!["'err'", "/e.r/", "/ERR+/", "'40'", "'x] y'"]))
            .prop_map(|(l, not, r)| format!("{l} {}like {r}", if not { "not " } else { "" })),
        1 => (operand(), any::<bool>())
            .prop_map(|(l, not)| format!("{l} {}in ['err', 'ERROR', 404]", if not { "not " } else { "" })),
        1 => operand(),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("not ({one})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l} and {r})")),
            (inner.clone(), inner).prop_map(|(l, r)| format!("({l} or {r})")),
        ]
    })
}

fn command() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "c", "x0", "p", "n", "@timestamp"]);
    let aggregate = prop::sample::select(vec![
        "count(*)",
        "count(a)",
        "sum(a)",
        "max(b)",
        "latest(a)",
        "count_distinct(x0)",
        "avg(a) + 1",
    ]);
    prop_oneof![
        4 => condition().prop_map(|one| format!("filter {one}")),
        2 => (operand(), 0..2).prop_map(|(value, at)| format!("fields {value} as x{at}")),
        1 => operand().prop_map(|value| format!("fields {value}")),
        1 => Just("parse b '[*] *' as p, q".to_owned()),
        1 => Just("parse @message /(?<p>[a-z]+)(?<r>:)?/".to_owned()),
        1 => (name(), any::<bool>())
            .prop_map(|(name, down)| format!("sort {name} {}", if down { "desc" } else { "asc" })),
        1 => (1..5).prop_map(|count| format!("limit {count}")),
        1 => (aggregate, name()).prop_map(|(what, by)| format!("stats {what} as n by {by}")),
        1 => name().prop_map(|name| format!("display {name}, a")),
        1 => name().prop_map(|name| format!("dedup {name}")),
        3 => later_command(),
    ]
}

/// The commands that make several rows, look at all of them, or hold a query.
fn later_command() -> impl Strategy<Value = String> {
    let commands = vec![
        "parse b /(?<m>[a-z])/ multi",
        "parse @message csv as v1, v2",
        "parse b logfmt as lf",
        "fields jsonParse(@message) as j",
        "json field=j 'd.e' as je",
        "unnest j.a into u",
        "expand a",
        "expand p",
        "accum a",
        "accum a as s",
        "autoregress b p=1-2",
        "filldown",
        "filldown a x*",
        "sessionize b maxspan 1s as sid",
        "countFrequent a, b",
        "addtotals",
        "addtotals col=true a, n",
        "outlier action=remove param=0.5 a",
        "outlier uselower=true param=0 a n",
        "stats count(*) as n by bin(1s)",
        "fillmissing with 0 for n",
        "pattern b",
        "filter a in (filter b = 'err' | fields a)",
        "filter b not in (stats max(b) as m)",
        "fields a in (SOURCE 'g' | display a) as inside",
        "join type=left where left.a = right.a (SOURCE 'g' | filter c = 1)",
        "join where left.n = right.k (stats count(*) as k by b)",
        "filter right.b = 'err' or not ispresent(right.b)",
        "fields right.k as rk, left.b as lb",
        "appendcols (stats count(*) as total)",
        "appendcols override=true (fields b as a, b)",
    ];
    prop::sample::select(commands).prop_map(str::to_owned)
}

/// Pieces of queries in any order, of which some happen to be queries.
fn scraps() -> impl Strategy<Value = String> {
    let pieces = vec![
        "fields",
        "stats",
        "filter",
        "parse",
        "sort",
        "limit",
        "display",
        "dedup",
        "|",
        "|",
        "(",
        ")",
        "[",
        "]",
        ",",
        "a",
        "b.c",
        "@message",
        "count(*)",
        "by",
        "as",
        "x",
        "like",
        "in",
        "not",
        "and",
        "\"x*\"",
        "/(?<r>e)/",
        "/(/",
        "=",
        "-",
        "5m",
        "12",
        "0",
        "bin(1h)",
        "bin",
        "pct(a, 5)",
        "lower(a)",
        "name",
        "null",
        "*",
        "日",
        "unnest",
        "into",
        "expand",
        "SOURCE 'g'",
        "join",
        "where left.a = right.b",
        "appendcols",
        "accum",
        "filldown",
        "fillmissing",
        "sessionize",
        "pattern",
        "countFrequent",
        "outlier",
        "addtotals",
        "lookup",
        "OUTPUT",
        "right.x",
        "unmask",
        "latest(a)",
        "offset",
        "jsonParse(a).b",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|all| all.join(" "))
}

#[test]
fn the_deepest_query_compiles_and_runs() {
    let input = Input {
        timestamp: 0,
        message: "{\"a\":1}".to_owned(),
        log_stream: String::new(),
        log: String::new(),
        ingestion_time: None,
    };
    for (open, close) in [("(", ")"), ("not ", ""), ("abs(", ")"), ("-", "")] {
        let text = format!(
            "filter {}a{}{} = 401",
            open.repeat(97),
            " + 1".repeat(400),
            close.repeat(97)
        );
        let program = Program::compile(&text, &settings()).expect("within the limits");
        rows(&program, std::slice::from_ref(&input));
        assert!(program.explain().to_string().contains("401"), "{open}");
    }
}

proptest! {
    #[test]
    fn no_scraps_panic(text in scraps()) {
        for table in [Table::Events, Table::Runs] {
            let settings = Settings { table, ..settings() };
            match Program::compile(&text, &settings) {
                Ok(program) => drop(program.explain().to_string()),
                Err(mistakes) => drop(mistakes.render("<query>", &text, 1, false)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn constants_give_what_fields_of_the_same_values_give(
        function in callable(),
        values in prop::collection::vec(constant(), 4),
        more in 0..4_usize,
    ) {
        let count = (function.arity.min + more).min(function.arity.max).min(values.len());
        let call = |argument: &dyn Fn(usize) -> String| {
            let all: Vec<String> = (0..count).map(argument).collect();
            format!("fields {}({}) as r | display r", function.name, all.join(", "))
        };
        let (written, read) = (call(&|at| values[at].0.to_owned()), call(&|at| format!("f{at}")));
        // A constant with which the call never gives anything is a mistake.
        if let Ok(program) = Program::compile(&written, &settings()) {
            let members: Vec<String> = (0..count).map(|at| format!("\"f{at}\":{}", values[at].1)).collect();
            let input = Input {
                timestamp: 0,
                message: format!("{{{}}}", members.join(",")),
                log_stream: String::new(),
                log: String::new(),
                ingestion_time: None,
            };
            let folded = rows(&program, std::slice::from_ref(&input));
            let plain = rows(&program.clone().unoptimized(), std::slice::from_ref(&input));
            let program = Program::compile(&read, &settings()).expect("fields are no mistake");
            let fields = rows(&program, &[input]);
            prop_assert_eq!(&folded, &plain, "{}", &written);
            prop_assert_eq!(folded, fields, "{} {:?}", written, values);
        }
    }

    #[test]
    fn less_work_gives_the_same_rows(
        commands in prop::collection::vec(command(), 1..6),
        inputs in prop::collection::vec(input(), 0..12),
    ) {
        let text = commands.join(" | ");
        if let Ok(program) = Program::compile(&text, &settings()) {
            let all = rows(&program, &inputs);
            prop_assert_eq!(rows(&program, &needed(&program, &inputs)), all.clone(), "need: {}", &text);
            let plain = program.unoptimized();
            prop_assert_eq!(rows(&plain, &inputs), all, "optimizer: {}", &text);
        }
    }
}
