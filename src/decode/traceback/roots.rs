//! Which files are the application's own.

use std::sync::Arc;

/// Where the application's code lives, to tell its frames from those of libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRoots {
    /// Without a slash at the end; shared, since every traceback is read with them.
    roots: Arc<[String]>,
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

    /// Returns whether a file is in one of the folders, or where all files count; a library may be there as well.
    pub(super) fn holds(&self, file: &str) -> bool {
        self.strip(file).is_some() || self.roots.is_empty() || !file.starts_with('/')
    }

    /// Returns whether a file is at least no library's, and says something, as `manage.py` does not: the application may
    /// live where nobody said it does.
    pub(super) fn may_be_own(file: &str) -> bool {
        let name = file.rsplit('/').next();
        !file.starts_with('<') && name != Some("manage.py") && !is_in_library(file)
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

/// Returns whether a folder of libraries is on the way to a file: `site-packages`, or `lib/python3.12`.
///
/// One walk over the folders, since it is asked of every frame.
fn is_in_library(file: &str) -> bool {
    let mut folders = file.split('/').skip(1).peekable();
    while let Some(folder) = folders.next() {
        // The last one is the file itself.
        let Some(next) = folders.peek() else {
            return false;
        };
        let is_library = match folder {
            "site-packages" | "dist-packages" | ".venv" | "node_modules" => true,
            "lib" => next.starts_with("python"),
            _ => false,
        };
        if is_library {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_library_is_what_has_its_folder_in_its_path(
            parts in prop::collection::vec(
                prop_oneof![
                    Just("site-packages"), Just("dist-packages"), Just(".venv"), Just("node_modules"), Just("lib"),
                    Just("python3.12"), Just("pythons.py"), Just("xlib"), Just("a"), Just(""),
                ],
                0..6,
            ),
        ) {
            let file = parts.join("/");
            let libraries = ["/site-packages/", "/dist-packages/", "/lib/python", "/.venv/", "/node_modules/"];
            let expected = libraries.iter().any(|part| file.contains(part));
            prop_assert_eq!(is_in_library(&file), expected, "{}", file);
        }
    }

    #[test]
    fn libraries_and_generated_code_are_not_the_application() {
        let roots = AppRoots::default();
        let is_own = |roots: &AppRoots, file: &str| roots.holds(file) && AppRoots::may_be_own(file);
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
            assert_eq!(is_own(&roots, file), own, "{file}");
        }
        assert_eq!(roots.relative("/app/core/views.py"), "core/views.py");
        let file = "/usr/local/lib/python3.12/json/decoder.py";
        assert_eq!(AppRoots::in_library(file), "json/decoder.py");
        let file = "/usr/local/lib/python3.12/site-packages/celery/bin/celery.py";
        assert_eq!(AppRoots::in_library(file), "celery/bin/celery.py");
        assert!(is_own(&AppRoots::new(["/srv/"]), "/srv/other.py"));
    }
}
