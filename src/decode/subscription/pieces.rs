//! A document as the service writes it, read a piece at a time: a megabyte of payload never is all unpacked at once.
//!
//! Where one event ends and the next begins is found by a search for `},{"id":"`. In JSON these bytes stand nowhere
//! else between events: inside a string the quotes would have backslashes. A document of any other form is not told
//! from one that is broken; it is [`Step::Unusual`] or an event that cannot be read, and has to be read as a whole.

use memchr::memmem::{self, Finder};

use super::packed::{Packed, Unpacking};
use super::{Delivery, Poison, Purpose};

/// How much is unpacked at once; an event that is longer gets the room that it needs.
const WINDOW: usize = 256 << 10;
const BOUNDARY: &[u8] = br#"},{"id":""#;
const EVENTS: &[u8] = br#""logEvents":["#;

/// The events of a document, in pieces of whole ones.
#[derive(Debug)]
pub struct Pieces<'a> {
    reader: Unpacking<'a>,
    window: Vec<u8>,
    /// How much of the window is unpacked, and how much of that has been handed out.
    filled: usize,
    used: usize,
    at_end: bool,
    is_over: bool,
    /// The log group's name.
    pub group: String,
    /// The log stream's name.
    pub stream: String,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Some events, a comma between each two.
    Events(&'a [u8]),
    /// Nothing: all events have been handed out, and the document has ended well.
    End,
    /// The document goes on in some other way.
    Unusual,
}

impl<'a> Pieces<'a> {
    /// Begins to read; nothing for a document that begins unlike those of the service, or has no events.
    pub fn open(packed: &'a Packed<'_>) -> Result<Option<Self>, Poison> {
        Self::open_with(packed, WINDOW)
    }

    /// Begins to read through a window of that size.
    fn open_with(packed: &'a Packed<'_>, window: usize) -> Result<Option<Self>, Poison> {
        let mut pieces = Self {
            reader: packed.reader(),
            window: vec![0; window],
            filled: 0,
            used: 0,
            at_end: false,
            is_over: false,
            group: String::new(),
            stream: String::new(),
        };
        pieces.fill()?;
        if pieces.read_head() {
            return Ok(Some(pieces));
        }
        pieces.measure().map(|()| None)
    }

    /// Reads the members before the events.
    fn read_head(&mut self) -> bool {
        let text = &self.window[..self.filled];
        let Some(at) = memmem::find(text, EVENTS) else {
            return false;
        };
        let begin = at + EVENTS.len();
        let head = [&text[..begin], b"]}"].concat();
        let Ok(delivery) = Delivery::read(&head) else {
            return false;
        };
        self.group = delivery.group().into_owned();
        self.stream = delivery.stream().into_owned();
        self.used = begin;
        delivery.purpose == Purpose::Data && text[begin..].starts_with(&BOUNDARY[2..])
    }

    /// Returns the next events.
    pub fn step(&mut self) -> Result<Step<'_>, Poison> {
        if self.is_over {
            return Ok(Step::End);
        }
        self.window.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = 0;
        loop {
            self.fill()?;
            if self.at_end {
                self.is_over = true;
                let events = self.window[..self.filled].strip_suffix(b"]}");
                return Ok(events.map_or(Step::Unusual, Step::Events));
            }
            if let Some(at) = memmem::rfind(&self.window[..self.filled], BOUNDARY) {
                self.used = at + 2;
                return Ok(Step::Events(&self.window[..=at]));
            }
            self.window.resize(self.window.len() * 2, 0);
        }
    }

    fn fill(&mut self) -> Result<(), Poison> {
        let room = &mut self.window[self.filled..];
        let (wanted, length) = (room.len(), self.reader.read(room)?);
        self.filled += length;
        self.at_end = length < wanted;
        Ok(())
    }

    /// Unpacks the rest, and keeps nothing of it: what is too large is refused before it takes any memory.
    pub fn measure(self) -> Result<(), Poison> {
        drop(self.window);
        self.reader.measure()
    }
}

/// Splits a piece into its events.
pub fn events(piece: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let finder = Finder::new(BOUNDARY);
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let found = finder.find(&piece[start..]);
        from = found.map(|at| start + at + 2);
        Some(start..found.map_or(piece.len(), |at| start + at + 1))
    })
}

/// One event as the service writes it: these three members and no other. Its texts are as they stand in the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// When it was logged, in milliseconds.
    pub at: i64,
    /// What stands between the quotes of its message.
    pub message: &'a [u8],
}

