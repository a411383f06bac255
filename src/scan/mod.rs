//! Reading many lines fast: what a line must hold to matter at all, and finding such lines in blocks.
//!
//! A source (above this layer) implements [`pool::Blocks`]; [`pool::run`] spreads its blocks over worker threads and
//! hands back their results in order; in a worker, a [`Scanner`] goes to the lines of a block that can matter and
//! makes [`Event`](crate::event::Event)s of them. Nothing here opens a file.

mod asctimes;
pub mod block;
pub mod lines;
pub mod need;
pub mod needles;
mod origins;
pub mod pool;
pub mod scanner;

pub use asctimes::Asctimes;
pub use block::{Block, LineFormat, ReadAt};
pub use need::Need;
pub use pool::Blocks;
pub use scanner::Scanner;
