//! Names of saved queries and their parameters: what they may look like, and which are taken.

/// The names that saved queries cannot have: the program's own commands, and those it may get.
pub const RESERVED: &[&str] = &[
    "alerts",
    "cache",
    "completions",
    "demo",
    "diff",
    "doctor",
    "explain",
    "export",
    "filter",
    "help",
    "import",
    "init",
    "list",
    "man",
    "open",
    "pull",
    "push",
    "queries",
    "query",
    "replay",
    "report",
    "run",
    "schedule",
    "self",
    "show",
    "silence",
    "tail",
    "test",
    "update",
    "version",
    "watch",
];

/// Returns what is wrong with a name of a saved query, if anything.
pub(super) fn problem(name: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(fits) {
        return Some(format!(
            "`{name}` is not a name for a saved query: lower-case letters, digits and hyphens"
        ));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') {
        return Some(format!(
            "`{name}` is not a name for a saved query: it begins with a letter and does not end in a hyphen"
        ));
    }
    RESERVED
        .contains(&name)
        .then(|| format!("`{name}` is a command of logq, so no saved query can have that name"))
}

/// Returns whether a parameter can have this name.
pub(super) fn is_param(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}
