//! The few stages of the query language that tests need, evaluated event by event.
//!
//! `SOURCE 'NAME'` and `SOURCE logGroups(namePrefix: ['PREFIX'])`, `fields`, `display`, `filter` with comparisons joined by
//! `and`, and those by `or`, also of `toMillis(@timestamp)`, `sort`, `limit` and `stats count(*) [as N] [by F]`. A query
//! with anything else needs a prepared answer, or is refused, with the place of what is not known.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Context, Refusal};
use crate::logs::{Direction, Event, Group, Scope, Window, write_time};

/// What a query finds.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) rows: Vec<Row>,
    pub(super) matched: u64,
    pub(super) scanned: u64,
    pub(super) bytes: u64,
    pub(super) groups: usize,
}

type Row = Vec<(String, String)>;

#[derive(Debug)]
enum Stage {
    Fields(Vec<String>),
    /// Of one of these all have to hold.
    Filter(Vec<Vec<Comparison>>),
    Sort {
        field: String,
        descending: bool,
    },
    Limit(usize),
    Count {
        name: String,
        by: Option<String>,
    },
}

#[derive(Debug)]
struct Comparison {
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
    Matches,
}

/// Evaluates a query over the events of some groups, both ends of the time included.
pub(super) fn evaluate(
    context: &Context,
    groups: &[Arc<Group>],
    (start, end): (i64, i64),
    query: &str,
    most: usize,
) -> Result<Outcome, Refusal> {
    let mut outcome = Outcome {
        groups: groups.len(),
        ..Outcome::default()
    };
    let prepared =
        context.behaviour.insights.answers.iter().find(|answer| {
            query == answer.query || query.ends_with(&format!(" | {}", answer.query))
        });
    let stages = match prepared {
        Some(_) => Vec::new(),
        None => parse(query)?,
    };
    let mut records = Vec::new();
    for group in groups {
        let window = Window::of(start, end.saturating_add(1), context.now);
        for event in group.streams(&Scope::All).read(window, Direction::Backward) {
            outcome.scanned += 1;
            outcome.bytes += event.message.len() as u64;
            let record = Record::new(context, &group.settings.name, event);
            let filters = stages
                .iter()
                .take_while(|stage| !matches!(stage, Stage::Count { .. }));
            if filters.into_iter().all(|stage| record.passes(stage)) {
                outcome.matched += 1;
                records.push(record);
            }
        }
    }
    records.sort_by_key(|record| std::cmp::Reverse(record.timestamp));
    outcome.rows = match prepared {
        Some(answer) => answer.rows.clone(),
        None => rows(&stages, records, most),
    };
    Ok(outcome)
}

/// An event as the query sees it.
#[derive(Debug)]
struct Record {
    timestamp: i64,
    fields: BTreeMap<String, String>,
}

impl Record {
    fn new(context: &Context, group: &str, event: Event) -> Self {
        let mut fields = BTreeMap::new();
        if let Ok(value @ Value::Object(_)) = serde_json::from_str(&event.message) {
            flatten(&value, "", &mut fields);
        }
        let time = |at| {
            let mut text = String::new();
            write_time(at, '.', &mut text);
            text
        };
        let named = [
            ("@timestamp", time(event.timestamp)),
            ("@ingestionTime", time(event.ingestion)),
            ("@log", format!("{}:{group}", context.service.account)),
            ("@logStream", event.stream),
            ("@ptr", event.id),
            ("@message", event.message),
            ("toMillis(@timestamp)", event.timestamp.to_string()),
        ];
        fields.extend(named.map(|(name, value)| (name.to_owned(), value)));
        Self {
            timestamp: event.timestamp,
            fields,
        }
    }

    fn passes(&self, stage: &Stage) -> bool {
        match stage {
            Stage::Filter(any) => any
                .iter()
                .any(|all| all.iter().all(|part| part.holds(&self.fields))),
            _ => true,
        }
    }

    fn value(&self, field: &str) -> String {
        self.fields.get(field).cloned().unwrap_or_default()
    }
}

