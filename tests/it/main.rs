//! The integration tests: one binary, one file for each subject.

mod filter_pattern;
mod layering;
