use super::*;
use crate::query::ast::BinaryOp;
use crate::query::plan::{Expr, Slot};
use crate::query::{Settings, Table};
use crate::time::Timestamp;

const SETTINGS: Settings = Settings {
    table: Table::Events,
    now: Timestamp(1_772_449_200_999),
    window: None,
    default_limit: None,
};

fn row() -> Vec<Cell<'static>> {
    let json = crate::decode::json::Json::parse(br#""GET""#).expect("a string");
    vec![
        Cell::Json(json),
        Cell::Value(5.0.into()),
        Cell::Empty,
        Cell::Bytes(b"a message"),
    ]
}

fn slot(at: usize) -> Expr {
    Expr::Slot(Slot(at))
}

fn constant(value: impl Into<Value<'static>>) -> Expr {
    Expr::Constant(value.into())
}

fn binary(left: Expr, operator: BinaryOp, right: Expr) -> Expr {
    Expr::Binary(Box::new(left), operator, Box::new(right))
}

fn holds(expr: &Expr) -> Option<bool> {
    condition(expr, &SETTINGS).holds(&row())
}

fn text(expr: &Expr) -> Option<String> {
    let value = compute(expr, &SETTINGS);
    let row = row();
    value.value(&row).into_text().map(Cow::into_owned)
}

#[test]
fn a_field_is_compared_with_text_by_its_bytes() {
    assert_eq!(
        holds(&binary(slot(0), BinaryOp::Equal, constant("GET"))),
        Some(true)
    );
    assert_eq!(
        holds(&binary(slot(0), BinaryOp::NotEqual, constant("GET"))),
        Some(false)
    );
    assert_eq!(
        holds(&binary(slot(1), BinaryOp::Equal, constant("5"))),
        Some(true)
    );
    assert_eq!(
        holds(&binary(slot(2), BinaryOp::NotEqual, constant("GET"))),
        None
    );
}

#[test]
fn logic_has_three_values() {
    let open = || binary(slot(2), BinaryOp::Equal, constant(1.0));
    let yes = || constant(1.0);
    let no = || constant(0.0);
    assert_eq!(holds(&Expr::And(vec![open(), no()])), Some(false));
    assert_eq!(holds(&Expr::And(vec![open(), yes()])), None);
    assert_eq!(holds(&Expr::Or(vec![open(), yes()])), Some(true));
    assert_eq!(holds(&Expr::Or(vec![open(), no()])), None);
    assert_eq!(holds(&Expr::Not(Box::new(open()))), None);
}

#[test]
fn searches_look_at_the_printed_form() {
    let contains = |value, text: &str, negated| Expr::Contains {
        value: Box::new(value),
        text: text.to_owned(),
        negated,
    };
    let matches = |value, regex: &str| Expr::Matches {
        value: Box::new(value),
        regex: regex.to_owned(),
        negated: false,
    };
    assert_eq!(holds(&contains(slot(3), "mess", false)), Some(true));
    assert_eq!(holds(&contains(slot(3), "mess", true)), Some(false));
    assert_eq!(holds(&contains(slot(2), "mess", true)), None);
    assert_eq!(holds(&matches(slot(1), "^5$")), Some(true));
}

#[test]
fn an_item_that_is_missing_leaves_the_search_open() {
    let is_in = |list, negated| Expr::In {
        value: Box::new(slot(1)),
        list,
        negated,
    };
    assert_eq!(
        holds(&is_in(vec![slot(2), constant("5")], false)),
        Some(true)
    );
    assert_eq!(holds(&is_in(vec![slot(2), constant("6")], true)), None);
    assert_eq!(holds(&is_in(vec![constant("6")], true)), Some(true));
}

#[test]
fn arithmetic_leaves_nothing_where_there_is_no_number() {
    let five = || slot(1);
    assert_eq!(
        text(&binary(five(), BinaryOp::Divide, constant(2.0))).as_deref(),
        Some("2.5")
    );
    assert_eq!(text(&binary(five(), BinaryOp::Divide, constant(0.0))), None);
    assert_eq!(
        text(&binary(five(), BinaryOp::Remainder, constant(0.0))),
        None
    );
    assert_eq!(text(&binary(five(), BinaryOp::Add, slot(0))), None);
    assert_eq!(
        text(&binary(five(), BinaryOp::Power, constant("2"))).as_deref(),
        Some("25")
    );
}

#[test]
fn parts_of_maps_and_lists_are_reached_by_path() {
    let path = |parts: &[&str]| {
        let parse = Expr::Call("jsonParse", vec![constant(r#"{"a.b": [{"c": null}, 2]}"#)]);
        let parts = parts.iter().map(|&part| part.to_owned()).collect();
        text(&Expr::Access(Box::new(parse), parts))
    };
    assert_eq!(path(&["a.b", "1"]).as_deref(), Some("2"));
    assert_eq!(path(&["a.b", "0", "c"]), None);
    assert_eq!(path(&["a.b", "2"]), None);
    assert_eq!(path(&["a", "b"]), None);
}

#[test]
fn now_is_a_constant_in_seconds() {
    assert_eq!(
        text(&Expr::Call("now", vec![])).as_deref(),
        Some("1772449200")
    );
}
