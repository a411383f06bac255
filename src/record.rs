//! An event read as fields: a JSON object's members, or plain text.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::decode::json::{Json, Kind};
use crate::event::Event;

/// An event together with what has been read of it so far; reading happens on first use and once.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The event as delivered.
    pub event: Event<'a>,
    object: OnceCell<Option<Json<'a>>>,
}

impl<'a> Record<'a> {
    /// Wraps an event; nothing is read yet.
    pub fn new(event: Event<'a>) -> Self {
        Self {
            event,
            object: OnceCell::new(),
        }
    }

    /// Returns the message as a JSON object, when the whole of it is one.
    pub fn object(&self) -> Option<Json<'a>> {
        *self.object.get_or_init(|| {
            let json = Json::parse(self.event.message).ok()?;
            (json.kind() == Kind::Object).then_some(json)
        })
    }

    /// Returns the whole message as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.event.message)
    }
}
