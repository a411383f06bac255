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

/// How long a name that is made from another may be, for file systems that allow 255 bytes.
const LONGEST: usize = 100;

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

/// Returns a name for a saved query that is called something else elsewhere: what a file and a command can be called.
///
/// Whatever the other name is, this one has no folder in it and is none of the program's own.
pub fn file_name(other: &str) -> Option<String> {
    let mut name = String::new();
    for c in other.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() >= LONGEST {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    let fits = |name: &String| problem(name).is_none();
    let candidates = [
        name.to_owned(),
        format!("query-{name}"),
        format!("{name}-query"),
    ];
    candidates
        .into_iter()
        .find(fits)
        .filter(|_| !name.is_empty())
}

/// Returns whether a parameter can have this name.
pub fn is_param(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_become_names_of_files() {
        let made = |other: &str| file_name(other).unwrap_or_default();
        assert_eq!(made("errors"), "errors");
        assert_eq!(made("Team A/Errors by hour!"), "team-a-errors-by-hour");
        assert_eq!(made("../../etc/passwd"), "etc-passwd");
        assert_eq!(made("/abs\u{0}\u{1b}[31m"), "abs-31m");
        assert_eq!(made("404s"), "query-404s");
        assert_eq!(made("filter"), "query-filter");
        assert_eq!(made("..\\CON"), "con");
        assert_eq!(made("予約のエラー"), "");
        assert_eq!(made(&"x".repeat(500)).len(), LONGEST);
    }
}
