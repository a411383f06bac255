//! `FilterLogEvents`: the events of a group that match a pattern, both ends of the time included.

use serde::Deserialize;

use super::events::{Wanted, span};
use super::page::Page;
use super::{Answer, Context, Refusal, group};
use crate::fault::FaultKind;
use crate::logs::{Direction, Key, Scope};
use crate::pattern::Pattern;

/// Before this moment, `startFromHead` may not be false: 2024-01-01.
const NEWEST_FIRST_SINCE: i64 = 1_704_067_200_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Request {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

pub(super) fn answer(context: &Context, request: &Request) -> Result<Answer, Refusal> {
    let pattern = Pattern::parse(request.filter_pattern.as_deref().unwrap_or_default());
    let pattern = pattern.map_err(Refusal::invalid)?;
    let mut wanted = request.check(context)?;
    let place = match &request.next_token {
        Some(text) => Some(wanted.go_on(context, text)?.place),
        None => None,
    };
    if let Some(text) = &request.next_token
        && context.has(FaultKind::RepeatToken)
    {
        return Ok(written(&Page::default(), Some(text)));
    }
    // The place before the page, from which it can be had again.
    let before = place.unwrap_or_else(|| wanted.start());
    if context.has(FaultKind::EmptyPage) {
        let token = wanted.token(context, before, wanted.direction);
        return Ok(written(&Page::default(), Some(&token)));
    }
    let page = Page::fill(&wanted, &pattern, &context.behaviour.page, true);
    let end = if context.has(FaultKind::RepeatPage) {
        Some(before)
    } else {
        page.last.filter(|_| !page.complete)
    };
    let token = end.map(|place| wanted.token(context, place, wanted.direction));
    Ok(written(&page, token.as_deref()))
}

impl Request {
    fn check(&self, context: &Context) -> Result<Wanted, Refusal> {
        let name = self.log_group_name.as_ref();
        let group = group(context, name, self.log_group_identifier.as_ref())?;
        let scope = match (&self.log_stream_names, &self.log_stream_name_prefix) {
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid(
                    "Cannot specify both logStreamNames and logStreamNamePrefix",
                ));
            }
            (Some(names), None) if names.is_empty() || names.len() > 100 => {
                return Err(Refusal::invalid(
                    "logStreamNames must have between 1 and 100 members",
                ));
            }
            (Some(names), None) if group.unknown(names).is_some() => {
                return Err(Refusal::missing("log stream"));
            }
            (Some(names), None) => Scope::Names(names.clone()),
            (None, Some(prefix)) => Scope::Prefixes(vec![prefix.clone()]),
            (None, None) => Scope::All,
        };
        let (start, last) = span(self.start_time, self.end_time)?;
        let span = (start, last.saturating_add(1));
        let mut wanted = Wanted::new(context, group, scope, span, self.limit)?;
        let pattern = self.filter_pattern.as_deref().unwrap_or_default();
        wanted.request ^= crate::logs::mix_text(pattern);
        if self.start_from_head == Some(false) && self.next_token.is_none() {
            if start < NEWEST_FIRST_SINCE {
                return Err(Refusal::invalid(
                    "startFromHead can be false only when startTime is on or after 2024-01-01",
                ));
            }
            wanted.direction = Direction::Backward;
        }
        Ok(wanted)
    }
}

impl Wanted {
    /// Returns the place before all that is wanted, in its direction.
    fn start(&self) -> Key {
        match self.direction {
            Direction::Forward => Key {
                number: u64::MAX,
                ..Key::before(self.window.from.timestamp - 1)
            },
            Direction::Backward => self.window.to,
        }
    }
}

fn written(page: &Page, token: Option<&str>) -> Answer {
    let mut body = String::from("{\"events\":");
    page.write(false, &mut body);
    if let Some(token) = token {
        body.push_str(",\"nextToken\":\"");
        body.push_str(token);
        body.push('"');
    }
    body.push_str(",\"searchedLogStreams\":[]}");
    Answer {
        body: body.into_bytes(),
        events: page.len() as u64,
        scanned: page.scanned,
    }
}
