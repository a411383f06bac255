//! All saved queries: those in the binary, and a project's own, which add to them and override them.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::{SavedQuery, SourceFile};
use crate::diagnostic::Diagnostics;
use crate::suggest::nearest;

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// The saved queries of a project, by name, and the files that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    queries: BTreeMap<String, SavedQuery>,
    mistakes: Vec<Mistake>,
}

/// A file of saved queries that could not be used.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// The command it would have been.
    pub name: String,
    /// The file.
    pub file: SourceFile,
    /// What is wrong with it.
    pub problems: Diagnostics,
    took_alert: bool,
}

impl Mistake {
    /// Returns whether an alert may be missing because of the file: it has an `[alert]` section, or what it holds
    /// cannot be told, or it stands in the place of a query that has one.
    pub fn may_alert(&self) -> bool {
        self.took_alert
            || toml::de::DeTable::parse(&self.file.text)
                .map_or(true, |root| root.get_ref().contains_key("alert"))
    }

    /// Renders what is wrong, with the lines of the file.
    pub fn render(&self, color: bool) -> String {
        self.problems
            .render(&self.file.path, &self.file.text, 1, color)
    }
}

/// Returns the catalog of the queries in the binary.
pub fn builtin() -> Catalog {
    let mut catalog = Catalog::default();
    for file in BUILTIN.files() {
        let (Some(name), Some(text)) = (toml_name(file.path()), file.contents_utf8()) else {
            continue;
        };
        let path = format!("queries/{}", file.path().display());
        catalog.add(
            &name,
            SourceFile {
                path,
                text: text.to_owned(),
                builtin: true,
            },
        );
    }
    catalog
}

impl Catalog {
    /// Adds the `*.toml` files of a folder; a query of the same name takes the place of the one there was.
    ///
    /// A file with mistakes is kept aside in [`Catalog::mistakes`], so that one bad file does not take away the
    /// others. The error is that of reading the folder.
    pub fn add_folder(&mut self, folder: &Path) -> std::io::Result<()> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        paths.sort();
        for path in paths {
            let Some(name) = toml_name(&path) else {
                continue;
            };
            let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
            self.add(
                &name,
                SourceFile {
                    path: path.display().to_string(),
                    text,
                    builtin: false,
                },
            );
        }
        Ok(())
    }

    /// Adds one file.
    pub fn add(&mut self, name: &str, file: SourceFile) {
        match SavedQuery::parse(name, file.clone()) {
            Ok(query) => {
                self.queries.insert(name.to_owned(), query);
            }
            Err(problems) => {
                // What the project wrote stands before what came with the binary, also when it is wrong.
                let replaced = self.queries.remove(name);
                self.mistakes.push(Mistake {
                    took_alert: replaced.is_some_and(|query| query.alert.is_some()),
                    name: name.to_owned(),
                    file,
                    problems,
                });
            }
        }
    }

    /// Returns the query of that name.
    pub fn get(&self, name: &str) -> Option<&SavedQuery> {
        self.queries.get(name)
    }

    /// Returns the file of that name that could not be read, for an error that shows why.
    pub fn mistake(&self, name: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.name == name)
    }

    /// Returns all queries in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &SavedQuery> {
        self.queries.values()
    }

    /// Returns the files that could not be read.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Returns the one or two names nearest to a name that is not there.
    pub fn nearest(&self, written: &str) -> Vec<&str> {
        nearest(written, self.queries.keys().map(String::as_str))
    }
}

fn toml_name(path: &Path) -> Option<String> {
    let is_toml = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    is_toml.then(|| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    })?
}
