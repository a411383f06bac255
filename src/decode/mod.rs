//! Bytes to data: the JSON scanner and the readers of what programs print.
//!
//! Decoding never fails as a whole: what cannot be read is text, and is counted by the caller.

pub mod json;
