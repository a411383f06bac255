//! Tests of reading saved queries and filling in their parameters.

use proptest::prelude::*;

use super::*;
use crate::pattern::Pattern;
use crate::query::lexer;
use crate::query::token::Token;

const GOOD: &str = r#"
title = "Failed batch runs"
from = "runs"
query = '''
filter name like ${batch}
| display name
'''
[params.batch]
description = "only this batch"
default = "*"
[alert]
severity = "critical"
key = ["name"]
repeat = "4h"
[[tests]]
name = "nothing gives nothing"
events = []
rows = 0
[[tests]]
name = "a run"
events = ["x"]
rows = [{ name = "batch", "error.type" = "KeyError" }]
"#;

fn read(text: &str) -> Result<SavedQuery, Diagnostics> {
    let file = SourceFile {
        path: "queries/x.toml".to_owned(),
        text: text.to_owned(),
        builtin: false,
    };
    SavedQuery::parse("some-query", file)
}

fn problems(text: &str) -> String {
    read(text)
        .expect_err("the file has a mistake")
        .render("queries/x.toml", text, 1, false)
}

fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn a_whole_file_is_read() {
    let query = read(GOOD).expect("the file is good");
    assert_eq!(query.from, Input::Runs);
    assert_eq!(query.groups, ["batch", "tasks"]);
    assert_eq!(query.query.first_line, 5);
    let rule = query.alert.as_ref().expect("it has an alert");
    assert_eq!(
        (rule.severity, rule.repeat, rule.after),
        (Severity::Critical, Some(14_400_000), 1)
    );
    assert_eq!(query.tests[0].rows, Expected::Count(0));
    let fields = given(&[("name", "batch"), ("error.type", "KeyError")]);
    let Expected::Fields(rows) = &query.tests[1].rows else {
        panic!("rows are fields")
    };
    assert!(fields.iter().all(|field| rows[0].contains(field)));
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(problems(&GOOD.replace("severity", "severty")), @r#"
    error: unknown key `severty` in `[alert]`
      --> queries/x.toml:12:1
       |
    12 | severty = "critical"
       | ^^^^^^^
    hint: did you mean `severity`?
    error: `severity` is missing
      --> queries/x.toml:11:1
       |
    11 | [alert]
       | ^^^^^^^
    "#);
}

#[test]
fn a_placeholder_without_its_parameter_is_pointed_at() {
    insta::assert_snapshot!(problems(&GOOD.replace("${batch}", "${bacth}")), @r#"
    error: `${bacth}` stands in the text, but there is no `[params.bacth]`
     --> queries/x.toml:5:18
      |
    5 | filter name like ${bacth}
      |                  ^^^^^^^^
    hint: did you mean `batch`?
    error: the parameter `batch` stands nowhere: write `${batch}` in the query
     --> queries/x.toml:1:1
      |
    1 |
      | ^
    "#);
}

#[test]
fn all_mistakes_are_reported_together() {
    let text = "titel = 1\nfrom = \"run\"\nfilter = 'x'\n[alert]\nseverity = \"bad\"\nrepeat = \"often\"\nafter = 0\n[[tests]]\nname = \"t\"\n";
    let found = read(text).expect_err("it is full of mistakes");
    let codes: Vec<&str> = found.0.iter().map(|one| one.code.0).collect();
    assert_eq!(
        codes,
        [
            "S002", "S003", "S005", "S003", "S005", "S003", "S005", "S004", "S003", "S003"
        ]
    );
}

#[test]
fn a_broken_file_says_where() {
    let found = read("title = 'x\n").expect_err("the quote is not closed");
    assert_eq!(found.0[0].code.0, "S001");
}

#[test]
fn commands_cannot_be_saved_queries() {
    let file = SourceFile {
        path: String::new(),
        text: GOOD.to_owned(),
        builtin: false,
    };
    for name in ["replay", "Errors", "", "-x", "a_b"] {
        assert!(SavedQuery::parse(name, file.clone()).is_err(), "{name}");
    }
}

#[test]
fn a_pattern_only_works_on_events() {
    let text = GOOD.replace("from = \"runs\"", "from = \"runs\"\nfilter = 'ERROR'");
    assert!(problems(&text).contains("only works on events"));
}

#[test]
fn behind_like_a_star_stands_for_anything() {
    let query = read(GOOD).expect("the file is good");
    let expanded = |value| {
        query
            .expand(&given(&[("batch", value)]))
            .expect("any text will do")
            .query
    };
    assert_eq!(
        expanded("sync-*"),
        "filter name like /(?s)^sync-.*$/\n| display name\n"
    );
    assert_eq!(
        expanded("a.b/c"),
        "filter name like /^a\\.b\\/c$/\n| display name\n"
    );
    let default = query.expand(&[]).expect("the default will do").query;
    assert_eq!(default, "filter name like /(?s)^.*$/\n| display name\n");
}

#[test]
fn unknown_parameters_are_spelled_out() {
    let query = read(GOOD).expect("the file is good");
    let error = query
        .expand(&given(&[("bacth", "x")]))
        .expect_err("no such parameter");
    assert_eq!(error.message, "`some-query` has no parameter `bacth`");
    assert_eq!(error.hint.as_deref(), Some("did you mean `batch`?"));
}

#[test]
fn a_parameter_without_default_must_be_given() {
    let query = read(&GOOD.replace("default = \"*\"", "")).expect("the file is good");
    let error = query.expand(&[]).expect_err("no value");
    assert_eq!(error.message, "`some-query` needs the parameter `batch`");
}

fn fill(query: &str, default: &str, value: &str) -> Result<String, ParameterError> {
    let text = format!("title = 't'\nquery = '''{query}'''\n[params.p]\ndefault = {default}\n");
    let query =
        read(&text).unwrap_or_else(|found| panic!("{}", found.render("x", &text, 1, false)));
    query
        .expand(&given(&[("p", value)]))
        .map(|expanded| expanded.query)
}

#[test]
fn each_place_has_its_quotes() {
    let check = |query: &str, value: &str, expected: &str| {
        assert_eq!(fill(query, "'x'", value).expect("the value fits"), expected);
    };
    check("filter a = ${p}", "x\" or 1", r#"filter a = "x\" or 1""#);
    check("filter a = '${p}!'", "it's", r"filter a = 'it\'s!'");
    check(
        "filter a like /b${p}+/",
        "a|b*",
        r"filter a like /b(?:a\|b(?s:.*))+/",
    );
    check("filter a / ${p} / 2 > 1", "4", r#"filter a / "4" / 2 > 1"#);
    check(
        "stats count(*) by `${p}`",
        "user-agent",
        "stats count(*) by `user-agent`",
    );
    check("# ${p}\nfilter a = ${p}", "x", "# ${p}\nfilter a = \"x\"");
    check(
        "parse @message /${p}(?<n>.)/ | filter a = \"\\${p}\"",
        "x",
        "parse @message /(?:x)(?<n>.)/ | filter a = \"\\${p}\"",
    );
}

#[test]
fn numbers_and_periods_stand_as_they_are() {
    assert_eq!(
        fill("limit ${p}", "10", "20").expect("a number"),
        "limit 20"
    );
    assert_eq!(
        fill("stats count(*) by bin(${p})", "'1h'", "5m").expect("a period"),
        "stats count(*) by bin(5m)"
    );
    assert_eq!(
        fill("limit ${p}", "10", "1 | x")
            .expect_err("no number")
            .message,
        "`p=1 | x`: it should be a number such as `10` or `0.5`"
    );
    assert!(fill("limit ${p}", "10", "-1").is_err());
    assert!(fill("stats count(*) by bin(${p})", "'1h'", "5 m").is_err());
}

#[test]
fn a_name_in_backticks_cannot_end_them() {
    assert!(fill("stats count(*) by `${p}`", "'x'", "a` | b").is_err());
}

#[test]
fn a_class_takes_no_parameter() {
    assert!(quote::places("filter a like /[${p}]/", quote::Language::Query).is_err());
    assert!(quote::places("{ $['${p}'] = 1 }", quote::Language::Pattern).is_err());
    assert!(quote::places("filter a = ${P}", quote::Language::Query).is_err());
}

#[test]
fn the_catalog_prefers_the_project() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("errors.toml"), GOOD).expect("written");
    std::fs::write(folder.path().join("broken.toml"), "title = 1").expect("written");
    std::fs::write(folder.path().join("notes.txt"), "no query").expect("written");
    let mut catalog = builtin();
    catalog
        .add_folder(folder.path())
        .expect("the folder is there");
    assert_eq!(
        catalog.get("errors").map(|query| query.title.as_str()),
        Some("Failed batch runs")
    );
    assert_eq!(catalog.mistakes().len(), 1);
    assert!(
        catalog
            .mistake("broken")
            .is_some_and(|mistake| mistake.render(false).contains("`query` is missing"))
    );
}

/// Any text, and above all those made of what the languages treat specially.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r#"["'\\/`$|#*%{}()\[\]\n\r\t =~a-c.0]{0,16}"#
    ]
}

