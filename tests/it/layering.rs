//! Imports point downwards only: a file's `crate::` paths may name lower layers and its own module, no others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom up. Modules of one layer do not import each other, but for the two lowest, whose
/// modules are one vocabulary.
const LAYERS: &[&[&str]] = &[
    &[
        "value",
        "time",
        "diagnostic",
        "severity",
        "language",
        "suggest",
    ],
    &["event", "record", "decode", "row", "scan"],
    &["pattern", "query", "detect"],
    &[
        "saved",
        "source",
        "cloudwatch",
        "alert",
        "render",
        "config",
        "state",
        "demo",
    ],
    &["drive", "watch"],
    &["cli"],
];
const INTERNAL_IMPORTS_ALLOWED: usize = 2;

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source folder is readable") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Returns the modules of the crate that a source text names behind `crate::`.
fn imported_modules(text: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = &group[..group.find("};").unwrap_or(0)];
            modules.extend(group.split(',').map(|item| first_word(item.trim())));
        } else {
            modules.insert(first_word(rest));
        }
    }
    modules.remove("");
    modules
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
        .collect()
}

#[test]
fn imports_point_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let mut offences = Vec::new();
    for file in files {
        let inside = file
            .strip_prefix(&root)
            .expect("listed below the root")
            .to_owned();
        let module = first_word(&inside.to_string_lossy());
        if inside == Path::new("lib.rs") || inside == Path::new("main.rs") {
            continue;
        }
        let own =
            layer_of(&module).unwrap_or_else(|| panic!("{module} has no layer: add it to LAYERS"));
        let text = fs::read_to_string(&file).expect("source is text");
        for target in imported_modules(&text)
            .iter()
            .filter(|target| **target != module)
        {
            let allowed = layer_of(target).is_some_and(|other| {
                other < own || (other == own && own < INTERNAL_IMPORTS_ALLOWED)
            });
            if !allowed {
                offences.push(format!("{} imports crate::{target}", inside.display()));
            }
        }
    }
    assert!(
        offences.is_empty(),
        "imports must point downwards:\n{}",
        offences.join("\n")
    );
}

#[test]
fn groups_and_single_paths_are_both_seen() {
    let seen = imported_modules(
        "use crate::{event::Event, pattern::Pattern};\nlet x = crate::query::parse();",
    );
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        ["event", "pattern", "query"]
    );
}
