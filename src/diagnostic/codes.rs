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
    // Queries: what cannot be read.
    /// The query is longer than the service takes.
    QUERY_TOO_LONG = "Q001";
    /// A character that has no meaning where it stands.
    UNEXPECTED_CHARACTER = "Q002";
    /// A text, a regular expression or a backtick without its end.
    UNTERMINATED = "Q003";
    /// Letters right behind a regular expression.
    REGEX_FLAGS = "Q004";
    /// A number with a unit that is none.
    BAD_PERIOD = "Q005";
    /// An operator of another language.
    FOREIGN_OPERATOR = "Q006";
    /// A word or sign where something else is expected.
    UNEXPECTED_TOKEN = "Q007";
    /// A parenthesis or bracket without its end.
    UNBALANCED = "Q008";
    /// Parentheses or operators beyond what is read.
    TOO_DEEP = "Q009";
    /// A command that the language does not have.
    UNKNOWN_COMMAND = "Q010";
    /// An expression where `sort` takes a field.
    SORT_EXPRESSION = "Q011";
    /// `in []`.
    EMPTY_LIST = "Q012";
    /// An option with a value it does not take.
    BAD_OPTION = "Q013";

    // Queries: what has no meaning.
    /// A function that the language does not have.
    UNKNOWN_FUNCTION = "Q020";
    /// Part of the language, not of this engine.
    NOT_BUILT = "Q021";
    /// Only the service can do it.
    SERVICE_ONLY = "Q022";
    /// A function with too few or too many arguments.
    ARGUMENT_COUNT = "Q023";
    /// An argument of the wrong kind.
    ARGUMENT_KIND = "Q024";
    /// A regular expression that does not compile.
    BAD_REGEX = "Q025";
    /// A field that the table does not have.
    UNKNOWN_FIELD = "Q026";
    /// A field that a `stats` did not keep.
    LOST_FIELD = "Q027";
    /// A name that is already taken.
    DEFINED_TWICE = "Q028";
    /// An aggregate that is not in `stats`.
    AGGREGATE_OUTSIDE_STATS = "Q029";
    /// An item of `stats` that is not made of aggregates.
    NOT_AGGREGATED = "Q030";
    /// More `stats` than the service takes.
    TOO_MANY_STATS = "Q031";
    /// A command that cannot stand after the ones before it.
    MISPLACED = "Q032";
    /// As many names as stars or groups are needed.
    NAME_COUNT = "Q033";
    /// A limit beyond what the service gives.
    BAD_LIMIT = "Q034";
    /// A command without a part that it needs.
    INCOMPLETE = "Q035";
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
