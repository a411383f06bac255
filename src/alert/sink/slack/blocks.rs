//! Block Kit messages.

use serde_json::{Value, json};

use super::mrkdwn::{code_block, code_block_ending, escaped, link, plain};
use crate::alert::catalog::{Label, State, Texts, texts};
use crate::alert::sink::limit::units;
use crate::alert::sink::{Storm, words};
use crate::alert::{Alert, Status, text};
use crate::time::Zone;

/// Slack refuses blocks of about 13,200 characters together; well below that nothing surprises.
const LONGEST_MESSAGE: usize = 9_800;
const LONGEST_HEADER: usize = 150;
const LONGEST_SECTION: usize = 3_000;
/// How much of each text is shown, in percent, until the whole message is short enough.
const SHARES: [usize; 5] = [100, 70, 45, 25, 10];

/// Returns the message of an alert; as the failure goes on, the same message is edited to a newer one.
pub fn message(alert: &Alert, zone: &Zone) -> Value {
    let texts = words::of(alert);
    fitting(|share| {
        let mut blocks = vec![header(&alert.title, texts), context(alert, zone)];
        blocks.push(section(&escaped(&said(alert), of(1_500, share))));
        if alert.status != Status::Resolved {
            let shown = |lines: String| code_block_ending(&lines, of(1_500, share), texts);
            blocks.extend(ending(alert).map(|lines| section(&shown(lines))));
        }
        blocks.extend(fields(alert, zone, share));
        let command = code_block(&alert.command, of(600, share.max(45)));
        blocks.push(labelled(texts, Label::ToSeeIt, &command));
        blocks.extend(links(alert, share));
        body(&fallback(alert), &blocks)
    })
}

/// Returns what stands in the thread under a message: the whole error; nothing when the message has it all.
pub fn details(alert: &Alert, zone: &Zone) -> Option<Value> {
    let error = alert.subject.error.as_ref()?;
    let texts = words::of(alert);
    let traceback = error.traceback.as_deref().unwrap_or_default();
    let what = [error.kind.as_deref(), error.message.as_deref()];
    let what: Vec<&str> = what.into_iter().flatten().collect();
    if traceback.is_empty() && what.is_empty() {
        return None;
    }
    Some(fitting(|share| {
        let mut blocks = Vec::new();
        if !what.is_empty() {
            let lines = code_block(&what.join(": "), of(2_500, share));
            blocks.push(labelled(texts, Label::TheError, &lines));
        }
        if !traceback.is_empty() {
            blocks.push(section(texts.label(Label::TheTraceback)));
            blocks.push(section(&code_block_ending(
                traceback,
                of(LONGEST_SECTION, share),
                texts,
            )));
        }
        blocks.push(section(&escaped(&evidence(alert, zone), of(1_200, share))));
        body(&texts.details_of(&alert.title), &blocks)
    }))
}

/// Returns what is said in the thread when the failure happens again, or is over.
pub fn follow_up(alert: &Alert, zone: &Zone) -> Value {
    fitting(|share| {
        let state = words::state(alert);
        let word = words::of(alert).state(state);
        let sentence = format!("{} {word}: {}", words::sign(state), alert.title);
        let mut blocks = vec![section(&escaped(&sentence, of(1_500, share)))];
        blocks.push(section(&escaped(&alert.summary, of(1_500, share))));
        blocks.push(context(alert, zone));
        body(&fallback(alert), &blocks)
    })
}

/// Returns the one message in the place of many.
pub fn storm(storm: &Storm, zone: &Zone) -> Value {
    let texts = texts(storm.language);
    let state = texts.state(State::Bad(storm.worst));
    let sign = words::sign(State::Bad(storm.worst));
    let when = |at| words::when(at, zone, texts);
    let span = texts.span(&when(storm.since), &when(storm.until));
    let sentence = words::storm_title(storm);
    let (kinds, more) = words::storm_kinds(storm);
    fitting(|share| {
        let mut lines: Vec<String> = kinds
            .iter()
            .map(|kind| escaped(kind, of(240, share)))
            .collect();
        if more > 0 {
            lines.push(texts.other_kinds(more as u64));
        }
        let mut blocks = vec![
            header(&sentence, texts),
            note(&format!("{sign} *{state}* · {span}")),
            section(&texts.storm_summary(storm.worst)),
        ];
        if !lines.is_empty() {
            blocks.push(section(&lines.join("\n")));
        }
        let command = code_block(&storm.command, of(600, share));
        blocks.push(labelled(texts, Label::ToSeeThem, &command));
        body(&format!("{state}: {sentence}"), &blocks)
    })
}

/// Returns a message as its words alone, for when Slack does not take its layout: somebody has to read something.
pub fn as_text(message: &Value) -> Value {
    let sections = message["blocks"].as_array().into_iter().flatten();
    let sections = sections.filter(|block| block["type"] == "section");
    let texts = sections.filter_map(|block| block["text"]["text"].as_str());
    let words: Vec<&str> = message["text"].as_str().into_iter().chain(texts).collect();
    let mut plain = message.clone();
    plain["text"] = words.join("\n").into();
    if message.get("ts").is_some() {
        // An edit that names no blocks leaves those of before.
        plain["blocks"] = json!([]);
    } else if let Some(members) = plain.as_object_mut() {
        members.remove("blocks");
    }
    plain
}

