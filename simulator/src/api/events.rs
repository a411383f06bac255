//! What the two actions that read events have in common.

use std::sync::Arc;

use super::token::Token;
use super::{Context, Refusal, limit};
use crate::logs::{Direction, Group, Key, Scope, Window, mix_text};

/// A request for events after its parameters were checked.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) group: Arc<Group>,
    pub(super) scope: Scope,
    pub(super) window: Window,
    pub(super) direction: Direction,
    pub(super) limit: usize,
    /// A sum of what was asked for, apart from the page.
    pub(super) request: u64,
}

/// The part of the time that is asked for: from the first moment up to but not including the second.
pub(super) fn span(start: Option<i64>, end: Option<i64>) -> Result<(i64, i64), Refusal> {
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(i64::MAX));
    if start < 0 || end < start {
        return Err(Refusal::invalid(
            "startTime must not be negative or after endTime",
        ));
    }
    Ok((start, end))
}

impl Wanted {
    /// Puts the parts together; the token then moves the window and has the last word on the direction.
    pub(super) fn new(
        context: &Context,
        group: Arc<Group>,
        scope: Scope,
        (start, end): (i64, i64),
        wanted_limit: Option<i64>,
    ) -> Result<Self, Refusal> {
        let request = format!("{} {scope:?} {start} {end}", group.settings.name);
        Ok(Self {
            limit: limit(wanted_limit, 10_000)?.min(context.behaviour.page.events),
            group,
            scope,
            window: Window::of(start, end, context.now),
            direction: Direction::Forward,
            request: mix_text(&request),
        })
    }

    /// Goes on where a token says.
    pub(super) fn go_on(&mut self, context: &Context, text: &str) -> Result<Token, Refusal> {
        let token = Token::read(text).filter(|token| {
            let age = context.now - token.issued;
            token.request == self.request && age <= context.behaviour.page.token_life_ms
        });
        let token = token.ok_or_else(|| Refusal::invalid("The specified nextToken is invalid."))?;
        self.direction = token.direction;
        match token.direction {
            Direction::Forward => self.window.from = self.window.from.max(after(token.place)),
            Direction::Backward => self.window.to = self.window.to.min(token.place),
        }
        Ok(token)
    }

    /// Makes the token for what is behind a place.
    pub(super) fn token(&self, context: &Context, place: Key, direction: Direction) -> String {
        let token = Token {
            place,
            direction,
            request: self.request,
            issued: context.now,
            call: context.number,
        };
        token.write()
    }
}

/// Returns the place just behind one.
pub(super) fn after(key: Key) -> Key {
    Key {
        number: key.number.saturating_add(1),
        ..key
    }
}
