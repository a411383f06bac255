//! Identities of alerts: from what happened alone, so that two programs that see it agree.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Returns 32 hex digits that depend on the given parts and nothing else.
///
/// The parts are told apart: `["ab", "c"]` and `["a", "bc"]` have different identities.
pub fn identity(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut hex = String::with_capacity(32);
    for byte in &hash.finalize()[..16] {
        write!(hex, "{byte:02x}").expect("a string takes all text");
    }
    hex
}
