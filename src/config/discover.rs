//! Which configuration files count, and reading them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Config;
use crate::diagnostic::Diagnostics;

/// The name of a project's file.
pub const FILE_NAME: &str = "logq.toml";

/// Where to look; all of it is looked up by the program, so that a test can say something else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    /// A file named by flag or environment, which must be there.
    pub named: Option<&'a Path>,
    /// The working directory, from which to look upwards when no file is named.
    pub start: Option<&'a Path>,
    /// The user's own file, which need not be there.
    pub user: Option<&'a Path>,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration `{}`", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file's content is wrong.
    #[error("{faults}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Its content.
        text: String,
        /// What is wrong with it.
        #[source]
        faults: Diagnostics,
    },
}

/// Reads the files that count, the user's first so that the nearer one wins key by key.
pub fn load(places: &Places<'_>) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    let project = match places.named {
        Some(named) => Some(named.to_owned()),
        None => places.start.and_then(upwards),
    };
    let user = places.user.filter(|path| path.is_file());
    let same = |path: &PathBuf| user == Some(path.as_path());
    if let Some(user) = user {
        read_file(&mut config, user)?;
    }
    if let Some(project) = project.filter(|path| !same(path)) {
        read_file(&mut config, &project)?;
    }
    Ok(config)
}

/// Returns the nearest `logq.toml` in a folder or one above it.
fn upwards(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|file| file.is_file())
}

fn read_file(config: &mut Config, path: &Path) -> Result<(), ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    config.files.insert(0, path.to_owned());
    config
        .read(&text, path)
        .map_err(|faults| ConfigError::Invalid {
            path: path.to_owned(),
            text,
            faults,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn the_nearest_file_above_wins_key_by_key_over_the_users() {
        let folder = folder(&[
            (
                "user.toml",
                "ambiguous_width = 2\n[runs]\nsettle = \"1m\"\n",
            ),
            ("project/logq.toml", "[runs]\nsettle = \"2m\"\n"),
            ("project/deep/er/x", ""),
        ]);
        let user = folder.path().join("user.toml");
        let start = folder.path().join("project/deep/er");
        let config = load(&Places {
            named: None,
            start: Some(&start),
            user: Some(&user),
        })
        .expect("valid");
        assert_eq!(config.runs.settle_ms, 120_000);
        assert_eq!(config.ambiguous_width, 2);
        assert_eq!(
            config.folder(),
            Some(folder.path().join("project").as_path())
        );
        assert_eq!(config.files.len(), 2);
    }

    #[test]
    fn a_named_file_must_be_there() {
        let missing = Path::new("no/such/logq.toml");
        let error = load(&Places {
            named: Some(missing),
            ..Places::default()
        })
        .expect_err("missing");
        assert_eq!(
            error.to_string(),
            "cannot read configuration `no/such/logq.toml`"
        );
    }
}
