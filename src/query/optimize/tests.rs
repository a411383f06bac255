//! What the optimizer makes of plans. That results stay the same is tested where plans run.

use super::optimize;
use crate::query::Table;
use crate::query::parser::parse;
use crate::query::plan::Expr;
use crate::query::resolve::resolve;
use crate::value::Value;

/// Optimizes a query, with a stand-in for evaluation that knows two expressions.
fn optimized(text: &str) -> String {
    let query = parse(text).expect("the query parses");
    let resolved = resolve(&query, text, Table::Events).expect("the query resolves");
    optimize(resolved.plan, &|expr| match expr {
        Expr::Binary(..) => Value::Bool(true),
        _ => Value::Number(7.0),
    })
    .to_string()
}

#[test]
fn filters_move_ahead_of_what_they_do_not_need() {
    insta::assert_snapshot!(
        optimized("parse @message '[*] *' as lv, t | fields a * 2 as b | sort a | filter b > 1 and a > 1 and lv = 'x' and c = 2"),
        @r#"
    read     @message, a, c
    filter   (a > 1) and (c = 2)
    parse    @message "[*] *" as lv, t
    filter   lv = "x"
    extend   b = a * 2
    filter   b > 1
    sort     a asc
    columns  b, lv, t
    "#
    );
}

#[test]
fn cheap_conditions_come_first() {
    insta::assert_snapshot!(
        optimized("filter a like /x/ | filter b like 'y' | filter c = 1"),
        @r#"
    read     a, b, c, @timestamp, @message
    filter   (c = 1) and (b like "y") and (a like /x/)
    order    newest first
    columns  @timestamp, @message
    "#
    );
}

#[test]
fn what_is_not_shown_is_not_computed() {
    insta::assert_snapshot!(
        optimized("fields a * 2 as b, c * 2 as d | parse @message '* *' as x, y | parse e '*' as z | display d, y"),
        @r#"
    read     c, @message
    extend   d = c * 2
    parse    @message "* *" as x, y
    order    newest first
    columns  d, y
    "#
    );
}

#[test]
fn stats_needs_only_its_inputs() {
    insta::assert_snapshot!(
        optimized("fields a, b, c * 2 as d | stats sum(d) as s, s * 2 as t, t * 2 as u by b | display t | limit 9 | limit 5"),
        @"
    read     b, c
    extend   d = c * 2
    stats    s = sum(d) by b
    extend   t = s * 2
    limit    5
    columns  t
    "
    );
}

#[test]
fn constants_are_folded() {
    insta::assert_snapshot!(
        optimized("filter 1 < 2 and a > abs(-7) | fields b + (now() - 1) as x"),
        @"
    read     a, b
    filter   a > 7
    extend   x = b + true
    order    newest first
    columns  x
    "
    );
}

#[test]
fn sort_and_limit_become_one() {
    insta::assert_snapshot!(optimized("fields a | sort a desc | limit 20 | limit 10"), @"
    read     a
    top 10   a desc
    columns  a
    ");
}
