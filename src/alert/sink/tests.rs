//! Tests of what is sent: what it looks like, and that no log text can make it too long, broken or dangerous.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::*;
use serde_json::Value;

use super::limit::units;
use super::*;
use crate::alert::redact::Redactor;
use crate::alert::redact::tests::planted;
use crate::alert::{
    Alert, Failure, Kind, Log, Migrations, Place, Standing, Status, Subject, identity,
};
use crate::time::Zone;

const END: i64 = 1_795_400_192_000;
const STREAM: &str = "ecs/batch/1cf0d28e12e9289741cd041d467ee616";

fn zone() -> Zone {
    Zone::named("Asia/Tokyo").expect("a known zone")
}

fn standing(status: Status, severity: Severity) -> Standing {
    Standing {
        id: identity(&["batch-failures", "x"]),
        status,
        severity,
        rule: "batch-failures".to_owned(),
        occurrences: 1,
        suppressed: 0,
        first_seen: Timestamp(END),
        last_seen: Timestamp(END),
        remarks: Vec::new(),
    }
}

fn place() -> Place<'static> {
    Place {
        region: Some("ap-northeast-1"),
        runbook: Some("https://wiki.example.com/sync?a=1&b=2"),
        owner: Some("booking team"),
    }
}

fn key_error() -> Failure {
    let traceback = "Traceback (most recent call last):\n  File \"/app/booking/sync.py\", line 88, in sync_rates\n    total += row['price']\nKeyError: 'price'";
    Failure {
        kind: Some("KeyError".to_owned()),
        message: Some("'price'".to_owned()),
        culprit: Some("sync_rates (booking/sync.py:88)".to_owned()),
        traceback: Some(traceback.to_owned()),
        fingerprint: Some("v1:abc".to_owned()),
        grouped_by: Some("KeyError in booking/sync.py sync_rates".to_owned()),
    }
}

fn failed_batch() -> Subject {
    Subject {
        stage: Some("production".to_owned()),
        service: Some("batch".to_owned()),
        kind: Kind::Batch,
        name: Some("sync-reservations".to_owned()),
        outcome: Some("failed".to_owned()),
        cause: Some("exception".to_owned()),
        started: Some(Timestamp(END - 192_000)),
        ended: Some(Timestamp(END)),
        duration: Some(192.0),
        exit_code: Some(1),
        error: Some(key_error()),
        task: Some("1cf0d28e12e9289741cd041d467ee616".to_owned()),
        events: 12,
        log: Log {
            group: "/ecs/production-batch".to_owned(),
            stream: STREAM.to_owned(),
            first_timestamp: Some(Timestamp(END - 192_000)),
            event_id: None,
        },
        ..Subject::default()
    }
}

fn migration(failed: Option<&str>) -> Subject {
    let applied = vec!["rates.0041_x".to_owned(), "rates.0042_y".to_owned()];
    let is_failed = failed.is_some();
    Subject {
        kind: Kind::Migration,
        name: Some("migrate".to_owned()),
        outcome: Some(if is_failed { "failed" } else { "succeeded" }.to_owned()),
        exit_code: Some(i64::from(is_failed)),
        error: is_failed.then(key_error),
        migration: Some(Migrations {
            applied,
            unapplied: Vec::new(),
            failed: failed.map(str::to_owned),
        }),
        ..failed_batch()
    }
}

fn web_error() -> Subject {
    Subject {
        service: Some("webapp".to_owned()),
        kind: Kind::Error,
        name: Some("KeyError".to_owned()),
        outcome: None,
        cause: None,
        exit_code: None,
        started: None,
        duration: None,
        task: None,
        ..failed_batch()
    }
}

fn made(subject: Subject, status: Status, severity: Severity) -> Alert {
    Alert::new(subject, standing(status, severity), place())
}

fn repeated() -> Alert {
    let mut again = standing(Status::Repeat, Severity::Error);
    again.occurrences = 1000;
    again.suppressed = 899;
    again.first_seen = Timestamp(END - 5_400_000);
    Alert::new(web_error(), again, place())
}

