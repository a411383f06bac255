//! What is read, what is refused, and that printing and reading are inverse.

use proptest::prelude::*;

use super::{entries, parse};
use crate::query::ast::{
    AddTotals, Autoregress, BinaryOp, CidrLookup, Command, CommandKind, Direction, Expr, ExprKind,
    Field, FillName, Item, Join, JsonPath, Key, LikePattern, Limit, Lookup, Match, Name, Output,
    Parse, ParseMethod, Period, Query, Regex, Select, SelectOption, Sessionize, Setting, Source,
    Span, Stats, Text, Unit,
};

/// Reads a query, prints it, and compares with the expected form.
fn check(text: &str, expect: &str) {
    let query = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    assert_eq!(query.to_string(), expect, "{text}");
    assert_eq!(parse(expect), Ok(query), "{expect}");
}

fn check_errors(text: &str, codes: &[&str]) {
    let errors = parse(text).expect_err("the query is wrong").0;
    let found: Vec<&str> = errors.iter().map(|one| one.code.0).collect();
    assert_eq!(found, codes, "{text}: {errors:?}");
}

#[test]
fn operators_bind_as_in_arithmetic() {
    check("fields a + b * c ^ d", "fields a + b * c ^ d");
    check("fields (a + b) * c", "fields (a + b) * c");
    check("fields ((a + b)) + c", "fields a + b + c");
    check("fields a - (b - c)", "fields a - (b - c)");
    check("fields -a ^ 2, 2 ^ -b", "fields -a ^ 2, 2 ^ -b");
    check("fields foo-bar", "fields foo - bar");
}

#[test]
fn conditions() {
    check(
        "FILTER not a = 1 AND (b or !c) and d Not In [1, 'x']",
        "filter not a = 1 and (b or not c) and d not in [1, \"x\"]",
    );
    check(
        r"filter a =~ /x\/y/ or b not like 'z%'",
        r#"filter a like /x\/y/ or b not like "z%""#,
    );
}

#[test]
fn fields_and_access() {
    check(
        "fields error.args[0], `user-agent`, j.`user.id`, @`aws.tag.a:b`",
        "fields error.args.0, `user-agent`, j.`user.id`, `@aws.tag.a:b`",
    );
    check(
        "fields jsonParse(x).a[0].`b c`",
        "fields jsonParse(x).a.0.`b c`",
    );
}

#[test]
fn stats_with_everything() {
    check(
        "stats count(*) as n, sum(a)/count() group by bin(5min) as t, host offset 30m",
        "stats count(*) as n, sum(a) / count() by bin(5m) as t, host offset 30m",
    );
}

#[test]
fn row_commands() {
    for text in [
        "json field=payload \"user.name\" as username",
        "unnest js.accounts into account | expand items",
        "lookup users id as user_id, b OUTPUTNEW name, mail",
        "cidrlookup nets src as cidr OUTPUT region as r",
        "join type=left left=a right=b where a.x = b.x (SOURCE \"/g\")",
        "filter id not in (SOURCE \"/g\" | fields id)",
        "SOURCE logGroups(namePrefix: [\"/a\", \"/b\"], class: [\"x\"]) | fields a",
        "pattern @message | diff previousDay | anomaly",
        "relevantfields a, b where c = 1",
        "addtotals row=true col=false a, b",
        "accum n as total | autoregress n p=1-2 | autoregress n as m p=3",
        "filldown host cpu*",
        "fillmissing with 0 for n, \"x\" for m",
        "sessionize u, v maxspan 10m as sid",
        "countFrequent a, b | outlier action=remove param=1.5 x y",
        "appendcols max=5 (SOURCE \"/g\" | stats count(*))",
        "logcompare timeshift 1d | estimate",
        "parse @message logfmt as lf | parse a csv as b, c",
        "parse /(?<a>b)/ multi | parse x /(a)/ as b",
    ] {
        check(text, text);
    }
}

#[test]
fn every_mistake_is_reported() {
    check_errors(
        "explode a | filter a == 1 | limit ten | stats count(* | fields a",
        &["Q010", "Q006", "Q007", "Q008"],
    );
}

