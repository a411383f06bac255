//! The simulator read by the Rust SDK: what it does by default, and each way in which it goes wrong.

mod account;
mod faults;
mod live_tail;
mod pages;
mod queries;
