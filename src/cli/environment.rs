//! What the process was started with, looked up once and in one place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::time::Timestamp;

/// Arguments, variables, working directory and time.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    /// All arguments, the program's name first.
    pub(super) arguments: Vec<OsString>,
    /// The working directory.
    pub(super) folder: PathBuf,
    /// The time at the start.
    pub(super) now: Timestamp,
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Looks up those of the process.
    pub(super) fn of_process() -> Self {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            arguments: std::env::args_os().collect(),
            folder: std::env::current_dir().unwrap_or_default(),
            now: Timestamp(jiff::Timestamp::now().as_millisecond()),
            variables: std::env::vars_os().filter_map(text).collect(),
        }
    }

    /// Returns a variable; one that is set to nothing counts as not set.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.set(name).filter(|value| !value.is_empty())
    }

    /// Returns a variable, also when it is set to nothing.
    pub(super) fn set(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns the names of all variables.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// Returns the user's folder for what can be made again.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs needs it")
    )]
    pub(super) fn user_cache(&self) -> Option<PathBuf> {
        let folder = match self.variable("XDG_CACHE_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(self.variable("HOME")?).join(".cache"),
        };
        Some(folder.join("logq"))
    }

    /// Returns the user's own configuration file.
    pub(super) fn user_config(&self) -> Option<PathBuf> {
        let folder = match self.variable("XDG_CONFIG_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(self.variable("HOME")?).join(".config"),
        };
        Some(folder.join("logq").join("config.toml"))
    }
}

#[cfg(test)]
impl Environment {
    /// Creates one for a test.
    pub(super) fn of_test(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            arguments: vec![OsString::from("logq")],
            folder: PathBuf::new(),
            now: Timestamp(1_795_406_645_000),
            variables: variables.iter().map(owned).collect(),
        }
    }
}

/// Returns an address without a user's name and password.
pub(super) fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_without_its_user() {
        let check = |address: &str, expected: &str| assert_eq!(without_user(address), expected);
        check("https://logs.example.com", "https://logs.example.com");
        check("http://me:p@ss@proxy:8080/a@b?c", "http://proxy:8080/a@b?c");
        check("http://me@proxy", "http://proxy");
        check("proxy", "proxy");
    }
}
