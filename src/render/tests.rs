use std::borrow::Cow;
use std::sync::Arc;

use super::*;
use crate::event::{Event, Origin};
use crate::record::Record;
use crate::time::Timestamp;
use crate::value::Value;

const NOON: Timestamp = Timestamp(1_795_406_645_000);

fn look(width: Option<usize>) -> Look {
    Look {
        zone: Zone::named("Asia/Tokyo").expect("known"),
        width,
        color: false,
        ambiguous_width: 1,
        durations: &["duration"],
        bom: false,
    }
}

fn columns(names: &[&str]) -> Columns {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn print(format: Format, look: &Look, names: &[&str], rows: Vec<Vec<Value<'static>>>) -> String {
    let columns = columns(names);
    let question = Question {
        query: Some("fields \"x\"".to_owned()),
        window: Window {
            since: Some(NOON),
            until: None,
        },
    };
    let mut renderer = renderer(format, look, question);
    let mut out = Vec::new();
    renderer.start(&columns, &mut out);
    for values in rows {
        let columns = columns.clone();
        renderer.row(&Row { columns, values }, &mut out);
    }
    let ending = Ending {
        complete: true,
        truncated: false,
    };
    renderer.finish(ending, &mut out);
    String::from_utf8(out).expect("text")
}

fn rows() -> Vec<Vec<Value<'static>>> {
    vec![
        vec![
            Value::Timestamp(NOON),
            Value::from("sync-reservations"),
            Value::from("failed"),
            Value::from("KeyError: 'price' と「料金」\nsecond line \x1b[31m"),
            Value::Number(192.0),
        ],
        vec![
            Value::Timestamp(Timestamp(NOON.0 - 60_000)),
            Value::from("請求書"),
            Value::from("errored"),
            Value::Null,
            Value::Number(0.25),
        ],
    ]
}

const NAMES: [&str; 5] = ["@timestamp", "name", "outcome", "error.message", "duration"];

