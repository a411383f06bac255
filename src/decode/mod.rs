//! Bytes to data: the JSON scanner and the readers of what programs print.
//!
//! Decoding never fails as a whole: what cannot be read is text, and is counted by the caller.

pub mod access;
pub mod celery;
pub(crate) mod digits;
pub mod document;
pub mod ecs;
pub mod envelope;
pub mod exception;
pub mod fingerprint;
pub mod gunicorn;
pub mod indented;
pub mod json;
pub mod level;
pub mod logger;
pub mod refusal;
pub mod stamp;
pub mod subscription;
pub mod text_line;
pub mod traceback;
