//! `GetLogEvents`: the events of one stream, the end of the time not included; its end is the same token again.

use std::fmt::Write as _;

use serde::Deserialize;

use super::events::{Wanted, after, span};
use super::page::Page;
use super::{Answer, Context, Refusal, group};
use crate::fault::FaultKind;
use crate::logs::{Direction, Key, Scope};
use crate::pattern::Pattern;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Request {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

pub(super) fn answer(context: &Context, request: &Request) -> Result<Answer, Refusal> {
    let mut wanted = request.check(context)?;
    let place = match &request.next_token {
        Some(text) => Some(wanted.go_on(context, text)?.place),
        None => None,
    };
    let page = if context.has(FaultKind::EmptyPage) {
        Page::default()
    } else {
        Page::fill(&wanted, &Pattern::All, &context.behaviour.page, false)
    };
    let standing = wanted.standing(place);
    let (first, last) = page.by_time(wanted.direction).unwrap_or(standing);
    let at_end = page.len() == 0 && !context.has(FaultKind::EmptyPage);
    let token = |place: Key, direction| match &request.next_token {
        Some(text) if at_end && direction == wanted.direction => text.clone(),
        _ => wanted.token(context, place, direction),
    };
    let forward = token(last, Direction::Forward);
    let backward = token(first, Direction::Backward);
    let mut body = String::from("{\"events\":");
    page.write(wanted.direction == Direction::Backward, &mut body);
    let _ = write!(
        body,
        ",\"nextForwardToken\":\"{forward}\",\"nextBackwardToken\":\"{backward}\"}}"
    );
    Ok(Answer {
        body: body.into_bytes(),
        events: page.len() as u64,
        scanned: page.scanned,
    })
}

impl Request {
    fn check(&self, context: &Context) -> Result<Wanted, Refusal> {
        let name = self.log_group_name.as_ref();
        let group = group(context, name, self.log_group_identifier.as_ref())?;
        let names = vec![self.log_stream_name.clone()];
        if group.unknown(&names).is_some() {
            return Err(Refusal::missing("log stream"));
        }
        let span = span(self.start_time, self.end_time)?;
        let mut wanted = Wanted::new(context, group, Scope::Names(names), span, self.limit)?;
        if !self.start_from_head.unwrap_or(false) {
            wanted.direction = Direction::Backward;
        }
        Ok(wanted)
    }
}

impl Wanted {
    /// Returns the places before and behind a page without events, which stands where it began.
    fn standing(&self, place: Option<Key>) -> (Key, Key) {
        match (place, self.direction) {
            (Some(place), Direction::Forward) => (after(place), place),
            (Some(place), Direction::Backward) => (place, before(place)),
            (None, Direction::Forward) => (self.window.from, before(self.window.from)),
            // Whatever comes later is new.
            (None, Direction::Backward) => (self.window.to, before(self.window.from)),
        }
    }
}

/// Returns the place just before one.
fn before(place: Key) -> Key {
    match place.number {
        0 => Key {
            number: u64::MAX,
            ..Key::before(place.timestamp - 1)
        },
        number => Key {
            number: number - 1,
            ..place
        },
    }
}
