//! From records to what a person wants to know: which runs there were, how they ended, and what went wrong.
//!
//! Everything here is a pure function of the events seen. State can be fed in any order, in any cut, and more
//! than once; the answer depends on the set of events alone.
//!
//! ```text
//! Record ──▶ transcript ──▶ reading ─┐
//!            (what is kept)          ├─▶ outcome ──▶ Run
//! ECS event ─────────────────────────┘
//! ```

pub mod assemble;
pub mod command;
pub mod groups;
pub mod kept;
pub mod migration;
mod note;
pub mod order;
pub mod outcome;
mod outlook;
pub mod reading;
pub mod run;
pub mod signal;
pub mod table;
pub mod transcript;

pub use groups::{Groups, Site};
pub use migration::{Direction, Migration, MigrationStep, StepState, is_migration_line};
pub use note::Note;
pub use order::Place;
pub use outcome::signal_name;
pub use outlook::Outlook;
pub use run::{Cause, Outcome, Run, RunKind};
pub use table::{RunConfig, RunTable, task_of};
pub use transcript::Counts;
