//! Tokens of pages: a place, the direction, and what they were made for.

use crate::logs::{Direction, Key};

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The event that was read last; the page goes on behind it.
    pub(super) place: Key,
    pub(super) direction: Direction,
    /// A sum of what was asked for: the token is good for nothing else.
    pub(super) request: u64,
    pub(super) issued: i64,
    /// Makes tokens for one place differ.
    pub(super) call: u64,
}

impl Token {
    pub(super) fn write(&self) -> String {
        let way = match self.direction {
            Direction::Forward => 'f',
            Direction::Backward => 'b',
        };
        let Key {
            timestamp,
            ingestion,
            stream,
            number,
        } = self.place;
        let (request, issued, call) = (self.request, self.issued, self.call);
        format!("{way}/{timestamp}.{ingestion}.{stream}.{number}.{request}.{issued}.{call}")
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let (way, parts) = text.split_once('/')?;
        let direction = match way {
            "f" => Direction::Forward,
            "b" => Direction::Backward,
            _ => return None,
        };
        let parts: Vec<&str> = parts.split('.').collect();
        let [timestamp, ingestion, stream, number, request, issued, call] = parts[..] else {
            return None;
        };
        Some(Self {
            place: Key {
                timestamp: timestamp.parse().ok()?,
                ingestion: ingestion.parse().ok()?,
                stream: stream.parse().ok()?,
                number: number.parse().ok()?,
            },
            direction,
            request: request.parse().ok()?,
            issued: issued.parse().ok()?,
            call: call.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let token = Token {
            place: Key::before(-5),
            direction: Direction::Backward,
            request: u64::MAX,
            issued: 1,
            call: 2,
        };
        assert_eq!(Token::read(&token.write()), Some(token));
        assert_eq!(Token::read("f/1.2.3"), None);
    }
}
