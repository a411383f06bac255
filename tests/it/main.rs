//! The integration tests: one binary, one file for each subject.

#[cfg(feature = "aws")]
mod aws_cache;
#[cfg(feature = "aws")]
mod aws_commands;
#[cfg(feature = "aws")]
mod aws_definitions;
#[cfg(feature = "aws")]
mod aws_definitions_groups;
#[cfg(feature = "aws")]
mod aws_faults;
#[cfg(feature = "aws")]
mod aws_filter;
#[cfg(feature = "aws")]
mod aws_groups;
#[cfg(feature = "aws")]
mod aws_insights;
#[cfg(feature = "aws")]
mod aws_insights_ends;
#[cfg(all(feature = "aws", unix))]
mod aws_interrupt;
#[cfg(feature = "aws")]
mod aws_pull;
#[cfg(feature = "aws")]
mod aws_pushdown;
#[cfg(feature = "aws")]
mod aws_runs;
#[cfg(feature = "aws")]
mod aws_simulated;
#[cfg(feature = "aws")]
mod aws_tail;
#[cfg(feature = "aws")]
mod aws_tail_clock;
mod bad_input;
mod corpus;
mod corpus_errors;
mod corpus_runs;
mod demo;
#[cfg(feature = "aws")]
mod doctor;
mod documentation;
mod features;
mod filter;
mod filter_pattern;
mod following;
mod guide;
#[cfg(feature = "aws")]
mod init;
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
mod saved_queries;
#[cfg(feature = "aws")]
mod silence;
mod tail;
mod usage;
