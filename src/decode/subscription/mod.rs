//! What CloudWatch Logs delivers to a subscriber: base64 of gzip of one JSON document with the events of one stream.
//!
//! Decoding is bounded, since a megabyte can unpack to a thousand, and says by name what is wrong with a payload:
//! delivered again it would be as wrong, so the caller has to decide on it, not to fail. The events' messages stay
//! in the document until somebody asks for them. [`pieces`] reads a document without holding all of it.

mod packed;
pub mod pieces;

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use super::document;
use crate::decode::json::{Json, Kind, Malformed, Members};

pub use packed::Packed;

/// How many bytes a payload may unpack to, usually.
pub const LIMIT: usize = 64 << 20;

/// No gzip unpacks to more times its size.
const LARGEST_RATIO: usize = 1032;

/// Why a payload cannot be read, now or ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Poison {
    /// It is not `{"awslogs": {"data": …}}`, or the document in it lacks what each has.
    Shape,
    /// The data is not base64.
    Base64,
    /// What base64 gives is not gzip, or is damaged or cut off.
    Gzip,
    /// What gzip gives is not JSON.
    Json,
    /// It unpacks to more than the limit.
    TooLarge,
    /// The document has a message type that is not known.
    MessageType,
}

impl Poison {
    /// Returns the reason's name, as metrics and reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::Json => "json",
            Self::TooLarge => "too_large",
            Self::MessageType => "message_type",
        }
    }
}

impl std::fmt::Display for Poison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shape => "it is no subscription payload",
            Self::Base64 => "its data is not base64",
            Self::Gzip => "its data is not gzip, or is cut off",
            Self::Json => "its data unpacks to something that is not JSON",
            Self::TooLarge => "its data unpacks to more than the limit",
            Self::MessageType => "its message type is not known",
        })
    }
}

impl std::error::Error for Poison {}

/// What a delivery is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It carries log events.
    Data,
    /// It only tests that the subscriber can be reached.
    Control,
}

/// A document that was unpacked.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The log group's name, a JSON string.
    pub group: Json<'a>,
    /// The log stream's name, a JSON string.
    pub stream: Json<'a>,
    /// The log events, a JSON array.
    pub events: Json<'a>,
}

impl<'a> Delivery<'a> {
    /// Reads an unpacked document.
    pub fn read(text: &'a [u8]) -> Result<Self, Poison> {
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Self::of(Json::parse(text).map_err(|_| Poison::Json)?);
        }
        // The walk checks what it passes over: a document of megabytes is not read once more before it.
        let mut members = Members::new(text);
        let found = Found::among(&mut members).map_err(|_| Poison::Json)?;
        if !text[members.position()..].trim_ascii().is_empty() {
            return Err(Poison::Json);
        }
        found.delivery()
    }

    /// Reads a document that is a JSON value already; members that are not known are passed over.
    pub fn of(document: Json<'a>) -> Result<Self, Poison> {
        let found = Found::among(&mut document.members()).map_err(|_| Poison::Json)?;
        found.delivery()
    }

    /// Returns the log group's name.
    pub fn group(&self) -> Cow<'a, str> {
        self.group.as_str().unwrap_or_default()
    }

    /// Returns the log stream's name.
    pub fn stream(&self) -> Cow<'a, str> {
        self.stream.as_str().unwrap_or_default()
    }

    /// Appends the events as envelopes, one a line; a control message has none.
    pub fn write_lines(&self, lines: &mut Vec<u8>) {
        if self.purpose == Purpose::Control {
            return;
        }
        for event in self.events.items() {
            if event.kind() == Kind::Object {
                self.write_line(event, lines);
            }
        }
    }

    /// Puts group and stream in front of the event's own members; its texts stay spelled as they are.
    fn write_line(&self, event: Json<'_>, lines: &mut Vec<u8>) {
        lines.extend_from_slice(br#"{"logGroup":"#);
        lines.extend_from_slice(self.group.text());
        lines.extend_from_slice(br#","logStream":"#);
        lines.extend_from_slice(self.stream.text());
        if event.members().next().is_some() {
            lines.push(b',');
        }
        document::compact(&event.text()[1..], lines);
        lines.push(b'\n');
    }
}

/// The members of a document that matter; of several with one name the last.
#[derive(Default)]
struct Found<'a> {
    purpose: Option<Json<'a>>,
    group: Option<Json<'a>>,
    stream: Option<Json<'a>>,
    events: Option<Json<'a>>,
}

impl<'a> Found<'a> {
    fn among(members: &mut Members<'a>) -> Result<Self, Malformed> {
        let mut found = Self::default();
        for member in members {
            let (key, value) = member?;
            let place = match &*key.text() {
                "messageType" => &mut found.purpose,
                "logGroup" => &mut found.group,
                "logStream" => &mut found.stream,
                "logEvents" => &mut found.events,
                _ => continue,
            };
            *place = Some(value);
        }
        Ok(found)
    }

    fn delivery(self) -> Result<Delivery<'a>, Poison> {
        let of_kind = |value: Option<Json<'a>>, kind| {
            value
                .filter(|value| value.kind() == kind)
                .ok_or(Poison::Shape)
        };
        let purpose = of_kind(self.purpose, Kind::String)?;
        let purpose = match purpose.as_str().as_deref() {
            Some("DATA_MESSAGE") => Purpose::Data,
            Some("CONTROL_MESSAGE") => Purpose::Control,
            _ => return Err(Poison::MessageType),
        };
        Ok(Delivery {
            purpose,
            group: of_kind(self.group, Kind::String)?,
            stream: of_kind(self.stream, Kind::String)?,
            events: of_kind(self.events, Kind::Array)?,
        })
    }
}

/// Unpacks `{"awslogs": {"data": …}}` to the document inside, of at most `limit` bytes.
pub fn unpack(payload: &[u8], limit: usize) -> Result<Vec<u8>, Poison> {
    Packed::find(payload, limit)?.unpack()
}

/// Unpacks a payload that is a JSON value already.
pub fn unpack_value(payload: Json<'_>, limit: usize) -> Result<Vec<u8>, Poison> {
    Packed::of(payload, limit)?.unpack()
}

fn gunzip(packed: &[u8], limit: usize) -> Result<Vec<u8>, Poison> {
    // Room for what gzip says at its end, so that megabytes are not moved as they grow; it may be wrong.
    let said = packed.last_chunk::<4>().copied().map(u32::from_le_bytes);
    let said = said.map_or(0, |said| (said as usize).min(limit));
    let mut document = Vec::with_capacity(said.min(packed.len().saturating_mul(LARGEST_RATIO)) + 1);
    // One byte more than the limit tells "too large" from "exactly as large as allowed".
    let mut reader = MultiGzDecoder::new(packed).take(limit as u64 + 1);
    reader
        .read_to_end(&mut document)
        .map_err(|_| Poison::Gzip)?;
    if document.len() > limit {
        return Err(Poison::TooLarge);
    }
    Ok(document)
}

#[cfg(test)]
mod tests;