fn flatten(value: &Value, name: &str, fields: &mut BTreeMap<String, String>) {
    let inner = |part: &str| {
        if name.is_empty() {
            part.to_owned()
        } else {
            format!("{name}.{part}")
        }
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| flatten(value, &inner(key), fields)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, value)| flatten(value, &inner(&at.to_string()), fields));
        }
        Value::String(text) => {
            fields.insert(name.to_owned(), text.clone());
        }
        other => {
            fields.insert(name.to_owned(), other.to_string());
        }
    }
}

impl Comparison {
    fn holds(&self, fields: &BTreeMap<String, String>) -> bool {
        let Some(value) = fields.get(&self.field) else {
            return self.operator == Operator::Unequal;
        };
        let numbers = value
            .parse::<f64>()
            .ok()
            .zip(self.value.parse::<f64>().ok());
        let order = numbers.map(|(a, b)| a.total_cmp(&b));
        let same = order.map_or(*value == self.value, std::cmp::Ordering::is_eq);
        match self.operator {
            Operator::Equal => same,
            Operator::Unequal => !same,
            Operator::Less => order.is_some_and(std::cmp::Ordering::is_lt),
            Operator::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
            Operator::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
            Operator::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
            Operator::Contains => value.contains(&self.value),
            Operator::Matches => {
                regex::Regex::new(&self.value).is_ok_and(|regex| regex.is_match(value))
            }
        }
    }
}

fn rows(stages: &[Stage], mut records: Vec<Record>, rows_asked: usize) -> Vec<Row> {
    let mut shown = vec!["@timestamp".to_owned(), "@message".to_owned()];
    let mut counted: Option<Vec<Row>> = None;
    let mut limit = None;
    for stage in stages {
        match stage {
            Stage::Fields(fields) => shown.clone_from(fields),
            Stage::Filter(_) => {}
            Stage::Limit(rows) => limit = Some(limit.unwrap_or(*rows).min(*rows)),
            Stage::Count { name, by } => counted = Some(count(&records, name, by.as_deref())),
            Stage::Sort { field, descending } => {
                records.sort_by(|a, b| natural(&a.value(field), &b.value(field)));
                let rows = counted.as_deref_mut().unwrap_or_default();
                rows.sort_by(|a, b| natural(cell(a, field), cell(b, field)));
                if *descending {
                    records.reverse();
                    rows.reverse();
                }
            }
        }
    }
    let show = |record: &Record| {
        let shown = shown
            .iter()
            .chain([&"@ptr".to_owned()])
            .cloned()
            .collect::<Vec<_>>();
        let cells = shown
            .into_iter()
            .filter(|field| record.fields.contains_key(field));
        cells
            .map(|field| (field.clone(), record.value(&field)))
            .collect()
    };
    let limit = limit.unwrap_or(rows_asked);
    let mut rows = counted.unwrap_or_else(|| records.iter().take(limit).map(show).collect());
    rows.truncate(limit);
    rows
}

fn cell<'a>(row: &'a Row, field: &str) -> &'a str {
    row.iter()
        .find(|(name, _)| name == field)
        .map_or("", |(_, value)| value)
}

fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

fn count(records: &[Record], name: &str, by: Option<&str>) -> Vec<Row> {
    let mut groups = BTreeMap::<String, u64>::new();
    for record in records {
        *groups
            .entry(by.map(|by| record.value(by)).unwrap_or_default())
            .or_default() += 1;
    }
    let row = |(value, count): (String, u64)| {
        let key = by.map(|by| (by.to_owned(), value));
        key.into_iter()
            .chain([(name.to_owned(), count.to_string())])
            .collect()
    };
    groups.into_iter().map(row).collect()
}

/// Returns the log groups that a query names itself.
pub(super) fn source(context: &Context, query: &str) -> Option<Vec<String>> {
    let stages = stages(query).into_iter();
    let source = stages
        .map(|(_, stage)| stage)
        .find(|stage| is_source(stage))?;
    let quoted: Vec<String> = source
        .split(['\'', '"'])
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    if !source.to_lowercase().contains("loggroups(") {
        return Some(quoted);
    }
    let groups = context.groups();
    let names = groups.iter().map(|group| group.settings.name.clone());
    let begins = |name: &String| {
        quoted
            .iter()
            .any(|prefix| name.starts_with(prefix.as_str()))
    };
    Some(names.filter(begins).collect())
}

fn is_source(stage: &str) -> bool {
    stage
        .get(..7)
        .is_some_and(|word| word.eq_ignore_ascii_case("source "))
}