/// Returns the kinds of a query's tokens, without what stands in texts and regexes.
fn kinds(query: &str) -> Vec<String> {
    let (tokens, problems) = lexer::tokens(query);
    assert!(problems.is_empty(), "{query}: {problems:?}");
    let kind = |token: &Token| match token {
        Token::Text(_) => "text".to_owned(),
        Token::Regex(_) => "regex".to_owned(),
        Token::Word { quoted: true, .. } => "name".to_owned(),
        other => format!("{other:?}"),
    };
    tokens.iter().map(|spanned| kind(&spanned.token)).collect()
}

/// Returns the first text or regex of a query.
fn literal(query: &str) -> Option<String> {
    let (tokens, _) = lexer::tokens(query);
    tokens.into_iter().find_map(|spanned| match spanned.token {
        Token::Text(text) | Token::Regex(text) => Some(text),
        _ => None,
    })
}

fn fill_pattern(pattern: &str, value: &str) -> Result<String, ParameterError> {
    let text = format!(
        "title = 't'\nfilter = '{pattern}'\nquery = 'limit 1'\n[params.p]\ndefault = 'x'\n"
    );
    let query = read(&text).expect("the file is good");
    query
        .expand(&given(&[("p", value)]))
        .map(|expanded| expanded.filter.expect("it has one"))
}

