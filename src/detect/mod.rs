//! What streams of events say about failures: errors, runs and their outcomes. Pure: no clock, no I/O.

pub mod assemble;
