//! The query loop: joins a source's blocks with a pattern, a query or the detection of runs.
//!
//! Each function makes one pass. Workers each have a scanner and the head of what is asked; results are merged in
//! the order of the blocks, so that an answer does not depend on the number of threads. Nothing here opens a file,
//! prints, or looks at a clock.

pub mod assembled;
mod check;
pub mod filter;
mod portable;
mod published;
pub mod query;
mod runs;
mod sample;
mod scope;
mod setting;
mod task;

pub use check::{Checked, Unusable, check};
pub use filter::filter;
pub use portable::{Told, portable};
pub use published::{Published, on_service, publish};
pub use query::{Answer, Question, query, rows_of};
pub use runs::{app_roots, each_run, run_config, run_table};
pub use sample::Sample;
pub use scope::{Admission, Place, Scope, place_of};
pub use setting::{Seen, Setting, Tally};
pub use task::{Found, Line, WantedTask, named_task, task};
