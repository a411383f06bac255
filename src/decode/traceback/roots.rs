//! Which files are the application's own.

/// Where the application's code lives, to tell its frames from those of libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRoots {
    /// Without a slash at the end.
    roots: Vec<String>,
}

impl Default for AppRoots {
    /// `/app`, where nearly every image has its code.
    fn default() -> Self {
        Self::new(["/app"])
    }
}

impl AppRoots {
    /// Takes the folders; with none of them, every file outside of libraries is the application's.
    pub fn new<S: AsRef<str>>(roots: impl IntoIterator<Item = S>) -> Self {
        let roots = roots.into_iter();
        let roots = roots.map(|root| root.as_ref().trim_end_matches('/').to_owned());
        Self {
            roots: roots.collect(),
        }
    }

    /// Returns whether a frame of this file is the application's, and says something: `manage.py` does not.
    pub(super) fn own(&self, file: &str) -> bool {
        let inside = self.strip(file).is_some() || self.roots.is_empty() || !file.starts_with('/');
        inside && Self::may_be_own(file)
    }

    /// Returns whether a file is at least no library's: the application may live where nobody said it does.
    pub(super) fn may_be_own(file: &str) -> bool {
        const LIBRARIES: [&str; 5] = [
            "/site-packages/",
            "/dist-packages/",
            "/lib/python",
            "/.venv/",
            "/node_modules/",
        ];
        let library = LIBRARIES.iter().any(|part| file.contains(part));
        !file.starts_with('<') && !library && file.rsplit('/').next() != Some("manage.py")
    }

    /// Returns the path below the root that holds the file, or the file as it is.
    pub fn relative<'a>(&self, file: &'a str) -> &'a str {
        self.strip(file).unwrap_or(file)
    }

    /// Returns the path below the library folder that holds the file: the same in every environment.
    pub fn in_library(file: &str) -> &str {
        let below = |folder: &str| file.rsplit_once(folder).map(|(_, rest)| rest);
        if let Some(rest) = below("/site-packages/").or_else(|| below("/dist-packages/")) {
            return rest;
        }
        // `/usr/local/lib/python3.12/json/decoder.py`: the version is no part of it.
        let standard = below("/lib/python").and_then(|rest| rest.split_once('/'));
        standard.map_or(file, |(_, rest)| rest)
    }

    fn strip<'a>(&self, file: &'a str) -> Option<&'a str> {
        let below = |root: &String| file.strip_prefix(root.as_str())?.strip_prefix('/');
        self.roots.iter().find_map(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_generated_code_are_not_the_application() {
        let roots = AppRoots::default();
        for (file, own) in [
            ("/app/core/views.py", true),
            ("core/views.py", true),
            ("/app/manage.py", false),
            ("/app/.venv/lib/python3.12/site-packages/x.py", false),
            ("/usr/local/lib/python3.12/json/decoder.py", false),
            ("<frozen importlib._bootstrap>", false),
            ("/srv/other.py", false),
            ("/application/x.py", false),
        ] {
            assert_eq!(roots.own(file), own, "{file}");
        }
        assert_eq!(roots.relative("/app/core/views.py"), "core/views.py");
        let file = "/usr/local/lib/python3.12/json/decoder.py";
        assert_eq!(AppRoots::in_library(file), "json/decoder.py");
        let file = "/usr/local/lib/python3.12/site-packages/celery/bin/celery.py";
        assert_eq!(AppRoots::in_library(file), "celery/bin/celery.py");
        assert!(AppRoots::new(["/srv/"]).own("/srv/other.py"));
    }
}
