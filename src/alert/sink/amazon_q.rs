//! The document that Amazon Q Developer shows in a chat channel, as the message of an SNS publication.
//!
//! Other text on a topic is dropped there without an error. The text is Slack's markup where the channel is Slack's,
//! so log text is escaped as for Slack.

use serde_json::{Value, json};

use super::limit::{self, cut_plain, line};
use super::slack::mrkdwn;
use super::sns::LONGEST_MESSAGE;
use super::{Storm, words};
use crate::alert::catalog::{Label, State, Texts, texts};
use crate::alert::{Alert, identity, text};
use crate::time::Zone;

const LONGEST_TITLE: usize = 250;
const LONGEST_DESCRIPTION: usize = 4000;
const LONGEST_STEP: usize = 350;
const LONGEST_TRACEBACK: usize = 1500;

/// Returns the message of an alert.
pub fn message(alert: &Alert, zone: &Zone) -> String {
    let state = words::state(alert);
    let sentence = cut_plain(&line(&alert.title), LONGEST_TITLE);
    let document = json!({
        "version": "1.0",
        "source": "custom",
        "id": line(&alert.id),
        "content": {
            "textType": "client-markdown",
            "title": headed(words::of(alert), state, &alert.title),
            "description": description(alert, zone),
            "nextSteps": steps(alert),
            "keywords": keywords(alert),
        },
        "metadata": {
            "threadId": thread(alert),
            "summary": mrkdwn::escaped(&sentence, LONGEST_TITLE),
            "eventType": format!("logq {}", alert.status.name()),
        },
    });
    within(&document)
}

/// Returns the message of many alerts at once.
pub fn storm(storm: &Storm, zone: &Zone) -> String {
    let (kinds, more) = words::storm_kinds(storm);
    let texts = texts(storm.language);
    let state = State::Bad(storm.worst);
    let mut said = vec![
        texts.storm_summary(storm.worst),
        words::when(storm.until, zone, texts),
    ];
    said.extend(kinds.iter().map(|kind| format!("• {kind}")));
    if more > 0 {
        said.push(format!("• {}", texts.other_kinds(more as u64)));
    }
    let document = json!({
        "version": "1.0",
        "source": "custom",
        "id": identity(&["storm", &storm.stage, &storm.since.to_string()]),
        "content": {
            "textType": "client-markdown",
            "title": headed(texts, state, &words::storm_title(storm)),
            "description": mrkdwn::escaped(&said.join("\n"), LONGEST_DESCRIPTION),
            "nextSteps": [mrkdwn::code(&storm.command, LONGEST_STEP)],
        },
        "metadata": {
            "threadId": identity(&["storm", &storm.stage]),
            "summary": mrkdwn::escaped(&words::storm_title(storm), LONGEST_TITLE),
            "eventType": "logq storm",
        },
    });
    within(&document)
}

fn headed(texts: &dyn Texts, state: State, sentence: &str) -> String {
    let word = texts.state(state);
    let title = format!("{} {word}: {}", words::sign(state), line(sentence));
    mrkdwn::escaped(&title, LONGEST_TITLE)
}

fn description(alert: &Alert, zone: &Zone) -> String {
    let mut place = words::place(alert);
    place.push(words::when(alert.last_seen, zone, words::of(alert)));
    let mut said = vec![place.join(" · "), alert.summary.clone()];
    for (name, value) in words::facts(alert, zone) {
        said.push(format!("{name}: {value}"));
    }
    let room = LONGEST_DESCRIPTION - LONGEST_TRACEBACK - 20;
    let mut description = mrkdwn::escaped(&limit::printable(&said.join("\n")), room);
    let error = alert.subject.error.as_ref();
    if let Some(traceback) = error.and_then(|error| error.traceback.as_deref()) {
        let lines = text::ending(traceback).join("\n");
        description.push('\n');
        description.push_str(&mrkdwn::code_block(&lines, LONGEST_TRACEBACK));
    }
    description
}

fn steps(alert: &Alert) -> Vec<String> {
    let links = [
        (Label::ReadLines, &alert.links.console),
        (Label::QueryLines, &alert.links.insights),
        (Label::FollowRunbook, &alert.links.runbook),
    ];
    let links = links
        .into_iter()
        .filter_map(|(label, link)| mrkdwn::link(link.as_deref()?, words::of(alert).label(label)));
    std::iter::once(mrkdwn::code(&alert.command, LONGEST_STEP))
        .chain(links)
        .collect()
}

fn keywords(alert: &Alert) -> Vec<String> {
    let mut words = words::place(alert);
    words.push(alert.severity.name().to_owned());
    words.push(line(&alert.rule));
    words
        .iter()
        .map(|word| mrkdwn::escaped(word, 100))
        .collect()
}

/// Returns what a failure, its repeats and its end have in common, so that they share a thread.
fn thread(alert: &Alert) -> String {
    let subject = &alert.subject;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let what = match &subject.error {
        Some(error) if subject.outcome.is_none() => text(&error.fingerprint),
        _ => text(&subject.name),
    };
    identity(&[&alert.rule, &text(&subject.stage), &what])
}

fn within(document: &Value) -> String {
    let text = document.to_string();
    debug_assert!(text.len() <= LONGEST_MESSAGE, "every part has its limit");
    text
}
