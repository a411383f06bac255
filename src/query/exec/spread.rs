//! One row made several: the elements of a list, the matches of an expression.

use regex::Regex;

use super::limits::MOST_PARTS;
use crate::query::Settings;
use crate::query::eval::{self, Compute, own};
use crate::query::fields::Cell;
use crate::query::plan::{Slot, Spread, SpreadMethod};
use crate::value::Value;

/// A prepared `unnest`, `expand` or `parse ... multi`.
#[derive(Clone, Debug)]
pub(super) struct Spreading {
    source: Compute,
    method: Method,
    /// Where the values of a part go.
    pub(super) slots: Vec<usize>,
    /// Slots that later operators fill: empty again for each part.
    pub(super) resets: Vec<usize>,
    /// For each slot whether something looks at it later; `None` when that was not worked out.
    live: Option<Vec<bool>>,
}

#[derive(Clone, Debug)]
enum Method {
    Elements,
    Texts,
    /// An expression and the groups that are wanted; `None` when it does not compile.
    Matches(Option<Regex>, Vec<usize>),
}

/// The values of one part, one for each slot.
pub(super) type Part = Vec<Value<'static>>;

impl Spreading {
    pub(super) fn of(spread: &Spread, settings: &Settings) -> Self {
        let numbers = |slots: Vec<Slot>| slots.iter().map(|slot| slot.0).collect();
        let (method, slots) = match &spread.method {
            SpreadMethod::Elements(slot) => (Method::Elements, vec![slot.0]),
            SpreadMethod::Texts(slot) => (Method::Texts, vec![slot.0]),
            SpreadMethod::Matches { regex, groups } => {
                let wanted = groups.iter().map(|(group, _)| *group).collect();
                let slots = groups.iter().map(|(_, slot)| *slot).collect();
                (
                    Method::Matches(Regex::new(regex).ok(), wanted),
                    numbers(slots),
                )
            }
        };
        Self {
            source: eval::compute(&spread.source, settings),
            method,
            slots,
            resets: Vec::new(),
            live: None,
        }
    }

    /// Sets what is looked at later: a copy of a row needs nothing else.
    pub(super) fn set_live(&mut self, slots: impl Iterator<Item = usize>) {
        let live = self.live.insert(Vec::new());
        for slot in slots {
            live.resize(live.len().max(slot + 1), false);
            live[slot] = true;
        }
    }

    /// Copies a row for one of its parts.
    pub(super) fn copy<'a>(&self, row: &[Cell<'a>]) -> Vec<Cell<'a>> {
        let is_live = |slot: usize| {
            let live = self.live.as_ref();
            live.is_none_or(|live| live.get(slot).copied().unwrap_or(false))
        };
        let cells = row.iter().enumerate();
        cells
            .map(|(slot, cell)| {
                if is_live(slot) {
                    cell.clone()
                } else {
                    Cell::Empty
                }
            })
            .collect()
    }

    /// Takes the value of a row apart: nothing when the row stays as it is.
    ///
    /// A list without elements gives no row. There is one part more than allowed at most.
    pub(super) fn parts(&self, row: &[Cell<'_>]) -> Option<Vec<Part>> {
        let source = self.source.value(row);
        if source.is_null() {
            return None;
        }
        match &self.method {
            Method::Elements => Some(elements(source)),
            Method::Texts => Some(match source {
                Value::Text(text) => match own::parsed(&text) {
                    list @ Value::List(_) => elements(list),
                    _ => elements(Value::Text(text)),
                },
                other => elements(other),
            }),
            Method::Matches(regex, groups) => matches(regex.as_ref()?, groups, source),
        }
    }

    /// Fills the slots of a row with a part.
    pub(super) fn fill(&self, row: &mut [Cell<'_>], part: Part) {
        for slot in &self.resets {
            row[*slot] = Cell::Empty;
        }
        for (slot, value) in self.slots.iter().zip(part) {
            row[*slot] = Cell::Value(value);
        }
    }
}

fn elements(value: Value<'_>) -> Vec<Part> {
    match value {
        Value::List(items) => {
            let items = items.into_iter().take(MOST_PARTS as usize + 1);
            items.map(|item| vec![item.into_owned()]).collect()
        }
        one => vec![vec![one.into_owned()]],
    }
}

fn matches(regex: &Regex, groups: &[usize], source: Value<'_>) -> Option<Vec<Part>> {
    if source.is_nested() {
        return None;
    }
    let text = source.into_text()?;
    let found = regex.captures_iter(&text).take(MOST_PARTS as usize + 1);
    let part = |captures: regex::Captures<'_>| {
        let values = groups.iter().map(|group| captures.get(*group));
        values
            .map(|found| found.map(|found| found.as_str().to_owned()).into())
            .collect()
    };
    let parts: Vec<Part> = found.map(part).collect();
    (!parts.is_empty()).then_some(parts)
}
