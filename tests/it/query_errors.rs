//! Wrong queries and what is said of them: `tests/cases/query-errors/*.toml`, compared to the letter.

use std::fs;
use std::path::Path;

use logq::diagnostic::Diagnostics;
use logq::query::Table;
use logq::query::parser::parse;
use logq::query::resolve::resolve;
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    table: Option<String>,
    query: String,
    diagnostic: String,
}

fn complaint(case: &Case) -> String {
    let table = match case.table.as_deref() {
        Some("runs") => Table::Runs,
        _ => Table::Events,
    };
    let text = &case.query;
    let result = parse(text).and_then(|query| resolve(&query, text, table));
    match result {
        Ok(_) => "nothing".to_owned(),
        Err(errors) => rendered(&errors, text),
    }
}

/// Renders without the blanks at line ends, which editors would take away from the cases.
fn rendered(errors: &Diagnostics, text: &str) -> String {
    let rendered = errors.render("<query>", text, 1, false);
    let lines: Vec<&str> = rendered.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

#[test]
fn every_mistake_is_told_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/query-errors");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).expect("the cases are there") {
        let path = entry.expect("a readable entry").path();
        let text = fs::read_to_string(&path).expect("a readable file");
        let cases: Cases = toml::from_str(&text).expect("cases");
        for case in cases.case {
            count += 1;
            let said = complaint(&case);
            if said != case.diagnostic {
                wrong.push(format!("{}: {}\n{said}", path.display(), case.name));
            }
        }
    }
    assert!(count > 0, "no cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
