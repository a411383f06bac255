//! Plans of small queries, and that every recorded query compiles or fails as it should.

use super::{Resolved, resolve};
use crate::diagnostic::Diagnostics;
use crate::query::Table;
use crate::query::parser::parse;

fn compile(text: &str, table: Table) -> Result<Resolved, Diagnostics> {
    resolve(&parse(text)?, text, table)
}

fn plan(text: &str) -> String {
    let resolved =
        compile(text, Table::Events).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    resolved.plan.to_string()
}

fn check_error(text: &str, code: &str) {
    let errors = compile(text, Table::Events).expect_err(text).0;
    let codes: Vec<&str> = errors.iter().map(|one| one.code.0).collect();
    assert_eq!(codes, [code], "{text}: {errors:?}");
}

#[test]
fn a_bare_filter_shows_time_and_message() {
    insta::assert_snapshot!(plan("filter status = 404 and path like '/api' | filter x"), @r#"
    read     status, path, x, @timestamp, @message
    filter   (status = 404) and (path like "/api")
    filter   x
    order    newest first
    columns  @timestamp, @message
    "#);
}

#[test]
fn columns_come_in_order_of_appearance_parsed_ones_last() {
    insta::assert_snapshot!(
        plan("fields a | parse @message '* *' as x, y | fields b * 2 as c, abs(d), a"),
        @r#"
    read     a, @message, b, d
    parse    @message "* *" as x, y
    extend   c = b * 2, `abs(d)` = abs(d)
    order    newest first
    columns  a, c, `abs(d)`, x, y
    "#
    );
}

#[test]
fn the_last_display_decides() {
    insta::assert_snapshot!(plan("fields a | display b, a | display c as d, c, d"), @"
    read     a, b, c, d
    order    newest first
    columns  d = c, c
    ");
}

#[test]
fn an_alias_is_not_visible_inside_its_own_command() {
    insta::assert_snapshot!(
        plan("fields jsonParse(@message) as j, j.a as x | fields j.a as y, j.b"),
        @r#"
    read     @message, j.a
    extend   j = jsonParse(@message)
    extend   y = j["a"], j.b = j["b"]
    order    newest first
    columns  j, x = j.a, y, j.b
    "#
    );
}

#[test]
fn aggregates_are_computed_once() {
    insta::assert_snapshot!(
        plan("stats sum(a) as total, count(*) as n, total / n as mean, sum(a) / count() by bin(5m), host as h \
              | filter mean > 1 | fields n * 2 as m | stats max(m) by h"),
        @"
    read     @timestamp, host, a
    stats    total = sum(a), n = count() by `bin(5m)` = datefloor(@timestamp, 5m), h = host
    extend   mean = total / n
    extend   `sum(a) / count()` = total / n
    filter   mean > 1
    extend   m = n * 2
    stats    `max(m)` = max(m) by h
    columns  h, `max(m)`
    "
    );
}

#[test]
fn offset_moves_the_edges_of_bins() {
    insta::assert_snapshot!(plan("stats count(*) as n by bin(1h) offset 30m"), @"
    read     @timestamp
    stats    n = count() by `bin(1h)` = fromMillis(datefloor(@timestamp - 1800000, 1h) + 1800000)
    columns  `bin(1h)`, n
    ");
}

#[test]
fn aggregates_by_time_take_it_along() {
    insta::assert_snapshot!(plan("stats latest(message) as last, earliest(message)"), @"
    read     message, @timestamp
    stats    last = latest(message, @timestamp), `earliest(message)` = earliest(message, @timestamp)
    columns  last, `earliest(message)`
    ");
}

#[test]
fn a_part_of_a_map_is_computed_before_it_is_sorted_by() {
    insta::assert_snapshot!(plan("fields jsonParse(m) as j | sort j.t desc, x | limit 3"), @r#"
    read     m, x
    extend   j = jsonParse(m)
    extend   j.t = j["t"]
    sort     j.t desc, x asc
    limit    3
    columns  j
    "#);
}

#[test]
fn plain_groups_take_the_names() {
    insta::assert_snapshot!(plan(r"parse x /(\w+)=(?<v>\w+)/ as k | display k, v"), @r"
    read     x
    parse    x /(\w+)=(?<v>\w+)/ as k, v
    order    newest first
    columns  k, v
    ");
}

#[test]
fn a_parsed_text_has_no_parts() {
    insta::assert_snapshot!(plan("parse @message '[*]' as error | filter error.type = error"), @r#"
    read     @message, error.type, @timestamp
    parse    @message "[*]" as error
    filter   error.type = error
    order    newest first
    columns  @timestamp, @message, error
    "#);
}

#[test]
fn runs_have_their_columns_only() {
    let text = "filter outcome = 'failed' | fields name, migration.applied.0";
    let resolved = compile(text, Table::Runs).expect("all of these are columns");
    insta::assert_snapshot!(resolved.plan.to_string(), @r#"
    read     outcome, name, migration.applied
    filter   outcome = "failed"
    extend   migration.applied.0 = migration.applied["0"]
    order    newest first
    columns  name, migration.applied.0
    "#);
    let errors = compile("filter outcom = 'failed'", Table::Runs)
        .expect_err("misspelled")
        .0;
    assert_eq!(errors[0].hint.as_deref(), Some("did you mean `outcome`?"));
}

#[test]
fn what_is_wrong_with_names_and_calls() {
    check_error("fields lower(message) as m", "Q020");
    check_error("fields anomalyscore(x)", "Q020");
    check_error("fields strlen() as m", "Q023");
    check_error("fields datefloor(@timestamp) as m", "Q023");
    check_error("fields datefloor(@timestamp, 5) as m", "Q024");
    check_error("fields bin(5) as m", "Q024");
    check_error("fields 5m as m", "Q024");
    check_error("fields strlen(*) as m", "Q024");
    check_error("stats pct(x, 101)", "Q024");
    check_error("filter a = null", "Q024");
    check_error("filter a like /(/", "Q025");
    check_error("fields regexReplace(a, '(?=x)', 'b')", "Q025");
    check_error("fields @mesage", "Q026");
    check_error("filter count(*) > 5", "Q029");
    check_error("stats count(sum(a))", "Q029");
}

#[test]
fn what_is_wrong_with_stats() {
    check_error("stats count(*) as n by a | filter b = 1", "Q027");
    check_error("stats count(*) as n | display @timestamp", "Q027");
    check_error("stats sum(a) as s by b | stats avg(s) by bin(5m)", "Q027");
    check_error("stats sum(a) as s by b | stats latest(s)", "Q027");
    check_error("stats count(*) as n, sum(a) as n", "Q028");
    check_error("stats count(*) as a by a", "Q028");
    check_error("stats path, count(*)", "Q030");
    check_error("stats 1 + 1", "Q030");
    check_error("stats topk(3, a) by b", "Q032");
    check_error("stats count(*) as n by bin(1h) offset 1mo", "Q024");
    assert!(
        compile(
            "stats max(@timestamp) as @timestamp by a | stats count(*) by bin(1h)",
            Table::Events
        )
        .is_ok()
    );
    assert!(compile("stats count(*) as n, k * 2 by a as k", Table::Events).is_ok());
}

#[test]
fn what_is_wrong_with_names_that_are_made() {
    check_error("fields a as x, b as x", "Q028");
    check_error("fields a as x | parse @message '*' as x", "Q028");
    check_error("parse @message '* *' as a, a", "Q028");
    check_error("parse @message '* *' as a, b | fields a", "Q028");
    check_error("parse @message '* *' as a", "Q033");
    check_error("parse @message /(a)/", "Q033");
    check_error("parse @message /(a)(b)/ as x", "Q033");
}

#[test]
fn what_stands_in_the_wrong_place() {
    check_error("stats count(*) as n by a | sort n | stats max(n)", "Q032");
    check_error("limit 5 | stats count(*) as n by a | stats max(n)", "Q032");
    check_error("dedup a | sort a", "Q032");
    check_error("filter a | diff", "Q032");
    check_error("limit 0", "Q034");
    check_error("limit 100001", "Q034");
    check_error("relevantfields a", "Q035");
}

#[test]
fn what_only_the_service_can_do_says_so() {
    check_error("relevantfields a where b", "Q022");
    check_error("pattern @message | anomaly", "Q022");
    check_error("SOURCE dataSource(['a']) | fields b", "Q022");
    check_error("SOURCE logGroups(class: ['a']) | fields b", "Q022");
}

#[test]
fn a_list_of_an_event_is_taken_before_rows_are_kept() {
    insta::assert_snapshot!(plan("sort b | expand a | display a, a.c"), @r#"
    read     b, a
    extend   a#2 = @whole(a#1)
    sort     b asc
    spread   elements of the text a#2 as a#3
    extend   a.c = a#3["c"]
    columns  a = a#3, a.c
    "#);
}

#[test]
fn what_a_join_uses_of_its_right_side_is_brought() {
    insta::assert_snapshot!(
        plan("join type=left left=o right=p where p.id = o.key (SOURCE '/p' | filter x = 1) \
              | filter p.state != 'ok' | fields o.key, p.state, p.sum"),
        @r#"
    read     key, @log, x, id, state, sum
    join     left key with query 0 as p.state, p.sum
    filter   p.state != "ok"
    order    newest first
    query 0
      read     @log, x, id, state, sum
      filter   @log like /^(\d+:)?/p$/
      filter   x = 1
      order    newest first
      columns  value = id, value = state, value = sum
    columns  o.key = key, p.state, p.sum
    "#
    );
}

#[test]
fn a_subquery_reads_fields_beside_the_query() {
    insta::assert_snapshot!(
        plan("filter a in (filter b = 1 | fields c) | stats count(*) as n by d \
              | appendcols (stats max(e) as m)"),
        @r"
    read     a, b, c, d, e
    filter   a in (query 0)
    stats    n = count() by d
    append   query 1 as m
    query 0
      read     b, c
      filter   b = 1
      order    newest first
      columns  c
    query 1
      read     e
      stats    m = max(e)
      columns  m
    columns  d, n, m
    "
    );
}

#[test]
fn names_can_be_given_anew() {
    insta::assert_snapshot!(
        plan("fields a, b | accum a | filldown | outlier a | display b, a"),
        @r"
    read     a, b
    accum    a#2 = sum of a#0
    filldown a#3 = a#2, b#4 = b#1
    clamp    a#5 = a#3 beyond 2.5 quartile distances above
    order    newest first
    columns  b = b#4, a = a#5
    "
    );
}

#[test]
fn what_is_wrong_with_later_commands() {
    check_error("fillmissing with 0 for n", "Q032");
    check_error(
        "stats count(*) by bin(1h) | fillmissing | fillmissing",
        "Q032",
    );
    check_error("pattern a | limit 5 | diff", "Q032");
    check_error("filter a in (pattern b | diff | display @pattern)", "Q032");
    check_error("stats count(*) as n by a | fillmissing", "Q032");
    check_error(
        "stats count(*) as n by bin(1h) | fillmissing with n for n",
        "Q024",
    );
    check_error(
        "stats count(*) as n by bin(1h) | fillmissing with 0 for m",
        "Q027",
    );
    check_error("filldown", "Q035");
    check_error("addtotals", "Q035");
    check_error("addtotals row=maybe a", "Q013");
    check_error("fields a | addtotals fieldname=a a", "Q028");
    check_error("outlier action=drop a", "Q013");
    check_error("outlier param=-1 a", "Q007");
    check_error("outlier param=x a", "Q013");
    check_error("autoregress a as b p=1-2", "Q033");
    check_error("autoregress a p=1-1000", "Q013");
    check_error("sessionize a maxspan 1mo", "Q024");
    check_error("stats count(*) by a | sessionize a", "Q027");
    check_error("stats rate(a, 1m) by b", "Q035");
    check_error("stats rate(a, b) by bin(5m)", "Q024");
    check_error("lookup users id OUTPUT name", "Q046");
    check_error("filter a in (fields b, c)", "Q033");
    check_error("filter a in (stats count(*) as n by b)", "Q033");
    check_error(
        "join where left.a = right.b (stats count(*) as n by c)",
        "Q027",
    );
    check_error("join type=outer where left.a = right.b (fields c)", "Q013");
    check_error("SOURCE logGroups(prefix: ['a']) | fields b", "Q013");
    check_error("unnest a into b | unnest c into b", "Q028");
    check_error("pattern @message | filter status = 1", "Q027");
}

#[test]
fn odd_queries_get_a_remark() {
    let remark = |text: &str| {
        let warnings = compile(text, Table::Events).expect("it runs").warnings;
        warnings.iter().map(|one| one.code.0).collect::<Vec<_>>()
    };
    assert_eq!(remark("stats count(*) by bin(90m)"), ["Q050"]);
    assert_eq!(remark("limit 5 | stats count(*)"), ["Q051"]);
    assert_eq!(remark("filter levelname = ERROR"), ["Q052"]);
    assert_eq!(remark("filter levelname = 'ERROR' | limit 5"), [""; 0]);
    assert_eq!(remark("fields seconds = duration / 1000"), ["Q060"]);
    assert_eq!(remark("fields status = 500, a = b + 1 as c"), [""; 0]);
}

/// What recorded queries need that is not here: the service, or a table.
const MISSING: &[&str] = &["Q022", "Q046"];

#[test]
fn recorded_queries_compile_or_fail() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/insights/vectors.jsonl"
    );
    let vectors = std::fs::read_to_string(path).expect("the vectors are part of the tree");
    let mut wrong = Vec::new();
    for line in vectors.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).expect("one object a line");
        let text = vector["query"].as_str().expect("each has a query");
        let result = compile(text, Table::Events);
        let missing =
            |errors: &Diagnostics| errors.0.iter().all(|one| MISSING.contains(&one.code.0));
        let well = match &result {
            Ok(_) => vector["error"] != true,
            Err(errors) => (vector["error"] == true) != missing(errors),
        };
        if !well {
            wrong.push(format!("{}: {result:?}", vector["id"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
