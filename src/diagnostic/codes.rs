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
    /// A pattern that opens with `{` or `[` does not close, or goes on behind its end.
    PATTERN_UNCLOSED = "P002";
    /// A quoted string has no closing quote.
    STRING_UNTERMINATED = "P003";
    /// A regex has no closing `%`.
    REGEX_UNTERMINATED = "P004";
    /// A character stands outside quotes and may not.
    CHARACTER_UNQUOTED = "P005";
    /// Text follows a closing quote or `%` without a blank.
    QUOTE_TRAILING = "P006";
    /// A `-` or `?` has no term.
    SIGN_ALONE = "P007";
    /// A comparison has no value.
    OPERAND_MISSING = "P008";
    /// A selector has no comparison.
    COMPARISON_MISSING = "P009";
    /// Something is joined by `&&` or `||`, or stands in parentheses, and is not there.
    CONDITION_MISSING = "P010";
    /// A parenthesis has no partner.
    PARENTHESIS_UNBALANCED = "P011";
    /// A selector is not written as `$.name`, `$.['name']`, `[0]`, `[*]` or `.*`.
    SELECTOR_MALFORMED = "P012";
    /// An index is not a plain number.
    INDEX_MALFORMED = "P013";
    /// A keyword is not one of `IS NULL`, `IS TRUE`, `IS FALSE` and `NOT EXISTS`.
    KEYWORD_UNKNOWN = "P014";
    /// An operator of another language.
    OPERATOR_UNKNOWN = "P015";
    /// An ordering is given something other than an unquoted number.
    OPERAND_NOT_NUMBER = "P016";
    /// A character that a regex may not hold.
    REGEX_CHARACTER = "P017";
    /// A regex that does not follow the regex grammar.
    REGEX_MALFORMED = "P018";
    /// More regexes than one pattern may hold.
    REGEX_QUOTA = "P019";
    /// More wildcards than one selector or one pattern may hold.
    WILDCARD_QUOTA = "P020";
    /// A second `...`.
    ELLIPSIS_REPEATED = "P021";
    /// A field entry's condition names another field.
    FIELD_FOREIGN = "P022";
    /// Two entries have one name.
    FIELD_REPEATED = "P023";
    /// A field entry does not begin with a name.
    FIELD_NAME = "P024";
    /// A value is not a text, a number or a regex.
    OPERAND_MALFORMED = "P025";
    /// Two conditions with nothing between them.
    OPERATOR_MISSING = "P026";

    // Warnings about filter patterns: accepted, but not surely meant, or the service may differ.
    /// `?` terms have no effect beside other terms.
    OPTIONAL_IGNORED = "P050";
    /// A `*` inside a value.
    WILDCARD_INSIDE = "P051";
    /// `=` or `!=` with the name of a JSON boolean or null.
    KEYWORD_AS_TEXT = "P052";
    /// `!=` with a regex.
    REGEX_NEGATED = "P053";
    /// A negative or keyword condition over a wildcard selector.
    WILDCARD_QUANTIFIER = "P054";
    /// A blank between `-` and its term.
    SIGN_APART = "P055";
    /// A `-` or `+` in an unquoted value.
    HYPHEN_UNQUOTED = "P056";
    /// A number that begins or ends with its point.
    NUMBER_POINT = "P057";
    /// A regex beside other terms, or with a sign.
    REGEX_COMBINED = "P058";
    /// A regex form that the service does not document.
    REGEX_UNDOCUMENTED = "P059";
    /// `AND`, `OR` or `NOT` as a word to look for.
    OPERATOR_AS_TERM = "P060";

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
    /// A constant that the function can make nothing of.
    ARGUMENT_VALUE = "Q040";
    /// A table that nobody brought.
    UNKNOWN_TABLE = "Q046";
    /// A column that a table does not have.
    UNKNOWN_COLUMN = "Q047";

    // Queries: what runs, and may mean something else.
    /// A period that counts as a shorter one.
    PERIOD_CAPPED = "Q050";
    /// A `limit` that decides what is counted.
    LIMIT_BEFORE_STATS = "Q051";
    /// A word without quotes that looks like a text.
    UNQUOTED_TEXT = "Q052";
    /// A result that only resembles the service's.
    APPROXIMATE = "Q056";
    /// A comparison that looks as if it named a value.
    COMPARED_ITEM = "Q060";

    // Queries: what the service refuses, or what may mean something else there.
    /// A field or a table that only this program has.
    LOCAL_ONLY = "Q070";
    /// A new name that events have as a field.
    TAKEN_NAME = "Q071";
    /// A JSON `true` compared with a word or a text.
    BOOLEAN_COMPARED = "Q072";
    /// A negative comparison with a field that some events lack.
    UNGUARDED = "Q073";
    /// A field behind those that the service finds.
    FIELDS_BEYOND = "Q074";
    /// Events in which the service finds no fields.
    NOT_DISCOVERED = "Q075";
    /// A result that is not exact there.
    ESTIMATED = "Q076";
    /// A command that skips log groups there.
    INDEX_ONLY = "Q077";
    /// Something that log groups of one class refuse.
    ACCESS_CLASS = "Q078";
    /// More rows than are given there.
    ROWS_CUT = "Q079";
    /// Something of which the service's behaviour is not documented.
    UNDOCUMENTED = "Q080";
    /// A table that must be in the account.
    OUTSIDE_TABLE = "Q081";
    /// A filter pattern that cannot be said in the query language.
    PATTERN_STAYS = "Q082";
    /// The service does not understand something, in its own words.
    NOT_UNDERSTOOD = "Q083";
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
