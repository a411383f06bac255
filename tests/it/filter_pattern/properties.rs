//! Laws of filter patterns over generated patterns and events.

use logq::pattern::Pattern;
use logq::scan::need::Need;
use logq::scan::needles::Needles;
use proptest::prelude::*;

use super::matches;
use super::model::{Node, any_line, any_model, any_object};

/// Tests a need the slow way: any character may be spelled as an escape.
fn is_met(need: &Need, line: &[u8]) -> bool {
    match need {
        Need::Anything => true,
        Need::Text(text) => holds(line, text.as_bytes()) || holds(line, b"\\u00"),
        Need::Whole(text) => {
            let ends = ["\"", "\\"].map(|end| format!("\"{text}{end}"));
            ends.iter().any(|whole| holds(line, whole.as_bytes())) || holds(line, b"\\u00")
        }
        Need::All(parts) => parts.iter().all(|part| is_met(part, line)),
        Need::Any(parts) => parts.iter().any(|part| is_met(part, line)),
    }
}

fn holds(line: &[u8], text: &[u8]) -> bool {
    line.windows(text.len()).any(|window| window == text)
}

/// Quotas refuse some generated patterns; nothing else may.
fn parse(text: &str) -> Result<Option<Pattern>, TestCaseError> {
    match Pattern::parse(text) {
        Ok(pattern) => Ok(Some(pattern)),
        Err(mistakes) => {
            let quota = |code: &str| matches!(code, "P019" | "P020" | "P021");
            let only_quotas = mistakes.0.iter().all(|mistake| quota(mistake.code.0));
            prop_assert!(
                only_quotas,
                "{}",
                mistakes.render("<pattern>", text, 1, false)
            );
            Ok(None)
        }
    }
}

/// A line inside an envelope, where its quotes and backslashes are escaped.
fn wrapped(line: &str) -> String {
    serde_json::json!({ "message": line }).to_string()
}

fn agrees(pattern: &Pattern, line: &str, expected: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        matches(pattern, line.as_bytes()),
        expected,
        "{} on {}",
        pattern,
        line
    );
    if expected {
        let need = pattern.need();
        let needles = Needles::new(&need);
        for spelled in [line.to_owned(), wrapped(line), wrapped(&wrapped(line))] {
            let bytes = spelled.as_bytes();
            prop_assert!(is_met(&need, bytes), "{:?} on {}", need, spelled);
            prop_assert!(needles.test(bytes), "{:?} on {}", need, spelled);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn objects_match_as_the_slow_matcher_says(model in any_model(), object in any_object(), escaped in any::<bool>()) {
        if let Some(pattern) = parse(&model.print())? {
            let line = object.print(escaped);
            agrees(&pattern, &line, model.match_object(&object, &line))?;
            let pretty = format!("\n  {line}\t");
            agrees(&pattern, &pretty, model.match_object(&object, &pretty))?;
        }
    }

    #[test]
    fn lines_match_as_the_slow_matcher_says(model in any_model(), line in any_line()) {
        if let Some(pattern) = parse(&model.print())? {
            agrees(&pattern, &line, model.match_line(&line))?;
        }
    }

    #[test]
    fn an_object_with_text_around_it_is_text(model in any_model(), object in any_object()) {
        if let Some(pattern) = parse(&model.print())? {
            let line = format!("x {}", object.print(false));
            agrees(&pattern, &line, model.match_line(&line))?;
        }
    }

    #[test]
    fn no_pattern_makes_it_panic(text in odd_pattern(), message in any::<Vec<u8>>(), object in any_object()) {
        match Pattern::parse(&text) {
            Ok(pattern) => {
                let printed = pattern.to_string();
                let again = Pattern::parse(&printed);
                let again = again.map(|again| again.to_string());
                prop_assert_eq!(again, Ok(printed), "{}", text);
                matches(&pattern, &message);
                matches(&pattern, object.print(false).as_bytes());
                for warning in pattern.warnings() {
                    prop_assert!(text.get(warning.span.clone()).is_some(), "{} {:?}", text, warning);
                }
            }
            Err(mistakes) => {
                prop_assert!(!mistakes.0.is_empty());
                for mistake in &mistakes.0 {
                    prop_assert!(text.get(mistake.span.clone()).is_some(), "{} {:?}", text, mistake);
                    prop_assert!(!mistake.message.is_empty());
                }
                mistakes.render("<pattern>", &text, 1, false);
            }
        }
    }

    #[test]
    fn numbers_compare_exactly(one in any::<i64>(), other in any::<i64>(), zeros in 0_usize..3) {
        let pattern = Pattern::parse(&format!("{{ $.n < {one}.{} }}", "0".repeat(zeros))).expect("valid");
        let object = Node::Object(vec![("n", Node::Text(other.to_string()))]);
        prop_assert!(!matches(&pattern, object.print(false).as_bytes()));
        let line = format!("{{\"n\":{other}}}");
        prop_assert_eq!(matches(&pattern, line.as_bytes()), other < one);
    }
}

/// Text made of what has a meaning somewhere in the language.
fn odd_pattern() -> impl Strategy<Value = String> {
    let pieces = vec![
        "$",
        "$.",
        "$.a",
        ".['x']",
        ".*",
        "[0]",
        "[*]",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "\"a b\"",
        "\\",
        "'",
        "%",
        "%a.b%",
        "%[^a]{2,}?%",
        "=",
        "!=",
        ">",
        "<=",
        "==",
        "&&",
        "||",
        "&",
        "!",
        ",",
        "...",
        "IS",
        "NULL",
        "NOT",
        "EXISTS",
        "is",
        "and",
        "a",
        "-",
        "?",
        "12",
        "1e3",
        "*",
        "é",
        " ",
        " ",
        " ",
        "\n",
        "“",
        "”",
        "^",
        "|",
        "x",
        "\\x41",
        "{2}",
        "'a'",
        "\u{3000}",
        "\0",
    ];
    let body = prop::collection::vec(prop::sample::select(pieces), 0..14)
        .prop_map(|pieces| pieces.concat());
    prop_oneof![
        body.clone(),
        body.clone().prop_map(|body| format!("{{ {body} }}")),
        body.clone().prop_map(|body| format!("{{$.a={body}}}")),
        body.clone().prop_map(|body| format!("[{body}]")),
        body.clone().prop_map(|body| format!("[a={body}, b]")),
        body.prop_map(|body| format!("%{body}%")),
        any::<String>(),
    ]
}
