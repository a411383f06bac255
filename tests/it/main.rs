//! The integration tests: one binary, one file for each subject.

mod corpus;
mod corpus_errors;
mod filter_pattern;
mod layering;