proptest! {
    /// Whatever the value, the query has the tokens that it has with a harmless one.
    #[test]
    fn no_value_changes_the_query_around_it(value in nasty()) {
        for query in [
            "filter a = ${p} | limit 1",
            "filter a in [${p}, 'b'] # not ${p}\n| limit 1",
            "filter a = \"x${p}y\" or b",
            "filter a = \"it is ${p}\" or b like /c/",
            "filter a like ${p} or b",
            "filter a not like /x${p}+/ or b",
            "parse @message /${p}(?<n>.)/ | display n",
            "stats count(*) by `${p}`",
        ] {
            if let Ok(filled) = fill(query, "'x'", &value) {
                prop_assert_eq!(kinds(&filled), kinds(&fill(query, "'x'", "x").expect("a harmless value")));
            }
        }
    }

    /// What is compared is the value itself, and what is matched is the value where it has no stars.
    #[test]
    fn a_value_means_itself(value in nasty()) {
        let filled = fill("filter a = ${p}", "'x'", &value).expect("any text fits");
        prop_assert_eq!(literal(&filled), Some(value.clone()));
        let filled = fill("filter a = '<${p}>'", "'x'", &value);
        let filled = filled.expect("any text fits");
        prop_assert_eq!(literal(&filled), Some(format!("<{value}>")));
        let filled = fill("filter a like ${p}", "'x'", &value).expect("any text fits");
        let regex = regex::Regex::new(&literal(&filled).expect("a regex")).expect("it is a regex");
        prop_assert!(regex.is_match(&value));
        if !value.contains('*') {
            let longer = [format!("{value}x"), format!("x{value}")];
            prop_assert!(longer.iter().all(|text| !regex.is_match(text)));
        }
    }

    /// Whatever the value, the pattern is the one that it is with a harmless one.
    #[test]
    fn no_value_changes_the_pattern_around_it(value in nasty()) {
        let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        for (pattern, printed) in [
            ("{ $.a = ${p} && $.b = 1 }", format!("{{ $.a = {quoted} && $.b = 1 }}")),
            ("[a, b = ${p}, c]", format!("[a, b = {quoted}, c]")),
            ("-${p} x", format!("-{quoted} x")),
        ] {
            let filled = fill_pattern(pattern, &value).expect("any text fits");
            if filled.chars().count() <= 1024 {
                let parsed = Pattern::parse(&filled).expect("it parses");
                prop_assert_eq!(parsed.to_string(), Pattern::parse(&printed).expect("it parses").to_string());
                prop_assert!(parsed.to_string().contains(&quoted) || value == "x" || value.chars().all(char::is_alphanumeric));
            }
        }
        if let Ok(filled) = fill_pattern("{ $.a = %^${p}$% }", &value) {
            let parsed = Pattern::parse(&filled);
            prop_assert!(filled.chars().count() > 1024 || parsed.is_ok());
        }
    }

    /// Outside the value, the text stays what it was, and walking it finds no more placeholders.
    #[test]
    fn a_value_stays_inside_its_quotes(value in any::<String>()) {
        for query in ["filter a = ${p} | limit 1", "filter a = \"x${p}\"", "filter a = '${p}' or b", "filter a like /x${p}/"] {
            let filled = fill(query, "'x'", &value).expect("any text fits");
            let (before, after) = query.split_once("${p}").expect("there is one");
            prop_assert!(filled.starts_with(before) && filled.ends_with(after));
            let escaped = filled.replace("${", "$ {");
            prop_assert_eq!(quote::places(&escaped, quote::Language::Query), Ok(Vec::new()));
        }
    }

    /// No text of a file makes the reader panic.
    #[test]
    fn no_file_panics_the_reader(text in any::<String>()) {
        let _ = read(&text);
        let _ = quote::places(&text, quote::Language::Query);
        let _ = quote::places(&text, quote::Language::Pattern);
    }
}