#[test]
fn each_mistake_once() {
    check_errors("fields a limit 5", &["Q007"]);
    check_errors("fields | limit 5", &["Q007"]);
    check_errors("filter a like /x/i", &["Q004"]);
    check_errors("stats count(*) by a | sort bin(1d) desc", &["Q011"]);
    check_errors("sort -a", &["Q011"]);
    check_errors("filter a in []", &["Q012"]);
    check_errors("filter a in (1, 2)", &["Q007"]);
    check_errors("filter (a = 1 and b = 2", &["Q008"]);
    check_errors("filter a = 1)", &["Q007"]);
    check_errors("filter a < b < c", &["Q007"]);
    check_errors("filter status >= 500 ? 1 : 0", &["Q006"]);
    check_errors("filter a = http://1.2.3.4/ and b like 'x'", &["Q002"]);
    check_errors("", &["Q007"]);
    check_errors("fields a |", &["Q007"]);
    check_errors("autoregress a p=0-2", &["Q013"]);
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["(", "not ", "-", "abs(", "2 ^ ", "a in (filter "] {
        let text = format!("filter {}1", open.repeat(700));
        let errors = parse(&text).expect_err("too deep").0;
        assert_eq!(errors[0].code.0, "Q009", "{open}");
    }
    for chain in [" + a", " * a", ".b"] {
        let text = format!("fields x(){}", chain.repeat(2000));
        let errors = parse(&text).expect_err("too high").0;
        assert_eq!(errors[0].code.0, "Q009", "{chain}");
    }
}

#[test]
fn long_conditions_are_read() {
    let text = format!("filter a = 1{}", " or a = 2".repeat(1000));
    assert!(parse(&text).is_ok());
}

fn span() -> Span {
    Span::default()
}

fn name_of(text: impl Into<String>) -> Name {
    let text = text.into();
    Name { span: span(), text }
}

fn text() -> impl Strategy<Value = Text> {
    "[a-z%*\"'\\\\\n #|/日]{0,6}".prop_map(|value| Text {
        span: span(),
        value,
    })
}

fn regex() -> impl Strategy<Value = Regex> {
    prop::collection::vec(
        prop::sample::select(vec!["a", "\\d", "/", "#", "|", "\\\\", "(?<x>b)", "\""]),
        1..5,
    )
    .prop_map(|parts| Regex {
        span: span(),
        source: parts.concat(),
    })
}

fn field() -> impl Strategy<Value = Field> {
    let words = vec![
        "a",
        "b1",
        "@message",
        "_x",
        "and",
        "p",
        "desc",
        "Source",
        "user-agent",
        "a b",
        "0",
        "日",
    ];
    prop::collection::vec(prop::sample::select(words), 1..3).prop_map(|parts| Field {
        span: span(),
        path: parts.into_iter().map(str::to_owned).collect(),
    })
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    prop::collection::vec(field(), 1..3)
}

fn period() -> impl Strategy<Value = Period> {
    let units: Vec<Unit> = Unit::SPELLINGS.iter().map(|(_, unit)| *unit).collect();
    (0..5000_u64, prop::sample::select(units)).prop_map(|(count, unit)| Period {
        span: span(),
        count,
        unit,
    })
}

fn operator() -> impl Strategy<Value = BinaryOp> {
    prop::sample::select(vec![
        BinaryOp::Equal,
        BinaryOp::NotEqual,
        BinaryOp::Less,
        BinaryOp::GreaterEqual,
        BinaryOp::Add,
        BinaryOp::Subtract,
        BinaryOp::Multiply,
        BinaryOp::Divide,
        BinaryOp::Remainder,
        BinaryOp::Power,
    ])
}

fn node(kind: ExprKind) -> Expr {
    Expr { span: span(), kind }
}

fn leaf() -> impl Strategy<Value = ExprKind> {
    prop_oneof![
        prop::sample::select(vec!["1", "0.5", "1.6e-11"])
            .prop_map(|text| ExprKind::Number(text.to_owned())),
        text().prop_map(|text| ExprKind::Text(text.value)),
        any::<bool>().prop_map(ExprKind::Bool),
        period().prop_map(ExprKind::Period),
        field().prop_map(ExprKind::Field),
        Just(ExprKind::Call(name_of("count"), vec![node(ExprKind::Star)])),
        Just(ExprKind::Call(name_of("now"), vec![])),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_map(node).prop_recursive(4, 24, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let several = prop::collection::vec(inner.clone(), 2..4);
        let like = prop_oneof![
            text().prop_map(LikePattern::Text),
            regex().prop_map(LikePattern::Regex)
        ];
        prop_oneof![
            boxed.clone().prop_map(ExprKind::Negate),
            boxed.clone().prop_map(ExprKind::Not),
            several.clone().prop_map(ExprKind::And),
            several.clone().prop_map(ExprKind::Or),
            several.prop_map(|list| ExprKind::Call(name_of("concat"), list)),
            (boxed.clone(), "[a-z0-9]|x y").prop_map(|(of, part)| ExprKind::Access(of, part)),
            (boxed.clone(), operator(), boxed.clone())
                .prop_map(|(left, op, right)| ExprKind::Binary(left, op, right)),
            (boxed.clone(), any::<bool>(), like).prop_map(|(value, negated, pattern)| {
                ExprKind::Like {
                    value,
                    negated,
                    pattern,
                }
            }),
            (boxed, any::<bool>(), prop::collection::vec(inner, 1..3)).prop_map(
                |(value, negated, list)| ExprKind::In {
                    value,
                    negated,
                    list,
                }
            ),
        ]
        .prop_map(node)
    })
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (expr(), prop::option::of(field())).prop_map(|(expr, alias)| Item {
        span: span(),
        expr,
        alias,
    });
    prop::collection::vec(item, 1..3)
}

