//! What people get to read about their mistakes, word for word: `tests/cases/pattern/*.toml`.

use std::fs;

use logq::pattern::Pattern;
use serde::Deserialize;

use super::data;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// A pattern with the report of its mistakes, or one that is accepted with the doubts about it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    pattern: String,
    diagnostic: Option<String>,
    #[serde(default)]
    warnings: Vec<Warning>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Warning {
    code: String,
    at: String,
    message: String,
    hint: String,
}

fn report(pattern: &str) -> Result<Vec<Warning>, String> {
    let parsed = Pattern::parse(pattern)
        .map_err(|mistakes| mistakes.render("<pattern>", pattern, 1, false))?;
    let warnings = parsed.warnings().iter().map(|warning| Warning {
        code: warning.code.0.to_owned(),
        at: pattern[warning.span.clone()].to_owned(),
        message: warning.message.clone(),
        hint: warning.hint.clone().unwrap_or_default(),
    });
    Ok(warnings.collect())
}

#[test]
fn reports_read_as_written_down() {
    let mut files: Vec<_> = fs::read_dir(data("cases/pattern"))
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        let cases: Cases =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in cases.case {
            let expected = match case.diagnostic {
                Some(report) => Err(report.trim_end().to_owned()),
                None => Ok(case.warnings),
            };
            let place = format!("{}: {}", file.display(), case.name);
            assert_eq!(report(&case.pattern), expected, "{place}");
        }
    }
}
