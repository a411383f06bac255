//! The program that Lambda starts.

fn main() {}