#[test]
fn every_file_that_ships_is_read_and_has_tests_both_ways() {
    let catalog = builtin();
    let mistakes: Vec<String> = catalog
        .mistakes()
        .iter()
        .map(|mistake| mistake.render(false))
        .collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    let names: Vec<&str> = catalog.iter().map(|query| query.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "batch-errors",
            "batch-failures",
            "batch-runs",
            "crashes",
            "errors",
            "http-5xx",
            "log-volume",
            "migrations",
            "new-errors",
            "oom",
            "slow-requests",
            "task-failures"
        ]
    );
    for query in catalog.iter() {
        let empty = |rows: &Expected| *rows == Expected::Count(0);
        let silent = query.tests.iter().filter(|case| empty(&case.rows)).count();
        assert!(
            silent > 0 && silent < query.tests.len(),
            "{} needs a test each way",
            query.name
        );
        query.expand(&[]).expect("every parameter has a default");
    }
}

#[test]
fn a_key_of_an_alert_is_a_column() {
    let runs = GOOD.replace(r#"key = ["name"]"#, r#"key = ["stage", "nam"]"#);
    let said = problems(&runs);
    assert!(
        said.starts_with("error: runs have no column `nam`"),
        "{said}"
    );
    assert!(said.contains("x.toml:13:17"), "{said}");
    assert!(said.ends_with("hint: did you mean `name`?"), "{said}");
    let made = GOOD
        .replace("| display name", "| fields concat(name, '!') as loud")
        .replace(r#"key = ["name"]"#, r#"key = ["loud", "error.type"]"#);
    assert!(read(&made).is_ok(), "what the query makes is a column");
}

const EVENTS: &str = r#"
title = "Slow"
query = 'parse @message "took * ms" as took'
[alert]
severity = "warning"
key = ["request.path", "took", "@@version", "@service"]
"#;

#[test]
fn a_key_of_events_may_be_any_field_of_a_record() {
    assert!(read(EVENTS).is_ok());
    let said = problems(&EVENTS.replace("@service", "@servce"));
    assert!(
        said.starts_with("error: events have no field `@servce`"),
        "{said}"
    );
    assert!(said.ends_with("hint: did you mean `@service`?"), "{said}");
}
