//! The `logq` program.

fn main() {}
