//! The names that commands can use, and the slots behind them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, codes};
use crate::query::Table;
use crate::query::ast::{Field, Span};
use crate::query::plan::{Expr, Slot};
use crate::suggest;

/// Slots from here on are counted from the end of a part of the layout that still grows.
pub(super) const SPARE: usize = usize::MAX / 2;

/// Returns the slot's final number, now that it is known how many come before the spare ones.
pub(super) fn settle(slot: Slot, known: usize) -> Slot {
    match slot.0.checked_sub(SPARE) {
        Some(beyond) => Slot(known + beyond),
        None => slot,
    }
}

/// How a name came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// By `as`, or by an expression that is its own name.
    Item,
    /// By `parse`: always a text.
    Parse,
    /// By `stats`.
    Stats,
}

/// A name that the query made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) slot: Slot,
    pub(super) maker: Maker,
}

/// The names of one layout of rows.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Where names come from that the query did not make; nowhere behind a `stats`.
    table: Option<Table>,
    /// The fields read from the table, in the order of their slots.
    pub(super) fields: Vec<Arc<str>>,
    /// What the computed slots are called.
    computed: Vec<Arc<str>>,
    made: HashMap<String, Made>,
    /// The right side of a `join`, whose fields can be used here.
    pub(super) join: Option<Box<JoinSide>>,
}

/// The names of a `join`'s two sides, and what is wanted of the right one.
#[derive(Clone, Debug)]
pub(super) struct JoinSide {
    pub(super) left: String,
    pub(super) right: String,
    /// The names of the right side's rows.
    pub(super) scope: Scope,
    /// Values of the right side, and where they go.
    pub(super) wanted: Vec<(Expr, Slot)>,
}

impl Scope {
    /// Creates the scope of the rows of a table.
    pub(super) fn of_table(table: Table) -> Self {
        Self {
            table: Some(table),
            fields: Vec::new(),
            computed: Vec::new(),
            made: HashMap::new(),
            join: None,
        }
    }

    /// Creates the scope behind a `stats`: its slots by name, of which only the outputs can be used, and what is
    /// made of them later (D15).
    pub(super) fn of_outputs(slots: Vec<Arc<str>>, outputs: &[(Arc<str>, Slot)]) -> Self {
        let made = outputs.iter().map(|(name, slot)| {
            let maker = Maker::Stats;
            (name.to_string(), Made { slot: *slot, maker })
        });
        Self {
            table: None,
            fields: Vec::new(),
            computed: slots,
            made: made.collect(),
            join: None,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.fields.len() + self.computed.len()
    }

    /// Returns what the slots are called, fields first.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.fields.iter().chain(&self.computed).cloned().collect()
    }

    /// Makes a slot for a computed value.
    pub(super) fn new_slot(&mut self, name: &str) -> Slot {
        self.computed.push(Arc::from(name));
        let at = self.computed.len() - 1;
        Slot(if self.table.is_some() { SPARE + at } else { at })
    }

    /// Returns the slot of a field of the table.
    pub(super) fn table_field(&mut self, name: &str) -> Slot {
        let at = self.fields.iter().position(|known| **known == *name);
        Slot(at.unwrap_or_else(|| {
            self.fields.push(Arc::from(name));
            self.fields.len() - 1
        }))
    }

    pub(super) fn made(&self, name: &str) -> Option<&Made> {
        self.made.get(name)
    }

    /// Gives a slot a name; false when the name is taken.
    pub(super) fn define(&mut self, name: &str, slot: Slot, maker: Maker) -> bool {
        if self.made.contains_key(name) {
            return false;
        }
        self.made.insert(name.to_owned(), Made { slot, maker });
        true
    }

    /// Gives a slot a name that may have stood for another.
    pub(super) fn redefine(&mut self, name: &str, slot: Slot, maker: Maker) {
        self.made.insert(name.to_owned(), Made { slot, maker });
    }

    /// Resolves a field that names a side of a `join` (D32); a field without a side is one of the left.
    fn joined_field(&mut self, field: &Field) -> Option<Result<Expr, Diagnostic>> {
        let join = self.join.as_mut()?;
        let (side, rest) = field.path.split_first()?;
        let rest = Field {
            span: field.span,
            path: rest.to_vec(),
        };
        if rest.path.is_empty() {
            return None;
        }
        if *side == join.right {
            let value = match join.scope.field(&rest) {
                Ok(value) => value,
                Err(mistake) => return Some(Err(mistake)),
            };
            return Some(Ok(Expr::Slot(self.right_slot(&field.name(), value))));
        }
        (*side == join.left).then(|| self.own_field(&rest))
    }

