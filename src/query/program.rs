//! A query made ready to run: all phases from its text on, joined.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::query::exec::{Head, Split, Tail};
use crate::query::fields::FieldSet;
use crate::query::plan::{Order, Plan};
use crate::query::resolve::{Resolved, resolve};
use crate::query::{Settings, parser};
use crate::row::Columns;

/// A compiled query.
///
/// Each worker runs a [`Head`] of its own over the blocks it takes; one [`Tail`] merges what they find, in the
/// order of the blocks.
#[derive(Clone, Debug)]
pub struct Program {
    settings: Settings,
    warnings: Vec<Diagnostic>,
    plan: Plan,
    fields: FieldSet,
    split: Split,
}

impl Program {
    /// Compiles a query, or returns all that is wrong with it.
    pub fn compile(text: &str, settings: &Settings) -> Result<Self, Diagnostics> {
        let query = parser::parse(text)?;
        let Resolved { plan, warnings } = resolve(&query, text, settings.table)?;
        Ok(Self::of_plan(plan, warnings, settings))
    }

    fn of_plan(plan: Plan, warnings: Vec<Diagnostic>, settings: &Settings) -> Self {
        Self {
            fields: FieldSet::new(plan.fields.clone(), plan.width),
            split: Split::of(&plan, settings),
            settings: settings.clone(),
            warnings,
            plan,
        }
    }

    /// Returns the same program with another order for the rows that no `sort` decides.
    ///
    /// In the order of the input a filter needs to hold no rows: see [`Program::streams`].
    #[must_use]
    pub fn with_order(self, order: Order) -> Self {
        let plan = Plan { order, ..self.plan };
        Self::of_plan(plan, self.warnings, &self.settings)
    }

    /// Returns what is odd about the query though not wrong.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns the columns of the result.
    pub fn columns(&self) -> &Columns {
        self.split.columns()
    }

    /// Returns the fields that are read from each event or run.
    pub fn fields(&self) -> &FieldSet {
        &self.fields
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