impl<'a> Written<'a> {
    /// Takes an event apart by its form alone; nothing for one of another form.
    ///
    /// What stands in the message's quotes is not checked: an event of more members can look like one of three with a
    /// longer message.
    pub fn read(event: &'a [u8]) -> Option<Self> {
        let rest = event.strip_prefix(&BOUNDARY[2..])?;
        let end = memchr::memchr(b'"', rest)?;
        let rest = rest[end..].strip_prefix(br#"","timestamp":"#)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        let (mut at, mut length) = (0, 0);
        for digit in digits.take(MOST_DIGITS + 1) {
            at = at * 10 + i64::from(digit - b'0');
            length += 1;
        }
        let plain = length <= MOST_DIGITS && (length == 1 || (length > 1 && rest[0] != b'0'));
        let rest = rest[length..].strip_prefix(br#","message":""#)?;
        let message = rest.strip_suffix(br#""}"#)?;
        (plain && !message.ends_with(b"\\")).then_some(Self { at, message })
    }
}

/// Numbers of so many digits are the same as doubles.
const MOST_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::tests::packed;
    use super::*;
    use crate::decode::json::Json;

    const LIMIT: usize = 1 << 20;
    const HEAD: &str = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/g","logStream":"a/b/c","subscriptionFilters":["f"],"#;

    fn document(events: &[String]) -> String {
        format!(r#"{HEAD}"logEvents":[{}]}}"#, events.join(","))
    }

    fn event(at: i64, message: &str) -> String {
        format!(
            r#"{{"id":"{at:056}","timestamp":{at},"message":{}}}"#,
            json!(message)
        )
    }

    /// Reads all events; nothing when the document has to be read as a whole.
    fn read(payload: &[u8], window: usize) -> Result<Option<Vec<String>>, Poison> {
        let packed = Packed::find(payload, LIMIT)?;
        let Some(mut pieces) = Pieces::open_with(&packed, window)? else {
            return Ok(None);
        };
        let mut found = Vec::new();
        loop {
            match pieces.step()? {
                Step::Events(piece) => found.extend(
                    events(piece).map(|range| String::from_utf8_lossy(&piece[range]).into_owned()),
                ),
                Step::End => return Ok(Some(found)),
                Step::Unusual => return pieces.measure().map(|()| None),
            }
        }
    }

    proptest! {
        #[test]
        fn events_are_those_of_the_document_whatever_the_window(
            messages in prop::collection::vec(r#"[a{}",:\\é/\n]{0,40}"#, 1..40),
            window in 200_usize..2_000,
        ) {
            let written: Vec<String> = messages.iter().zip(0..).map(|(text, at)| event(at, text)).collect();
            let document = document(&written);
            let found = read(&packed(document.as_bytes()), window).expect("no poison").expect("usual");
            prop_assert_eq!(&found, &written);
            for ((event, message), at) in found.iter().zip(&messages).zip(0..) {
                // One that ends in a backslash is left to a reader that knows escapes.
                if message.ends_with('\\') {
                    continue;
                }
                let read = Written::read(event.as_bytes()).expect("usual");
                prop_assert_eq!(read.at, at);
                let text = [b"\"", read.message, b"\""].concat();
                let decoded = Json::parse(&text).expect("valid").as_str().expect("a string");
                prop_assert_eq!(&*decoded, message.as_str());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in 0_usize..600) {
            let _ = (read(&packed(&bytes), 16), Written::read(&bytes));
            let whole = packed(document(&[event(1, "{}"), event(2, "b")]).as_bytes());
            let cut = cut.min(whole.len());
            let _ = read(&[&whole[..cut], &bytes, b"\"}}"].concat(), 256);
        }
    }

    #[test]
    fn other_documents_are_left_to_another_reader() {
        let one = &document(&[event(1, "x")]);
        for text in [
            "not JSON".to_owned(),
            document(&[]),
            one.replace("DATA_", "CONTROL_"),
            one.replace(':', ": "),
            format!("{one}\n"),
            one.replace("]}", "],\"logGroup\":\"h\"}"),
            one.replace("]}", "]"),
        ] {
            assert_eq!(read(&packed(text.as_bytes()), 4_096), Ok(None), "{text}");
        }
    }

    #[test]
    fn events_of_another_form_are_not_taken_apart() {
        let whole = event(12, "x");
        let read = |text: &str| Written::read(text.as_bytes()).map(|written| written.at);
        assert_eq!(read(&whole), Some(12));
        for (from, to) in [
            (":12,", ":012,"),
            (":12,", ":1.5,"),
            (":12,", ":-1,"),
            (":12,", ":1234567890123456,"),
            (":12,", ":,"),
            ("\"id\"", "\"no\""),
            ("x\"", "x\",\"y\":1"),
            ("x\"", "x\\\""),
        ] {
            assert_eq!(read(&whole.replace(from, to)), None, "{to}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_in_the_same_order_as_for_the_whole() {
        let long = document(&[event(1, &"{}".repeat(LIMIT))]);
        let payload =
            String::from_utf8(packed(document(&[event(1, "x")]).as_bytes())).expect("text");
        let data = |change: &dyn Fn(&mut String)| {
            let mut payload = payload.clone();
            change(&mut payload);
            payload.into_bytes()
        };
        let end = payload.len() - 3;
        for payload in [
            packed(long.as_bytes()),
            packed(&vec![b' '; LIMIT + 1]),
            data(&|text| text.replace_range(end - 40..end, "")),
            data(&|text| text.replace_range(end - 40..end - 36, "AAAA")),
            data(&|text| text.replace_range(end - 8..end - 7, "%")),
            data(&|text| text.replace_range(20..24, "%%%%")),
            b"{\"awslogs\":{\"data\":\"aGVsbG8=\"}}".to_vec(),
        ] {
            let whole = Packed::find(&payload, LIMIT).and_then(|packed| packed.unpack());
            let poison = whole.expect_err("bad");
            assert_eq!(read(&payload, 4_096), Err(poison), "{poison}");
        }
    }
}
