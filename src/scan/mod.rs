//! Reading many lines fast: what a line must hold to matter at all, and finding such lines in blocks.

pub mod need;
