//! A payload as it came, and its bytes as they are unpacked: never more of them at once than somebody has room for.

use std::borrow::Cow;
use std::io::{BufRead, Error, ErrorKind, Read};

use base64_simd::{Out, STANDARD};
use flate2::bufread::MultiGzDecoder;
use memchr::memchr2;

use super::{Poison, gunzip};
use crate::decode::json::Json;

/// How many characters of base64 are decoded at once: a multiple of four.
const CHARACTERS: usize = 64 << 10;
/// How many bytes those are.
const BYTES: usize = CHARACTERS / 4 * 3;
/// Room for what is unpacked only to be measured.
const SCRATCH: usize = 32 << 10;

/// The data of a payload, base64 of gzip, and how many bytes it may unpack to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed<'a> {
    text: Cow<'a, [u8]>,
    limit: usize,
}

impl<'a> Packed<'a> {
    /// Takes base64 of gzip.
    pub fn new(text: impl Into<Cow<'a, [u8]>>, limit: usize) -> Self {
        let text = text.into();
        Self { text, limit }
    }

    /// Finds the data of a payload.
    pub fn find(payload: &'a [u8], limit: usize) -> Result<Self, Poison> {
        match Self::alone(payload, limit) {
            Some(packed) => Ok(packed),
            None => Self::of(Json::parse(payload).map_err(|_| Poison::Shape)?, limit),
        }
    }

    /// Finds the data of a payload that holds nothing else, as all do that the service sends, in one pass.
    pub fn alone(payload: &'a [u8], limit: usize) -> Option<Self> {
        data_alone(payload).map(|text| Self::new(text, limit))
    }

    /// Finds the data of a payload that is a JSON value already.
    pub fn of(payload: Json<'a>, limit: usize) -> Result<Self, Poison> {
        let data = payload.get("awslogs").and_then(|logs| logs.get("data"));
        let data = data.ok_or(Poison::Shape)?;
        let text = match data.as_plain_str() {
            Some(plain) => Cow::Borrowed(plain),
            None => Cow::Owned(data.as_str().ok_or(Poison::Shape)?.into_owned().into()),
        };
        Ok(Self::new(text, limit))
    }

    /// Unpacks all of it.
    pub fn unpack(&self) -> Result<Vec<u8>, Poison> {
        let packed = STANDARD.decode_to_vec(&self.text);
        let packed = packed.map_err(|_| Poison::Base64)?;
        gunzip(&packed, self.limit)
    }

    /// Unpacks it from the beginning, as far as it is read.
    pub(super) fn reader(&self) -> Unpacking<'_> {
        Unpacking {
            gzip: MultiGzDecoder::new(Decoded::new(&self.text)),
            left: self.limit,
        }
    }
}

fn data_alone(payload: &[u8]) -> Option<&[u8]> {
    let before: [&[u8]; 7] = [b"{", b"\"awslogs\"", b":", b"{", b"\"data\"", b":", b"\""];
    let mut rest = payload;
    for token in before {
        rest = rest.trim_ascii_start().strip_prefix(token)?;
    }
    let (text, behind) = rest.split_at(memchr2(b'"', b'\\', rest)?);
    rest = behind.strip_prefix(b"\"")?;
    for token in [b"}", b"}"] {
        rest = rest.trim_ascii_start().strip_prefix(token)?;
    }
    rest.trim_ascii().is_empty().then_some(text)
}

/// Unpacks a payload while it is read; what is wrong with it is told when the reading comes there.
#[derive(Debug)]
pub(super) struct Unpacking<'a> {
    gzip: MultiGzDecoder<Decoded<'a>>,
    left: usize,
}

impl Unpacking<'_> {
    /// Fills `room` and returns how much there was, less only at the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, Poison> {
        let mut filled = 0;
        while filled < room.len() {
            match self.gzip.read(&mut room[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(_) => return Err(self.gzip.get_mut().reason(Poison::Gzip)),
            }
            if filled > self.left {
                return Err(self.gzip.get_mut().reason(Poison::TooLarge));
            }
        }
        self.left -= filled;
        Ok(filled)
    }

    /// Reads to the end, only to know that there is one.
    pub(super) fn measure(mut self) -> Result<(), Poison> {
        let mut scratch = vec![0; SCRATCH];
        while self.read(&mut scratch)? > 0 {}
        Ok(())
    }
}

/// Decodes base64 while it is read.
#[derive(Debug)]
struct Decoded<'a> {
    text: &'a [u8],
    bytes: Vec<u8>,
    /// Which of the bytes are still to be read.
    at: usize,
    end: usize,
    is_bad: bool,
}

impl<'a> Decoded<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            // Nothing has more bytes than characters.
            bytes: vec![0; BYTES.min(text.len())],
            at: 0,
            end: 0,
            is_bad: false,
        }
    }

    /// Decodes the next characters. Padding ends the text: before more of it, it is a mistake.
    fn decode(&mut self) {
        let (part, rest) = self.text.split_at(self.text.len().min(CHARACTERS));
        self.text = rest;
        self.at = 0;
        let decoded = STANDARD.decode(part, Out::from_slice(&mut self.bytes)).ok();
        let length = decoded.map(|bytes| bytes.len());
        let whole = length.filter(|&length| rest.is_empty() || length == BYTES);
        self.end = whole.unwrap_or_default();
        self.is_bad |= whole.is_none();
    }

    /// Returns why a payload cannot be read that is wrong in some other way: bad base64, also behind that place, is
    /// named before it.
    fn reason(&mut self, other: Poison) -> Poison {
        while !self.is_bad && !self.text.is_empty() {
            self.decode();
        }
        if self.is_bad { Poison::Base64 } else { other }
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let length = self.fill_buf()?.read(room)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Decoded<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.at == self.end && !self.text.is_empty() {
            self.decode();
        }
        if self.is_bad {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        Ok(&self.bytes[self.at..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is base64 and what is not decides whether a payload is refused: padding is there, and no bit is left over.
        #[test]
        fn base64_is_what_another_decoder_takes_for_it(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            mistakes in prop::collection::vec((any::<prop::sample::Index>(), r"[A-Za-z0-9+/=_\n -]"), 0..3),
            cut in 0_usize..6,
        ) {
            let mut text = general_purpose::STANDARD.encode(bytes).into_bytes();
            for (at, mistake) in mistakes {
                if !text.is_empty() {
                    let at = at.index(text.len());
                    text[at] = mistake.as_bytes()[0];
                }
            }
            text.truncate(text.len() - cut.min(text.len()));
            let expected = general_purpose::STANDARD.decode(&text).ok();
            prop_assert_eq!(STANDARD.decode_to_vec(&text).ok(), expected);
        }
    }
}
