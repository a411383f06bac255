//! A query made ready to run: all phases from its text on, joined.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::query::ast::Query;
use crate::query::eval;
use crate::query::exec::{Head, Split, Tail};
use crate::query::explain::Explain;
use crate::query::fields::FieldSet;
use crate::query::optimize::optimize;
use crate::query::plan::{Back, Expr, Kind, Order, Parts, Plan, Whole};
use crate::query::resolve::{Resolved, resolve_with};
use crate::query::{LookupTables, Settings, Table, parser};
use crate::row::Columns;
use crate::scan::need::Need;
use crate::time::Timestamp;
use crate::value::Value;

/// A compiled query.
///
/// Each worker runs a [`Head`] of its own over the blocks it takes; one [`Tail`] merges what they find, in the
/// order of the blocks.
#[derive(Clone, Debug)]
pub struct Program {
    query: Query,
    settings: Settings,
    warnings: Vec<Diagnostic>,
    /// The plan as written; what runs is the optimized one.
    plan: Plan,
    optimized: Plan,
    fields: FieldSet,
    split: Split,
}

impl Program {
    /// Compiles a query, or returns all that is wrong with it.
    pub fn compile(text: &str, settings: &Settings) -> Result<Self, Diagnostics> {
        Self::compile_with(text, settings, &LookupTables::default())
    }

    /// Compiles a query that may bring in columns of tables.
    pub fn compile_with(
        text: &str,
        settings: &Settings,
        tables: &LookupTables,
    ) -> Result<Self, Diagnostics> {
        let query = parser::parse(text)?;
        let Resolved { plan, warnings } = resolve_with(&query, text, settings.table, tables)?;
        if let (Some(back), None) = (plan.back, settings.window) {
            return Err(Diagnostics(vec![no_window(back)]));
        }
        let optimized = optimize(plan.clone(), &|expr| constant(expr, settings));
        Ok(Self {
            fields: FieldSet::new(optimized.fields.clone(), optimized.width),
            split: Split::of(&optimized, settings),
            settings: settings.clone(),
            query,
            warnings,
            plan,
            optimized,
        })
    }

    /// Returns the same program with another order for the rows that no `sort` decides.
    ///
    /// In the order of the input a filter needs to hold no rows: see [`Program::streams`].
    #[must_use]
    pub fn with_order(mut self, order: Order) -> Self {
        self.plan.order = order;
        self.optimized.order = order;
        self.split = Split::of(&self.optimized, &self.settings);
        self
    }

    /// Returns the program that runs the plan as written: the same rows for more work, to compare with.
    #[must_use]
    pub fn unoptimized(mut self) -> Self {
        self.optimized = self.plan.clone();
        self.fields = FieldSet::new(self.optimized.fields.clone(), self.optimized.width);
        self.split = Split::of(&self.optimized, &self.settings);
        self
    }

    /// Returns the same program with another limit, in bytes, for what it keeps; it is taken by estimate.
    ///
    /// To be called last: what changes the plan sets the usual limit again.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.split.set_memory(bytes);
        self
    }

    /// Returns the instant from which on events matter that are older than the window, where there are such.
    pub fn reads_from(&self) -> Option<Timestamp> {
        let (start, end) = self.settings.window?;
        let back = self.plan.back?;
        let window = end.as_millis() - start.as_millis() + 1;
        let millis = back.millis.unwrap_or(window);
        Some(Timestamp(start.as_millis().saturating_sub(millis)))
    }

    /// Returns whether there are queries inside the query, whose results are known only at the end.
    pub fn has_subqueries(&self) -> bool {
        !self.plan.subqueries.is_empty()
    }

    /// Returns the slot of a value that the query makes of each row; in the program that runs as written.
    pub fn made(&self, name: &str) -> Option<usize> {
        let mut made = self.plan.made();
        made.find_map(|(known, slot)| (known == name).then_some(slot.0))
    }

    /// Returns what is odd about the query though not wrong.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns the table the query starts from.
    pub fn table(&self) -> Table {
        self.settings.table
    }

    /// Returns the columns of the result.
    pub fn columns(&self) -> &Columns {
        self.split.columns()
    }

    /// Returns what kind of values each column has, as far as the query alone tells it.
    pub fn kinds(&self) -> Vec<Kind> {
        self.plan.kinds()
    }

    /// Returns how the answer is put together from those over parts of the events, or why it cannot be.
    pub fn parts(&self) -> Result<Parts, Whole> {
        self.plan.parts()
    }

    /// Returns the fields that are read from each event or run.
    pub fn fields(&self) -> &FieldSet {
        &self.fields
    }

    /// Returns what the raw bytes of a line must hold for its event to matter.
    ///
    /// A run is made of many events, none of which holds its columns: their lines need nothing.
    pub fn need(&self) -> Need {
        match self.settings.table {
            Table::Events => self.optimized.need(),
            Table::Runs => Need::Anything,
        }
    }

    /// Returns whether only rows pass that have a field whose name begins with `prefix`, as far as that is plain.
    pub fn requires(&self, prefix: &str) -> bool {
        self.optimized.requires(prefix)
    }

    /// Returns whether a row could matter to the query, of which only some fields are known.
    ///
    /// `known` gives the value of a field, `Null` for one that the row does not have, and nothing for one that is not
    /// known. Yes may be said of a row that does not pass in the end; no never of one that does.
    pub fn may_pass<'a>(&self, known: &dyn Fn(&str) -> Option<Value<'a>>) -> bool {
        self.optimized.may_pass(&self.settings, known)
    }

    /// Returns what became of the query, phase by phase.
    pub fn explain(&self) -> Explain {
        let mut explain = Explain::new(&self.query, &self.plan, &self.optimized, &self.need());
        explain.add("runs", self.split.to_string());
        explain
    }

    /// Returns whether the answer is the same whenever the events were: never for runs, which are made of times.
    pub fn ignores_times(&self) -> bool {
        let tells_time = |name: &Arc<str>| **name == *"@timestamp" || is_of_order(name);
        self.settings.table == Table::Events
            && self.split.ignores_times()
            && !self.fields.names().iter().any(tells_time)
    }

    /// Returns whether it reads what only the lines around an event tell, in the order of time.
    pub fn needs_order(&self) -> bool {
        self.fields.names().iter().any(|name| is_of_order(name))
    }

    /// Returns whether [`Tail::drain`] gives rows before the input has ended.
    pub fn streams(&self) -> bool {
        self.split.streams()
    }

    /// Returns a head for one worker.
    pub fn head(&self) -> Head {
        self.split.head()
    }

    /// Returns the tail.
    pub fn tail(&self) -> Tail {
        self.split.tail()
    }
}

fn is_of_order(name: &str) -> bool {
    name.starts_with("@error.") || name == "@level"
}

/// Complains about a comparison with the time before where no time was given.
fn no_window(back: Back) -> Diagnostic {
    let message = "`diff` compares a window with the time before it, and there is no window";
    let hint = "say since when: `--since 1d`".to_owned();
    Diagnostic::new(codes::INCOMPLETE, back.span.range(), message).hint(hint)
}

/// Returns the value of an expression that reads no slot.
fn constant(expr: &Expr, settings: &Settings) -> Value<'static> {
    eval::compute(expr, settings).value(&[]).into_owned()
}
