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

    // Configuration.

    /// The file is not TOML.
    CONFIG_SYNTAX = "S101";
    /// No setting has this name.
    CONFIG_UNKNOWN_KEY = "S102";
    /// The value is of another kind than the setting.
    CONFIG_TYPE = "S103";
    /// The setting cannot have this value.
    CONFIG_VALUE = "S104";

    // Times.

    /// A duration that cannot be read, or can be read in two ways.
    TIME_DURATION = "T001";
    /// A time that cannot be read, or can be read in two ways.
    TIME_EXPRESSION = "T002";
    /// No zone has this name.
    TIME_ZONE_UNKNOWN = "T003";

    // Saved queries.

    /// The file is not TOML.
    SAVED_SYNTAX = "S001";
    /// A key that nothing reads.
    SAVED_KEY = "S002";
    /// A key that must be there is not.
    SAVED_MISSING = "S003";
    /// A value of the wrong TOML type.
    SAVED_TYPE = "S004";
    /// A value that is not one of those allowed.
    SAVED_VALUE = "S005";
    /// A name that no query or parameter can have.
    SAVED_NAME = "S006";
    /// A `${name}` without its parameter, in an impossible place, or a parameter without its `${name}`.
    SAVED_PLACEHOLDER = "S007";
    /// A test that gives a parameter which the query does not have.
    SAVED_PARAM = "S008";
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
