//! `StartLiveTail`: what is checked, and the messages of a session. Who waits between them is the server.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, Refusal, find_group};
use crate::frame;
use crate::logs::{Event, Scope, Streams};
use crate::pattern::Pattern;
use crate::service::Service;
use crate::settings::LiveTail;

#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    #[serde(rename = "logGroupIdentifiers")]
    groups: Vec<String>,
    #[serde(rename = "logStreamNames")]
    streams: Option<Vec<String>>,
    #[serde(rename = "logStreamNamePrefixes")]
    prefixes: Option<Vec<String>>,
    #[serde(rename = "logEventFilterPattern")]
    pattern: Option<String>,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) settings: LiveTail,
    start: Value,
    groups: Vec<(String, Scope)>,
    pattern: Pattern,
    /// Up to when events were sent.
    until: i64,
}

impl Session {
    /// Starts a session when there is nothing against it.
    pub(crate) fn start(context: &Context, request: &Request) -> Result<Self, Refusal> {
        let identifiers = &request.groups;
        if identifiers.is_empty() || identifiers.len() > 10 {
            return Err(Refusal::invalid(
                "A session takes between 1 and 10 log groups",
            ));
        }
        if identifiers
            .iter()
            .any(|arn| !arn.starts_with("arn:") || arn.ends_with('*'))
        {
            return Err(Refusal::invalid(
                "logGroupIdentifiers must be ARNs that do not end with *",
            ));
        }
        check_names("logStreamNames", request.streams.as_ref())?;
        check_names("logStreamNamePrefixes", request.prefixes.as_ref())?;
        let scope = match (&request.streams, &request.prefixes) {
            (None, None) => Scope::All,
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid(
                    "Cannot specify both logStreamNames and logStreamNamePrefixes",
                ));
            }
            _ if identifiers.len() > 1 => {
                return Err(Refusal::invalid(
                    "Streams can be chosen of one log group only",
                ));
            }
            (Some(names), None) => Scope::Names(names.clone()),
            (None, Some(prefixes)) => Scope::Prefixes(prefixes.clone()),
        };
        let text = request.pattern.as_deref().unwrap_or_default();
        let pattern = Pattern::parse(text).map_err(Refusal::invalid)?;
        let mut groups = Vec::new();
        for arn in identifiers {
            let group = find_group(context, arn)?;
            if group.settings.class != "STANDARD" {
                return Err(Refusal::new(
                    400,
                    "InvalidOperationException",
                    "Live tail is for log groups of the Standard class only",
                ));
            }
            groups.push((group.settings.name.clone(), scope.clone()));
        }
        let id = format!("00000000-0000-4000-a000-{:012}", context.number);
        Ok(Self {
            settings: context.behaviour.live_tail.clone(),
            start: json!({
                "requestId": id,
                "sessionId": id,
                "logGroupIdentifiers": identifiers,
                "logStreamNames": request.streams.clone().unwrap_or_default(),
                "logStreamNamePrefixes": request.prefixes.clone().unwrap_or_default(),
                "logEventFilterPattern": text,
            }),
            groups,
            pattern,
            until: context.now - 1,
        })
    }

    /// Returns the first messages: what a client waits for before it hands out the session, and the session's start.
    pub(crate) fn opening(&self) -> Vec<u8> {
        let mut out = frame::event("initial-response", &json!({}));
        out.extend(frame::event("sessionStart", &self.start));
        out
    }

    /// Returns an update with what came since the last one, and how many events are in it.
    pub(crate) fn update(&mut self, service: &Service, now: i64) -> (Vec<u8>, usize) {
        // More can still come in this millisecond.
        let now = now - 1;
        let mut rows = Vec::new();
        for (name, scope) in &self.groups {
            let Some(group) = service.group(name) else {
                continue;
            };
            let streams: Streams = group.streams(scope);
            let events = streams.ingested(self.until, now).into_iter();
            let matching = events.filter(|event| self.pattern.matches(&event.message));
            rows.extend(matching.map(|event| (event, service.group_arn(name))));
        }
        self.until = now;
        rows.sort_by_key(|(event, _)| (event.ingestion, event.timestamp));
        let most = self.settings.update_events;
        let sampled = rows.len() > most;
        let step = rows.len().div_ceil(most.max(1)).max(1);
        let rows: Vec<Value> = rows
            .into_iter()
            .step_by(step)
            .map(|(event, arn)| row(&event, &arn))
            .collect();
        let count = rows.len();
        let update = json!({ "sessionMetadata": { "sampled": sampled }, "sessionResults": rows });
        (frame::event("sessionUpdate", &update), count)
    }

    /// Returns the last message of a session that lasted too long.
    pub(crate) fn timeout() -> Vec<u8> {
        frame::exception(
            "SessionTimeoutException",
            "The session was open for the longest time that is allowed.",
        )
    }
}

/// Checks names of streams, or what they begin with, as the service does before it looks at them.
fn check_names(member: &str, names: Option<&Vec<String>>) -> Result<(), Refusal> {
    let Some(names) = names else {
        return Ok(());
    };
    let is_name =
        |name: &String| (1..=512).contains(&name.chars().count()) && !name.contains([':', '*']);
    let constraint = if !(1..=100).contains(&names.len()) {
        "Member must have length between 1 and 100"
    } else if !names.iter().all(is_name) {
        "Member must satisfy regular expression pattern: [^:*]* and have length between 1 and 512"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    )))
}

fn row(event: &Event, arn: &str) -> Value {
    // The identifier of a group in a session is its account and name.
    let mut parts = arn.split(':').skip(4);
    let account = parts.next().unwrap_or_default();
    let name = parts.nth(1).unwrap_or_default();
    json!({
        "logGroupIdentifier": format!("{account}:{name}"),
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "ingestionTime": event.ingestion,
        "message": event.message,
    })
}