/// Cuts a query into its stages, each with where it begins; comments become blanks.
fn stages(query: &str) -> Vec<(usize, String)> {
    let mut text = String::new();
    for line in query.split_inclusive('\n') {
        let code = line.split_once('#').map_or(line, |(code, _)| code);
        text.push_str(code);
        text.extend(std::iter::repeat_n(' ', line.len() - code.len()));
    }
    let mut stages = Vec::new();
    let mut at = 0;
    for stage in text.split('|') {
        let blanks = stage.len() - stage.trim_start().len();
        if !stage.trim().is_empty() {
            stages.push((at + blanks, stage.trim().to_owned()));
        }
        at += stage.len() + 1;
    }
    stages
}

fn parse(query: &str) -> Result<Vec<Stage>, Refusal> {
    let stages = stages(query);
    let stages = stages.iter().filter(|(_, stage)| !is_source(stage));
    stages
        .map(|(at, stage)| {
            parse_stage(stage).map_err(|message| malformed(query, *at, stage, message))
        })
        .collect()
}

/// Words a complaint as the service does: with the place in characters.
fn malformed(query: &str, at: usize, stage: &str, message: String) -> Refusal {
    let start = query.get(..at).unwrap_or(query).encode_utf16().count();
    let location = json!({
        "startCharOffset": start,
        "endCharOffset": start + stage.encode_utf16().count(),
    });
    let details = json!({ "location": location, "message": message });
    Refusal {
        details: vec![("queryCompileError", details)],
        ..Refusal::new(400, "MalformedQueryException", message)
    }
}

fn parse_stage(stage: &str) -> Result<Stage, String> {
    let refused = || format!("the simulator does not know `{stage}`");
    let (name, rest) = stage.split_once(char::is_whitespace).ok_or_else(refused)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    match name.to_lowercase().as_str() {
        "fields" | "display" if !rest.contains('(') => Ok(Stage::Fields(
            rest.split(',')
                .map(|field| field.trim().to_owned())
                .collect(),
        )),
        "filter" => {
            let all = |part: &str| part.split(" and ").map(parse_comparison).collect();
            rest.split(" or ")
                .map(all)
                .collect::<Option<_>>()
                .map(Stage::Filter)
                .ok_or_else(refused)
        }
        "sort" => match words[..] {
            [field] | [field, "asc"] => Ok(Stage::Sort {
                field: field.to_owned(),
                descending: false,
            }),
            [field, "desc"] => Ok(Stage::Sort {
                field: field.to_owned(),
                descending: true,
            }),
            _ => Err(refused()),
        },
        "limit" => rest.trim().parse().map(Stage::Limit).map_err(|_| refused()),
        "stats" => {
            let (name, by) = match words[..] {
                ["count(*)"] => ("count(*)", None),
                ["count(*)", "as", name] => (name, None),
                ["count(*)", "by", by] => ("count(*)", Some(by)),
                ["count(*)", "as", name, "by", by] => (name, Some(by)),
                _ => return Err(refused()),
            };
            Ok(Stage::Count {
                name: name.to_owned(),
                by: by.map(str::to_owned),
            })
        }
        _ => Err(refused()),
    }
}

fn parse_comparison(text: &str) -> Option<Comparison> {
    let mut parts = text.trim().splitn(3, char::is_whitespace);
    let (field, sign, value) = (parts.next()?, parts.next()?, parts.next()?.trim());
    let regex = value
        .strip_prefix('/')
        .and_then(|value| value.strip_suffix('/'));
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let text = quoted('"').or_else(|| quoted('\''));
    let operator = match (sign, regex) {
        ("=", None) => Operator::Equal,
        ("!=", None) => Operator::Unequal,
        ("<", None) => Operator::Less,
        ("<=", None) => Operator::AtMost,
        (">", None) => Operator::Greater,
        (">=", None) => Operator::AtLeast,
        ("like", None) => Operator::Contains,
        ("like" | "=~", Some(_)) => Operator::Matches,
        _ => return None,
    };
    let value = regex
        .or(text)
        .or_else(|| value.parse::<f64>().is_ok().then_some(value))?;
    Some(Comparison {
        field: field.to_owned(),
        operator,
        value: value.to_owned(),
    })
}