#[test]
fn a_table_without_a_terminal_is_not_cut() {
    insta::assert_snapshot!(print(Format::Table, &look(None), &NAMES, rows()), @r#"
    @timestamp (JST)     name               outcome  error.message                                         duration
    2026-11-23 13:04:05  sync-reservations  failed   KeyError: 'price' と「料金」\nsecond line \x1b[31m  3 min 12 s
    2026-11-23 13:03:05  請求書             errored                                                          250 ms
    "#);
}

#[test]
fn a_table_fits_the_terminal() {
    let table = print(Format::Table, &look(Some(80)), &NAMES, rows());
    insta::assert_snapshot!(table, @r#"
    @timestamp (JST)     name               outcome  error.message          duration
    2026-11-23 13:04:05  sync-reservations  failed   KeyError: 'price...  3 min 12 s
    2026-11-23 13:03:05  請求書             errored                           250 ms
    "#);
}

#[test]
fn a_task_is_shortened_on_a_narrow_terminal() {
    let rows = vec![vec![
        Value::from("a-batch-with-a-long-name"),
        Value::from("7f3a9c0123456789abcdef0123456789"),
    ]];
    let table = print(Format::Table, &look(Some(40)), &["name", "task"], rows);
    insta::assert_snapshot!(table, @r#"
    name                      task
    a-batch-with-a-long-name  7f3a9c01
    "#);
}

#[test]
fn room_is_made_by_what_is_missed_least() {
    let rows = vec![vec![
        Value::Timestamp(Timestamp(NOON.0 + 7)),
        Value::from("sync-reservations"),
        Value::Null,
        Value::from("the channel's gateway answered 502 for R-1010"),
        Value::from("push_to_channel (reservations/tasks.py:20)"),
    ]];
    let names = [
        "@timestamp",
        "name",
        "stop_reason",
        "error.message",
        "error.culprit",
    ];
    insta::assert_snapshot!(print(Format::Table, &look(Some(80)), &names, rows.clone()), @r#"
    @timestamp (JST)     name               error.message        error.culprit
    2026-11-23 13:04:05  sync-reservations  the channel's ga...  push_to_channel ...
    "#);
    insta::assert_snapshot!(print(Format::Table, &look(Some(60)), &names, rows), @r#"
    @timestamp (JST)     name               error.message
    2026-11-23 13:04:05  sync-reservations  the channel's gat...
    "#);
}

#[test]
fn numbers_give_way_where_there_is_no_text_to_cut() {
    let rows = vec![vec![
        Value::Timestamp(NOON),
        Value::from("production"),
        Value::from("rebuild_search_index"),
        Value::from("succeeded"),
        Value::Number(192.0),
        Value::Number(12.0),
        Value::from("7f3a9c0123456789abcdef0123456789"),
    ]];
    let names = [
        "started", "stage", "name", "outcome", "duration", "events", "task",
    ];
    insta::assert_snapshot!(print(Format::Table, &look(Some(80)), &names, rows.clone()), @r#"
    started (JST)        stage       name                  outcome    task
    2026-11-23 13:04:05  production  rebuild_search_index  succeeded  7f3a9c01
    "#);
    insta::assert_snapshot!(print(Format::Table, &look(Some(60)), &names, rows), @r#"
    started (JST)        name                  outcome
    2026-11-23 13:04:05  rebuild_search_index  succeeded
    "#);
}

#[test]
fn a_table_without_rows_prints_nothing() {
    assert_eq!(print(Format::Table, &look(None), &NAMES, Vec::new()), "");
}

#[test]
fn milliseconds_print_where_one_row_has_them() {
    let rows = vec![
        vec![Value::Timestamp(NOON)],
        vec![Value::Timestamp(Timestamp(NOON.0 + 7))],
    ];
    insta::assert_snapshot!(print(Format::Table, &look(None), &["@timestamp"], rows), @r#"
    @timestamp (JST)
    2026-11-23 13:04:05.000
    2026-11-23 13:04:05.007
    "#);
}

#[test]
fn json_is_one_document() {
    insta::assert_snapshot!(print(Format::Json, &look(None), &NAMES, rows()), @r#"
    {"schema":"logq.rows.v1","query":"fields \"x\"","window":{"since":"2026-11-23T04:04:05.000Z","until":null},"complete":true,"truncated":false,"rows":[
    {"@timestamp":"2026-11-23T04:04:05.000Z","name":"sync-reservations","outcome":"failed","error.message":"KeyError: 'price' と「料金」\nsecond line \u001b[31m","duration":192},
    {"@timestamp":"2026-11-23T04:03:05.000Z","name":"請求書","outcome":"errored","error.message":null,"duration":0.25}]}
    "#);
    insta::assert_snapshot!(print(Format::Json, &look(None), &NAMES, Vec::new()), @r#"{"schema":"logq.rows.v1","query":"fields \"x\"","window":{"since":"2026-11-23T04:04:05.000Z","until":null},"complete":true,"truncated":false,"rows":[]}"#);
}

#[test]
fn json_is_always_valid() {
    let odd = vec![
        Value::Number(f64::NAN),
        Value::Number(f64::INFINITY),
        Value::Literal(Cow::Borrowed("123456789012345678901234567890"), 1.2e29),
        Value::Text(Cow::Borrowed("\0\x1f\x7f\"\\ 日本 \u{2028}")),
        Value::List(vec![
            Value::Null,
            Value::Bool(true),
            Value::Map(vec![(Cow::Borrowed("k"), Value::Number(-0.5))]),
        ]),
    ];
    let text = print(
        Format::Json,
        &look(None),
        &["a", "b", "c", "d", "e"],
        vec![odd.clone()],
    );
    let parsed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(parsed["rows"][0]["a"], serde_json::Value::Null);
    assert_eq!(parsed["rows"][0]["b"], serde_json::Value::Null);
    assert_eq!(parsed["rows"][0]["d"], "\0\x1f\x7f\"\\ 日本 \u{2028}");
    insta::assert_snapshot!(print(Format::Ndjson, &look(None), &["a", "b", "c", "d", "e"], vec![odd]), @r#"{"c":123456789012345678901234567890,"d":"\u0000\u001f\u007f\"\\ 日本  ","e":[null,1,{"k":-0.5}]}"#);
}

#[test]
fn csv_quotes_and_defuses() {
    let rows = vec![vec![
        Value::from("=HYPERLINK(\"x\")"),
        Value::Number(-5.0),
        Value::from("-5"),
        Value::from("two\nlines, \"quoted\""),
        Value::Timestamp(NOON),
        Value::List(vec![Value::from("a")]),
        Value::Null,
    ]];
    let names = ["a", "b", "c", "d", "@timestamp", "f", "g"];
    insta::assert_snapshot!(print(Format::Csv, &look(None), &names, rows), @r#"
    a,b,c,d,@timestamp,f,g
    "'=HYPERLINK(""x"")",-5,-5,"two
    lines, ""quoted""",2026-11-23T04:04:05.000Z,"[""a""]",
    "#);
}

#[test]
fn machine_formats_do_not_steer_a_terminal() {
    let odd = "a\x1b[2J\u{9b}31m\u{202e}b";
    let row = || vec![vec![Value::from(odd)]];
    let ndjson = print(Format::Ndjson, &look(None), &["t"], row());
    assert_eq!(ndjson, "{\"t\":\"a\\u001b[2J\\u009b31m\\u202eb\"}\n");
    let parsed: serde_json::Value = serde_json::from_str(&ndjson).expect("JSON");
    assert_eq!(parsed["t"], odd);
    // To a program the cell is the value itself.
    assert_eq!(
        print(Format::Csv, &look(None), &["t"], row()),
        format!("t\n{odd}\n")
    );
    assert_eq!(
        print(Format::Csv, &look(Some(80)), &["t"], row()),
        "t\na\\x1b[2J\\u{9b}31m\\u{202e}b\n"
    );
}

#[test]
fn csv_of_one_empty_column_keeps_its_lines() {
    let rows = vec![vec![Value::Null], vec![Value::from("x")]];
    assert_eq!(
        print(Format::Csv, &look(None), &["a"], rows),
        "a\n\"\"\nx\n"
    );
}

#[test]
fn csv_can_begin_with_a_mark() {
    let look = Look {
        bom: true,
        ..look(None)
    };
    assert_eq!(print(Format::Csv, &look, &["a"], Vec::new()), "\u{feff}a\n");
}

#[test]
fn raw_is_the_message_alone() {
    let rows = vec![vec![Value::Timestamp(NOON), Value::from("\x1b[1mbold")]];
    assert_eq!(
        print(Format::Raw, &look(None), &["@timestamp", "@message"], rows),
        "\x1b[1mbold\n"
    );
    let rows = vec![vec![Value::from("a"), Value::Number(2.0)]];
    assert_eq!(
        print(Format::Raw, &look(None), &["name", "count"], rows),
        "a\t2\n"
    );
}

fn pretty(message: &str, color: bool) -> String {
    let origin = Origin::default();
    let record = Record::new(Event {
        timestamp: NOON,
        ingestion: None,
        message: message.as_bytes(),
        origin: &origin,
        id: None,
    });
    let zone = Zone::named("Asia/Tokyo").expect("known");
    let mut out = Vec::new();
    Pretty::new(&zone, color).event(&record, &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn a_record_prints_as_one_line_and_its_traceback_below() {
    let record = r#"{"asctime":"x","levelname":"ERROR","name":"booking.sync","message":"sync \u001b[2J failed","level":7,"user":{"id":4},"note":"two words","exc_info":"Traceback (most recent call last):\n  File \"/app/x.py\", line 1\nKeyError: 'price'"}"#;
    insta::assert_snapshot!(pretty(record, false), @r#"
    2026-11-23 13:04:05.000 ERROR    booking.sync: sync \x1b[2J failed  level=7 user={"id":4} note="two words"
        Traceback (most recent call last):
          File "/app/x.py", line 1
        KeyError: 'price'
    "#);
    insta::assert_debug_snapshot!(pretty(r#"{"level":"INFO","logger":"a","message":"b","k":1}"#, true), @r#""\u{1b}[2m2026-11-23 13:04:05.000\u{1b}[0m \u{1b}[32mINFO\u{1b}[0m     \u{1b}[36ma\u{1b}[0m: b \u{1b}[2m k=1\u{1b}[0m\n""#);
}

#[test]
fn text_prints_as_it_is() {
    insta::assert_snapshot!(pretty("Booting \x1b]0;x\x07 up", false), @r#"2026-11-23 13:04:05.000          Booting \x1b]0;x\x07 up"#);
    insta::assert_snapshot!(pretty("[2026-11-23 05:09:26 +0000] [7] [ERROR] Worker died", false), @r#"2026-11-23 13:04:05.000 ERROR    gunicorn.error: Worker died"#);
}

#[test]
fn lines_of_several_streams_say_which() {
    let origin = Origin::new(
        "/ecs/production-batch",
        "ecs/batch/7b3798ec114ecc376697a199babba189",
    );
    let event = Event {
        timestamp: NOON,
        ingestion: None,
        message: b"done",
        origin: &origin,
        id: None,
    };
    let mut out = Vec::new();
    Pretty::new(&Zone::utc(), false)
        .with_streams()
        .event(&Record::new(event), &mut out);
    insta::assert_snapshot!(String::from_utf8_lossy(&out), @r#"2026-11-23 04:04:05.000          production-batch/7b3798ec done"#);
}