    /// Returns where a value of the right side goes.
    fn right_slot(&mut self, name: &str, value: Expr) -> Slot {
        let wanted = self.join.iter().flat_map(|join| &join.wanted);
        let mut same = wanted.filter(|(known, _)| *known == value);
        if let Some((_, slot)) = same.next() {
            return *slot;
        }
        let slot = self.new_slot(name);
        if let Some(join) = &mut self.join {
            join.wanted.push((value, slot));
        }
        slot
    }

    /// Resolves a field: what the query made, or a part of it, before what the table has (D14).
    pub(super) fn field(&mut self, field: &Field) -> Result<Expr, Diagnostic> {
        match self.joined_field(field) {
            Some(found) => found,
            None => self.own_field(field),
        }
    }

    fn own_field(&mut self, field: &Field) -> Result<Expr, Diagnostic> {
        if let Some((slot, rest)) = self.made_prefix(&field.path) {
            return Ok(access(slot, rest));
        }
        match self.table {
            Some(Table::Events) if Table::Events.has(&field.name()) => {
                Ok(Expr::Slot(self.table_field(&field.name())))
            }
            Some(Table::Runs) => {
                let known = prefixes(&field.path).find(|(name, _)| Table::Runs.has(name));
                let (name, rest) = known.ok_or_else(|| self.unknown(field))?;
                Ok(access(self.table_field(&name), rest))
            }
            _ => Err(self.unknown(field)),
        }
    }

    fn made_prefix<'p>(&self, path: &'p [String]) -> Option<(Slot, &'p [String])> {
        prefixes(path).find_map(|(name, rest)| {
            let made = self.made.get(&name)?;
            // A parsed text has no parts: `error.type` stays the event's own field beside a parsed `error`.
            let whole = rest.is_empty() || made.maker != Maker::Parse;
            whole.then_some((made.slot, rest))
        })
    }

    fn unknown(&self, field: &Field) -> Diagnostic {
        let name = field.name();
        let mut known: Vec<&str> = self.made.keys().map(String::as_str).collect();
        for name in self.table.into_iter().flat_map(Table::known) {
            known.push(name);
        }
        let near = suggest::did_you_mean(&name, known);
        let Some(table) = self.table else {
            return self.lost(&name, field.span, near);
        };
        if table.is_for_service(&name) {
            let message = format!("only the service knows `{name}`");
            return Diagnostic::new(codes::SERVICE_ONLY, field.span.range(), message);
        }
        let message = match table {
            Table::Runs => format!("the runs table has no column `{name}`"),
            Table::Events => format!("no event has a field `{name}`"),
        };
        let hint = near.unwrap_or_else(|| match table {
            Table::Runs => format!("texts stand in quotes: \"{name}\""),
            Table::Events => "a key that begins with @ is written with two: @@version".to_owned(),
        });
        Diagnostic::new(codes::UNKNOWN_FIELD, field.span.range(), message)
            .label("not there")
            .hint(hint)
    }

    fn lost(&self, name: &str, span: Span, near: Option<String>) -> Diagnostic {
        let mut outputs: Vec<String> = self.made.keys().map(|name| format!("`{name}`")).collect();
        outputs.sort_unstable();
        let hint = near.unwrap_or_else(|| {
            format!(
                "add it to the `by` of the `stats`, or use one of {}",
                outputs.join(", ")
            )
        });
        let message = format!("`{name}` is gone: after `stats` only its outputs exist");
        Diagnostic::new(codes::LOST_FIELD, span.range(), message)
            .label("not kept")
            .hint(hint)
    }
}

fn access(slot: Slot, path: &[String]) -> Expr {
    let value = Expr::Slot(slot);
    if path.is_empty() {
        return value;
    }
    Expr::Access(Box::new(value), path.to_vec())
}

/// Returns the beginnings of a path, the whole first, each with what is left of it.
fn prefixes(path: &[String]) -> impl Iterator<Item = (String, &[String])> {
    let lengths = (1..=path.len()).rev();
    lengths.map(|length| (path[..length].join("."), &path[length..]))
}
