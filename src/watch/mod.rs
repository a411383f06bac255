//! The alert loop: from rules and what happened to the alerts that a person gets.
//!
//! `policy` decides when to tell, over a memory that can be stored anywhere.

pub mod policy;
