//! What some events look like that a query is meant for.

use std::collections::BTreeMap;

use crate::decode::json::{Json, Kind};

/// So many values of one event are fields.
const MOST_FIELDS: usize = 200;
/// Values nested deeper are no fields.
const DEEPEST: usize = 64;

/// What is known of the events that a query is meant for; nothing, when none were looked at.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How many events there were.
    pub(super) events: usize,
    /// How many of them have text in front of a JSON object.
    pub(super) prefixed: usize,
    /// How many of them begin as a JSON object and break off.
    pub(super) broken: usize,
    fields: BTreeMap<String, Known>,
}

/// What is known of one field.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    events: usize,
    booleans: usize,
    /// How many events have it behind those that are fields.
    beyond: usize,
}

impl Seen {
    /// Looks at the message of an event.
    pub fn add(&mut self, message: &str) {
        self.events += 1;
        let text = message.trim();
        match Json::parse(text.as_bytes()) {
            Ok(json) if json.kind() == Kind::Object => {
                let mut leaves = Vec::new();
                collect(json, "", 0, &mut leaves);
                self.add_leaves(leaves);
            }
            Ok(_) => {}
            Err(_) if text.starts_with('{') => self.broken += 1,
            Err(_) => self.prefixed += usize::from(has_object_behind(text)),
        }
    }

    fn add_leaves(&mut self, leaves: Vec<(String, Kind)>) {
        for (at, (name, kind)) in leaves.into_iter().enumerate() {
            let known = self.fields.entry(name).or_default();
            known.events += 1;
            known.booleans += usize::from(matches!(kind, Kind::True | Kind::False));
            known.beyond += usize::from(at >= MOST_FIELDS);
        }
    }

    fn known(&self, field: &str) -> Known {
        self.fields.get(field).copied().unwrap_or_default()
    }

    /// Returns whether some event has the field.
    pub(super) fn has(&self, field: &str) -> bool {
        self.known(field).events > 0
    }

    /// Returns whether events were looked at and all of them have the field.
    pub(super) fn is_always_there(&self, field: &str) -> bool {
        self.events > 0 && self.known(field).events >= self.events
    }

    /// Returns whether the field is true or false in some event.
    pub(super) fn is_boolean(&self, field: &str) -> bool {
        self.known(field).booleans > 0
    }

    /// Returns whether some event has the field behind the first 200.
    pub(super) fn is_beyond(&self, field: &str) -> bool {
        self.known(field).beyond > 0
    }
}

/// Collects the values of a tree that are fields, by their paths.
fn collect(json: Json<'_>, path: &str, depth: usize, leaves: &mut Vec<(String, Kind)>) {
    if depth == DEEPEST {
        return;
    }
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match json.kind() {
        Kind::Object => {
            for (key, value) in json.members().filter_map(Result::ok) {
                collect(value, &below(&key.text()), depth + 1, leaves);
            }
        }
        Kind::Array => {
            for (at, value) in json.items().enumerate() {
                collect(value, &below(&at.to_string()), depth + 1, leaves);
            }
        }
        Kind::Null => {}
        kind => leaves.push((path.to_owned(), kind)),
    }
}

/// Returns whether a text ends with a JSON object that something stands in front of.
fn has_object_behind(text: &str) -> bool {
    let object = text.find("{\"").map(|at| &text[at..]);
    object.is_some_and(|object| Json::parse(object.as_bytes()).is_ok())
}
