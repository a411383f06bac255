//! The tests inside the files of saved queries: their events through the query, their rows beside what is expected.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::{Question, Scope, Setting, rows_of};
use crate::config::{Config, GroupNames};
use crate::decode::ecs::TaskEvent;
use crate::pattern::Pattern;
use crate::query::{Program, Settings, Table};
use crate::row::Row;
use crate::saved::{Case, Expected, Input, Located, SavedQuery};
use crate::scan::{Block, Blocks};
use crate::time::{Timestamp, Zone};

/// The stage that the events of tests come from.
const STAGE: &str = "production";
/// When the first event of a test is logged: 2026-03-02 10:00 UTC. Those that follow come a second apart.
const START: i64 = 1_772_445_600_000;
/// Long after the last event, so that every run has settled.
const LATER: i64 = 86_400_000;

/// How one test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The test's name.
    pub name: String,
    /// The line of the file on which it begins.
    pub line: usize,
    /// What is wrong; `None` when it passed.
    pub problem: Option<String>,
}

/// Why a saved query cannot be tried at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Its texts do not compile, or it names groups that nobody has.
    Mistakes(Located),
    /// A parameter is missing or cannot have its value.
    Parameters(String),
    /// It reads a table that is not here.
    NoTable(Input),
}

/// Runs the tests of a saved query.
pub fn check(query: &SavedQuery, config: &Config) -> Result<Vec<Checked>, Unusable> {
    // A query may be about a group that this installation does not have.
    let usual = GroupNames::default();
    let known: BTreeSet<&str> = config.groups.names().chain(usual.names()).collect();
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(faults) = query.unknown_groups(&known) {
        return Err(Unusable::Mistakes(Located {
            faults,
            text: query.file.text.clone(),
            first_line: 1,
        }));
    }
    if query.tests.is_empty() {
        compile(query, &[])?;
    }
    query
        .tests
        .iter()
        .map(|case| run(query, case, config))
        .collect()
}

fn run(query: &SavedQuery, case: &Case, config: &Config) -> Result<Checked, Unusable> {
    let (program, pattern) = compile(query, &case.params)?;
    let scope = Scope::default();
    let zone = Zone::utc();
    let stop = AtomicBool::new(false);
    let setting = Setting {
        config,
        scope: &scope,
        zone: &zone,
        latest: Timestamp(i64::MAX),
        as_of: None,
        threads: 1,
        stop: &stop,
        seen: None,
    };
    let question = Question {
        program: &program,
        pattern: pattern.as_ref(),
        now: now(case),
    };
    let rows = rows_of(
        &mut Once(Some(block(query, case, config))),
        &question,
        &setting,
    );
    Ok(Checked {
        name: case.name.clone(),
        line: case.line,
        problem: compare(&rows, &case.rows),
    })
}

fn compile(
    query: &SavedQuery,
    params: &[(String, String)],
) -> Result<(Program, Option<Pattern>), Unusable> {
    let expanded = query
        .expand(params)
        .map_err(|error| Unusable::Parameters(error.message))?;
    let table = match query.from {
        Input::Events => Table::Events,
        Input::Runs => Table::Runs,
        Input::Schedule => return Err(Unusable::NoTable(query.from)),
    };
    let settings = Settings {
        table,
        now: Timestamp(START + LATER),
        window: None,
        default_limit: None,
    };
    let program = Program::compile(&expanded.query, &settings)
        .map_err(|faults| Unusable::Mistakes(query.locate_query(&expanded, faults)))?;
    let pattern = expanded.filter.as_deref().map(Pattern::parse).transpose();
    let pattern =
        pattern.map_err(|faults| Unusable::Mistakes(query.locate_filter(&expanded, faults)))?;
    Ok((program, pattern))
}

fn now(case: &Case) -> Timestamp {
    Timestamp(START + 1000 * case.events.len() as i64 + LATER)
}

/// Returns the test's events as lines: of one stream, but for ECS events, which have a group of their own.
fn block(query: &SavedQuery, case: &Case, config: &Config) -> Block {
    let group = query.groups.iter().find(|group| *group != "tasks");
    let group = group.map_or("batch", String::as_str);
    let log = config.groups.group(group, STAGE).unwrap_or_default();
    let tasks = config.groups.group("tasks", STAGE).unwrap_or_default();
    let ecs: Vec<Option<TaskEvent>> = case
        .events
        .iter()
        .map(|event| TaskEvent::parse(event.as_bytes()))
        .collect();
    let task = ecs
        .iter()
        .flatten()
        .next()
        .map_or("0123456789abcdef0123456789abcdef", |event| &event.task);
    let stream = format!("ecs/{group}/{task}");
    let lines = case
        .events
        .iter()
        .zip(&ecs)
        .enumerate()
        .map(|(at, (message, ecs))| {
            let (group, stream) = if ecs.is_some() {
                (&tasks, "events")
            } else {
                (&log, stream.as_str())
            };
            let envelope = serde_json::json!({
                "timestamp": START + 1000 * at as i64,
                "message": message,
                "logGroup": group,
                "logStream": stream,
            });
            format!("{envelope}\n")
        });
    Block::of(lines.collect::<String>())
}

/// The events of one test.
struct Once(Option<Block>);

impl Blocks for Once {
    fn claim(&mut self, block: &mut Block) -> bool {
        self.0.take().is_some_and(|only| {
            *block = only;
            true
        })
    }
}

/// Says how the rows differ from what is expected.
fn compare(rows: &[Row], expected: &Expected) -> Option<String> {
    match expected {
        Expected::Count(count) => (rows.len() != *count).then(|| counts(*count, rows.len())),
        Expected::Fields(wanted) if wanted.len() != rows.len() => {
            Some(counts(wanted.len(), rows.len()))
        }
        Expected::Fields(wanted) => wanted
            .iter()
            .zip(rows)
            .enumerate()
            .find_map(|(at, (fields, row))| difference(at + 1, fields, row)),
    }
}

fn counts(expected: usize, found: usize) -> String {
    let rows = if expected == 1 { "row" } else { "rows" };
    format!("expected {expected} {rows}, found {found}")
}

fn difference(number: usize, fields: &[(String, String)], row: &Row) -> Option<String> {
    fields.iter().find_map(|(name, expected)| {
        let found = row.get(name).to_text();
        if found.as_deref() == Some(expected) {
            return None;
        }
        let found = found.map_or_else(|| "nothing".to_owned(), |found| format!("`{found}`"));
        Some(format!(
            "row {number}: `{name}` should be `{expected}`, found {found}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::builtin;

    #[test]
    fn the_saved_queries_that_ship_pass_their_tests() {
        let config = Config::default();
        for query in builtin().iter() {
            let checked =
                check(query, &config).unwrap_or_else(|error| panic!("{}: {error:?}", query.name));
            for one in checked {
                assert_eq!(one.problem, None, "{}: {}", query.name, one.name);
            }
        }
    }

    #[test]
    fn each_has_a_test_that_matches_and_one_that_does_not() {
        for query in builtin().iter() {
            let empty = |case: &Case| match &case.rows {
                Expected::Count(count) => *count == 0,
                Expected::Fields(rows) => rows.is_empty(),
            };
            assert!(query.tests.iter().any(empty), "{}", query.name);
            assert!(!query.tests.iter().all(empty), "{}", query.name);
        }
    }
}