fn settings(names: &'static [&'static str]) -> impl Strategy<Value = Vec<Setting>> {
    let one = (
        prop::sample::select(names),
        prop::sample::select(vec!["left", "true", "1.5", "a b", "where"]),
    )
        .prop_map(|(name, value)| Setting {
            name: name_of(name),
            value: name_of(value),
        });
    prop::collection::vec(one, 0..3)
}

fn matches() -> impl Strategy<Value = Vec<Match>> {
    let one =
        (field(), prop::option::of(field())).prop_map(|(column, field)| Match { column, field });
    prop::collection::vec(one, 1..3)
}

fn output() -> impl Strategy<Value = Output> {
    prop::sample::select(vec![Output::Replace, Output::Fill])
}

fn parse_method() -> impl Strategy<Value = ParseMethod> {
    prop_oneof![
        (text(), fields()).prop_map(|(glob, names)| ParseMethod::Glob(glob, names)),
        (regex(), prop::collection::vec(field(), 0..3), any::<bool>()).prop_map(
            |(regex, names, multi)| ParseMethod::Regex {
                regex,
                names,
                multi
            }
        ),
        field().prop_map(ParseMethod::Logfmt),
        fields().prop_map(ParseMethod::Csv),
    ]
}

fn core_command() -> impl Strategy<Value = CommandKind> {
    let direction = prop::sample::select(vec![Direction::Ascending, Direction::Descending]);
    let key = (field(), direction).prop_map(|(field, direction)| Key { field, direction });
    prop_oneof![
        items().prop_map(CommandKind::Fields),
        items().prop_map(CommandKind::Display),
        expr().prop_map(CommandKind::Filter),
        expr().prop_map(CommandKind::FilterIndex),
        (items(), items(), prop::option::of(period()))
            .prop_map(|(items, by, offset)| { CommandKind::Stats(Stats { items, by, offset }) }),
        items().prop_map(|items| CommandKind::Stats(Stats {
            items,
            by: vec![],
            offset: None
        })),
        prop::collection::vec(key, 1..3).prop_map(CommandKind::Sort),
        (any::<bool>(), any::<u64>()).prop_map(|(any, count)| CommandKind::Limit(Limit {
            span: span(),
            any,
            count
        })),
        fields().prop_map(CommandKind::Dedup),
        (prop::option::of(field()), parse_method())
            .prop_map(|(source, method)| CommandKind::Parse(Parse { source, method })),
    ]
}

