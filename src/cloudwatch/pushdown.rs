//! The filter pattern that a query's own filters become, so that the service returns less.
//!
//! It may let events through for nothing and must never keep one back that matters: everything is checked again
//! here. So it is made of what the bytes of every line of interest hold (see [`Need`]): substrings, at least one of
//! which occurs. Term patterns match substrings too, and do not care whether a message is JSON, JSON behind other
//! text, or cut off. A JSON writer may spell a character as an escape, so that escapes let an event through as well.

use std::sync::Arc;

use crate::scan::Need;

/// The most characters that a pattern has.
const LONGEST: usize = 1024;
/// Below this length a text is in almost every message.
const SHORTEST: usize = 2;
/// What a character is spelled with that could have been written as it is; without the backslash, which a pattern need
/// not read as one.
const ESCAPE: &str = "?u00";

/// Returns the pattern for events of interest; nothing when all may be. `fields` are the names of the fields that are
/// read: most records have them, so that they rule out less than anything else.
pub fn pattern(need: &Need, fields: &[Arc<str>]) -> Option<String> {
    let texts = alternatives(need, fields)?;
    let terms = texts.iter().map(|text| format!("?\"{text}\" "));
    let pattern = terms.collect::<String>() + ESCAPE;
    (pattern.len() <= LONGEST).then_some(pattern)
}

/// Returns texts of which each line of interest holds at least one; of several such lists, the one that rules out
/// most: without the name of a field, and whose shortest text is the longest.
fn alternatives<'a>(need: &'a Need, fields: &[Arc<str>]) -> Option<Vec<&'a str>> {
    let is_name = |text: &&str| {
        fields
            .iter()
            .any(|field| field.split('.').any(|part| part == *text))
    };
    match need {
        Need::Anything => None,
        // These hold no quote and no backslash, see `Need::text`.
        Need::Text(text) | Need::Whole(text) => {
            (text.len() >= SHORTEST).then(|| vec![text.as_str()])
        }
        Need::All(all) => all
            .iter()
            .filter_map(|need| alternatives(need, fields))
            .max_by_key(|texts| {
                let shortest = texts.iter().map(|text| text.len()).min();
                (!texts.iter().any(is_name), shortest)
            }),
        Need::Any(any) => {
            let lists = any.iter().map(|need| alternatives(need, fields));
            let lists: Option<Vec<Vec<&str>>> = lists.collect();
            let mut texts: Vec<&str> = lists?.concat();
            texts.sort_unstable();
            texts.dedup();
            Some(texts)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Event, Origin};
    use crate::pattern::Pattern;
    use crate::query::{EventKey, Extras, Program, Settings, Table};
    use crate::record::Record;
    use crate::time::Timestamp;

    fn program(query: &str) -> Program {
        let settings = Settings {
            table: Table::Events,
            now: Timestamp(0),
            window: None,
            default_limit: None,
        };
        Program::compile(query, &settings).expect("a query")
    }

    fn pushed(query: &str) -> Option<String> {
        let program = program(query);
        pattern(&program.need(), program.fields().names())
    }

    #[test]
    fn filters_become_terms() {
        let check = |query: &str, expected: Option<&str>| {
            assert_eq!(pushed(query).as_deref(), expected, "{query}");
        };
        check(
            r#"filter levelname = "CRITICAL" | stats count(*) by name"#,
            Some(r#"?"CRITICAL" ?u00"#),
        );
        check(
            r#"filter @message like "Traceback" or @message like "CommandError""#,
            Some(r#"?"CommandError" ?"Traceback" ?u00"#),
        );
        check("stats count(*) by name", None);
    }

    /// Returns whether a query lets a message through.
    fn fits(program: &Program, message: &str) -> bool {
        let mut head = program.head();
        let origin = Origin::default();
        let event = event(message, &origin);
        let mut slots = program.fields().slots();
        program
            .fields()
            .read(&event, &Extras::default(), &mut slots);
        let key = EventKey {
            timestamp: event.timestamp,
            position: (0, 0),
        };
        let _ = head.push(&mut slots, key);
        let mut tail = program.tail();
        let _ = tail.merge(head.take_partial());
        !tail.finish().rows.is_empty()
    }

    fn event<'a>(message: &'a str, origin: &'a Origin) -> Event<'a> {
        Event {
            timestamp: Timestamp(1_795_000_000_000),
            ingestion: None,
            message: message.as_bytes(),
            origin,
            id: None,
        }
    }

    fn any_query() -> impl Strategy<Value = String> {
        let condition = prop::sample::select(vec![
            r#"levelname = "ERROR""#,
            r#"levelname != "ERROR""#,
            r#"levelname in ["ERROR", "CRITICAL"]"#,
            "@message like \"Traceback\"",
            "@message not like \"Traceback\"",
            "name like /book.*sync/",
            "request.user > 5",
            "ispresent(request.user)",
            "not ispresent(name)",
            r#"strcontains(name, "sync")"#,
        ]);
        prop::collection::vec((condition, any::<bool>()), 1..4).prop_map(|conditions| {
            let mut text = String::from("filter ");
            for (at, (condition, is_or)) in conditions.into_iter().enumerate() {
                let word = if is_or { " or " } else { " and " };
                text.push_str(if at > 0 { word } else { "" });
                text.push_str(condition);
            }
            text
        })
    }

    fn any_message() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            r#"{"levelname": "ERROR", "name": "booking.sync"}"#,
            r#"{"levelname": "\u0045RROR"}"#,
            r#"{"\u006cevelname": "CRITICAL", "message": "Traceback (most"}"#,
            r#"prefix {"levelname": "ERROR", "request": {"user": 7}}"#,
            r#"{"levelname": "ERROR", "name": "cut of"#,
            r#"{"levelname": "INFO", "request": {"user": 3}}"#,
            "Traceback (most recent call last):",
            "ERROR plain",
            "",
        ])
        .prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// With our own matcher as the service: what it returns, filtered again, is all there is.
        #[test]
        fn what_the_service_keeps_back_would_not_have_passed(query in any_query(), message in any_message()) {
            let program = program(&query);
            if let Some(text) = pattern(&program.need(), program.fields().names()) {
                let sent = Pattern::parse(&text).expect("a pattern");
                let origin = Origin::default();
                let returned = sent.matches(&Record::new(event(&message, &origin)));
                prop_assert!(returned || !fits(&program, &message), "{query} as {text} on {message}");
            }
        }
    }
}
