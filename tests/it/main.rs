//! The integration tests: one binary, one file for each subject.

#[cfg(feature = "aws")]
mod aws_cache;
#[cfg(feature = "aws")]
mod aws_faults;
#[cfg(feature = "aws")]
mod aws_filter;
#[cfg(feature = "aws")]
mod aws_runs;
#[cfg(feature = "aws")]
mod aws_simulated;
mod bad_input;
mod corpus;
mod corpus_errors;
mod corpus_runs;
mod demo;
mod documentation;
mod features;
mod filter;
mod filter_pattern;
mod guide;
mod insights;
mod layering;
mod logq;
#[cfg(feature = "aws")]
mod moto;
mod portability;
mod query;
mod query_errors;
mod query_laws;
mod replay;
mod runs;
#[cfg(feature = "aws")]
mod silence;
mod usage;