fn body(fallback: &str, blocks: &[Value]) -> Value {
    json!({
        // Notifications and screen readers take this text in the place of the blocks.
        "text": escaped(fallback, 500),
        "blocks": blocks,
        // The console's pages need a login: there is nothing to preview.
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn fallback(alert: &Alert) -> String {
    let place = words::place(alert).join(" ");
    let state = words::of(alert).state(words::state(alert));
    let head = [state, &place].join(" ");
    format!("{}: {}", head.trim(), alert.title)
}

fn header(sentence: &str, texts: &dyn Texts) -> Value {
    let text = plain(sentence, LONGEST_HEADER);
    let text = if text.trim().is_empty() {
        texts.label(Label::AnAlert)
    } else {
        &text
    };
    json!({"type": "header", "text": {"type": "plain_text", "text": text, "emoji": false}})
}

fn context(alert: &Alert, zone: &Zone) -> Value {
    let texts = words::of(alert);
    let state = words::state(alert);
    let mut parts = vec![format!("{} *{}*", words::sign(state), texts.state(state))];
    if alert.status == Status::Repeat {
        parts.push(texts.label(Label::ToldAgain).to_owned());
    }
    parts.extend(words::place(alert).iter().map(|word| escaped(word, 100)));
    parts.push(words::when(alert.last_seen, zone, texts));
    note(&parts.join(" · "))
}

/// Returns the summary, after the whole title where the header had no room for it.
fn said(alert: &Alert) -> String {
    let is_cut = units(&alert.title) > LONGEST_HEADER;
    let title = if is_cut { alert.title.as_str() } else { "" };
    let said = format!("{title}\n{}", alert.summary);
    match said.trim() {
        "" => words::of(alert).label(Label::NothingMore).to_owned(),
        said => said.to_owned(),
    }
}

fn ending(alert: &Alert) -> Option<String> {
    let traceback = alert.subject.error.as_ref()?.traceback.as_deref()?;
    let lines = text::ending(traceback);
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn fields(alert: &Alert, zone: &Zone, share: usize) -> Option<Value> {
    let field = |(name, value): &(&str, String)| {
        let text = format!("*{name}*\n{}", escaped(value, of(300, share)));
        json!({"type": "mrkdwn", "text": text})
    };
    let fields: Vec<Value> = words::facts(alert, zone).iter().map(field).collect();
    (!fields.is_empty()).then(|| json!({"type": "section", "fields": fields}))
}

fn links(alert: &Alert, share: usize) -> Option<Value> {
    let links = &alert.links;
    let all = [
        (&links.console, Label::LogLines),
        (&links.insights, Label::LogsInsights),
        (&links.runbook, Label::RunbookLink),
    ];
    let mut shown = Vec::new();
    let mut room = of(2_900, share);
    for (address, label) in all {
        let label = words::of(alert).label(label);
        let Some(link) = address.as_deref().and_then(|address| link(address, label)) else {
            continue;
        };
        let cost = units(&link) + 3;
        if cost <= room {
            room -= cost;
            shown.push(link);
        }
    }
    (!shown.is_empty()).then(|| section(&shown.join(" · ")))
}

/// Returns where the lines are, for people without the console at hand.
fn evidence(alert: &Alert, zone: &Zone) -> String {
    let texts = words::of(alert);
    let error = alert.subject.error.as_ref();
    let grouped_by = error.and_then(|error| error.grouped_by.clone());
    let parts = [
        (Label::Raised, error.and_then(|error| error.culprit.clone())),
        (Label::LogGroup, Some(alert.log.group.clone())),
        (Label::LogStream, Some(alert.log.stream.clone())),
        (
            Label::LastSeen,
            Some(words::when(alert.last_seen, zone, texts)),
        ),
        (Label::GroupedBy, grouped_by),
        (Label::Alert, Some(alert.id.clone())),
    ];
    let lines = parts.into_iter().filter_map(|(label, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(format!("{}: {value}", texts.label(label)))
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Returns a section; Slack refuses one without text.
fn section(text: &str) -> Value {
    let text = if text.trim().is_empty() { "-" } else { text };
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

fn labelled(texts: &dyn Texts, label: Label, below: &str) -> Value {
    section(&format!("{}\n{below}", texts.label(label)))
}

fn note(text: &str) -> Value {
    json!({"type": "context", "elements": [{"type": "mrkdwn", "text": text}]})
}

fn of(longest: usize, share: usize) -> usize {
    longest * share / 100
}

/// Builds a message with less and less of each text until the whole is short enough.
fn fitting(build: impl Fn(usize) -> Value) -> Value {
    let mut message = Value::Null;
    for share in SHARES {
        message = build(share);
        if units(&message.to_string()) <= LONGEST_MESSAGE {
            break;
        }
    }
    message
}
