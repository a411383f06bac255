//! What holds for every message: the limits of each service, and that log text stays text.

use super::*;

/// Prints a Slack message as a person reads it, one block after the other.
pub(super) fn read(message: &Value) -> String {
    let mut out = format!("text: {}\n", message["text"].as_str().unwrap_or_default());
    for block in message["blocks"].as_array().into_iter().flatten() {
        let kind = block["type"].as_str().unwrap_or_default();
        let parts = ["fields", "elements"].map(|name| block[name].as_array());
        let mut texts: Vec<&Value> = parts
            .into_iter()
            .flatten()
            .flatten()
            .map(|part| &part["text"])
            .collect();
        texts.extend(block["text"].get("text"));
        for text in texts {
            let text = text.as_str().unwrap_or_default().replace('\n', "\n  ");
            writeln!(out, "{kind}:\n  {text}").expect("a string takes all text");
        }
    }
    out
}

pub(super) fn mail(publication: &sns::Publication) -> String {
    format!("{}\n\n{}", publication.subject, publication.message)
}

/// Checks what has to hold for every Slack message, whatever is in it.
pub(super) fn check_slack(message: &Value) {
    let whole = message.to_string();
    assert!(units(&whole) < 10_000, "{} units", units(&whole));
    let text = message["text"].as_str().expect("a text");
    assert!(!text.is_empty() && units(text) <= 4_000);
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!(!blocks.is_empty() && blocks.len() <= 50);
    for block in blocks {
        check_block(block);
    }
    check_strings(message);
}

pub(super) fn check_block(block: &Value) {
    let within = |text: &Value, longest: usize| {
        let text = text["text"].as_str().expect("a text");
        assert!(
            !text.is_empty() && units(text) <= longest,
            "{} of {longest}: {text}",
            units(text)
        );
    };
    match block["type"].as_str().expect("a type") {
        "header" => {
            assert_eq!(block["text"]["type"], "plain_text");
            within(&block["text"], 150);
        }
        "context" => {
            let elements = block["elements"].as_array().expect("elements");
            assert!((1..=10).contains(&elements.len()));
            for element in elements {
                within(element, 2_000);
            }
        }
        "section" => match block["fields"].as_array() {
            Some(fields) => {
                assert!((1..=10).contains(&fields.len()));
                for field in fields {
                    within(field, 2_000);
                }
            }
            None => within(&block["text"], 3_000),
        },
        other => panic!("an unknown block {other}"),
    }
}

pub(super) fn check_strings(value: &Value) {
    match value {
        Value::String(text) => check_string(text),
        Value::Array(items) => items.iter().for_each(check_strings),
        Value::Object(members) => members.values().for_each(check_strings),
        _ => {}
    }
}

/// No control characters, nothing that mentions anybody, no half entities, no open block of code.
pub(super) fn check_string(text: &str) {
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
    for form in ["<!", "<@", "<#"] {
        assert!(!text.contains(form), "{form} in {text}");
    }
    for (at, _) in text.match_indices('<') {
        let link = text[at..].split_once('>').expect("a link ends").0;
        assert!(
            link.starts_with("<http") && link.matches('|').count() == 1,
            "{link}"
        );
        assert!(units(link) <= 3_000);
    }
    let fences = text.matches("```").count();
    assert!(fences.is_multiple_of(2), "{text}");
}

/// In markup, each `&` begins one of the three entities.
pub(super) fn check_entities(message: &Value) {
    let mut texts = vec![message["text"].as_str().unwrap_or_default()];
    for block in message["blocks"].as_array().into_iter().flatten() {
        let parts = ["fields", "elements"].map(|name| block[name].as_array());
        texts.extend(
            parts
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|part| part["text"].as_str()),
        );
        if block["text"]["type"] == "mrkdwn" {
            texts.extend(block["text"]["text"].as_str());
        }
    }
    for text in texts {
        for (at, _) in text.match_indices('&') {
            let rest = &text[at..];
            let is_entity = ["&amp;", "&lt;", "&gt;"]
                .iter()
                .any(|entity| rest.starts_with(entity));
            assert!(is_entity, "{rest}");
        }
    }
}

pub(super) fn check_publication(publication: &sns::Publication) {
    let subject = &publication.subject;
    assert!(!subject.is_empty() && subject.len() <= 99, "{subject}");
    assert!(
        subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{subject}"
    );
    assert!(!subject.starts_with(' '));
    let message = &publication.message;
    assert!(!message.is_empty());
    assert!(
        message.chars().all(|c| c == '\n' || !c.is_control()),
        "{message:?}"
    );
    let names: Vec<&str> = publication
        .attributes
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(
        names,
        ["severity", "stage", "service", "kind", "rule", "status"]
    );
    let mut size = message.len();
    for (name, value) in &publication.attributes {
        assert!(
            !value.is_empty() && !value.contains(char::is_control),
            "{name}={value:?}"
        );
        size += name.len() + value.len() + "String".len();
    }
    assert!(size <= 262_144, "{size} bytes");
}

pub(super) fn check_amazon_q(message: &str) {
    assert!(message.len() <= 262_144 - 4096);
    let document: Value = serde_json::from_str(message).expect("JSON");
    assert_eq!(document["version"], "1.0");
    assert_eq!(document["source"], "custom");
    let content = &document["content"];
    assert!(
        !content["description"]
            .as_str()
            .expect("a description")
            .is_empty()
    );
    assert!(units(content["title"].as_str().expect("a title")) <= 250);
    assert!(
        !document["metadata"]["threadId"]
            .as_str()
            .expect("a thread")
            .is_empty()
    );
    check_strings(&document);
}

pub(super) fn check_all(alert: &Alert) {
    let zone = zone();
    let messages = [
        Some(slack::message(alert, &zone)),
        Some(slack::follow_up(alert, &zone)),
        slack::details(alert, &zone),
    ];
    for message in messages.iter().flatten() {
        check_slack(message);
        check_entities(message);
    }
    check_publication(&sns::publication(alert, &zone));
    check_amazon_q(&amazon_q::message(alert, &zone));
}

/// Returns everything that would be sent for an alert, as text.
pub(super) fn all_payloads(alert: &Alert) -> String {
    let zone = zone();
    let publication = sns::publication(alert, &zone);
    let parts = [
        slack::message(alert, &zone).to_string(),
        slack::details(alert, &zone).unwrap_or_default().to_string(),
        slack::follow_up(alert, &zone).to_string(),
        mail(&publication),
        format!("{:?}", publication.attributes),
        amazon_q::message(alert, &zone),
        alert.to_json(),
    ];
    parts.join("\n")
}
