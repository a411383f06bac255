use proptest::prelude::*;

use super::*;
use crate::decode::json::Json;

fn found(need: &Need, text: &str) -> Vec<String> {
    let mut needles = Needles::new(need);
    needles.tune(text.as_bytes());
    let lines = needles.lines(text.as_bytes());
    lines.map(|line| text[line].to_owned()).collect()
}

fn error() -> Need {
    Need::text("ERROR")
}

#[test]
fn only_lines_that_can_matter_are_visited() {
    let text = "INFO a\nERROR b\n\nWARN c\nx ERROR ERROR\nERR";
    assert_eq!(found(&error(), text), ["ERROR b", "x ERROR ERROR"]);
    let both = error().and(Need::text("WARN"));
    assert_eq!(found(&both, "ERROR\nWARN ERROR\nWARN"), ["WARN ERROR"]);
    let either = error().or(Need::text("WARN"));
    assert_eq!(found(&either, "WARN a\nx\nERROR b"), ["WARN a", "ERROR b"]);
    assert_eq!(found(&Need::Anything, "a\n\nb\n"), ["a", "", "b"]);
}

#[test]
fn escapes_that_could_hide_a_wanted_character_pass() {
    let hidden = r#"{"level": "\u0045RROR"}"#;
    let twice = r#"{"message": "{\"level\": \"\\u0045RROR\"}"}"#;
    let umlaut = r#"{"city": "Z\u00fcrich"}"#;
    let other = r#"{"city": "\u007a"}"#;
    let text = [hidden, umlaut, twice, other].join("\n");
    assert_eq!(found(&error(), &text), [hidden, twice]);
}

#[test]
fn a_whole_value_must_stand_between_quotes() {
    let need = Need::whole("ERROR");
    let lines = [
        r#"{"level": "ERROR"}"#,
        r#"{"message": "{\"level\": \"ERROR\"}"}"#,
        r#"{"message": "ERROR_TIMEOUT"}"#,
        r#"{"message": "an ERROR"}"#,
        "ERROR",
    ];
    assert_eq!(found(&need, &lines.join("\n")), lines[..2]);
}

#[test]
fn the_rarest_text_is_searched_for() {
    let mut needles = Needles::new(&Need::text("common words").and(Need::text("rare")));
    assert_eq!(needles.anchors.as_deref(), Some(&[0][..]));
    needles.tune(b"common words\ncommon words\nrare");
    assert_eq!(needles.anchors.as_deref(), Some(&[1][..]));
}

/// What the need promises: some reading of the line, as it is or decoded once or twice, holds the texts.
fn naive(need: &Need, readings: &[String], strings: &[String]) -> bool {
    match need {
        Need::Anything => true,
        Need::Text(text) => readings
            .iter()
            .any(|reading| reading.contains(text.as_str())),
        Need::Whole(text) => strings.iter().any(|string| string == text),
        Need::All(all) => all.iter().all(|need| naive(need, readings, strings)),
        Need::Any(any) => any.iter().any(|need| naive(need, readings, strings)),
    }
}

fn any_need() -> impl Strategy<Value = Need> {
    let leaf = prop_oneof![
        Just(Need::Anything),
        "[ab/é]{1,4}".prop_map(|text| Need::text(&text)),
        "[ab]{1,4}".prop_map(|text| Need::whole(&text)),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one.and(other)),
            (inner.clone(), inner).prop_map(|(one, other)| one.or(other)),
        ]
    })
}

fn escape(c: char, capitals: bool) -> Vec<char> {
    let code = if capitals {
        format!("{:04X}", c as u32)
    } else {
        format!("{:04x}", c as u32)
    };
    ['\\', 'u'].into_iter().chain(code.chars()).collect()
}

/// Spells a text as the inside of a JSON string, some characters as escapes, as the seed says.
fn spelled(text: &str, mut seed: u32) -> String {
    let mut inside = String::new();
    for c in text.chars() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match c {
            '"' | '\\' if seed >> 28 > 3 => inside.extend(['\\', c]),
            '"' | '\\' => inside.extend(escape(c, false)),
            c if seed >> 28 == 0 => inside.extend(escape(c, true)),
            '/' if seed >> 28 == 1 => inside += "\\/",
            c => inside.push(c),
        }
    }
    inside
}

/// What lines are made of that hold texts, and escapes that could hide one.
const PIECES: &[&str] = &[
    "a", "b", "ab", "\"ba\"", r"\u0061", r"\u00", r"\u007a", "61", "x", "\n", "\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn nothing_is_missed_however_it_is_spelled(
        lines in prop::collection::vec(("[ab/é_]{1,6}", any::<u32>(), any::<u32>(), 0usize..3), 0..8),
        need in any_need(),
    ) {
        let mut text = Vec::new();
        let mut wanted = Vec::new();
        for (value, one, two, depth) in lines {
            let record = format!(r#"{{"k": "{}"}}"#, spelled(&value, one));
            let envelope = format!(r#"{{"message": "{}"}}"#, spelled(&record, two));
            let line = [value.clone(), record, envelope][depth].clone();
            let strings = if depth == 0 { vec![] } else { vec![value.clone()] };
            if naive(&need, &[value], &strings) {
                wanted.push(line.clone());
            }
            text.push(line);
        }
        let passed = found(&need, &text.join("\n"));
        let mut rest = passed.iter();
        for line in wanted {
            prop_assert!(rest.any(|passed| *passed == line), "{:?} missed in {:?}", line, text);
        }
    }

    #[test]
    fn visited_lines_are_those_that_pass_the_test(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30),
        need in any_need(),
    ) {
        let text = pieces.concat();
        let needles = Needles::new(&need);
        let expect: Vec<&str> = text.split_inclusive('\n').map(|line| line.strip_suffix('\n').unwrap_or(line))
            .filter(|line| needles.test(line.as_bytes())).collect();
        prop_assert_eq!(found(&need, &text), expect);
    }

    #[test]
    fn a_decoded_escape_is_one_that_hides(code in 0x20u8..0x7f) {
        let line = format!("\"\\u{code:04x}\"");
        let decoded = Json::parse(line.as_bytes()).expect("valid").as_str().expect("a string").into_owned();
        let hides = Needles::new(&Need::Text(decoded.repeat(2))).test(line.as_bytes());
        prop_assert!(hides);
    }
}
