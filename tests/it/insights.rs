//! The recorded queries: each gives the rows that are known of it, or fails to compile where it must.
//!
//! Queries that need what only the service has must say so, by the code of their diagnostic.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use logq::diagnostic::{Code, Diagnostics, codes};
use logq::event::{Event, Origin};
use logq::query::plan::Order;
use logq::query::{EventKey, Extras, LookupTable, LookupTables, Program, Results, Settings, Table};
use logq::time::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vector {
    pub(super) id: String,
    query: String,
    #[serde(default)]
    events: Vec<Input>,
    dataset: Option<String>,
    rows: Option<Vec<Expected>>,
    #[serde(default)]
    unordered: bool,
    now: Option<i64>,
    start: Option<i64>,
    end: Option<i64>,
    /// The files of the tables that it names.
    #[serde(default)]
    tables: BTreeMap<String, String>,
    /// The log groups that it reads where it names none itself.
    #[serde(default)]
    log_groups: Vec<String>,
}

pub(super) type Expected = BTreeMap<String, String>;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    pub(super) timestamp: i64,
    pub(super) message: String,
    #[serde(default)]
    pub(super) log_stream: String,
    #[serde(default)]
    pub(super) log: String,
    pub(super) ingestion_time: Option<i64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/insights")
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = fs::read_to_string(path).expect("the file is there");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

pub(super) fn vectors() -> Vec<Vector> {
    lines(&folder().join("vectors.jsonl"))
}

impl Vector {
    pub(super) fn inputs(&self) -> Vec<Input> {
        match &self.dataset {
            Some(dataset) => lines(&folder().join("datasets").join(format!("{dataset}.jsonl"))),
            None => self.events.clone(),
        }
    }

    /// Returns the query; groups that were chosen beside it are chosen in it.
    pub(super) fn text(&self) -> String {
        let [group] = self.log_groups.as_slice() else {
            return self.query.clone();
        };
        format!("SOURCE '{group}' | {}", self.query)
    }

    pub(super) fn compile(&self) -> Result<Program, Diagnostics> {
        Program::compile_with(&self.text(), &self.settings(), &self.tables())
    }

    fn tables(&self) -> LookupTables {
        let mut tables = LookupTables::default();
        for (name, file) in &self.tables {
            let text = fs::read(folder().join("datasets").join(file)).expect("the file is there");
            tables.add(LookupTable::from_csv(name, &text).expect("a table"));
        }
        tables
    }

    pub(super) fn settings(&self) -> Settings {
        let instant = |millis: i64| Timestamp(millis);
        Settings {
            table: Table::Events,
            now: instant(self.now.unwrap_or(1_772_500_000) * 1000),
            window: self.start.map(instant).zip(self.end.map(instant)),
            default_limit: Some(10_000),
        }
    }
}

impl Input {
    fn origin(&self) -> Origin {
        Origin::new(self.log.as_str(), self.log_stream.as_str())
    }

    fn event<'a>(&'a self, origin: &'a Origin) -> Event<'a> {
        Event {
            timestamp: Timestamp(self.timestamp),
            ingestion: self.ingestion_time.map(Timestamp),
            message: self.message.as_bytes(),
            origin,
            id: None,
        }
    }
}

/// Runs a program over inputs that are cut into blocks of `block` events.
pub(super) fn run(program: &Program, inputs: &[Input], block: usize) -> Results {
    let mut tail = program.tail();
    let mut rows = Vec::new();
    let origins: Vec<Origin> = inputs.iter().map(Input::origin).collect();
    let events: Vec<(&Input, &Origin)> = inputs.iter().zip(&origins).collect();
    for (number, block) in events.chunks(block).enumerate() {
        let mut head = program.head();
        let mut slots = program.fields().slots();
        for (at, (input, origin)) in block.iter().enumerate() {
            let event = input.event(origin);
            let key = EventKey {
                timestamp: event.timestamp,
                position: (number as u32, at as u32),
            };
            program
                .fields()
                .read(&event, &Extras::default(), &mut slots);
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

pub(super) fn texts(results: &Results) -> Vec<Expected> {
    let row = |row: &logq::row::Row| {
        let cells = row.columns.iter().zip(&row.values);
        cells
            .filter(|(name, _)| &***name != "@ptr")
            .filter_map(|(name, value)| Some((name.to_string(), value.to_text()?.into_owned())))
            .collect()
    };
    results.rows.iter().map(row).collect()
}

/// Why a recorded query does not give its rows.
enum Miss {
    /// The query needs what is not built, and the diagnostic says so.
    NotBuilt,
    Wrong(String),
}

fn check(vector: &Vector) -> Result<(), Miss> {
    match (&vector.rows, vector.compile()) {
        (None, Err(_)) => Ok(()),
        (None, Ok(_)) => Err(Miss::Wrong("compiles, and must not".to_owned())),
        (Some(expected), Ok(program)) => check_rows(vector, expected, &program),
        (Some(_), Err(diagnostics)) => {
            let unbuilt = |code: Code| [codes::NOT_BUILT, codes::SERVICE_ONLY].contains(&code);
            if diagnostics.0.iter().any(|one| unbuilt(one.code)) {
                Err(Miss::NotBuilt)
            } else {
                Err(Miss::Wrong(format!("does not compile: {diagnostics}")))
            }
        }
    }
}

fn check_rows(vector: &Vector, expected: &[Expected], program: &Program) -> Result<(), Miss> {
    for block in [1, 3, 1000] {
        let mut expected = expected.to_vec();
        let mut found = texts(&run(program, &vector.inputs(), block));
        if vector.unordered {
            expected.sort();
            found.sort();
        }
        if found != expected {
            return Err(Miss::Wrong(format!("gives {found:?}, not {expected:?}")));
        }
    }
    Ok(())
}

#[test]
fn recorded_queries_give_their_rows() {
    let mut wrong = Vec::new();
    let mut unbuilt = Vec::new();
    for vector in vectors() {
        match check(&vector) {
            Ok(()) => {}
            Err(Miss::NotBuilt) => unbuilt.push(vector.id),
            Err(Miss::Wrong(reason)) => {
                wrong.push(format!("{} {}\n  {reason}", vector.id, vector.query));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // The tags of accounts' resources are known to the service alone.
    assert_eq!(unbuilt, ["sample-resource-tag"]);
}

#[test]
fn a_filter_in_the_order_of_the_input_streams() {
    let program = Program::compile("filter a > 1", &vectors()[0].settings()).expect("valid");
    assert!(!program.streams());
    assert!(program.with_order(Order::Input).streams());
}