fn resolved() -> Alert {
    let mut over = standing(Status::Resolved, Severity::Info);
    over.occurrences = 3;
    over.first_seen = Timestamp(END - 5_400_000);
    let subject = Subject {
        outcome: Some("succeeded".to_owned()),
        cause: None,
        exit_code: Some(0),
        error: None,
        ..failed_batch()
    };
    Alert::new(subject, over, place())
}

fn many() -> Storm {
    Storm {
        stage: "production".to_owned(),
        since: Timestamp(END - 60_000),
        until: Timestamp(END),
        alerts: 1234,
        occurrences: 10_000,
        worst: Severity::Critical,
        kinds: (0..12)
            .map(|n| (format!("New error in webapp: E{n} <!channel>"), 900 - n))
            .collect(),
        command: "logq replay --stage production --since 2026-11-23T02:15:32Z".to_owned(),
    }
}

/// Prints a Slack message as a person reads it, one block after the other.
fn read(message: &Value) -> String {
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

fn mail(publication: &sns::Publication) -> String {
    format!("{}\n\n{}", publication.subject, publication.message)
}

/// Checks what has to hold for every Slack message, whatever is in it.
fn check_slack(message: &Value) {
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

fn check_block(block: &Value) {
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

fn check_strings(value: &Value) {
    match value {
        Value::String(text) => check_string(text),
        Value::Array(items) => items.iter().for_each(check_strings),
        Value::Object(members) => members.values().for_each(check_strings),
        _ => {}
    }
}

/// No control characters, nothing that mentions anybody, no half entities, no open block of code.
fn check_string(text: &str) {
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
fn check_entities(message: &Value) {
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

fn check_publication(publication: &sns::Publication) {
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

fn check_amazon_q(message: &str) {
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

fn check_all(alert: &Alert) {
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
fn all_payloads(alert: &Alert) -> String {
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

#[test]
fn a_failed_batch_in_slack() {
    let alert = made(failed_batch(), Status::Firing, Severity::Critical);
    insta::assert_snapshot!(read(&slack::message(&alert, &zone())), @r#"
    text: Critical production batch: sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      🛑 *Critical* · production · batch · 2026-11-23 11:16:32 JST
    section:
      The exit code is 1.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    let details = slack::details(&alert, &zone()).expect("it has a traceback");
    insta::assert_snapshot!(read(&details), @r#"
    text: Details of: sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    section:
      The error:
      ```
      KeyError: 'price'
      ```
    section:
      The traceback, its last lines:
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      In: sync_rates (booking/sync.py:88)
      Log group: /ecs/production-batch
      Log stream: ecs/batch/1cf0d28e12e9289741cd041d467ee616
      Last seen: 2026-11-23 11:16:32 JST
      Grouped by: KeyError in booking/sync.py sync_rates
      Alert: 6812f5df28c23f640c301967ab134ab7
    "#);
}

#[test]
fn a_failed_batch_in_mail() {
    let alert = made(failed_batch(), Status::Firing, Severity::Critical);
    let publication = sns::publication(&alert, &zone());
    insta::assert_snapshot!(mail(&publication), @r#"
    [Critical production] sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates...

    2026-11-23 11:16:32  critical  production  batch
      sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
      The exit code is 1.
        Traceback (most recent call last):
          File "/app/booking/sync.py", line 88, in sync_rates
            total += row['price']
        KeyError: 'price'
      lines    /ecs/production-batch  ecs/batch/1cf0d28e12e9289741cd041d467ee616
      show     logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      console  https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900
      runbook  https://wiki.example.com/sync?a=1&b=2
      owner    booking team

    Times are in JST. Alert 6812f5df28c23f640c301967ab134ab7 of the rule batch-failures.
    "#);
    let attributes: BTreeMap<_, _> = publication.attributes.into_iter().collect();
    insta::assert_snapshot!(format!("{attributes:?}"), @r#"{"kind": "batch", "rule": "batch-failures", "service": "batch", "severity": "critical", "stage": "production", "status": "firing"}"#);
}

#[test]
fn a_failed_batch_in_amazon_q() {
    let alert = made(failed_batch(), Status::Firing, Severity::Critical);
    let document: Value = serde_json::from_str(&amazon_q::message(&alert, &zone())).expect("JSON");
    insta::assert_snapshot!(format!("{document:#}"), @r#"
    {
      "content": {
        "description": "production · batch · 2026-11-23 11:16:32 JST\nThe exit code is 1.\nOwner: booking team\nStarted: 2026-11-23 11:13:20 JST\n```\nTraceback (most recent call last):\n  File \"/app/booking/sync.py\", line 88, in sync_rates\n    total += row['price']\nKeyError: 'price'\n```",
        "keywords": [
          "production",
          "batch",
          "critical",
          "batch-failures"
        ],
        "nextSteps": [
          "`logq show 1cf0d28e12e9289741cd041d467ee616 --stage production`",
          "<https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Read the lines>",
          "<https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Query the lines>",
          "<https://wiki.example.com/sync?a=1&amp;b=2|Follow the runbook>"
        ],
        "textType": "client-markdown",
        "title": "🛑 Critical: sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)"
      },
      "id": "6812f5df28c23f640c301967ab134ab7",
      "metadata": {
        "eventType": "logq firing",
        "summary": "sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)",
        "threadId": "abf09d08b7170115a12eb6b807f3fa21"
      },
      "source": "custom",
      "version": "1.0"
    }
    "#);
}

#[test]
fn migrations_in_slack_and_mail() {
    let failed = made(
        migration(Some("rates.0043_z")),
        Status::Firing,
        Severity::Critical,
    );
    insta::assert_snapshot!(read(&slack::message(&failed, &zone())), @r#"
    text: Critical production batch: migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      🛑 *Critical* · production · batch · 2026-11-23 11:16:32 JST
    section:
      rates.0041_x and rates.0042_y are applied, rates.0043_z failed. The exit code is 1.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    insta::assert_snapshot!(sns::publication(&failed, &zone()).subject, @"[Critical production] migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync...");
    let well = made(migration(None), Status::Firing, Severity::Info);
    insta::assert_snapshot!(read(&slack::message(&well, &zone())), @r"
    text: Info production batch: migrate applied rates.0041_x and rates.0042_y in 3 min 12 s
    header:
      migrate applied rates.0041_x and rates.0042_y in 3 min 12 s
    context:
      ℹ️ *Info* · production · batch · 2026-11-23 11:16:32 JST
    section:
      rates.0041_x and rates.0042_y are applied.
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    ");
    assert_eq!(slack::details(&well, &zone()), None);
}

#[test]
fn a_new_error_and_its_repeat_in_slack() {
    let new = made(web_error(), Status::Firing, Severity::Error);
    insta::assert_snapshot!(read(&slack::message(&new, &zone())), @r#"
    text: Error production webapp: New error in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      New error in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      ❌ *Error* · production · webapp · 2026-11-23 11:16:32 JST
    section:
      Logged by /ecs/production-batch, ecs/batch/1cf0d28e12e9289741cd041d467ee616.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      To see it:
      ```
      logq errors fingerprint=v1:abc --stage production --since 2026-11-23T02:16:32Z
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    insta::assert_snapshot!(read(&slack::message(&repeated(), &zone())), @r#"
    text: Error production webapp: 1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      ❌ *Error* · told again · production · webapp · 2026-11-23 11:16:32 JST
    section:
      It has been logged 1,000 times in 1 h 30 min, 899 of them since the last alert without one of its own. Logged by /ecs/production-batch, ecs/batch/1cf0d28e12e9289741cd041d467ee616.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      *First seen*
      2026-11-23 09:46:32 JST
    section:
      To see it:
      ```
      logq errors fingerprint=v1:abc --stage production --since 2026-11-23T00:46:32Z
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    insta::assert_snapshot!(read(&slack::follow_up(&repeated(), &zone())), @r"
    text: Error production webapp: 1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    section:
      ❌ Error: 1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    section:
      It has been logged 1,000 times in 1 h 30 min, 899 of them since the last alert without one of its own. Logged by /ecs/production-batch, ecs/batch/1cf0d28e12e9289741cd041d467ee616.
    context:
      ❌ *Error* · told again · production · webapp · 2026-11-23 11:16:32 JST
    ");
}

#[test]
fn what_works_again_in_slack_and_mail() {
    let alert = resolved();
    insta::assert_snapshot!(read(&slack::message(&alert, &zone())), @r"
    text: Resolved production batch: sync-reservations works again, after 3 failures
    header:
      sync-reservations works again, after 3 failures
    context:
      ✅ *Resolved* · production · batch · 2026-11-23 11:16:32 JST
    section:
      The last run took 3 min 12 s.
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      *First seen*
      2026-11-23 09:46:32 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    ");
    insta::assert_snapshot!(read(&slack::follow_up(&alert, &zone())), @r"
    text: Resolved production batch: sync-reservations works again, after 3 failures
    section:
      ✅ Resolved: sync-reservations works again, after 3 failures
    section:
      The last run took 3 min 12 s.
    context:
      ✅ *Resolved* · production · batch · 2026-11-23 11:16:32 JST
    ");
    insta::assert_snapshot!(mail(&sns::publication(&alert, &zone())), @r"
    [Resolved production] sync-reservations works again, after 3 failures

    2026-11-23 11:16:32  info, resolved  production  batch
      sync-reservations works again, after 3 failures
      The last run took 3 min 12 s.
      lines    /ecs/production-batch  ecs/batch/1cf0d28e12e9289741cd041d467ee616
      show     logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      console  https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900
      runbook  https://wiki.example.com/sync?a=1&b=2
      owner    booking team

    Times are in JST. Alert 6812f5df28c23f640c301967ab134ab7 of the rule batch-failures.
    ");
}

#[test]
fn a_storm_everywhere() {
    let message = slack::storm(&many(), &zone());
    check_slack(&message);
    insta::assert_snapshot!(read(&message), @r"
    text: Critical: Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all
    header:
      Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all
    context:
      🛑 *Critical* · 2026-11-23 11:15:32 JST to 2026-11-23 11:16:32 JST
    section:
      They have no messages of their own. Everything is counted, and nothing is lost; the worst is critical.
    section:
      900× New error in webapp: E0 &lt;!channel&gt;
      899× New error in webapp: E1 &lt;!channel&gt;
      898× New error in webapp: E2 &lt;!channel&gt;
      897× New error in webapp: E3 &lt;!channel&gt;
      896× New error in webapp: E4 &lt;!channel&gt;
      895× New error in webapp: E5 &lt;!channel&gt;
      894× New error in webapp: E6 &lt;!channel&gt;
      893× New error in webapp: E7 &lt;!channel&gt;
      892× New error in webapp: E8 &lt;!channel&gt;
      891× New error in webapp: E9 &lt;!channel&gt;
      and 2 other kinds
    section:
      To see them:
      ```
      logq replay --stage production --since 2026-11-23T02:15:32Z
      ```
    ");
    let publication = sns::storm(&many(), &zone());
    check_publication(&publication);
    insta::assert_snapshot!(mail(&publication), @r"
    [Critical production] Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all

    2026-11-23 11:16:32 JST  critical
      Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all
      They have no messages of their own. Everything is counted, and nothing is lost; the worst is critical.

        900× New error in webapp: E0 <!channel>
        899× New error in webapp: E1 <!channel>
        898× New error in webapp: E2 <!channel>
        897× New error in webapp: E3 <!channel>
        896× New error in webapp: E4 <!channel>
        895× New error in webapp: E5 <!channel>
        894× New error in webapp: E6 <!channel>
        893× New error in webapp: E7 <!channel>
        892× New error in webapp: E8 <!channel>
        891× New error in webapp: E9 <!channel>
        and 2 other kinds

      show     logq replay --stage production --since 2026-11-23T02:15:32Z
    ");
    check_amazon_q(&amazon_q::storm(&many(), &zone()));
}

#[test]
fn a_failure_its_repeats_and_its_end_share_a_thread() {
    let thread = |alert: &Alert| {
        let document: Value =
            serde_json::from_str(&amazon_q::message(alert, &zone())).expect("JSON");
        document["metadata"]["threadId"].clone()
    };
    let failed = made(failed_batch(), Status::Firing, Severity::Critical);
    assert_eq!(thread(&failed), thread(&resolved()));
    assert_ne!(thread(&failed), thread(&repeated()));
}

#[test]
fn a_subject_tells_something_in_any_language() {
    let mut subject = failed_batch();
    subject.name = Some("予約同期".to_owned());
    let error = subject.error.as_mut().expect("it has one");
    error.message = Some("料金がありません".to_owned());
    let alert = made(subject, Status::Firing, Severity::Critical);
    let subject = sns::publication(&alert, &zone()).subject;
    insta::assert_snapshot!(subject, @"[Critical production] batch failed KeyError (alert 6812f5df): .. failed after 3 min 12 s: KeyErr...");
    let mut nothing = alert.clone();
    nothing.title = "料金がありません".to_owned();
    nothing.subject = Subject::default();
    insta::assert_snapshot!(sns::publication(&nothing, &zone()).subject, @"[Critical] error logged (alert 6812f5df): ..");
    let full_width = Subject {
        name: Some("ＳＹＮＣ".to_owned()),
        error: None,
        ..failed_batch()
    };
    let alert = made(full_width, Status::Firing, Severity::Critical);
    insta::assert_snapshot!(sns::publication(&alert, &zone()).subject, @"[Critical production] SYNC failed after 3 min 12 s: exit code 1, and the log does not say why");
}

#[test]
fn long_texts_are_cut_with_a_note() {
    let mut subject = failed_batch();
    let error = subject.error.as_mut().expect("it has one");
    error.traceback = Some("é".repeat(1_000_000));
    let alert = made(subject, Status::Firing, Severity::Critical);
    check_all(&alert);
    let message = sns::publication(&alert, &zone()).message;
    assert!(
        message.contains("… [998,001 characters cut]"),
        "{}",
        message.len()
    );

    let mut alert = resolved();
    alert.links.runbook = Some("é".repeat(300_000));
    check_all(&alert);
    let message = sns::publication(&alert, &zone()).message;
    assert_eq!(message.len(), sns::LONGEST_MESSAGE);
    assert!(message.ends_with(&format!("[cut here; to see all: {}]", alert.command)));
}

#[test]
fn links_that_lead_nowhere_are_left_out() {
    let mut alert = resolved();
    alert.links.runbook = Some("javascript:alert(1)".to_owned());
    alert.links.insights = Some(format!("https://x/{}", "a".repeat(3_000)));
    alert.links.console = Some("https://x/a|b>c<!channel>&d".to_owned());
    let message = slack::message(&alert, &zone());
    check_slack(&message);
    assert!(!message.to_string().contains("javascript"));
    assert!(
        message
            .to_string()
            .contains("<https://x/a%7Cb%3Ec%3C!channel%3E&amp;d|Log lines>")
    );
}

#[test]
fn half_a_token_in_a_quotation_does_not_leave() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let mut subject = failed_batch();
    subject.name = Some("sync".to_owned());
    let message = format!("{} {token}", "x".repeat(145));
    subject.error.as_mut().expect("it has one").message = Some(message);
    let alert = made(subject, Status::Firing, Severity::Critical);
    assert!(
        alert.title.contains(&token[..8]),
        "the title quotes half of it"
    );
    let sent = all_payloads(&Redactor::new(&[]).alert(alert));
    assert!(!sent.contains(&token[..8]), "{sent}");
}

#[test]
fn redaction_leaves_what_tells_alerts_apart() {
    for alert in [
        made(failed_batch(), Status::Firing, Severity::Critical),
        repeated(),
        resolved(),
    ] {
        assert_eq!(Redactor::new(&[]).alert(alert.clone()), alert);
    }
}

fn hostile_text() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        "<!channel>",
        "<@U123>",
        "<https://x|y>",
        "&amp;",
        "&",
        "<",
        ">",
        "```",
        "``",
        "`",
        "*",
        "_",
        "~",
        "|",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{1b}[2J",
        "\u{202e}",
        "\u{2028}",
        "\u{fffd}",
        "é",
        "e\u{301}",
        "予約",
        "👨‍👩‍👧‍👦",
        "🇯🇵",
        "\u{10ffff}",
        "a",
        " ",
        "{}",
        "%s",
        "Traceback",
        "&lt;",
        "'",
    ];
    let piece = prop::sample::select(pieces);
    (prop::collection::vec(piece, 0..12), 1..400_usize, ".{0,20}")
        .prop_map(|(pieces, times, tail)| format!("{}{tail}", pieces.concat().repeat(times)))
}

fn hostile_alert() -> impl Strategy<Value = Alert> {
    let texts = prop::collection::vec(prop::option::of(hostile_text()), 14);
    let whole = (0..4_usize, 0..3_usize, any::<u64>(), any::<bool>());
    (texts, whole).prop_map(|(mut texts, (kind, status, count, is_run))| {
        let mut text = || texts.pop().flatten();
        let kinds = [Kind::Batch, Kind::Migration, Kind::Task, Kind::Error];
        let error = Failure {
            kind: text(),
            message: text(),
            culprit: text(),
            traceback: text(),
            fingerprint: text(),
            grouped_by: text(),
        };
        let subject = Subject {
            stage: text(),
            service: text(),
            kind: kinds[kind],
            name: text(),
            outcome: is_run.then(|| "failed".to_owned()),
            exit_code: Some(1),
            error: Some(error),
            migration: text().map(|name| Migrations {
                applied: vec![name.clone(); 20],
                unapplied: vec![name.clone()],
                failed: Some(name),
            }),
            stop_reason: text(),
            note: text(),
            log: Log {
                group: text().unwrap_or_default(),
                stream: text().unwrap_or_default(),
                ..Log::default()
            },
            ..Subject::default()
        };
        let all = [Status::Firing, Status::Repeat, Status::Resolved];
        let standing = Standing {
            occurrences: count,
            suppressed: count / 2,
            ..standing(all[status], Severity::Error)
        };
        Alert::new(subject, standing, place())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_log_text_makes_a_message_too_long_broken_or_dangerous(alert in hostile_alert()) {
        check_all(&alert);
        check_all(&Redactor::new(&[]).alert(alert));
    }

    #[test]
    fn no_storm_makes_a_message_too_long_broken_or_dangerous(
        stage in hostile_text(),
        command in hostile_text(),
        kinds in prop::collection::vec((hostile_text(), any::<u64>()), 0..30),
    ) {
        let storm = Storm { stage, kinds, command, ..many() };
        let message = slack::storm(&storm, &zone());
        check_slack(&message);
        check_entities(&message);
        check_publication(&sns::storm(&storm, &zone()));
        check_amazon_q(&amazon_q::storm(&storm, &zone()));
    }

    #[test]
    fn a_planted_secret_is_in_no_payload(
        (secret, text) in planted(),
        place in 0..6_usize,
        before in "[a-z ]{0,180} ",
    ) {
        let mut subject = failed_batch();
        let text = format!("{before}{text}");
        let error = subject.error.as_mut().expect("it has one");
        match place {
            0 => error.message = Some(text),
            1 => error.traceback = Some(format!("Traceback\n  x\nError: {text}\n")),
            2 => error.culprit = Some(text),
            3 => error.grouped_by = Some(text),
            4 => subject.note = Some(text),
            _ => {
                subject.error = None;
                subject.exit_code = None;
                subject.stop_reason = Some(text);
            }
        }
        let alert = made(subject, Status::Firing, Severity::Critical);
        let sent = all_payloads(&Redactor::new(&[]).alert(alert));
        prop_assert!(!sent.contains(&secret), "{sent}");
        prop_assert!(!sent.contains(&secret[..8]), "{sent}");
    }
}