fn row_command() -> impl Strategy<Value = CommandKind> {
    let fill_name = prop_oneof![
        field().prop_map(FillName::Field),
        "[a-z]{1,3}".prop_map(|text| FillName::Prefix(name_of(text)))
    ];
    let query = || {
        prop::collection::vec(core_command().prop_map(command), 1..2).prop_map(|commands| {
            Box::new(Query {
                span: span(),
                source: None,
                commands,
            })
        })
    };
    prop_oneof![
        (field(), text(), field()).prop_map(|(field, path, name)| CommandKind::Json(JsonPath {
            field,
            path,
            name
        })),
        (field(), field()).prop_map(|(list, name)| CommandKind::Unnest(list, name)),
        (field(), matches(), output(), fields()).prop_map(|(table, matches, output, names)| {
            CommandKind::Lookup(Lookup {
                table,
                matches,
                output,
                names,
            })
        }),
        (
            field(),
            field(),
            prop::option::of(field()),
            output(),
            matches()
        )
            .prop_map(
                |(table, address, column, output, names)| CommandKind::CidrLookup(CidrLookup {
                    table,
                    address,
                    column,
                    output,
                    names
                })
            ),
        (
            settings(&["type", "left", "right"]),
            field(),
            field(),
            query()
        )
            .prop_map(|(settings, left, right, query)| CommandKind::Join(Join {
                settings,
                on: (left, right),
                query
            })),
        (
            settings(&["row", "col", "fieldname"]),
            prop::collection::vec(field(), 0..3)
        )
            .prop_map(|(settings, names)| CommandKind::AddTotals(AddTotals { settings, names })),
        (
            field(),
            prop::option::of(field()),
            prop::option::of((1..9_u64, 0..9_u64))
        )
            .prop_map(
                |(field, name, range)| CommandKind::Autoregress(Autoregress {
                    field,
                    name,
                    distance: range.map(|(first, more)| (first, first + more))
                })
            ),
        prop::collection::vec(fill_name, 0..3).prop_map(CommandKind::FillDown),
        prop::collection::vec((expr(), field()), 0..3).prop_map(CommandKind::FillMissing),
        (
            fields(),
            prop::option::of(period()),
            prop::option::of(field())
        )
            .prop_map(
                |(names, maxspan, name)| CommandKind::Sessionize(Sessionize {
                    names,
                    maxspan,
                    name
                })
            ),
        (settings(&["action", "param"]), fields())
            .prop_map(|(options, names)| CommandKind::Outlier(options, names)),
        (settings(&["override", "max"]), query())
            .prop_map(|(options, query)| CommandKind::AppendCols(options, query)),
        (fields(), prop::option::of(expr()))
            .prop_map(|(names, condition)| CommandKind::RelevantFields(names, condition)),
    ]
}

fn command(kind: CommandKind) -> Command {
    Command {
        span: span(),
        word: span(),
        kind,
    }
}

fn query() -> impl Strategy<Value = Query> {
    let source = prop_oneof![
        text().prop_map(Select::Group),
        prop::collection::vec(text(), 1..3).prop_map(|values| Select::Groups(vec![SelectOption {
            name: name_of("namePrefix"),
            values
        }])),
    ]
    .prop_map(|select| Source {
        span: span(),
        select,
    });
    let any_command = prop_oneof![3 => core_command(), 1 => row_command()].prop_map(command);
    (
        prop::option::of(source),
        prop::collection::vec(any_command, 1..4),
    )
        .prop_map(|(source, commands)| Query {
            span: span(),
            source,
            commands,
        })
}

/// Pieces of queries in any order: far more often nearly right than random characters are.
fn scraps() -> impl Strategy<Value = String> {
    let pieces = vec![
        "fields",
        "stats",
        "filter",
        "parse",
        "sort",
        "limit",
        "|",
        "(",
        ")",
        "[",
        "]",
        ",",
        "a",
        "@message",
        "count(*)",
        "by",
        "as",
        "like",
        "in",
        "not",
        "and",
        "\"x\"",
        "'",
        "/re/",
        "/",
        "=",
        "==",
        "!",
        "-",
        "5m",
        "12",
        ".0",
        "`b c`",
        "`",
        "#",
        "\n",
        "日",
        "bin(1h)",
        "join",
        "SOURCE",
        "{{",
        "$x",
        "addtotals",
        "row=",
        "\\",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..14).prop_map(|all| all.join(" "))
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(query in query()) {
        let printed = query.to_string();
        if printed.len() <= 8_000 {
            prop_assert_eq!(parse(&printed), Ok(query), "{}", printed);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_scraps_panic_and_errors_stay_inside(text in scraps()) {
        match parse(&text) {
            Ok(query) => prop_assert_eq!(parse(&query.to_string()), Ok(query)),
            Err(errors) => for one in errors.0 {
                prop_assert!(one.span.end <= text.len() && one.span.start <= one.span.end);
            }
        }
    }
}

#[test]
fn every_command_is_explained_and_its_example_reads() {
    for entry in entries() {
        assert!(entry.form.starts_with(entry.words[0]), "{}", entry.form);
        assert!(
            entry.summary.starts_with(|c: char| c.is_ascii_lowercase()),
            "{}",
            entry.summary
        );
        let query =
            parse(entry.example).unwrap_or_else(|errors| panic!("{}: {errors:?}", entry.example));
        let is_own = |command: &Command| {
            let word = &entry.example[command.word.range()];
            entry.words.contains(&word)
        };
        assert!(query.commands.iter().any(is_own), "{}", entry.example);
    }
}
