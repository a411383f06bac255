//! Every diagnostic code, in one list: a code is never given to another meaning.
//!
//! `P` filter patterns, `Q` queries, `S` saved queries and configuration, `T` times.

use super::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code($id);)*
        /// Lists all codes, for the test that none is used twice.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

// Filter patterns.
codes! {
    /// The pattern is longer than the service takes.
    PATTERN_TOO_LONG = "P001";

    // Times.

    /// A duration that cannot be read, or can be read in two ways.
    TIME_DURATION = "T001";
    /// A time that cannot be read, or can be read in two ways.
    TIME_EXPRESSION = "T002";
    /// No zone has this name.
    TIME_ZONE_UNKNOWN = "T003";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_meanings() {
        let mut ids: Vec<&str> = ALL.iter().map(|code| code.0).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
